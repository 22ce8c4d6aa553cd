"""Idempotency-Key: a repeated POST does nothing twice and gets the first one's answer."""

from __future__ import annotations

import hashlib
import json

from flask import Flask, Response, g, request

from blogforge_llm import db
from blogforge_llm.api import authentication
from blogforge_llm.services.accounts import idempotency

_KEPT_HEADERS = (
    "Content-Type", "Location", "X-Pagination", "X-Blogforge-Task", "X-Blogforge-Attempts", "X-Blogforge-Cost",
    "X-Blogforge-Cost-Source",
)  # fmt: skip


def init(app: Flask) -> None:
    app.before_request(replay)
    app.after_request(keep)


def replay() -> Response | None:
    """Claim the key, or answer as the first time. Raises Conflict while the first one is still being worked on."""
    key = request.headers.get("Idempotency-Key")
    if request.method != "POST" or not key or not request.path.startswith(("/api/v1/", "/v1/")):
        return None
    content = f"{request.method} {request.full_path}\n".encode() + request.get_data()
    with db.transaction() as conn:
        kept = idempotency.claim(
            conn, user_id=authentication.current().id, key=key, request=hashlib.sha256(content).digest()
        )
    if kept is None:
        g.idempotency_key = key
        return None
    response = Response(kept.body, kept.status, headers=kept.headers)
    response.headers["Idempotent-Replayed"] = "true"
    return response


def withhold(*names: str) -> None:
    """Leave these members out of the kept answer: a secret that is shown once is not written down for a repetition."""
    g.idempotency_withheld = names


def keep(response: Response) -> Response:
    """Keep the answer. What may go better next time is not kept: the same key may then be tried again."""
    key = g.pop("idempotency_key", None)
    if key is None:
        return response
    user_id = authentication.current().id
    with db.transaction() as conn:
        if response.status_code >= 500 or response.status_code == 429 or response.is_streamed:
            idempotency.release(conn, user_id=user_id, key=key)
        else:
            headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
            idempotency.keep(
                conn, user_id=user_id, key=key, status=response.status_code, headers=headers,
                body=_body(response),
            )  # fmt: skip
    return response


def _body(response: Response) -> str:
    withheld = g.get("idempotency_withheld")
    if not withheld or not response.is_json:
        return response.get_data(as_text=True)
    members = {name: value for name, value in response.get_json().items() if name not in withheld}
    return json.dumps(members)
