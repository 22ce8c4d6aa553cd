"""Rows for tests, made through the services people use, with defaults that make sense."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

from psycopg.types.json import Jsonb

from blogforge_llm import db
from blogforge_llm.engine.types import Candidate
from blogforge_llm.records.accounts import Role, User
from blogforge_llm.records.editorial import Post
from blogforge_llm.services.registry import encryption

_numbers = itertools.count(1)


def make_user(conn: db.Connection, *, name: str = "Alice", role: str = "editor", email: str | None = None) -> User:
    """Straight into the table: hashing a password for every test would cost 0.1 s each."""
    email = email or f"{name.lower()}{next(_numbers)}@example.org"
    row = conn.execute(
        "INSERT INTO users (email, name, password_hash, role) VALUES (%s, %s, 'no password', %s) RETURNING id",
        (email, name, role),
    ).fetchone()
    assert row is not None
    return User(row["id"], email, name, Role(role), True, datetime.now(UTC), None)


def make_model(
    conn: db.Connection,
    *,
    name: str | None = None,
    provider: str | None = None,
    is_ai: bool = True,
    kind: str = "llm",
    input_price: str | None = None,
    output_price: str | None = None,
) -> int:
    """A model of a provider of its own that needs no key; returns the model's id."""
    number = next(_numbers)
    provider_row = conn.execute(
        "INSERT INTO providers (name, kind) VALUES (%s, %s) RETURNING id", (provider or f"Provider {number}", kind)
    ).fetchone()
    assert provider_row is not None
    row = conn.execute(
        "INSERT INTO models (provider_id, name, is_ai, input_price, output_price, position) "
        "VALUES (%s, %s, %s, %s, %s, 0) RETURNING id",
        (provider_row["id"], name or f"model-{number}", is_ai, input_price, output_price),
    ).fetchone()
    assert row is not None
    return int(row["id"])


def make_provider(
    conn: db.Connection, *, kind: str, base_url: str | None, name: str | None = None, key: str = "good"
) -> int:
    """A provider with a shared key, as the connect page makes it; its id."""
    row = conn.execute(
        "INSERT INTO providers (name, kind, base_url) VALUES (%s, %s, %s) RETURNING id",
        (name or f"{kind} {next(_numbers)}", kind, base_url),
    ).fetchone()
    assert row is not None
    conn.execute(
        "INSERT INTO provider_keys (provider_id, name, ciphertext, hint, position) VALUES (%s, 'Key', %s, 'good', 0)",
        (row["id"], encryption.encrypt(key)),
    )
    return int(row["id"])


def make_models(conn: db.Connection, *, provider_id: int, names: list[str]) -> list[int]:
    """Models of one provider, in order; their ids."""
    ids = []
    for position, name in enumerate(names):
        row = conn.execute(
            "INSERT INTO models (provider_id, name, position, input_price, output_price) "
            "VALUES (%s, %s, %s, 1, 2) RETURNING id",
            (provider_id, name, position),
        ).fetchone()
        assert row is not None
        ids.append(int(row["id"]))
    return ids


def make_route(conn: db.Connection, *, model_ids: list[int], name: str = "Default", is_default: bool = True) -> int:
    row = conn.execute(
        "INSERT INTO routes (name, is_default) VALUES (%s, %s) RETURNING id", (name, is_default)
    ).fetchone()
    assert row is not None
    for position, model_id in enumerate(model_ids):
        conn.execute(
            "INSERT INTO route_models (route_id, position, model_id) VALUES (%s, %s, %s)",
            (row["id"], position, model_id),
        )
    return int(row["id"])


def make_suggestion(
    conn: db.Connection,
    *,
    post: Post,
    actor: User,
    field_key: str = "basic_idea",
    base_revision_id: int | None = None,
    status: str = "succeeded",
    output: str = "A better text.",
    model_id: int | None = None,
    category: str | None = None,
) -> int:
    """A suggestion whose task is at `status`, without anybody having been asked; returns the suggestion's id."""
    is_done = status == "succeeded"
    if is_done and model_id is None:
        model_id = make_model(conn)
    row = conn.execute(
        "INSERT INTO tasks (status, messages, deadline_s, output, served_by_model_id, error_category, error_message, "
        "created_by, started_at, finished_at, cost, cost_source) "
        "VALUES (%s, %s, 120, %s, %s, %s, %s, %s, now(), now(), 0.000412, 'known') RETURNING id",
        (
            status,
            Jsonb([{"role": "user", "content": "Write."}]),
            output if is_done else None,
            model_id if is_done else None,
            category,
            category and "It failed.",
            actor.id,
        ),
    ).fetchone()
    assert row is not None
    row = conn.execute(
        "INSERT INTO suggestions (post_id, field_id, task_id, base_revision_id, created_by) "
        "SELECT %s, id, %s, %s, %s FROM fields WHERE key = %s RETURNING id",
        (post.id, row["id"], base_revision_id, actor.id, field_key),
    ).fetchone()
    assert row is not None
    return int(row["id"])


def make_candidate(conn: db.Connection) -> Candidate:
    """A model that may be named on an attempt; asking it would fail."""
    model_id = make_model(conn)
    row = conn.execute("SELECT provider_id, name FROM models WHERE id = %s", (model_id,)).fetchone()
    assert row is not None
    return Candidate(model_id, row["name"], row["provider_id"], "Provider", "llm")


def make_attempt(
    conn: db.Connection,
    *,
    model_id: int,
    user: User | None = None,
    template_id: int | None = None,
    status: str = "succeeded",
    category: str | None = None,
    cost: str | None = "0.5",
    source: str = "known",
    started_at: datetime | None = None,
    finished_at: datetime | None = None,
    billed_to: str | None = None,
) -> int:
    """An attempt as it stands after its call, with a task of its own; its id."""
    row = conn.execute(
        "WITH task AS (INSERT INTO tasks (status, messages, deadline_s, created_by, asked_by) "
        "VALUES (%(task)s, '[]', 120, %(user)s, %(user)s) RETURNING id) "
        "INSERT INTO attempts (task_id, position, run_id, model_id, provider_id, status, category, input_tokens, "
        "output_tokens, usage_source, cost, cost_source, started_at, finished_at, user_id, template_id, billed_to) "
        "SELECT task.id, 1, gen_random_uuid(), m.id, m.provider_id, %(status)s, %(category)s, 10, 20, %(source)s, "
        "%(cost)s, %(source)s, coalesce(%(at)s, clock_timestamp()), coalesce(%(end)s, clock_timestamp()), "
        "%(user)s, %(template)s, %(billed_to)s FROM task, models m WHERE m.id = %(model)s RETURNING id",
        {
            "task": status if status in ("succeeded", "failed", "cancelled") else "failed",
            "user": user.id if user else None, "status": status, "category": category, "source": source, "cost": cost,
            "at": started_at, "end": finished_at, "template": template_id, "billed_to": billed_to, "model": model_id,
        },
    ).fetchone()  # fmt: skip
    assert row is not None
    return int(row["id"])
