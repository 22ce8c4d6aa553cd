"""The last attempts of what can be asked, as coloured marks. Health draws hundreds of them."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from blogforge_llm.records.registry import Tick
from blogforge_llm.records.tasks import AttemptStatus, Category
from blogforge_llm.services.tasks import wording
from blogforge_llm.web import formats
from blogforge_llm.web.pieces import charts

# Of each status its tone and its words; what failed says why instead.
_KNOWN = {
    AttemptStatus.SUCCEEDED: ("success", "answered"),
    AttemptStatus.RUNNING: ("accent", "is being asked"),
    AttemptStatus.CANCELLED: ("neutral", "cancelled"),
    AttemptStatus.ABANDONED: ("neutral", "abandoned"),
}


def draw(attempts: Sequence[Tick]) -> Markup:
    """Oldest first, and in words for who cannot see them."""
    if not attempts:
        return Markup('<span class="muted">none yet</span>')
    marks = [_mark(attempt) for attempt in attempts]
    answered = sum(attempt.status is AttemptStatus.SUCCEEDED for attempt in attempts)
    number = formats.count(len(attempts), "last attempt")
    return charts.ticks(marks, f"{number}, {answered} answered; the newest: {marks[-1][1]}")


def _mark(attempt: Tick) -> tuple[str, str]:
    at, category = attempt.started_at, attempt.category
    tone, said = _KNOWN.get(attempt.status) or (
        "warning" if category is Category.RATE_LIMIT else "danger", attempt.status.value,
    )  # fmt: skip
    said = wording.PHRASES[category] if category else said
    return tone, f"{said}, {formats.day(at)}, {at.hour:02}:{at.minute:02}:{at.second:02}"
