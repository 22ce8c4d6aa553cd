"""A batch in real processes: kill -9 of the worker, the web, the database in its middle. Afterwards every item has its
answer, nothing whose answer was stored was asked again, and the rows add up to what the provider counted.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from blogforge_llm import embedded
from tests.installation import BLOGFORGE, Installation, wait_until
from tests.provider_standin import Standin

pytestmark = pytest.mark.processes

ITEMS = 300
MODEL = "ok;delay=0.1"


@pytest.fixture
def installation(tmp_path: Path, standin: Standin) -> Iterator[Installation]:
    with Installation(tmp_path / "data") as installation:
        installation.create_admin()
        body = {"name": "Groq", "kind": "groq", "base_url": standin.groq_url, "api_key": "good-key-123"}
        provider = installation.api("POST", "/llm/providers", body)
        model = {"provider_id": provider["id"], "name": MODEL, "input_price": "1", "output_price": "2"}
        installation.api("POST", "/llm/models", model)
        yield installation


def start(installation: Installation, *, concurrency: int = 10) -> int:
    items = [{"messages": [{"role": "user", "content": f"Item {n}"}]} for n in range(ITEMS)]
    body = {"title": "A batch", "items": items, "concurrency": concurrency}
    batch_id = int(installation.api("POST", "/batches", body, expect=201)["id"])
    installation.api("POST", f"/batches/{batch_id}/start", expect=202)
    return batch_id


def get(installation: Installation, batch_id: int) -> dict[str, Any]:
    with contextlib.suppress(AssertionError, OSError):
        batch: dict[str, Any] = installation.api("GET", f"/batches/{batch_id}")
        return batch
    return {"status": "unknown", "succeeded": 0}


def check_totals(installation: Installation, standin: Standin, batch_id: int, *, begun: int) -> None:
    """`begun` is how many items may have been asked when something died."""
    wait_until(lambda: get(installation, batch_id)["status"] in ("completed", "failed"), timeout=90, every=0.3)
    batch = get(installation, batch_id)
    assert (batch["status"], batch["succeeded"], batch["failed"], batch["total"]) == ("completed", ITEMS, 0, ITEMS)
    # Of a request that its killed sender did not get out there is no body: nobody was asked.
    asked = Counter(request.body["messages"][0]["content"] for request in standin.requests if request.body)
    assert len(asked) == ITEMS
    assert sum(asked.values()) - ITEMS <= begun
    url = embedded.Cluster(installation.data_dir).url
    with psycopg.connect(url) as conn:
        rows = conn.execute(
            "SELECT i.key, i.input_tokens, count(a.id), count(a.id) FILTER (WHERE a.status = 'succeeded'), "
            "count(*) FILTER (WHERE a.status = 'running'), sum(a.input_tokens) "
            "FROM items i JOIN attempts a ON a.task_id = i.task_id WHERE i.batch_id = %s GROUP BY i.id",
            (batch_id,),
        ).fetchall()
    assert len(rows) == ITEMS
    for key, tokens, attempts, answered, still_running, counted in rows:
        # One answer is stored, once; whoever was asked twice was asked by one that died before it could store.
        assert (answered, still_running, tokens) == (1, 0, counted)
        assert attempts >= asked[f"Item {int(key) - 1}"]
    assert batch["input_tokens"] == sum(row[1] for row in rows)


def wait_for_some(installation: Installation, batch_id: int) -> None:
    wait_until(lambda: get(installation, batch_id)["succeeded"] >= 40, timeout=30, every=0.02)


def test_a_killed_batch_worker_costs_only_what_it_was_asking(installation: Installation, standin: Standin) -> None:
    batch_id = start(installation)
    wait_for_some(installation, batch_id)
    (pid,) = installation.child_pids("worker", "batch")
    os.kill(pid, signal.SIGKILL)
    # Its lanes, and what was claimed ahead for them, or had answered and was not yet written.
    check_totals(installation, standin, batch_id, begun=40)


def test_a_killed_web_does_not_disturb_a_batch(installation: Installation, standin: Standin) -> None:
    batch_id = start(installation)
    wait_for_some(installation, batch_id)
    for pid in installation.child_pids("web"):
        os.kill(pid, signal.SIGKILL)
    check_totals(installation, standin, batch_id, begun=0)


def test_a_killed_database_loses_no_answer_of_a_batch(installation: Installation, standin: Standin) -> None:
    batch_id = start(installation)
    wait_for_some(installation, batch_id)
    pid = int((installation.data_dir / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0])
    os.kill(pid, signal.SIGKILL)
    installation.wait_for_output("the database ended; starting it again")
    check_totals(installation, standin, batch_id, begun=0)


def test_a_worker_alone_runs_batches_too_and_takes_them_along_when_it_stops(database_url: str, tmp_path: Path) -> None:
    with Installation(tmp_path / "data", verb="web", database_url=database_url) as web:
        worker = subprocess.Popen([*BLOGFORGE, "worker", "--grace", "0.5"], env=web.environment)
        try:
            wait_until(lambda: _kinds(database_url) == ["batch", "interactive"], timeout=60)
            assert len(web.child_pids("worker", "batch")) == 1
        finally:
            worker.terminate()
            assert worker.wait(20) == 0
        assert web.child_pids("worker", "batch") == []


def _kinds(url: str) -> list[str]:
    with psycopg.connect(url) as conn:
        return [row[0] for row in conn.execute("SELECT kind FROM workers ORDER BY kind")]
