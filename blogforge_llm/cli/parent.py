"""A child of `serve` ends when serve ends, however that ended: it holds a pipe whose other end only serve has."""

from __future__ import annotations

import os
import signal
import threading
import time

VARIABLE = "BLOGFORGE_PARENT_PIPE"


def die_with_it() -> None:
    """Watch the pipe, if there is one: stop on its end, and for good three seconds later."""
    descriptor = os.environ.pop(VARIABLE, None)
    if descriptor is not None:
        threading.Thread(target=_watch, args=(int(descriptor),), name="parent", daemon=True).start()


def _watch(descriptor: int) -> None:
    os.read(descriptor, 1)  # returns when nobody holds the other end any more
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(3)
    os._exit(1)
