"""`blogforge import-legacy DSN`: posts, prompts, actions, models and history of an original BlogForge, of any age."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

from blogforge_llm import db
from blogforge_llm.config import Settings
from blogforge_llm.errors import Invalid
from blogforge_llm.records.legacy import Entry, Fate, Report, Table
from blogforge_llm.services.editorial import library
from blogforge_llm.services.legacy import importer, source

_SHOWN = 20  # rows of each table and fate on the screen; the report's file has all
_UNKNOWN = "\N{REPLACEMENT CHARACTER}"
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_WORDS = {
    Fate.CONFLICT: "Conflicts: somebody must decide",
    Fate.KEPT: "Kept, because it was edited here",
    Fate.LEFT_OUT: "Left out",
    Fate.CHANGED: "Changed on the way in",
}


def add_arguments(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """main.py opens the pool for this verb, and prints what goes wrong."""
    parser = subparsers.add_parser(
        "import-legacy", help="import an original BlogForge; again takes only what is new or changed there"
    )
    parser.add_argument(  # several: the words of “host=… user=…”, which must not end in a message about usage
        "dsn", metavar="DSN", nargs="+",
        help="its database, such as postgresql://USER@HOST/blog; only read. The password is better in PGPASSWORD",
    )  # fmt: skip
    parser.add_argument("--dry-run", action="store_true", help="tell what would be done, and do nothing")
    parser.add_argument("--report", metavar="FILE", type=Path, help="write what became of every row, as JSON")
    parser.add_argument(
        "--source", metavar="NAME",
        help="what the source is called here (default: the database's name); a copy of it needs the same name",
    )  # fmt: skip
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    with db.transaction() as conn:
        actor = library.find_first_admin(conn)
    if arguments.report is not None:
        _require_writable(arguments.report)
    with source.opened(" ".join(arguments.dsn)) as (name, opened):
        report = importer.run(
            opened, actor=actor, name=arguments.source or name, transaction=db.transaction,
            is_dry_run=arguments.dry_run,
        )  # fmt: skip
    if arguments.report is not None:
        arguments.report.write_text(json.dumps(report.as_data(), indent=1, ensure_ascii=False) + "\n", "utf-8")
    sys.stdout.write(told(report))
    return 0


def told(report: Report) -> str:
    """The report for a terminal, which takes no orders from the source's texts."""
    would = " (dry run, nothing is changed)" if report.is_dry_run else ""
    lines = [f"{report.source}{would}", "", *_counts(report)]
    for fate, heading in _WORDS.items():
        if report.fates[fate]:
            lines += ["", f"{heading} ({report.fates[fate]})", *_details(report, fate)]
    told = "".join(f"{_UNPRINTABLE.sub(_UNKNOWN, line)}\n" for line in lines)
    encoding = sys.stdout.encoding or "utf-8"
    return told.encode(encoding, "replace").decode(encoding)


def _counts(report: Report) -> list[str]:
    width = max(len(name) for name in report.tables)
    heads = {Fate.LEFT_OUT: "left out"}
    lines = [f"{'table':{width}} {'rows':>8}" + "".join(f"{heads.get(fate, fate):>11}" for fate in Fate)]
    for table in [*report.tables.values(), _sum(report)]:
        if table.rows or table.name == "in all":
            lines.append(
                f"{table.name:{width}} {table.rows:>8}" + "".join(f"{table.fates[fate] or '·':>11}" for fate in Fate)
            )
    return lines


def _sum(report: Report) -> Table:
    every = [Entry("", fate) for table in report.tables.values() for fate in table.fates.elements()]
    return Table("in all", sum(table.rows for table in report.tables.values()), entries=every)


def _details(report: Report, fate: Fate) -> list[str]:
    lines = []
    for table in report.tables.values():
        if table.reason is not None:
            is_told = fate is Fate.LEFT_OUT and (table.rows or not table.is_readable)
            lines += [f"  {table.name}: {table.reason}"] if is_told else []
            continue
        found = [entry for entry in table.entries if entry.fate is fate]
        lines += [f"  {table.name} {entry.row_id}{_became(entry)}: {_notes(entry)}" for entry in found[:_SHOWN]]
        if len(found) > _SHOWN:
            lines.append(f"  {table.name}: {len(found) - _SHOWN} more; --report FILE lists them all")
    return lines


def _notes(entry: Entry) -> str:
    return "; ".join(note.rstrip(".") for note in entry.notes)


def _became(entry: Entry) -> str:
    return f" → {', '.join(entry.became)}" if entry.became else ""


def _require_writable(path: Path) -> None:
    """Before anything is imported: a report that cannot be kept is found out at once."""
    try:
        path.open("a", encoding="utf-8").close()
    except OSError as error:
        raise Invalid(f"The report cannot be written to {path}: {error.strerror}. Name another file.") from error
