"""What the stand-in served: one Request per request received, kept up to date while it is being answered, and
the conditions to wait on. All times are `time.monotonic()` unless their name says otherwise.
"""

import copy
import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Request:
    """What was asked, what was sent and what was billed. The ledger hands out copies, so yours never changes.

    Billing: a request that got an error, a page or no header at all costs nothing; any other costs its prompt
    and the tokens that were really sent, whether it ended well or not. A whole (unstreamed) answer is sent or
    it is not.
    """

    id: int
    kind: str  # chat, models, other
    dialect: str
    model: str
    body: Any  # the JSON as received; None when there was none or it was broken
    streamed: bool
    headers: Mapping[str, str]  # names in lower case, credentials as `key_hash` makes them
    key: str  # the hash of the key, "" for none
    path: str
    connection: int  # the client's port: equal when a connection was kept alive
    received_at: float
    received_wall: float  # time.time()
    prompt_tokens: int = 0
    behaviour: str = ""  # the name or script step that was played
    status: int | None = None  # None until a status line was sent
    input_tokens: int = 0  # billed
    output_tokens: int = 0  # billed
    words_sent: int = 0
    chars_sent: int = 0  # of text and reasoning
    held: bool = False  # stands at a gate now
    finish_reason: str | None = None  # as sent
    usage_sent: bool = False
    answered_at: float | None = None  # just before the finish reason, or the body of a whole answer, was sent
    client_left_at: float | None = None  # when the client was noticed to be gone before the stand-in was done
    ended_at: float | None = None
    outcome: str = "open"  # complete, error, broken (on purpose), client_left, stopped

    @property
    def client_left(self) -> bool:
        return self.client_left_at is not None


@dataclass(frozen=True)
class Totals:
    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass
class Ledger:
    _rows: list[Request] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def open(self, **fields: Any) -> Request:
        with self._changed:
            request = Request(id=len(self._rows) + 1, received_wall=time.time(), **fields)
            self._rows.append(request)
            self._changed.notify_all()
        return request

    @contextmanager
    def change(self, request: Request) -> Iterator[Request]:
        with self._changed:
            yield request
            request.output_tokens = -(-request.chars_sent // 4)
            self._changed.notify_all()

    def clear(self) -> None:
        with self._changed:
            self._rows.clear()
            self._changed.notify_all()

    def requests(self, **match: Any) -> list[Request]:
        """Copies, oldest first; `requests(kind="chat", model="ok")` picks by field."""
        with self._changed:
            return self._matching(match)

    def wait_until(self, true: Callable[[list[Request]], bool], timeout: float, **match: Any) -> list[Request]:
        """Waits until `true` of the matching requests and returns them. Raises TimeoutError, saying what
        there was.
        """
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                rows = self._matching(match)
                if true(rows):
                    return rows
                left = deadline - time.monotonic()
                if left <= 0:
                    seen = ", ".join(f"{r.id}:{r.model}:{r.outcome}" for r in rows) or "none"
                    raise TimeoutError(f"waited {timeout} s for the stand-in's requests; there were: {seen}")
                self._changed.wait(left)

    def totals(self, **match: Any) -> Totals:
        rows = self.requests(**({"kind": "chat"} | match))
        return Totals(len(rows), sum(r.input_tokens for r in rows), sum(r.output_tokens for r in rows))

    def most_in_flight(self, **match: Any) -> int:
        """The largest number of requests between receipt and answer at one time."""
        steps: list[tuple[float, int]] = []
        for row in self.requests(**({"kind": "chat"} | match)):
            ends = [at for at in (row.answered_at, row.client_left_at, row.ended_at) if at is not None]
            steps += [(row.received_at, 1), (min(ends, default=float("inf")), -1)]
        most = now = 0
        for _, step in sorted(steps):
            now += step
            most = max(most, now)
        return most

    def most_within(self, seconds: float, **match: Any) -> int:
        """The largest number of requests received in any window of that length."""
        times = [row.received_at for row in self.requests(**({"kind": "chat"} | match))]
        most = first = 0
        for last, at in enumerate(times):
            while at - times[first] >= seconds:
                first += 1
            most = max(most, last - first + 1)
        return most

    def _matching(self, match: Mapping[str, Any]) -> list[Request]:
        rows = self._rows
        return [copy.copy(r) for r in rows if all(getattr(r, name) == value for name, value in match.items())]


def key_hash(key: str) -> str:
    """How a key shows in the ledger."""
    return "sha256:" + hashlib.sha256(key.encode()).hexdigest()[:16] if key else ""
