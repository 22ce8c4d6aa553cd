"""`blogforge library import FILE` and `blogforge library export`: prompts in and out as one file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from blogforge_llm import db
from blogforge_llm.config import Settings
from blogforge_llm.records.library import ImportReport
from blogforge_llm.services.editorial import library, library_document

STARTER = "editorial"  # instead of a file: the library that comes with the product


def add_arguments(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """main.py opens the pool for this verb, and prints what goes wrong."""
    parser = subparsers.add_parser("library", help="import and export prompts")
    verbs = parser.add_subparsers(dest="library_verb", required=True)
    import_ = verbs.add_parser("import", help="import a library; what was edited here is kept")
    import_.add_argument("file", metavar="FILE", help=f"a JSON file, or “{STARTER}” for the starter library")
    import_.set_defaults(run=run_import)
    export = verbs.add_parser("export", help="print all parts, templates and actions as JSON")
    export.set_defaults(run=run_export)


def run_import(arguments: argparse.Namespace, settings: Settings) -> int:
    path = Path(arguments.file)
    wanted = library.starter() if arguments.file == STARTER and not path.exists() else library.load(path)
    with db.transaction() as conn:
        report = library.import_(conn, actor=library.find_first_admin(conn), library=wanted)
    _tell(report)
    return 0


def run_export(arguments: argparse.Namespace, settings: Settings) -> int:
    with db.transaction() as conn:
        text = library_document.write(library.export(conn, actor=library.find_first_admin(conn)))
    sys.stdout.write(text)
    return 0


def _tell(report: ImportReport) -> None:
    fates = {name: getattr(report, name) for name in ("created", "updated", "unchanged", "kept")}
    print(f"{report.name}: " + ", ".join(f"{len(names)} {fate}" for fate, names in fates.items()) + ".")
    for name in report.kept:
        print(f"  kept, as it was edited or archived here: {name}")
