"""The page of health: what rests and why, stopping and allowing by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.records.registry import Model
from blogforge_llm.services.registry import circuits, models, providers

Browse = Callable[[User | None], FlaskClient]


@pytest.fixture
def model(conn: db.Connection, ada: User) -> Model:
    provider = providers.create(conn, actor=ada, name="Groq", kind="groq", api_key="gsk_shared_key_1")
    return models.create(conn, actor=ada, provider_id=provider.id, name="llama")


def test_an_empty_page_says_what_to_do(browse: Browse, ada: User, charlie: User) -> None:
    assert 'href="/llm/providers/new"' in browse(ada).get("/llm/health").text
    assert "An admin has to connect a model" in browse(charlie).get("/llm/health").text


def test_what_rests_stands_on_top_with_why_and_when(
    browse: Browse, conn: db.Connection, ada: User, model: Model
) -> None:
    conn.execute(
        "INSERT INTO circuits (name, state, category, failures, cooldown_s, until) "
        "VALUES (%s, 'open', 'overloaded', 3, 15, clock_timestamp() + interval '9 seconds')", (f"model:{model.id}",),
    )  # fmt: skip
    text = browse(ada).get("/llm/health").text
    top, rest = text.split("Asked as usual", 1)
    for words in ("llama", "overloaded", "3 times in a row", "in 9 seconds", "Not asked", "none yet"):
        assert words in top, words
    assert "Stop asking Groq" in rest
    for path in ("/llm/models", "/llm/providers", f"/llm/providers/{model.provider_id}", "/llm/routes"):
        page = browse(ada).get(path).text
        assert "Not asked" in page or "resting" in page or "passed over" in page, path


def test_the_last_attempts_are_ticks_with_words(browse: Browse, conn: db.Connection, ada: User, model: Model) -> None:
    task = conn.execute(
        "INSERT INTO tasks (status, messages, deadline_s) VALUES ('succeeded', '[]', 120) RETURNING id"
    ).fetchone()
    assert task is not None
    for position, (status, category) in enumerate(
        [("failed", "rate_limit"), ("failed", "timeout"), ("succeeded", None)]
    ):
        conn.execute(
            "INSERT INTO attempts (task_id, position, run_id, model_id, provider_id, status, category) "
            "VALUES (%s, %s, gen_random_uuid(), %s, %s, %s, %s)",
            (task["id"], position, model.id, model.provider_id, status, category),
        )
    text = browse(ada).get("/llm/health").text
    assert "3 last attempts, 1 answered; the newest: answered" in text
    for tone in ("tone-warning", "tone-danger", "tone-success"):
        assert f"ticks__tick {tone}" in text
    assert 'title="no answer in time' in text


def test_stopping_and_allowing_by_hand_without_javascript(
    browse: Browse, conn: db.Connection, ada: User, model: Model
) -> None:
    browser, path = browse(ada), f"/llm/health/model:{model.id}"
    assert "Stop asking llama on Groq" in browser.get(f"{path}/opening").text
    refused = browser.post(f"{path}/opening", data={"note": "x" * 201})
    assert refused.status_code == 422 and "x" * 201 in refused.text
    answer = browser.post(f"{path}/opening", data={"note": "<b>too dear</b>"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/llm/health")
    text = browser.get("/llm/health").text
    assert "stopped by Ada: &lt;b&gt;too dear&lt;/b&gt;" in text and "when an admin allows it" in text
    assert browser.post(f"{path}/closure").status_code == 303
    assert circuits.get(conn, actor=ada, name=f"model:{model.id}").is_closed
    text = browser.get("/llm/health").text
    assert "stopped llama on Groq" in text and "allowed llama on Groq" in text


def test_others_read_but_neither_stop_nor_see_keys(browse: Browse, alice: User, charlie: User, model: Model) -> None:
    for user in (alice, charlie):
        text = browse(user).get("/llm/health").text
        assert "llama" in text
        for words in ("Stop asking", "Shared key", "Done by hand"):
            assert words not in text
        assert browse(user).post(f"/llm/health/model:{model.id}/opening").status_code == 403
        assert browse(user).post(f"/llm/health/model:{model.id}/closure").status_code == 403
    assert browse(alice).get("/llm/health/model:999/opening").status_code == 404


def test_the_page_fetches_itself_anew(browse: Browse, ada: User, model: Model) -> None:
    part = browse(ada).get("/llm/health", headers={"HX-Request": "true"}).text
    assert part.lstrip().startswith('<div class="stack stack--loose" id="circuits"') and "<h1>" not in part
    assert 'hx-trigger="every 10s"' in part
