"""The log: a line of JSON for each attempt and each run, one request id in web, job and engine, nothing said in it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blogforge_llm import tracing
from tests.installation import Installation
from tests.provider_standin import Standin

SECRET, WORDS = "gsk-topsecret-0123456789", "the words of the prompt"


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """What is written to the two loggers."""
    found: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: found.append(record.getMessage())  # type: ignore[method-assign]
    loggers = [logging.getLogger(name) for name in ("blogforge.attempts", "blogforge.tasks")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
    yield found
    for logger, level in zip(loggers, levels, strict=True):
        logger.removeHandler(handler)
        logger.setLevel(level)


def test_a_line_is_one_line_of_json_whatever_is_in_it(lines: list[str]) -> None:
    from decimal import Decimal

    tracing.attempt(model='odd\n"name"\ud800', cost=Decimal("0.000000100"))
    (line,) = lines
    assert "\n" not in line
    told = json.loads(line)
    assert (told["event"], told["model"], told["cost"]) == ("attempt", 'odd\n"name"\ud800', "0.000000100")


def test_a_request_id_from_outside_must_be_harmless() -> None:
    assert tracing.begin("edge-7.a_B") == tracing.request_id() == "edge-7.a_B"
    for strange in (None, "", "a b", "a\nb", "x" * 65, "<b>"):
        assert tracing.begin(strange) != strange


@pytest.mark.processes
def test_web_worker_and_engine_name_the_same_request(tmp_path: Path) -> None:
    with Installation(tmp_path / "data") as installation, Standin() as standin:
        installation.create_admin()
        standin.answer("ok", "what the model said")
        body = {"name": "Groq", "kind": "groq", "base_url": standin.groq_url, "api_key": SECRET}
        provider = installation.api("POST", "/llm/providers", body)["id"]
        models = [
            installation.api("POST", "/llm/models", {"provider_id": provider, "name": name})["id"]
            for name in ("status:503;echo-key", "ok")
        ]
        installation.api("POST", "/llm/routes", {"name": "Both", "model_ids": models})
        question = {"messages": [{"role": "user", "content": WORDS}], "route": "Both"}
        task = installation.wait_for_task(installation.api("POST", "/llm/tasks", question)["id"])
        installation.wait_for_output(f'"event": "task".*"task": {task["id"]}')
        told = [json.loads(line) for line in installation.output if line.startswith("{")]
        everything = "".join(installation.output)
    of_task: list[dict[str, Any]] = [line for line in told if line["task"] == task["id"]]
    first, second, whole = of_task
    assert [line["event"] for line in of_task] == ["attempt", "attempt", "task"]
    assert {line["request"] for line in of_task} == {task["request_id"]}
    assert (first["status"], first["category"], first["http_status"]) == ("failed", "overloaded", 503)
    assert (second["status"], second["model"], second["provider"]) == ("succeeded", "ok", "Groq")
    (served,) = standin.requests_for("ok")
    assert (second["input_tokens"], second["output_tokens"]) == (served.input_tokens, served.output_tokens)
    assert (whole["status"], whole["attempts"], whole["model"]) == ("succeeded", 2, "ok")
    assert whole["output_tokens"] == served.output_tokens and whole["took_ms"] >= second["took_ms"]
    for secret in (SECRET, installation.token, WORDS, "what the model said"):
        assert secret not in everything
