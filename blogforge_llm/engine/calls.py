"""One call to a provider that can be stopped from outside at once, and the watchdog that stops it when it is late.

The sockets are in sockets.py; who is asked, and what a stopped call means for the task, is in fallback.py.
"""

from __future__ import annotations

import contextvars
import heapq
import itertools
import math
import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import ParamSpec, Protocol, TypeVar

from blogforge_llm.records.tasks import Category

P = ParamSpec("P")
T = TypeVar("T")

USAGE_WAIT_S = 0.5  # after the finish reason, for the token counts
END_WAIT_S = (
    0.05  # after the token counts, for the end of the body: a body read to its end leaves the connection reusable
)


class Interruptible(Protocol):
    """Something a call may be blocked in: a socket, or a queue fed by another thread."""

    def interrupt(self, call: Call) -> None:
        """Make whoever waits for it on behalf of `call` return or raise at once. Never blocks."""
        ...


class Call:
    """One call and its wall-clock limits, all in time.monotonic(). They run on content: `progress()` is called for text
    and reasoning only, because bytes (comments, empty deltas) prove nothing. Use with `with`; work through `run`.
    `ready` is waited for before anything is sent: what is written before a call is written while the SDK prepares it.
    """

    def __init__(
        self,
        *,
        deadline: float,
        first_s: float = math.inf,
        idle_s: float = math.inf,
        ready: Callable[[], None] | None = None,
    ) -> None:
        now = time.monotonic()
        self.reason: Category | None = None
        self.barred: Exception | None = None  # what `ready` raised: the call must not be made
        self.headers: Mapping[str, str] = {}  # of the provider's answer, whatever it was
        self.body: list[bytes] = []  # of that answer, where it is JSON and not a stream
        self.has_begun = False  # a part of an answer came: from then on the prompt is billed
        self.said: list[str] = []  # all that the model said, reasoning and tool calls too: it is billed
        self.due = min(now + first_s, deadline)
        self.scheduled = math.inf  # the earliest time the watchdog will look at this call
        self._deadline = deadline
        self._idle_s = idle_s
        self._ready = ready
        self._is_settling = False
        self._has_ended = False
        self._blocked_in: Interruptible | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Call:
        self._reschedule()
        return self

    def __exit__(self, *exc_info: object) -> None:
        with self._lock:
            self._has_ended = True
            self._blocked_in = None

    @property
    def has_ended(self) -> bool:
        return self._has_ended

    @property
    def is_settling(self) -> bool:
        """The answer is whole; see settle()."""
        return self._is_settling

    def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call it with this call as the current one. Once per step: a generator shares its consumer's context."""
        token = _current.set(self)
        try:
            return function(*args, **kwargs)
        finally:
            _current.reset(token)

    def progress(self) -> None:
        """Content came: the idle limit starts anew."""
        if not self._is_settling:
            self.due = min(time.monotonic() + self._idle_s, self._deadline)
            self._reschedule()

    def hold(self) -> None:
        """The consumer has the word: only the deadline runs while it is busy with what it got."""
        if not self._is_settling:
            self.due = self._deadline

    def settle(self, within_s: float) -> None:
        """The answer is whole; wait so long for what may follow it, then close without blaming anybody."""
        self._is_settling = True
        self.due = min(time.monotonic() + within_s, self._deadline)
        self._reschedule()

    def cancel(self) -> None:
        """Stop it because nobody wants the answer any more. From any thread, at any time."""
        self._stop(Category.CANCELLED)

    def expire(self) -> None:
        """The watchdog's: a limit has passed."""
        late = time.monotonic() >= self._deadline
        self._stop(None if self._is_settling else Category.DEADLINE_EXCEEDED if late else Category.TIMEOUT)

    def begin(self) -> None:
        """Whoever sends says so first. Raises what forbids it; the libraries on the way may make something else of it,
        so it is in `barred` too."""
        ready, self._ready = self._ready, None
        if ready is not None:
            try:
                ready()
            except Exception as error:
                self.barred = error
                raise

    def blocked_in(self, thing: Interruptible) -> None:
        """Named before waiting on `thing`. A call that was stopped meanwhile interrupts it at once."""
        with self._lock:
            self._blocked_in = thing
            if self.reason is not None:
                thing.interrupt(self)

    def unblocked(self) -> None:
        """What it was blocked in goes to others now: it must not be interrupted for this call any more."""
        with self._lock:
            self._blocked_in = None

    def _stop(self, reason: Category | None) -> None:
        with self._lock:
            if self._has_ended or self.reason is not None:
                return
            self.reason = reason
            if self._blocked_in is not None:
                self._blocked_in.interrupt(self)

    def _reschedule(self) -> None:
        # Progress only moves the limit; the watchdog finds out when it wakes. It is told only of earlier ones.
        if self.due < self.scheduled:
            _watchdog.watch(self)


class _Watchdog:
    """One thread for all calls of the process, asleep until the next limit."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Call]] = []
        self._order = itertools.count()
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None

    def watch(self, call: Call) -> None:
        with self._wake:
            call.scheduled = call.due
            heapq.heappush(self._heap, (call.due, next(self._order), call))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="call-watchdog", daemon=True)
                self._thread.start()
            elif self._heap[0][2] is call:
                self._wake.notify()

    def _run(self) -> None:
        while True:
            with self._wake:
                call = self._next()
            call.expire()

    def _next(self) -> Call:
        while True:
            if not self._heap:
                self._wake.wait()
                continue
            at, _, call = self._heap[0]
            if call.has_ended:
                heapq.heappop(self._heap)
            elif at > (now := time.monotonic()):
                self._wake.wait(at - now)
            else:
                heapq.heappop(self._heap)
                if call.due <= now:
                    return call
                call.scheduled = call.due
                heapq.heappush(self._heap, (call.due, next(self._order), call))


class Cancellation:
    """Handed to the engine with a request; `cancel()` from any thread stops the call that runs and every wait."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._lock = threading.Lock()
        self._call: Call | None = None

    @property
    def is_set(self) -> bool:
        return self._asked.is_set()

    def cancel(self) -> None:
        with self._lock:
            self._asked.set()
            if self._call is not None:
                self._call.cancel()

    def covers(self, call: Call | None) -> None:
        """The engine's: this call runs now, or none."""
        with self._lock:
            self._call = call
            if call is not None and self._asked.is_set():
                call.cancel()

    def wait(self, seconds: float) -> None:
        """Sleep, but wake when cancelled."""
        self._asked.wait(max(0.0, seconds))


_current: contextvars.ContextVar[Call | None] = contextvars.ContextVar("blogforge_call", default=None)
_watchdog = _Watchdog()


def current() -> Call | None:
    """The call this thread is working for, if any."""
    return _current.get()


def begin() -> None:
    """Something is sent now for the call this thread is working for, if any: see Call.begin."""
    if (call := _current.get()) is not None:
        call.begin()


def _restart_after_fork() -> None:
    global _watchdog
    _watchdog = _Watchdog()  # threads do not survive a fork, and the lock may have been held


os.register_at_fork(after_in_child=_restart_after_fork)
