"""The log's page and its exports: filters in the address, chips, files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from blogforge_llm import db
from blogforge_llm.engine.types import Message
from blogforge_llm.records.accounts import User
from blogforge_llm.services.ops import totals
from blogforge_llm.services.tasks import log, tasks
from tests import factories

Browse = Callable[[User | None], FlaskClient]


@pytest.fixture
def ids(conn: db.Connection, alice: User, bob: User) -> list[int]:
    """alice's two tasks and bob's; hers answered with what a spreadsheet would run."""
    made = [tasks.add(conn, actor=actor, messages=[Message.of("user", "Why?")]) for actor in (alice, alice, bob)]
    conn.execute(
        "UPDATE tasks SET status = 'succeeded', output = %s, served_by_model_id = %s, cost = 0.02, started_at = now(), "
        "finished_at = now() - interval '5 seconds' WHERE id = %s",
        ('=HYPERLINK("http://evil") <b>bread</b>, "quoted"\nsecond line', factories.make_model(conn), made[0]),
    )
    totals.read_ended(conn)
    return made


def test_filters_stand_in_the_address_and_each_can_be_taken_away(browse: Browse, alice: User, ids: list[int]) -> None:
    page = browse(alice).get(f"/llm/tasks?user={alice.id}&q=bread&status=succeeded").text
    assert f"#{ids[0]}<" in page and f"#{ids[1]}<" not in page and f"#{ids[2]}<" not in page
    assert "Asked by: Alice" in page and "Words: bread" in page and "1 task<" in page
    assert f'href="/llm/tasks?status=succeeded&amp;user={alice.id}" aria-label="Remove Words: bread"' in page
    assert f"/llm/tasks/export?status=succeeded&amp;user={alice.id}&amp;q=bread&amp;format=csv" in page


def test_a_filter_that_finds_nothing_and_one_that_cannot_be_say_so(browse: Browse, alice: User, ids: list[int]) -> None:
    assert "No task fits this filter" in browse(alice).get("/llm/tasks?template=987654").text
    for query in ("from=soon", "post=x", "status=nonsense", "q=%00", "model=99999999999999999999"):
        answer = browse(alice).get(f"/llm/tasks?{query}")
        assert answer.status_code == 422
        assert "The list is not shown" in answer.text


def test_a_search_that_takes_too_long_is_no_error_page(
    browse: Browse, alice: User, ids: list[int], conn: db.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    conn.execute("ALTER TABLE tasks RENAME TO tasks_there")
    conn.execute("CREATE VIEW tasks AS SELECT t.* FROM tasks_there t, pg_sleep(60)")
    monkeypatch.setattr(log, "_PAGE_MS", 50)
    answer = browse(alice).get("/llm/tasks?status=queued")
    assert answer.status_code == 503
    assert "took too long. Narrow the time range" in answer.text


def test_the_csv_is_the_filtered_rows_and_runs_nothing(browse: Browse, alice: User, ids: list[int]) -> None:
    answer = browse(alice).get(f"/llm/tasks/export?format=csv&user={alice.id}")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="tasks.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [int(row["id"]) for row in rows] == [ids[1], ids[0]]
    assert rows[1]["output"].startswith("'=HYPERLINK") and rows[1]["output"].endswith("second line")
    assert (rows[1]["cost"], rows[1]["asked_by"]) == ("0.02", "Alice")
    assert json.loads(rows[1]["messages"]) == [{"role": "user", "content": "Why?"}]


def test_the_json_lines_are_the_rows_as_they_are(browse: Browse, bob: User, alice: User, ids: list[int]) -> None:
    rows = [json.loads(line) for line in browse(bob).get("/llm/tasks/export?format=jsonl").text.splitlines()]
    assert [row["id"] for row in rows][:3] == ids[::-1]
    assert next(row for row in rows if row["id"] == ids[0])["output"].startswith("=HYPERLINK")


def test_an_export_says_what_it_cannot_do_before_it_begins(browse: Browse, alice: User) -> None:
    assert browse(alice).get("/llm/tasks/export").status_code == 422
    assert browse(alice).get("/llm/tasks/export?format=csv&from=soon").status_code == 422
    assert browse(None).get("/llm/tasks/export?format=csv").status_code in (302, 303, 401)
    assert browse(alice).get("/llm/tasks/export?format=csv&template=987654").text.startswith("id,status")


def test_an_export_stops_when_its_reader_leaves(browse: Browse, alice: User, ids: list[int], monkeypatch: Any) -> None:
    monkeypatch.setattr(log, "_AT_ONCE", 1)
    answer = browse(alice).get("/llm/tasks/export?format=jsonl", buffered=False)
    assert next(iter(answer.response))
    answer.close()
    assert list(answer.response) == []


def test_raw_replies_are_for_admins(
    browse: Browse, conn: db.Connection, alice: User, ada: User, ids: list[int]
) -> None:
    conn.execute(
        "INSERT INTO attempts (task_id, position, run_id, model_id, provider_id, status, text, first_token_ms, "
        "started_at, finished_at) SELECT %s, 1, gen_random_uuid(), m.id, m.provider_id, 'succeeded', "
        "'raw <i>words</i>', 120, now(), now() + interval '1 second' FROM models m LIMIT 1",
        (ids[0],),
    )
    assert "raw &lt;i&gt;words" in browse(ada).get(f"/llm/tasks/{ids[0]}").text
    page = browse(alice).get(f"/llm/tasks/{ids[0]}").text
    assert "raw &lt;i&gt;" not in page
    assert "first text after 120 ms, the rest in 880 ms" in page


def test_the_api_filters_pages_and_exports_alike(program: Callable[[User], Any], alice: User, ids: list[int]) -> None:
    api = program(alice)
    first = api.get(f"/llm/tasks?user={alice.id}&limit=1").json
    second = api.get(f"/llm/tasks?user={alice.id}&limit=1&after={first['next']}").json
    assert [row["id"] for row in first["items"] + second["items"]] == [ids[1], ids[0]]
    assert second["next"] is None
    assert [row["id"] for row in api.get("/llm/tasks?q=bread&template=0").json["items"]] == [ids[0]]
    lines = api.get(f"/llm/tasks/export?user={alice.id}").text.splitlines()
    assert [json.loads(line)["id"] for line in lines] == [ids[1], ids[0]]
    for query, field in (
        ("from=soon", "from"),
        ("user=x", "user"),
        ("min_cost=lots", "min_cost"),
        ("status=done", "status"),
    ):
        answer = api.get(f"/llm/tasks?{query}")
        assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
