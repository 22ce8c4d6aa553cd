"""Sections with a real browser: put in order by keyboard and by dragging, split, merged, made of headings; a board."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import MODEL, Watch, log_in, open_page, serious_findings
from tests.installation import Installation
from tests.provider_standin import Standin


@pytest.fixture
def post(furnished: Installation) -> int:
    """A post with three headings and some ideas."""
    number: int = furnished.api("POST", "/posts", {"idea": "Why bread rises"}, expect=201)["id"]
    put(furnished, f"/posts/{number}/fields/section_headings", "Yeast\nGluten\nBaking")
    put(furnished, f"/posts/{number}/fields/idea_scope", "Gas\nPatience\nThe oven")
    return number


@pytest.fixture
def tab(browser: Browser, furnished: Installation, watch: Watch) -> Iterator[Page]:
    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        page = open_page(context, watch)
        log_in(page, furnished)
        yield page


def put(installation: Installation, path: str, text: str) -> None:
    installation.api("PUT", path, {"text": text, "base_revision": None})


def sectioned(installation: Installation, post: int) -> list[int]:
    for heading in ("Yeast", "Gluten", "Baking"):
        installation.api("POST", f"/posts/{post}/sections", {"heading": heading}, expect=201)
    return [section["id"] for section in installation.api("GET", f"/posts/{post}/sections")["items"]]


def see_order(page: Page, *headings: str) -> None:
    expect(page.locator(".section-row__title")).to_have_text(list(headings))


def test_headings_become_sections_with_what_changes_shown(tab: Page, furnished: Installation, post: int) -> None:
    tab.goto(f"{furnished.url}/workflow/sections/?post_id={post}")
    tab.get_by_role("link", name="From the headings").click()
    expect(tab.locator(".heading-row")).to_have_count(3)
    tab.get_by_role("button", name="Make these the sections").click()
    see_order(tab, "Yeast", "Gluten", "Baking")
    current = furnished.api("GET", f"/posts/{post}/fields/section_headings")
    changed = {"text": "Gluten\nYeast and time", "base_revision": current["revision"]}
    furnished.api("PUT", f"/posts/{post}/fields/section_headings", changed)
    tab.get_by_role("link", name="From the headings").click()
    expect(tab.locator(".heading-row").nth(1)).to_contain_text("New")
    tab.get_by_label("Section for “Yeast and time”").select_option(label="S1 Yeast")
    expect(tab.get_by_label("Keep S3 Baking")).to_be_visible()
    assert serious_findings(tab) == []
    tab.get_by_role("button", name="Make these the sections").click()
    see_order(tab, "Gluten", "Yeast and time")
    tab.get_by_role("button", name="Undo:").click()
    see_order(tab, "Yeast", "Gluten", "Baking")


def test_sections_are_put_in_order_by_keyboard_and_by_dragging(tab: Page, furnished: Installation, post: int) -> None:
    ids = sectioned(furnished, post)
    put(furnished, f"/sections/{ids[0]}/fields/section_draft", "It eats sugar.")
    tab.goto(f"{furnished.url}/workflow/sections/?post_id={post}")
    tab.get_by_role("button", name="Move S1 Yeast", exact=True).focus()
    for key in ("Space", "ArrowDown", "Space"):
        tab.keyboard.press(key)
    expect(tab.locator("body")).to_contain_text("The order is saved.")
    see_order(tab, "Gluten", "Yeast", "Baking")
    expect(tab.get_by_role("button", name="Move S1 Yeast", exact=True)).to_be_focused()
    grip = tab.get_by_role("button", name="Move S3 Baking", exact=True).bounding_box()
    first = tab.locator(".sortable__item").first.bounding_box()
    assert grip and first
    tab.mouse.move(grip["x"] + 10, grip["y"] + 10)
    tab.mouse.down()
    tab.mouse.move(grip["x"] + 10, first["y"] + 2, steps=8)
    with tab.expect_response(lambda response: response.request.method == "POST"):
        tab.mouse.up()
    see_order(tab, "Baking", "Gluten", "Yeast")
    tab.reload()
    see_order(tab, "Baking", "Gluten", "Yeast")
    assert furnished.api("GET", f"/sections/{ids[0]}/fields/section_draft")["text"] == "It eats sugar."


def test_a_section_is_split_and_merged_again(tab: Page, furnished: Installation, post: int) -> None:
    ids = sectioned(furnished, post)
    put(furnished, f"/sections/{ids[0]}/fields/section_draft", "It eats sugar.\n\nIt breathes gas.")
    tab.goto(f"{furnished.url}/posts/{post}/sections/{ids[0]}")
    assert serious_findings(tab) == []
    tab.locator(".section-head summary").click()
    tab.get_by_role("link", name="Split it").click()
    tab.get_by_label("It breathes gas.").check()
    tab.get_by_label("Heading of the new section").fill("Gas")
    assert serious_findings(tab) == []
    tab.get_by_role("button", name="Split here").click()
    see_order(tab, "Yeast", "Gas", "Gluten", "Baking")
    tab.get_by_role("link", name="Gas", exact=True).click()
    expect(tab.locator("#text-section_draft")).to_have_value("It breathes gas.")
    tab.get_by_text("Merge into another section").click()
    tab.get_by_label("Merge into", exact=True).select_option(label="S1 Yeast")
    tab.get_by_role("button", name="Merge", exact=True).click()
    see_order(tab, "Yeast", "Gluten", "Baking")
    assert furnished.api("GET", f"/sections/{ids[0]}/fields/section_draft")["text"] == (
        "It eats sugar.\n\nIt breathes gas."
    )


def test_ideas_are_allocated_by_keyboard_by_dragging_and_by_a_model(
    tab: Page, furnished: Installation, provider: Standin, post: int
) -> None:
    sectioned(furnished, post)
    tab.goto(f"{furnished.url}/posts/{post}/board")
    tab.get_by_role("button", name="Add these").click()
    column = tab.locator(".board__column")
    expect(column.first.locator(".board__item")).to_have_count(3)
    assert serious_findings(tab) == []
    tab.get_by_role("button", name="Move I1", exact=True).focus()
    for key in ("Space", "ArrowRight", "Space"):
        tab.keyboard.press(key)
    expect(column.nth(1)).to_contain_text("Gas")
    grip, target = tab.get_by_role("button", name="Move I2", exact=True).bounding_box(), column.nth(2).bounding_box()
    assert grip and target
    tab.mouse.move(grip["x"] + 10, grip["y"] + 10)
    tab.mouse.down()
    tab.mouse.move(target["x"] + 40, target["y"] + 20, steps=8)
    tab.mouse.up()
    expect(column.nth(2)).to_contain_text("Patience")
    options = tab.locator("summary", has_text="Options for I3")
    options.press("Enter")
    panel = tab.locator(".board__menu[open] .menu__panel").bounding_box()
    assert panel and panel["width"] > 200  # it spans its card
    tab.get_by_role("link", name="Reword").press("Enter")
    words = tab.get_by_label("I3 in other words")
    expect(words).to_be_focused()
    assert serious_findings(tab) == []
    tab.get_by_role("link", name="Cancel").press("Enter")
    expect(words).to_be_hidden()
    options.click()
    tab.get_by_role("link", name="Reword").click()
    words.fill("The hot oven")
    tab.get_by_role("button", name="Save", exact=True).click()
    expect(column.first).to_contain_text("The hot oven")
    expect(words).to_be_hidden()
    expect(tab.get_by_role("button", name="Move I3", exact=True)).to_be_focused()
    provider.answer(MODEL, json.dumps([{"item": "I3", "section": "S3", "score": 0.9}]))
    tab.get_by_role("button", name="Automate with LLM").click()
    expect(tab.locator(".proposal")).to_contain_text("S3 Baking")
    assert serious_findings(tab) == []
    tab.get_by_role("button", name="Move them").click()
    expect(column.nth(3)).to_contain_text("The hot oven")
    expect(column.first).to_contain_text("Everything has its section.")
    tab.get_by_role("button", name="Undo:").click()
    expect(column.first).to_contain_text("The hot oven")
    tab.set_viewport_size({"width": 360, "height": 780})
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360
    item = furnished.api("GET", f"/posts/{post}/items")[0]["id"]
    tab.goto(f"{furnished.url}/posts/{post}/items/{item}/edit")
    assert serious_findings(tab) == []
