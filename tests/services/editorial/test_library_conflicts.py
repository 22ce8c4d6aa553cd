from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from blogforge_llm import db
from blogforge_llm.config import ROOT
from blogforge_llm.errors import Invalid
from blogforge_llm.records.accounts import User
from blogforge_llm.records.library import Choice, ImportReport
from blogforge_llm.services.editorial import library, library_document
from blogforge_llm.services.prompts import parts, templates
from tests.services.editorial.test_library import SMALL, changed


def import_(conn: db.Connection, actor: User, data: dict[str, Any], **options: Any) -> ImportReport:
    return library.import_(conn, actor=actor, library=library_document.of(data), **options)


def edited(conn: db.Connection, actor: User) -> None:
    """SMALL imported, and its rules changed here."""
    import_(conn, actor, SMALL)
    rules = parts.list_(conn, q="Rules")[0]
    parts.update(conn, actor=actor, part_id=rules.id, content="Our own rules.")


def test_a_dry_run_reports_what_the_import_then_does_and_changes_nothing(conn: db.Connection, ada: User) -> None:
    edited(conn, ada)
    newer = changed(parts__1__content="Consider:", parts__0__content="Theirs.")
    dry = import_(conn, ada, newer, dry_run=True, on_conflict=Choice.REPLACE)
    assert dry.is_dry_run and dry.updated == ["Part: Idea"] and dry.replaced == ["Part: Rules"]
    assert parts.list_(conn, q="Rules")[0].content == "Our own rules."
    real = import_(conn, ada, newer, on_conflict=Choice.REPLACE)
    for name in ("created", "updated", "unchanged", "kept", "replaced", "renamed", "conflicts"):
        assert getattr(real, name) == getattr(dry, name)
    assert parts.list_(conn, q="Rules")[0].content == "Theirs."
    assert import_(conn, ada, newer).unchanged and not import_(conn, ada, newer).conflicts


def test_nothing_edited_here_is_written_over_unless_it_is_chosen(conn: db.Connection, ada: User) -> None:
    edited(conn, ada)
    report = import_(conn, ada, SMALL)
    assert [(c.label, c.reason, c.choice) for c in report.conflicts] == [("Part: Rules", "edited here", Choice.KEEP)]
    assert parts.list_(conn, q="Rules")[0].content == "Our own rules."
    import_(conn, ada, SMALL, choices={"Part: Rules": Choice.REPLACE})
    rules = parts.list_(conn, q="Rules")[0]
    assert rules.content == "Be brief." and rules.latest_version == 3


def test_both_are_kept_under_two_names_and_the_librarys_templates_speak_its_own(conn: db.Connection, ada: User) -> None:
    edited(conn, ada)
    data = changed(templates__0__name="Other", actions__0__template="Other", actions__0__name="Other")
    report = import_(conn, ada, data, choices={"Part: Rules": Choice.RENAME})
    assert report.renamed == ["Part: Rules"]
    taken = next(part for part in parts.list_(conn) if part.name == "Rules 2")
    other = next(template for template in templates.list_(conn) if template.name == "Other")
    version = templates.get_version(conn, template_id=other.id, number=1)
    assert version.blocks[0].part_id == taken.id and taken.content == "Be brief."


def test_what_is_archived_here_comes_back_only_when_chosen(conn: db.Connection, ada: User) -> None:
    data = changed(templates__0__blocks=[{"role": "user", "content": "Go."}])
    import_(conn, ada, data)
    rules = parts.list_(conn, q="Rules")[0]
    parts.archive(conn, actor=ada, part_id=rules.id)
    assert import_(conn, ada, data).conflicts[0].reason == "archived here"
    import_(conn, ada, data, choices={"Part: Rules": Choice.REPLACE})
    assert parts.get(conn, part_id=rules.id).archived_at is None


def test_what_needs_a_second_person_is_proposed(conn: db.Connection, ada: User) -> None:
    import_(conn, ada, SMALL)
    template = templates.list_(conn)[0]
    templates.set_approval(conn, actor=ada, template_id=template.id, needs_approval=True)
    report = import_(conn, ada, changed(parts__0__content="Theirs."))
    assert report.proposed == ["Part: Rules"]
    rules = parts.list_(conn, q="Rules")[0]
    assert (rules.content, rules.waiting_version) == ("Be brief.", 2)


def test_the_published_schema_takes_the_starter_library_and_every_export(conn: db.Connection, ada: User) -> None:
    schema = json.loads(library.schema())
    jsonschema.Draft202012Validator.check_schema(schema)
    check = jsonschema.Draft202012Validator(schema).validate
    check(json.loads((ROOT / "library" / "editorial.json").read_text()))
    check(SMALL)
    library.import_(conn, actor=ada, library=library.starter())
    check(json.loads(library_document.write(library.export(conn, actor=ada))))


@pytest.mark.parametrize(
    "places",
    [
        {"format": "other/1"}, {"parts__0__kind": "song"}, {"parts__0__role": "tool"}, {"parts__1__variable": "no way"},
        {"parts__0__fence": "a b"}, {"parts__1__fence": " topic"},
        {"templates__0__blocks": []}, {"templates__0__blocks__0": {"role": "user"}}, {"parts__0__position": 1001},
        {"templates__0__blocks__0": {"part": "Rules", "content": "x"}}, {"actions__0__surprise": 1},
    ],
)  # fmt: skip
def test_schema_and_reader_refuse_the_same(places: dict[str, Any]) -> None:
    data = changed(**places)
    with pytest.raises(Invalid):
        library_document.of(data)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(json.loads(library.schema())).validate(data)
