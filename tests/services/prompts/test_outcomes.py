"""Outcomes: the sums always say what the suggestions are, and only what counts is counted."""

from __future__ import annotations

import random

import pytest

from blogforge_llm import db
from blogforge_llm.errors import NotFound
from blogforge_llm.records.accounts import User
from blogforge_llm.records.editorial import Post, Suggestion
from blogforge_llm.records.prompts import Template
from blogforge_llm.services.editorial import actions, fields, posts, suggestions, workflow
from blogforge_llm.services.prompts import outcomes, templates
from blogforge_llm.services.prompts.outcomes import By
from tests import factories
from tests.services.prompts.factories import inline, make_template

TEXT = "A guide to kilts, for weddings."


@pytest.fixture
def post(conn: db.Connection, alice: User) -> Post:
    return posts.create(conn, actor=alice, idea="kilts")


@pytest.fixture
def models(conn: db.Connection) -> list[int]:
    found = [factories.make_model(conn, name="llama"), factories.make_model(conn, name="qwen")]
    factories.make_route(conn, model_ids=found)
    return found


@pytest.fixture
def template(conn: db.Connection, ada: User) -> Template:
    template = make_template(conn, ada, inline("Expand {{ idea_seed }}."))
    field = workflow.get_field(conn, key="basic_idea")
    actions.create(conn, actor=ada, field_id=field.id, name="Expand", template_id=template.id)
    return template


def answer(conn: db.Connection, suggestion: Suggestion, model_id: int, *, cost: str | None = "0.002") -> int:
    """As runner.py does at the end of a task."""
    conn.execute(
        "UPDATE tasks SET status = 'succeeded', output = %s, served_by_model_id = %s, cost = %s, "
        "started_at = now(), finished_at = now() + interval '2 s' WHERE id = %s",
        (TEXT, model_id, cost, suggestion.task_id),
    )
    outcomes.offer(conn, task_id=suggestion.task_id)
    return suggestion.id


def ask(conn: db.Connection, actor: User, post: Post, answered_by: int, **options) -> int:
    (suggestion,) = suggestions.create(conn, actor=actor, post_id=post.id, field_key="basic_idea", **options)
    return answer(conn, suggestion, answered_by)


def one(conn: db.Connection, actor: User, template: Template, **options):
    (outcome,) = outcomes.list_for(conn, actor=actor, template_id=template.id, by=By.VERSION, **options)
    return outcome


def accept(conn: db.Connection, actor: User, suggestion_id: int, text: str | None = None):
    suggestion = suggestions.get(conn, suggestion_id=suggestion_id)
    current = fields.get(conn, post_id=suggestion.post_id, field_key="basic_idea").revision
    base = current.id if current else None
    return suggestions.accept(conn, actor=actor, suggestion_id=suggestion_id, text=text, base_revision_id=base)


def test_what_is_offered_counts_at_once_and_decisions_when_they_fall(conn, alice, post, template, models):
    ids = [ask(conn, alice, post, models[0]) for _ in range(3)]
    first = one(conn, alice, template)
    assert (first.offered, first.open, first.used.of, first.used.value) == (3, 3, 0, None)
    suggestions.discard(conn, actor=alice, suggestion_id=ids[0])
    accept(conn, alice, ids[1], TEXT.replace("kilts", "hats"))
    last = one(conn, alice, template)
    assert (last.used.count, last.edited.count, last.discarded.count, last.used.of) == (1, 1, 1, 2)
    assert last.edit_distance.value == pytest.approx(3 / len(TEXT))
    assert (last.open, last.passed_over) == (0, 1)
    assert (last.cost.value, last.cost.of, last.seconds.value) == (pytest.approx(0.002), 3, pytest.approx(2.0))


def test_accepting_one_puts_the_others_away_and_undo_opens_all_again(conn, alice, post, template, models):
    before = one_text(conn, post)
    ids = [ask(conn, alice, post, models[0]) for _ in range(3)]
    accept(conn, alice, ids[0])
    assert suggestions.list_open(conn, post_id=post.id) == []
    put_away = suggestions.get(conn, suggestion_id=ids[1])
    assert (put_away.status, put_away.passed_over_for) == ("discarded", ids[0])
    suggestions.reopen(conn, actor=alice, suggestion_id=ids[0])
    assert [each.id for each in suggestions.list_open(conn, post_id=post.id)] == ids
    assert one_text(conn, post) == before
    outcome = one(conn, alice, template)
    assert (outcome.offered, outcome.open, outcome.used.of, outcome.passed_over) == (3, 3, 0, 0)
    accept(conn, alice, ids[1])  # on the text that is back: no merge
    assert one(conn, alice, template).accepted.count == 1


def one_text(conn: db.Connection, post: Post) -> str:
    return fields.get(conn, post_id=post.id, field_key="basic_idea").text


def test_what_is_still_being_written_goes_on_when_another_is_accepted(conn, alice, post, template, models):
    done = ask(conn, alice, post, models[0])
    (running,) = suggestions.create(conn, actor=alice, post_id=post.id, field_key="basic_idea")
    accept(conn, alice, done)
    assert [each.id for each in suggestions.list_open(conn, post_id=post.id)] == [running.id]


def test_asking_again_instead_of_a_text_counts_once(conn, alice, post, template, models):
    first = ask(conn, alice, post, models[0])
    for _ in range(2):
        ask(conn, alice, post, models[0], instead_of=first)
    outcome = one(conn, alice, template)
    assert (outcome.asked_again.count, outcome.asked_again.of) == (1, 3)


def test_versions_and_models_are_told_apart_and_stand_ins_left_out(conn, ada, alice, post, template, models):
    ask(conn, alice, post, models[0])
    ask(conn, alice, post, models[1])  # the route's second: it stood in
    ask(conn, alice, post, models[1], model_id=models[1])  # asked for by itself
    templates.update(conn, actor=ada, template_id=template.id, blocks=[inline("Praise {{ idea_seed }}.")])
    ask(conn, alice, post, models[0])

    def rows(**options):
        found = outcomes.list_for(conn, actor=alice, template_id=template.id, **options)
        return [(each.version, each.model, each.is_fallback, each.offered) for each in found]

    assert rows() == [(2, "llama", False, 1), (1, "llama", False, 1), (1, "qwen", False, 1)]
    assert rows(by=By.MODEL, with_fallbacks=True) == [
        (None, "llama", False, 2), (None, "qwen", False, 1), (None, "qwen", True, 1),
    ]  # fmt: skip
    assert rows(by=By.VERSION) == [(2, None, None, 1), (1, None, None, 2)]
    assert [each.offered for each in outcomes.list_all(conn, actor=alice, with_fallbacks=True)] == [4]


def test_echo_edited_prompts_and_the_runner_s_outputs_stay_out(conn, alice, post, template, models):
    echo = factories.make_model(conn, name="echo", is_ai=False)
    ask(conn, alice, post, echo, model_id=echo)
    (suggestion,) = suggestions.create(conn, actor=alice, post_id=post.id, field_key="basic_idea")
    conn.execute("UPDATE tasks SET is_override = true WHERE id = %s", (suggestion.task_id,))
    answer(conn, suggestion, models[0])
    (suggestion,) = suggestions.create(conn, actor=alice, post_id=post.id, field_key="basic_idea")
    conn.execute("UPDATE suggestions SET action_id = NULL WHERE id = %s", (suggestion.id,))
    accept(conn, alice, answer(conn, suggestion, models[0]))
    assert outcomes.list_for(conn, actor=alice, template_id=template.id, with_fallbacks=True) == []


def test_an_unknown_cost_is_no_zero(conn, alice, post, template, models):
    (suggestion,) = suggestions.create(conn, actor=alice, post_id=post.id, field_key="basic_idea")
    answer(conn, suggestion, models[0], cost=None)
    assert (one(conn, alice, template).cost.value, one(conn, alice, template).cost.of) == (None, 0)


def test_after_any_history_the_sums_are_those_of_the_rows(conn, alice, post, template, models):
    luck = random.Random(7)
    for _ in range(40):
        waiting = [s.id for s in suggestions.list_open(conn, post_id=post.id)]
        chosen = luck.choice(waiting) if waiting else None
        deed = luck.choice(["ask", "ask", "accept", "edit", "discard", "again", "undo"])
        if deed in {"ask", "again"} or chosen is None:
            ask(conn, alice, post, luck.choice(models), instead_of=chosen if deed == "again" else None)
        elif deed == "discard":
            suggestions.discard(conn, actor=alice, suggestion_id=chosen)
        else:
            accept(conn, alice, chosen, f"My own {luck.random()}" if deed == "edit" else None)
            if deed == "undo" and suggestions.get(conn, suggestion_id=chosen).revision_id:
                revision = fields.get(conn, post_id=post.id, field_key="basic_idea").revision
                if revision and revision.suggestion_id == chosen:
                    suggestions.reopen(conn, actor=alice, suggestion_id=chosen)
    kept = list(conn.execute("SELECT * FROM outcome_totals ORDER BY 1, 2, 3"))
    conn.execute("DELETE FROM outcome_totals")
    ids = [row["suggestion_id"] for row in conn.execute("SELECT suggestion_id FROM outcomes")]
    outcomes.sql.add_to_totals(conn, suggestion_ids=ids, sign=1)
    counted = list(conn.execute("SELECT * FROM outcome_totals ORDER BY 1, 2, 3"))
    assert [[pytest.approx(float(value)) for value in row.values()] for row in counted] == [
        [float(value) for value in row.values()] for row in kept
    ]
    assert sum(row["offered"] for row in kept) == len(ids) > 10


def test_there_is_no_such_template(conn, alice):
    with pytest.raises(NotFound):
        outcomes.list_for(conn, actor=alice, template_id=2**62)
