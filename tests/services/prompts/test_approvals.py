from __future__ import annotations

import pytest

from blogforge_llm import db
from blogforge_llm.errors import Conflict, Forbidden
from blogforge_llm.records.accounts import User
from blogforge_llm.records.prompts import Template
from blogforge_llm.services.ops import audit
from blogforge_llm.services.prompts import approvals, parts, templates
from tests import factories
from tests.services.prompts.factories import block, inline, make_part, make_template


@pytest.fixture
def bea(conn: db.Connection) -> User:
    """Another admin."""
    return factories.make_user(conn, name="Bea", role="admin")


def guarded(conn: db.Connection, actor: User, *blocks: object) -> Template:
    template = make_template(conn, actor, *blocks)  # type: ignore[arg-type]
    return templates.set_approval(conn, actor=actor, template_id=template.id, needs_approval=True)


def test_nobody_publishes_what_they_wrote_and_somebody_else_does(conn: db.Connection, ada: User, bea: User) -> None:
    template = guarded(conn, ada)
    with pytest.raises(Conflict, match="becomes a proposal"):
        templates.update(conn, actor=ada, template_id=template.id, blocks=[inline("New.")])
    templates.update(conn, actor=ada, template_id=template.id, blocks=[inline("New.")], publish=False)
    assert templates.get(conn, template_id=template.id).waiting_version == 2
    with pytest.raises(Forbidden, match="You wrote version 2"):
        templates.publish(conn, actor=ada, template_id=template.id, number=2)
    with pytest.raises(Forbidden):  # the same words again are still hers
        templates.update(conn, actor=ada, template_id=template.id, blocks=[inline("New.")], publish=True)
    assert templates.publish(conn, actor=bea, template_id=template.id, number=2).version == 2
    version = templates.get_version(conn, template_id=template.id, number=2)
    assert (version.created_by_name, version.published_by_name) == ("Ada", "Bea")
    newest = audit.list_(conn, actor=ada, noun="template")[0]
    assert (newest.action, newest.user_name) == ("publish", "Bea") and "version 2" in newest.detail


def test_going_back_to_what_somebody_else_approved_needs_nobody(conn: db.Connection, ada: User, bea: User) -> None:
    template = guarded(conn, ada)
    for words in ("Two.", "Three."):
        templates.update(conn, actor=ada, template_id=template.id, blocks=[inline(words)], publish=False)
        latest = templates.get(conn, template_id=template.id).latest_version
        templates.publish(conn, actor=bea, template_id=template.id, number=latest)
    assert templates.publish(conn, actor=ada, template_id=template.id, number=2).version == 2
    with pytest.raises(Forbidden):  # version 1 was hers alone, before anybody asked for a second person
        templates.publish(conn, actor=ada, template_id=template.id, number=1)


def test_a_part_cannot_slip_past_the_templates_that_speak_it(conn: db.Connection, ada: User, bea: User) -> None:
    part = make_part(conn, ada, content="Old.")
    template = guarded(conn, bea, block(part))
    assert parts.list_guarding(conn, part_id=part.id) == [template.name]
    with pytest.raises(Conflict, match="second person"):
        parts.update(conn, actor=ada, part_id=part.id, content="New.")
    parts.update(conn, actor=ada, part_id=part.id, content="New.", publish=False)
    with pytest.raises(Forbidden):
        parts.publish(conn, actor=ada, part_id=part.id, number=2)
    assert parts.publish(conn, actor=bea, part_id=part.id, number=2).content == "New."


def test_a_part_of_a_proposal_is_guarded_too(conn: db.Connection, ada: User) -> None:
    part, template = make_part(conn, ada), guarded(conn, ada)
    assert parts.list_guarding(conn, part_id=part.id) == []
    templates.update(conn, actor=ada, template_id=template.id, blocks=[block(part)], publish=False)
    assert parts.list_guarding(conn, part_id=part.id) == [template.name]


def test_proposals_are_listed_until_they_are_decided(conn: db.Connection, ada: User, bea: User) -> None:
    part = make_part(conn, ada)
    template = guarded(conn, ada, block(part))
    parts.update(conn, actor=ada, part_id=part.id, content="Newer.", publish=False, note="Better")
    templates.update(conn, actor=ada, template_id=template.id, blocks=[inline("New.")], publish=False)
    waiting = approvals.list_waiting(conn, actor=bea)
    assert [(w.noun, w.id, w.number, w.guarding) for w in waiting] == [
        ("part", part.id, 2, [template.name]), ("template", template.id, 2, [template.name]),
    ]  # fmt: skip
    assert approvals.count_waiting(conn) == 2
    templates.decline(conn, actor=bea, template_id=template.id, number=2)
    parts.publish(conn, actor=bea, part_id=part.id, number=2)
    assert approvals.list_waiting(conn, actor=bea) == [] and approvals.count_waiting(conn) == 0
    with pytest.raises(Conflict, match="does not wait"):
        templates.decline(conn, actor=bea, template_id=template.id, number=2)


def test_approval_is_not_switched_off_to_get_a_proposal_through(conn: db.Connection, ada: User, bea: User) -> None:
    template = guarded(conn, ada)
    templates.update(conn, actor=ada, template_id=template.id, blocks=[inline("New.")], publish=False)
    with pytest.raises(Conflict, match="Publish or decline it first"):
        templates.set_approval(conn, actor=ada, template_id=template.id, needs_approval=False)
    templates.decline(conn, actor=ada, template_id=template.id, number=2)
    off = templates.set_approval(conn, actor=ada, template_id=template.id, needs_approval=False)
    assert not off.needs_approval
    assert audit.list_(conn, actor=ada, noun="template")[0].action == "stop requiring approval"
