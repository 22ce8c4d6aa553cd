"""blogforge worker: run queued tasks, and the items of batches in a process of their own."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
import time

from blogforge_llm import db, jobqueue, migrations
from blogforge_llm.cli import database, parent
from blogforge_llm.config import Settings


def add_arguments(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("worker", help="run queued tasks and batches")
    parser.add_argument(
        "--queue",
        choices=[jobqueue.INTERACTIVE, jobqueue.BATCH],
        help="only what somebody waits for, or only batches (default: both, in two processes)",
    )
    parser.add_argument(
        "--grace",
        type=float,
        default=8.0,
        metavar="SECONDS",
        help="how long running tasks may go on after SIGTERM (default 8); the rest is given back",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    from blogforge_llm import runner
    from blogforge_llm.jobs import batches, worker

    parent.die_with_it()
    url = database.url_of_running(settings)
    migrations.check(url)
    runner.configure(settings)
    if arguments.queue == jobqueue.BATCH:
        db.open_pool(url, max_size=batches.CONNECTIONS)
        batches.run(grace_s=arguments.grace)
        return 0
    other = None if arguments.queue else _Other(arguments.grace)
    db.open_pool(url, max_size=worker.SLOTS + 8)
    worker.run(url, grace_s=arguments.grace)
    if other:
        other.wait()
    return 0


class _Other:
    """The process for batches: begun again when it dies, and gone when this one is."""

    def __init__(self, grace_s: float) -> None:
        self._verb = ["worker", "--queue", jobqueue.BATCH, "--grace", str(grace_s)]
        self._read_end, self._write_end = os.pipe()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="batches", daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Tell it to stop, and wait until it has."""
        self._stopping.set()
        os.close(self._write_end)
        self._thread.join()

    def _keep(self) -> None:
        environment = os.environ | {parent.VARIABLE: str(self._read_end)}
        while not self._stopping.is_set():
            began = time.monotonic()
            code = subprocess.call(
                [sys.executable, "-m", "blogforge_llm.cli.main", *self._verb],
                env=environment, pass_fds=[self._read_end], stdin=subprocess.DEVNULL,
            )  # fmt: skip
            if not self._stopping.is_set():
                print(f"blogforge: the batches' worker ended with {code}; starting it again", file=sys.stderr)
                self._stopping.wait(max(0.0, 2.0 - (time.monotonic() - began)))
