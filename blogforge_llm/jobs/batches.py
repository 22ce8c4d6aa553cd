"""The worker process for batches: lanes until SIGTERM or SIGINT, at a lower priority than whom a person waits for."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import threading
from types import FrameType

from blogforge_llm import jobqueue
from blogforge_llm.lanes import Lanes
from blogforge_llm.presence import presence
from blogforge_llm.watching import watch

CONNECTIONS = 16  # a lane needs one only for moments
_NICE = 10


def run(*, grace_s: float) -> None:
    """Work until told to stop; then let running items end for `grace_s`, and give back the rest."""
    sys.setswitchinterval(0.0005)  # the loop that feeds the lanes must not wait 5 ms for each of its turns
    gc.freeze()
    with contextlib.suppress(OSError):  # not everywhere allowed
        os.nice(_NICE)
    lanes = Lanes()
    told = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        told.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    presence.join(jobqueue.BATCH)
    watch.start()
    loop = threading.Thread(target=lanes.run, name="lanes")
    loop.start()
    try:
        while loop.is_alive() and not told.wait(0.5):
            pass  # a loop that broke ends the process, for whoever keeps it to start it anew
        lanes.stop()
        loop.join(grace_s)
        if loop.is_alive():
            lanes.abandon()
            loop.join(5)
    finally:
        watch.stop()
        presence.leave()
