"""When what happened to a task, as shares of the time it took: a bar per attempt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from blogforge_llm.records.tasks import Attempt, Task


@dataclass(frozen=True, slots=True)
class Span:
    """One line of the picture. `parts` are (kind, begin, length) in shares of the whole: queue, wait or stream."""

    label: str
    words: str
    parts: tuple[tuple[str, float, float], ...]


def spans(task: Task, attempts: Sequence[Attempt]) -> list[Span]:
    """The wait in the queue, then each attempt that ended: until its first text, and after. Empty when none did."""
    ended = [attempt for attempt in attempts if attempt.finished_at]
    if not ended:
        return []
    begin = min(task.created_at, ended[0].started_at)
    whole = max(max(attempt.finished_at or begin for attempt in ended) - begin, timedelta(milliseconds=1))

    def part(kind: str, since: datetime, until: datetime) -> tuple[str, float, float]:
        return kind, (since - begin) / whole, max((until - since) / whole, 0.0)

    queued = ended[0].started_at - begin
    found = [Span("Queue", f"waited {_seconds(queued)}", (part("queue", begin, ended[0].started_at),))]
    for attempt in ended:
        end = attempt.finished_at or begin
        label, first_ms = f"{attempt.position}. {attempt.model_name}", attempt.first_token_ms
        if first_ms is None:
            words = f"no text in {_seconds(end - attempt.started_at)}"
            found.append(Span(label, words, (part("wait", attempt.started_at, end),)))
            continue
        first = min(attempt.started_at + timedelta(milliseconds=first_ms), end)
        words = f"first text after {_seconds(first - attempt.started_at)}, the rest in {_seconds(end - first)}"
        found.append(Span(label, words, (part("wait", attempt.started_at, first), part("stream", first, end))))
    return found


def _seconds(time: timedelta) -> str:
    seconds = max(time.total_seconds(), 0.0)
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
