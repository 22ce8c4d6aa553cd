"""The two bars: areas on top, the pages of the current area below. One list, so no page builds its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Flask, g, request

from blogforge_llm.records.accounts import Permission
from blogforge_llm.services.accounts import permissions


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    url: str
    is_current: bool


# (label, address, addresses below it that belong to it)
AREAS = (("Posts", "/posts", ("/posts", "/workflow")), ("LLM", "/llm/", ("/llm",)))

_OF_ADMINS = (
    ("Users", "/users"),
    ("Settings", "/settings"),
    ("Workflow", "/settings/workflow"),
    ("Audit log", "/audit"),
    ("Errors", "/errors"),
    ("Alerts", "/alerts"),
    ("Alert rules", "/alerts/rules"),
    ("Webhooks", "/alerts/webhooks"),
)

PAGES = {
    "/llm": (
        ("Overview", "/llm/"),
        ("Providers", "/llm/providers"),
        ("Models", "/llm/models"),
        ("Routes", "/llm/routes"),
        ("Presets", "/llm/presets"),
        ("Keys", "/llm/keys"),
        ("Parts", "/llm/parts"),
        ("Templates", "/llm/templates"),
        ("Proposals", "/llm/proposals"),
        ("Actions", "/llm/actions"),
        ("Library", "/llm/library"),
        ("Runner", "/llm/trials"),
        ("Outcomes", "/llm/outcomes"),
        ("Tasks", "/llm/tasks"),
        ("Batches", "/llm/batches"),
        ("Budgets", "/llm/budgets"),
        ("Ledger", "/llm/ledger"),
        ("Health", "/llm/health"),
    ),
    "/account": (("Account", "/account"), ("API tokens", "/account/tokens")),
    **dict.fromkeys(("/users", "/settings", "/audit", "/errors", "/alerts"), _OF_ADMINS),
}


def init(app: Flask) -> None:
    app.context_processor(bars)


def bars() -> dict[str, Any]:
    """viewer, areas and area_pages for base.html; `may` lets a page leave out what would be refused."""
    viewer = g.get("viewer")
    if viewer is None:
        return {"viewer": None, "areas": [], "area_pages": [], "may": lambda _: False}
    path = request.path
    areas = [Link(label, url, path.startswith(below)) for label, url, below in AREAS]
    pages = next((pages for prefix, pages in PAGES.items() if path.startswith(prefix)), ())
    current = max(
        (url for _, url in pages if path.rstrip("/") == url.rstrip("/") or path.startswith(url + "/")),
        key=len,
        default=None,
    )
    links = [Link(label, url, url == current) for label, url in pages]
    return {
        "viewer": viewer,
        "areas": areas,
        "area_pages": links,
        "may": lambda p: permissions.may(viewer, Permission(p)),
    }
