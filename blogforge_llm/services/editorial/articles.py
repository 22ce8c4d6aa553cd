"""A post as the one article it becomes: its blocks with how far each is, as readers get it, and at two moments.
Its texts are values of fields (fields.py); which of them are stale says staleness.py, which are done marks.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blogforge_llm import db
from blogforge_llm.errors import NotFound
from blogforge_llm.records.articles import Article, Block, BlockStatus, Difference, Mark, Moment, Passage, Reading
from blogforge_llm.records.editorial import Field, Overview, Scope, Substage, SuggestionStatus
from blogforge_llm.records.sections import Section
from blogforge_llm.services.editorial import desk, fields, marks, posts, sections

sql = db.load("editorial/articles")

MOST_MOMENTS = 200  # offered to choose from
_TITLE, _SUBTITLE, _OPENING, _CLOSING, _CAPTION = (
    "main_title",
    "subtitle",
    "intro_blurb",
    "conclusion",
    "section_caption",
)

Marks = Mapping[tuple[int | None, str], Mark]
Texts = dict[int, dict[str, dict[str, Any]]]


def overview(conn: db.Connection, *, post_id: int) -> Article:
    whole = desk.overview(conn, post_id=post_id)
    done = marks.list_for(conn, post_id=post_id)
    texts = _section_texts(conn, post_id, is_whole=False)
    blocks = {
        substage.key: _blocks(whole, substage, done, texts) for stage in whole.stages for substage in stage.substages
    }
    return Article(whole, blocks)


def read(conn: db.Connection, *, post_id: int) -> Reading:
    """Title, introduction, sections in their order with their captions, and the end. Of a section the polished text,
    else its draft."""
    post = posts.get(conn, post_id=post_id)
    values = {value.field.key: value for value in fields.list_values(conn, post_id=post_id)}
    texts = _section_texts(conn, post_id, is_whole=True)
    passages, missing = [], []
    for key in (_OPENING, None, _CLOSING):
        if key is None:
            for section in sections.list_for(conn, post_id=post_id):
                found = _passage(section, texts.get(section.id, {}))
                passages += [found] if found.text else []
                missing += [] if found.text else [section.name]
        elif key in values and values[key].is_filled:
            value = values[key]
            passages.append(Passage(None, key, None, value.text, "", value.field.substage_key))
    title, subtitle = (values[key].text if key in values else "" for key in (_TITLE, _SUBTITLE))
    return Reading(post, title.strip() or post.title, subtitle, passages, missing)


def list_moments(conn: db.Connection, *, post_id: int) -> list[Moment]:
    """When something was written, the newest first; at most the last MOST_MOMENTS."""
    posts.get(conn, post_id=post_id)
    return [Moment(**row) for row in sql.list_moments(conn, post_id=post_id, limit=MOST_MOMENTS)]


def choose(
    conn: db.Connection, *, post_id: int, before_id: int | None = None, after_id: int | None = None
) -> tuple[Moment | None, Moment | None]:
    """Two moments by their revisions, else the oldest that is listed and the newest; none for a post without any text.
    Raises NotFound when the post had no text yet at one of them."""
    known = list_moments(conn, post_id=post_id)
    ends = (known[-1], known[0]) if known else (None, None)
    first, second = (
        end if chosen is None else _moment(conn, post_id, chosen)
        for chosen, end in zip((before_id, after_id), ends, strict=True)
    )
    return first, second


def compare(conn: db.Connection, *, post_id: int, before: Moment | None, after: Moment | None) -> list[Difference]:
    """The texts that are not the same at two moments, in the order of the article."""
    first, second = (moment.revision_id if moment else 0 for moment in (before, after))
    rows = sql.list_differences(conn, post_id=post_id, before_id=first, after_id=second)
    return [Difference(**row) for row in rows]


def _moment(conn: db.Connection, post_id: int, revision_id: int) -> Moment:
    row = sql.get_moment(conn, post_id=post_id, revision_id=revision_id)
    if row is None:
        raise NotFound("The post had no text at this moment. Choose a later one.")
    return Moment(**row)


def _section_texts(conn: db.Connection, post_id: int, *, is_whole: bool) -> Texts:
    """By section and field key."""
    found: Texts = {}
    for row in sql.list_section_texts(conn, post_id=post_id, is_whole=is_whole):
        found.setdefault(row["section_id"], {})[row["field_key"]] = row
    return found


def _passage(section: Section, own: Mapping[str, dict[str, Any]]) -> Passage:
    key = sections.TEXT if sections.TEXT in own else sections.DRAFT
    text, caption = (own[each]["text"] if each in own else "" for each in (key, _CAPTION))
    return Passage(section.id, key, section.heading or section.code, text, caption, "sections")


def _blocks(whole: Overview, substage: Substage, done: Marks, texts: Texts) -> list[Block]:
    blocks = []
    if substage.has_sections:
        blocks = [_of_section(whole, substage, each, done, texts.get(each.id, {})) for each in whole.sections]
    return blocks + [_of_field(whole, field, done) for field in substage.fields]


def _of_field(whole: Overview, field: Field, done: Marks) -> Block:
    value, waiting = whole.values[field.key], whole.waiting(field.key)
    revision, stale, mark = value.revision, whole.stale.get((None, field.key), []), done.get((None, field.key))
    return Block(
        section_id=None, field_key=field.key, scope=field.scope, substage_key=field.substage_key, name=field.name,
        status=_status(value.is_filled, bool(stale), waiting, mark), words=revision.words if revision else 0,
        excerpt=value.text[:700], revision_id=revision.id if revision else None,
        written_at=revision.created_at if revision else None, written_by_name=revision.user_name if revision else None,
        model_name=revision.model_name if revision else None, waiting=waiting, stale=stale, mark=mark,
    )  # fmt: skip


def _of_section(
    whole: Overview, substage: Substage, section: Section, done: Marks, own: Mapping[str, dict[str, Any]]
) -> Block:
    """One for the section: the text readers see, with whatever is stale or waits in any of its fields."""
    key = sections.TEXT if sections.TEXT in own else sections.DRAFT
    text: Mapping[str, Any] = own.get(key, {})
    stale = [each for (section_id, _), found in whole.stale.items() if section_id == section.id for each in found]
    waits = SuggestionStatus.PENDING if section.waiting > section.failed else SuggestionStatus.FAILED
    waiting, mark = waits if section.waiting else None, done.get((section.id, key))
    return Block(
        section_id=section.id, field_key=key, scope=Scope.SECTION, substage_key=substage.key, name=section.name,
        status=_status(bool(text), bool(stale), waiting, mark), words=text.get("words", 0),
        excerpt=text.get("text", ""), revision_id=text.get("revision_id"), written_at=text.get("written_at"),
        written_by_name=text.get("written_by_name"), model_name=text.get("model_name"), waiting=waiting, stale=stale,
        mark=mark,
    )  # fmt: skip


def _status(is_filled: bool, is_stale: bool, waiting: SuggestionStatus | None, mark: Mark | None) -> BlockStatus:
    """What somebody has to act on comes first: a stale text, then a suggestion."""
    if is_filled and is_stale:
        return BlockStatus.STALE
    if waiting == SuggestionStatus.PENDING:
        return BlockStatus.SUGGESTED
    if not is_filled:
        return BlockStatus.EMPTY
    return BlockStatus.DONE if mark else BlockStatus.EDITED
