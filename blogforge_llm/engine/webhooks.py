"""One signed message to an address that an admin entered: guarded like a provider's, and never followed elsewhere."""

from __future__ import annotations

import hashlib
import hmac
import importlib
import time
from dataclasses import dataclass
from typing import Any

from blogforge_llm.engine import addresses, calls, masking, transports
from blogforge_llm.engine.types import CallError
from blogforge_llm.errors import Invalid

LASTS_S = 8.0  # from the look-up of the name to the end of the answer
_ANSWER_BYTES = 4096
_ANSWER_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Taken:
    """How one attempt ended. `error` is empty when it was answered 2xx; `answer` is how the body begins, masked."""

    http_status: int | None
    answer: str
    error: str


def sign(secret: str, timestamp: int, body: str) -> str:
    """HMAC-SHA256 over "timestamp.body", in hex. A receiver makes the same and compares in constant time."""
    return hmac.new(secret.encode(), f"{timestamp}.{body}".encode(), hashlib.sha256).hexdigest()


def post(url: str, *, body: str, secret: str, event: str, delivery_id: int, attempt: int) -> Taken:
    """Never raises for what happens on the way. Blocks for LASTS_S at most."""
    timestamp = int(time.time())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "BlogForge-LLM",
        "BlogForge-Event": event,
        "BlogForge-Delivery": str(delivery_id),
        "BlogForge-Attempt": str(attempt),
        "BlogForge-Timestamp": str(timestamp),
        "BlogForge-Signature": f"v1={sign(secret, timestamp, body)}",
    }
    try:
        addresses.check(url)  # stored under other rules than today's, perhaps
        with calls.Call(deadline=time.monotonic() + LASTS_S) as call:
            try:
                status, text = call.run(_send, url, body.encode(), headers)
            except Exception as error:  # of httpx, httpcore, ssl and the system, each with words of its own
                return Taken(None, "", _reason(error, is_late=call.reason is not None))
    except Invalid as refusal:
        return Taken(None, "", str(refusal))
    answer = masking.mask(text, secret)[:_ANSWER_LENGTH]
    if 300 <= status < 400:
        return Taken(status, answer, "It answered with a redirect, which is not followed. Enter where it leads to.")
    return Taken(status, answer, "" if 200 <= status < 300 else f"It answered {status}.")


def _send(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    http, core = importlib.import_module("httpx"), importlib.import_module("httpcore")
    with (
        transports.client(http, core, url) as client,
        client.stream("POST", url, content=body, headers=headers) as response,
    ):
        return response.status_code, _beginning(response)


def _beginning(response: Any) -> str:
    """So much of the body as is kept at most; the rest is not even read."""
    read = b""
    try:
        for part in response.iter_raw():
            read += part
            if len(read) >= _ANSWER_BYTES:
                break
    except Exception:  # its status is what counts; a body that breaks off changes nothing
        return read.decode(errors="replace")
    return read[:_ANSWER_BYTES].decode(errors="replace")


def _reason(error: Exception, *, is_late: bool) -> str:
    causes: list[BaseException] = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None:
        causes.append(cause)
    if refused := next((cause for cause in causes if isinstance(cause, addresses.Refused)), None):
        return str(refused)
    if is_late or any("Timeout" in type(cause).__name__ for cause in causes):
        return f"It did not answer within {LASTS_S:.0f} seconds."
    if isinstance(error, CallError):
        return f"It {error.text}."
    last = causes[-1]
    words = (last.strerror if isinstance(last, OSError) else str(last)) or type(last).__name__
    return f"It could not be reached: {masking.mask(words)[:200].rstrip('.')}."
