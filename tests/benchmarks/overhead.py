"""What the engine adds to one call: a task's whole path (start, attempt, admission, answer, end), every row written,
beside the bare SDK and, where it is installed (`pip install -e '.[peers]'`), LiteLLM's Router without any log.

All three use the openai SDK against the same stand-in, in turns and in one run; the stand-in is a process of its own,
so that its work is not ours.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from blogforge_llm import config, db, embedded, migrations, runner
from blogforge_llm.config import ROOT, Settings
from blogforge_llm.engine.types import Message
from blogforge_llm.presence import presence
from blogforge_llm.records.accounts import User
from blogforge_llm.services.tasks import tasks
from tests import factories
from tests.benchmarks.numbers import Number
from tests.installation import free_port

MODEL = "ok"
ROUNDS = 300
WARM_UP = 50
_QUESTION = "Why does bread rise?"


def measure() -> list[Number]:
    with contextlib.ExitStack() as open_:
        folder = open_.enter_context(tempfile.TemporaryDirectory())
        url, settings = open_.enter_context(_standin()), open_.enter_context(_database(Path(folder)))
        runner.configure(settings)
        presence.join("web")
        ways: dict[str, Callable[[], None]] = {"bare": _bare(url), "ours": _ours(url)}
        if router := _litellm(url, open_):
            ways["litellm"] = router
        times: dict[str, list[float]] = {name: [] for name in ways}
        for number in range(WARM_UP + ROUNDS):
            for name, ask in ways.items():
                began = time.perf_counter()
                ask()
                if number >= WARM_UP:
                    times[name].append((time.perf_counter() - began) * 1000)
        presence.leave()
        with db.connection() as conn:
            found = conn.execute(
                "SELECT count(*) AS rows FROM attempts a JOIN tasks t ON t.id = a.task_id "
                "WHERE a.status = 'succeeded' AND t.status = 'succeeded'"
            ).fetchone()
        assert found == {"rows": WARM_UP + ROUNDS}
    return _numbers(times)


def _numbers(times: dict[str, list[float]]) -> list[Number]:
    def added(name: str) -> list[float]:
        return [mine - bare for mine, bare in zip(times[name], times["bare"], strict=True)]

    numbers = [
        Number("a task's engine path, every row written: added", added("ours"), 2.5),
        Number("  peer: the bare openai SDK call itself", times["bare"], 100),
    ]
    if "litellm" in times:
        numbers.append(Number("  peer: LiteLLM's Router, no row, no log: added", added("litellm"), 100))
    return numbers


def _bare(url: str) -> Callable[[], None]:
    import openai

    client = openai.OpenAI(base_url=url, api_key="good-key-1", max_retries=0, timeout=20)

    def ask() -> None:
        answer = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": _QUESTION}])
        assert answer.choices[0].message.content

    return ask


def _ours(url: str) -> Callable[[], None]:
    """From the moment at which a task waits to be run until its end is written. The rows are looked at in the end."""
    with db.transaction() as conn:
        actor = factories.make_user(conn)
        provider_id = factories.make_provider(conn, kind="openai_compatible", base_url=url)
        (model_id,) = factories.make_models(conn, provider_id=provider_id, names=[MODEL])
        route_id = factories.make_route(conn, model_ids=[model_id], name="Route", is_default=True)
    waiting = iter([_queued(actor, route_id) for _ in range(WARM_UP + ROUNDS)])

    def ask() -> None:
        runner.run_now(next(waiting))

    return ask


def _queued(actor: User, route_id: int) -> int:
    with db.transaction() as conn:
        messages = [Message.of("user", _QUESTION)]
        return tasks.create(conn, actor=actor, messages=messages, route_id=route_id, is_queued=False).id


def _litellm(url: str, open_: contextlib.ExitStack) -> Callable[[], None] | None:
    if importlib.util.find_spec("litellm") is None:
        return None
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # it would look for a newer one on the internet
    import litellm

    litellm.suppress_debug_info = True
    settings: Any = {"model": f"openai/{MODEL}", "api_base": url, "api_key": "good-key-1"}
    router = litellm.Router(model_list=[{"model_name": MODEL, "litellm_params": settings}], num_retries=0)
    loop = asyncio.new_event_loop()  # its own way of asking
    open_.callback(_close, loop)

    def ask() -> None:
        messages: Any = [{"role": "user", "content": _QUESTION}]
        answer: Any = loop.run_until_complete(router.acompletion(model=MODEL, messages=messages))
        assert answer.choices[0].message.content

    return ask


def _close(loop: asyncio.AbstractEventLoop) -> None:
    """Its worker for logs still waits: left so, the interpreter would fall over it at its own end."""
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    loop.close()


@contextlib.contextmanager
def _standin() -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.provider_standin", "--quiet", "--port", str(port)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout
        for line in process.stdout:
            if line.startswith("compatible"):
                yield line.split()[1]
                break
    finally:
        process.terminate()
        process.communicate()


@contextlib.contextmanager
def _database(folder: Path) -> Iterator[Settings]:
    cluster = embedded.Cluster(folder)
    try:
        url = cluster.start()
        migrations.apply(url)
        db.open_pool(url)
        yield config.from_env({"BLOGFORGE_DATA_DIR": str(folder)})
    finally:
        db.close_pool()
        cluster.stop()
