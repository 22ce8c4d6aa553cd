"""A batch's page with a real browser: its progress moves by itself, and Pause, Resume and Cancel do what they say."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import MODEL, Watch, log_in, open_page, serious_findings
from tests.installation import Installation
from tests.provider_standin import Standin

ITEMS = 40


def planned(installation: Installation) -> int:
    items = [{"key": f"Loaf {n}", "messages": [{"role": "user", "content": f"Name loaf {n}."}]} for n in range(ITEMS)]
    body = {"title": "Names of loaves", "model": MODEL, "concurrency": 2, "items": items}
    return int(installation.api("POST", "/batches", body, expect=201)["id"])


def done(page: Page) -> int:
    return int(page.locator("progress").first.get_attribute("value") or 0)


def test_a_batchs_page_shows_its_progress_and_pauses_resumes_and_cancels_it(
    browser: Browser, furnished: Installation, provider: Standin, watch: Watch
) -> None:
    batch = planned(furnished)
    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        page = open_page(context, watch)
        log_in(page, furnished)
        title, count = page.locator(".work__title"), page.locator(".work__count")
        gate = provider.hold(MODEL)
        try:
            page.goto(f"{furnished.url}/llm/batches/{batch}")
            expect(page.get_by_role("heading", name="What it will take")).to_be_visible()
            page.get_by_role("button", name="Start").click()
            expect(title).to_contain_text("Running")
            expect(count).to_contain_text(f"0 of {ITEMS} done")
            gate.wait_held(2)

            # Paused, what runs goes on to its end: the page says so by itself, and nothing more is begun.
            page.get_by_role("button", name="Pause").click()
            expect(title).to_contain_text("Paused")
            provider.release(MODEL)
            expect(count).to_contain_text(re.compile(rf"^[1-9]\d* of {ITEMS} done"))
            expect(page.locator("[hx-trigger='every 1s']")).to_have_count(0)
            assert serious_findings(page) == []
            before = done(page)
            rows = page.locator("#batch-items tbody tr")
            expect(rows.filter(has_text="Succeeded")).to_have_count(before)
            expect(rows).to_have_count(ITEMS)
            assert 2 <= before < ITEMS

            # Resumed, it goes on from there.
            held = provider.hold(MODEL, 1)
            page.get_by_role("button", name="Resume").click()
            expect(title).to_contain_text("Running")
            held.wait_held(2)
            assert done(page) == before

            # Cancelled, what runs is stopped and the rest is never asked.
            page.get_by_role("button", name="Cancel").click()
            page.get_by_role("dialog").get_by_role("button", name="Cancel", exact=True).click()
            expect(title).to_contain_text("Cancelled")
            expect(count).to_contain_text(f"{ITEMS} of {ITEMS} done")
        finally:
            provider.release(MODEL)
        page.reload()
        expect(page.get_by_role("link", name=re.compile("^Succeeded"))).to_contain_text(str(before))
        asked = furnished.api("GET", f"/batches/{batch}")
        assert (asked["succeeded"], asked["succeeded"] + asked["cancelled"]) == (before, ITEMS)
