"""What only real processes can show: kill -9 and recovery, restarts that lose nothing, Ctrl-C, exit codes."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from blogforge_llm import migrations
from blogforge_llm.config import ROOT
from tests.installation import BLOGFORGE, Installation, wait_until
from tests.provider_standin import Standin

pytestmark = pytest.mark.processes


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with Installation(tmp_path / "data") as installation:
        installation.create_admin()
        yield installation


def connect(installation: Installation, standin: Standin, *names: str) -> None:
    """A Groq provider at the stand-in with these models; the first makes the default route."""
    provider = installation.api(
        "POST",
        "/llm/providers",
        {"name": "Groq", "kind": "groq", "base_url": standin.groq_url, "api_key": "good-key-123"},
    )
    for name in names:
        installation.api("POST", "/llm/models", {"provider_id": provider["id"], "name": name})


def ask(installation: Installation) -> int:
    body = {"messages": [{"role": "user", "content": "Why does bread rise?"}]}
    return int(installation.api("POST", "/llm/tasks", body, expect=202)["id"])


def task_of(installation: Installation, task_id: int) -> dict[str, Any]:
    task: dict[str, Any] = installation.api("GET", f"/llm/tasks/{task_id}")
    return task


def test_a_task_killed_with_its_worker_is_finished_by_another(installation: Installation, standin: Standin) -> None:
    connect(installation, standin, "ok")
    gate = standin.hold("ok", after_words=3)
    task_id = ask(installation)
    gate.wait_held(1)
    (pid,) = installation.child_pids("worker")
    killed_at = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    gate.release()
    standin.wait_for_request(2, timeout=15)
    assert time.monotonic() - killed_at < 15
    task = installation.wait_for_task(task_id)
    assert task["status"] == "succeeded"
    assert [attempt["status"] for attempt in task["attempts"]] == ["abandoned", "succeeded"]
    assert len(standin.requests) == 2


def test_kill_everything_and_start_again_loses_nothing(installation: Installation, standin: Standin) -> None:
    connect(installation, standin, "ok")
    done = installation.wait_for_task(ask(installation))
    gate = standin.hold("ok", after_words=3)
    running_id = ask(installation)
    gate.wait_held(1)
    installation.kill_everything()
    standin.release()
    installation.start()
    assert task_of(installation, done["id"])["output"] == done["output"]
    assert installation.wait_for_task(running_id)["status"] == "succeeded"


def test_a_killed_database_is_started_again_and_loses_nothing(installation: Installation, standin: Standin) -> None:
    connect(installation, standin, "ok")
    done = installation.wait_for_task(ask(installation))
    pid = int((installation.data_dir / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0])
    os.kill(pid, signal.SIGKILL)
    installation.wait_for_output("the database ended; starting it again")
    wait_until(lambda: _answers(installation, done), timeout=20, why="the pages did not come back")
    assert installation.wait_for_task(ask(installation))["status"] == "succeeded"


def _answers(installation: Installation, task: dict[str, Any]) -> bool:
    try:
        return bool(task_of(installation, task["id"])["output"] == task["output"])
    except AssertionError:
        return False


def test_a_killed_child_of_serve_is_started_again(installation: Installation) -> None:
    (pid,) = installation.child_pids("worker")
    os.kill(pid, signal.SIGKILL)
    installation.wait_for_output(r"worker ended with -9; starting it again")
    wait_until(lambda: installation.child_pids("worker"), timeout=10)


def test_ctrl_c_ends_everything_within_seconds_with_a_stream_open(installation: Installation, standin: Standin) -> None:
    connect(installation, standin, "ok")
    gate = standin.hold("ok", after_words=3)
    task_id = ask(installation)
    gate.wait_held(1)
    stream = installation.stream(task_id)
    next(stream)
    begun = time.monotonic()
    assert installation.stop() == 0
    assert time.monotonic() - begun < 5
    assert list(installation._pids_of_data_dir()) == []
    stream.close()
    gate.release()


def test_children_do_not_outlive_a_killed_serve(installation: Installation) -> None:
    os.kill(installation.process.pid, signal.SIGKILL)
    installation.process.wait(5)
    wait_until(
        lambda: not installation.child_pids("web") and not installation.child_pids("worker"),
        timeout=10, why="web or worker went on without serve",
    )  # fmt: skip
    installation.start()  # attaches to the database that stayed


def test_a_dropped_stream_resumes_with_last_event_id(installation: Installation, standin: Standin) -> None:
    connect(installation, standin, "drip:20")
    standin.answer("drip:20", "one two three four five six seven eight nine ten")
    task_id = ask(installation)
    text, last_id = "", None
    stream = installation.stream(task_id)
    for name, data in stream:
        if name in {"delta", "reset"} and data["text"]:
            text, last_id = text + data["text"], data["_id"]
            break
    stream.close()
    for name, data in installation.stream(task_id, last_id=last_id):
        if name == "delta":
            text += data["text"]
        elif name == "reset":
            text = data["text"]
        elif name == "done":
            break
    assert text == "one two three four five six seven eight nine ten"


def test_cancel_over_the_api_stops_a_running_call(installation: Installation, standin: Standin) -> None:
    connect(installation, standin, "ok")
    gate = standin.hold("ok", after_words=3)
    task_id = ask(installation)
    gate.wait_held(1)
    installation.api("POST", f"/llm/tasks/{task_id}/cancel", expect=202)
    (served,) = standin.wait_for_end(1, timeout=5)
    assert served.client_left
    assert installation.wait_for_task(task_id)["status"] == "cancelled"


def test_backup_and_restore_move_an_installation(installation: Installation, standin: Standin, tmp_path: Path) -> None:
    connect(installation, standin, "ok")
    done = installation.wait_for_task(ask(installation))
    file = tmp_path / "backup.dump"
    installation.command("backup", str(file))
    installation.command("restore", str(file), expect=1)  # it is in use
    token = installation.token
    installation.stop()
    other = Installation(tmp_path / "other")
    other.command("restore", str(file))
    with other:
        other.token = token
        assert task_of(other, done["id"])["output"] == done["output"]


def test_web_and_worker_refuse_an_old_schema(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as conn:
        conn.execute("DELETE FROM schema_migrations WHERE number = %s", (migrations.all_migrations()[-1].number,))
    environment = os.environ | {"DATABASE_URL": database_url, "BLOGFORGE_SECRET_KEY": "a secret of the tests only"}
    for verb in ("web", "worker"):
        done = subprocess.run([*BLOGFORGE, verb], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=30)
        assert done.returncode == 1
        assert "Run `blogforge migrate` first" in done.stderr


def test_exit_codes_tell_usage_from_failure(tmp_path: Path) -> None:
    environment = os.environ | {"BLOGFORGE_DATA_DIR": str(tmp_path), "BLOGFORGE_PORT": "many"}
    usage = subprocess.run([*BLOGFORGE, "dance"], cwd=ROOT, env=environment, capture_output=True, text=True)
    failed = subprocess.run([*BLOGFORGE, "serve"], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (usage.returncode, failed.returncode) == (2, 1)
    assert "BLOGFORGE_PORT must be a number" in failed.stderr


def test_a_shared_database_needs_a_shared_key(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "BLOGFORGE_SECRET_KEY"}
    environment |= {"DATABASE_URL": "postgresql://localhost/x", "BLOGFORGE_DATA_DIR": str(tmp_path)}
    done = subprocess.run([*BLOGFORGE, "migrate"], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert "BLOGFORGE_SECRET_KEY" in done.stderr


def test_a_long_address_and_an_endless_body_are_answered_by_the_application(installation: Installation) -> None:
    headers = {"Authorization": f"Bearer {installation.token}", "Content-Type": "application/json"}
    chunks = [b'{"idea": "', *[b"x" * (1 << 20)] * 9, b'"}']
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", installation.port, timeout=30)) as connection:
        connection.request("GET", "/api/v1/posts?q=" + "x" * 8000, headers=headers)
        with connection.getresponse() as answer:
            assert answer.status == 200 and answer.read() == b"[]\n"
        connection.request("POST", "/api/v1/posts", iter(chunks), headers, encode_chunked=True)
        with connection.getresponse() as answer:
            assert (answer.status, answer.headers["Content-Type"]) == (413, "application/problem+json")
