"""The workflow edited in a real browser: put in order by keyboard and by dragging, with limits counted while typing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Watch, log_in, open_page, serious_findings
from tests.installation import Installation

AddStep = Callable[..., tuple[str, list[int]]]


@pytest.fixture
def tab(browser: Browser, furnished: Installation, watch: Watch) -> Iterator[Page]:
    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        page = open_page(context, watch)
        log_in(page, furnished)
        yield page


@pytest.fixture
def add_step(furnished: Installation) -> Iterator[AddStep]:
    """Adds a step with these fields, as the address of its page and their ids. It is put away when the test is over."""
    made: list[int] = []

    def add(name: str, *keys: str) -> tuple[str, list[int]]:
        step = furnished.api("POST", "/workflow/substages", {"name": name, "stage": "planning"}, expect=201)
        made.append(step["id"])
        body = {"substage": step["key"], "kind": "text"}
        fields = [furnished.api("POST", "/workflow/fields", body | {"key": key, "name": key.title()}) for key in keys]
        return f"{furnished.url}/settings/workflow/substages/{step['id']}", [field["id"] for field in fields]

    yield add
    for step_id in made:
        furnished.api("DELETE", f"/workflow/substages/{step_id}", expect=204)


def keys_of(installation: Installation, step: str) -> list[Any]:
    rows = installation.api("GET", "/workflow/fields?page_size=100")
    return [row["key"] for row in rows if row["substage"] == step]


def test_fields_are_put_in_order_by_keyboard_and_by_dragging_unless_the_order_moved_on(
    tab: Page, furnished: Installation, add_step: AddStep
) -> None:
    page, ids = add_step("Sorted", "alpha", "beta", "gamma")
    tab.goto(page)
    tab.get_by_role("button", name="Move Alpha", exact=True).focus()
    for key in ("Space", "ArrowDown", "Space"):
        tab.keyboard.press(key)
    expect(tab.locator("body")).to_contain_text("The order is saved.")
    expect(tab.get_by_role("button", name="Move Alpha", exact=True)).to_be_focused()
    assert keys_of(furnished, "sorted") == ["beta", "alpha", "gamma"]
    grip = tab.get_by_role("button", name="Move Gamma", exact=True).bounding_box()
    first = tab.locator(".sortable__item").first.bounding_box()
    assert grip and first
    tab.mouse.move(grip["x"] + 10, grip["y"] + 10)
    tab.mouse.down()
    tab.mouse.move(first["x"] + 20, first["y"] + 4, steps=8)
    with tab.expect_response(lambda answer: answer.url.endswith("/order")):
        tab.mouse.up()
    expect(tab.locator(".workflow-row__title").first).to_contain_text("Gamma")
    assert keys_of(furnished, "sorted") == ["gamma", "beta", "alpha"]
    version = furnished.api("GET", "/workflow/order")["version"]
    furnished.api("PUT", "/workflow/fields/order", {"substage": "sorted", "order": ids, "version": version})
    tab.get_by_role("button", name="Move Gamma down", exact=True).click()
    expect(tab.locator("#order")).to_contain_text("Somebody changed the workflow meanwhile")
    expect(tab.locator(".workflow-row__title").first).to_contain_text("Alpha")
    assert serious_findings(tab) == []


def test_a_limit_is_counted_while_one_types_and_kept_by_the_server(
    tab: Page, furnished: Installation, watch: Watch, add_step: AddStep
) -> None:
    watch.expected.append("422")
    _, (field,) = add_step("Counted", "brief")
    furnished.api("PATCH", f"/workflow/fields/{field}", {"max_words": 3})
    post = furnished.api("POST", "/posts", {"idea": "Why bread rises"}, expect=201)["id"]
    tab.goto(f"{furnished.url}/workflow/counted/?post_id={post}")
    box, counter = tab.get_by_role("textbox", name="Brief", exact=True), tab.locator("[data-counter]")
    expect(counter).to_have_text("0 of 3 words")
    box.press_sequentially("one two three")
    expect(counter).to_have_text("3 of 3 words")
    expect(tab.locator("[data-save-state]")).to_contain_text("Saved")
    box.press_sequentially(" four")
    expect(counter).to_have_text("4 of 3 words, 1 too many")
    expect(tab.locator("#error-brief")).to_contain_text("at most 3 words; this has 4")
    expect(box).to_have_value("one two three four")
    assert furnished.api("GET", f"/posts/{post}/fields/brief")["text"] == "one two three"
    assert serious_findings(tab) == []


def test_what_is_archived_leaves_posts_and_comes_back(tab: Page, furnished: Installation, add_step: AddStep) -> None:
    page, _ = add_step("Passing", "aside")
    post = furnished.api("POST", "/posts", {"idea": "Why bread rises"}, expect=201)["id"]
    furnished.api("PUT", f"/posts/{post}/fields/aside", {"text": "Keep me.", "base_revision": None})
    in_post = f"{furnished.url}/workflow/passing/?post_id={post}"
    tab.goto(page)
    tab.get_by_role("link", name="See what that changes").click()
    expect(tab.locator("main")).to_contain_text("1 text in 1 post")
    tab.get_by_role("button", name="Archive", exact=True).click()
    expect(tab.locator("main")).to_contain_text("This step is archived")
    tab.goto(in_post)
    expect(tab).not_to_have_url(in_post)
    tab.goto(f"{furnished.url}/posts/{post}")
    tab.get_by_text("Texts in archived fields (1)").click()
    expect(tab.locator("#archived-fields")).to_contain_text("Keep me.")
    assert serious_findings(tab) == []
    tab.goto(page)
    tab.get_by_role("button", name="Bring back").click()
    tab.goto(in_post)
    expect(tab.get_by_role("textbox", name="Aside")).to_have_value("Keep me.")
