"""Batches over the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from tests import factories

ITEMS = [{"key": "a", "messages": [{"role": "user", "content": "One"}]},
         {"messages": [{"role": "user", "content": "Two"}]}]  # fmt: skip
BATCH = {"title": "Two questions", "items": ITEMS}


@pytest.fixture
def api(conn: db.Connection, program: Callable[[User], Any], alice: User) -> Any:
    model_id = factories.make_model(conn, name="echo", input_price="1", output_price="2")
    factories.make_route(conn, model_ids=[model_id])
    return program(alice)


def test_a_batch_is_planned_with_its_estimate_and_started(api: Any) -> None:
    planned = api.post("/batches", BATCH | {"budget": "1.50", "concurrency": 2})
    assert planned.status_code == 201
    batch = planned.json
    assert (batch["status"], batch["total"], batch["queued"], batch["budget"]) == ("draft", 2, 2, "1.500000000")
    assert batch["estimate"]["items"] == 2 and float(batch["estimate"]["cost_high"]) > 0
    assert api.post(f"/batches/{batch['id']}/start").json["status"] == "queued"
    assert api.post(f"/batches/{batch['id']}/start").status_code == 409
    assert [row["id"] for row in api.get("/batches").json["items"]] == [batch["id"]]


def test_items_are_paged_by_position_and_filtered_by_status(api: Any) -> None:
    batch_id = api.post("/batches", BATCH).json["id"]
    page = api.get(f"/batches/{batch_id}/items?limit=1").json
    assert ([item["key"] for item in page["items"]], page["next"]) == (["a"], 1)
    rest = api.get(f"/batches/{batch_id}/items?limit=1&after=1").json
    assert ([item["key"] for item in rest["items"]], rest["next"]) == (["2"], None)
    assert api.get(f"/batches/{batch_id}/items?status=failed").json["items"] == []


def test_a_draft_is_discarded_and_a_started_batch_is_not(api: Any, program: Any, bob: User) -> None:
    drafted, begun = (f"/batches/{api.post('/batches', BATCH).json['id']}" for _ in range(2))
    api.post(f"{begun}/start")
    assert program(bob).delete(drafted).status_code == 404
    assert (api.delete(drafted).status_code, api.delete(begun).status_code) == (204, 409)
    assert (api.get(drafted).status_code, api.get(begun).json["status"]) == (404, "queued")


def test_adding_items_twice_is_adding_them_once(api: Any) -> None:
    batch_id = api.post("/batches", BATCH).json["id"]
    more = {"items": [ITEMS[0], {"key": "new", "messages": ITEMS[0]["messages"]}]}
    for _ in range(2):
        assert api.post(f"/batches/{batch_id}/items", more).json["total"] == 3


def test_pause_resume_cancel_and_retry_answer_409_where_they_make_no_sense(api: Any) -> None:
    batch_id = api.post("/batches", BATCH).json["id"]
    for noun in ("pause", "resume", "retry"):
        assert api.post(f"/batches/{batch_id}/{noun}").status_code == 409
    api.post(f"/batches/{batch_id}/start")
    assert api.post(f"/batches/{batch_id}/pause").json["status"] == "paused"
    assert api.post(f"/batches/{batch_id}/resume").json["status"] == "queued"
    assert api.patch(f"/batches/{batch_id}", {"priority": 9}).json["priority"] == 9
    cancelled = api.post(f"/batches/{batch_id}/cancel").json
    assert (cancelled["status"], cancelled["cancelled"]) == ("cancelled", 2)
    assert api.post(f"/batches/{batch_id}/cancel").status_code == 409


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": " "}, "title"), ({"items": []}, "items"), ({"concurrency": 0}, "concurrency"),
        ({"budget": "0"}, "budget"), ({"budget": 0}, "budget"), ({"budget": True}, "budget"),
        ({"items": [{"inputs": {"a": "b"}}]}, "items"),
    ],
)  # fmt: skip
def test_what_cannot_be_planned_is_refused_by_field(api: Any, change: dict[str, Any], field: str) -> None:
    answer = api.post("/batches", BATCH | change)
    assert answer.status_code == 422
    assert any(name.startswith(field) for name in answer.json["errors"])


def test_a_batch_for_a_route_that_is_not_there_is_not_found(api: Any) -> None:
    answer = api.post("/batches", BATCH | {"route": "Nowhere"})
    assert answer.status_code == 404 and list(answer.json["errors"]) == ["route"]


def test_a_batch_does_not_exist_for_others_and_a_viewer_cannot_plan_one(
    api: Any, program: Callable[[User], Any], ada: User, bob: User, charlie: User
) -> None:
    batch_id = api.post("/batches", BATCH).json["id"]
    assert program(ada).get(f"/batches/{batch_id}").status_code == 200
    for path in ("", "/items"):
        assert program(bob).get(f"/batches/{batch_id}{path}").status_code == 404
    assert program(bob).post(f"/batches/{batch_id}/start").status_code == 404
    assert program(charlie).post("/batches", BATCH).status_code == 403
