"""A minute of outage in real time: a request every four seconds, with one web and one worker process, then with two
and three. `python -m tests.benchmarks.outages` takes three minutes, so it is not part of `make bench`.
"""

from __future__ import annotations

import contextlib
import itertools
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from blogforge_llm import embedded, migrations
from tests.installation import BLOGFORGE, Installation
from tests.provider_standin import Standin

OUTAGE_S, EVERY_S = 60.0, 4.0
FIRST, SECOND = "first", "second"
QUESTION = {"messages": [{"role": "user", "content": "Why does bread rise?"}], "route": "Default"}


@dataclass
class Result:
    attempts: int = 0  # that reached the dead model
    back_s: float = 0.0  # from the recovery to the first answer of the first choice
    took_s: list[float] = field(default_factory=list)
    failed: list[Any] = field(default_factory=list)


def main() -> int:
    print(f"a 503 for {OUTAGE_S:.0f} s, a request every {EVERY_S:.0f} s\n")
    print(f"{'processes':<24}{'attempts':>10}{'slowest':>10}{'back after':>12}{'unanswered':>12}")
    is_good = True
    for webs, workers in ((1, 1), (2, 3)):
        with (
            tempfile.TemporaryDirectory() as folder,
            Standin() as standin,
            _processes(Path(folder), webs, workers) as installations,
        ):
            result = _measure(installations, standin)
        good = result.attempts <= 5 and max(result.took_s) < 1.5 and result.back_s <= 15 and not result.failed
        is_good = is_good and good
        print(
            f"{f'{webs} web, {workers} worker':<24}{result.attempts:>10}{max(result.took_s):>8.2f} s"
            f"{result.back_s:>10.1f} s{len(result.failed):>12}{'' if good else '  MISSED'}"
        )
    print("\ntargets: at most 5 attempts, 1.5 s, 15 s, none unanswered")
    return 0 if is_good else 1


@contextlib.contextmanager
def _processes(folder: Path, webs: int, workers: int) -> Iterator[list[Installation]]:
    """That many of each on one database."""
    cluster = embedded.Cluster(folder)
    url = cluster.start()
    migrations.apply(url)
    with contextlib.ExitStack() as stack:
        stack.callback(cluster.stop)
        installations = [
            stack.enter_context(Installation(folder / "data", verb="web", database_url=url)) for _ in range(webs)
        ]
        for _ in range(workers):
            worker = subprocess.Popen(
                [*BLOGFORGE, "worker"], env=installations[0].environment,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            stack.callback(worker.wait, 20)
            stack.callback(worker.terminate)
        token = installations[0].create_admin()
        for installation in installations:
            installation.token = token
        yield installations


def _measure(installations: list[Installation], standin: Standin) -> Result:
    installation = installations[0]
    for kind, url, name in (("groq", standin.groq_url, FIRST), ("cerebras", standin.cerebras_url, SECOND)):
        standin.answer(name, "Yeast.")
        body = {"name": kind, "kind": kind, "base_url": url, "api_key": "good-key-1"}
        provider = installation.api("POST", "/llm/providers", body)
        model = {"provider_id": provider["id"], "name": name, "in_default_route": True}
        installation.api("POST", "/llm/models", model)
    ids = [model["id"] for model in sorted(installation.api("GET", "/llm/models"), key=lambda model: model["id"])]
    (route,) = installation.api("GET", "/llm/routes")
    installation.api("PATCH", f"/llm/routes/{route['id']}", {"model_ids": ids})
    turns = itertools.cycle(installations)
    for _ in range(12):  # every process has asked before
        _ask(next(turns))
    return _play(turns, standin)


def _play(turns: Iterator[Installation], standin: Standin) -> Result:
    result, before = Result(), len(standin.requests_for(FIRST))
    lock, is_back = threading.Lock(), threading.Event()

    def ask() -> None:
        began = time.monotonic()
        task = _ask(next(turns))
        with lock:
            result.took_s.append(time.monotonic() - began)
            if task["status"] != "succeeded":
                result.failed.append(task)
            elif task["served_by"] == FIRST and not is_back.is_set():
                result.back_s = time.monotonic() - recovered_at
                is_back.set()

    began = recovered_at = time.monotonic()
    standin.outage(FIRST)
    threads = []
    for number in range(int(OUTAGE_S / EVERY_S) + 10):
        time.sleep(max(0.0, began + number * EVERY_S - time.monotonic()))
        if number == int(OUTAGE_S / EVERY_S):
            result.attempts = len(standin.requests_for(FIRST)) - before
            standin.outage(FIRST, on=False)
            recovered_at = time.monotonic()
        if is_back.is_set():
            break
        threads.append(threading.Thread(target=ask))
        threads[-1].start()
    for thread in threads:
        thread.join()
    return result


def _ask(installation: Installation) -> Any:
    task_id = installation.api("POST", "/llm/tasks", QUESTION, expect=202)["id"]
    return installation.wait_for_task(task_id)


if __name__ == "__main__":
    sys.exit(main())
