"""The live check, with a stand-in for the real provider: what it asks, what it writes, and what it says of nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from blogforge_llm.config import ROOT
from tests.installation import Installation
from tests.provider_standin import Standin


def run(environment: dict[str, str], *, expect: int) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tests.live_check"], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == expect, done.stdout + done.stderr
    assert not done.stderr, done.stderr
    return done.stdout


def written(data_dir: Path) -> str:
    (file,) = (data_dir / "live-checks").glob("20*.md")
    return file.read_text()


def test_without_any_provider_it_says_that_it_checked_nothing(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
    environment.pop("DATABASE_URL", None)
    said = run(environment | {"BLOGFORGE_DATA_DIR": str(tmp_path)}, expect=0)
    assert "Nothing was checked" in said
    assert "Nothing was checked" in written(tmp_path)


def test_every_connected_provider_is_asked_once_and_a_failure_is_told(tmp_path: Path, standin: Standin) -> None:
    with Installation(tmp_path / "data") as installation:
        installation.create_admin()
        for name, model in (("Well", "ok"), ("Ill", "status:503")):
            body = {"name": name, "kind": "groq", "base_url": standin.groq_url, "api_key": "good-key-1"}
            provider = installation.api("POST", "/llm/providers", body)
            installation.api("POST", "/llm/models", {"provider_id": provider["id"], "name": model})
        said = run(installation.environment, expect=1)
        assert "| installation | Well | ok |" in said
        assert "FAILED, overloaded" in said
        assert len(standin.requests_for("ok")) == 1
        assert said.startswith(written(tmp_path / "data"))
        assert len(installation.api("GET", "/llm/tasks")["items"]) == 2
