"""The smallest pieces of a page and its addresses: a table draws hundreds of them, and one of Jinja's macros takes ten
times as long.

Templates know the pieces by their components: `tables.cell`, `icons.icon`, `status.status`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Flask, request, url_for
from markupsafe import Markup, escape

from blogforge_llm.web import assets

# Of each state its tone, its icon and its word.
STATES = {
    "queued": ("neutral", "clock", "Queued"),
    "running": ("accent", "dot", "Running"),
    "streaming": ("accent", "dot", "Streaming"),
    "succeeded": ("success", "check", "Succeeded"),
    "failed": ("danger", "alert", "Failed"),
    "cancelled": ("neutral", "ban", "Cancelled"),
    "pending": ("info", "eye", "To review"),
    "accepted": ("success", "check", "Accepted"),
    "edited": ("success", "edit", "Accepted, edited"),
    "discarded": ("neutral", "x", "Discarded"),
    "withdrawn": ("neutral", "undo", "Withdrawn"),
    "draft": ("neutral", "edit", "Draft"),
    "paused": ("warning", "pause", "Paused"),
    "completed": ("success", "check", "Completed"),
    "empty": ("neutral", "ring", "Empty"),
    "drafted": ("info", "half", "Drafted"),
    "done": ("success", "check", "Done"),
    "stale": ("warning", "stale", "Stale"),
    "published": ("success", "check", "Published"),
    "archived": ("neutral", "layers", "Archived"),
    "deleted": ("danger", "trash", "Deleted"),
    "enabled": ("success", "check", "Enabled"),
    "disabled": ("neutral", "ban", "Disabled"),
    "default": ("accent", "check", "Default"),
    "closed": ("success", "check", "Working"),
    "open": ("danger", "alert", "Not asked"),
    "half_open": ("warning", "half", "Trying again"),
    "healthy": ("success", "check", "Healthy"),
    "degraded": ("warning", "warning", "Degraded"),
    "down": ("danger", "alert", "Down"),
    "unknown": ("neutral", "ring", "Unknown"),
    "abandoned": ("warning", "refresh", "Abandoned"),
    "active": ("success", "check", "Active"),
    "revoked": ("neutral", "ban", "Revoked"),
    "expired": ("warning", "clock", "Expired"),
}
_LIVE = ("running", "streaming")


def cell(
    label: str, value: Any = None, numeric: bool = False, head: bool = False, actions: bool = False,
    select: bool = False, caller: Callable[[], Markup] | None = None,
) -> Markup:  # fmt: skip
    """One cell; its label is shown before it on phones. head: the row's name, actions: its buttons, select: its
    checkbox. An empty value is a dash."""
    kind = "is-numeric" if numeric else "is-actions" if actions else "is-select" if select else ""
    inner = caller() if caller else "–" if value is None else value
    start, end = _tags(label, head, kind)
    return Markup(f"{start}{escape(inner)}{end}")


def icon(name: str, label: str | None = None, extra: str = "") -> Markup:
    """One icon of the sprite; give a label only when no text says the same."""
    return _drawn(assets.asset("icons.svg"), name, label, extra)


def status(state: Any, label: str | None = None, id: str | None = None) -> Markup:
    """The badge of a known state; label replaces its word."""
    name = str(getattr(state, "value", state))
    tone, drawn, word = STATES.get(name, ("neutral", "dot", name.replace("_", " ").capitalize()))
    live = " is-live" if name in _LIVE else ""
    named = f' id="{escape(id)}"' if id is not None else ""
    return Markup(f'<span class="badge tone-{tone}{live}"{named}>{icon(drawn)}{escape(label or word)}</span>')


def badge(text: Any, tone: str = "neutral", icon_name: str | None = None, bare: bool = False) -> Markup:
    """A badge of any words. tone: neutral, accent, info, success, warning, danger."""
    drawn = icon(icon_name) if icon_name else Markup("&nbsp;")
    return Markup(
        f'<span class="badge tone-{escape(tone)}{" badge--bare" if bare else ""}">{drawn}{escape(text)}</span>'
    )


def ago(moment: datetime | None) -> Markup:
    """A time as people say it, exact on hover; moment is an aware datetime."""
    if not moment:
        return Markup("never")
    day = f"{moment.day} {moment:%b %Y, %H:%M}"
    exact = f"{moment.day} {moment:%B %Y, %H:%M %Z}".strip()
    return Markup(f'<time datetime="{moment.isoformat()}" title="{escape(exact)}" data-relative>{day}</time>')


@functools.lru_cache(maxsize=1000, typed=True)
def _tags(label: str, head: bool, kind: str) -> tuple[str, str]:
    classes = f' class="{kind}"' if kind else ""
    start, end = ("th scope=row", "th") if head else ("td", "td")
    return f'<{start} data-label="{escape(label)}"{classes}>', f"</{end}>"


@functools.lru_cache(maxsize=1000, typed=True)
def _drawn(sprite: str, name: str, label: str | None, extra: str) -> Markup:
    classes = escape(f"icon {extra}".strip())
    told = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    return Markup(
        f'<svg class="{classes}" {told} focusable="false"><use href="{escape(sprite)}#{escape(name)}"></use></svg>'
    )


def address(endpoint: str, **values: Any) -> str:
    """url_for, made once for the same values: a list links the same rows from page to page."""
    if endpoint.startswith(".") or any(name.startswith("_") for name in values):
        return url_for(endpoint, **values)
    try:
        return _made(request.script_root, endpoint, tuple((name, type(value), value) for name, value in values.items()))
    except TypeError:  # a list of values, say
        return url_for(endpoint, **values)


@functools.lru_cache(maxsize=20_000)
def _made(_root: str, endpoint: str, values: tuple[tuple[str, type, Any], ...]) -> str:
    return url_for(endpoint, **{name: value for name, _, value in values})


def init(app: Flask) -> None:
    app.jinja_env.globals["url_for"] = address
    app.jinja_env.globals["pieces"] = {"cell": cell, "icon": icon, "ago": ago, "status": status, "badge": badge}
