"""Live text as server-sent events, the same bytes for pages and programs: names, ids, resuming.

An id is `<attempt>.<seq>`; a stream of several tasks says `<task>:<attempt>.<seq>` of each, joined by commas.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from blogforge_llm.live.hub import LiveEvent, LiveStatus, LiveText, Position

CONTENT_TYPE = "text/event-stream"
# Of one event, for the OpenAPI document.
SCHEMA = {
    "type": "object",
    "properties": {name: {"type": "string"} for name in ("event", "id", "data")},
}
HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


def positions(task_ids: Sequence[int], last_event_id: str | None) -> dict[int, Position | None]:
    """Where the reader was, by task. An id that makes no sense is no position: the whole text comes again."""
    found: dict[int, Position | None] = dict.fromkeys(task_ids)
    for item in (last_event_id or "")[:4000].split(","):
        task, colon, position = item.strip().rpartition(":")
        attempt, _, seq = position.partition(".")
        if not (attempt.isdecimal() and seq.isdecimal()) or (colon and not task.isdecimal()):
            continue
        task_id = int(task) if colon else task_ids[0]
        if task_id in found and (colon or len(task_ids) == 1):
            found[task_id] = (min(int(attempt), 2**31 - 1), min(int(seq), 2**31 - 1))
    return found


def encode(events: Iterable[LiveEvent], where: Mapping[int, Position | None]) -> Iterator[str]:
    """Named events with JSON data: `state`, `delta`, `reset`, and `done`, which ends a task."""
    seen = {task_id: position for task_id, position in where.items() if position}
    is_single = len(where) == 1
    yield ": hello\n\n"  # without a first byte no headers leave
    for event in events:
        if event is None:
            yield ": still here\n\n"
        elif isinstance(event, LiveText):
            seen[event.task_id] = (event.frame.attempt, event.frame.seq)
            name = "reset" if event.frame.is_reset else "delta"
            yield _event(name, {"task": event.task_id, "text": event.frame.text}, _id(seen, is_single))
        else:
            yield _status(event, _id(seen, is_single))


def _status(event: LiveStatus, event_id: str) -> str:
    state = event.state
    asked = f"{state.model_name} on {state.provider_name}" if state.model_name else None
    data: dict[str, Any] = {"task": event.task_id, "status": state.status, "model": asked}
    if not state.is_finished:
        return _event("state", data, event_id)
    return _event("done", data | {"output": state.output}, event_id)


def _id(seen: Mapping[int, Position], is_single: bool) -> str:
    if is_single:
        return "".join(f"{attempt}.{seq}" for attempt, seq in seen.values())
    return ",".join(f"{task_id}:{attempt}.{seq}" for task_id, (attempt, seq) in seen.items())


def _event(name: str, data: dict[str, Any], event_id: str) -> str:
    head = f"id: {event_id}\n" if event_id else ""
    return f"{head}event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
