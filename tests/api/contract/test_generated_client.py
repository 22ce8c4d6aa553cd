"""The document is good enough for a generator: its client connects a model, gets an answer, has a post's field
suggested and runs a batch.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.installation import Installation, wait_until
from tests.provider_standin import Standin

pytestmark = pytest.mark.processes

MODEL = "llama-standin"


class Generated:
    """The client's package: its operations by address, its models by name."""

    def __init__(self, folder: Path, installation: Installation) -> None:
        generator = Path(sys.executable).parent / "openapi-python-client"
        address = f"{installation.url}/api/openapi.json"
        done = subprocess.run(
            [generator, "generate", "--url", address, "--output-path", folder / "blogforge_client", "--meta", "none"],
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        self.models: ModuleType = importlib.import_module("blogforge_client.models")
        package = importlib.import_module("blogforge_client")
        self.client = package.AuthenticatedClient(installation.url, token=installation.token)

    def call(self, noun: str, operation: str, *path: int | str, body: Any = None) -> Any:
        """The parsed answer; a problem document is an answer of another type."""
        module = importlib.import_module(f"blogforge_client.api.{noun}.{operation}")
        given = {"body": body} if body is not None else {}
        answer = module.sync(*path, client=self.client, **given)
        assert type(answer).__name__ != "Problem", answer
        return answer

    def make(self, kind: str, /, **members: Any) -> Any:
        return getattr(self.models, kind).from_dict(members)


@pytest.mark.timeout(300)
def test_a_generated_client_does_the_main_job(
    tmp_path: Path, standin: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    standin.answer(MODEL, "Why Bread Rises")
    monkeypatch.syspath_prepend(str(tmp_path))
    with Installation(tmp_path / "data") as installation:
        installation.create_admin()
        api = Generated(tmp_path, installation)
        new = api.make("NewProviderIn", name="Mine", kind="openai_compatible", base_url=standin.compatible_url)
        provider = api.call("providers", "post_api_v1_llm_providers", body=new)
        new = api.make("NewModelIn", provider_id=provider.id, name=MODEL)
        model = api.call("models", "post_api_v1_llm_models", body=new)
        new = api.make("NewRouteIn", name="Careful", model_ids=[model.id])
        route = api.call("routes", "post_api_v1_llm_routes", body=new)
        blocks = [{"role": "user", "content": "A title for: {{ basic_idea }}"}]
        new = api.make("NewTemplateIn", name="Title", blocks=blocks)
        template = api.call("templates", "post_api_v1_llm_templates", body=new)
        asked = {"template_id": template.id, "inputs": {"basic_idea": "bread"}, "route": route.name}
        task = api.call("tasks", "post_api_v1_llm_tasks", body=api.make("TaskIn", **asked))
        installation.wait_for_task(task.id)
        done = api.call("tasks", "get_api_v1_llm_tasks_task_id", task.id)
        suggestion = suggest(api, installation, template.id, route.id)
        batch = run_batch(api, route.name)
        api.client.get_httpx_client().close()
    assert (done.status.value, done.output, done.served_by) == ("succeeded", "Why Bread Rises", MODEL)
    assert [attempt.model for attempt in done.attempts] == [MODEL]
    assert (suggestion.status.value, suggestion.text) == ("accepted", "Why Bread Rises")
    assert (batch.status.value, batch.succeeded) == ("completed", 2)


def suggest(api: Generated, installation: Installation, template_id: int, route_id: int) -> Any:
    """A post whose field gets what an action of ours says, accepted."""
    asked = {"field": "provisional_title", "name": "Title", "template_id": template_id, "route_id": route_id}
    api.call("actions", "post_api_v1_llm_actions", body=api.make("NewActionIn", **asked))
    post = api.call("posts", "post_api_v1_posts", body=api.make("PostIn", idea="Why bread rises"))
    text = api.make("FieldIn", text="Yeast makes gas.", base_revision=None)
    api.call("fields", "put_api_v1_posts_post_id_fields_field_key", post.id, "basic_idea", body=text)
    field, usual = (post.id, "provisional_title"), api.make("SuggestionIn")
    made = api.call("suggestions", "post_api_v1_posts_post_id_fields_field_key_suggestions", *field, body=usual)
    installation.wait_for_task(made[0].task_id)
    as_it_is = api.make("AcceptIn")
    return api.call("suggestions", "post_api_v1_suggestions_suggestion_id_accept", made[0].id, body=as_it_is)


def run_batch(api: Generated, route: str) -> Any:
    items = [{"messages": [{"role": "user", "content": f"A title for {noun}"}]} for noun in ("bread", "salt")]
    batch = api.call("batches", "post_api_v1_batches", body=api.make("BatchIn", title="Two", items=items, route=route))
    api.call("batches", "post_api_v1_batches_batch_id_start", batch.id)

    def now() -> Any:
        return api.call("batches", "get_api_v1_batches_batch_id", batch.id)

    wait_until(lambda: now().finished_at is not None, timeout=30, why="the batch did not end")
    return now()
