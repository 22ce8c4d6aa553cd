"""The pictures of the docs: the real journey through a fresh installation, with a provider that speaks of bread.

`make screenshots` writes docs/screenshots/<name>-<width>.png anew.
"""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page, expect, sync_playwright

from blogforge_llm.config import ROOT
from tests.browser import chromium, prose
from tests.installation import Installation, wait_until
from tests.provider_standin import Fault, Plan, Standin

FOLDER = ROOT / "docs" / "screenshots"
HEIGHTS = {360: 860, 1440: 900}
LLAMA, OSS = "llama-3.3-70b-versatile", "gpt-oss-120b"
SCROLL = """selector => {
  const y = selector ? document.querySelector(selector).getBoundingClientRect().top + scrollY - 84 : 0;
  scrollTo({top: y, behavior: "instant"});
}"""
PASSWORD = "correct horse battery"
# USD per million tokens, as the providers listed them when the pictures were first taken.
PRICES = {LLAMA: ("0.59", "0.79"), OSS: ("0.35", "0.75")}


@dataclass(slots=True)
class Tour:
    page: Page
    installation: Installation
    standin: Standin

    def go(self, path: str) -> None:
        self.page.goto(f"{self.installation.url}{path}")

    def press(self, name: str, within: Locator | None = None) -> None:
        (within or self.page).get_by_role("button", name=re.compile(rf"^{re.escape(name)}\b")).first.click()

    def shoot(self, name: str, width: int = 1440, height: int | None = None, top: str | None = None) -> None:
        """What is in sight once `top` stands under the top bar, without the passing notices and the pointer."""
        page = self.page
        page.set_viewport_size({"width": width, "height": height or HEIGHTS[width]})
        page.mouse.move(0, 0)
        for button in page.locator("[data-notice-close]").all():
            button.click()
        expect(page.locator("[data-notice]")).to_have_count(0)
        page.evaluate(SCROLL, top)
        page.screenshot(path=FOLDER / f"{name}-{width}.png", animations="disabled")
        page.set_viewport_size({"width": 1440, "height": HEIGHTS[1440]})

    def automate(self, field: str, action: str | None = None) -> Locator:
        """The panel of the finished suggestion."""
        if action:
            self.options(field)
            self.page.locator(f"#action-{field}").select_option(label=action)
        self.page.locator(f"#automate-{field}").click()
        panel = self.page.locator(f"#suggestions-{field}")
        expect(panel.get_by_role("button", name="Accept", exact=True)).to_be_visible(timeout=20_000)
        return panel

    def accept(self, field: str) -> None:
        panel = self.page.locator(f"#suggestions-{field}")
        panel.get_by_role("button", name="Accept", exact=True).click()
        expect(panel.locator("[data-offer]")).to_have_count(0)

    def options(self, field: str) -> None:
        self.page.locator(f"#field-{field} .button-split summary").first.click()

    def fill_in(self, *fields: str) -> None:
        for field in fields:
            self.automate(field)
            self.accept(field)


def set_up(tour: Tour) -> None:
    page = tour.page
    tour.installation.wait_for_output(r"/setup/\S+")
    page.goto(tour.installation.setup_link)
    for name, text in (("name", "Ada Lindqvist"), ("email", "ada@example.org"), ("password", PASSWORD)):
        page.locator(f"[name={name}]").fill(text)
    page.locator("[name=repeated]").fill(PASSWORD)
    tour.press("Create the admin")
    page.wait_for_url(lambda url: "/setup/" not in url)
    address = ("ada@example.org", "--name", "nightly export")
    tour.installation.token = tour.installation.command("token", "create", *address).strip()
    tour.go("/llm/")
    tour.shoot("first-steps")


def connect(tour: Tour) -> None:
    """Groq first, Cerebras next, at the stand-in's addresses; of each the model that the pictures ask."""
    page = tour.page
    tour.go("/llm/providers/new")
    tour.shoot("connect")
    for service, address, key, model in (
        ("groq", tour.standin.groq_url, "gsk_4f9a2c71d0e8", LLAMA),
        ("cerebras", tour.standin.cerebras_url, "csk-71d0e84f9a2c", OSS),
    ):
        tour.go(f"/llm/providers/new?service={service}")
        page.locator("[name=api_key]").fill(key)
        page.get_by_text("Address and limits").click()
        page.locator("[name=base_url]").fill(address)
        for box in page.locator("[name=models]").all():
            box.set_checked(box.get_attribute("value") == model)
        tour.press("Connect")
        page.wait_for_url(re.compile(r"/llm/providers/\d+$"))
        tour.press("Test connection")
        # The test is a task as every other: on a busy machine it waits its turn.
        expect(page.locator("main")).to_contain_text("answered in", timeout=30_000)
        if service == "groq":
            groq = page.url
    for found in tour.installation.api("GET", "/llm/models"):
        paid, earned = PRICES[found["name"]]
        tour.installation.api("PATCH", f"/llm/models/{found['id']}", {"input_price": paid, "output_price": earned})
    page.goto(groq)
    tour.shoot("provider", height=960)
    tour.go("/llm/routes/1")
    tour.shoot("route")


def keep_prompts(tour: Tour) -> None:
    page = tour.page
    tour.go("/llm/library")
    tour.press("Import the starter library")
    expect(page.locator("#library-report")).to_be_visible()
    tour.go("/llm/library")
    tour.shoot("library", height=900)
    tour.go("/llm/templates")
    page.get_by_role("link", name="Basic idea from the seed").click()
    page.get_by_role("link", name="Edit").first.click()
    tour.shoot("template")
    tour.go("/llm/actions")
    tour.shoot("actions")
    tour.go("/settings/workflow")
    tour.shoot("workflow-editor")


def write(tour: Tour) -> None:
    page, standin = tour.page, tour.standin
    for idea in (*reversed(prose.OTHER_IDEAS), prose.IDEA):
        tour.go("/posts/new")
        page.locator("[name=idea]").fill(idea)
        tour.press("Start writing")
        page.wait_for_url("**/workflow/**")
    gate = standin.hold(LLAMA, after_words=62)
    page.locator("#automate-basic_idea").click()
    gate.wait_held()
    expect(page.locator("#suggestions-basic_idea")).to_contain_text("Most disappointing")
    tour.shoot("streaming", height=620, top="#field-basic_idea")
    gate.release()
    expect(page.locator("#suggestions-basic_idea").get_by_role("button", name="Accept", exact=True)).to_be_visible()
    tour.accept("basic_idea")
    page.reload()
    tour.fill_in("provisional_title", "idea_scope")
    page.reload()
    tour.options("basic_idea")
    tour.shoot("options", height=1010, top="#field-basic_idea")
    page.locator("#action-basic_idea").select_option(label="Shorter brief")
    page.locator("#field-basic_idea").get_by_text("See the prompt").click()
    expect(page.locator("#prompt")).to_contain_text("Shorten the text above")
    tour.shoot("prompt")
    page.keyboard.press("Escape")
    tour.automate("basic_idea")
    tour.shoot("workflow", height=1140)
    tour.shoot("workflow", 360, top="#suggestions-basic_idea")

    tour.accept("basic_idea")
    page.get_by_role("link", name="History of Basic idea").click()
    tour.shoot("history", height=780)


def go_on(tour: Tour) -> None:
    """Research, with Groq at its limit; then as far as the introduction, and the views from above."""
    page = tour.page
    tour.go("/workflow/research/?post_id=4")
    busy = "Rate limit reached for model `llama-3.3-70b-versatile` on tokens per minute (TPM). Please try again later."
    tour.standin.script(LLAMA, [Plan(Fault(429, message=busy))])
    tour.automate("topics_to_cover")
    tour.shoot("fallback", height=620, top="#field-topics_to_cover")
    tour.accept("topics_to_cover")
    page.reload()
    tour.fill_in("interesting_facts")
    tour.go("/llm/tasks?status=succeeded")
    page.locator("main td a, main th a").nth(1).click()
    tour.shoot("task", height=1240)
    tour.go("/workflow/structure/?post_id=4")
    tour.fill_in("section_planning")
    page.reload()
    tour.fill_in("section_headings")
    tour.go("/workflow/content/?post_id=4")
    tour.fill_in("main_title")
    page.reload()
    tour.fill_in("subtitle", "intro_blurb")
    tour.go("/posts/4")
    tour.shoot("overview", height=1100)
    tour.go("/posts/4/fields/basic_idea/receipt")
    tour.shoot("receipt", height=900)
    tour.go("/posts")
    tour.shoot("posts", height=640)


def try_out(tour: Tour) -> None:
    """The runner with two answers side by side, and what became of a template's suggestions."""
    page = tour.page
    found = {
        template["name"]: template["id"] for template in tour.installation.api("GET", "/llm/templates?page_size=100")
    }
    tour.go(f"/llm/trials?template={found['Basic idea, shorter']}&post=4")
    page.locator("#f-ask-1").select_option(label=f"{LLAMA} on Groq")
    page.get_by_text("Side by side", exact=True).click()
    page.locator("#f-ask-2").select_option(label=f"{OSS} on Cerebras")
    page.locator("#run").click()
    expect(page.get_by_role("link", name="Save to a field")).to_have_count(2, timeout=20_000)
    tour.shoot("runner", height=1100)
    tour.go(f"/llm/templates/{found['Basic idea from the seed']}/outcomes")
    tour.shoot("outcomes", height=760)


def divide(tour: Tour) -> None:
    """Sections from the headings, and the ideas and facts shared out among them but for a few."""
    page, api = tour.page, tour.installation.api
    tour.go("/posts/4/headings")
    tour.press("Make these the sections")
    page.wait_for_url("**/workflow/sections/**")
    sections = [section["id"] for section in api("GET", "/posts/4/sections")["items"]]
    found = api("POST", "/posts/4/items/collection", {"fields": ["idea_scope", "interesting_facts"]})
    for item, place in zip(found, (0, 1, 1, 1, 2, 2, 0, 1, 3, 3), strict=False):
        body = {"section_id": sections[place], "base_section_id": None}
        api("PUT", f"/items/{item['id']}/allocation", body)
    text = "Yeast eats the sugars that flour gives up and breathes out carbon dioxide.\n\nIt makes no bubble by itself."
    body = {"text": text, "base_revision": None}
    api("PUT", f"/sections/{sections[0]}/fields/section_draft", body)
    tour.go("/workflow/sections/?post_id=4")
    tour.shoot("sections", height=860)
    tour.go("/posts/4/board")
    tour.shoot("board", height=1000, top="#board")


def draft_at_once(tour: Tour) -> None:
    """What a run ahead would ask, and all sections drafted in one go."""
    page = tour.page
    tour.go("/posts/4/runs")
    tour.press("Show the plan")
    page.wait_for_url(re.compile(r"/runs/\d+$"))
    tour.shoot("run-plan", height=1100)
    tour.go("/posts/4/drafts/new")
    tour.shoot("drafts", height=860)
    for label in ("Polished text: Polish the draft", "Summary: Summarise", "Accept into empty fields"):
        page.get_by_label(label).check()
    tour.press("Show the plan")
    page.wait_for_url(re.compile(r"/runs/\d+$"))
    tour.press("Start")
    expect(page.locator("#steps-of-run").get_by_text("Accepted").nth(2)).to_be_visible(timeout=60_000)
    tour.shoot("drafting", height=1000)
    expect(page.locator(".work__title")).to_contain_text("Completed", timeout=120_000)


def change_a_part(tour: Tour) -> None:
    """What a new wording of a part would do to every template that uses it."""
    page = tour.page
    parts = tour.installation.api("GET", "/llm/parts?page_size=100")
    part = next(part for part in parts if part["name"] == "Headline style")
    tour.go(f"/llm/parts/{part['id']}/edit")
    page.locator("[name=content]").fill(part["content"].replace("no puns", "no puns, no colons"))
    page.locator("[name=note]").fill("Colons crept into every second title")
    tour.press("Save and see what it changes")
    page.wait_for_url("**/impact")
    tour.shoot("impact", height=900)
    tour.go("/llm/proposals")
    tour.shoot("proposals", height=480)
    tour.go(f"/llm/parts/{part['id']}/comparison?old=1&new=2")
    tour.shoot("comparison", height=620)


def run_a_batch(tour: Tour) -> None:
    """Planned on its page, looked at while it runs, then left."""
    page, api = tour.page, tour.installation.api
    words = "Write the text that stands in for this picture where it cannot be seen: {{ picture }}"
    template = {"name": "Alternative text of a picture", "blocks": [{"role": "user", "content": words}]}
    api("POST", "/llm/templates", template)
    tour.go("/llm/batches/new")
    page.locator("[name=title]").fill("Alternative texts of the archive")
    page.locator("[name=template_id]").select_option(label=template["name"])
    rows = "\n".join(f"archive-{number:03},A loaf at stage {number} of its rise" for number in range(1, 401))
    page.locator("[name=rows]").fill(f"key,picture\n{rows}")
    page.locator("[name=concurrency]").fill("4")
    page.locator("[name=budget]").fill("0.50")
    tour.press("Plan the batch")
    page.wait_for_url(re.compile(r"/llm/batches/\d+$"))
    batch = f"/batches/{page.url.rsplit('/', 1)[1]}"
    tour.shoot("batch-plan", height=760)
    tour.press("Start")
    expect(page.get_by_text("Download CSV")).to_be_visible(timeout=60_000)
    wait_until(lambda: api("GET", batch)["succeeded"] >= 24, timeout=120)
    page.reload()
    tour.shoot("batch", height=900)
    api("POST", f"{batch}/cancel")
    tour.go("/llm/batches")
    tour.shoot("batches", height=520)


def keep_watch(tour: Tour) -> None:
    """Rules; what they find is looked at later."""
    tour.go("/alerts")
    tour.press("Add the usual rules")
    expect(tour.page.get_by_role("button", name="Add the usual rules")).to_have_count(0)


def watch(tour: Tour) -> None:
    """What the work costs and how it goes, for admins. The month's budget is nearly spent, which a rule finds."""
    api = tour.installation.api
    month = api("POST", "/llm/budgets", {"scope": "instance", "period": "month", "amount": "1"})
    amount = f"{float(month['spent']) * 1.04:.4f}"
    api("PATCH", f"/llm/budgets/{month['id']}", {"amount": amount})
    api("POST", "/llm/budgets", {"scope": "each_user", "period": "day", "amount": "5"})
    tour.go("/llm/budgets")
    tour.shoot("budgets", height=560)
    tour.go("/llm/ledger")
    tour.shoot("ledger", height=760)
    tour.go("/llm/tasks")
    tour.shoot("tasks", height=860)
    tour.go("/llm/health")
    tour.shoot("health", height=760)
    wait_until(lambda: api("GET", "/llm/alerts")["items"], timeout=150)
    tour.go("/alerts/rules")
    tour.shoot("alert-rules", height=640)
    tour.go("/alerts")
    tour.shoot("alerts", height=520)
    tour.go("/audit")
    tour.shoot("audit", height=760)
    tour.go("/llm/?days=7")
    tour.shoot("dashboard", height=1180)


def keep_people(tour: Tour) -> None:
    page = tour.page
    for name, role in (("Ben Okafor", "editor"), ("Chiara Rossi", "editor"), ("Dan Whitfield", "viewer")):
        tour.go("/users/new")
        page.locator("[name=name]").fill(name)
        page.locator("[name=email]").fill(f"{name.split()[0].lower()}@example.org")
        page.locator(f"[name=role][value={role}]").check()
        page.locator("[name=password]").fill(PASSWORD)
        tour.press("Create the user")
        page.wait_for_url("**/users")
    tour.shoot("users", height=700)
    tour.go("/account/tokens")
    page.locator("[name=name]").fill("newsletter")
    tour.press("Create a token")
    expect(page.locator("#new-token")).to_be_visible()
    tour.shoot("token", height=700)
    tour.go("/apidocs/")
    page.get_by_role("heading", name="Providers LLM services").click()
    expect(page.get_by_text("/api/v1/llm/providers", exact=True).first).to_be_visible()
    tour.shoot("apidocs")


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = chromium.find()
    assert path, "No Chromium was found. Install one (Debian: apt-get install chromium)."
    with (
        tempfile.TemporaryDirectory() as folder,
        Standin() as standin,
        Installation(Path(folder) / "data") as installation,
        sync_playwright() as playwright,
    ):
        standin.answer("*", prose.answer)
        standin.behave("*", "ok;pace=12")
        browser = playwright.chromium.launch(executable_path=path, args=chromium.ARGUMENTS)
        page = browser.new_page(viewport={"width": 1440, "height": HEIGHTS[1440]})
        tour = Tour(page, installation, standin)
        for step in (
            set_up,
            connect,
            keep_prompts,
            write,
            try_out,
            go_on,
            divide,
            draft_at_once,
            change_a_part,
            keep_watch,
            run_a_batch,
            watch,
            keep_people,
        ):
            step(tour)
        browser.close()


if __name__ == "__main__":
    main()
