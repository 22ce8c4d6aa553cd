"""Web and worker processes restarted one after the other, by SIGTERM and under load: nothing is lost."""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.installation import BLOGFORGE, Installation, wait_until
from tests.provider_standin import Standin

pytestmark = pytest.mark.processes


class Process:
    """One `blogforge web` or `blogforge worker`, known to be there by what it prints."""

    def __init__(self, installation: Installation, *verb: str) -> None:
        self._process = subprocess.Popen(
            [*BLOGFORGE, *verb],
            env=installation.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._said: list[str] = []
        self._begun = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()
        assert self._begun.wait(30), self._said

    def _listen(self) -> None:
        assert self._process.stdout
        with self._process.stdout as lines:
            for line in lines:
                self._said.append(line)
                if re.search(r"web serves|worker runs", line):
                    self._begun.set()

    def drain(self) -> None:
        """SIGTERM, and wait for its own end."""
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(40) == 0, self._said

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


class Load:
    """Callers that never try twice: an answer that does not come, for whatever reason, is a lost request."""

    def __init__(self, installation: Installation) -> None:
        self.answers: Counter[int] = Counter()
        self.lost: list[BaseException] = []
        self.task_ids: list[int] = []
        self._installation = installation
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._many = threading.Condition(self._lock)
        self._threads = [
            threading.Thread(target=self._repeat, args=(caller,))
            for caller in (self._ask, self._read, self._call, self._call)
        ]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def wait_for_more(self, count: int) -> None:
        """Until so many further requests were answered."""
        with self._many:
            enough = self.answers.total() + count
            assert self._many.wait_for(lambda: self.answers.total() >= enough or self.lost, 60)

    def _repeat(self, caller: Callable[[http.client.HTTPConnection], int]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._installation.port, timeout=30)
        while not self._stop.is_set():
            try:
                status = caller(connection)
            except Exception as error:
                self.lost.append(error)
                connection.close()
                return
            with self._many:
                self.answers[status] += 1
                self._many.notify_all()
        connection.close()

    def _ask(self, connection: http.client.HTTPConnection) -> int:
        status, answer = self._send(connection, "POST", "/api/v1/llm/tasks", {"messages": _QUESTION})
        self.task_ids.append(answer["id"])
        return status

    def _read(self, connection: http.client.HTTPConnection) -> int:
        return self._send(connection, "GET", "/api/v1/llm/providers", None)[0]

    def _call(self, connection: http.client.HTTPConnection) -> int:
        body = {"model": "slow-first-token:0.4", "messages": _QUESTION}
        return self._send(connection, "POST", "/v1/chat/completions", body)[0]

    def _send(self, connection: http.client.HTTPConnection, method: str, path: str, body: Any) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self._installation.token}", "Content-Type": "application/json"}
        connection.request(method, path, json.dumps(body) if body else None, headers)
        with connection.getresponse() as response:
            return response.status, json.loads(response.read())


_QUESTION = [{"role": "user", "content": "Why does bread rise?"}]


@pytest.fixture
def fleet(tmp_path: Path, database_url: str, standin: Standin) -> Iterator[tuple[Installation, dict[str, Process]]]:
    """Two web processes on one port and two workers, on one database; a provider with a quick and a slow model."""
    installation = Installation(tmp_path / "data", verb="web", database_url=database_url)
    processes = {name: Process(installation, name.split()[0]) for name in ("web 1", "web 2", "worker 1", "worker 2")}
    try:
        installation.create_admin()
        body = {"name": "Groq", "kind": "groq", "base_url": standin.groq_url, "api_key": "good-key-1"}
        provider = installation.api("POST", "/llm/providers", body)
        for name in ("ok", "slow-first-token:0.4"):
            installation.api("POST", "/llm/models", {"provider_id": provider["id"], "name": name})
        yield installation, processes
    finally:
        for process in processes.values():
            process.kill()


def test_restarting_each_process_in_turn_loses_no_request_and_no_task(
    fleet: tuple[Installation, dict[str, Process]], database_url: str
) -> None:
    installation, processes = fleet
    with Load(installation) as load:
        load.wait_for_more(20)
        for name in list(processes):
            old = processes[name]
            processes[name] = Process(installation, name.split()[0])
            old.drain()
            load.wait_for_more(20)
    assert not load.lost
    assert set(load.answers) <= {200, 202}, load.answers
    with psycopg.connect(database_url, autocommit=True) as conn:
        wait_until(lambda: not statuses(conn) & {"queued", "running"}, timeout=30, why="tasks are left over")
        assert statuses(conn) == {"succeeded"}
        found = conn.execute("SELECT count(*) FROM tasks WHERE id = ANY (%s)", (load.task_ids,)).fetchone()
    assert found == (len(load.task_ids),)


def statuses(conn: psycopg.Connection[Any]) -> set[str]:
    return {row[0] for row in conn.execute("SELECT DISTINCT status FROM tasks")}
