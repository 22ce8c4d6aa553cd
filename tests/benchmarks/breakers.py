"""What the circuits cost a healthy call: asking whether it may be made, and telling that it went well."""

from __future__ import annotations

import tempfile
import time
import uuid
from pathlib import Path

from blogforge_llm import db, embedded, migrations
from blogforge_llm.engine.breakers import Breakers
from blogforge_llm.engine.types import Candidate, Outcome
from blogforge_llm.records.tasks import AttemptStatus
from tests.benchmarks.numbers import Number

ROUNDS = 2000
MODELS = 5


def measure() -> list[Number]:
    """With a database of its own, and a table that has seen failures."""
    with tempfile.TemporaryDirectory() as folder:
        cluster = embedded.Cluster(Path(folder))
        try:
            url = cluster.start()
            migrations.apply(url)
            db.open_pool(url)
            return [Number("circuits: admission and report of a healthy call", _rounds(), 1)]
        finally:
            db.close_pool()
            cluster.stop()


def _rounds() -> list[float]:
    with db.connection() as conn:
        conn.execute(
            "INSERT INTO circuits (name, state) SELECT 'model:' || n, 'closed' FROM generate_series(1, 50) AS n"
        )
    candidates = [Candidate(number, "model", number, "Provider", "groq", key_id=number) for number in range(MODELS)]
    values = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        breaker = Breakers(candidates, uuid.uuid4())
        assert breaker.may_ask(candidates[0]) is None
        breaker.report(candidates[0], Outcome(AttemptStatus.SUCCEEDED))
        values.append((time.perf_counter() - began) * 1000)
    return values
