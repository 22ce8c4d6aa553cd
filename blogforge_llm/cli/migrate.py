"""blogforge migrate: bring the database to this version's schema."""

from __future__ import annotations

import argparse

from blogforge_llm import migrations
from blogforge_llm.cli import database
from blogforge_llm.config import Settings


def add_arguments(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("migrate", help="bring the database to this version's schema")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    with database.running(settings) as url:
        ran = migrations.apply(url)
    for name in ran:
        print(f"applied {name}")
    if not ran:
        print("The schema is up to date.")
    return 0
