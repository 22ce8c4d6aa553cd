"""How often programs may ask: so many requests in any minute for a token, and for a user with all of his tokens."""

from __future__ import annotations

from blogforge_llm import db
from blogforge_llm.records.accounts import Allowance
from blogforge_llm.services.accounts import settings, tokens

sql = db.load("accounts/requests")

WINDOW_S = 60


def admit(conn: db.Connection, *, user_id: int, token: str) -> list[Allowance]:
    """Count a request, or not when one of them is full; for the token and for the user, what is left of each."""
    rows = sql.admit_request(
        conn,
        subjects=[f"token:{tokens.fingerprint(token)}", f"user:{user_id}"],
        token_default=settings.KNOWN["api_requests_per_token"].default,
        user_default=settings.KNOWN["api_requests_per_user"].default,
    )
    return [Allowance(policy, **row) for policy, row in zip(("token", "user"), rows, strict=True)]
