"""Admins edit the workflow: its order, its rows, and what they put away. Nothing written is ever touched."""

from __future__ import annotations

import pytest

from blogforge_llm.errors import Conflict, Forbidden, Invalid, NotFound
from blogforge_llm.records.accounts import User
from blogforge_llm.records.editorial import Field, Substage
from blogforge_llm.services.editorial import (
    actions,
    desk,
    fields,
    limits,
    plans,
    posts,
    revisions,
    workflow,
    workflow_archival,
    workflow_fields,
    workflow_order,
    workflow_steps,
)
from blogforge_llm.services.editorial.workflow_archival import Noun
from blogforge_llm.services.prompts import templates, variables
from tests.services.editorial.structure import find, make_post, text_of, write, write_post
from tests.services.prompts.factories import inline, make_template


def step(conn, key: str) -> Substage:
    return next(each for each in workflow.everything(conn).substages if each.key == key)


def add(conn, ada: User, key: str, substage: str = "research", **values) -> Field:
    values = {"name": key.title()} | values
    return workflow_fields.create(conn, actor=ada, substage_id=step(conn, substage).id, key=key, **values)


def keys(conn, substage: str = "research") -> list[str]:
    return [field.key for field in workflow.list_fields(conn) if field.substage_key == substage]


def archive(conn, ada: User, field: Field) -> None:
    workflow_archival.archive(conn, actor=ada, noun=Noun.FIELD, row_id=field.id)


def version(conn) -> int:
    return workflow.everything(conn).version


@pytest.fixture
def post(conn, alice):
    return posts.create(conn, actor=alice, idea="kilts for weddings")


def test_a_new_field_is_asked_in_every_post_and_fills_its_variable(conn, ada, alice, post):
    field = add(conn, ada, "fact_check", kind="list", help="One a line.")
    assert keys(conn) == ["topics_to_cover", "interesting_facts", "fact_check"]
    write_post(conn, alice, post, "fact_check", "One\n\nTwo")
    assert fields.get(conn, post_id=post.id, field_key="fact_check").text == "One\nTwo"
    template = make_template(conn, ada, inline("Check {{ fact_check }}"))
    assert variables.sources(conn)["fact_check"].name == "Fact_Check"
    action = actions.create(conn, actor=ada, field_id=field.id, name="Check", template_id=template.id)
    assert actions.engine_settings(action)[1].shape == "list"


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"key": "Fact"}, "key"), ({"key": "1st"}, "key"), ({"key": "section_ideas"}, "key"), ({"key": "loop"}, "key"),
        ({"name": " "}, "name"), ({"kind": "picture"}, "kind"), ({"scope": "board"}, "scope"),
        ({"scope": "section"}, "scope"), ({"max_length": 0}, "max_length"), ({"max_length": 200_001}, "max_length"),
        ({"max_words": 0}, "max_words"), ({"help": "x" * 501}, "help"), ({"substage_id": 2**40}, "substage_id"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_refused_by_name(conn, ada, values, wrong):
    given = {"substage_id": step(conn, "research").id, "key": "fine", "name": "Fine"} | values
    with pytest.raises(Invalid) as refusal:
        workflow_fields.create(conn, actor=ada, **given)
    assert list(refusal.value.errors) == [wrong]


def test_all_that_is_wrong_with_a_field_is_said_at_once(conn, ada):
    given = {"key": "1st", "name": " ", "kind": "picture", "scope": "board", "max_length": "many", "max_words": 0}
    with pytest.raises(Invalid) as refusal:
        workflow_fields.create(conn, actor=ada, substage_id=step(conn, "research").id, **given, help="x" * 501)
    assert set(refusal.value.errors) == {*given, "help"}
    with pytest.raises(Invalid) as refusal:
        workflow_fields.create(conn, actor=ada, **given | {"substage_id": 2**40})
    assert set(refusal.value.errors) == {*given, "substage_id"} - {"scope"}
    seed = workflow.get_field(conn, key="idea_seed")
    with pytest.raises(Invalid) as refusal:
        workflow_fields.update(conn, actor=ada, field_id=seed.id, key="spark", kind="list", name="")
    assert set(refusal.value.errors) == {"key", "kind", "name"}


def test_a_key_that_is_taken_says_by_what(conn, ada):
    archive(conn, ada, add(conn, ada, "gone"))
    with pytest.raises(Conflict, match="“Gone” under Research, which is archived") as refusal:
        add(conn, ada, "gone")
    assert list(refusal.value.errors) == ["key"]
    other = add(conn, ada, "other")
    with pytest.raises(Conflict, match="which is archived"):
        workflow_fields.update(conn, actor=ada, field_id=other.id, key="gone")


def test_a_field_keeps_its_key_once_something_uses_it(conn, ada, alice, post):
    field = add(conn, ada, "draft_one")
    renamed = workflow_fields.update(conn, actor=ada, field_id=field.id, key="first_draft", name="First draft")
    assert (renamed.key, renamed.name) == ("first_draft", "First draft")
    write_post(conn, alice, post, "first_draft", "Mine.")
    with pytest.raises(Invalid, match="key of “First draft” stays"):
        workflow_fields.update(conn, actor=ada, field_id=field.id, key="other")
    named = add(conn, ada, "named")
    make_template(conn, ada, inline("Use {{ named }}"))
    with pytest.raises(Invalid, match="stays"):
        workflow_fields.update(conn, actor=ada, field_id=named.id, key="other")


def test_what_the_product_needs_keeps_its_kind_and_stays_in_use(conn, ada):
    seed = workflow.get_field(conn, key="idea_seed")
    assert workflow_fields.update(conn, actor=ada, field_id=seed.id, name="Spark").name == "Spark"
    with pytest.raises(Invalid, match="its kind stays"):
        workflow_fields.update(conn, actor=ada, field_id=seed.id, kind="list")
    with pytest.raises(Conflict, match="product itself works with “Spark”"):
        archive(conn, ada, seed)
    stage = workflow.list_stages(conn)[0]
    with pytest.raises(Conflict, match="product itself"):
        workflow_archival.archive(conn, actor=ada, noun=Noun.STAGE, row_id=stage.id)


def test_fields_move_to_another_step_with_their_texts(conn, ada, alice, post):
    field = add(conn, ada, "mover")
    write_post(conn, alice, post, "mover", "Mine.")
    moved = workflow_fields.update(conn, actor=ada, field_id=field.id, substage_id=step(conn, "idea").id)
    assert moved.substage_key == "idea" and keys(conn, "idea")[-1] == "mover"
    assert fields.get(conn, post_id=post.id, field_key="mover").text == "Mine."
    heading = workflow.get_field(conn, key="section_heading")
    with pytest.raises(Invalid, match="belongs to sections"):
        workflow_fields.update(conn, actor=ada, field_id=heading.id, substage_id=step(conn, "idea").id)


def test_every_section_gets_a_new_field_of_sections(conn, ada, alice):
    post = make_post(conn, alice, "Origins")
    field = add(conn, ada, "section_quote", substage="sections", scope="section")
    section = find(conn, post, "Origins")
    write(conn, alice, section, "Wool.", "section_quote")
    assert text_of(conn, section, "section_quote") == "Wool."
    archive(conn, ada, field)
    with pytest.raises(Conflict, match="was archived"):
        write(conn, alice, section, "Linen.", "section_quote")
    (kept,) = fields.list_archived(conn, post_id=post.id, section_id=section.id)
    assert kept.text == "Wool."


def test_the_order_is_compared_and_set(conn, ada):
    seen, research = version(conn), step(conn, "research")
    ids = [field.id for field in research.every_field]
    workflow_order.reorder_fields(conn, actor=ada, substage_id=research.id, order=ids[::-1], version=seen)
    assert keys(conn) == ["interesting_facts", "topics_to_cover"]
    with pytest.raises(Conflict, match="changed the workflow meanwhile") as refusal:
        workflow_order.reorder_fields(conn, actor=ada, substage_id=research.id, order=ids, version=seen)
    assert refusal.value.current == {"version": seen + 1}
    with pytest.raises(Invalid, match="each one in use once"):
        workflow_order.reorder_fields(conn, actor=ada, substage_id=research.id, order=ids[:1], version=seen + 1)


def test_stages_and_steps_are_added_ordered_and_moved(conn, ada):
    stage = workflow_steps.create_stage(conn, actor=ada, name="Review")
    fresh = workflow_steps.create_substage(conn, actor=ada, stage_id=stage.id, name="Fact check!", icon="check")
    again = workflow_steps.create_substage(conn, actor=ada, stage_id=stage.id, name="Fact check", icon="check")
    assert (stage.key, fresh.key, again.key) == ("review", "fact_check", "fact_check_2")
    found = workflow.everything(conn)
    order = [found.stages[-1].id, *(each.id for each in found.stages[:-1])]
    workflow_order.reorder_stages(conn, actor=ada, order=order, version=found.version)
    assert [each.key for each in workflow.list_substages(conn)][:3] == ["fact_check", "fact_check_2", "idea"]
    planning = workflow.everything(conn).stages[1]
    moved = workflow_steps.update_substage(conn, actor=ada, substage_id=fresh.id, stage_id=planning.id, name="Facts")
    assert (moved.key, moved.stage_key, moved.name) == ("fact_check", "planning", "Facts")
    assert [each.key for each in workflow.list_substages(conn)][:5] == [
        "fact_check_2", "idea", "research", "structure", "fact_check",
    ]  # fmt: skip


def test_posts_do_not_show_a_step_before_it_has_a_field(conn, ada):
    stage = workflow_steps.create_stage(conn, actor=ada, name="Review")
    workflow_steps.create_substage(conn, actor=ada, stage_id=stage.id, name="Facts")
    assert "review" not in [each.key for each in workflow.list_stages(conn)]
    add(conn, ada, "checked", substage="facts")
    assert workflow.list_stages(conn)[-1].key == "review"


def test_an_archived_field_leaves_new_work_and_comes_back_with_its_texts(conn, ada, alice, post):
    field = workflow.get_field(conn, key="subtitle")
    revision = write_post(conn, alice, post, "subtitle", "Wool and weather")
    archive(conn, ada, field)
    assert "subtitle" not in keys(conn, "content") and "subtitle" not in variables.sources(conn)
    whole = desk.overview(conn, post_id=post.id)
    assert "subtitle" not in whole.values and [value.text for value in whole.archived] == ["Wool and weather"]
    assert revisions.list_(conn, post_id=post.id, field_key="subtitle")[0].text == "Wool and weather"
    with pytest.raises(Conflict, match="was archived"):
        fields.save(conn, actor=alice, post_id=post.id, field_key="subtitle", text="x", base_revision_id=revision.id)
    with pytest.raises(Conflict, match="was archived"):
        plans.make(conn, actor=alice, post_id=post.id, field_key="subtitle")
    workflow_archival.restore(conn, actor=ada, noun=Noun.FIELD, row_id=field.id)
    assert fields.get(conn, post_id=post.id, field_key="subtitle").revision == revision
    assert keys(conn, "content") == ["main_title", "subtitle", "intro_blurb", "conclusion"]


def test_a_field_that_a_prompt_needs_is_not_archived_and_the_prompt_is_named(conn, ada):
    field, other = add(conn, ada, "source"), add(conn, ada, "user")
    own = make_template(conn, ada, inline("Better: {{ source }}"), name="Its own")
    actions.create(conn, actor=ada, field_id=field.id, name="Better", template_id=own.id)
    needing = make_template(conn, ada, inline("From {{ source }}"), name="The other")
    actions.create(conn, actor=ada, field_id=other.id, name="Write", template_id=needing.id)
    seen = workflow_archival.impact(conn, actor=ada, noun=Noun.FIELD, row_id=field.id)
    assert [naming.template.name for naming in seen.blocking] == ["The other"]
    with pytest.raises(Conflict, match="“The other”"):
        archive(conn, ada, field)
    templates.update(conn, actor=ada, template_id=needing.id, blocks=(inline("From nothing"),))
    archive(conn, ada, field)


def test_a_step_goes_with_its_fields_and_the_impact_counts_what_is_kept(conn, ada, alice, post):
    write_post(conn, alice, post, "scheduling", "Monday.")
    write_post(conn, alice, post, "deployment", "Push.")
    launch = step(conn, "launch")
    seen = workflow_archival.impact(conn, actor=ada, noun=Noun.SUBSTAGE, row_id=launch.id)
    assert (len(seen.fields), seen.texts, seen.posts, seen.problems) == (3, 2, 1, [])
    workflow_archival.archive(conn, actor=ada, noun=Noun.SUBSTAGE, row_id=launch.id)
    assert keys(conn, "launch") == []
    with pytest.raises(workflow.StepArchived) as moved:
        desk.open_at(conn, actor=alice, post_id=post.id, substage_key="launch")
    assert moved.value.successor.key == "syndication"
    syndication = step(conn, "syndication")
    workflow_archival.archive(conn, actor=ada, noun=Noun.SUBSTAGE, row_id=syndication.id)
    with pytest.raises(workflow.StepArchived) as moved:
        workflow.get_substage(conn, key="launch")
    assert moved.value.successor.key == "preflight"
    assert desk.next_step(conn, post_id=post.id).is_living
    workflow_archival.restore(conn, actor=ada, noun=Noun.SUBSTAGE, row_id=launch.id)
    assert desk.open_at(conn, actor=alice, post_id=post.id, substage_key="launch").blocks[0].value.text == "Monday."


def test_the_title_follows_the_fields_in_use(conn, ada, alice, post):
    write_post(conn, alice, post, "main_title", "Kilts")
    archive(conn, ada, workflow.get_field(conn, key="main_title"))
    write_post(conn, alice, post, "subtitle", "x")
    assert posts.get(conn, post_id=post.id).title == "kilts for weddings"


def test_a_new_limit_holds_for_what_is_written_from_then_on(conn, ada, alice, post):
    field = workflow.get_field(conn, key="self_review")
    long = "one two three four five"
    first = write_post(conn, alice, post, "self_review", long)
    changed = workflow_fields.update(conn, actor=ada, field_id=field.id, max_words=2, max_length=100)
    assert fields.get(conn, post_id=post.id, field_key="self_review").text == long
    assert [(each.unit, each.over) for each in limits.measures(changed, long)] == [("characters", 0), ("words", 3)]
    write_post(conn, alice, post, "self_review", "one two three four")
    with pytest.raises(Invalid, match=r"at most 2 words; this has 5.*What is saved has 4"):
        write_post(conn, alice, post, "self_review", long)
    current = write_post(conn, alice, post, "self_review", "one two")
    with pytest.raises(Invalid, match="at most 2 words; this has 3"):
        write_post(conn, alice, post, "self_review", "one two three")
    back = revisions.restore(
        conn, actor=alice, post_id=post.id, field_key="self_review", revision_id=first.id, base_revision_id=current.id
    )
    assert back.text == long


def test_a_model_is_held_to_the_limits_of_the_field_or_to_less(conn, ada):
    field, template = (
        add(conn, ada, "limited", max_length=200, max_words=30),
        make_template(conn, ada, inline("Write.")),
    )
    for wanted, most in ((500, 200), (100, 100), (None, 200)):
        action = actions.create(
            conn, actor=ada, field_id=field.id, name=f"To {wanted}", template_id=template.id,
            contract={} if wanted is None else {"max_length": wanted},
        )  # fmt: skip
        contract = actions.engine_settings(action)[1]
        assert (contract.max_length, contract.max_words) == (most, 30)


def test_a_new_kind_changes_no_text_until_somebody_does(conn, ada, alice, post):
    field = workflow.get_field(conn, key="self_review")
    first = write_post(conn, alice, post, "self_review", "one\ntwo")
    workflow_fields.update(conn, actor=ada, field_id=field.id, kind="line", max_length=300)
    assert write_post(conn, alice, post, "self_review", "one\r\ntwo") == first
    assert write_post(conn, alice, post, "self_review", "one\ntwo\nthree").text == "one two three"


def test_the_first_of_a_fields_actions_is_what_a_click_asks(conn, ada):
    field = add(conn, ada, "acted")
    template = make_template(conn, ada, inline("Write."))
    made = [
        actions.create(conn, actor=ada, field_id=field.id, name=name, template_id=template.id) for name in ("A", "B")
    ]
    seen = version(conn)
    order = [made[1].id, made[0].id]
    found = actions.reorder(conn, actor=ada, field_id=field.id, order=order, version=seen)
    assert [(action.name, action.is_default) for action in found] == [("B", True), ("A", False)]
    assert actions.get_default(conn, field.id).name == "B"
    with pytest.raises(Conflict):
        actions.reorder(conn, actor=ada, field_id=field.id, order=order, version=seen)
    with pytest.raises(Invalid):
        actions.reorder(conn, actor=ada, field_id=field.id, order=order[:1], version=version(conn))


def test_every_change_is_in_the_audit_log(conn, ada):
    field = add(conn, ada, "seen")
    workflow_fields.update(conn, actor=ada, field_id=field.id, max_words=10)
    workflow_fields.update(conn, actor=ada, field_id=field.id, max_words=10)
    archive(conn, ada, field)
    workflow_archival.restore(conn, actor=ada, noun=Noun.FIELD, row_id=field.id)
    rows = conn.execute("SELECT action, changes FROM audit_log WHERE noun_id = 'seen' ORDER BY id").fetchall()
    assert [row["action"] for row in rows] == ["create", "update", "archive", "restore"]
    assert rows[1]["changes"] == {"max_words": [None, 10]}


def test_only_admins_change_the_workflow_and_missing_rows_are_not_found(conn, ada, alice):
    with pytest.raises(Forbidden):
        workflow_archival.impact(conn, actor=alice, noun=Noun.STAGE, row_id=1)
    for noun in Noun:
        with pytest.raises(NotFound):
            workflow_archival.archive(conn, actor=ada, noun=noun, row_id=2**40)
