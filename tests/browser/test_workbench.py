"""Putting a template together by keyboard and mouse, seeing what a part changes, two people, and the way back."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PASSWORD, Watch, log_in, open_page, serious_findings
from tests.installation import Installation

_numbers = itertools.count(1)


@pytest.fixture
def desk(browser: Browser, furnished: Installation, watch: Watch) -> Iterator[Page]:
    """A tab of the admin Ada."""
    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        page = open_page(context, watch)
        log_in(page, furnished)
        yield page


def make_part(installation: Installation, content: str, **values: str) -> dict[str, str]:
    words = {"name": f"House voice {next(_numbers)}", "kind": "style", "role": "system", "content": content}
    part: dict[str, str] = installation.api("POST", "/llm/parts", words | values, expect=201)
    return part


def test_a_template_is_put_together_by_keyboard_and_mouse(desk: Page, furnished: Installation, watch: Watch) -> None:
    part = make_part(furnished, "Write like Ann.")
    watch.expected.append("422")
    desk.goto(f"{furnished.url}/llm/templates/new")
    desk.get_by_label("Name", exact=False).first.fill(f"Opening {part['id']}")
    desk.get_by_label("Search parts").fill(part["name"])
    choice = desk.get_by_role("button", name=f"Add {part['name']}")
    expect(desk.locator(".part-list__part")).to_have_count(1)
    choice.click()
    expect(desk.locator("[data-sortable-item]")).to_have_count(1)
    desk.get_by_label("Message of its own").select_option("user")
    desk.get_by_role("button", name="Add a message").press("Enter")
    words = desk.get_by_label("Text of Message 2")
    expect(words).to_be_focused()
    words.fill("Write about {{ basic_idea }} for {{ audience }}.")
    preview = desk.locator("#template-preview")
    expect(preview).to_contain_text("Write like Ann.")
    expect(preview).to_contain_text("nothing fills it")
    assert serious_findings(desk) == []
    # By keyboard: lift the second, move it up, drop it.
    desk.get_by_role("button", name="Move Message 2", exact=True).focus()
    for key in (" ", "ArrowUp", " "):
        desk.keyboard.press(key)
    expect(desk.locator("[data-sortable-item]").first).to_contain_text("Message 1")
    # Nothing fills `audience`: the save is refused, naming it and its block.
    desk.get_by_role("button", name="Save the template").click()
    expect(desk.get_by_role("group", name="Please correct this")).to_contain_text("Block 1")
    expect(desk.locator("#template-editor")).to_contain_text(
        "no field fills audience".replace("audience", "`audience`")
    )
    desk.get_by_label("Whoever asks types audience").check()
    desk.get_by_role("button", name="Save the template").click()
    desk.wait_for_url("**/llm/templates/*[0-9]")
    expect(desk.get_by_role("heading", level=1)).to_have_text(f"Opening {part['id']}")


def test_a_block_is_switched_off_copied_and_given_another_role(desk: Page, furnished: Installation) -> None:
    part = make_part(furnished, "Write like Ann.")
    blocks = [{"part_id": part["id"]}, {"role": "user", "content": "Go on."}]
    made = furnished.api("POST", "/llm/templates", {"name": f"Copied {part['id']}", "blocks": blocks}, expect=201)
    desk.goto(f"{furnished.url}/llm/templates/{made['id']}/edit")
    preview = desk.locator("#template-preview")
    desk.get_by_role("button", name="Duplicate Message 2").click()
    expect(desk.locator("[data-sortable-item]")).to_have_count(3)
    desk.get_by_label("Role of Message 3").select_option("assistant")
    expect(preview.locator(".message--assistant")).to_contain_text("Go on.")
    desk.locator("[data-sortable-item]").nth(2).get_by_label("In use").uncheck()
    expect(preview.locator(".message--assistant")).to_have_count(0)
    desk.get_by_text("Try it with a post").click()
    desk.locator("#f-try-post").select_option(index=1)
    desk.get_by_role("button", name="Save and publish").click()
    desk.wait_for_url(f"**/llm/templates/{made['id']}")
    saved = furnished.api("GET", f"/llm/templates/{made['id']}")["blocks"]
    assert [(block["role"], block["enabled"]) for block in saved[1:]] == [("user", True), ("assistant", False)]


def test_a_part_is_published_after_seeing_what_it_changes_and_rolled_back(desk: Page, furnished: Installation) -> None:
    part = make_part(furnished, "Write like Ann.")
    blocks = [{"part_id": part["id"]}, {"role": "user", "content": "Go on."}]
    name = f"Changed {part['id']}"
    made = furnished.api("POST", "/llm/templates", {"name": name, "blocks": blocks}, expect=201)
    desk.goto(f"{furnished.url}/llm/parts/{part['id']}/edit")
    desk.get_by_label("Text", exact=True).fill("Write like Bob.")
    desk.get_by_role("button", name="Save and see what it changes").click()
    desk.wait_for_url("**/versions/2/impact")
    expect(desk.get_by_role("heading", name=name)).to_be_visible()
    expect(desk.locator("ins").first).to_contain_text("Bob")
    assert serious_findings(desk) == []
    desk.get_by_role("button", name="Publish version 2").click()
    desk.wait_for_url(f"**/llm/parts/{part['id']}")
    preview = furnished.api("POST", f"/llm/templates/{made['id']}/preview", {"inputs": {}})
    assert preview["messages"][0]["content"] == "Write like Bob."
    desk.get_by_role("link", name="See what it changes").click()
    desk.get_by_role("button", name="Roll back to version 1").click()
    desk.wait_for_url(f"**/llm/parts/{part['id']}")
    preview = furnished.api("POST", f"/llm/templates/{made['id']}/preview", {"inputs": {}})
    assert preview["messages"][0]["content"] == "Write like Ann."


def test_two_people_approve_a_template_and_one_rolls_it_back(
    browser: Browser, desk: Page, furnished: Installation, watch: Watch
) -> None:
    name, email = f"Approved {next(_numbers)}", f"bea{next(_numbers)}@example.org"
    furnished.api("POST", "/users", {"email": email, "name": "Bea", "role": "admin", "password": PASSWORD}, expect=201)
    blocks = [{"role": "user", "content": "Old words."}]
    made = furnished.api("POST", "/llm/templates", {"name": name, "blocks": blocks}, expect=201)
    desk.goto(f"{furnished.url}/llm/templates/{made['id']}")
    desk.get_by_role("button", name="Ask for a second person").click()
    desk.get_by_role("link", name="Edit").click()
    desk.get_by_label("Text of Message 1").fill("New words.")
    desk.get_by_role("button", name="Propose", exact=True).click()
    desk.wait_for_url(f"**/llm/templates/{made['id']}")
    expect(desk.get_by_text("Somebody else publishes it.")).to_be_visible()
    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        other = open_page(context, watch)
        log_in(other, furnished, email)
        other.goto(f"{furnished.url}/llm/proposals")
        other.get_by_role("link", name=f"{name}, version 2").click()
        expect(other.locator("ins").first).to_contain_text("New")
        other.goto(f"{furnished.url}/llm/templates/{made['id']}")
        other.get_by_role("button", name="Publish version 2").click()
        expect(other.get_by_text("Version 2 of")).to_be_visible()
        other.get_by_role("button", name="Roll back to version 1").click()
        expect(other.get_by_text("Version 1 of")).to_be_visible()
    assert furnished.api("GET", f"/llm/templates/{made['id']}")["version"] == 1
