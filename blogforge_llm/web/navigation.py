"""The bars of every page: areas on top, the current area's pages below, and the viewer's own menu. One list, so no
page builds its own. Pages that would be refused are left out; an area with many pages shows them in groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Flask, g, request

from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.services.accounts import permissions


@dataclass(frozen=True, slots=True)
class Page:
    label: str
    url: str
    permission: Permission = Permission.READ
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Some pages of an area, next to each other in the second bar. A group alone has no label and shows none."""

    label: str
    pages: tuple[Page, ...]


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    url: str
    is_current: bool
    icon: str = ""


# (label, address, addresses below it that belong to it)
AREAS = (("Posts", "/posts", ("/posts", "/workflow")), ("LLM", "/llm/", ("/llm",)))

OF_ACCOUNT = Group(
    "Your account",
    (Page("Account", "/account", icon="user"), Page("API tokens", "/account/tokens", icon="key")),
)
# Those without an icon stand in the second bar alone, not in the viewer's menu.
OF_ADMINS = Group(
    "Administration",
    (
        Page("Users", "/users", Permission.KEEP_USERS, icon="users"),
        Page("Settings", "/settings", Permission.KEEP_SETTINGS, icon="settings"),
        Page("Workflow", "/settings/workflow", Permission.KEEP_WORKFLOW, icon="layers"),
        Page("Audit log", "/audit", Permission.KEEP_SETTINGS, icon="history"),
        Page("Errors", "/errors", Permission.KEEP_SETTINGS, icon="alert"),
        Page("Alerts", "/alerts", Permission.KEEP_ALERTS, icon="bell"),
        Page("Alert rules", "/alerts/rules", Permission.KEEP_ALERTS),
        Page("Webhooks", "/alerts/webhooks", Permission.KEEP_ALERTS),
    ),
)

# Below these addresses the second bar shows these groups.
GROUPS: dict[str, tuple[Group, ...]] = {
    "/llm": (
        Group(
            "Work",
            (
                Page("Overview", "/llm/"),
                Page("Runner", "/llm/trials"),
                Page("Tasks", "/llm/tasks"),
                Page("Batches", "/llm/batches"),
            ),
        ),
        Group(
            "Prompts",
            (
                Page("Templates", "/llm/templates"),
                Page("Parts", "/llm/parts"),
                Page("Actions", "/llm/actions"),
                Page("Proposals", "/llm/proposals"),
                Page("Outcomes", "/llm/outcomes"),
                Page("Library", "/llm/library"),
            ),
        ),
        Group(
            "Models",
            (
                Page("Providers", "/llm/providers"),
                Page("Models", "/llm/models"),
                Page("Routes", "/llm/routes"),
                Page("Presets", "/llm/presets"),
                Page("Keys", "/llm/keys"),
                Page("Health", "/llm/health"),
            ),
        ),
        Group(
            "Money",
            (
                Page("Budgets", "/llm/budgets", Permission.KEEP_REGISTRY),
                Page("Ledger", "/llm/ledger", Permission.KEEP_REGISTRY),
            ),
        ),
    ),
    "/account": (OF_ACCOUNT,),
    **dict.fromkeys((page.url for page in OF_ADMINS.pages), (OF_ADMINS,)),
}


def init(app: Flask) -> None:
    app.context_processor(bars)


def bars() -> dict[str, Any]:
    """viewer and the links of base.html; `may` lets a page leave out what would be refused."""
    viewer = g.get("viewer")
    if viewer is None:
        return {"viewer": None, "may": lambda _: False}
    path = request.path
    return {
        "viewer": viewer,
        "areas": [Link(label, url, path.startswith(below)) for label, url, below in AREAS],
        **_second_bar(viewer, path),
        "own_pages": _links(viewer, OF_ACCOUNT, ""),
        "admin_pages": [link for link in _links(viewer, OF_ADMINS, "") if link.icon],
        "may": lambda p: permissions.may(viewer, Permission(p)),
    }


def _second_bar(viewer: User, path: str) -> dict[str, Any]:
    """The groups of the current area as links to their first pages, and the pages of the current group."""
    groups = next((groups for prefix, groups in GROUPS.items() if path.startswith(prefix)), ())
    current = _current(groups, path)
    shown = [(group, _links(viewer, group, current)) for group in groups]
    shown = [(group, links) for group, links in shown if links]
    pages = next((links for _, links in shown if any(link.is_current for link in links)), [])
    if not pages and len(shown) == 1:
        pages = shown[0][1]
    links = [Link(group.label, links[0].url, links is pages) for group, links in shown]
    return {"area_groups": links if len(links) > 1 else [], "area_pages": pages}


def _current(groups: tuple[Group, ...], path: str) -> str:
    """The address of the page that `path` is, or stands below; the deepest wins."""
    urls = (page.url for group in groups for page in group.pages)
    return max(
        (url for url in urls if path.rstrip("/") == url.rstrip("/") or path.startswith(url + "/")), key=len, default=""
    )


def _links(viewer: User, group: Group, current: str) -> list[Link]:
    return [
        Link(page.label, page.url, page.url == current, page.icon)
        for page in group.pages
        if permissions.may(viewer, page.permission)
    ]
