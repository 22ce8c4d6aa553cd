"""What was made from a text tells when that changes, while one types; and the receipt leads back."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.browser.conftest import MODEL, Watch, log_in, open_page, serious_findings
from tests.installation import Installation
from tests.provider_standin import Standin


def test_a_title_goes_stale_while_its_idea_is_typed_is_kept_and_taken_back(
    browser: Browser, furnished: Installation, provider: Standin, watch: Watch
) -> None:
    provider.answer(MODEL, "Why bread rises")
    post = furnished.api("POST", "/posts", {"idea": "Bread"}, expect=201)["id"]
    fields = f"/posts/{post}/fields"
    furnished.api("PUT", f"{fields}/basic_idea", {"text": "Yeast makes gas.", "base_revision": None})
    (asked,) = furnished.api("POST", f"{fields}/provisional_title/suggestions", {})
    furnished.wait_for_task(asked["task_id"])
    furnished.api("POST", f"/suggestions/{asked['id']}/accept", {})

    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        page = open_page(context, watch)
        log_in(page, furnished)
        page.goto(f"{furnished.url}/workflow/idea/?post_id={post}")
        stale = page.locator("#stale-provisional_title")
        expect(stale).to_be_hidden()
        page.get_by_role("textbox", name="Basic idea").fill("Gluten holds the gas.")
        expect(stale).to_contain_text("“Basic idea” changed after this was written.")
        stale.get_by_role("button", name="Keep").press("Enter")
        expect(stale).to_be_hidden()
        expect(page.get_by_role("textbox", name="Provisional title")).to_be_focused()

        page.get_by_role("link", name="Receipt of Provisional title").click()
        expect(page.get_by_role("heading", name=MODEL)).to_be_visible()
        expect(page.get_by_text("Changed since")).to_be_visible()
        assert serious_findings(page) == []
        page.get_by_role("button", name="Empty the field again").click()
        expect(page.get_by_role("textbox", name="Provisional title")).to_have_value("")
