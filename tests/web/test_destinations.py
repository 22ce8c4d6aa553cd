from __future__ import annotations

import pytest

from blogforge_llm.web import destinations


@pytest.mark.parametrize("path", ["/", "/posts", "/workflow/idea/?post_id=7", "/posts?q=a//b", "/posts/ü", "/loginfo"])
def test_pages_of_ours_are_destinations(path: str) -> None:
    assert destinations.local(path) == path


@pytest.mark.parametrize(
    "path",
    ["", None, "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
     "/\n/evil.example", "\t//evil.example", " //evil.example", "/posts\\..\\evil", "/\x7f/evil", "javascript:alert(1)",
     "posts", "/" + "x" * 3000, "/login?next=/posts", "/logout", "/setup/abc", "/login"],
)  # fmt: skip
def test_anything_else_leads_home(path: str | None) -> None:
    assert destinations.local(path) == "/"
