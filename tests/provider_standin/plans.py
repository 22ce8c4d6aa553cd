"""What is to happen on the wire for one request, as data: behaviours make plans, `serving.py` executes them.

A plan says nothing of the dialect; `dialects.py` gives it its JSON.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

FOREVER = float("inf")


class Ending(StrEnum):
    """How an answer ends. All but COMPLETE and NO_DONE come before the finish reason."""

    COMPLETE = "complete"  # finish reason, usage, [DONE], end of the chunked body
    NO_DONE = "no-done"  # finish reason and usage, then silence on an open connection
    NO_DONE_CLOSE = "no-done-close"  # finish reason and usage, then the body ends without [DONE]
    CLEAN = "clean-end"  # the body ends properly, with neither finish reason nor [DONE]
    DONE_ONLY = "done-only"  # [DONE] without a finish reason
    STALL = "stall"  # silence on an open connection
    RESET = "reset"  # TCP reset
    HANG_UP = "hang-up"  # TCP end in the middle of the HTTP body
    ERROR_EVENT = "error-event"  # an SSE error event, then the body ends
    MALFORMED_EVENT = "malformed-event"  # an event whose JSON is cut in half, then the body ends
    HALF_EVENT = "half-event"  # half an event without its blank line, then the body ends


class Drip(StrEnum):
    """What keeps the bytes coming before, or instead of, the first word."""

    COMMENTS = "comments"
    EMPTY_DELTAS = "empty-deltas"


@dataclass(frozen=True)
class Fault:
    """An error answer. What is None is filled in with the dialect's own words for the status."""

    status: int
    code: str | None = None
    type: str | None = None
    message: str | None = None
    parameter: str | None = None
    retry_after: float | None = None
    retry_after_as: str = "seconds"  # seconds, date, body, ms
    raw: tuple[str, bytes] | None = None  # content type and body instead of the dialect's JSON
    echo_key: bool = False  # put the caller's key into the message, as careless servers do


@dataclass(frozen=True)
class Page:
    """A 200 that is not an answer: an HTML page, half a JSON."""

    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Raw:
    """These bytes and then the end of the connection: no HTTP, or a broken one."""

    sent: bytes


@dataclass(frozen=True)
class Hangup:
    """No answer at all: the connection goes before any header."""

    reset: bool


@dataclass(frozen=True)
class Reply:
    """An answer of the model, whole or in words, and how it ends."""

    text: str
    finish_reason: str = "stop"
    reasoning: str = ""
    tool_call: bool = False  # the text is the arguments of a call to the first tool offered
    first_after: float = 0.0  # seconds before the first token
    headers_first: bool = False  # send headers and the role chunk before that
    pace: float = 0.0  # seconds before each word
    drip: Drip | None = None
    drip_every: float = 0.1
    drip_for: float = FOREVER
    after: int | None = None  # words sent before the ending; None: all
    ending: Ending = Ending.COMPLETE
    fault: Fault = Fault(500)  # of an error event
    usage: bool = True
    told: tuple[int, int] | None = None  # tokens, instead of the true ones; the ledger keeps to the truth
    usage_delay: float = 0.0  # seconds between finish reason and usage
    fingerprint: bool = True
    served_as: str | None = None  # the model named in the answer, if another
    headers: tuple[tuple[str, str], ...] = ()  # beside the usual ones, or instead of them


Content = Reply | Fault | Page | Raw | Hangup


@dataclass(frozen=True)
class Plan:
    content: Content
    delay: float = 0.0  # seconds of silence before the first byte


@dataclass(frozen=True)
class Ask:
    """One request as a behaviour sees it."""

    dialect: str
    model: str
    body: Mapping[str, Any]
    answer: str
    prompt_tokens: int
    count: int  # the how-manieth request for this model since the last reset, from 1
    times: Sequence[float]  # when each of them came (monotonic); times[count - 1] is this one
