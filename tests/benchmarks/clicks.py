"""From an editor's click to the provider, and from the provider's first token to the browser, over real sockets.

The browser is played by http.client with a session cookie and htmx's headers, so that only our side is timed; all
clocks are this machine's monotonic one. The peer is the bare SDK asked the same by a program.
"""

from __future__ import annotations

import http.client
import re
import time
from collections.abc import Callable
from urllib.parse import urlencode

from tests.benchmarks.numbers import Number
from tests.installation import Installation
from tests.provider_standin import Standin

MODEL = "ok"
ROUNDS = 100
WARM_UP = 10


def measure(installation: Installation, standin: Standin) -> list[Number]:
    standin.answer(MODEL, "Yeast eats sugar and breathes out gas. " * 5)
    installation.create_admin()
    _prepare(installation, standin)
    browser = Browser(installation)
    browser.log_in()
    post_id = browser.create_post("Why bread rises")
    clicks, tokens, answered = [], [], []
    for round_number in range(WARM_UP + ROUNDS):
        click, answer, token = _one_click(browser, standin, post_id)
        if round_number >= WARM_UP:
            clicks.append(click * 1000)
            answered.append(answer * 1000)
            tokens.append(token * 1000)
    return [
        Number("click -> the provider has the request", clicks, 15),
        Number("  peer: bare groq SDK -> the provider has it", _bare_sdk(standin), 15),
        Number("click -> the page has its answer (panel)", answered, 50),
        Number("provider's first token -> browser", tokens, 20),
    ]


def _prepare(installation: Installation, standin: Standin) -> None:
    body = {"name": "Groq", "kind": "groq", "base_url": standin.groq_url, "api_key": "good-key-1"}
    provider = installation.api("POST", "/llm/providers", body)
    installation.api("POST", "/llm/models", {"provider_id": provider["id"], "name": MODEL})
    installation.command("library", "import", "editorial")


def _one_click(browser: Browser, standin: Standin, post_id: int) -> tuple[float, float, float]:
    """Seconds: click -> provider, click -> answer, first token -> browser."""
    gate = standin.hold(MODEL, after_words=0)
    before = len(standin.requests)
    clicked_at = time.monotonic()
    panel = browser.click(post_id)
    answer_s = time.monotonic() - clicked_at
    standin.wait_for_request(before + 1, timeout=10)
    click_s = standin.requests[-1].received_at - clicked_at
    task_ids = sorted({int(found) for found in re.findall(r'data-live-task="(\d+)"', panel)})
    with browser.follow(task_ids[-1]) as wait_for_text:
        gate.wait_held(1)
        released_at = time.monotonic()
        gate.release()
        token_s = wait_for_text() - released_at
    browser.dismiss(panel)
    return click_s, answer_s, token_s


class _Following:
    """A live stream of one task: calling it waits for text and gives the time it came."""

    def __init__(self, browser: Browser, task_id: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", browser.port, timeout=20)
        self._connection.request("GET", f"/live?tasks={task_id}", headers=browser.headers)
        self._response = self._connection.getresponse()
        self._response.readline()

    def __enter__(self) -> Callable[[], float]:
        return self._wait_for_text

    def __exit__(self, *exc_info: object) -> None:
        for line in self._response:  # to the end, so that no round disturbs the next
            if line.startswith(b"event: done"):
                break
        self._response.close()
        self._connection.close()

    def _wait_for_text(self) -> float:
        for line in self._response:
            if line.startswith(b"data:") and b'"text": ""' not in line and b'"text"' in line:
                return time.monotonic()
        raise AssertionError("the stream ended without text")


class Browser:
    """An editor's browser, as far as a click needs it."""

    def __init__(self, installation: Installation) -> None:
        self.port = installation.port
        self.headers = {"Sec-Fetch-Site": "same-origin", "HX-Request": "true"}
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def post(self, path: str, form: dict[str, str]) -> tuple[http.client.HTTPResponse, str]:
        headers = self.headers | {"Content-Type": "application/x-www-form-urlencoded"}
        self._connection.request("POST", path, urlencode(form), headers)
        response = self._connection.getresponse()
        text = response.read().decode()
        assert response.status < 400, f"{path}: {response.status} {text[:300]}"
        return response, text

    def log_in(self) -> None:
        response, _ = self.post("/login", {"email": "ada@example.org", "password": "correct horse battery"})
        self.headers["Cookie"] = (response.headers["Set-Cookie"] or "").split(";")[0]

    def create_post(self, idea: str) -> int:
        response, _ = self.post("/posts", {"idea": idea})
        location = response.headers["HX-Redirect"] or response.headers["Location"] or ""
        found = re.search(r"post_id=(\d+)", location)
        assert found, location
        return int(found.group(1))

    def click(self, post_id: int) -> str:
        return self.post(f"/posts/{post_id}/fields/basic_idea/suggestions", {})[1]

    def dismiss(self, panel: str) -> None:
        for suggestion_id in re.findall(r"/suggestions/(\d+)/withdrawal", panel):
            self.post(f"/suggestions/{suggestion_id}/dismissal", {})

    def follow(self, task_id: int) -> _Following:
        return _Following(self, task_id)


def _bare_sdk(standin: Standin) -> list[float]:
    """The same question straight through the SDK: what no gateway can undercut."""
    import groq

    client = groq.Groq(api_key="good-key-1", base_url=standin.groq_url.removesuffix("/openai/v1"), max_retries=0)
    values = []
    for round_number in range(WARM_UP + ROUNDS):
        asked_at = time.monotonic()
        with client.chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": "Why does bread rise?"}], stream=True
        ) as stream:
            list(stream)
        if round_number >= WARM_UP:
            values.append((standin.requests[-1].received_at - asked_at) * 1000)
    client.close()
    return values
