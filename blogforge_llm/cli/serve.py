"""blogforge serve: the embedded database, the migrations, web and worker as one tree that starts and stops together."""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from blogforge_llm import db, embedded, migrations
from blogforge_llm.cli import parent
from blogforge_llm.config import Settings
from blogforge_llm.errors import Conflict, Unavailable

_STOP_WITHIN_S = 4.0


def add_arguments(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("serve", help="run everything: database, web and worker")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    with _only_one(settings.data_dir):
        _refuse_busy_port(settings)
        cluster = None if settings.database_url else embedded.Cluster(settings.data_dir)
        try:
            url = cluster.start() if cluster else str(settings.database_url)
            for name in migrations.apply(url):
                print(f"applied {name}", flush=True)
            return _Tree(settings, url, cluster).run()
        finally:
            if cluster:
                cluster.stop()


@dataclass(slots=True)
class _Child:
    verb: list[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = field(default=0.0)


class _Tree:
    """Database, web and worker: begun again when one dies, stopped together."""

    def __init__(self, settings: Settings, database_url: str, cluster: embedded.Cluster | None) -> None:
        self._settings, self._url, self._cluster = settings, database_url, cluster
        self._children = [_Child(["web", "--grace", "2"]), _Child(["worker", "--grace", "0.5"])]
        self._is_stopping = False
        # Only this process holds the writing end: its end, however it comes, is the children's end-of-file.
        self._read_end, self._write_end = os.pipe()

    def run(self) -> int:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        for child in self._children:
            self._start(child)
        if self._wait_until_ready():
            self._greet()
        while not self._is_stopping:
            self._revive_the_dead()
            time.sleep(0.2)
        self._stop()
        return 0

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._is_stopping = True

    def _start(self, child: _Child) -> None:
        environment = os.environ | {
            "DATABASE_URL": self._url,
            "BLOGFORGE_SECRET_KEY": self._settings.secret_key,
            "BLOGFORGE_DATA_DIR": str(self._settings.data_dir),
            parent.VARIABLE: str(self._read_end),
        }
        child.started_at = time.monotonic()
        child.process = subprocess.Popen(
            [sys.executable, "-m", "blogforge_llm.cli.main", *child.verb],
            env=environment, pass_fds=[self._read_end], stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip

    def _revive_the_dead(self) -> None:
        if self._cluster and not self._cluster.is_alive():
            print("blogforge: the database ended; starting it again", file=sys.stderr, flush=True)
            try:
                self._cluster.start()
            except Unavailable as error:
                print(f"blogforge: {error}", file=sys.stderr, flush=True)
                time.sleep(1)
        for child in self._children:
            code = child.process.poll() if child.process else None
            if code is not None and not self._is_stopping:
                print(f"blogforge: {child.verb[0]} ended with {code}; starting it again", file=sys.stderr, flush=True)
                if time.monotonic() - child.started_at < 5:
                    time.sleep(1)  # it does not even start: no busy loop
                self._start(child)

    def _wait_until_ready(self) -> bool:
        host = "127.0.0.1" if self._settings.host in {"0.0.0.0", "::"} else self._settings.host
        address = f"http://{host}:{self._settings.port}/healthz"
        while not self._is_stopping:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(address, timeout=2).close()
                return True
            self._revive_the_dead()
            time.sleep(0.05)
        return False

    def _greet(self) -> None:
        address = f"http://{self._settings.host}:{self._settings.port}"
        print(f"BlogForge LLM runs on {address} (Ctrl-C stops it)", flush=True)
        if link := _setup_link(self._url):
            print(f"Create the first admin here, with this link only:\n  {address}/setup/{link}", flush=True)

    def _stop(self) -> None:
        processes = [child.process for child in self._children if child.process]
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        give_up_at = time.monotonic() + _STOP_WITHIN_S
        for process in processes:
            try:
                process.wait(max(0.0, give_up_at - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _setup_link(database_url: str) -> str | None:
    """A one-time link while there is nobody; None once there is an admin."""
    from blogforge_llm.services.accounts import setup, users

    db.open_pool(database_url, max_size=2)
    try:
        with db.transaction() as conn:
            return setup.make_link(conn) if users.count(conn) == 0 else None
    finally:
        db.close_pool()


@contextlib.contextmanager
def _only_one(data_dir: Path) -> Iterator[None]:
    """Raises Conflict when another serve has this data directory; the lock goes with its process."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with open(data_dir / "serve.lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict(f"Another `blogforge serve` already uses {data_dir}. Stop it first.") from error
        yield


def _refuse_busy_port(settings: Settings) -> None:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise Unavailable(
                f"Port {settings.port} on {settings.host} is not free: {error.strerror}. Set BLOGFORGE_PORT to another."
            ) from error
