"""Versions beside what each changed, and what a saved form did, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from blogforge_llm.records.prompts import Part, PartVersion, Template, TemplateVersion
from blogforge_llm.services import diffs
from blogforge_llm.web.pages import Page


@dataclass(frozen=True, slots=True)
class Entry:
    """A version with its changes to the one before; none for the first."""

    version: PartVersion | TemplateVersion
    changes: list[diffs.Change]


def of_part(versions: Sequence[PartVersion], page: Page) -> list[Entry]:
    """`versions` newest first, one more than the page shows."""
    return _entries(versions, [_told(version) for version in versions], page)


def of_template(versions: Sequence[TemplateVersion], outlines: Sequence[str], page: Page) -> list[Entry]:
    return _entries(versions, outlines, page)


def told(before: Part | Template, after: Part | Template, *, is_published: bool) -> str:
    """What saving did: a version in use, one that waits, or only the facts around it."""
    if after.version != before.version:
        return f"Version {after.version} of “{after.name}” is in use."
    if not is_published and after.latest_version != before.version:
        return f"Version {after.latest_version} of “{after.name}” is saved. It waits to be published."
    return f"“{after.name}” is saved."


def _entries(versions: Sequence[PartVersion | TemplateVersion], texts: Sequence[str], page: Page) -> list[Entry]:
    entries = []
    for place, version in enumerate(versions[: page.size]):
        older = texts[place + 1] if place + 1 < len(versions) else None
        entries.append(Entry(version, diffs.words(older, texts[place]) if older is not None else []))
    return entries


def _told(version: PartVersion) -> str:
    facts = [f"Role: {version.role}"]
    if version.variable:
        facts.append(f"Variable: {version.variable} · {version.label} · <{version.fence}>")
    return "\n".join([*facts, "", version.content])
