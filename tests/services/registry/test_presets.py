"""Presets and the rules of parameters."""

from __future__ import annotations

from typing import Any

import pytest

from blogforge_llm import db
from blogforge_llm.errors import Conflict, Forbidden, Invalid, NotFound
from blogforge_llm.records.accounts import User
from blogforge_llm.services.registry import parameters, presets


def test_only_what_is_given_is_kept() -> None:
    given = {"temperature": 0, "top_p": None, "max_tokens": "", "stop": ["###", ""], "seed": 7}
    assert parameters.clean(given) == {"temperature": 0, "stop": ["###"], "seed": 7}
    assert parameters.clean({"stop": []}) == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", -0.1),
        ("temperature", 2.1),
        ("temperature", float("nan")),
        ("temperature", True),
        ("temperature", "warm"),
        ("top_p", 1.01),
        ("max_tokens", 0),
        ("max_tokens", 1.5),
        ("seed", 2**63),
        ("stop", "###"),
        ("stop", ["a", "b", "c", "d", "e"]),
        ("stop", ["a\x00"]),
        ("stop", [1]),
        ("colour", "red"),
    ],
)
def test_what_is_out_of_range_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(Invalid) as refused:
        parameters.clean({name: value})
    assert refused.value.errors.keys() == {name}


def test_a_preset_is_kept_renamed_and_deleted(conn: db.Connection, ada: User) -> None:
    preset = presets.create(conn, actor=ada, name="Careful", parameters={"temperature": 0.2})
    assert presets.update(conn, actor=ada, preset_id=preset.id, name="Steady").parameters == {"temperature": 0.2}
    assert presets.find_by_name(conn, name="steady") is not None
    with pytest.raises(Conflict, match="already a preset named STEADY"):
        presets.create(conn, actor=ada, name="STEADY", parameters={})
    presets.delete(conn, actor=ada, preset_id=preset.id)
    with pytest.raises(NotFound):
        presets.get(conn, preset_id=preset.id)


def test_only_admins_keep_presets(conn: db.Connection, alice: User) -> None:
    with pytest.raises(Forbidden):
        presets.create(conn, actor=alice, name="Mine", parameters={})


def test_a_preset_in_use_is_not_deleted_and_the_action_is_named(conn: db.Connection, ada: User) -> None:
    preset = presets.create(conn, actor=ada, name="Careful", parameters={})
    template = conn.execute("INSERT INTO templates (name) VALUES ('T') RETURNING id").fetchone()
    assert template is not None
    conn.execute(
        "INSERT INTO actions (field_id, name, template_id, preset_id)"
        " SELECT id, 'Draft', %s, %s FROM fields ORDER BY id LIMIT 1",
        (template["id"], preset.id),
    )
    with pytest.raises(Conflict, match="Draft"):
        presets.delete(conn, actor=ada, preset_id=preset.id)
    conn.execute("UPDATE actions SET archived_at = now()")
    presets.delete(conn, actor=ada, preset_id=preset.id)
