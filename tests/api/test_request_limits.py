"""Programs that ask too often are told to wait, and everybody how much is left."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.services.accounts import requests, settings

Program = Callable[[User], Any]


def allow(conn: db.Connection, ada: User, *, token: int = 6000, user: int = 12000) -> None:
    settings.update(conn, actor=ada, key="api_requests_per_token", value=token)
    settings.update(conn, actor=ada, key="api_requests_per_user", value=user)


def test_every_answer_says_what_is_left(program: Program, alice: User) -> None:
    answer = program(alice).get("/llm/models")
    assert answer.headers["RateLimit-Policy"] == '"token";q=6000;w=60, "user";q=12000;w=60'
    assert answer.headers["RateLimit"] == '"token";r=5999;t=61, "user";r=11999;t=61'


def test_the_request_above_the_limit_gets_a_429_that_says_when(
    program: Program, conn: db.Connection, ada: User, alice: User
) -> None:
    allow(conn, ada, token=2)
    api = program(alice)
    assert [api.get("/llm/models").status_code for _ in range(3)] == [200, 200, 429]
    answer = api.post("/posts", {"idea": "One more"})
    assert answer.status_code == 429 and answer.content_type == "application/problem+json"
    assert 0 < int(answer.headers["Retry-After"]) <= 61
    assert answer.headers["RateLimit"].startswith('"token";r=0;t=')
    assert "2 a minute are allowed with this token" in answer.json["detail"]
    assert program(alice).get("/llm/models").status_code == 200, "another token has its own"


def test_all_the_tokens_of_a_user_have_a_limit_together(
    program: Program, conn: db.Connection, ada: User, alice: User, bob: User
) -> None:
    allow(conn, ada, user=2)
    assert [program(alice).get("/llm/models").status_code for _ in range(3)] == [200, 200, 429]
    assert "all of your tokens together" in program(alice).get("/llm/models").json["detail"]
    assert program(bob).get("/llm/models").status_code == 200


def test_it_is_open_again_after_the_minute(program: Program, conn: db.Connection, ada: User, alice: User) -> None:
    allow(conn, ada, token=1)
    api = program(alice)
    assert [api.get("/llm/models").status_code for _ in range(2)] == [200, 429]
    conn.execute(
        "UPDATE api_uses SET second = second - 30, counts = (SELECT array_agg(counts[(i + 29) % 61 + 1] ORDER BY i)"
        " FROM generate_series(1, 61) AS i)"
    )
    answer = api.get("/llm/models")
    assert answer.status_code == 429 and 29 <= int(answer.headers["Retry-After"]) <= 31
    conn.execute("UPDATE api_uses SET second = second - 62")
    assert api.get("/llm/models").status_code == 200


def test_a_wrong_token_is_refused_without_counting(program: Program, conn: db.Connection, alice: User) -> None:
    api = program(alice)
    api.headers = {"Authorization": "Bearer bf_wrong"}
    answer = api.get("/llm/models")
    assert answer.status_code == 401 and "RateLimit" not in answer.headers
    assert conn.execute("SELECT FROM api_uses").fetchall() == []


@pytest.mark.parametrize("value", [0, -1, True, "30", 2.5, 10**9])
def test_a_limit_is_a_whole_number(program: Program, ada: User, value: Any) -> None:
    assert program(ada).put("/settings/api_requests_per_token", {"value": value}).status_code == 422


def test_connections_that_count_at_the_same_time_let_through_exactly_the_limit(pool: str) -> None:
    with db.transaction() as conn:
        conn.execute("INSERT INTO settings (key, value) VALUES ('api_requests_per_token', '50')")
    passed: list[bool] = []

    def ask() -> None:
        for _ in range(20):
            with db.connection() as conn:
                passed.append(not any(each.is_full for each in requests.admit(conn, user_id=1, token="t")))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(passed), sum(passed)) == (160, 50)


def test_counting_costs_less_than_a_millisecond(pool: str) -> None:
    took = []
    with db.connection() as conn:
        for _ in range(200):
            began = time.perf_counter()
            requests.admit(conn, user_id=1, token="t")
            took.append(time.perf_counter() - began)
    assert sorted(took)[len(took) // 2] < 0.001
