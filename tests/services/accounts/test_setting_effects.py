"""Each setting does what it says. Those of limits, origins and proxies have their tests beside what obeys them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from blogforge_llm import db
from blogforge_llm.engine.types import Message
from blogforge_llm.records.accounts import User
from blogforge_llm.services.accounts import settings
from blogforge_llm.services.registry import candidates, encryption
from blogforge_llm.services.tasks import tasks
from tests import factories


def test_a_task_without_a_deadline_has_the_settings_one(conn: db.Connection, ada: User) -> None:
    def deadline(**given: Any) -> float:
        return tasks.create(conn, actor=ada, messages=[Message.of("user", "Hi")], **given).deadline_s

    assert deadline() == 120
    settings.update(conn, actor=ada, key="deadline_s", value=45)
    assert deadline() == 45
    assert deadline(deadline_s=7) == 7


def test_the_api_takes_the_settings_deadline_too(
    conn: db.Connection, ada: User, program: Callable[[User], Any]
) -> None:
    factories.make_route(conn, model_ids=[factories.make_model(conn)])
    settings.update(conn, actor=ada, key="deadline_s", value=45)
    task_id = program(ada).post("/llm/tasks", {"messages": [{"role": "user", "content": "Hi"}]}).json["id"]
    assert tasks.get(conn, task_id=task_id).deadline_s == 45


def test_models_wait_as_long_as_the_settings_say_unless_they_say_it_themselves(conn: db.Connection, ada: User) -> None:
    encryption.configure("a secret of the tests only")
    provider_id = factories.make_provider(conn, kind="groq", base_url=None)
    plain, own = factories.make_models(conn, provider_id=provider_id, names=["plain", "own"])
    conn.execute("UPDATE models SET first_token_timeout_s = 3, idle_timeout_s = 4 WHERE id = %s", (own,))
    factories.make_route(conn, model_ids=[plain, own])

    def waits() -> list[tuple[float, float]]:
        found = candidates.list_for(conn, route_id=None, model_id=None, user_id=ada.id)
        return [(each.first_token_timeout_s, each.idle_timeout_s) for each in found]

    assert waits() == [(10, 10), (3, 4)]
    settings.update(conn, actor=ada, key="first_token_timeout_s", value=25)
    settings.update(conn, actor=ada, key="idle_timeout_s", value=30)
    assert waits() == [(25, 30), (3, 4)]
    alone = candidates.list_for(conn, route_id=None, model_id=plain, user_id=ada.id)
    assert (alone[0].first_token_timeout_s, alone[0].idle_timeout_s) == (25, 30)


def test_a_local_server_keeps_its_patience(conn: db.Connection, ada: User) -> None:
    encryption.configure("a secret of the tests only")
    provider_id = factories.make_provider(conn, kind="openai_compatible", base_url="http://127.0.0.1:1/v1")
    conn.execute("UPDATE providers SET is_local = true WHERE id = %s", (provider_id,))
    (model_id,) = factories.make_models(conn, provider_id=provider_id, names=["local"])
    settings.update(conn, actor=ada, key="first_token_timeout_s", value=1)
    (alone,) = candidates.list_for(conn, route_id=None, model_id=model_id, user_id=ada.id)
    assert alone.first_token_timeout_s == candidates.FIRST_TOKEN_LOCAL_S
