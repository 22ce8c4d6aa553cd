"""Every command of docs/guide-api.md in order, on a real installation: it works, and answers what the guide shows."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from blogforge_llm.config import ROOT
from tests.installation import Installation
from tests.provider_standin import Standin

pytestmark = pytest.mark.processes

GUIDE = (ROOT / "docs" / "guide-api.md").read_text()
MODEL = "llama-standin"
MARK = "--- the next block ---"


def examples() -> list[tuple[str, str, str]]:
    """The commands of each ```bash block, with the language and text of the block that shows its answer, if any."""
    found = re.findall(r"```bash\n(.*?)```(?:\n```(json|text)\n(.*?)```)?", GUIDE, re.S)
    assert len(found) > 10
    return found


def run(installation: Installation, provider: Standin, folder: Path) -> list[str]:
    """What each block prints, all in one shell."""
    script = f"\necho '{MARK}'\n".join(commands for commands, _, _ in examples())
    path = f"{Path(sys.executable).parent}:{installation.environment['PATH']}"
    guide = {
        "URL": installation.url,
        "TOKEN": installation.token,
        "LLM_URL": provider.compatible_url,
        "LLM_MODEL": MODEL,
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=folder, env=installation.environment | guide | {"PATH": path},
        capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.split(MARK)


def last_json(text: str) -> Any:
    """The last of the JSON documents that a block prints, its other words left out."""
    decoder, place, last = json.JSONDecoder(), 0, None
    while match := re.compile(r"[\[{]").search(text, place):
        last, place = decoder.raw_decode(text, match.start())
    return last


def assert_alike(shown: Any, answered: Any, where: str) -> None:
    """The answer has all that the guide shows, in the same places and of the same kind; its values may differ."""
    if isinstance(shown, dict):
        assert isinstance(answered, dict), where
        for key, value in shown.items():
            assert key in answered, f"{where}: no {key} in {sorted(answered)}"
            assert_alike(value, answered[key], f"{where}.{key}")
    elif isinstance(shown, list):
        assert isinstance(answered, list) and len(answered) >= len(shown), where
        for number, value in enumerate(shown):
            assert_alike(value, answered[number], f"{where}[{number}]")
    elif shown is not None:
        assert type(shown) is type(answered), f"{where}: {answered!r}"
        if where.endswith((".status", ".title", ".key", ".role")):
            assert shown == answered, where


def test_every_example_works_and_answers_what_the_guide_shows(tmp_path: Path, standin: Standin) -> None:
    assert shutil.which("curl") and shutil.which("bash"), "The guide's examples need bash and curl: install them."
    standin.answer(MODEL, "Bread rises because yeast makes gas and the dough's net of gluten holds it.")
    with Installation(tmp_path / "data") as installation:
        installation.create_admin()
        printed = run(installation, standin, tmp_path)
    for (commands, kind, shown), text in zip(examples(), printed, strict=True):
        if kind == "json":
            assert_alike(json.loads(shown), last_json(text), commands)
        elif kind == "text":
            assert set(re.findall(r"^event: \w+", shown, re.M)) <= set(re.findall(r"^event: \w+", text, re.M)), text
