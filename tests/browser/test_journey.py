"""The whole journey of somebody new: set up, connect, import, write, automate, accept, restore."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PASSWORD, Watch, open_page
from tests.installation import Installation
from tests.provider_standin import Standin, Text

MODEL = "llama-3.3-70b-versatile"
IDEA = "Why bread rises"
SUGGESTED = "Bread rises because yeast eats sugar and breathes out gas, and because dough is strong enough to hold it."


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Installation]:
    with Installation(tmp_path / "data") as installation:
        yield installation


@pytest.fixture
def tab(browser: Browser, watch: Watch) -> Iterator[Page]:
    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        yield open_page(context, watch)


def set_up(tab: Page, installation: Installation) -> None:
    installation.wait_for_output(r"/setup/\S+")
    tab.goto(installation.setup_link)
    tab.get_by_label("Your name").fill("Ada")
    tab.get_by_label("E-mail").fill("ada@example.org")
    tab.get_by_label("Password", exact=False).first.fill(PASSWORD)
    tab.get_by_label("Password again").fill(PASSWORD)
    tab.get_by_role("button", name="Create the admin").click()
    expect(tab.get_by_role("heading", name="First steps")).to_be_visible()
    installation.token = installation.command("token", "create", "ada@example.org").strip()


def connect(tab: Page, installation: Installation, service: str, address: str) -> None:
    """By the connect page, with the stand-in's address in place of the usual one."""
    tab.goto(f"{installation.url}/llm/providers/new")
    tab.get_by_role("link", name=service, exact=True).click()
    tab.get_by_label("API key").fill("good-key-123")
    fold = tab.get_by_text("Address and limits")
    if fold.count():
        fold.click()
    tab.get_by_label("Address").fill(address)
    tab.get_by_role("button", name=f"Connect {service}").click()
    expect(tab.get_by_role("button", name="Test connection")).to_be_visible()
    tab.get_by_role("button", name="Test connection").click()
    expect(tab.locator("main")).to_contain_text("Works")


def import_library(tab: Page, installation: Installation) -> None:
    tab.goto(f"{installation.url}/llm/library")
    tab.get_by_role("button", name="Import the starter library").click()
    expect(tab.locator("main")).to_contain_text("created")


def new_post(tab: Page, installation: Installation) -> None:
    tab.goto(f"{installation.url}/posts/new")
    tab.get_by_label("What is the idea?").fill(IDEA)
    tab.get_by_role("button", name="Start writing").click()
    expect(tab.locator("#text-idea_seed")).to_have_value(IDEA)


def automate(tab: Page, field: str = "basic_idea") -> None:
    tab.locator(f"#automate-{field}").click()
    expect(tab.locator(f"#field-{field}").get_by_role("button", name="Accept", exact=True)).to_be_visible(
        timeout=15_000
    )


def accept(tab: Page, field: str = "basic_idea") -> None:
    tab.locator(f"#field-{field}").get_by_role("button", name="Accept", exact=True).click()
    expect(tab.locator(f"#field-{field} .suggestion")).to_have_count(0)


def restore_the_oldest(tab: Page, field_name: str) -> None:
    tab.get_by_role("link", name=f"History of {field_name}").click()
    tab.get_by_role("button", name="Restore").last.click()


def test_from_the_first_link_to_an_accepted_and_restored_text(tab: Page, fresh: Installation, standin: Standin) -> None:
    standin.answer(MODEL, SUGGESTED)
    set_up(tab, fresh)
    connect(tab, fresh, "Groq", standin.groq_url)
    import_library(tab, fresh)
    new_post(tab, fresh)
    box = tab.locator("#text-basic_idea")
    box.fill("My own first words about bread.")
    expect(tab.locator("#field-basic_idea [data-save-state]")).to_contain_text("Saved")
    gate = standin.hold(MODEL, after_words=4)
    tab.locator("#automate-basic_idea").click()
    expect(tab.locator("#field-basic_idea .suggestion")).to_contain_text(MODEL)
    gate.wait_held(1)
    expect(tab.locator("#field-basic_idea [data-live-task]")).to_contain_text("Bread rises because")
    expect(box).to_have_value("My own first words about bread.")
    gate.release()
    panel = tab.locator("#field-basic_idea .suggestion")
    expect(panel.locator("ins").first).to_be_visible()
    expect(panel.locator("del").first).to_be_visible()
    accept(tab)
    expect(box).to_have_value(SUGGESTED)
    expect(box).to_be_focused()
    expect(tab.get_by_role("heading", level=1)).to_have_text(IDEA)
    request = standin.requests[-1]
    assert IDEA in str(request.body["messages"])
    restore_the_oldest(tab, "Basic idea")
    tab.goto(re.sub(r"#.*", "", tab.url))
    tab.goto(f"{fresh.url}/workflow/idea/?post_id=1")
    expect(tab.locator("#text-basic_idea")).to_have_value("My own first words about bread.")


def test_accept_can_be_undone_at_once(tab: Page, fresh: Installation, standin: Standin) -> None:
    standin.answer(MODEL, SUGGESTED)
    set_up(tab, fresh)
    connect(tab, fresh, "Cerebras", standin.cerebras_url)
    provider = fresh.api("GET", "/llm/providers")[0]
    if not any(model["name"] == MODEL for model in fresh.api("GET", "/llm/models")):
        model = fresh.api("POST", "/llm/models", {"provider_id": provider["id"], "name": MODEL})
        fresh.api("POST", "/llm/routes", {"name": "Mine", "model_ids": [model["id"]], "is_default": True})
    fresh.command("library", "import", "editorial")
    new_post(tab, fresh)
    box = tab.locator("#text-basic_idea")
    box.fill("Words that must come back.")
    automate(tab)
    accept(tab)
    expect(box).to_have_value(SUGGESTED)
    tab.get_by_role("button", name="Undo").click()
    expect(box).to_have_value("Words that must come back.")


@pytest.mark.parametrize("kind", ["openai_compatible", "llm"])
def test_other_servers_fill_a_field_too(kind: str, tab: Page, fresh: Installation, standin: Standin) -> None:
    standin.answer("ok", SUGGESTED)
    set_up(tab, fresh)
    body = {"name": "Own server", "kind": kind, "base_url": standin.compatible_url, "api_key": "good-key-123"}
    provider = fresh.api("POST", "/llm/providers", body)
    fresh.api("POST", "/llm/models", {"provider_id": provider["id"], "name": "ok"})
    fresh.command("library", "import", "editorial")
    new_post(tab, fresh)
    automate(tab)
    accept(tab)
    expect(tab.locator("#text-basic_idea")).to_have_value(SUGGESTED)


def test_the_offline_echo_model_is_marked_as_no_ai(tab: Page, fresh: Installation) -> None:
    set_up(tab, fresh)
    tab.goto(f"{fresh.url}/llm/providers/new")
    tab.get_by_role("link", name="Echo", exact=True).click()
    tab.get_by_role("button", name="Connect Echo").click()
    route = fresh.api("GET", "/llm/routes")
    if not route:
        model = fresh.api("GET", "/llm/models")[0]
        fresh.api("POST", "/llm/routes", {"name": "Echo", "model_ids": [model["id"]], "is_default": True})
    fresh.command("library", "import", "editorial")
    new_post(tab, fresh)
    automate(tab)
    expect(tab.locator("#field-basic_idea .suggestion")).to_contain_text("Not an AI model")


def test_two_tabs_accept_the_same_suggestion(
    tab: Page, browser: Browser, watch: Watch, fresh: Installation, standin: Standin
) -> None:
    watch.expected.append("409")
    standin.answer(MODEL, SUGGESTED)
    set_up(tab, fresh)
    connect(tab, fresh, "Groq", standin.groq_url)
    fresh.command("library", "import", "editorial")
    new_post(tab, fresh)
    automate(tab)
    other = tab.context.new_page()
    other.goto(tab.url)
    accept(other)
    tab.locator("#field-basic_idea").get_by_role("button", name="Accept", exact=True).click()
    expect(tab.locator("body")).to_contain_text("already accepted this suggestion")
    assert len(fresh.api("GET", "/posts/1/fields/basic_idea/revisions")["items"]) == 1


def test_a_second_answer_from_another_model_and_the_failure_of_one(
    tab: Page, fresh: Installation, standin: Standin
) -> None:
    standin.script(MODEL, ["status:400", Text(SUGGESTED)])
    set_up(tab, fresh)
    body = {"name": "Groq", "kind": "groq", "base_url": standin.groq_url, "api_key": "good-key-123"}
    provider = fresh.api("POST", "/llm/providers", body)
    fresh.api("POST", "/llm/models", {"provider_id": provider["id"], "name": MODEL})
    fresh.command("library", "import", "editorial")
    new_post(tab, fresh)
    tab.locator("#automate-basic_idea").click()
    panel = tab.locator("#field-basic_idea .suggestion")
    expect(panel).to_contain_text(re.compile("request|refused", re.I), timeout=15_000)
    panel.get_by_role("button", name="Try again").first.click()
    expect(panel.get_by_role("button", name="Accept", exact=True)).to_be_visible(timeout=15_000)
