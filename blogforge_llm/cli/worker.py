"""blogforge worker: run queued tasks."""

from __future__ import annotations

import argparse

from blogforge_llm import db, migrations
from blogforge_llm.cli import database, parent
from blogforge_llm.config import Settings


def add_arguments(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("worker", help="run queued tasks")
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
    from blogforge_llm.jobs import worker

    parent.die_with_it()
    url = database.url_of_running(settings)
    migrations.check(url)
    runner.configure(settings)
    db.open_pool(url, max_size=worker.SLOTS + 8)
    worker.run(url, grace_s=arguments.grace)
    return 0
