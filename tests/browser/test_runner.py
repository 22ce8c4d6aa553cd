"""The task runner in a browser: choose, look, run side by side, save to a field, edit, run again and compare."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import MODEL, Watch, log_in, open_page, serious_findings
from tests.installation import Installation
from tests.provider_standin import Standin

OTHER = "llama-3.1-8b-instant"
LONG = "Bread rises because yeast eats sugar and breathes out gas, which the dough is strong enough to hold."
SHORT = "Bread rises because yeast makes gas."


def prepare(api: Installation) -> tuple[int, int]:
    """A template of its own and a post; their ids."""
    known = api.api("GET", "/llm/models")
    if all(model["name"] != OTHER for model in known):
        api.api("POST", "/llm/models", {"provider_id": known[0]["provider_id"], "name": OTHER})
    found = [each for each in api.api("GET", "/llm/templates?q=Runner") if each["name"] == "Runner"]
    blocks = [{"role": "user", "content": "Shorten this: {{ basic_idea }}"}]
    template = found[0] if found else api.api("POST", "/llm/templates", {"name": "Runner", "blocks": blocks})
    if found:
        api.api("PATCH", f"/llm/templates/{template['id']}", {"blocks": blocks})
    post = api.api("POST", "/posts", {"idea": "Bread for the runner"})
    path = f"/posts/{post['id']}/fields/basic_idea"
    api.api("PUT", path, {"text": "Bread rises, and this says why.", "base_revision": None})
    return template["id"], post["id"]


def visit(page: Page, installation: Installation) -> None:
    log_in(page, installation)
    page.goto(f"{installation.url}/llm/trials")


def fill_in(page: Page, template: int, post: int) -> None:
    page.get_by_label("Template", exact=True).select_option(str(template))
    expect(page.get_by_label("Basic idea")).to_be_visible()
    page.get_by_label("Fill in from a post").select_option(str(post))
    page.get_by_role("button", name="Fill in").click()
    expect(page.get_by_label("Basic idea")).to_have_value("Bread rises, and this says why.")


def test_two_answers_side_by_side_and_one_saved_to_a_field(
    browser, furnished: Installation, provider: Standin, watch: Watch
) -> None:
    provider.answer(OTHER, SHORT)
    provider.answer(MODEL, LONG)
    template, post = prepare(furnished)
    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        page = open_page(context, watch)
        visit(page, furnished)
        fill_in(page, template, post)
        page.get_by_label("Basic idea").fill("Bread rises. Say why.")
        expect(page.locator("#trial-preview")).to_contain_text("Shorten this: Bread rises. Say why.")
        page.locator("#f-ask-1").select_option(label=f"{MODEL} on Groq")
        page.get_by_text("Side by side", exact=True).click()
        page.locator("#f-ask-2").select_option(label=f"{OTHER} on Groq")
        assert serious_findings(page) == []
        gate = provider.hold(MODEL, after_words=3)
        page.locator("#run").click()
        held, done = page.locator(".trial-column").nth(0), page.locator(".trial-column").nth(1)
        expect(held).to_contain_text("Bread rises because")
        expect(done).to_contain_text(SHORT)
        expect(done).to_contain_text("Succeeded")
        expect(held.get_by_role("button", name="Stop")).to_be_visible()
        assert serious_findings(page) == []
        gate.release()
        expect(held).to_contain_text(LONG)
        expect(page.get_by_role("button", name="Stop all")).to_have_count(0)
        done.get_by_role("link", name="Compare").click()
        expect(page.locator("#output-changes del").first).to_be_visible()
        assert serious_findings(page) == []
        page.go_back()
        page.locator(".trial-column").nth(1).get_by_role("link", name="Save to a field").click()
        page.get_by_label("Field").select_option("basic_idea")
        assert serious_findings(page) == []
        page.get_by_role("button", name="Offer it to the field").click()
        field = page.locator("#field-basic_idea")
        expect(page.locator("#text-basic_idea")).to_have_value("Bread rises, and this says why.")
        field.get_by_role("button", name="Accept", exact=True).click()
        expect(page.locator("#text-basic_idea")).to_have_value(SHORT)


def test_a_running_answer_is_stopped_where_it_stands(
    browser, furnished: Installation, provider: Standin, watch: Watch
) -> None:
    template, post = prepare(furnished)
    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        page = open_page(context, watch)
        visit(page, furnished)
        fill_in(page, template, post)
        page.locator("#f-ask-1").select_option(label=f"{MODEL} on Groq")
        gate = provider.hold(MODEL, after_words=3)
        page.locator("#run").click()
        answer = page.locator(".trial-column")
        expect(answer.locator(".suggestion__text")).not_to_be_empty()
        answer.get_by_role("button", name="Stop").click()
        expect(answer).to_contain_text("Cancelled")
        expect(answer.get_by_role("button", name="Retry")).to_be_visible()
        gate.release()


def test_an_edited_prompt_is_marked_and_a_rerun_with_today_s_prompt_is_compared(
    browser, furnished: Installation, provider: Standin, watch: Watch
) -> None:
    provider.answer(MODEL, LONG)
    template, post = prepare(furnished)
    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        page = open_page(context, watch)
        visit(page, furnished)
        fill_in(page, template, post)
        page.locator("#f-ask-1").select_option(label=f"{MODEL} on Groq")
        page.get_by_role("button", name="Edit for this run").click()
        page.get_by_label("User").fill("Shorten it a lot, please.")
        assert serious_findings(page) == []
        page.locator("#run").click()
        answer = page.locator(".trial-column")
        expect(answer).to_contain_text("Edited prompt")
        expect(answer).to_contain_text(LONG)
        answer.get_by_role("link", name=re.compile("^Task #")).click()
        expect(page.locator("main")).to_contain_text("Edited for this task alone")
        page.get_by_role("link", name="Run again as a new task").click()
        changes = page.locator("#prompt-changes")
        expect(changes.locator("del").first).to_be_visible()
        expect(changes.locator("ins").last).to_contain_text("and this says why")
        assert serious_findings(page) == []
        provider.answer(MODEL, SHORT)
        page.get_by_role("button", name="Run with the prompt as it is now").click()
        expect(page.locator("#output-changes ins, #output-changes del").first).to_be_visible()
        expect(page.locator("#prompt-changes ins").first).to_be_visible()


def test_everything_works_without_javascript(browser, furnished: Installation, provider: Standin, watch: Watch) -> None:
    provider.answer(MODEL, LONG)
    template, post = prepare(furnished)
    with browser.new_context(viewport={"width": 1440, "height": 900}, java_script_enabled=False) as context:
        page = open_page(context, watch)
        visit(page, furnished)
        page.get_by_label("Template", exact=True).select_option(str(template))
        page.get_by_role("button", name="Show its variables").click()
        page.get_by_label("Fill in from a post").select_option(str(post))
        page.get_by_role("button", name="Fill in").click()
        expect(page.locator("#trial-preview")).to_contain_text("Shorten this: Bread rises, and this says why.")
        page.locator("#f-ask-1").select_option(label=f"{MODEL} on Groq")
        page.locator("#run").click()
        task = page.get_by_role("link", name=re.compile("^Task #"))
        found = re.search(r"\d+", task.inner_text())
        assert found
        furnished.wait_for_task(int(found[0]))
        page.reload()
        expect(page.locator(".trial-column")).to_contain_text(LONG)
