"""Any two versions of a part or a template side by side, word by word: as written, and as a model would read them."""

from __future__ import annotations

from dataclasses import dataclass

from blogforge_llm import db
from blogforge_llm.records.prompts import PartVersion, TemplateVersion
from blogforge_llm.services import diffs
from blogforge_llm.services.prompts import impacts, part_texts, parts, resolver, templates


@dataclass(frozen=True, slots=True)
class Comparison:
    """From `old` to `new`. `resolved` speaks with today's parts, variables standing for themselves."""

    old: PartVersion | TemplateVersion
    new: PartVersion | TemplateVersion
    source: list[diffs.Change]
    resolved: list[diffs.Change]


def of_part(conn: db.Connection, *, part_id: int, old: int, new: int) -> Comparison:
    part = parts.get(conn, part_id=part_id)
    versions = [parts.get_version(conn, part_id=part_id, number=number) for number in (old, new)]
    said = [resolver.said(part_texts.piece(part, part_texts.of(version))) for version in versions]
    texts = [part_texts.told(version) for version in versions]
    return Comparison(versions[0], versions[1], diffs.words(*texts), diffs.words(*said))


def of_template(conn: db.Connection, *, template_id: int, old: int, new: int) -> Comparison:
    versions = [templates.get_version(conn, template_id=template_id, number=number) for number in (old, new)]
    pieces = resolver.list_pieces_of(conn, [version.id for version in versions])
    texts = [resolver.outline(pieces[version.id]) for version in versions]
    said = [impacts.text_of(impacts.resolved(pieces[version.id])) for version in versions]
    return Comparison(versions[0], versions[1], diffs.words(*texts), diffs.words(*said))
