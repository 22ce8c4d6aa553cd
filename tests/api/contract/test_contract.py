"""The OpenAPI document and the application agree: schemathesis asks every operation, single and in chains, with what
the document allows and with what it forbids, and looks at every answer. New operations are asked by themselves.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from blogforge_llm.config import ROOT
from tests.installation import Installation
from tests.provider_standin import Standin

pytestmark = pytest.mark.processes

HERE = Path(__file__).parent
HOOKS = {"PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "tests.api.contract.hooks"}
SEEDS_OF_CHAINS = (2, 3)
REQUESTS_MAX = 1_000_000  # in a minute: more than it can ask


@pytest.mark.timeout(900)
def test_the_application_does_what_its_document_says(tmp_path: Path, standin: Standin) -> None:
    with Installation(tmp_path / "data") as installation:
        installation.create_admin()
        furnish(installation, standin)
        ask(installation, tmp_path, "--seed", "1")
        # Chains end once one goes another way than before, and here every answer changes the next: so begin again.
        for seed in SEEDS_OF_CHAINS:
            ask(installation, tmp_path, "--phases", "stateful", "--seed", str(seed))
    assert "Traceback" not in "".join(installation.output)


def ask(installation: Installation, folder: Path, *more: str) -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "schemathesis", "--config-file", HERE / "schemathesis.toml", "run",
         f"{installation.url}/api/openapi.json", "--header", f"Authorization: Bearer {installation.token}",
         "--checks", "all", "--no-color", "--request-timeout", "20", *more],
        cwd=folder, env=installation.environment | HOOKS, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-20_000:] + "".join(installation.output)[-5_000:]


def furnish(installation: Installation, standin: Standin) -> None:
    """Something of everything, so that what the document links to is there."""
    api = installation.api
    for key in ("api_requests_per_token", "api_requests_per_user"):
        api("PUT", f"/settings/{key}", {"value": REQUESTS_MAX})
    provider = {"name": "Groq", "kind": "groq", "base_url": standin.groq_url, "api_key": "good-key-123"}
    provider_id = api("POST", "/llm/providers", provider)["id"]
    api("POST", "/llm/models", {"provider_id": provider_id, "name": "llama-3.3-70b-versatile"})
    api("POST", "/llm/presets", {"name": "Calm", "parameters": {"temperature": 0.2}})
    installation.command("library", "import", "editorial")
    api("POST", "/llm/templates", {"name": "Plain", "blocks": [{"role": "user", "content": "About {{ basic_idea }}"}]})
    api("POST", "/llm/budgets", {"scope": "instance", "period": "month", "amount": "50"})
    api("POST", "/llm/alert-rules/usual")
    api("POST", "/llm/webhooks", {"name": "Pager", "url": standin.compatible_url})
    question = [{"role": "user", "content": "Name three colours."}]
    api("POST", "/batches", {"title": "Colours", "items": [{"messages": question}]})
    post_id = api("POST", "/posts", {"idea": "Why bread rises"})["id"]
    api("POST", f"/posts/{post_id}/sections", {"heading": "Gluten, the net"})
    api("POST", f"/posts/{post_id}/items", {"kind": "fact", "text": "Salt slows yeast."})
    suggestions = api("POST", f"/posts/{post_id}/fields/basic_idea/suggestions", {})
    installation.wait_for_task(suggestions[0]["task_id"])
