"""blogforge web: the pages and the API, served by gunicorn."""

from __future__ import annotations

import argparse
import gc
import signal
import sys
from types import FrameType
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from blogforge_llm import db, migrations
from blogforge_llm.cli import database, parent
from blogforge_llm.config import Settings

THREADS = 512  # a stream holds a thread each: 200 live pages, 200 callers of the gateway, and room for the rest


def add_arguments(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("web", help="serve the pages and the API")
    parser.add_argument("--processes", type=int, default=1, help="how many processes share the port (default 1)")
    parser.add_argument(
        "--grace",
        type=int,
        default=25,
        metavar="SECONDS",
        help="how long running requests may go on after SIGTERM (default 25); new ones are not taken",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    parent.die_with_it()
    url = database.url_of_running(settings)
    migrations.check(url)
    _Server(settings, url, arguments.processes, arguments.grace).run()
    return 0


class _Server(BaseApplication):  # type: ignore[misc]
    """gunicorn with its settings in code. No preload: the pool must be opened after the fork."""

    def __init__(self, settings: Settings, database_url: str, processes: int, grace_s: int) -> None:
        self._settings, self._database_url = settings, database_url
        self._processes, self._grace_s = processes, grace_s
        super().__init__()

    def load_config(self) -> None:
        options: dict[str, Any] = {
            "bind": f"{self._settings.host}:{self._settings.port}",
            "workers": self._processes,
            "reuse_port": True,  # the next one starts before this one stops
            "worker_class": "blogforge_llm.cli.draining.DrainingWorker",
            "threads": THREADS,
            "preload_app": False,
            "timeout": 60,
            "graceful_timeout": self._grace_s,
            "keepalive": 30,
            "limit_request_line": 8190,  # what is longer gunicorn refuses itself, with words of its own
            "errorlog": "-",
            "loglevel": "warning",
            "control_socket_disable": True,
            "post_worker_init": _begin,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        from blogforge_llm.app import create_app
        from blogforge_llm.watching import watch

        # The listener's thread hands live text to readers' threads while others compute: turns must be short.
        sys.setswitchinterval(0.001)
        db.open_pool(self._database_url, max_size=24)
        app = create_app(self._settings)
        watch.start()
        gc.freeze()  # what was imported stays: the collector need not look at it in the middle of a request
        return app


def _begin(worker: Any) -> None:
    _close_streams_first()
    print(f"blogforge: web serves {', '.join(str(socket) for socket in worker.sockets)}", flush=True)


def _close_streams_first() -> None:
    """An open stream would keep its thread, and so the process, until the graceful timeout."""
    from blogforge_llm.live.hub import hub

    def wrap(number: int) -> None:
        usual = signal.getsignal(number)

        def close_then_usual(received: int, frame: FrameType | None) -> None:
            hub.close()
            if callable(usual):
                usual(received, frame)

        signal.signal(number, close_then_usual)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        wrap(number)
