"""A stand-in for each test of it, and the real SDKs pointed at it."""

from collections.abc import Callable, Iterator
from typing import Any

import groq
import openai
import pytest
from cerebras.cloud.sdk import Cerebras

from tests.provider_standin import Standin


@pytest.fixture
def standin() -> Iterator[Standin]:
    with Standin() as running:
        yield running


@pytest.fixture
def client(standin: Standin) -> Iterator[Callable[..., Any]]:
    opened: list[Any] = []

    def make(dialect: str, key: str = "a-key") -> Any:
        makers: dict[str, Callable[[], Any]] = {
            "groq": lambda: groq.Groq(base_url=standin.groq_url, api_key=key, max_retries=0),
            "cerebras": lambda: Cerebras(
                base_url=standin.cerebras_url, api_key=key, max_retries=0, warm_tcp_connection=False
            ),
            "compatible": lambda: openai.OpenAI(base_url=standin.compatible_url, api_key=key, max_retries=0),
        }
        opened.append(makers[dialect]())
        return opened[-1]

    yield make
    for one in opened:
        one.close()
