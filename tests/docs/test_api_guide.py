"""Every command of docs/guide-api.md in order, on a real installation: it works, and answers what the guide shows."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from blogforge_llm.config import ROOT
from tests.docs.guides import Guide
from tests.installation import Installation
from tests.provider_standin import Standin
from tests.webhook_receiver import Receiver

pytestmark = pytest.mark.processes

GUIDE = Guide(ROOT / "docs" / "guide-api.md")
MODEL = "llama-standin"


def test_every_example_works_and_answers_what_the_guide_shows(tmp_path: Path, standin: Standin) -> None:
    assert len(GUIDE.examples) > 10
    standin.answer(MODEL, "Bread rises because yeast makes gas and the dough's net of gluten holds it.")
    with Installation(tmp_path / "data") as installation, Receiver() as receiver:
        installation.create_admin()
        GUIDE.run(
            installation, tmp_path, LLM_URL=standin.compatible_url, LLM_MODEL=MODEL, WEBHOOK_URL=receiver.url
        )  # fmt: skip
    [(_, headers, body)] = receiver.came
    secret = json.loads((tmp_path / "webhook.json").read_text())["secret"]
    assert is_genuine(secret, headers, body.encode())
    assert not is_genuine(secret, headers, body.encode() + b" ")


def is_genuine(secret: str, headers: dict[str, str], body: bytes) -> Any:
    """As the guide's receiver finds."""
    [code] = re.findall(r"```python\n(.*?)```", GUIDE.text, re.S)
    names: dict[str, Any] = {}
    exec(code, names)
    return names["is_genuine"](secret, headers, body)
