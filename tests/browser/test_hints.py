"""What stands under Automate follows what was saved in other fields, without a reload."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.browser.conftest import Watch, log_in, open_page
from tests.installation import Installation


def test_filling_a_field_frees_those_that_need_it(browser: Browser, watch: Watch, furnished: Installation) -> None:
    post = furnished.api("POST", "/posts", {"idea": "Why bread rises"})
    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        page = open_page(context, watch)
        log_in(page, furnished)
        page.goto(f"{furnished.url}/workflow/idea/?post_id={post['id']}")
        hint = page.locator("#plan-idea_scope")
        expect(hint).to_contain_text("empty")
        page.locator("#text-basic_idea").fill("Bread rises because yeast makes gas.")
        expect(hint).to_contain_text("tokens", timeout=10_000)
        page.locator("#text-basic_idea").fill("")
        expect(hint).to_contain_text("empty", timeout=10_000)
        page.locator("#automate-basic_idea").click()
        page.locator("#field-basic_idea").get_by_role("button", name="Accept", exact=True).click(timeout=15_000)
        expect(hint).to_contain_text("tokens", timeout=10_000)
