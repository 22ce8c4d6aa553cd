"""A whole installation in processes of its own, as `make run` starts it: for what only processes can show."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import Any

from blogforge_llm.config import ROOT

_PORTS = (12_000, 16_000)
BLOGFORGE = [sys.executable, "-m", "blogforge_llm.cli.main"]


def free_port() -> int:
    """A port nobody listens on now. Test processes that run side by side draw from ranges of their own, all of them
    below those that the system hands out."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    while True:
        port = random.randrange(*_PORTS) + worker * (_PORTS[1] - _PORTS[0])
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


class Installation:
    """`blogforge serve` in a fresh data directory, or another verb alone on a database of its own. Use with `with`;
    `token` is an admin's."""

    def __init__(self, data_dir: Path, *, verb: str = "serve", database_url: str | None = None) -> None:
        self.verb, self.data_dir, self.port = verb, data_dir, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")} | {
            "BLOGFORGE_DATA_DIR": str(data_dir),
            "BLOGFORGE_PORT": str(self.port),
        }
        self.environment.pop("DATABASE_URL", None)
        if database_url:
            self.environment |= {"DATABASE_URL": database_url, "BLOGFORGE_SECRET_KEY": "a secret of the tests only"}
        self.output: list[str] = []
        self.setup_link = ""
        self.token = ""
        self._said = threading.Condition()

    def __enter__(self) -> Installation:
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start serve and wait until it says that it runs."""
        self.process = subprocess.Popen(
            [*BLOGFORGE, self.verb], cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, start_new_session=True,
        )  # fmt: skip
        self.output.clear()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        if self.verb == "serve":
            self.wait_for_output(r"runs on http")
        else:
            wait_until(self._answers, timeout=30, why="the process does not answer")

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        with contextlib.suppress(OSError), contextlib.closing(connection):
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        return False

    def stop(self) -> int:
        """Ctrl-C; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        code = self.process.wait(20)
        self._listener.join(5)
        return code

    def kill_everything(self) -> None:
        """kill -9 of the whole tree, the database too."""
        pids = [int(pid) for pid in self._pids_of_data_dir()]
        for pid in [self.process.pid, *pids]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(5)
        self._listener.join(5)

    def child_pids(self, verb: str, queue: str = "interactive") -> list[int]:
        """The processes of `blogforge web`, or of `blogforge worker` for a queue, of this installation."""
        verb = f"worker\0--queue\0{queue}" if verb == "worker" else verb
        found = []
        for pid, command, environment in _processes():
            if f"BLOGFORGE_DATA_DIR={self.data_dir}" in environment and f"cli.main\0{verb}" in command:
                found.append(pid)
        return found

    def wait_for_output(self, pattern: str, timeout: float = 30) -> str:
        with self._said:
            found = self._said.wait_for(lambda: re.search(pattern, "".join(self.output)), timeout)
        assert found, "".join(self.output)
        return found.group(0)

    def create_admin(self, email: str = "ada@example.org") -> str:
        """An admin and a token of theirs, by the command line."""
        self.command("user", "create", email, "--role", "admin", "--password-stdin", input="correct horse battery\n")
        self.token = self.command("token", "create", email).strip()
        return self.token

    def command(self, *arguments: str, input: str = "", expect: int = 0) -> str:
        done = subprocess.run(
            [*BLOGFORGE, *arguments], cwd=ROOT, env=self.environment, input=input, capture_output=True, text=True
        )
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout

    def api(self, method: str, path: str, body: Any = None, *, expect: int | None = None) -> Any:
        """One call below /api/v1; the JSON answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        connection.request(method, f"/api/v1{path}", json.dumps(body) if body is not None else None, headers)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        if expect is not None:
            assert response.status == expect, f"{response.status} {text}"
        else:
            assert response.status < 400, f"{response.status} {text}"
        return json.loads(text) if text else None

    def wait_for_task(self, task_id: int, *, timeout: float = 30) -> dict[str, Any]:
        """Follow its stream to the end; the task as it then is."""
        for name, _ in self.stream(task_id, timeout=timeout):
            if name == "done":
                break
        task: dict[str, Any] = self.api("GET", f"/llm/tasks/{task_id}")
        return task

    def stream(
        self, task_id: int, *, timeout: float = 30, last_id: str | None = None
    ) -> Generator[tuple[str, Any], None, None]:
        """(event name, data) of a task's stream, with the id under "_id", until the server ends it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        headers = {"Authorization": f"Bearer {self.token}"} | ({"Last-Event-ID": last_id} if last_id else {})
        connection.request("GET", f"/api/v1/llm/tasks/{task_id}/stream", headers=headers)
        response = connection.getresponse()
        try:
            assert response.status == 200, response.read()
            yield from _events(response)
        finally:
            response.close()
            connection.close()

    def _listen(self) -> None:
        assert self.process.stdout
        with self.process.stdout as lines:
            for line in lines:
                with self._said:
                    self.output.append(line)
                    if found := re.search(r"http\S+/setup/\S+", line):
                        self.setup_link = found.group(0)
                    self._said.notify_all()

    def _pids_of_data_dir(self) -> list[int]:
        marks = (f"BLOGFORGE_DATA_DIR={self.data_dir}", f"{self.data_dir}/postgres")
        return [
            pid
            for pid, command, environment in _processes()
            if pid != os.getpid() and any(mark in command or mark in environment for mark in marks)
        ]


def _events(lines: Iterable[bytes]) -> Generator[tuple[str, Any], None, None]:
    block: dict[str, str] = {}
    for raw in lines:
        line = raw.decode().rstrip("\n")
        if not line and "event" in block:
            yield block["event"], json.loads(block["data"]) | {"_id": block.get("id")}
            block = {}
        elif line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            block[name] = value


def _processes() -> Iterator[tuple[int, str, str]]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError):
                command = (folder / "cmdline").read_text(errors="replace")
                yield int(folder.name), command, (folder / "environ").read_text(errors="replace")


def wait_until(condition: Any, *, timeout: float, every: float = 0.05, why: str = "") -> None:
    """Ask until it is so: for what processes outside this one do, which nothing here can be told of."""
    give_up_at = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < give_up_at, why or "it did not happen in time"
        time.sleep(every)
