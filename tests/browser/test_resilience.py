"""What the page does when the world does not cooperate: no JavaScript, no server, no session, only a keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Watch, log_in, open_page
from tests.installation import Installation
from tests.provider_standin import Standin

MODEL = "llama-3.3-70b-versatile"
SUGGESTED = "Bread rises because yeast eats sugar and breathes out gas."


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Installation, Standin]]:
    """An installation with a model and the library."""
    with Standin() as standin, Installation(tmp_path_factory.mktemp("ready") / "data") as installation:
        installation.create_admin()
        body = {"name": "Groq", "kind": "groq", "base_url": standin.groq_url, "api_key": "good-key-123"}
        provider = installation.api("POST", "/llm/providers", body)
        installation.api("POST", "/llm/models", {"provider_id": provider["id"], "name": MODEL})
        installation.command("library", "import", "editorial")
        standin.answer(MODEL, SUGGESTED)
        yield installation, standin


@pytest.fixture
def tab(browser: Browser, watch: Watch, ready: tuple[Installation, Standin]) -> Iterator[Page]:
    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        page = open_page(context, watch)
        log_in(page, ready[0])
        yield page


@pytest.fixture
def plain_tab(browser: Browser, watch: Watch, ready: tuple[Installation, Standin]) -> Iterator[Page]:
    with browser.new_context(viewport={"width": 1440, "height": 900}, java_script_enabled=False) as context:
        page = open_page(context, watch)
        log_in(page, ready[0])
        yield page


def open_post(tab: Page, installation: Installation, idea: str = "Why bread rises") -> int:
    post = installation.api("POST", "/posts", {"idea": idea})
    tab.goto(f"{installation.url}/workflow/idea/?post_id={post['id']}")
    return int(post["id"])


def text_of(installation: Installation, post_id: int, key: str = "basic_idea") -> str | None:
    text: str | None = installation.api("GET", f"/posts/{post_id}/fields/{key}")["text"]
    return text


def test_the_main_job_works_without_javascript(plain_tab: Page, ready: tuple[Installation, Standin]) -> None:
    installation, standin = ready
    plain_tab.goto(f"{installation.url}/posts/new")
    plain_tab.get_by_label("What is the idea?").fill("Why bread rises")
    plain_tab.get_by_role("button", name="Start writing").click()
    before = len(standin.requests)
    plain_tab.locator("#text-basic_idea").fill("Typed with the click.")
    plain_tab.locator("#automate-basic_idea").click()
    standin.wait_for_end(before + 1, timeout=10)
    field = plain_tab.locator("#field-basic_idea")
    for _ in range(20):
        if field.get_by_role("button", name="Accept", exact=True).count():
            break
        plain_tab.reload()
    expect(plain_tab.locator("#text-basic_idea")).to_have_value("Typed with the click.")
    field.get_by_role("button", name="Accept", exact=True).click()
    expect(plain_tab.locator("#text-basic_idea")).to_have_value(SUGGESTED)
    plain_tab.get_by_role("link", name="History of Basic idea").click()
    expect(plain_tab.locator("main")).to_contain_text("Typed with the click.")


def test_the_main_job_works_with_the_keyboard_alone(tab: Page, ready: tuple[Installation, Standin]) -> None:
    installation, _ = ready
    post_id = open_post(tab, installation)
    tab.locator("#text-basic_idea").focus()
    tab.keyboard.type("Mine.")
    tab.locator("#automate-basic_idea").focus()
    tab.keyboard.press("Enter")
    panel = tab.locator("#field-basic_idea .suggestion")
    expect(panel.get_by_role("button", name="Accept", exact=True)).to_be_visible(timeout=15_000)
    expect(panel).to_be_focused()
    tab.keyboard.press("a")
    expect(tab.locator("#text-basic_idea")).to_be_focused()
    expect(tab.locator("#text-basic_idea")).to_have_value(SUGGESTED)
    assert text_of(installation, post_id) == SUGGESTED


def test_a_failed_save_keeps_the_text_and_tries_again(
    tab: Page, watch: Watch, ready: tuple[Installation, Standin]
) -> None:
    installation, _ = ready
    watch.expected.append("net::ERR_")
    post_id = open_post(tab, installation)
    tab.context.set_offline(True)
    box, state = tab.locator("#text-basic_idea"), tab.locator("#field-basic_idea [data-save-state]")
    box.fill("Written while the server was away.")
    expect(state).to_contain_text("Not saved")
    expect(box).to_have_value("Written while the server was away.")
    tab.context.set_offline(False)
    expect(state).to_contain_text("Saved", timeout=20_000)
    assert text_of(installation, post_id) == "Written while the server was away."


def test_text_typed_by_somebody_else_meanwhile_is_not_overwritten(
    tab: Page, watch: Watch, ready: tuple[Installation, Standin]
) -> None:
    installation, _ = ready
    watch.expected.append("409")
    post_id = open_post(tab, installation)
    installation.api("PUT", f"/posts/{post_id}/fields/basic_idea", {"text": "Theirs.", "base_revision": None})
    tab.locator("#text-basic_idea").fill("Ours.")
    expect(tab.locator("#field-basic_idea")).to_contain_text("Take theirs", timeout=10_000)
    assert text_of(installation, post_id) == "Theirs."
    expect(tab.locator("#text-basic_idea")).to_have_value("Ours.")


def test_a_megabyte_is_refused_with_a_reason_and_stays_on_the_page(
    tab: Page, watch: Watch, ready: tuple[Installation, Standin]
) -> None:
    installation, _ = ready
    watch.expected.append("422")
    post_id = open_post(tab, installation)
    box = tab.locator("#text-basic_idea")
    tab.evaluate(
        "() => { const box = document.querySelector('#text-basic_idea'); box.focus(); box.value = 'x'.repeat(1 << 20);"
        " box.dispatchEvent(new Event('input', {bubbles: true})); }"
    )
    expect(tab.locator("#error-basic_idea")).to_contain_text("takes at most 200,000 characters", timeout=15_000)
    assert tab.evaluate("() => document.querySelector('#text-basic_idea').value.length") == 1 << 20
    assert not text_of(installation, post_id)
    box.fill("Shorter.")
    expect(tab.locator("#field-basic_idea [data-save-state]")).to_contain_text("Saved", timeout=10_000)


def test_a_session_that_ends_in_mid_stream_says_so_and_keeps_the_text(
    tab: Page, watch: Watch, ready: tuple[Installation, Standin], browser: Browser
) -> None:
    installation, standin = ready
    watch.expected.append("401")
    post_id = open_post(tab, installation)
    gate = standin.hold(MODEL, after_words=3)
    tab.locator("#automate-basic_idea").click()
    gate.wait_held(1)
    expect(tab.locator("#field-basic_idea [data-live-task]")).to_contain_text("Bread rises because")
    cookies = tab.context.cookies()
    with browser.new_context() as elsewhere:
        elsewhere.add_cookies(cookies)
        other = elsewhere.new_page()
        other.goto(f"{installation.url}/posts")
        other.locator(".topbar__user summary").click()
        other.get_by_role("button", name="Log out").click()
        other.wait_for_url("**/login*")
    tab.locator("#text-basic_idea").fill("Typed after the session had ended.")
    notice = tab.locator("#notices").get_by_role("link", name="Log in")
    expect(notice.first).to_be_visible(timeout=15_000)
    expect(tab.locator("#text-basic_idea")).to_have_value("Typed after the session had ended.")
    gate.release()
    assert f"post_id={post_id}" in (notice.first.get_attribute("href") or "").replace("%3D", "=")


def test_closing_the_tab_stops_nothing_and_reopening_shows_where_it_is(
    tab: Page, ready: tuple[Installation, Standin]
) -> None:
    installation, standin = ready
    open_post(tab, installation)
    address = tab.url
    gate = standin.hold(MODEL, after_words=3)
    tab.locator("#automate-basic_idea").click()
    gate.wait_held(1)
    tab.goto("about:blank")
    tab.goto(address)
    expect(tab.locator("#field-basic_idea [data-live-task]")).to_contain_text("Bread rises because")
    gate.release()
    panel = tab.locator("#field-basic_idea .suggestion")
    expect(panel.get_by_role("button", name="Accept", exact=True)).to_be_visible(timeout=15_000)


def test_stop_ends_a_running_suggestion(tab: Page, ready: tuple[Installation, Standin]) -> None:
    installation, standin = ready
    open_post(tab, installation)
    before = len(standin.requests)
    gate = standin.hold(MODEL, after_words=3)
    tab.locator("#automate-basic_idea").click()
    gate.wait_held(1)
    tab.locator("#field-basic_idea").get_by_role("button", name="Stop").click()
    standin.wait_for_end(before + 1, timeout=5)
    expect(tab.locator("#field-basic_idea .suggestion")).to_have_count(0)
    gate.release()


def test_a_worker_that_is_not_running_is_said_on_the_page(
    browser: Browser, watch: Watch, tmp_path: Path, database_url: str
) -> None:
    """`web` alone: nobody takes up what is asked."""
    with Installation(tmp_path / "data", verb="web", database_url=database_url) as installation:
        installation.create_admin()
        with browser.new_context() as context:
            page = open_page(context, watch)
            log_in(page, installation)
            open_post(page, installation)
            expect(page.locator("main")).to_contain_text("No worker is running")
