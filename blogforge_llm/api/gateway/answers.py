"""Answers in OpenAI's shape, whole or as chunks, and the headers that tell how they came about."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

from blogforge_llm.engine.types import Completion, Usage
from blogforge_llm.recorder import Tally
from blogforge_llm.records.tasks import Source, Task

_FINISH_REASONS = {"stop", "length", "content_filter", "tool_calls", "function_call"}
END = "data: [DONE]\n\n"


def headers(task: Task, tally: Tally, *, began: float, is_over: bool = True) -> dict[str, str]:
    """What was tried, what it cost and how much of the time was ours. The cost is known only when all is over."""
    told = {
        "X-Blogforge-Task": str(task.id),
        "X-Blogforge-Attempts": str(tally.attempts),
        "X-Blogforge-Overhead-Ms": f"{tally.overhead_s(began) * 1000:.1f}",
    }
    if is_over and tally.attempts:
        told["X-Blogforge-Cost-Source"] = tally.cost_source
        if tally.cost is not None and tally.cost_source is not Source.UNKNOWN:  # the sum of a part is no cost
            told["X-Blogforge-Cost"] = format(tally.cost, "f")
    return told


def whole(task: Task, completion: Completion) -> dict[str, Any]:
    message = {"role": "assistant", "content": completion.text, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish_reason(completion)}
    head = _head(task, "chat.completion", completion.served_by.model_name)
    return head | {"choices": [choice], "usage": _usage(completion.usage)}


class Chunks:
    """The events of one stream. `usage` stands in every chunk when the last is to tell it, as OpenAI has it: null, or
    the `counts` so far, which only an answer that is whole before its first chunk can have."""

    def __init__(self, task: Task, *, wants_usage: bool, counts: Usage | None = None) -> None:
        self._task = task
        self._wants_usage = wants_usage
        self._counts = counts

    def first(self, model: str) -> str:
        return self._chunk(model, {"role": "assistant", "content": "", "refusal": None})

    def text(self, model: str, text: str) -> str:
        return self._chunk(model, {"content": text})

    def last(self, completion: Completion) -> str:
        model = completion.served_by.model_name
        told = self._chunk(model, {}, _finish_reason(completion))
        if self._wants_usage:
            head = _head(self._task, "chat.completion.chunk", model)
            told += event(head | {"choices": [], "usage": _usage(completion.usage)})
        return told + END

    def _chunk(self, model: str, delta: dict[str, Any], finish_reason: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        usage = {"usage": self._so_far(delta)} if self._wants_usage else {}
        return event(_head(self._task, "chat.completion.chunk", model) | {"choices": [choice]} | usage)

    def _so_far(self, delta: dict[str, Any]) -> dict[str, int] | None:
        if self._counts is None:
            return None
        return _usage(replace(self._counts, output_tokens=0) if "role" in delta else self._counts)


def event(data: dict[str, Any]) -> str:
    return f"data: {json.dumps(data)}\n\n"


def _head(task: Task, kind: str, model: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-task-{task.id}",
        "object": kind,
        "created": int((task.created_at.timestamp()) if task.created_at else time.time()),
        "model": model,
    }


def _finish_reason(completion: Completion) -> str:
    return completion.finish_reason if completion.finish_reason in _FINISH_REASONS else "stop"


def _usage(usage: Usage) -> dict[str, int]:
    prompt, answer = usage.input_tokens or 0, usage.output_tokens or 0
    return {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer}
