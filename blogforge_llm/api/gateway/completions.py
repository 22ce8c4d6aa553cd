"""POST /v1/chat/completions."""

from __future__ import annotations

from typing import Any

from flask import Response

from blogforge_llm import db, runner
from blogforge_llm.api import authentication
from blogforge_llm.api.gateway import asking, requests, schemas
from blogforge_llm.api.gateway.blueprint import bp
from blogforge_llm.services.tasks import asking as tasks
from blogforge_llm.services.tasks.tasks import DEADLINE_MAX_S

_HEADERS: dict[str, Any] = {
    name: {"schema": {"type": kind}, "description": about}
    for name, kind, about in (
        ("X-Blogforge-Task", "integer", "The task: see it under LLM, Tasks or /api/v1/llm/tasks."),
        ("X-Blogforge-Attempts", "integer", "Calls made, failed ones included; so far, on a live stream."),
        ("X-Blogforge-Cost", "string", "USD for all attempts; absent when unknown and on a live stream."),
        ("X-Blogforge-Cost-Source", "string", "known, estimated or unknown."),
        ("X-Blogforge-Overhead-Ms", "number", "Time spent here rather than with providers or waiting between them."),
        ("X-Request-Id", "string", "Names the request in the log; your own is kept when you send one."),
    )
}
_ASKED = {
    "model": "Default",
    "messages": [{"role": "user", "content": "Why does bread rise? One sentence."}],
    "temperature": 0.3,
}
_ERRORS = {
    400: "A field that is unknown, unsupported or wrong, named in `param`; a prompt too long; withheld content.",
    401: "No valid token.",
    403: "The token's user may not ask models.",
    404: "No such route or model, or none of it can be asked now.",
    429: "Limited or used up at the provider; `Retry-After` says when it is worth trying again.",
    502: "The last provider asked failed.",
    503: "Overloaded, or the database is away.",
    504: "No complete answer in time.",
}


def error_responses(*statuses: int) -> dict[int | str, Any]:
    content = {"application/json": {"schema": schemas.GatewayError}}
    named: dict[int | str, Any] = {status: {"description": _ERRORS[status], "content": content} for status in statuses}
    return named | {"default": {"description": "Any other error.", "content": content}}


@bp.post("/chat/completions")
@bp.doc(
    requestBody={
        "required": True,
        "content": {"application/json": {"schema": schemas.CompletionIn, "example": _ASKED}},
    },
    parameters=[
        {
            "in": "header",
            "name": requests.DEADLINE_HEADER,
            "schema": {"type": "number", "minimum": 0.1, "maximum": DEADLINE_MAX_S},
            "description": "Seconds for everything, retries and fallbacks included; the settings have a default.",
        },
        {
            "in": "header",
            "name": requests.DELIVERY_HEADER,
            "schema": {"type": "string", "enum": ["complete", "live"]},
            "description": "The same as the field `delivery`, for clients that cannot add one.",
        },
    ],
    responses={
        200: {
            "description": "The answer; with `stream` its chunks as server-sent events up to `[DONE]`.",
            "headers": _HEADERS,
            "content": {
                "application/json": {"schema": schemas.CompletionOut},
                "text/event-stream": {"schema": {"type": "string"}},
            },
        },
        **error_responses(*_ERRORS),
    },
)
def create() -> Response:
    """Ask a route or a model, as OpenAI's chat completions."""
    asked = requests.read()
    asking.take_place()
    lease = runner.lease()
    with db.pipelined_transaction() as conn:
        task, candidates = tasks.create_awaited(
            conn,
            actor=authentication.current(),
            name=asked.model,
            messages=asked.messages,
            parameters=asked.parameters,
            deadline_s=asked.deadline_s,
            lease=lease,
        )
    return asking.answer(task, candidates, asked)
