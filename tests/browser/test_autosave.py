"""What is typed into a field leaves the page only once it is stored, whatever happens to server or session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import Watch, log_in, open_page
from tests.installation import Installation

FIELD = "topics_to_cover"


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        yield context


@pytest.fixture
def page(context: BrowserContext, watch: Watch, installation: Installation) -> Page:
    page = open_page(context, watch)
    log_in(page, installation)
    post = installation.api("POST", "/posts", {"idea": "Why bread rises"})
    page.goto(f"{installation.url}/workflow/research/?post_id={post['id']}")
    return page


def address(page: Page) -> str:
    return f"/posts/{page.url.split('post_id=')[1].split('#')[0]}/fields/{FIELD}"


def stored(installation: Installation, page: Page) -> str:
    text: str = installation.api("GET", address(page))["text"]
    return text


def state(page: Page):
    return page.locator(f"#field-{FIELD} [data-save-state]")


def box(page: Page):
    return page.locator(f"#text-{FIELD}")


def test_typing_is_saved_after_a_pause(page: Page, installation: Installation) -> None:
    box(page).fill("yeast\ngluten")
    expect(state(page)).to_contain_text("Saved")
    assert stored(installation, page) == "yeast\ngluten"
    expect(page.locator(f"#field-{FIELD} [data-words]")).to_have_text("2 words")


def test_leaving_at_once_loses_nothing(page: Page, installation: Installation) -> None:
    where = address(page)
    box(page).fill("typed and gone")
    page.goto(f"{installation.url}/posts")
    page.wait_for_timeout(300)
    assert installation.api("GET", where)["text"] == "typed and gone"


def test_text_stays_and_is_saved_when_the_server_is_back(
    page: Page, context: BrowserContext, watch: Watch, installation: Installation
) -> None:
    watch.expected.append("ERR_INTERNET_DISCONNECTED")
    context.set_offline(True)
    box(page).fill("written offline")
    expect(state(page)).to_contain_text("Not saved: the server does not answer. Your text stays here; trying again in")
    context.set_offline(False)
    expect(state(page)).to_contain_text("Saved")
    assert stored(installation, page) == "written offline"


def test_an_ended_session_keeps_the_text_and_saves_it_after_the_login(
    page: Page, context: BrowserContext, watch: Watch, installation: Installation
) -> None:
    watch.expected.append("401")
    cookies = context.cookies()
    context.clear_cookies()
    box(page).fill("written logged out")
    expect(state(page)).to_contain_text("you are logged out")
    expect(state(page).get_by_role("link", name="Log in")).to_be_visible()
    context.add_cookies(cookies)  # as logging in on another tab would
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(state(page)).to_contain_text("Saved")
    assert stored(installation, page) == "written logged out"


def test_two_writers_compare_their_texts(page: Page, watch: Watch, installation: Installation) -> None:
    watch.expected.append("409")
    installation.api("PUT", address(page), {"text": "theirs", "base_revision": None})
    box(page).fill("mine")
    comparison = page.locator(f"#comparison-{FIELD}")
    expect(comparison).to_contain_text("changed this field while you were typing")
    assert stored(installation, page) == "theirs"
    comparison.get_by_role("button", name="Keep my text").click()
    expect(state(page)).to_contain_text("Saved")
    assert stored(installation, page) == "mine"


def test_giving_way_takes_their_text_and_keeps_mine_in_the_history(
    page: Page, watch: Watch, installation: Installation
) -> None:
    watch.expected.append("409")
    installation.api("PUT", address(page), {"text": "theirs", "base_revision": None})
    box(page).fill("mine")
    page.get_by_role("button", name="Take theirs").click()
    expect(box(page)).to_have_value("theirs")
    texts = [revision["text"] for revision in installation.api("GET", f"{address(page)}/revisions")["items"]]
    assert texts == ["theirs", "mine", "theirs"]


def test_an_answer_that_was_lost_is_recognised(page: Page, watch: Watch, installation: Installation) -> None:
    """The text arrived, the answer did not, and more was typed since: no conflict with oneself."""
    watch.expected += ["ERR_FAILED", "409"]

    def lose_the_answer(route) -> None:
        route.fetch()
        route.abort()

    page.route("**/fields/*", lose_the_answer, times=1)
    box(page).fill("one")
    expect(state(page)).to_contain_text("trying again in")
    box(page).fill("one two")
    expect(state(page)).to_contain_text("Saved")
    assert stored(installation, page) == "one two"


def test_a_text_that_is_too_long_is_explained_and_stays(page: Page, watch: Watch, installation: Installation) -> None:
    watch.expected.append("422")
    box(page).fill("x" * 200_001)
    expect(page.locator(f"#error-{FIELD}")).to_contain_text("takes at most 200,000 characters")
    assert len(box(page).input_value()) == 200_001
    box(page).fill("shorter")
    expect(state(page)).to_contain_text("Saved")
    expect(page.locator(f"#error-{FIELD}")).to_be_hidden()
    assert stored(installation, page) == "shorter"


def test_leaving_with_unsaved_text_asks_first(page: Page, context: BrowserContext, watch: Watch) -> None:
    watch.expected.append("ERR_INTERNET_DISCONNECTED")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    context.set_offline(True)
    box(page).press_sequentially("unsaved")  # browsers ask only somebody who has touched the page
    expect(state(page)).to_contain_text("Your text stays here")
    page.evaluate("location.reload()")
    page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    expect(box(page)).to_have_value("unsaved")
