"""What the pages of sections and of the allocation board show beside the fields, and how something done there is
answered: a part for htmx, else the way back or the page again with what is wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from flask import Response, flash, make_response

from blogforge_llm import db
from blogforge_llm.errors import Conflict, DomainError, Invalid
from blogforge_llm.records.editorial import Scope, SuggestionStatus
from blogforge_llm.services.editorial import board, items, section_events
from blogforge_llm.services.editorial.desk import Desk
from blogforge_llm.web import htmx


def context(conn: db.Connection, desk: Desk) -> dict[str, Any]:
    """The sections in order, the items of each (None: the tray), what can be undone, what labels would do."""
    post_id = desk.overview.post.id
    outline = desk.outline
    every = items.read(conn, post_id=post_id) if desk.items is None else desk.items
    living = items.living(every)
    is_board = bool(desk.blocks) and desk.blocks[0].value.field.scope == Scope.BOARD
    return {
        "outline": outline,
        "rows": [{"id": each.id, "label": each.name, "section": each} for each in outline.living],
        "items": {key: [each for each in living if each.section_id == key] for key in [*outline.order, None]},
        "stale_sections": Counter(section_id for section_id, _ in desk.overview.stale),
        "deleted_items": [item for item in every if item.deleted_at is not None],
        "undoable": section_events.find_undoable(conn, post_id=post_id),
        "sources": items.sources(conn, post_id=post_id, known=every, values=desk.overview.values) if is_board else [],
        "proposals": {
            each.id: board.propose(each.output or "", outline=outline.living, found=living)
            for each in desk.offered
            if is_board and each.status == SuggestionStatus.PENDING
        },
    }


def done(draw: Callable[..., str], back: str, *, notice: str) -> Response:
    """`draw(notice=…)` gives the part of the page; without htmx the browser goes `back`."""
    if htmx.wants_fragment():
        return make_response(draw(notice=notice))
    flash(notice, "success")
    return htmx.redirect_or(back)


def refused(part: Callable[..., str], whole: Callable[..., str], refusal: DomainError, **state: Any) -> Response:
    """The same place again with why nothing was done, and what was typed."""
    errors = refusal.errors if isinstance(refusal, Invalid) and refusal.errors else {"form": str(refusal)}
    state = {"errors": errors} | state
    if htmx.wants_fragment():  # a 409 is not swapped (base.html), and this one says it in words
        return make_response(part(**state))
    return make_response(whole(**state), 409 if isinstance(refusal, Conflict) else 422)
