"""/metrics: who may read it, and that Prometheus understands it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from blogforge_llm import db, measuring
from blogforge_llm.records.accounts import User
from blogforge_llm.services.accounts import tokens
from blogforge_llm.services.ops import metrics
from blogforge_llm.services.tasks import workers
from tests import factories
from tests.services.ops.test_metrics import make_attempts

Browse = Callable[[User | None], FlaskClient]


def families(text: str) -> dict[str, Any]:
    return {family.name: family for family in text_string_to_metric_families(text)}


def value(found: dict[str, Any], name: str, **labels: str) -> float:
    (sample,) = [
        sample
        for family in found.values()
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    return float(sample.value)


def test_calls_queue_workers_and_this_process_are_told(browse: Browse, conn: db.Connection, alice: User) -> None:
    model_id = factories.make_model(conn, name='odd "name"\n', provider="Größe\\")
    make_attempts(conn, model_id=model_id, count=3)
    make_attempts(conn, model_id=model_id, category="rate_limit", seconds=3)
    conn.execute("INSERT INTO tasks (status, messages, deadline_s) VALUES ('queued', '[]', 9)")
    conn.execute("INSERT INTO circuits (name, state, category) VALUES ('model:7', 'open', 'overloaded')")
    conn.execute("INSERT INTO circuits (name, state) VALUES ('key:3', 'closed')")
    answer = browse(None).get("/metrics")
    assert answer.status_code == 200 and answer.content_type.startswith("text/plain; version=0.0.4")
    found = families(answer.text)
    model = {"provider": "Größe\\", "model": 'odd "name"\n'}
    assert value(found, "blogforge_calls_total", outcome="succeeded", **model) == 3
    assert value(found, "blogforge_calls_total", outcome="rate_limit", **model) == 1
    assert value(found, "blogforge_call_tokens_total", direction="output", **model) == 80
    assert value(found, "blogforge_call_cost_usd_total", **model) == 2
    assert value(found, "blogforge_call_seconds_bucket", le="0.5", **model) == 3
    assert value(found, "blogforge_call_seconds_bucket", le="5.0", **model) == 4
    assert value(found, "blogforge_call_seconds_bucket", le="+Inf", **model) == 4
    assert value(found, "blogforge_tasks_unfinished", status="queued") == 1
    assert value(found, "blogforge_tasks_oldest_seconds", status="running") == 0
    assert value(found, "blogforge_workers", kind="interactive") == 0
    (resting,) = found["blogforge_circuit_resting"].samples
    assert resting.labels == {"circuit": "model:7", "state": "open", "category": "overloaded"}
    assert value(found, "blogforge_query_seconds_count", query="ops/metrics.get_horizon", kind="web") >= 1


def test_what_other_processes_said_stands_beside_it(browse: Browse, conn: db.Connection) -> None:
    import uuid

    worker_id = uuid.uuid4()
    workers.register(conn, worker_id=worker_id, kind="interactive")
    metrics.keep_process(conn, worker_id=worker_id, exposition=measuring.exposition())
    text = browse(None).get("/metrics").text
    found = families(text)
    kinds = {sample.labels["kind"] for sample in found["blogforge_query_seconds"].samples}
    assert kinds == {"web", "interactive"}
    assert text.count("# TYPE blogforge_query_seconds ") == 1
    assert value(found, "blogforge_workers", kind="interactive") == 1
    conn.execute("DELETE FROM workers")
    assert metrics.forget_dead(conn) == 1


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via"])
def test_what_came_through_a_proxy_is_not_from_this_machine(browse: Browse, conn: db.Connection, header: str) -> None:
    assert browse(None).get("/metrics", headers={header: "127.0.0.1"}).status_code == 401


def test_from_elsewhere_only_an_admin_s_token_reads_it(
    app: Flask, conn: db.Connection, ada: User, alice: User, browse: Browse
) -> None:
    elsewhere = {"REMOTE_ADDR": "203.0.113.7"}

    def status(user: User) -> int:
        _, token = tokens.create(conn, actor=user, name="prometheus")
        headers = {"Authorization": f"Bearer {token}"}
        return app.test_client().get("/metrics", headers=headers, environ_overrides=elsewhere).status_code

    assert status(ada) == 200
    assert status(alice) == 403
    assert browse(ada).get("/metrics", environ_overrides=elsewhere).status_code == 401  # a cookie is no token
