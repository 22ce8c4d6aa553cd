"""Callers that went away while they waited: their call is stopped within a second, so that nobody pays for it.

Nothing is written to a caller while a model thinks, so only a look at the socket tells. One thread per process looks.
"""

from __future__ import annotations

import contextlib
import itertools
import select
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

LOOK_EVERY_S = 0.25
_SOCKETS = ("gunicorn.socket", "werkzeug.socket")


class _Watch:
    def __init__(self) -> None:
        self._watched: dict[int, tuple[socket.socket, Callable[[], None]]] = {}
        self._numbers = itertools.count()
        self._some = threading.Condition()
        self._thread: threading.Thread | None = None

    def add(self, connection: socket.socket, stop: Callable[[], None]) -> Callable[[], None]:
        number = next(self._numbers)
        with self._some:
            self._watched[number] = (connection, stop)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="departures", daemon=True)
                self._thread.start()
            self._some.notify()
        return lambda: self._remove(number)

    def _remove(self, number: int) -> None:
        with self._some:
            self._watched.pop(number, None)

    def _run(self) -> None:
        while True:
            with self._some:
                self._some.wait_for(lambda: self._watched)
                # Under the lock: a connection is in the server's hands again as soon as its request is removed.
                gone = [stop for connection, stop in self._watched.values() if _has_left(connection)]
            for stop in gone:
                stop()
            time.sleep(LOOK_EVERY_S)


def watch(environ: Mapping[str, Any], stop: Callable[[], None]) -> Callable[[], None]:
    """Call `stop`, again and again, once the caller of this request is gone. Returns what ends the watch."""
    connection = next((environ[name] for name in _SOCKETS if name in environ), None)
    return _watch.add(connection, stop) if connection is not None else lambda: None


def _has_left(connection: socket.socket) -> bool:
    poll = select.poll()
    with contextlib.suppress(ValueError):  # closed by the server itself, or one whose bytes cannot be peeked at (TLS)
        poll.register(connection, select.POLLIN)
        try:
            for _, happened in poll.poll(0):
                is_cut = bool(happened & (select.POLLHUP | select.POLLERR))
                return is_cut or connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True
    return False


_watch = _Watch()
