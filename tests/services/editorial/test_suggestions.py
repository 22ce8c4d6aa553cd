"""Suggestions: asked with what the post's fields say, let in only by acceptance, never over somebody's newer text."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import psycopg
import pytest
from psycopg.rows import dict_row

from blogforge_llm import db
from blogforge_llm.errors import Conflict, Forbidden, Invalid, NotFound
from blogforge_llm.records.accounts import User
from blogforge_llm.records.actions import Action
from blogforge_llm.records.editorial import Post
from blogforge_llm.services.editorial import actions, fields, plans, posts, revisions, suggestions, workflow
from blogforge_llm.services.registry import circuits, models
from blogforge_llm.services.tasks import tasks
from tests import factories
from tests.services.prompts.factories import inline, make_template


@pytest.fixture
def post(conn: db.Connection, alice: User) -> Post:
    return posts.create(conn, actor=alice, idea="kilts for weddings")


@pytest.fixture
def model(conn: db.Connection) -> int:
    model_id = factories.make_model(conn, name="llama", provider="Groq", input_price="0.5")
    factories.make_route(conn, model_ids=[model_id])
    return model_id


@pytest.fixture
def action(conn: db.Connection, ada: User) -> Action:
    return make_action(conn, ada, "Expand {{ idea_seed }}.")


def make_action(conn: db.Connection, ada: User, text: str, key: str = "basic_idea", **values) -> Action:
    template = make_template(conn, ada, inline(text))
    field = workflow.get_field(conn, key=key)
    values = {"name": f"Action {template.id}", "template_id": template.id} | values
    return actions.create(conn, actor=ada, field_id=field.id, **values)


def ask(conn: db.Connection, actor: User, post: Post, key: str = "basic_idea", **options):
    return suggestions.create(conn, actor=actor, post_id=post.id, field_key=key, **options)


def write(conn: db.Connection, actor: User, post: Post, text: str, base: int | None, key: str = "basic_idea"):
    return fields.save(conn, actor=actor, post_id=post.id, field_key=key, text=text, base_revision_id=base)


def test_asking_queues_a_task_with_the_fields_filled_in(conn, alice, post, model, action):
    base = write(conn, alice, post, "An idea.", None)
    (suggestion,) = ask(conn, alice, post)
    task = tasks.get(conn, task_id=suggestion.task_id)
    assert (suggestion.status, suggestion.action_name, suggestion.base_revision_id) == ("running", action.name, base.id)
    assert task.messages == [{"role": "user", "content": "Expand kilts for weddings."}]
    assert task.inputs == {"idea_seed": "kilts for weddings"}
    assert task.template_version_id == action.template_version_id
    assert task.contract == {"max_length": 200_000}  # the shape of a text is the default
    assert suggestions.list_open(conn, post_id=post.id) == [suggestion]


def test_the_plan_shows_the_prompt_that_is_sent(conn, alice, post, model, action):
    plan = plans.make(conn, actor=alice, post_id=post.id, field_key="basic_idea")
    (suggestion,) = ask(conn, alice, post)
    sent = tasks.get(conn, task_id=suggestion.task_id).messages
    assert [{"role": m.role, "content": m.text} for m in plan.resolved.messages] == sent
    assert plan.asked == "llama on Groq"
    assert plan.tokens > 0 and plan.prompt_cost > 0
    assert plan.passed_over == []


def test_the_plan_says_who_is_passed_over_right_now(conn, ada, alice, post, model, action):
    provider_id = models.get(conn, model_id=model).provider_id
    other = models.create(conn, actor=ada, provider_id=provider_id, name="gemma", in_default_route=True)
    circuits.open_(conn, actor=ada, name=f"model:{model}", note="too dear")
    plan = plans.make(conn, actor=alice, post_id=post.id, field_key="basic_idea")
    assert plan.asked == "gemma on Groq"
    assert [("llama" in why, "too dear" in why) for why in plan.passed_over] == [(True, True)]
    circuits.open_(conn, actor=ada, name=f"model:{other.id}")
    plan = plans.make(conn, actor=alice, post_id=post.id, field_key="basic_idea")
    assert plan.asked == "llama on Groq"
    assert len(plan.passed_over) == 2


def test_a_list_reaches_the_prompt_as_items(conn, ada, alice, post, model):
    make_action(conn, ada, "{% for item in idea_scope %}[{{ item }}]{% endfor %}")
    write(conn, alice, post, "one\ntwo", None, key="idea_scope")
    (suggestion,) = ask(conn, alice, post)
    assert tasks.get(conn, task_id=suggestion.task_id).messages[0]["content"] == "[one][two]"


def test_an_empty_field_that_the_prompt_needs_is_named_before_any_call(conn, ada, alice, post, model):
    make_action(conn, ada, "{{ interesting_facts }} {{ topics_to_cover }}")
    with pytest.raises(Invalid, match="“Interesting facts” is empty") as caught:
        ask(conn, alice, post)
    assert list(caught.value.errors) == ["interesting_facts", "topics_to_cover"]
    assert conn.execute("SELECT count(*) AS n FROM tasks").fetchone()["n"] == 0


def test_a_field_without_an_action_says_where_to_add_one(conn, alice, post, model):
    with pytest.raises(Invalid, match="has no action yet"):
        ask(conn, alice, post)


def test_without_any_model_it_says_to_connect_one(conn, alice, post, action):
    with pytest.raises(Invalid, match="Connect a model first"):
        ask(conn, alice, post)


def test_an_action_of_another_field_is_refused(conn, ada, alice, post, model, action):
    other = make_action(conn, ada, "Title for {{ idea_seed }}", key="main_title")
    with pytest.raises(Invalid):
        ask(conn, alice, post, action_id=other.id)


@pytest.mark.parametrize("count", [0, 5, -1])
def test_one_to_four_are_asked_for_at_once(conn, alice, post, model, action, count):
    with pytest.raises(Invalid):
        ask(conn, alice, post, count=count)
    assert len(ask(conn, alice, post, count=4)) == 4


def test_a_model_is_asked_alone_and_parameters_go_over_the_actions(conn, ada, alice, post, model):
    make_action(conn, ada, "Expand {{ idea_seed }}.", parameters={"temperature": 0.2, "max_tokens": 50})
    (suggestion,) = ask(conn, alice, post, model_id=model, parameters={"temperature": 0.9})
    task = tasks.get(conn, task_id=suggestion.task_id)
    assert (task.model_id, task.route_id) == (model, None)
    assert task.parameters == {"temperature": 0.9, "max_tokens": 50}
    with pytest.raises(Invalid, match="temperature"):
        ask(conn, alice, post, parameters={"temperature": 7})


def test_a_viewer_cannot_ask_accept_discard_or_stop(conn, alice, charlie, post, model, action):
    with pytest.raises(Forbidden):
        ask(conn, charlie, post)
    suggestion_id = factories.make_suggestion(conn, post=post, actor=alice)
    for decide in (suggestions.accept, suggestions.discard, suggestions.withdraw):
        with pytest.raises(Forbidden):
            decide(conn, actor=charlie, suggestion_id=suggestion_id)


def test_a_deleted_post_cannot_be_asked_for(conn, alice, post, model, action):
    posts.delete(conn, actor=alice, post_id=post.id)
    with pytest.raises(Conflict, match="Restore it"):
        ask(conn, alice, post)


def test_accepting_writes_a_revision_that_tells_where_it_came_from(conn, alice, bob, post):
    model_id = factories.make_model(conn, name="llama", provider="Groq")
    suggestion_id = factories.make_suggestion(conn, post=post, actor=alice, output="A better text.", model_id=model_id)
    accepted = suggestions.accept(conn, actor=bob, suggestion_id=suggestion_id)
    assert (accepted.text, accepted.origin, accepted.user_name) == ("A better text.", "accepted", "Bob")
    assert (accepted.suggestion_id, accepted.model_name, accepted.provider_name) == (suggestion_id, "llama", "Groq")
    assert str(accepted.cost) == "0.000412"
    suggestion = suggestions.get(conn, suggestion_id=suggestion_id)
    assert (suggestion.status, suggestion.decided_by_name, suggestion.revision_id) == ("accepted", "Bob", accepted.id)
    assert suggestions.list_open(conn, post_id=post.id) == []


def test_accepting_a_changed_text_is_told_from_accepting_it_as_it_was(conn, alice, post):
    suggestion_id = factories.make_suggestion(conn, post=post, actor=alice, output="A better text.")
    assert suggestions.accept(conn, actor=alice, suggestion_id=suggestion_id, text="Mine.").origin == "edited"
    assert suggestions.get(conn, suggestion_id=suggestion_id).status == "edited"


def test_sending_the_output_back_unchanged_is_no_edit(conn, alice, post):
    suggestion_id = factories.make_suggestion(conn, post=post, actor=alice, output="one\ntwo", field_key="idea_scope")
    accepted = suggestions.accept(conn, actor=alice, suggestion_id=suggestion_id, text="one\r\n\r\ntwo\r\n")
    assert accepted.origin == "accepted"


def test_a_field_that_moved_on_is_not_overwritten(conn, alice, bob, post):
    base = write(conn, alice, post, "one", None)
    suggestion_id = factories.make_suggestion(conn, post=post, actor=alice, base_revision_id=base.id)
    newer = write(conn, bob, post, "two", base.id)
    with pytest.raises(Conflict, match="Bob changed") as caught:
        suggestions.accept(conn, actor=alice, suggestion_id=suggestion_id)
    assert (caught.value.current["revision"], caught.value.current["text"]) == (newer.id, "two")
    assert suggestions.get(conn, suggestion_id=suggestion_id).status == "pending"
    merged = suggestions.accept(
        conn, actor=alice, suggestion_id=suggestion_id, text="one and two", base_revision_id=newer.id
    )
    assert (merged.text, merged.base_revision_id) == ("one and two", newer.id)


def test_the_second_to_accept_is_told_who_was_first(conn, alice, bob, post):
    suggestion_id = factories.make_suggestion(conn, post=post, actor=alice)
    accepted = suggestions.accept(conn, actor=bob, suggestion_id=suggestion_id)
    for act in (suggestions.accept, suggestions.discard):
        with pytest.raises(Conflict, match="Bob already accepted this suggestion on") as caught:
            act(conn, actor=alice, suggestion_id=suggestion_id)
    assert caught.value.current["revision"] == accepted.id


def test_accepting_can_be_undone_by_restoring(conn, alice, post):
    base = write(conn, alice, post, "mine", None)
    suggestion_id = factories.make_suggestion(conn, post=post, actor=alice, base_revision_id=base.id)
    accepted = suggestions.accept(conn, actor=alice, suggestion_id=suggestion_id)
    undone = revisions.restore(
        conn, actor=alice, post_id=post.id, field_key="basic_idea",
        revision_id=accepted.base_revision_id, base_revision_id=accepted.id,
    )  # fmt: skip
    assert undone.text == "mine"


@pytest.mark.parametrize(
    ("status", "words"), [("queued", "still being written"), ("running", "still being written"), ("failed", "failed")]
)
def test_only_a_finished_text_can_be_accepted(conn, alice, post, status, words):
    suggestion_id = factories.make_suggestion(conn, post=post, actor=alice, status=status)
    with pytest.raises(Conflict, match=words):
        suggestions.accept(conn, actor=alice, suggestion_id=suggestion_id)


def test_nothing_and_too_much_cannot_be_accepted(conn, alice, post):
    suggestion_id = factories.make_suggestion(conn, post=post, actor=alice)
    for text in (" \n", "x" * 200_001, "a\x00"):
        with pytest.raises(Invalid):
            suggestions.accept(conn, actor=alice, suggestion_id=suggestion_id, text=text)
    assert suggestions.get(conn, suggestion_id=suggestion_id).status == "pending"


def test_discarding_twice_is_discarding_once(conn, alice, bob, post):
    suggestion_id = factories.make_suggestion(conn, post=post, actor=alice)
    first = suggestions.discard(conn, actor=bob, suggestion_id=suggestion_id)
    assert suggestions.discard(conn, actor=alice, suggestion_id=suggestion_id) == first
    assert (first.status, first.decided_by_name) == ("discarded", "Bob")
    with pytest.raises(Conflict, match="Bob already discarded"):
        suggestions.accept(conn, actor=alice, suggestion_id=suggestion_id)


@pytest.mark.parametrize("stop", [suggestions.withdraw, suggestions.discard])
def test_stopping_cancels_the_task(conn, alice, post, model, action, stop):
    (suggestion,) = ask(conn, alice, post)
    assert stop(conn, actor=alice, suggestion_id=suggestion.id).status == "withdrawn"
    assert tasks.get(conn, task_id=suggestion.task_id).status == "cancelled"


def test_stopping_what_is_finished_leaves_it_to_be_read(conn, alice, post):
    suggestion_id = factories.make_suggestion(conn, post=post, actor=alice)
    assert suggestions.withdraw(conn, actor=alice, suggestion_id=suggestion_id).status == "pending"


def test_a_task_cancelled_elsewhere_counts_as_withdrawn(conn, alice, post):
    suggestion_id = factories.make_suggestion(conn, post=post, actor=alice, status="cancelled")
    assert suggestions.get(conn, suggestion_id=suggestion_id).status == "withdrawn"
    assert suggestions.list_open(conn, post_id=post.id) == []


def test_trying_again_puts_the_failed_one_away_and_keeps_a_pending_one(conn, alice, post, model, action):
    failed = factories.make_suggestion(conn, post=post, actor=alice, status="failed", category="timeout")
    pending = factories.make_suggestion(conn, post=post, actor=alice)
    ask(conn, alice, post, instead_of=failed)
    ask(conn, alice, post, instead_of=pending)
    assert suggestions.get(conn, suggestion_id=failed).status == "discarded"
    assert suggestions.get(conn, suggestion_id=pending).status == "pending"
    statuses = [s.status for s in suggestions.list_(conn, post_id=post.id, field_key="basic_idea")]
    assert statuses == ["running", "running", "pending", "discarded"]


def test_an_unknown_suggestion_is_not_found(conn, alice):
    for act in (suggestions.accept, suggestions.discard, suggestions.withdraw):
        with pytest.raises(NotFound):
            act(conn, actor=alice, suggestion_id=2**62)


@pytest.fixture
def two_connections(database_url: str) -> Iterator[list[db.Connection]]:
    opened = [psycopg.connect(database_url, row_factory=dict_row, autocommit=True) for _ in range(2)]
    yield opened
    for conn in opened:
        conn.close()


def test_of_two_tabs_that_accept_at_once_one_is_told(two_connections: list[db.Connection]):
    first, second = two_connections
    alice, bob = factories.make_user(first, name="Alice"), factories.make_user(first, name="Bob")
    post = posts.create(first, actor=alice, idea="kilts")
    suggestion_id = factories.make_suggestion(first, post=post, actor=alice)
    told: list[str] = []

    def bob_accepts() -> None:
        try:
            with second.transaction():
                suggestions.accept(second, actor=bob, suggestion_id=suggestion_id)
        except Conflict as conflict:
            told.append(str(conflict))

    with first.transaction():
        suggestions.accept(first, actor=alice, suggestion_id=suggestion_id)
        thread = threading.Thread(target=bob_accepts)
        thread.start()
        thread.join(0.3)
    thread.join(5)
    assert len(told) == 1 and "Alice already accepted this suggestion" in told[0]
    assert len(revisions.list_(first, post_id=post.id, field_key="basic_idea")) == 1
