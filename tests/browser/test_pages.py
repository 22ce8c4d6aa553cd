"""Every page: axe finds nothing serious, nothing is wider than a phone, and the console stays silent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import Watch, log_in, open_page, serious_findings
from tests.installation import Installation

MODEL = "llama-3.3-70b-versatile"

PAGES = [
    *("/posts", "/posts?deleted=1", "/posts/new", "/posts/1"),
    *("/workflow/idea/?post_id=1", "/workflow/research/?post_id=1", "/workflow/structure/?post_id=1"),
    *("/workflow/sections/?post_id=1", "/posts/1/board", "/posts/1/headings"),
    *("/posts/1/runs", "/posts/1/drafts/new"),
    *("/workflow/content/?post_id=1", "/workflow/meta_info/?post_id=1", "/workflow/images/?post_id=1"),
    *("/workflow/preflight/?post_id=1", "/workflow/launch/?post_id=1", "/workflow/syndication/?post_id=1"),
    *("/posts/1/fields/basic_idea/revisions", "/posts/1/fields/basic_idea/prompt"),
    *("/posts/1/fields/basic_idea/receipt", "/posts/1/preview", "/posts/1/comparison"),
    *("/llm/", "/llm/providers", "/llm/providers/new", "/llm/providers/new?service=groq", "/llm/providers/1"),
    *(
        "/llm/providers/1/edit",
        "/llm/models",
        "/llm/models/new",
        "/llm/models/1/edit",
        "/llm/routes",
        "/llm/routes/new",
    ),
    *("/llm/routes/1", "/llm/presets", "/llm/presets/new", "/llm/keys"),
    *("/llm/parts", "/llm/parts/new", "/llm/parts/1", "/llm/parts/1/edit"),
    *("/llm/parts/1/versions/1/impact", "/llm/parts/1/comparison", "/llm/templates/1/comparison", "/llm/proposals"),
    *("/llm/templates", "/llm/templates/new", "/llm/templates/1", "/llm/templates/1/edit"),
    *("/llm/actions", "/llm/actions/new", "/llm/actions/1/edit", "/llm/library", "/llm/tasks", "/llm/tasks/1"),
    *(
        "/llm/?days=30",
        "/llm/tasks?status=succeeded&q=bread&template=0",
        "/llm/tasks?post=987654",
        "/llm/tasks?from=soon",
    ),
    *("/llm/models/1/prices", "/llm/budgets", "/llm/budgets/new", "/llm/ledger", "/llm/ledger?group=user"),
    *("/llm/ledger/attempts", "/llm/ledger?month=soon"),
    *("/llm/trials", "/llm/trials?template=1&post=1", "/llm/tasks/1/rerun", "/llm/tasks/1/comparison?other=1"),
    *(
        "/llm/tasks/1/suggestion/new",
        "/llm/outcomes",
        "/llm/templates/1/outcomes",
        "/llm/templates/1/outcomes?fallbacks=1",
    ),
    *("/llm/batches", "/llm/batches/new"),
    *("/llm/health", "/llm/health/provider:1/opening"),
    *("/settings/workflow", "/settings/workflow/stages/1", "/settings/workflow/substages/1"),
    *("/settings/workflow/fields/new", "/settings/workflow/fields/1", "/settings/workflow/fields/4/archival"),
    *("/alerts", "/alerts?view=all", "/alerts/rules", "/alerts/rules/new?kind=latency", "/alerts/rules/1/edit"),
    *("/alerts/webhooks", "/alerts/webhooks/new", "/alerts/webhooks/1", "/alerts/webhooks/1/edit"),
    *(
        "/account",
        "/account/tokens",
        "/users",
        "/users/new",
        "/users/1/edit",
        "/settings",
        "/audit",
        "/audit/1",
        "/errors",
        "/nowhere",
    ),
]
# What the browser says of pages that are refusals.
REFUSED = {"/nowhere": ["404"], "/llm/tasks?from=soon": ["422"], "/llm/ledger?month=soon": ["422"]}
PUBLIC = ["/login", "/setup", "/apidocs/"]


@pytest.fixture(scope="module")
def tab(browser: Browser, furnished: Installation) -> Iterator[tuple[Page, Watch]]:
    watch = Watch()
    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        page = open_page(context, watch)
        log_in(page, furnished)
        yield page, watch


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_accessible_fits_a_phone_and_obeys_the_policy(
    path: str, tab: tuple[Page, Watch], furnished: Installation
) -> None:
    page, watch = tab
    watch.problems.clear()
    watch.expected[:] = REFUSED.get(path, [])
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(furnished.url + path)
    assert serious_findings(page) == []
    page.set_viewport_size({"width": 360, "height": 780})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert serious_findings(page) == []
    assert watch.unexpected() == []


def test_names_without_spaces_fit_a_phone(tab: tuple[Page, Watch], furnished: Installation) -> None:
    page, name = tab[0], "n" * 100
    api = furnished.api
    message = {"role": "user", "content": "Hi"}
    provider = api("POST", "/llm/providers", {"name": name, "kind": "groq"}, expect=201)["id"]
    model = api("POST", "/llm/models", {"provider_id": provider, "name": name}, expect=201)["id"]
    route = api("POST", "/llm/routes", {"name": name[:80], "model_ids": [model]}, expect=201)["id"]
    words = {"kind": "style", "role": "system", "content": name, "description": name}
    part = api("POST", "/llm/parts", {"name": name, **words}, expect=201)["id"]
    blocks = [{"part_id": part}, message]
    template = api("POST", "/llm/templates", {"name": name, "blocks": blocks}, expect=201)["id"]
    api("POST", "/llm/actions", {"field": "idea_scope", "name": name, "template_id": template}, expect=201)
    post = api("POST", "/posts", {"idea": name * 4}, expect=201)["id"]
    page.set_viewport_size({"width": 360, "height": 780})
    paths = [
        "/posts", f"/posts/{post}", f"/workflow/idea/?post_id={post}", "/llm/providers", f"/llm/providers/{provider}",
        "/llm/models", f"/llm/models/{model}/edit", "/llm/routes", f"/llm/routes/{route}", "/llm/parts",
        f"/llm/parts/{part}", f"/llm/parts/{part}/edit", "/llm/templates", f"/llm/templates/{template}",
        f"/llm/templates/{template}/edit", "/llm/actions",
    ]  # fmt: skip
    widths = {}
    for path in paths:
        page.goto(furnished.url + path)
        widths[path] = page.evaluate("document.documentElement.scrollWidth")
    assert {path: width for path, width in widths.items() if width > 360} == {}


@pytest.mark.parametrize("path", PUBLIC)
def test_a_public_page_is_accessible(path: str, browser: Browser, furnished: Installation, watch: Watch) -> None:
    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        page = open_page(context, watch)
        page.goto(furnished.url + path)
        page.wait_for_load_state("networkidle")
        assert serious_findings(page) == []


def test_the_api_page_shows_the_document_offline(tab: tuple[Page, Watch], furnished: Installation) -> None:
    page, watch = tab
    watch.problems.clear()
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{furnished.url}/apidocs/")
    page.get_by_role("heading", name="Providers LLM services").click()
    page.get_by_text("/api/v1/llm/providers", exact=True).first.wait_for()
    assert serious_findings(page) == []
    assert watch.unexpected() == []
