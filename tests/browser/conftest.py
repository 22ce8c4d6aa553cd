"""A real Chromium on a real installation with the provider stand-in. Any error on the console fails the test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.browser import chromium
from tests.installation import Installation
from tests.provider_standin import Standin

PASSWORD = "correct horse battery"
MODEL = "llama-3.3-70b-versatile"
AXE = Path(__file__).parent / "vendor" / "axe-4.14.1.min.js"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium.find()
    assert path, "No Chromium was found. Install one (Debian: apt-get install chromium)."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=chromium.ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def provider() -> Iterator[Standin]:
    with Standin() as standin:
        yield standin


@pytest.fixture(autouse=True)
def nobody_held(provider: Standin) -> Iterator[None]:
    """What a failed test held would hold up all that follow."""
    yield
    provider.release()


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One for all browser tests but the journey, which needs its own first run."""
    with Installation(tmp_path_factory.mktemp("browser") / "data") as installation:
        installation.create_admin()
        yield installation


@dataclass
class Watch:
    """What went wrong on the page: console errors and broken policies. `expected` are parts of allowed messages."""

    problems: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def hear(self, message: ConsoleMessage) -> None:
        # A page that is left breaks off what it was still asking. A server that is gone is a network error of its own.
        if message.type in {"error", "warning"} and "TypeError: Failed to fetch" not in message.text:
            self.problems.append(f"{message.text} ({message.location.get('url', '')})")

    def unexpected(self) -> list[str]:
        return [text for text in self.problems if not any(part in text for part in self.expected)]


@pytest.fixture
def watch() -> Iterator[Watch]:
    watch = Watch()
    yield watch
    assert watch.unexpected() == []


def open_page(context: BrowserContext, watch: Watch) -> Page:
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.on("console", watch.hear)
    page.on("pageerror", lambda error: watch.problems.append(str(error)))
    return page


def log_in(page: Page, installation: Installation, email: str = "ada@example.org") -> None:
    page.goto(f"{installation.url}/login")
    page.get_by_label("E-mail").fill(email)
    page.locator("input[type=password]").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "/login" not in url)


@pytest.fixture
def page(browser: Browser, installation: Installation, watch: Watch) -> Iterator[Page]:
    """A tab of the admin, logged in."""
    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        page = open_page(context, watch)
        log_in(page, installation)
        yield page


@pytest.fixture
def plain_page(browser: Browser, installation: Installation, watch: Watch) -> Iterator[Page]:
    """The same without JavaScript."""
    with browser.new_context(viewport={"width": 1440, "height": 900}, java_script_enabled=False) as context:
        page = open_page(context, watch)
        log_in(page, installation)
        yield page


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory, provider: Standin) -> Iterator[Installation]:
    """With a provider, the library, a post with a history, a finished task, a suggestion to decide about, alert rules,
    and a webhook that nobody takes."""
    with Installation(tmp_path_factory.mktemp("furnished") / "data") as installation:
        installation.create_admin()
        provider.answer(MODEL, "Bread rises because yeast eats sugar and breathes out gas.")
        body = {"name": "Groq", "kind": "groq", "base_url": provider.groq_url, "api_key": "good-key-123"}
        made = installation.api("POST", "/llm/providers", body)
        installation.api("POST", "/llm/models", {"provider_id": made["id"], "name": MODEL, "context_window": 131_072})
        installation.api("POST", "/llm/presets", {"name": "Lively", "parameters": {"temperature": 1.1}})
        installation.command("library", "import", "editorial")
        post = installation.api("POST", "/posts", {"idea": "Why bread rises"})
        path = f"/posts/{post['id']}/fields/basic_idea"
        first = installation.api("PUT", path, {"text": "Bread rises.", "base_revision": None})
        installation.api("PUT", path, {"text": "Bread rises, mostly.", "base_revision": first["revision"]})
        made = installation.api("POST", f"{path}/suggestions", {}, expect=202)
        installation.wait_for_task(installation.api("GET", f"/suggestions/{made[0]['id']}")["task_id"])
        installation.api("POST", "/llm/alert-rules/usual")
        hook = installation.api("POST", "/llm/webhooks", {"name": "Pager", "url": "http://127.0.0.1:9/hook"})
        installation.api("POST", f"/llm/webhooks/{hook['id']}/test")
        yield installation


_STANDS_STILL = """() => document.getAnimations().every(
    (each) => each.playState !== "running" || each.effect.getComputedTiming().iterations === Infinity)"""


def serious_findings(page: Page) -> list[str]:
    """What axe finds that is serious or critical, in a line each, once nothing fades in any more."""
    page.wait_for_function(_STANDS_STILL)
    page.evaluate(AXE.read_text())
    found = page.evaluate(
        "() => axe.run(document, {preload: false, resultTypes: ['violations'],"
        " runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})"
    )
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in found["violations"]
        if violation["impact"] in {"serious", "critical"}
        for node in violation["nodes"]
    ]
