from __future__ import annotations

from blogforge_llm.api.gateway import errors
from blogforge_llm.records.tasks import Category


def test_every_category_has_an_answer() -> None:
    assert set(errors.OF_CATEGORY) == set(Category)
