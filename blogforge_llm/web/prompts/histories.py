"""Versions beside what each changed, and what a saved form did, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import request

from blogforge_llm.records.prompts import Part, PartVersion, Template, TemplateVersion
from blogforge_llm.services import diffs
from blogforge_llm.services.prompts import part_texts
from blogforge_llm.web.pages import Page

MOST_OFFERED = 200  # versions to choose from when comparing


@dataclass(frozen=True, slots=True)
class Entry:
    """A version with its changes to the one before; none for the first."""

    version: PartVersion | TemplateVersion
    changes: list[diffs.Change]


def of_part(versions: Sequence[PartVersion], page: Page) -> list[Entry]:
    """`versions` newest first, one more than the page shows."""
    return _entries(versions, [part_texts.told(version) for version in versions], page)


def of_template(versions: Sequence[TemplateVersion], outlines: Sequence[str], page: Page) -> list[Entry]:
    return _entries(versions, outlines, page)


def pair(thing: Part | Template) -> dict[str, int]:
    """Which versions the address asks to compare; else the one in use with the one that waits, or the one before it."""
    new = request.args.get("new", thing.waiting_version or thing.version, type=int)
    old = request.args.get("old", thing.version if new != thing.version else max(new - 1, 1), type=int)
    return {"old": old, "new": new}


def told(before: Part | Template, after: Part | Template, *, is_published: bool) -> str:
    """What saving did: a version in use, one that waits, or only the facts around it."""
    if after.version != before.version:
        return f"Version {after.version} of “{after.name}” is in use."
    if not is_published and after.waiting_version is not None:
        return f"Version {after.waiting_version} of “{after.name}” is saved. It waits to be published."
    return f"“{after.name}” is saved."


def _entries(versions: Sequence[PartVersion | TemplateVersion], texts: Sequence[str], page: Page) -> list[Entry]:
    entries = []
    for place, version in enumerate(versions[: page.size]):
        older = texts[place + 1] if place + 1 < len(versions) else None
        entries.append(Entry(version, diffs.words(older, texts[place]) if older is not None else []))
    return entries
