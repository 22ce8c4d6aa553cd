"""How the stand-in's own tests ask it, by SDK and by bare HTTP."""

import http.client
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from tests.provider_standin import Standin, count_tokens, default_answer, in_words

DIALECTS = ("groq", "cerebras", "compatible")
PROMPT = [{"role": "user", "content": "Say something about tea"}]
PROMPT_TOKENS = count_tokens("Say something about tea")
ANSWER = default_answer({"messages": PROMPT})
THREE = "".join(in_words(ANSWER)[:3])


def ask(client: Any, model: str, messages: Any = PROMPT, **more: Any) -> Any:
    return client.chat.completions.create(model=model, messages=messages, **more)


def text_of(chunks: list[Any]) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def finish_reasons(chunks: list[Any]) -> list[str]:
    return [c.choices[0].finish_reason for c in chunks if c.choices and c.choices[0].finish_reason]


@contextmanager
def post(standin: Standin, model: str, stream: bool = True, **more: Any) -> Iterator[http.client.HTTPResponse]:
    """A request without any SDK, for what happens on the wire."""
    body = json.dumps({"model": model, "messages": PROMPT, "stream": stream} | more)
    with closing(http.client.HTTPConnection(standin.url.removeprefix("http://"), timeout=5)) as connection:
        connection.request("POST", "/compatible/v1/chat/completions", body, {"Authorization": "Bearer a-key"})
        with connection.getresponse() as response:
            yield response


def control(standin: Standin, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    with closing(http.client.HTTPConnection(standin.url.removeprefix("http://"), timeout=5)) as connection:
        connection.request(method, path, None if body is None else json.dumps(body))
        with connection.getresponse() as response:
            return response.status, json.load(response)
