"""Every command of docs/guide-examples.md in order: the prompts, the answers and the fates are those it shows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from blogforge_llm.config import ROOT
from tests.docs.guides import Guide
from tests.installation import Installation
from tests.provider_standin import Standin
from tests.provider_standin.answers import prompt_text

pytestmark = pytest.mark.processes

MODEL = "llama-standin"
EXACT = (".content", ".output", ".text", ".status", ".category", ".error_category", ".key", ".note", ".number")
# What the model says, by words of the prompt; the last that fits.
ANSWERS = {
    "Write a teaser": "Have you ever wondered why bread rises? In this article we look at how yeast makes gas and how "
    "gluten holds it, and at what that means for your next loaf.",
    "at most 20 words": "Yeast makes gas and gluten holds it: what your dough does while you wait.",
    "Which tags": "A good tag would be “bread”.",
    "broke this rule": "baking\nyeast\ngluten",
    "a scarf": "A soft lambswool scarf for raw mornings, long enough to wrap twice.",
    "a kilt": "A worsted kilt, pleated by hand, that outlasts weddings, weather, and fashions.",
    "a hip flask": "A pewter hip flask that warms slowly, dents kindly, and never leaks.",
}


def test_every_example_gives_what_the_guide_shows(tmp_path: Path, standin: Standin) -> None:
    helpers = re.findall(
        r"^(?:api\(\) \{\n.*?\n\}|pick\(\) .*?)\n", (ROOT / "docs/guide-api.md").read_text(), re.M | re.S
    )
    guide = Guide(ROOT / "docs/guide-examples.md", helpers="".join(helpers), exact=EXACT)
    standin.answer(MODEL, say)
    standin.script(MODEL, [say] * 5 + ["content-filter"])  # the sixth call is the flask's
    with Installation(tmp_path / "data") as installation:
        installation.create_admin()
        made = {"name": "My server", "kind": "openai_compatible", "base_url": standin.compatible_url}
        provider = installation.api("POST", "/llm/providers", made)
        installation.api("POST", "/llm/models", {"provider_id": provider["id"], "name": MODEL})
        guide.run(installation, tmp_path)


def say(body: Mapping[str, Any]) -> str:
    asked = prompt_text(body)
    return [answer for words, answer in ANSWERS.items() if words in asked][-1]
