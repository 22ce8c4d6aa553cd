"""Drafting many sections and running ahead: what is asked in which order, what lands where, and what a crash leaves."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest

from blogforge_llm import db
from blogforge_llm.errors import Conflict, Forbidden, Invalid, Missing, NotFound
from blogforge_llm.records.accounts import User
from blogforge_llm.records.batches import BatchStatus, Ended
from blogforge_llm.records.editorial import Post, Suggestion
from blogforge_llm.records.runs import Accepts, Run, Target
from blogforge_llm.records.sections import ItemKind
from blogforge_llm.records.tasks import Category, Task
from blogforge_llm.services.editorial import (
    actions,
    fields,
    items,
    library,
    posts,
    runs,
    sections,
    suggestions,
)
from blogforge_llm.services.tasks import batches, tasks
from blogforge_llm.services.tasks import items as batch_items
from tests import factories
from tests.services.editorial.structure import find, make_post, text_of, write, write_post


@pytest.fixture
def post(conn: db.Connection, ada: User, alice: User) -> Iterator[Post]:
    """Two sections with an idea each, and a model to ask."""
    library.import_(conn, actor=ada, library=library.starter())
    model_id = factories.make_model(conn, name="llama", provider="Groq", input_price="1", output_price="2")
    factories.make_route(conn, model_ids=[model_id])
    post = make_post(conn, alice, "Origins", "Tartans")
    write_post(conn, alice, post, "basic_idea", "Kilts.")
    for heading in ("Origins", "Tartans"):
        idea = items.add(conn, actor=alice, post_id=post.id, kind=ItemKind.IDEA, text=f"All about {heading.lower()}.")
        section_id = find(conn, post, heading).id
        items.move(conn, actor=alice, item_id=idea.id, section_id=section_id, base_section_id=None)
    yield post


def action(conn: db.Connection, field_key: str) -> int:
    return next(each.id for each in actions.list_(conn) if each.field_key == field_key and each.is_default)


def drafted(conn: db.Connection, actor: User, post: Post, *field_keys: str, start: bool = True, **options) -> Run:
    ids = [action(conn, key) for key in field_keys or ("section_draft",)]
    run = runs.draft(conn, actor=actor, post_id=post.id, action_ids=ids, **options)
    if start:
        batches.start(conn, actor=actor, batch_id=run.id)
    return runs.get(conn, run_id=run.id)


def claim(conn: db.Connection) -> list[Task]:
    """As a lane of a worker for batches does."""
    worker = uuid4()
    conn.execute("INSERT INTO workers (id, host, pid, kind) VALUES (%s, '', 1, 'batch')", (worker,))
    return batch_items.claim(conn, batch_items.lock(conn, batch_ids=[]), slots=50, ahead={}, worker_id=worker)


def end(conn: db.Connection, task: Task, status: str = "succeeded") -> None:
    batch_items.lock(conn, batch_ids=[task.batch_id or 0])
    batch_items.finish(conn, [ended(conn, task, status)])


def ended(conn: db.Connection, task: Task, status: str = "succeeded") -> Ended:
    model_id = conn.execute("SELECT id FROM models WHERE name = 'llama'").fetchone()["id"]  # type: ignore[index]
    category = Category.SERVER_ERROR if status == "failed" else None
    text = f"Text {task.id}." if status == "succeeded" else None
    return Ended(task.id, task.run_id or uuid4(), status, text, model_id, category, category and "It broke.")


def work(conn: db.Connection) -> int:
    """Until nothing is left to ask; how many were asked."""
    count = 0
    while claimed := claim(conn):
        for task in claimed:
            end(conn, task)
        count += len(claimed)
    return count


def open_in(conn: db.Connection, post: Post, heading: str) -> list[Suggestion]:
    return suggestions.list_open(conn, post_id=post.id, section_id=find(conn, post, heading).id)


def states(run: Run) -> dict[str, str]:
    return {step.target.key: step.status.value for step in run.steps}


def test_each_section_is_asked_with_its_own_items_and_told_what_the_others_cover(conn, alice, post):
    run = drafted(conn, alice, post, start=False)
    assert (run.batch.status, run.batch.total, states(run)["S1 section_draft"]) == (BatchStatus.DRAFT, 2, "waiting")
    assert run.batch.estimate.input_tokens > 100 and run.batch.estimate.cost_high
    assert open_in(conn, post, "Origins") == []
    batches.start(conn, actor=alice, batch_id=run.id)
    (suggestion,) = open_in(conn, post, "Origins")
    assert suggestion.status == "running"
    inputs = tasks.get(conn, task_id=suggestion.task_id).inputs
    assert inputs["section_ideas"] == ["All about origins."]
    assert inputs["other_sections"] == ["Tartans. [All about tartans.]"]
    first, _ = claim(conn)
    prompt = first.messages[-1]["content"]
    assert "All about origins." in prompt and "this one leaves to them" in prompt


def test_answers_wait_as_suggestions_unless_the_editor_said_otherwise(conn, alice, post):
    run = drafted(conn, alice, post)
    assert work(conn) == 2
    run = runs.get(conn, run_id=run.id)
    assert (run.batch.status, run.to_decide, set(states(run).values())) == (BatchStatus.COMPLETED, 2, {"pending"})
    assert text_of(conn, find(conn, post, "Origins")) == ""
    assert conn.execute("SELECT sum(offered) AS n FROM outcome_totals").fetchone()["n"] == 2


def test_accepted_into_empty_fields_the_chain_goes_on_in_the_order_of_what_it_needs(conn, alice, post):
    keys = ("section_text", "section_summary", "section_draft")
    run = drafted(conn, alice, post, *keys, accepts=Accepts.EMPTY)
    assert {step.target.field_key: step.layer for step in run.steps} == {
        "section_draft": 1, "section_text": 2, "section_summary": 3,
    }  # fmt: skip
    assert [task.batch_id for task in claim(conn)] == [run.id] * 2
    for suggestion in [*open_in(conn, post, "Origins"), *open_in(conn, post, "Tartans")]:
        end(conn, tasks.get(conn, task_id=suggestion.task_id))
    assert work(conn) == 4
    run = runs.get(conn, run_id=run.id)
    assert (run.batch.succeeded, set(states(run).values())) == (6, {"accepted"})
    value = fields.get(conn, post_id=post.id, section_id=find(conn, post, "Origins").id, field_key="section_text")
    assert (value.revision.origin, value.revision.user_name) == ("accepted", "Alice")
    assert suggestions.reopen(conn, actor=alice, suggestion_id=value.revision.suggestion_id).status == "pending"


def test_two_that_end_together_are_both_accepted_before_what_needs_one_of_them_is_looked_at(conn, alice, post):
    write(conn, alice, find(conn, post, "Origins"), "A draft.")
    keys = ("section_text", "section_image_concept", "section_alt_text")
    run = drafted(conn, alice, post, *keys, accepts=Accepts.EMPTY, section_ids=[find(conn, post, "Origins").id])
    both = claim(conn)
    batch_items.lock(conn, batch_ids=[run.id])
    batch_items.finish(conn, [ended(conn, task) for task in both])
    assert work(conn) == 1
    assert set(states(runs.get(conn, run_id=run.id)).values()) == {"accepted"}


def test_offered_only_what_needs_an_answer_is_not_asked_and_says_what_it_waits_for(conn, alice, post):
    run = drafted(conn, alice, post, "section_draft", "section_text")
    assert set(states(run)) == {"S1 section_draft", "S2 section_draft"}
    assert "“Draft” of S1" in next(each.why for each in run.stops if each.target.key == "S1 section_text")


def test_a_field_that_moved_on_keeps_its_text_and_the_answer_waits(conn, alice, bob, post):
    run = drafted(conn, alice, post, "section_draft", "section_text", accepts=Accepts.EMPTY)
    write(conn, bob, find(conn, post, "Origins"), "Bob's own.")
    assert work(conn) == 4
    assert text_of(conn, find(conn, post, "Origins")) == "Bob's own."
    (suggestion,) = open_in(conn, post, "Origins")
    assert suggestion.status == "pending" and suggestion.base_revision_id is None
    with pytest.raises(Conflict):
        suggestions.accept(conn, actor=alice, suggestion_id=suggestion.id)
    assert states(runs.get(conn, run_id=run.id))["S1 section_text"] == "accepted"  # made from what is there


def test_what_is_written_between_plan_and_start_is_not_asked(conn, alice, post):
    run = drafted(conn, alice, post, start=False)
    write(conn, alice, find(conn, post, "Origins"), "Mine.")
    batches.start(conn, actor=alice, batch_id=run.id)
    run = runs.get(conn, run_id=run.id)
    assert states(run) == {"S1 section_draft": "cancelled", "S2 section_draft": "queued"}
    assert run.steps[0].why == "It was written meanwhile."
    other = drafted(conn, alice, post, start=False, refreshes=True, section_ids=[find(conn, post, "Origins").id])
    posts.delete(conn, actor=alice, post_id=post.id)
    with pytest.raises(Conflict, match="Plan it again"):
        batches.start(conn, actor=alice, batch_id=other.id)


def test_filled_fields_are_left_out_or_asked_for_suggestions_alone(conn, alice, post):
    write(conn, alice, find(conn, post, "Origins"), "Mine.")
    run = drafted(conn, alice, post, start=False, accepts=Accepts.EMPTY)
    assert (list(states(run)), [each.why for each in run.skipped]) == (["S2 section_draft"], ["It has a text already."])
    run = drafted(conn, alice, post, accepts=Accepts.EMPTY, refreshes=True)
    work(conn)
    assert states(runs.get(conn, run_id=run.id)) == {"S1 section_draft": "pending", "S2 section_draft": "accepted"}
    assert text_of(conn, find(conn, post, "Origins")) == "Mine."


def test_where_a_suggestion_waits_nothing_more_is_asked(conn, alice, post):
    first = drafted(conn, alice, post, start=False)
    drafted(conn, alice, post)
    with pytest.raises(Invalid, match="decide about it first"):
        drafted(conn, alice, post)
    with pytest.raises(Conflict):
        batches.start(conn, actor=alice, batch_id=first.id)


def test_a_failure_drops_what_needs_it_and_a_retry_brings_that_back(conn, alice, post):
    only = [find(conn, post, "Origins").id]
    run = drafted(conn, alice, post, "section_draft", "section_text", accepts=Accepts.EMPTY, section_ids=only)
    (task,) = claim(conn)
    end(conn, task, "failed")
    run = runs.get(conn, run_id=run.id)
    assert (run.batch.status, list(states(run).values())) == (BatchStatus.FAILED, ["failed", "cancelled"])
    batches.retry(conn, actor=alice, batch_id=run.id)
    assert work(conn) == 2
    assert set(states(runs.get(conn, run_id=run.id)).values()) == {"accepted"}


def test_a_crash_between_the_answer_and_its_acceptance_loses_and_doubles_nothing(conn, alice, post, monkeypatch):
    drafted(conn, alice, post, accepts=Accepts.EMPTY, section_ids=[find(conn, post, "Origins").id])
    (task,) = claim(conn)
    whole = suggestions.accept

    def die(*args, **kwargs):
        whole(*args, **kwargs)
        raise psycopg.OperationalError("the database went away")

    monkeypatch.setattr(suggestions, "accept", die)
    with pytest.raises(psycopg.OperationalError), conn.transaction():
        end(conn, task)
    assert text_of(conn, find(conn, post, "Origins")) == ""
    assert tasks.get(conn, task_id=task.id).status == "running"
    monkeypatch.setattr(suggestions, "accept", whole)
    end(conn, task)
    end(conn, task)
    assert text_of(conn, find(conn, post, "Origins")) == f"Text {task.id}."
    section_id = find(conn, post, "Origins").id
    place = {"post_id": post.id, "section_id": section_id, "field_key": "section_draft"}
    assert [each.status for each in suggestions.list_(conn, **place)] == ["accepted"]


def test_one_section_is_stopped_before_its_turn_and_the_others_go_on(conn, alice, post):
    run = drafted(conn, alice, post, "section_draft", "section_text", accepts=Accepts.EMPTY)
    (suggestion,) = open_in(conn, post, "Origins")
    assert suggestions.discard(conn, actor=alice, suggestion_id=suggestion.id).status == "withdrawn"
    assert work(conn) == 2
    run = runs.get(conn, run_id=run.id)
    assert states(run)["S1 section_text"] == "cancelled" and states(run)["S2 section_text"] == "accepted"
    assert (run.batch.status, run.batch.cancelled) == (BatchStatus.COMPLETED, 2)


def test_a_paused_run_keeps_its_place_and_a_cancelled_one_asks_nothing_more(conn, alice, post):
    run = drafted(conn, alice, post, "section_draft", "section_text", accepts=Accepts.EMPTY)
    claimed = claim(conn)
    batches.pause(conn, actor=alice, batch_id=run.id)
    for task in claimed:
        end(conn, task)
    assert (work(conn), runs.get(conn, run_id=run.id).batch.status) == (0, BatchStatus.PAUSED)
    batches.resume(conn, actor=alice, batch_id=run.id)
    batches.cancel(conn, actor=alice, batch_id=run.id)
    assert work(conn) == 0 and open_in(conn, post, "Origins") == []
    again = drafted(conn, alice, post, "section_text", start=False)
    batches.cancel(conn, actor=alice, batch_id=again.id)
    assert runs.get(conn, run_id=again.id).batch.waiting == 0


def test_running_ahead_goes_from_the_idea_to_where_somebody_must_choose(conn, ada, alice, post):
    fresh = posts.create(conn, actor=alice, idea="Why bread rises")
    run = runs.ahead(conn, actor=alice, post_id=fresh.id, scope="stage:planning")
    layers = {step.target.key: step.layer for step in run.steps}
    assert (
        layers["basic_idea"] == 1 < layers["topics_to_cover"] < layers["section_planning"] < layers["section_headings"]
    )
    assert [(each.target.key, each.why) for each in run.skipped] == [("idea_seed", "It has a text already.")]
    assert "“Section headings”" in next(each.why for each in run.stops if each.target.key == "section_order")
    batches.start(conn, actor=alice, batch_id=run.id)
    work(conn)
    found = states(runs.get(conn, run_id=run.id))
    assert found.pop("section_headings") == "pending" and set(found.values()) == {"accepted"}
    assert sections.list_for(conn, post_id=fresh.id) == []


def test_a_whole_post_without_sections_says_that_they_are_lacking(conn, alice, post):
    fresh = posts.create(conn, actor=alice, idea="Why bread rises")
    run = runs.ahead(conn, actor=alice, post_id=fresh.id)
    assert [each for each in run.stops if each.target.key == "sections"]
    assert runs.ahead(conn, actor=alice, post_id=post.id, scope="substage:sections").batch.total >= 6


def test_a_run_belongs_to_who_planned_it_and_is_seen_with_the_post(conn, ada, alice, bob, charlie, post):
    run = drafted(conn, alice, post, start=False)
    assert runs.get(conn, run_id=run.id).steps[0].target == Target(
        "S1 section_draft", find(conn, post, "Origins").id, "S1", "section_draft", "Draft"
    )  # fmt: skip
    with pytest.raises(NotFound):
        batches.start(conn, actor=bob, batch_id=run.id)
    with pytest.raises(Forbidden):
        runs.ahead(conn, actor=charlie, post_id=post.id)
    with pytest.raises(Missing):
        runs.ahead(conn, actor=alice, post_id=post.id, scope="stage:nowhere")
    for wrong in ([], [0], [action(conn, "section_draft")] + [
        each.id for each in actions.list_(conn) if each.field_key == "section_text"
    ]):  # fmt: skip
        with pytest.raises(Invalid):
            runs.draft(conn, actor=alice, post_id=post.id, action_ids=wrong)


def test_no_ai_no_acceptance(conn, alice, post):
    conn.execute("UPDATE models SET is_ai = false")
    drafted(conn, alice, post, accepts=Accepts.EMPTY)
    work(conn)
    assert [each.status for each in open_in(conn, post, "Origins")] == ["pending"]


def test_many_runs_are_listed_in_as_many_queries_as_few(conn, alice, post, monkeypatch):
    asked: list[str] = []
    execute = psycopg.Cursor.execute

    def count(*args, **named):
        asked.append("a query")
        return execute(*args, **named)

    drafted(conn, alice, post, start=False)
    monkeypatch.setattr(psycopg.Cursor, "execute", count)
    assert len(runs.list_(conn, post_id=post.id)) == 1
    few = len(asked)
    for _ in range(3):
        drafted(conn, alice, post, start=False)
    asked.clear()
    assert len(runs.list_(conn, post_id=post.id)) == 4
    assert 0 < len(asked) == few
