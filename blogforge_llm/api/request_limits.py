"""429 for programs that ask too often, and what is left in every answer: the fields of the IETF's draft "RateLimit
header fields for HTTP" (draft-ietf-httpapi-ratelimit-headers). Called by authentication.py for every token it knows.
"""

from __future__ import annotations

from flask import Flask, Response, g

from blogforge_llm import db
from blogforge_llm.errors import TooMany
from blogforge_llm.records.accounts import Allowance
from blogforge_llm.services.accounts import requests


def init(app: Flask) -> None:
    app.after_request(tell)


def admit(conn: db.Connection, *, user_id: int, token: str) -> None:
    """Raises TooMany. `conn` must be outside a transaction: what it counts must not wait for the disk."""
    g.allowances = allowances = requests.admit(conn, user_id=user_id, token=token)
    full = [allowance for allowance in allowances if allowance.is_full]
    if full:
        wait_s = max(allowance.resets_in_s for allowance in full)
        whose = "this token" if full[0].policy == "token" else "all of your tokens together"
        raise TooMany(
            f"Too many requests: {full[0].most:,} a minute are allowed with {whose}. "
            f"Try again in {wait_s} second{'' if wait_s == 1 else 's'}.",
            retry_after_s=wait_s,
        )


def tell(response: Response) -> Response:
    allowances: list[Allowance] = g.get("allowances", [])
    if allowances:
        response.headers["RateLimit-Policy"] = ", ".join(
            f'"{allowance.policy}";q={allowance.most};w={requests.WINDOW_S}' for allowance in allowances
        )
        response.headers["RateLimit"] = ", ".join(
            f'"{allowance.policy}";r={allowance.remaining};t={allowance.resets_in_s}' for allowance in allowances
        )
    return response
