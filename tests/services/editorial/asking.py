"""Suggestions of a real action whose tasks have answered, without a model being asked."""

from __future__ import annotations

from typing import Any

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.records.actions import Action
from blogforge_llm.records.editorial import Post, Revision, Suggestion
from blogforge_llm.services.editorial import actions, suggestions, workflow
from tests import factories
from tests.services.prompts.factories import inline, make_template


def make_route(conn: db.Connection) -> int:
    """The default route; returns the id of its one model."""
    model_id = factories.make_model(conn, name="llama", provider="Groq", input_price="0.5")
    factories.make_route(conn, model_ids=[model_id])
    return model_id


def make_action(conn: db.Connection, ada: User, prompt: str, key: str) -> Action:
    template = make_template(conn, ada, inline(prompt))
    field = workflow.get_field(conn, key=key)
    return actions.create(conn, actor=ada, field_id=field.id, name=f"Action {template.id}", template_id=template.id)


def answer(conn: db.Connection, suggestion: Suggestion, output: str, model_id: int) -> None:
    conn.execute(
        "UPDATE tasks SET status = 'succeeded', output = %s, served_by_model_id = %s, started_at = now(), "
        "finished_at = now(), cost = 0.000412, cost_source = 'known' WHERE id = %s",
        (output, model_id, suggestion.task_id),
    )


def ask(conn: db.Connection, actor: User, post: Post, model_id: int, output: str, **place: Any) -> Suggestion:
    (suggestion,) = suggestions.create(conn, actor=actor, post_id=post.id, **place)
    answer(conn, suggestion, output, model_id)
    return suggestion


def let_in(
    conn: db.Connection, actor: User, post: Post, model_id: int, output: str, text: str | None = None, **place: Any
) -> Revision:
    """Asked, answered, accepted."""
    suggestion = ask(conn, actor, post, model_id, output, **place)
    return suggestions.accept(conn, actor=actor, suggestion_id=suggestion.id, text=text)
