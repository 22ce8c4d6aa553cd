"""What the gateway adds to a call: OpenAI's client through /v1 and straight to the stand-in, in turns, in one run.

Both ways the client is the same, so the difference is ours: HTTP, token, task, attempt and every row written.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tests.benchmarks.numbers import Number
from tests.installation import Installation
from tests.provider_standin import Standin

MODEL = "ok"
ROUNDS = 200
WARM_UP = 20
_QUESTION: Any = [{"role": "user", "content": "Why does bread rise?"}]


def measure(installation: Installation, standin: Standin) -> list[Number]:
    import openai

    name = _prepare(installation, standin)
    options: Any = {"max_retries": 0, "timeout": 20}
    ours = openai.OpenAI(base_url=f"{installation.url}/v1", api_key=installation.token, **options)
    bare = openai.OpenAI(base_url=standin.compatible_url, api_key="good-key-1", **options)
    through, straight, streamed, told = [], [], [], []
    for number in range(WARM_UP + ROUNDS):
        took_s, headers = _timed(ours, name)
        bare_s, _ = _timed(bare, MODEL)
        stream_s = _timed_stream(bare)
        if number >= WARM_UP:
            streamed.append(stream_s * 1000)
            through.append(took_s * 1000)
            straight.append(bare_s * 1000)
            told.append(float(headers["X-Blogforge-Overhead-Ms"]))
    ours.close()
    bare.close()
    # The gateway streams from the provider whatever its caller wants, so this is what it adds to.
    added = [with_us - without for with_us, without in zip(through, streamed, strict=True)]
    return [
        Number("a call through /v1, every row written", through, 30),
        Number("  peer: the same call, bare openai SDK", straight, 30),
        Number("  peer: the same call streamed, bare openai SDK", streamed, 30),
        Number("  added to the streamed call, HTTP included", added, 15),
        Number("  of it as X-Blogforge-Overhead-Ms tells", told, 10),
    ]


def _prepare(installation: Installation, standin: Standin) -> str:
    body = {
        "name": "Gateway",
        "kind": "openai_compatible",
        "base_url": standin.compatible_url,
        "api_key": "good-key-1",
    }
    provider = installation.api("POST", "/llm/providers", body)
    installation.api("POST", "/llm/models", {"provider_id": provider["id"], "name": MODEL})
    return f"Gateway/{MODEL}"


def _timed(client: Any, model: str) -> tuple[float, Any]:
    create: Callable[..., Any] = client.chat.completions.with_raw_response.create
    began = time.monotonic()
    raw = create(model=model, messages=_QUESTION)
    text = raw.parse().choices[0].message.content
    took_s = time.monotonic() - began
    assert text
    return took_s, raw.headers


def _timed_stream(client: Any) -> float:
    began = time.monotonic()
    with client.chat.completions.create(model=MODEL, messages=_QUESTION, stream=True) as chunks:
        list(chunks)
    return time.monotonic() - began
