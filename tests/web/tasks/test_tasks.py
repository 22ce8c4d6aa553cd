"""The task pages as the three people see them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from blogforge_llm import db
from blogforge_llm.engine.types import Message
from blogforge_llm.records.accounts import User
from blogforge_llm.records.tasks import Task, TaskStatus
from blogforge_llm.services.tasks import tasks

Browse = Callable[[User | None], FlaskClient]


@pytest.fixture
def task(conn: db.Connection, alice: User) -> Task:
    return tasks.create(conn, actor=alice, messages=[Message.of("user", "Why <b>bread</b> rises?")])


def test_an_empty_log_says_where_tasks_come_from(browse: Browse, alice: User) -> None:
    assert "Nothing has been asked yet" in browse(alice).get("/llm/tasks").text


def test_a_waiting_task_says_that_no_worker_runs(browse: Browse, alice: User, task: Task) -> None:
    page = browse(alice).get(f"/llm/tasks/{task.id}").text
    assert "No worker is running" in page
    assert "Why &lt;b&gt;bread&lt;/b&gt; rises?" in page  # escaped: what a model or a person wrote never runs


def test_the_log_filters_by_status(browse: Browse, alice: User, task: Task) -> None:
    assert f"#{task.id}<" in browse(alice).get("/llm/tasks?status=queued").text
    assert "No failed tasks" in browse(alice).get("/llm/tasks?status=failed").text
    assert browse(alice).get("/llm/tasks?before=x&above=99999999999999999999").status_code == 200


def test_an_editor_stops_a_task_and_a_viewer_cannot(
    browse: Browse, conn: db.Connection, bob: User, charlie: User, task: Task
) -> None:
    assert browse(charlie).post(f"/llm/tasks/{task.id}/cancellation").status_code == 403
    assert browse(bob).post(f"/llm/tasks/{task.id}/cancellation").status_code == 303
    assert tasks.get(conn, task_id=task.id).status is TaskStatus.CANCELLED


def test_stopping_twice_is_no_error_but_stopping_a_success_is(
    browse: Browse, conn: db.Connection, alice: User, task: Task
) -> None:
    path = f"/llm/tasks/{task.id}/cancellation"
    assert browse(alice).post(path).status_code == 303
    assert browse(alice).post(path).status_code == 303
    conn.execute("UPDATE tasks SET status = 'succeeded', output = 'x' WHERE id = %s", (task.id,))
    answer = browse(alice).post(path, headers={"HX-Request": "true"})
    assert answer.status_code == 409
    assert "nothing to stop" in answer.text


def test_the_tray_shows_ones_own_running_tasks(browse: Browse, alice: User, bob: User, task: Task) -> None:
    assert f"#{task.id}" in browse(alice).get("/tray").text
    assert browse(bob).get("/tray").text.strip() == ""


def test_a_stream_never_redirects(browse: Browse, alice: User) -> None:
    assert browse(None).get("/live?tasks=1").status_code == 401
    assert browse(alice).get("/live?tasks=987654321").status_code == 404
    assert browse(alice).get("/live?tasks=1%3Bx").status_code == 422
    assert browse(alice).get("/live").status_code == 422


def test_there_is_no_such_task(browse: Browse, alice: User) -> None:
    answer = browse(alice).get("/llm/tasks/987654321")
    assert answer.status_code == 404
    assert "There is no such task." in answer.text
