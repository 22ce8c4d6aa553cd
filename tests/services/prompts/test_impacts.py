from __future__ import annotations

from decimal import Decimal

import pytest

from blogforge_llm import db
from blogforge_llm.errors import Conflict
from blogforge_llm.records.accounts import User
from blogforge_llm.records.prompts import Template
from blogforge_llm.services.editorial import actions
from blogforge_llm.services.prompts import comparisons, impacts, parts, templates
from tests import factories
from tests.services.prompts.factories import block, inline, make_data_part, make_part, make_template


def make_action(conn: db.Connection, actor: User, template: Template, field: str = "idea_scope") -> int:
    row = conn.execute("SELECT id FROM fields WHERE key = %s", (field,)).fetchone()
    assert row is not None
    return actions.create(conn, actor=actor, field_id=row["id"], name="Write", template_id=template.id).id


def test_an_impact_shows_each_template_before_and_after_with_size_and_price(conn: db.Connection, ada: User) -> None:
    model = factories.make_model(conn, name="small", input_price="1", output_price="2")
    factories.make_route(conn, model_ids=[model])
    part = make_part(conn, ada, content="Write about {{ basic_idea }}.")
    first = make_template(conn, ada, block(part), name="A")
    make_template(conn, ada, inline("Be kind.", "system"), block(part, role="assistant"), inline("Go."), name="B")
    make_template(conn, ada, inline("Other."), block(part, is_enabled=False), name="C")
    action = make_action(conn, ada, first)
    parts.update(conn, actor=ada, part_id=part.id, content="Write well about {{ basic_idea }}.", publish=False)
    impact = impacts.of_part(conn, actor=ada, part_id=part.id, number=2)
    assert [change.template.name for change in impact.changed] == ["A", "B"] and impact.count == 2
    change = impact.changed[0]
    assert [run.text for run in change.changes if run.kind == "added"] == [" well"]
    assert [usage.id for usage in change.actions] == [action] and (change.tokens_before, change.tokens_after) == (8, 9)
    assert change.prices[0].model_name == "small" and change.prices[0].before == Decimal(change.tokens_before) / 10**6
    assert "[assistant]" in "".join(run.text for run in impact.changed[1].changes)
    assert impact.problems == [] and impact.guarding == []


def test_the_second_page_of_an_impact_goes_on_where_the_first_ended(conn: db.Connection, ada: User) -> None:
    part = make_part(conn, ada)
    for name in "ABC":
        make_template(conn, ada, block(part), name=name)
    impact = impacts.of_part(conn, actor=ada, part_id=part.id, number=1, limit=2, offset=2)
    assert [change.template.name for change in impact.changed] == ["C"] and impact.count == 3


def test_an_impact_takes_as_many_reads_for_ten_templates_as_for_one(conn: db.Connection, ada: User) -> None:
    part = make_part(conn, ada)
    make_template(conn, ada, block(part))
    one = _reads(conn, ada, part.id)
    for _ in range(9):
        make_template(conn, ada, block(part), inline("More."))
    assert _reads(conn, ada, part.id) == one


def _reads(conn: db.Connection, actor: User, part_id: int) -> int:
    conn.execute("DEALLOCATE ALL")
    count = 0

    class Counting:
        def __getattr__(self, name: str) -> object:
            return getattr(conn, name)

        def cursor(self, *args: object, **kwargs: object) -> object:
            nonlocal count
            count += 1
            return conn.cursor(*args, **kwargs)

    impacts.of_part(Counting(), actor=actor, part_id=part_id, number=1)  # type: ignore[arg-type]
    assert count > 0
    return count


def test_a_variable_that_nobody_fills_is_shown_and_refused(conn: db.Connection, ada: User) -> None:
    part = make_part(conn, ada, content="Write about {{ basic_idea }}.")
    template = make_template(conn, ada, block(part), name="Opening")
    action = make_action(conn, ada, template)
    with pytest.raises(Conflict, match="“Idea scope: Write” asks with “Opening”, which would need `budget`"):
        parts.update(conn, actor=ada, part_id=part.id, content="{{ basic_idea }} for {{ budget }}.")
    parts.update(conn, actor=ada, part_id=part.id, content="{{ basic_idea }} for {{ budget }}.", publish=False)
    impact = impacts.of_part(conn, actor=ada, part_id=part.id, number=2)
    assert len(impact.problems) == 1 and "`budget`" in impact.problems[0]
    with pytest.raises(Conflict, match="cannot be used"):
        parts.publish(conn, actor=ada, part_id=part.id, number=2)
    actions.archive(conn, actor=ada, action_id=action)
    assert parts.publish(conn, actor=ada, part_id=part.id, number=2).version == 2


def test_an_optional_block_may_go_unfilled(conn: db.Connection, ada: User) -> None:
    part = make_part(conn, ada, content="For {{ basic_idea }}.")
    make_action(conn, ada, make_template(conn, ada, inline("Write."), block(part, is_optional=True)))
    assert parts.update(conn, actor=ada, part_id=part.id, content="For {{ budget }}.").version == 2


def test_a_part_whose_role_leaves_a_prompt_without_a_question_is_refused(conn: db.Connection, ada: User) -> None:
    part = make_part(conn, ada)
    make_template(conn, ada, block(part), name="Alone")
    make_template(conn, ada, block(part), inline("And more."), name="In company")
    with pytest.raises(Conflict, match="“Alone” would ask nothing"):
        parts.update(conn, actor=ada, part_id=part.id, role="system")


def test_a_template_version_that_breaks_an_action_is_refused(conn: db.Connection, ada: User) -> None:
    template = make_template(conn, ada, name="Opening")
    make_action(conn, ada, template)
    with pytest.raises(Conflict, match="`budget`"):
        templates.update(conn, actor=ada, template_id=template.id, blocks=[inline("{{ budget }}")])
    assert templates.get(conn, template_id=template.id).version == 1


def test_two_versions_are_compared_as_written_and_as_read(conn: db.Connection, ada: User) -> None:
    data = make_data_part(conn, ada, name="The idea")
    template = make_template(conn, ada, block(data), inline("Write."))
    templates.update(conn, actor=ada, template_id=template.id, blocks=[block(data), inline("Write well.")])
    found = comparisons.of_template(conn, template_id=template.id, old=1, new=2)
    source, resolved = ("".join(run.text for run in runs) for runs in (found.source, found.resolved))
    assert "[user] The idea" in source and "<basic_idea>\n{{ basic_idea }}" in resolved
    assert [run.text for run in found.resolved if run.kind == "added"] == [" well"]
    parts.update(conn, actor=ada, part_id=data.id, content="Consider:")
    of_part = comparisons.of_part(conn, part_id=data.id, old=1, new=2)
    assert "Variable: basic_idea" in of_part.source[0].text and of_part.new.number == 2
