"""The document is good enough for a generator: its client connects a model and gets an answer."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.installation import Installation
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

    def call(self, noun: str, operation: str, *path: int, body: Any = None) -> Any:
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
        api.client.get_httpx_client().close()
    assert (done.status.value, done.output, done.served_by) == ("succeeded", "Why Bread Rises", MODEL)
    assert [attempt.model for attempt in done.attempts] == [MODEL]
