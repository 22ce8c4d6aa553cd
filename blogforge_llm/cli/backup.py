"""blogforge backup FILE and restore FILE: the whole database as one pg_dump archive. The secret key is not in it."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg

from blogforge_llm import embedded, migrations
from blogforge_llm.cli import database
from blogforge_llm.config import Settings
from blogforge_llm.errors import Conflict, Unavailable


def add_arguments(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    backup = subparsers.add_parser("backup", help="write the whole database to a file")
    backup.add_argument("file", type=Path, metavar="FILE")
    backup.set_defaults(run=run_backup)
    restore = subparsers.add_parser("restore", help="read a backup into an empty installation")
    restore.add_argument("file", type=Path, metavar="FILE")
    restore.set_defaults(run=run_restore)


def run_backup(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write beside FILE first: a backup that broke off must never look like one."""
    unfinished = arguments.file.with_name(arguments.file.name + ".unfinished")
    with database.running(settings) as url:
        try:
            unfinished.unlink(missing_ok=True)
            os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL, 0o600))  # it has everybody's texts and password hashes
            _run(
                settings, "pg_dump", "--format=custom", f"--file={unfinished}", "--exclude-table-data=task_frames", url
            )
            _run(settings, "pg_restore", "--list", str(unfinished))
            unfinished.replace(arguments.file)
        finally:
            unfinished.unlink(missing_ok=True)
    size = arguments.file.stat().st_size
    print(f"wrote {arguments.file}, {size:,} bytes", file=sys.stderr)
    print(
        "Keep the secret key beside it: without it the providers' keys in the backup cannot be read.", file=sys.stderr
    )
    return 0


def run_restore(arguments: argparse.Namespace, settings: Settings) -> int:
    """Raises Conflict when the installation is in use: a restore never writes over anything."""
    if not arguments.file.is_file():
        raise Unavailable(f"There is no file {arguments.file}.")
    with database.running(settings) as url:
        _refuse_used(url)
        _run(
            settings, "pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction",
            f"--dbname={url}", str(arguments.file),
        )  # fmt: skip
        migrations.apply(url)
    print(f"restored {arguments.file}", file=sys.stderr)
    return 0


def _refuse_used(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        row = conn.execute("SELECT to_regclass('users') IS NOT NULL").fetchone()
        if row and row[0] and conn.execute("SELECT 1 FROM users LIMIT 1").fetchone():
            raise Conflict("This installation is in use. Restore into an empty one: a new data directory or database.")


def _run(settings: Settings, program: str, *arguments: str) -> None:
    # Another server may be newer than the bundled client, which would refuse it: then its own client must be installed.
    own = None if settings.is_embedded else shutil.which(program)
    done = subprocess.run(
        [own or embedded.pg_program(program), *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        raise Unavailable(f"{program} failed: {lines[0]}")
