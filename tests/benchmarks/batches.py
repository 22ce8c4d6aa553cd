"""Batches: a thousand items at 200 ms and fifty at once, and an editor's click while ten thousand run.

The ideal is latency x items / concurrency. The peer is the bare SDK on as many threads, without a row written. The
provider is a process of its own, as providers are.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from blogforge_llm.config import ROOT
from tests.benchmarks.clicks import Browser
from tests.benchmarks.numbers import Number
from tests.installation import Installation, free_port, wait_until
from tests.provider_standin import Standin

ITEMS = 1000
AT_ONCE = 50
LATENCY_S = 0.2
SLOW = f"ok;delay={LATENCY_S}"
ROUNDS = 3
CLICKS = 100
CLICK_MODEL = "ok"


def measure(installation: Installation, standin: Standin) -> list[Number]:
    """After clicks.measure, whose provider the clicks ask."""
    with _provider() as url:
        _prepare(installation, url)
        _run(installation, 100)  # connections and statements are warm
        took = [_run(installation, ITEMS) * 1000 for _ in range(ROUNDS)]
        bare = [_bare_s(url) * 1000 for _ in range(ROUNDS)]
        during, stopped = _clicks_during(installation, standin)
    ideal = ITEMS * LATENCY_S / AT_ONCE * 1000
    return [
        Number(f"batch of {ITEMS:,} at 200 ms, {AT_ONCE} at once (ideal {ideal:,.0f})", took, 4600),
        Number("  peer: bare groq SDK on threads, no rows", bare, 4600),
        Number("click -> provider while 10,000 items run", during, 100),
        Number("Cancel -> none of its calls runs", stopped, 1000),
    ]


@contextlib.contextmanager
def _provider() -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "tests.provider_standin", "--port", str(port), "--quiet"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: _listens(port), timeout=20)
        yield f"http://127.0.0.1:{port}/openai/v1"
    finally:
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _prepare(installation: Installation, url: str) -> None:
    body = {"name": "Batch provider", "kind": "groq", "base_url": url, "api_key": "good-key-1"}
    provider = installation.api("POST", "/llm/providers", body)
    model = {"provider_id": provider["id"], "name": SLOW, "in_default_route": False}
    installation.api("POST", "/llm/models", model)


def _start(installation: Installation, count: int) -> int:
    items = [{"messages": [{"role": "user", "content": f"Why does bread rise? {n}"}]} for n in range(count)]
    body = {"title": "Benchmark", "model": SLOW, "concurrency": AT_ONCE, "items": items}
    batch_id = int(installation.api("POST", "/batches", body, expect=201)["id"])
    installation.api("POST", f"/batches/{batch_id}/start", expect=202)
    return batch_id


def _run(installation: Installation, count: int) -> float:
    """Seconds from the start until every item's answer is stored, as the batch's row tells: to ask for it often would
    take the processor from what is measured."""
    batch_id = _start(installation, count)
    while (batch := _get(installation, batch_id))["status"] in ("queued", "running"):
        time.sleep(0.25)
    assert batch["succeeded"] == count, batch
    began, ended = (datetime.fromisoformat(batch[at]) for at in ("started_at", "finished_at"))
    return (ended - began).total_seconds()


def _get(installation: Installation, batch_id: int) -> Any:
    return installation.api("GET", f"/batches/{batch_id}")


def _bare_s(url: str) -> float:
    import groq

    client = groq.Groq(api_key="good-key-1", base_url=url.removesuffix("/openai/v1"), max_retries=0)

    def ask(number: int) -> None:
        client.chat.completions.create(model=SLOW, messages=[{"role": "user", "content": f"Why? {number}"}])

    with ThreadPoolExecutor(AT_ONCE) as pool:
        began = time.monotonic()
        list(pool.map(ask, range(ITEMS)))
        took_s = time.monotonic() - began
    client.close()
    return took_s


def _clicks_during(installation: Installation, standin: Standin) -> tuple[list[float], list[float]]:
    """ms from the click to the provider; the batch runs all the while. Then ms from Cancel to the end of its calls."""
    browser = Browser(installation)
    browser.log_in()
    post_id = browser.create_post("Why bread rises, while a batch runs")
    batch_id = _start(installation, 10_000)
    wait_until(lambda: _get(installation, batch_id)["succeeded"] > 50, timeout=60)
    values = []
    for _ in range(CLICKS):
        before = len(standin.requests_for(CLICK_MODEL))
        clicked_at = time.monotonic()
        panel = browser.click(post_id)
        asked = standin.wait_for_request(before + 1, timeout=10, model=CLICK_MODEL)
        values.append((asked.received_at - clicked_at) * 1000)
        browser.dismiss(panel)
    batch = _get(installation, batch_id)
    assert batch["status"] == "running", batch
    cancelled_at = time.monotonic()
    installation.api("POST", f"/batches/{batch_id}/cancel", expect=202)
    wait_until(lambda: _get(installation, batch_id)["running"] == 0, timeout=10)
    return values, [(time.monotonic() - cancelled_at) * 1000]
