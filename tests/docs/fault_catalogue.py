"""What the fault table is made of: every way in which a provider can fail, and what must come of it. faults.py plays
them, each streamed and whole, through each kind of provider, with a healthy model next on the route.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from blogforge_llm.records.tasks import Category as C

FIRST_TOKEN_S = 0.5
IDLE_S = 0.4
DEADLINE_S = 3.0


class Bill(StrEnum):
    """What the rows of the calls say they cost."""

    NOTHING = "nothing"  # refused or never reached: zero, and known
    TOLD = "as told"
    ESTIMATED = "estimated"
    UNKNOWN = "unknown"


class Soon(StrEnum):
    """When the caller had what he got: not before the seconds below, and not much later."""

    AT_ONCE = "at once"
    PAUSE = "after a pause"
    FIRST = "first-token limit"
    IDLE = "idle limit"
    SHARE = "share of the deadline"
    USAGE = "0.5 s"


class By(StrEnum):
    NEXT = "the next model"
    ITSELF = "the model itself"
    NOBODY = "nobody"


AT_LEAST_S = {
    Soon.AT_ONCE: 0.0,
    Soon.PAUSE: 0.2,
    Soon.FIRST: FIRST_TOKEN_S,
    Soon.IDLE: IDLE_S,
    Soon.SHARE: DEADLINE_S / 2,
    Soon.USAGE: 0.5,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the failing model is recorded with, how many calls its provider saw, what the first one cost, and who gave
    the caller an answer."""

    category: C | None
    calls: int = 1
    bill: Bill = Bill.NOTHING
    soon: Soon = Soon.AT_ONCE
    by: By = By.NEXT


@dataclass(frozen=True, slots=True)
class Fault:
    what: str
    model: str  # the stand-in's name of it, or one of the addresses in faults.py
    streamed: Outcome
    whole: Outcome
    temperature: float | None = None
    prefill: bool = False
    max_tokens: int | None = None


def _fault(what: str, model: str, streamed: Outcome, whole: Outcome | None = None, **asked: object) -> Fault:
    return Fault(what, model, streamed, whole or streamed, **asked)  # type: ignore[arg-type]


def _refused(status: str, what: str, category: C, **outcome: object) -> Fault:
    return _fault(f"{status} {what}".strip(), f"status:{status}", replace(Outcome(category), **outcome))  # type: ignore[arg-type]


# Once more after a pause, then the next.
_TWICE = {"calls": 2, "soon": Soon.PAUSE}
_CUT = Outcome(C.STREAM_CUT, bill=Bill.ESTIMATED)
_BROKEN = Outcome(C.SERVER_ERROR, bill=Bill.UNKNOWN, calls=2, soon=Soon.PAUSE)
_NO_ANSWER = Outcome(C.STREAM_CUT, bill=Bill.UNKNOWN)
_SILENT = Outcome(C.TIMEOUT, bill=Bill.UNKNOWN, soon=Soon.SHARE)
_WELL = Outcome(None, bill=Bill.TOLD, by=By.ITSELF)
_GUESSED = replace(_WELL, bill=Bill.ESTIMATED)

SECTIONS: dict[str, list[Fault]] = {
    "An error with a status": [
        _refused("400", "a bad request", C.INVALID_REQUEST, by=By.NOBODY),
        _fault("400 for a parameter", "invalid-parameter:temperature",
               Outcome(C.INVALID_REQUEST, by=By.NOBODY), temperature=0.5),
        _fault("400 for a last message of the assistant", "reject-prefill",
               Outcome(C.INVALID_REQUEST, by=By.NOBODY), prefill=True),
        _fault("400 for the content", "status:400;code=content_filter", Outcome(C.CONTENT_FILTER, by=By.NOBODY)),
        _fault("400 for the length, the next has a larger window", "context:1", Outcome(C.CONTEXT_LENGTH)),
        _fault("400 as a web page", "status:400;html", Outcome(C.SERVER_ERROR, calls=2, soon=Soon.PAUSE)),
        _refused("401", "the key", C.AUTHENTICATION),
        _refused("402", "payment", C.QUOTA_EXHAUSTED),
        _refused("403", "not with this key", C.PERMISSION),
        _refused("404", "no such model", C.MODEL_NOT_FOUND),
        _refused("408", "request timeout", C.TIMEOUT),
        _refused("409", "conflict", C.OVERLOADED),
        _refused("413", "too large, the next has a larger window", C.CONTEXT_LENGTH),
        _refused("415", "and others that no model gives", C.SERVER_ERROR, **_TWICE),
        _refused("422", "a bad request", C.INVALID_REQUEST, by=By.NOBODY),
        _refused("429", "without a time", C.RATE_LIMIT),
        _fault("429, Retry-After in seconds", "status:429;retry-after=7", Outcome(C.RATE_LIMIT)),
        _fault("429, Retry-After as a date", "status:429;retry-after-date=30", Outcome(C.RATE_LIMIT)),
        _fault("429, the time in the body", "status:429;retry-in-body=7", Outcome(C.RATE_LIMIT)),
        _fault("429, the quota is used up", "status:429;code=insufficient_quota", Outcome(C.QUOTA_EXHAUSTED)),
        _refused("498", "no flex capacity", C.OVERLOADED),
        _refused("500", "", C.SERVER_ERROR, **_TWICE),
        _fault("500 once", "flaky:1;status=500", Outcome(C.SERVER_ERROR, 2, soon=Soon.PAUSE, by=By.ITSELF)),
        _fault("500 that speaks of a policy", "status:500;message=content policy filter rate limit 401",
               Outcome(C.SERVER_ERROR, calls=2, soon=Soon.PAUSE)),
        _refused("502", "", C.SERVER_ERROR, **_TWICE),
        _fault("502 as a web page", "status:502;html", Outcome(C.SERVER_ERROR, calls=2, soon=Soon.PAUSE)),
        _refused("503", "", C.OVERLOADED),
        _fault("503 without a body", "status:503;no-body", Outcome(C.OVERLOADED)),
        _refused("504", "", C.SERVER_ERROR, **_TWICE),
        _refused("529", "", C.OVERLOADED),
        _fault("307 to somewhere else", "redirect", Outcome(C.MODEL_NOT_FOUND)),
    ],
    "No answer": [
        _fault("silence", "slow-first-token:inf", replace(_SILENT, soon=Soon.FIRST), _SILENT),
        _fault("headers, then silence", "slow-first-token:inf;headers",
               Outcome(C.TIMEOUT, bill=Bill.ESTIMATED, soon=Soon.FIRST), _SILENT),
        _fault("comments and nothing else", "comment-drip:50",
               Outcome(C.TIMEOUT, bill=Bill.ESTIMATED, soon=Soon.FIRST), _SILENT),
        _fault("empty deltas and nothing else", "empty-deltas:50",
               Outcome(C.TIMEOUT, bill=Bill.ESTIMATED, soon=Soon.FIRST), _SILENT),
        _fault("reset before the headers", "reset", Outcome(C.CONNECTION, 2, Bill.UNKNOWN, Soon.PAUSE)),
        _fault("the connection ends before the headers", "hang-up", Outcome(C.CONNECTION, 2, Bill.UNKNOWN, Soon.PAUSE)),
        _fault("half the headers", "half-headers", Outcome(C.CONNECTION, 2, Bill.UNKNOWN, Soon.PAUSE)),
        _fault("something that is not HTTP", "garbage", Outcome(C.CONNECTION, 2, Bill.UNKNOWN, Soon.PAUSE)),
        _fault("connection refused", "address:refused", Outcome(C.CONNECTION, 2, soon=Soon.PAUSE)),
        _fault("a name that does not exist", "address:dns", Outcome(C.CONNECTION, 2, soon=Soon.PAUSE)),
        _fault("no TLS where it should be", "address:tls", Outcome(C.CONNECTION, 2, soon=Soon.PAUSE)),
    ],
    "An answer that breaks off": [
        _fault("reset after the headers", "cut:0", _CUT, _NO_ANSWER),
        _fault("reset in the middle", "cut:3", _CUT, _NO_ANSWER),
        _fault("the connection ends in the middle", "truncate:3", _CUT, _NO_ANSWER),
        _fault("stalled before the first word", "idle-after:0",
               Outcome(C.TIMEOUT, bill=Bill.ESTIMATED, soon=Soon.FIRST), _SILENT),
        _fault("stalled in the middle", "idle-after:3",
               Outcome(C.TIMEOUT, bill=Bill.ESTIMATED, soon=Soon.IDLE), _SILENT),
        _fault("ends without a finish reason", "clean-end:3", _CUT),
        _fault("[DONE] without a finish reason", "done-only:3", _CUT),
        _fault("ends in its reasoning", "reasoning-only;cut", _CUT),
        _fault("an event with half a JSON", "malformed-event:3", _CUT, _BROKEN),
        _fault("ends within an event", "half-event:3", _CUT, _BROKEN),
        _fault("a broken chunk", "bad-chunk", _NO_ANSWER),
        _fault("an error event in the middle", "error-event:3",
               Outcome(C.SERVER_ERROR, 2, Bill.ESTIMATED, Soon.PAUSE), Outcome(C.SERVER_ERROR, 2, soon=Soon.PAUSE)),
        _fault("an overload event in the middle", "error-event:3;status=503;code=overloaded_error",
               Outcome(C.OVERLOADED, bill=Bill.ESTIMATED), Outcome(C.OVERLOADED)),
        _fault("the finish reason error", "finish:error", Outcome(C.SERVER_ERROR, 2, Bill.TOLD, Soon.PAUSE)),
        _fault("the finish reason insufficient_system_resource", "finish:insufficient_system_resource",
               Outcome(C.OVERLOADED, bill=Bill.TOLD)),
    ],
    "Something else than an answer": [
        _fault("a web page with status 200", "html-200", _BROKEN),
        _fault("half a JSON with status 200", "half-json", _BROKEN),
        _fault("an empty body with status 200", "body:empty", _BROKEN),
        _fault("`null` with status 200", "body:null", _BROKEN),
        _fault("a list with status 200", "body:list", _BROKEN),
        _fault("no choices with status 200", "body:no-choices", _BROKEN),
        _fault("a choice without a message", "body:no-message", _NO_ANSWER),
        _fault("an error with status 200", "body:error", Outcome(C.OVERLOADED)),
        _fault("an error as the first event", "event:error", Outcome(C.OVERLOADED)),
        _fault("an error that is not named so", "event:unnamed-error", Outcome(C.OVERLOADED)),
        _fault("an event that is no JSON", "event:text", _NO_ANSWER, _BROKEN),
        _fault("an event that is no part of an answer", "event:list", _NO_ANSWER, _BROKEN),
        _fault("text that is no UTF-8", "bad-utf8", _NO_ANSWER, _BROKEN),
        _fault("10 MB without an end", "huge:10", _NO_ANSWER, _BROKEN),
        _fault("a compressed body of 20 MB", "gzip-bomb:20", _BROKEN),
    ],
    "An answer that is none": [
        _fault("empty", "empty", Outcome(C.OUTPUT_INVALID, 2, Bill.TOLD)),
        _fault("reasoning and nothing else", "reasoning-only", Outcome(C.OUTPUT_INVALID, 2, Bill.TOLD)),
        _fault("a tool call nobody asked for", "tool-call", Outcome(C.OUTPUT_INVALID, 2, Bill.TOLD)),
        _fault("withheld by a filter", "content-filter:3", Outcome(C.CONTENT_FILTER, bill=Bill.TOLD, by=By.NOBODY)),
        _fault("withheld, in Gemini's word", "finish:SAFETY", Outcome(C.CONTENT_FILTER, bill=Bill.TOLD, by=By.NOBODY)),
    ],
    "Unusual, and an answer": [
        _fault("reasoning first", "reasoning:20", _WELL),
        _fault("cut at the token limit", "length:3", _WELL),
        _fault("reasoning up to the token limit", "reasoning-only;finish=length", _WELL),
        _fault("max_tokens reached", "ok", _WELL, max_tokens=4),
        _fault("no [DONE], connection open", "no-done", _WELL),
        _fault("no [DONE], connection closed", "no-done-close", _WELL),
        _fault("no counts", "no-usage", _GUESSED),
        _fault("counts after 2 s", "late-usage:2",
               replace(_GUESSED, soon=Soon.USAGE), _WELL),
        _fault("counts below zero", "usage:-1", _GUESSED),
        _fault("counts beyond reason", "usage:99999999999", _GUESSED),
        _fault("no system_fingerprint", "no-fingerprint", _WELL),
        _fault("text/plain", "content-type", _WELL),
        _fault("an unknown finish reason", "finish:eos", _WELL),
        _fault("NUL in the text", "nul", _WELL),
        _fault("another model named in it", "ok;served-as=other", _WELL),
        _fault("one word at a time", "drip:20;words=10", _WELL),
    ],
}  # fmt: skip

FAULTS = [fault for faults in SECTIONS.values() for fault in faults]
