"""States as words with an icon and a tone, times, and facts in a line."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from markupsafe import Markup, escape

from blogforge_llm.web import formats
from blogforge_llm.web.pieces.icons import icon

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
    at = f"{moment.year}, {moment.hour:02}:{moment.minute:02}"
    exact = f"{formats.day(moment, is_short=False)} {at} {moment.tzname() or ''}".rstrip()
    return Markup(
        f'<time datetime="{moment.isoformat()}" title="{escape(exact)}" data-relative>{formats.day(moment)} {at}</time>'
    )


def meta(items: Iterable[Any]) -> Markup:
    """A line of small facts; items are texts or markup, empty ones are left out."""
    return Markup(f'<p class="meta">{"".join(f"<span>{escape(item)}</span>" for item in items if item)}</p>')
