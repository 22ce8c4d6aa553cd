"""Runs what cannot be interrupted in a thread of its own, so that the call waiting for it can be stopped all the same.
The thread is left to end by itself; what it still brings is dropped.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from blogforge_llm.engine import calls

T = TypeVar("T")


class _End(Exception):
    """There is no more."""


class _Feed(Generic[T]):
    def __init__(self, make: Callable[[], Iterable[T]]) -> None:
        self._make = make
        self._queue: queue.SimpleQueue[tuple[T] | Exception] = queue.SimpleQueue()
        self.is_left = False
        threading.Thread(target=self._fill, name="uninterruptible-call", daemon=True).start()

    def get(self) -> T:
        if (call := calls.current()) is not None:
            call.blocked_in(self)
        item = self._queue.get()
        if isinstance(item, Exception):
            raise item
        return item[0]

    def interrupt(self, call: calls.Call) -> None:
        self.is_left = True
        self._queue.put(ConnectionAbortedError("stopped"))

    def _fill(self) -> None:
        try:
            for item in self._make():
                if self.is_left:
                    return
                self._queue.put((item,))
            self._queue.put(_End())
        except Exception as error:
            self._queue.put(error)


def iterate(make: Callable[[], Iterable[T]]) -> Iterator[T]:
    """The items of `make()`. Raises what it raises, or ConnectionAbortedError when the call is stopped."""
    feed = _Feed(make)
    try:
        while True:
            yield feed.get()
    except _End:
        return
    finally:
        feed.is_left = True
