"""Tasks queued for models of the stand-in."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from blogforge_llm import db, runner
from blogforge_llm.config import Settings
from blogforge_llm.engine.types import Message, OutputContract
from blogforge_llm.presence import presence
from blogforge_llm.services.tasks import tasks, workers
from tests import factories
from tests.provider_standin import Standin


@pytest.fixture(autouse=True)
def configured(pool: str, settings: Settings) -> Iterator[None]:
    runner.configure(settings)
    presence.join("web")
    with db.transaction() as conn:  # it may have joined in another test's database
        if not workers.beat(conn, worker_id=presence.worker_id):
            workers.register(conn, worker_id=presence.worker_id, kind="web")
    yield


@pytest.fixture
def ask(pool: str, standin: Standin) -> Callable[..., int]:
    """Queue a task for a route of these models, each (kind, model name); the task's id."""

    def queue(*models: tuple[str, str], contract: OutputContract | None = None, deadline_s: float = 20.0) -> int:
        urls = {
            "groq": standin.groq_url, "cerebras": standin.cerebras_url,
            "openai_compatible": standin.compatible_url, "llm": standin.compatible_url,
        }  # fmt: skip
        with db.transaction() as conn:
            actor = factories.make_user(conn, name="Alice")
            ids = []
            for kind, name in models:
                provider_id = factories.make_provider(conn, kind=kind, base_url=urls[kind])
                ids += factories.make_models(conn, provider_id=provider_id, names=[name])
            route_id = factories.make_route(conn, model_ids=ids, name="Route", is_default=False)
            task = tasks.create(
                conn, actor=actor, messages=[Message.of("user", "Why does bread rise?")], route_id=route_id,
                contract=contract, deadline_s=deadline_s,
            )  # fmt: skip
        return task.id

    return queue
