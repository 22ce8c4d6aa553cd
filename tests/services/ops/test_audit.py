"""The audit log: every change by hand is in it with what it changed, and no secret ever is."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from blogforge_llm import db
from blogforge_llm.errors import Conflict, Forbidden, NotFound
from blogforge_llm.records.accounts import User
from blogforge_llm.records.ops import AuditEntry, AuditFilter
from blogforge_llm.records.prompts import Block, MessageRole
from blogforge_llm.services.accounts import settings, tokens, users
from blogforge_llm.services.editorial import actions, library
from blogforge_llm.services.ops import audit
from blogforge_llm.services.prompts import parts, templates
from blogforge_llm.services.registry import encryption, keys, models, presets, providers, routes
from tests import factories

SECRET = "sk-very-secret-0123456789"


@pytest.fixture(autouse=True)
def key_of_keys() -> None:
    encryption.configure("a secret of the tests only")


def newest(conn: db.Connection, actor: User, noun: str) -> AuditEntry:
    return audit.list_(conn, actor=actor, chosen=AuditFilter(noun=noun), limit=1)[0]


def make_template(conn: db.Connection, actor: User, content: str = "Say {{ basic_idea }}.") -> int:
    blocks = [Block(role=MessageRole.USER, content=content)]
    return templates.create(conn, actor=actor, name="Title", blocks=blocks).id


def test_a_change_says_who_did_it_and_what_was_before_and_after(conn: db.Connection, ada: User) -> None:
    provider = providers.create(conn, actor=ada, name="Groq", kind="groq")
    providers.update(conn, actor=ada, provider_id=provider.id, name="Groq Cloud", requests_per_minute=30)
    entry = newest(conn, ada, "provider")
    assert (entry.user_id, entry.user_name, entry.action, entry.noun_id) == (ada.id, "Ada", "update", str(provider.id))
    assert entry.detail == "Groq"
    assert entry.changes == {"name": ["Groq", "Groq Cloud"], "requests_per_minute": [None, 30]}


def test_a_refused_change_is_not_in_the_log(conn: db.Connection, ada: User) -> None:
    providers.create(conn, actor=ada, name="Groq", kind="groq")
    with pytest.raises(Conflict), conn.transaction():
        providers.create(conn, actor=ada, name="groq", kind="groq")
    assert len(audit.list_(conn, actor=ada, chosen=AuditFilter(noun="provider"))) == 1


def test_no_secret_gets_into_the_log(conn: db.Connection, ada: User) -> None:
    provider = providers.create(conn, actor=ada, name="Groq", kind="groq", api_key=SECRET)
    key = keys.create(conn, actor=ada, provider_id=provider.id, api_key=SECRET + "x", name="Second")
    keys.update(conn, actor=ada, key_id=key.id, api_key=SECRET + "y")
    user = users.create(
        conn, actor=ada, email="dan@example.org", name="Dan", role="editor", password="few unrelated words"
    )
    users.set_password(conn, actor=ada, user_id=user.id, password="another few unrelated words")
    _, token = tokens.create(conn, actor=ada, name="laptop")
    text = str(conn.execute("SELECT * FROM audit_log").fetchall())
    assert SECRET not in text and token not in text and "unrelated" not in text
    assert newest(conn, ada, "key").action == "replace"
    assert newest(conn, ada, "user").action == "set_password"


def test_a_secret_is_left_out_even_when_somebody_passes_it(conn: db.Connection) -> None:
    assert audit.changes({"api_key": "old", "name": "A"}, {"api_key": "new", "name": "B"}) == {"name": ["A", "B"]}
    assert audit.changes(None, {"headers": {"token": "x", "accept": "y"}}) == {"headers": [None, {"accept": "y"}]}


def test_of_somebodys_own_key_and_token_the_log_tells_no_name(conn: db.Connection, alice: User, ada: User) -> None:
    provider_id = factories.make_provider(conn, kind="groq", base_url=None)
    keys.create(conn, actor=alice, provider_id=provider_id, api_key=SECRET, name="Private thing", is_personal=True)
    tokens.create(conn, actor=alice, name="Private thing")
    for noun in ("key", "token"):
        entry = newest(conn, ada, noun)
        assert entry.user_name == "Alice"
        assert "Private" not in f"{entry.detail} {entry.changes}"


Deed = Callable[[db.Connection, User], Any]


def _route(conn: db.Connection, ada: User) -> None:
    first, second = factories.make_model(conn), factories.make_model(conn)
    route = routes.create(conn, actor=ada, name="Careful", model_ids=[first])
    routes.add_model(conn, actor=ada, route_id=route.id, model_id=second)
    routes.move(conn, actor=ada, route_id=route.id, model_id=second, by=-1)
    routes.reorder(conn, actor=ada, route_id=route.id, order=[first, second])
    routes.remove_model(conn, actor=ada, route_id=route.id, model_id=second)
    other = routes.create(conn, actor=ada, name="Other", model_ids=[first])
    routes.archive(conn, actor=ada, route_id=other.id)


def _model(conn: db.Connection, ada: User) -> None:
    provider_id = factories.make_provider(conn, kind="groq", base_url=None)
    models.create(conn, actor=ada, provider_id=provider_id, name="first")
    model = models.create(conn, actor=ada, provider_id=provider_id, name="second")
    models.update(conn, actor=ada, model_id=model.id, input_price=Decimal("0.5"))
    models.archive(conn, actor=ada, model_id=model.id)


def _preset(conn: db.Connection, ada: User) -> None:
    preset = presets.create(conn, actor=ada, name="Calm", parameters={"temperature": 0.2})
    presets.update(conn, actor=ada, preset_id=preset.id, parameters={"temperature": 0.3})
    presets.delete(conn, actor=ada, preset_id=preset.id)


def _part(conn: db.Connection, ada: User) -> None:
    part = parts.create(conn, actor=ada, name="Plain", kind="style", role="system", content="Short words.")
    parts.update(conn, actor=ada, part_id=part.id, content="Shorter words.")
    parts.publish(conn, actor=ada, part_id=part.id, number=1)
    parts.archive(conn, actor=ada, part_id=part.id)
    parts.unarchive(conn, actor=ada, part_id=part.id)


def _template(conn: db.Connection, ada: User) -> None:
    template_id = make_template(conn, ada)
    templates.update(conn, actor=ada, template_id=template_id, description="For titles.")
    templates.archive(conn, actor=ada, template_id=template_id)
    templates.unarchive(conn, actor=ada, template_id=template_id)
    templates.publish(conn, actor=ada, template_id=template_id, number=1)


def _action(conn: db.Connection, ada: User) -> None:
    row = conn.execute("SELECT id FROM fields WHERE key = 'basic_idea'").fetchone()
    assert row is not None
    template_id = make_template(conn, ada)
    action = actions.create(conn, actor=ada, field_id=row["id"], name="Short", template_id=template_id)
    actions.update(conn, actor=ada, action_id=action.id, name="Shorter")
    actions.archive(conn, actor=ada, action_id=action.id)
    actions.unarchive(conn, actor=ada, action_id=action.id)


def _user(conn: db.Connection, ada: User) -> None:
    user = users.create(conn, actor=ada, email="d@example.org", name="Dan", role="editor", password="few other words")
    users.update(conn, actor=ada, user_id=user.id, role="viewer")
    users.delete(conn, actor=ada, user_id=user.id)


DEEDS: list[tuple[str, Deed, list[str]]] = [
    ("route", _route, ["create", "update", "update", "update", "update", "create", "archive"]),
    ("model", _model, ["create", "create", "update", "archive"]),
    ("preset", _preset, ["create", "update", "delete"]),
    ("part", _part, ["create", "publish", "update", "publish", "archive", "unarchive"]),
    ("template", _template, ["create", "update", "archive", "unarchive", "publish"]),
    ("action", _action, ["create", "update", "archive", "unarchive"]),
    ("user", _user, ["create", "update", "delete"]),
]


@pytest.mark.parametrize(("noun", "deed", "expected"), DEEDS, ids=[noun for noun, _, _ in DEEDS])
def test_every_deed_of_an_admin_is_in_the_log(
    conn: db.Connection, ada: User, noun: str, deed: Deed, expected: list[str]
) -> None:
    deed(conn, ada)
    entries = audit.list_(conn, actor=ada, chosen=AuditFilter(noun=noun))
    assert [entry.action for entry in reversed(entries)] == expected
    assert all(entry.detail and entry.user_id == ada.id for entry in entries)
    assert all(entry.changes for entry in entries if entry.action in {"create", "update"})


def test_a_setting_is_logged_with_its_old_and_new_value_and_only_when_it_changes(
    conn: db.Connection, ada: User
) -> None:
    for _ in range(2):
        settings.update(conn, actor=ada, key="trusted_proxies", value=1)
    entries = audit.list_(conn, actor=ada, chosen=AuditFilter(noun="setting"))
    assert [(entry.noun_id, entry.changes) for entry in entries] == [("trusted_proxies", {"value": [0, 1]})]


def test_an_imported_library_is_one_entry_beside_those_of_its_rows(conn: db.Connection, ada: User) -> None:
    library.import_(conn, actor=ada, library=library.starter())
    assert newest(conn, ada, "library").action == "import"
    assert newest(conn, ada, "library").changes["created"][1] > 10


def test_filters_and_cursor_narrow_the_log(conn: db.Connection, ada: User) -> None:
    other = factories.make_user(conn, name="Eve", role="admin")
    for actor in (ada, other, ada):
        presets.create(conn, actor=actor, name=f"Preset {actor.name} {actor.id} {audit_count(conn)}", parameters={})
    mine = audit.list_(conn, actor=ada, chosen=AuditFilter(user_id=ada.id, noun="preset", action="create"))
    assert [entry.user_name for entry in mine] == ["Ada", "Ada"]
    older = audit.list_(conn, actor=ada, chosen=AuditFilter(noun="preset"), before_id=mine[0].id)
    assert [entry.user_name for entry in older] == ["Eve", "Ada"]
    assert audit.list_(conn, actor=ada, chosen=AuditFilter(until=mine[-1].at)) == []
    assert {"preset"} == set(audit.list_choices(conn, actor=ada)[0])


def audit_count(conn: db.Connection) -> int:
    row = conn.execute("SELECT count(*) AS count FROM audit_log").fetchone()
    assert row is not None
    return int(row["count"])


def test_the_name_stays_when_the_person_is_gone(conn: db.Connection, ada: User) -> None:
    other = factories.make_user(conn, name="Eve", role="admin")
    presets.create(conn, actor=other, name="Calm", parameters={})
    users.delete(conn, actor=ada, user_id=other.id)
    entry = newest(conn, ada, "preset")
    assert (entry.user_id, entry.user_name) == (None, "Eve")


def test_only_admins_read_it(conn: db.Connection, alice: User, ada: User) -> None:
    with pytest.raises(Forbidden):
        audit.list_(conn, actor=alice, chosen=AuditFilter())
    with pytest.raises(Forbidden):
        audit.export(conn, actor=alice, chosen=AuditFilter())
    with pytest.raises(NotFound):
        audit.get(conn, actor=ada, entry_id=2**60)
