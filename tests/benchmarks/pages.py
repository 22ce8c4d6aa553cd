"""Every /llm/ page and list API, and the log with each filter, over a year of a million tasks, eight readers at once.

`python -m tests.benchmarks.pages` alone; BENCH_TASKS=10000000 for ten million, BENCH_DATA=folder keeps what was seeded
and uses it again. Readers and PostgreSQL are on the same machine as the web processes.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from blogforge_llm import embedded
from tests.benchmarks import readers, seed
from tests.benchmarks.numbers import Number
from tests.installation import Installation

READERS = 8
ROUNDS = 12  # of each reader
TARGET_MS = 100.0
_PAGES = (
    "/llm/", "/llm/?days=30", "/llm/providers", "/llm/models", "/llm/routes", "/llm/presets", "/llm/keys", "/llm/parts",
    "/llm/templates", "/llm/actions", "/llm/library", "/llm/health", "/llm/tasks", "/llm/trials", "/llm/batches",
    "/llm/batches/new", "/llm/budgets", "/llm/ledger", "/llm/ledger?by=user", "/llm/ledger/attempts", "/llm/outcomes",
    "/llm/proposals", "/alerts", "/alerts/rules", "/errors", "/audit", "/settings", "/posts", "/users",
    "/llm/models/{model}/edit", "/llm/models/{model}/prices", "/llm/providers/{provider}", "/llm/routes/{route}",
    "/llm/parts/{part}", "/llm/templates/{template}", "/llm/templates/{template}/edit",
    "/llm/templates/{template}/outcomes", "/llm/actions/{action}/edit", "/llm/tasks/{task}", "/llm/tasks/{task}/rerun",
    "/llm/tasks?before={task}",
)  # fmt: skip
_LISTS = (
    "/api/v1/llm/providers", "/api/v1/llm/models", "/api/v1/llm/routes", "/api/v1/llm/presets", "/api/v1/llm/keys",
    "/api/v1/llm/parts", "/api/v1/llm/templates", "/api/v1/llm/actions", "/api/v1/llm/circuits", "/api/v1/llm/tasks",
    "/api/v1/llm/trials", "/api/v1/batches", "/api/v1/llm/budgets", "/api/v1/llm/ledger", "/api/v1/llm/ledger/attempts",
    "/api/v1/llm/outcomes", "/api/v1/llm/proposals", "/api/v1/llm/dashboard", "/api/v1/llm/alerts", "/api/v1/errors",
    "/api/v1/audit", "/api/v1/settings", "/api/v1/posts", "/api/v1/users", "/api/v1/llm/tasks?limit=200",
)  # fmt: skip
# Of each filter a common value and a rare one, and what nothing has.
_FILTERS = """
SELECT ARRAY[
       'status=failed', 'status=queued', 'status=cancelled', 'category=timeout', 'category=address_refused',
       'category=budget_exceeded', 'template=' || min(t.id), 'template=' || max(t.id), 'template=0',
       'model=' || (SELECT min(id) FROM models WHERE name LIKE 'seed-%'),
       'model=' || (SELECT max(id) FROM models WHERE name LIKE 'seed-%'),
       'action=' || (SELECT min(id) FROM actions WHERE name LIKE 'Seed %'),
       'action=' || (SELECT max(id) FROM actions WHERE name LIKE 'Seed %'),
       'user=' || (SELECT min(id) FROM users WHERE email LIKE '%@seed.example'),
       'user=' || (SELECT max(id) FROM users WHERE email LIKE '%@seed.example'),
       'post=' || (SELECT min(id) FROM posts WHERE slug LIKE 'seed-%'),
       'post=' || (SELECT max(id) FROM posts WHERE slug LIKE 'seed-%'),
       'from=' || (now() - interval '1 day')::date, 'from=2000-01-01',
       'to=' || (now() - interval '300 days')::date, 'min_cost=0.001', 'min_cost=0.0026', 'min_cost=9',
       'max_cost=0.00001', 'q=w1', 'q=w3977', 'q=xylophone', 'q=nowhere', 'q=xylo*', 'q=w*'] AS filters,
       jsonb_build_object(
           'task', (SELECT max(id) FROM (SELECT id FROM tasks LIMIT 500) AS sample),
           'template', min(t.id), 'part', (SELECT min(id) FROM parts), 'action', (SELECT min(id) FROM actions),
           'route', (SELECT min(id) FROM routes), 'provider', (SELECT min(id) FROM providers),
           'model', (SELECT min(id) FROM models WHERE name LIKE 'seed-%')) AS ids
  FROM templates t
 WHERE t.name LIKE 'Seed %'
"""


# Programs may ask six hundred times a minute: that is not what is measured here.
_NO_LIMITS = """
INSERT INTO settings (key, value) VALUES ('api_requests_per_token', '1000000'), ('api_requests_per_user', '1000000')
    ON CONFLICT (key) DO UPDATE SET value = excluded.value
"""


def measure(data_dir: Path, *, tasks: int) -> Iterator[Number]:
    """Seeds the data directory if nobody has."""
    with Installation(data_dir) as installation:
        url = embedded.Cluster(data_dir).url
        with psycopg.connect(url, row_factory=dict_row) as conn:
            row = conn.execute("SELECT (SELECT max(id) FROM tasks) AS tasks").fetchone()
            is_seeded = row is not None and (row["tasks"] or 0) >= tasks
        if not is_seeded:
            seed.seed(url, tasks=tasks)
        with psycopg.connect(url, row_factory=dict_row) as conn:
            found: Any = conn.execute(_FILTERS).fetchone()
            conn.execute(_NO_LIMITS)
        email = f"bench{time.time_ns()}@example.org"
        installation.create_admin(email)
        yield from _measure_all(installation, email, found["filters"], found["ids"])


def _measure_all(installation: Installation, email: str, filters: list[str], ids: dict[str, int]) -> Iterator[Number]:
    cookie = readers.log_in(installation, email)
    token = {"Authorization": f"Bearer {installation.token}"}
    pages = [*(path.format(**ids) for path in _PAGES), *(f"/llm/tasks?{each}" for each in filters)]
    lists = [*_LISTS, *(f"/api/v1/llm/tasks?{each}" for each in filters[::3])]
    for paths, headers in ((pages, cookie), (lists, token)):
        for path in paths:
            times = readers.read_at_once(installation, lambda path=path: path, headers, readers=READERS, rounds=ROUNDS)
            yield Number(path, times, TARGET_MS)


def main() -> int:
    tasks = int(os.environ.get("BENCH_TASKS", "1000000"))
    print(readers.heading(f"{tasks:,} tasks, {READERS} readers at once"), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for number in measure(Path(os.environ.get("BENCH_DATA", folder)), tasks=tasks):
            print(readers.line(number), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
