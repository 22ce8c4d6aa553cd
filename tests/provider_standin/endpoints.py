"""The endpoints under `/_`, for tests in other processes: what `standin.py` offers, with JSON arguments."""

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from .behaviours import BEHAVIOURS
from .gates import Gates
from .ledger import Ledger
from .playbook import Playbook, Step, Text


@dataclass(frozen=True)
class Control:
    """The state that the server serves from and that tests change."""

    ledger: Ledger
    playbook: Playbook
    gates: Gates

    def reset(self) -> None:
        """Forgets all requests and settings, and lets go what is held."""
        self.gates.release_all()
        self.playbook.reset()
        self.ledger.clear()


def answer_control(control: Control, method: str, path: str, raw: bytes) -> tuple[int, object]:
    """Status and JSON; 400 says what was wrong with the arguments."""
    parts = urlsplit(path)
    route = f"{method} {parts.path}"
    try:
        if method == "GET":
            reads = _READS.get(route)
            return (200, reads(control, dict(parse_qsl(parts.query)))) if reads else _unknown()
        writes = _WRITES.get(route)
        if writes is None:
            return _unknown()
        writes(control, **(json.loads(raw) if raw else {}))
        return 200, {"ok": True}
    except TimeoutError as late:
        return 408, {"error": str(late)}
    except (TypeError, ValueError, KeyError) as wrong:
        return 400, {"error": f"{type(wrong).__name__}: {wrong}"}


def _unknown() -> tuple[int, object]:
    return 404, {"error": f"the stand-in has: {', '.join([*_READS, *_WRITES])}"}


def _requests(control: Control, query: dict[str, str]) -> object:
    """?model= &kind= … pick by field; ?wait=N &timeout=S wait for N of these, &ended=1 for N that ended."""
    wait, timeout, ended = (float(query.pop(name, default)) for name, default in _WAITING)
    match: dict[str, Any] = query
    rows = control.ledger.wait_until(
        lambda rows: sum(row.ended_at is not None or not ended for row in rows) >= wait, timeout, **match
    )
    return [dataclasses.asdict(row) for row in rows]


_WAITING = (("wait", "0"), ("timeout", "5"), ("ended", "0"))


def _behaviours(control: Control, query: dict[str, str]) -> object:
    return {b.usage: b.about for b in BEHAVIOURS.values()}


def _totals(control: Control, query: dict[str, str]) -> object:
    match: dict[str, Any] = query
    return dataclasses.asdict(control.ledger.totals(**match))


def _script(control: Control, model: str, steps: list[Any]) -> None:
    control.playbook.script(model, [_step(step) for step in steps])


def _behave(control: Control, model: str, step: Any) -> None:
    control.playbook.behave(model, None if step is None else _step(step))


def _key_behaves(control: Control, key: str, step: Any) -> None:
    control.playbook.key_behaves(key, None if step is None else _step(step))


def _answer(control: Control, model: str, text: str | None = None, data: Any = None) -> None:
    control.playbook.answer(model, json.dumps(data, ensure_ascii=False) if text is None else text)


def _hold(control: Control, model: str, after_words: int | None = 0) -> None:
    control.gates.hold(model, after_words)


def _release(control: Control, model: str | None = None) -> None:
    control.gates.release_all() if model is None else control.gates.release(model)


def _step(step: Any) -> Step:
    """A behaviour's name, {"text": "…"}, or {"json": …} for an answer that is that JSON."""
    if isinstance(step, str):
        return step
    return Text(step["text"] if "text" in step else json.dumps(step["json"], ensure_ascii=False))


_READS: dict[str, Callable[[Control, dict[str, str]], object]] = {
    "GET /_requests": _requests,
    "GET /_totals": _totals,
    "GET /_behaviours": _behaviours,
}
_WRITES: dict[str, Callable[..., None]] = {
    "POST /_script": _script,
    "POST /_behave": _behave,
    "POST /_answer": _answer,
    "POST /_outage": lambda control, **f: control.playbook.outage(**f),
    "POST /_keys": lambda control, **f: control.playbook.keys(**f),
    "POST /_key": _key_behaves,
    "POST /_models": lambda control, **f: control.playbook.models(**f),
    "POST /_hold": _hold,
    "POST /_release": _release,
    "POST /_reset": lambda control: control.reset(),
}
