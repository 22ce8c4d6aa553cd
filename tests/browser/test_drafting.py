"""From an idea to a finished draft in sections, with a real browser: researched by running ahead, allocated by a model,
drafted section by section as one batch.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import MODEL, Watch, log_in, open_page, serious_findings
from tests.installation import Installation
from tests.provider_standin import Standin

HEADINGS = "Yeast makes the gas\nGluten holds it\nThe oven sets it"
DRAFTS = [f"The text of part {number}, as long as it needs to be." for number in (1, 2, 3)]


@pytest.fixture
def tab(browser: Browser, furnished: Installation, watch: Watch) -> Iterator[Page]:
    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        page = open_page(context, watch)
        log_in(page, furnished)
        yield page


def text_of(installation: Installation, path: str) -> Any:
    return installation.api("GET", f"{path}")["text"]


def finish(page: Page, count: int) -> None:
    """The run that the page shows comes to its end."""
    expect(page.locator(".work__count")).to_contain_text(f"{count} of {count} done", timeout=60_000)
    expect(page.locator(".work__title")).to_contain_text("Completed")


def accept_all(page: Page) -> None:
    while page.get_by_role("button", name="Accept", exact=True).count():
        button = page.get_by_role("button", name="Accept", exact=True).first
        panel = button.locator("xpath=ancestor::article[contains(@class, 'suggestion')]")
        panel_id = panel.get_attribute("id")
        button.click()
        expect(page.locator(f"#{panel_id}")).to_have_count(0)


def test_a_post_goes_from_its_idea_to_a_finished_draft_in_sections(
    tab: Page, furnished: Installation, provider: Standin
) -> None:
    tab.goto(f"{furnished.url}/posts/new")
    tab.get_by_label("Idea").fill("Why bread rises, for people who bake at home")
    tab.get_by_role("button", name="Start writing").click()
    tab.wait_for_url("**/workflow/**")
    post = int(tab.url.split("post_id=")[1].split("#")[0])

    # Research: what can be asked without a choice is asked in order and accepted.
    provider.answer(MODEL, "\n".join(f"Thing {number} about bread" for number in range(1, 13)))
    tab.goto(f"{furnished.url}/posts/{post}/runs?scope=stage:planning")
    tab.get_by_role("button", name="Show the plan").click()
    tab.wait_for_url("**/runs/*")
    rows = tab.locator("#steps-of-run tbody tr")
    expect(rows.filter(has_text="Section headings")).to_contain_text("waits for you")
    expect(tab.get_by_role("heading", name="Where it stops")).to_be_visible()
    assert serious_findings(tab) == []
    count = rows.count()
    tab.get_by_role("button", name="Start").click()
    finish(tab, count)
    expect(tab.get_by_text("1 suggestion waits for you")).to_be_visible()
    assert text_of(furnished, f"/posts/{post}/fields/interesting_facts")

    # Structure: a person decides about the headings, and makes them the sections.
    current = furnished.api("GET", f"/posts/{post}/fields/section_headings")["revision"]
    assert current is None
    rows.filter(has_text="Section headings").get_by_role("link").click()
    tab.locator("#suggestions-section_headings .suggestion__edit summary").click()
    tab.locator("#suggestions-section_headings textarea").fill(HEADINGS)
    tab.get_by_role("button", name="Accept the edited text").click()
    expect(tab.locator("#text-section_headings")).to_have_value(HEADINGS)
    tab.goto(f"{furnished.url}/posts/{post}/headings")
    tab.get_by_role("button", name="Make these the sections").click()
    expect(tab.locator(".section-row")).to_have_count(3)

    # Allocation: the model labels, the allocator places, nothing is left.
    tab.goto(f"{furnished.url}/posts/{post}/board")
    tab.get_by_role("button", name="Add these").click()
    expect(tab.locator(".board__column").first.locator(".board__item").first).to_be_visible()
    codes = [item["code"] for item in furnished.api("GET", f"/posts/{post}/items")]
    labels = [{"item": code, "section": f"S{n % 3 + 1}", "score": 0.9} for n, code in enumerate(codes)]
    provider.answer(MODEL, json.dumps(labels))
    tab.get_by_role("button", name="Automate with LLM").click()
    tab.get_by_role("button", name="Move them").click()
    expect(tab.locator(".board__column").first).to_contain_text("Everything has its section.")

    # Drafting: all sections as one batch, offered; each is told what the others cover.
    provider.answer(MODEL, DRAFTS[0])
    before = len(provider.requests)
    tab.goto(f"{furnished.url}/workflow/sections/?post_id={post}")
    tab.get_by_role("link", name="Draft sections").click()
    assert serious_findings(tab) == []
    tab.get_by_role("button", name="Show the plan").click()
    expect(tab.get_by_text("What it will take")).to_be_visible()
    tab.get_by_role("button", name="Start").click()
    finish(tab, 3)
    expect(tab.get_by_text("3 suggestions wait for you")).to_be_visible()
    prompts = [request.body["messages"][-1]["content"] for request in provider.requests[before:]]
    assert len(prompts) == 3 and all("this one leaves to them" in prompt for prompt in prompts)
    ids = [section["id"] for section in furnished.api("GET", f"/posts/{post}/sections")["items"]]
    for section in ids:
        tab.goto(f"{furnished.url}/posts/{post}/sections/{section}")
        accept_all(tab)
        expect(tab.locator("#text-section_draft")).to_have_value(DRAFTS[0])

    # Polished text and alternative texts follow by themselves into their empty fields.
    provider.answer(MODEL, DRAFTS[1])
    tab.goto(f"{furnished.url}/posts/{post}/drafts/new")
    tab.get_by_label("Draft: Draft the section").uncheck()
    for label in ("Polished text: Polish the draft", "Image concept: Devise a picture",
                  "Alternative text: Describe the picture"):  # fmt: skip
        tab.get_by_label(label).check()
    tab.get_by_label("Accept into empty fields").check()
    tab.get_by_role("button", name="Show the plan").click()
    tab.get_by_role("button", name="Start").click()
    finish(tab, 9)
    tab.goto(f"{furnished.url}/workflow/sections/?post_id={post}")
    expect(tab.locator(".section-row .badge", has_text="Done")).to_have_count(3)
    for section in ids:
        assert text_of(furnished, f"/sections/{section}/fields/section_text") == DRAFTS[1]
        assert text_of(furnished, f"/sections/{section}/fields/section_alt_text") == DRAFTS[1]


def test_a_run_is_seen_paused_and_stopped_from_the_sections_and_without_javascript(
    browser: Browser, furnished: Installation, provider: Standin, watch: Watch
) -> None:
    post = furnished.api("POST", "/posts", {"idea": "Rye"}, expect=201)["id"]
    furnished.api("PUT", f"/posts/{post}/fields/basic_idea", {"text": "Rye bread.", "base_revision": None})
    for heading in ("One", "Two"):
        furnished.api("POST", f"/posts/{post}/sections", {"heading": heading}, expect=201)
    with browser.new_context(java_script_enabled=False) as context:
        page = open_page(context, watch)
        log_in(page, furnished)
        page.goto(f"{furnished.url}/posts/{post}/drafts/new")
        page.get_by_label("S2 Two").uncheck()
        page.get_by_role("button", name="Show the plan").click()
        expect(page.locator("#steps-of-run tbody tr")).to_have_count(1)
        provider.hold(MODEL)
        try:
            page.get_by_role("button", name="Start").click()
            page.goto(f"{furnished.url}/workflow/sections/?post_id={post}")
            page.get_by_role("button", name="Pause").click()
            expect(page.locator(".work__title")).to_contain_text("Paused")
            page.goto(f"{furnished.url}/workflow/sections/?post_id={post}")
            page.get_by_role("button", name="Cancel").click()
            expect(page.locator(".work__title")).to_contain_text("Cancelled")
        finally:
            provider.release(MODEL)
