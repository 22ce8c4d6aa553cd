"""People who read pages at once, over sockets, and how long each of them waits."""

from __future__ import annotations

import http.client
import statistics
import threading
import time
from collections.abc import Callable
from urllib.parse import urlencode

from tests.benchmarks.numbers import Number
from tests.installation import Installation

Choice = Callable[[], str]  # the next path to read


def read_at_once(
    installation: Installation, choose: Choice, headers: dict[str, str], *, readers: int, rounds: int
) -> list[float]:
    """Milliseconds of each answer, the first of each reader left out."""
    times: list[float] = []
    given = (installation, choose, headers, rounds, times)
    threads = [threading.Thread(target=_read, args=given) for _ in range(readers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(times) == readers * rounds, f"{choose()} did not answer"
    return times


def log_in(installation: Installation, email: str) -> dict[str, str]:
    """The headers of a browser that somebody logged in with."""
    connection = http.client.HTTPConnection("127.0.0.1", installation.port, timeout=20)
    form = {"email": email, "password": "correct horse battery"}
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
    connection.request("POST", "/login", urlencode(form), headers)
    answer = connection.getresponse()
    assert answer.status < 400, answer.read()
    return {"Cookie": (answer.headers["Set-Cookie"] or "").split(";")[0]}


def line(number: Number) -> str:
    """Its target is for the 95th percentile."""
    p95 = sorted(number.values)[int(len(number.values) * 0.95)]
    mark = "" if p95 <= number.target else "  MISSED"
    return f"{number.name:<64}{statistics.median(number.values):>6.1f} ms{p95:>7.1f} ms{number.target:>9.0f} ms{mark}"


def heading(what: str) -> str:
    return f"\n{what}\n{'what':<64}{'median':>9}{'p95':>10}{'target p95':>12}"


def _read(installation: Installation, choose: Choice, headers: dict[str, str], rounds: int, times: list[float]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", installation.port, timeout=60)
    for number in range(rounds + 1):
        path = choose()
        began = time.monotonic()
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        text = response.read()
        assert response.status == 200, f"{path}: {response.status} {text[:300]!r}"
        if number:
            times.append((time.monotonic() - began) * 1000)
    connection.close()
