from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from blogforge_llm import db
from blogforge_llm.engine.types import OutputContract, Parameters
from blogforge_llm.errors import Forbidden, Invalid, NotFound
from blogforge_llm.records.accounts import User
from blogforge_llm.services.editorial import actions, library, library_document, materials
from blogforge_llm.services.prompts import parts, resolver, templates
from tests.services.prompts.factories import inline

SMALL: dict[str, Any] = {
    "format": "blogforge-library/1",
    "name": "Small",
    "description": "",
    "parts": [
        {"name": "Rules", "kind": "system", "role": "system", "content": "Be brief."},
        {"name": "Idea", "kind": "data", "role": "user", "content": "The idea:", "variable": "idea_seed"},
    ],
    "templates": [
        {"name": "Expand", "blocks": [{"part": "Rules"}, {"part": "Idea"}, {"role": "user", "content": "Go."}]}
    ],
    "actions": [{"field": "basic_idea", "name": "Expand it", "template": "Expand", "is_default": True}],
}


def changed(**places: Any) -> dict[str, Any]:
    """SMALL with other values: changed(parts__0__content="…")."""
    data = copy.deepcopy(SMALL)
    for path, value in places.items():
        *above, last = [int(step) if step.isdigit() else step for step in path.split("__")]
        place = data
        for step in above:
            place = place[step]
        place[last] = value
    return data


def import_(conn: db.Connection, actor: User, data: dict[str, Any]) -> Any:
    return library.import_(conn, actor=actor, library=library_document.of(data))


def test_the_starter_library_imports_whole_and_again_changes_nothing(conn: db.Connection, ada: User) -> None:
    starter = library.starter()
    first = library.import_(conn, actor=ada, library=starter)
    total = len(starter.parts) + len(starter.templates) + len(starter.actions)
    assert (len(first.created), first.updated, first.unchanged, first.kept) == (total, [], [], [])
    again = library.import_(conn, actor=ada, library=starter)
    assert (again.created, again.updated, len(again.unchanged), again.kept) == ([], [], total, [])
    assert all(part.latest_version == 1 for part in parts.list_(conn))


def test_every_starter_template_resolves_and_every_field_has_a_default(conn: db.Connection, ada: User) -> None:
    library.import_(conn, actor=ada, library=library.starter())
    keys = {row["key"] for row in conn.execute("SELECT key FROM fields")}
    keys |= {name for computed in materials.COMPUTED.values() for name in computed}
    for template in templates.list_(conn):
        variables = resolver.variables(conn, template.version_id)
        assert {variable.name for variable in variables} <= keys
        for wanted in (variables, [v for v in variables if v.is_required]):
            inputs = {variable.name: f"Some {variable.label}." for variable in wanted}
            resolved = resolver.resolve(conn, template_id=template.id, inputs=inputs)
            assert resolved.messages[0].role == "system" and resolved.messages[-1].role == "user"
            assert all(f"Some {variable.label}." in resolved.messages[-1].text for variable in wanted)
    for action in actions.list_(conn):
        parameters, contract = actions.engine_settings(action)
        assert isinstance(parameters, Parameters) and isinstance(contract, OutputContract)
    defaults = [action.field_key for action in actions.list_(conn) if action.is_default]
    assert len(defaults) == len(set(defaults)) and set(defaults) == {a.field_key for a in actions.list_(conn)}


def test_export_and_import_are_inverse(conn: db.Connection, ada: User) -> None:
    starter = library.starter()
    library.import_(conn, actor=ada, library=starter)
    exported = library_document.read(library_document.write(library.export(conn, actor=ada)).encode())
    assert (exported.parts, exported.templates, exported.actions) == (starter.parts, starter.templates, starter.actions)
    conn.execute("TRUNCATE actions, template_blocks, templates, template_versions, parts, part_versions CASCADE")
    library.import_(conn, actor=ada, library=exported)
    assert library.export(conn, actor=ada) == exported


def test_new_words_of_the_library_become_a_new_version_where_nobody_edited(conn: db.Connection, ada: User) -> None:
    import_(conn, ada, SMALL)
    newer = changed(parts__0__content="Be very brief.", templates__0__blocks__2__content="Start.")
    report = import_(conn, ada, newer)
    assert report.updated == ["Part: Rules", "Template: Expand"]
    assert [p.version for p in parts.list_(conn, q="Rules")] == [2]
    assert import_(conn, ada, newer).updated == []


def test_edited_rows_are_kept_and_reported(conn: db.Connection, ada: User) -> None:
    import_(conn, ada, SMALL)
    rules = parts.list_(conn, q="Rules")[0]
    parts.update(conn, actor=ada, part_id=rules.id, content="My own words.")
    template = templates.list_(conn)[0]
    templates.update(conn, actor=ada, template_id=template.id, blocks=[inline("Mine.")])
    action = actions.list_(conn)[0]
    actions.update(conn, actor=ada, action_id=action.id, parameters={"temperature": 0.1})
    report = import_(conn, ada, changed(parts__0__content="Be very brief."))
    assert report.kept == ["Part: Rules", "Template: Expand", "Action: basic_idea, Expand it"]
    assert parts.get(conn, part_id=rules.id).content == "My own words."
    assert actions.get(conn, action.id).parameters == {"temperature": 0.1}


def test_what_waits_to_be_published_is_an_edit_too(conn: db.Connection, ada: User) -> None:
    import_(conn, ada, SMALL)
    rules, template = parts.list_(conn, q="Rules")[0], templates.list_(conn)[0]
    parts.add_version(conn, actor=ada, part_id=rules.id, content="A draft.")
    templates.add_version(conn, actor=ada, template_id=template.id, blocks=[inline("A draft.")])
    assert import_(conn, ada, SMALL).kept == []
    newer = changed(parts__0__content="Be very brief.", templates__0__blocks__2__content="Start.")
    report = import_(conn, ada, newer)
    assert (report.kept, report.updated) == (["Part: Rules", "Template: Expand"], [])
    assert parts.get(conn, part_id=rules.id).content == "Be brief."
    assert [(v.content, v.is_published) for v in parts.list_versions(conn, part_id=rules.id)] == [
        ("A draft.", False),
        ("Be brief.", True),
    ]


def test_what_was_archived_here_does_not_come_back(conn: db.Connection, ada: User) -> None:
    import_(conn, ada, SMALL)
    action = actions.list_(conn)[0]
    actions.archive(conn, actor=ada, action_id=action.id)
    templates.archive(conn, actor=ada, template_id=action.template_id)
    report = import_(conn, ada, SMALL)
    assert report.kept == ["Template: Expand", "Action: basic_idea, Expand it"] and report.created == []


def test_rows_of_our_own_with_the_same_name_are_kept(conn: db.Connection, ada: User) -> None:
    parts.create(conn, actor=ada, name="rules", kind="system", role="system", content="Ours.")
    assert import_(conn, ada, SMALL).kept == ["Part: Rules"]
    assert parts.list_(conn, q="rules")[0].content == "Ours."


def test_an_own_default_stays_the_default(conn: db.Connection, ada: User) -> None:
    template = templates.create(conn, actor=ada, name="Mine", blocks=[inline("Go.")])
    field_id = conn.execute("SELECT id FROM fields WHERE key = 'basic_idea'").fetchone()["id"]  # type: ignore[index]
    mine = actions.create(conn, actor=ada, field_id=field_id, name="Mine", template_id=template.id)
    import_(conn, ada, SMALL)
    assert actions.get_default(conn, field_id) == mine


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (b"", "line 1, column 1"),
        (b"{\n  nope", "line 2, column 3"),
        (b"\xff\xfe", "UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a": NaN}', "no number"),
        (b" " * 4_000_001, "larger than 4 MB"),
        (b"[]", "the file must be an object"),
        ({"format": "other"}, "has no actions"),
        (changed(format="blogforge-library/2"), "format is not blogforge-library/1"),
        (changed(surprise=1), "“surprise”"),
        (changed(parts={}), "parts must be a list"),
        (changed(parts__1=7), "parts[1] must be an object"),
        (changed(parts__0__kind="poem"), "parts[0]: A part's kind"),
        (changed(parts__0__content=7), "parts[0].content must be a text"),
        (changed(parts__0__content="{{ broken"), "parts[0]: The text, line 1"),
        (changed(parts__0__content="a\x00"), "parts[0]: The text has a NUL"),
        (changed(parts__0__tags=[7]), "parts[0].tags must be a list of texts"),
        (changed(parts__0__position=True), "parts[0].position must be a whole number"),
        (changed(parts__1__variable="no name"), "parts[1].variable must be a letter"),
        (changed(parts__1__name="rules"), "parts[1] has the name of parts[0]"),
        (changed(templates__0__blocks=[]), "templates[0]: Add at least one block"),
        (changed(templates__0__blocks__0={"part": "Rules", "content": "x"}), "templates[0]: Block 1 must be either"),
        (changed(templates__0__blocks__0={"text": "x"}), "templates[0].blocks[0] has “text”"),
        (changed(templates__0__blocks__0__part="Nobody"), "templates[0] “Expand”: blocks[0]: there is no part"),
        (changed(templates__0__blocks=[{"part": "Rules"}]), "templates[0] “Expand”: System text alone"),
        (changed(actions__0__template="Nobody"), "actions[0] “Expand it”: there is no template “Nobody”"),
        (changed(actions__0__field="nobody"), "actions[0] “Expand it”: there is no field “nobody”"),
        (changed(actions__0__parameters={"temperature": 9}), "actions[0]: temperature"),
        (changed(actions__0__contract={"shape": "poem"}), "actions[0]: An answer's shape"),
        (changed(parts__1__variable="unheard_of"), "actions[0] “Expand it”: This template needs `unheard_of`"),
    ],
)  # fmt: skip
def test_a_malformed_file_is_refused_at_its_place(conn: db.Connection, ada: User, document: Any, place: str) -> None:
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    with pytest.raises(Invalid) as refusal, conn.transaction():
        library.import_(conn, actor=ada, library=library_document.read(content))
    assert place in str(refusal.value)
    assert list(refusal.value.errors) == ["document"]
    assert parts.count(conn) == templates.count(conn) == actions.count(conn) == 0


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"nothing\.json cannot be read"):
        library.load(tmp_path / "nothing.json")


def test_only_admins_import_and_everybody_exports(conn: db.Connection, alice: User, charlie: User) -> None:
    for person in (alice, charlie):
        with pytest.raises(Forbidden):
            import_(conn, person, SMALL)
        assert library.export(conn, actor=person).parts == ()
