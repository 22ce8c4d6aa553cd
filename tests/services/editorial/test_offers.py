"""A task's output offered to a field: it becomes a suggestion, on the text that its inputs came from."""

from __future__ import annotations

import pytest
from psycopg.types.json import Jsonb

from blogforge_llm import db
from blogforge_llm.errors import Conflict, Forbidden, NotFound
from blogforge_llm.records.accounts import User
from blogforge_llm.records.editorial import Post
from blogforge_llm.services.editorial import fields, posts, suggestions
from tests import factories


@pytest.fixture
def post(conn: db.Connection, alice: User) -> Post:
    return posts.create(conn, actor=alice, idea="kilts")


def make_task(conn: db.Connection, actor: User, *, output: str | None = "From the runner.", post: Post | None = None):
    row = conn.execute(
        "INSERT INTO tasks (status, messages, deadline_s, output, served_by_model_id, created_by, finished_at) "
        "VALUES (%s, %s, 9, %s, %s, %s, now()) RETURNING id",
        ("succeeded" if output else "running", Jsonb([]), output, factories.make_model(conn), actor.id),
    ).fetchone()
    assert row
    if post:
        conn.execute(
            "WITH t AS (INSERT INTO trials (post_id, as_of, created_by) "
            "SELECT %s, max(id), %s FROM revisions WHERE post_id = %s RETURNING id) "
            "INSERT INTO trial_tasks (trial_id, position, task_id) SELECT id, 0, %s FROM t",
            (post.id, actor.id, post.id, row["id"]),
        )
    return row["id"]


def offer(conn: db.Connection, actor: User, task_id: int, post: Post, key: str = "basic_idea"):
    return suggestions.offer(conn, actor=actor, task_id=task_id, post_id=post.id, field_key=key)


def write(conn: db.Connection, actor: User, post: Post, text: str, base: int | None):
    return fields.save(
        conn, actor=actor, post_id=post.id, field_key="basic_idea", text=text, base_revision_id=base
    )  # fmt: skip


def test_the_field_stays_until_somebody_accepts(conn, alice, post):
    base = write(conn, alice, post, "mine", None)
    offered = offer(conn, alice, make_task(conn, alice), post)
    assert (offered.status, offered.base_revision_id, offered.action_id) == ("pending", base.id, None)
    assert fields.get(conn, post_id=post.id, field_key="basic_idea").text == "mine"
    assert suggestions.accept(conn, actor=alice, suggestion_id=offered.id).text == "From the runner."


def test_a_field_that_moved_on_since_it_filled_the_inputs_wants_a_merge(conn, alice, bob, post):
    base = write(conn, alice, post, "mine", None)
    task_id = make_task(conn, alice, post=post)
    write(conn, bob, post, "theirs", base.id)
    offered = offer(conn, alice, task_id, post)
    assert offered.base_revision_id == base.id
    with pytest.raises(Conflict, match="Bob changed"):
        suggestions.accept(conn, actor=alice, suggestion_id=offered.id)


def test_for_another_post_the_newest_text_is_the_base(conn, alice, post):
    task_id = make_task(conn, alice, post=post)
    other = posts.create(conn, actor=alice, idea="bread")
    base = write(conn, alice, other, "mine", None)
    assert offer(conn, alice, task_id, other).base_revision_id == base.id


def test_one_output_is_offered_once(conn, alice, post):
    task_id = make_task(conn, alice)
    offer(conn, alice, task_id, post)
    with pytest.raises(Conflict, match="offered to a field before"):
        offer(conn, alice, task_id, post, "idea_scope")


def test_what_is_not_there_cannot_be_offered(conn, alice, charlie, post):
    with pytest.raises(Conflict, match="no output"):
        offer(conn, alice, make_task(conn, alice, output=None), post)
    with pytest.raises(NotFound):
        offer(conn, alice, make_task(conn, alice), post, "nowhere")
    with pytest.raises(Forbidden):
        offer(conn, charlie, make_task(conn, alice), post)
