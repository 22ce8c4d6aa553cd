"""`blogforge library import FILE` and `blogforge library export`: prompts in and out as one file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from blogforge_llm import db
from blogforge_llm.config import Settings
from blogforge_llm.records.library import Choice, ImportReport
from blogforge_llm.services.editorial import library, library_document

STARTER = "editorial"  # instead of a file: the library that comes with the product


def add_arguments(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """main.py opens the pool for this verb, and prints what goes wrong."""
    parser = subparsers.add_parser("library", help="import and export prompts")
    verbs = parser.add_subparsers(dest="library_verb", required=True)
    import_ = verbs.add_parser("import", help="import a library; what was edited here is kept")
    import_.add_argument("file", metavar="FILE", help=f"a JSON file, or “{STARTER}” for the starter library")
    import_.add_argument("--dry-run", action="store_true", help="tell what would be done, and do nothing")
    import_.add_argument(
        "--on-conflict", choices=list(Choice), default=Choice.KEEP, metavar="CHOICE",
        help="what to do with what was edited or archived here: keep it (usual), replace it, or rename the new one",
    )  # fmt: skip
    import_.set_defaults(run=run_import)
    export = verbs.add_parser("export", help="print all parts, templates and actions as JSON")
    export.set_defaults(run=run_export)


def run_import(arguments: argparse.Namespace, settings: Settings) -> int:
    path = Path(arguments.file)
    wanted = library.starter() if arguments.file == STARTER and not path.exists() else library.load(path)
    with db.transaction() as conn:
        report = library.import_(
            conn, actor=library.find_first_admin(conn), library=wanted, dry_run=arguments.dry_run,
            on_conflict=Choice(arguments.on_conflict),
        )  # fmt: skip
    _tell(report)
    return 0


def run_export(arguments: argparse.Namespace, settings: Settings) -> int:
    with db.transaction() as conn:
        text = library_document.write(library.export(conn, actor=library.find_first_admin(conn)))
    sys.stdout.write(text)
    return 0


def _tell(report: ImportReport) -> None:
    fates = {name: getattr(report, name) for name in ("created", "updated", "unchanged", "kept")}
    fates |= {name: names for name in ("replaced", "renamed", "proposed") if (names := getattr(report, name))}
    would = " (dry run, nothing is changed)" if report.is_dry_run else ""
    print(f"{report.name}{would}: " + ", ".join(f"{len(names)} {fate}" for fate, names in fates.items()) + ".")
    for conflict in report.conflicts:
        fate = {Choice.KEEP: "kept", Choice.REPLACE: "replaced", Choice.RENAME: "renamed"}[conflict.choice]
        print(f"  {fate}, though it is {conflict.reason}: {conflict.label}")
