"""A whole installation that asks the stand-in, and OpenAI's own client for it."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import openai
import pytest

from tests.installation import Installation
from tests.provider_standin import Standin

QUESTION = [{"role": "user", "content": "Why does bread rise?"}]


@dataclass
class Gateway:
    """`ask` through OpenAI's client; `post` over plain HTTP, (status, headers, body)."""

    installation: Installation
    standin: Standin
    client: openai.OpenAI
    providers: dict[str, int] = field(default_factory=dict)
    _known: set[str] = field(default_factory=set)

    def model(self, name: str, *, provider: str = "Groq") -> int:
        """A model of this name, added once; its id."""
        body = {"provider_id": self.providers[provider], "name": name, "input_price": "1", "output_price": "2"}
        found = [model for model in self.installation.api("GET", "/llm/models?page_size=100") if model["name"] == name]
        of_provider = [model for model in found if model["provider_id"] == self.providers[provider]]
        made: dict[str, Any] = of_provider[0] if of_provider else self.installation.api("POST", "/llm/models", body)
        return int(made["id"])

    def route(self, *models: str | tuple[str, str]) -> str:
        """A route over these, (provider, name) or a name at Groq; its name."""
        ids = [self.model(m[1], provider=m[0]) if isinstance(m, tuple) else self.model(m) for m in models]
        name = f"Route {len(self._known) + 1}"
        self._known.add(name)
        self.installation.api("POST", "/llm/routes", {"name": name, "model_ids": ids})
        return name

    def post(self, body: Any, *, path: str = "/v1/chat/completions", **headers: str) -> tuple[int, Any, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.installation.port, timeout=30)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        given = {"Authorization": f"Bearer {self.installation.token}", "Content-Type": "application/json"} | named
        text = body if isinstance(body, str | bytes) else json.dumps(body)
        connection.request("POST", path, text, given)
        response = connection.getresponse()
        answer = response.read().decode()
        connection.close()
        is_json = "json" in response.headers["Content-Type"]
        return response.status, response.headers, json.loads(answer) if is_json else answer

    def task(self, response_headers: Any) -> dict[str, Any]:
        task: dict[str, Any] = self.installation.api("GET", f"/llm/tasks/{response_headers['X-Blogforge-Task']}")
        return task


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with Installation(tmp_path_factory.mktemp("gateway")) as installation, Standin() as standin:
        token = installation.create_admin()
        client = openai.OpenAI(base_url=f"{installation.url}/v1", api_key=token, max_retries=0, timeout=30)
        gateway = Gateway(installation, standin, client)
        for name, kind, url in (
            ("Groq", "groq", standin.groq_url),
            ("Cerebras", "cerebras", standin.cerebras_url),
            ("Local", "openai_compatible", standin.compatible_url),
        ):
            body = {"name": name, "kind": kind, "base_url": url, "api_key": "good-key-1"}
            gateway.providers[name] = installation.api("POST", "/llm/providers", body)["id"]
        yield gateway
        client.close()


@pytest.fixture
def gateway(running: Gateway) -> Iterator[Gateway]:
    running.standin.reset()
    for circuit in running.installation.api("GET", "/llm/circuits?page_size=100"):
        if circuit["state"] != "closed":  # what another test broke
            running.installation.api("POST", f"/llm/circuits/{circuit['name']}/close")
    yield running
    running.standin.release()
