"""The behaviours that model names choose, one decorated function each. Adding one here is all it takes: the
name works, scripts accept it, and `python -m tests.provider_standin` lists it. Answers that no client should get are
in `oddities.py`.
"""

import time
from collections import deque
from dataclasses import replace

from .answers import default_answer
from .behaviours import behaviour
from .names import Name
from .plans import FOREVER, Ask, Content, Drip, Ending, Fault, Hangup, Page, Reply


@behaviour("ok", "answers")
def _ok(ask: Ask, name: Name) -> Content:
    return Reply(ask.answer)


@behaviour(
    "slow-first-token:SECONDS",
    "silence (inf: for ever), then an answer; ;headers sends headers at once",
    "headers",
)
def _slow_first_token(ask: Ask, name: Name) -> Content:
    return Reply(ask.answer, first_after=name.first(10.0), headers_first="headers" in name.options)


@behaviour("drip:MS", "a word each MS milliseconds (50)")
def _drip(ask: Ask, name: Name) -> Content:
    return Reply(ask.answer, pace=name.first(50) / 1000)


@behaviour(
    "comment-drip:MS",
    "only SSE comments (whitespace if not streamed), each MS ms (100); ;for=S then answers",
    "for",
)
def _comment_drip(ask: Ask, name: Name) -> Content:
    return _dripping(ask, name, Drip.COMMENTS)


@behaviour("empty-deltas:MS", "only deltas without content, each MS ms (100); ;for=S then answers", "for")
def _empty_deltas(ask: Ask, name: Name) -> Content:
    return _dripping(ask, name, Drip.EMPTY_DELTAS)


def _dripping(ask: Ask, name: Name, drip: Drip) -> Reply:
    every, how_long = name.first(100) / 1000, name.number("for", FOREVER)
    return Reply(ask.answer, drip=drip, drip_every=every, drip_for=how_long)


def _ending(usage: str, ending: Ending, about: str) -> None:
    @behaviour(usage, about)
    def _make(ask: Ask, name: Name) -> Content:
        return Reply(ask.answer, after=name.whole(3), ending=ending)


_ending("idle-after:WORDS", Ending.STALL, "stalls after WORDS words (3), connection open")
_ending("cut:WORDS", Ending.RESET, "connection reset after WORDS words (3)")
_ending("truncate:WORDS", Ending.HANG_UP, "connection closed in mid-body after WORDS words (3)")
_ending("clean-end:WORDS", Ending.CLEAN, "ends properly after WORDS words (3) without finish reason or [DONE]")
_ending("done-only:WORDS", Ending.DONE_ONLY, "[DONE] after WORDS words (3) without a finish reason")
_ending("malformed-event:WORDS", Ending.MALFORMED_EVENT, "an event with half a JSON after WORDS words (3)")
_ending("half-event:WORDS", Ending.HALF_EVENT, "ends within an event after WORDS words (3)")


@behaviour(
    "error-event:WORDS",
    "SSE error event after WORDS words (3); ;status= picks its wording (500)",
    "status code message",
)
def _error_event(ask: Ask, name: Name) -> Content:
    fault = Fault(name.integer("status", 500), code=name.options.get("code"), message=name.options.get("message"))
    return Reply(ask.answer, after=name.whole(3), ending=Ending.ERROR_EVENT, fault=fault)


@behaviour("no-done", "finish reason and usage, no [DONE], connection stays open")
def _no_done(ask: Ask, name: Name) -> Content:
    return Reply(ask.answer, ending=Ending.NO_DONE)


@behaviour("no-done-close", "finish reason and usage, then a proper end without [DONE]")
def _no_done_close(ask: Ask, name: Name) -> Content:
    return Reply(ask.answer, ending=Ending.NO_DONE_CLOSE)


@behaviour("no-usage", "answers without telling the usage")
def _no_usage(ask: Ask, name: Name) -> Content:
    return Reply(ask.answer, usage=False)


@behaviour("late-usage:SECONDS", "the usage comes SECONDS (1) after the finish reason, in a chunk of its own")
def _late_usage(ask: Ask, name: Name) -> Content:
    return Reply(ask.answer, usage_delay=name.first(1.0))


@behaviour("no-fingerprint", "answers without system_fingerprint")
def _no_fingerprint(ask: Ask, name: Name) -> Content:
    return Reply(ask.answer, fingerprint=False)


@behaviour("empty", "finishes with no text at all")
def _empty(ask: Ask, name: Name) -> Content:
    return Reply("")


@behaviour("content-filter:WORDS", "finish reason content_filter after WORDS words (0)")
def _content_filter(ask: Ask, name: Name) -> Content:
    return Reply(ask.answer, after=name.whole(0), finish_reason="content_filter")


@behaviour("length:WORDS", "finish reason length after WORDS words (3)")
def _length(ask: Ask, name: Name) -> Content:
    return Reply(ask.answer, after=name.whole(3), finish_reason="length")


@behaviour("reasoning:WORDS", "WORDS words (20) of reasoning, then the answer")
def _reasoning(ask: Ask, name: Name) -> Content:
    return Reply(ask.answer, reasoning=default_answer({}, name.whole(20)) + " ")


@behaviour("tool-call", "calls the first tool offered instead of answering")
def _tool_call(ask: Ask, name: Name) -> Content:
    return Reply('{"topic": "the stand-in"}', tool_call=True, finish_reason="tool_calls")


@behaviour("preamble", "chatters before the answer")
def _preamble(ask: Ask, name: Name) -> Content:
    return Reply(f"Sure! Here is what you asked for:\n\n{ask.answer}")


@behaviour("quoted", "puts the answer in quotation marks")
def _quoted(ask: Ask, name: Name) -> Content:
    return Reply(f'"{ask.answer}"')


@behaviour("fenced-json", "puts the answer into a ```json fence")
def _fenced_json(ask: Ask, name: Name) -> Content:
    return Reply(f"```json\n{ask.answer}\n```")


@behaviour(
    "status:CODE",
    "an error answer; ;retry-after=S ;retry-after-date=S ;retry-in-body=S ;retry-after-ms=MS ;code= ;type= "
    ";message= ;html ;no-body ;echo-key",
    "code type message retry-after retry-after-date retry-in-body retry-after-ms html no-body echo-key",
)
def _status(ask: Ask, name: Name) -> Content:
    fault = Fault(
        name.whole(500),
        code=name.options.get("code"),
        type=name.options.get("type"),
        message=name.options.get("message"),
        echo_key="echo-key" in name.options,
    )
    forms = {
        "retry-after": "seconds",
        "retry-after-date": "date",
        "retry-in-body": "body",
        "retry-after-ms": "ms",
    }
    for option, form in forms.items():
        if option in name.options:
            fault = replace(fault, retry_after=name.number(option, 1.0), retry_after_as=form)
    if "html" in name.options:
        return replace(fault, raw=("text/html; charset=utf-8", _html(f"{fault.status} from the proxy")))
    return replace(fault, raw=("text/plain", b"")) if "no-body" in name.options else fault


@behaviour("html-200", "an HTML page with status 200")
def _html_200(ask: Ask, name: Name) -> Content:
    return Page("text/html; charset=utf-8", _html("Please sign in to the network"))


def _html(title: str) -> bytes:
    return f"<!doctype html><html><title>{title}</title><body><h1>{title}</h1></body></html>".encode()


@behaviour("half-json", "status 200 and the first half of a JSON body, streamed or not")
def _half_json(ask: Ask, name: Name) -> Content:
    return Page(
        "application/json",
        b'{"id": "chatcmpl-half", "object": "chat.completion", "choices": [{"index": 0, "mes',
    )


@behaviour("reset", "connection reset before any header")
def _reset(ask: Ask, name: Name) -> Content:
    return Hangup(reset=True)


@behaviour("hang-up", "connection closed before any header")
def _hang_up(ask: Ask, name: Name) -> Content:
    return Hangup(reset=False)


@behaviour("redirect:URL", "307 to URL (/elsewhere)")
def _redirect(ask: Ask, name: Name) -> Content:
    return Fault(307, message=name.argument or "/elsewhere", raw=("text/plain", b""))


@behaviour("invalid-parameter:NAME", "400 when the parameter NAME (temperature) is sent, else answers")
def _invalid_parameter(ask: Ask, name: Name) -> Content:
    parameter = name.argument or "temperature"
    if ask.body.get(parameter) is None:
        return Reply(ask.answer)
    message = f"Unsupported parameter: '{parameter}' is not supported with this model."
    return Fault(400, code="unsupported_parameter", message=message, parameter=parameter)


@behaviour("reject-prefill", "400 when the last message is the assistant's, else answers")
def _reject_prefill(ask: Ask, name: Name) -> Content:
    if not ask.body.get("messages") or ask.body["messages"][-1].get("role") != "assistant":
        return Reply(ask.answer)
    message = "This model does not support assistant message prefill. The last message must be the user's."
    return Fault(400, message=message, parameter="messages")


@behaviour("context:TOKENS", "400 context_length_exceeded when prompt and max_tokens exceed TOKENS, else answers")
def _context(ask: Ask, name: Name) -> Content:
    room = name.whole(8192)
    asked = ask.prompt_tokens + int(ask.body.get("max_completion_tokens") or ask.body.get("max_tokens") or 0)
    if asked <= room:
        return Reply(ask.answer)
    message = (
        f"This model's maximum context length is {room} tokens. However, you requested {asked} tokens. "
        "Please reduce the length of the messages or completion."
    )
    return Fault(400, code="context_length_exceeded", message=message, parameter="messages")


@behaviour("flaky:TIMES", "fails TIMES times (1), then answers; ;status=503", "status")
def _flaky(ask: Ask, name: Name) -> Content:
    return Fault(name.integer("status", 503)) if ask.count <= name.first(1) else Reply(ask.answer)


@behaviour(
    "outage:SECONDS",
    "503 for SECONDS from the first request on, then answers; without SECONDS: by control",
    "status",
)
def _outage(ask: Ask, name: Name) -> Content:
    down = time.monotonic() - ask.times[0] < name.first(0.0)
    return Fault(name.integer("status", 503)) if down else Reply(ask.answer)


@behaviour(
    "limited:REQUESTS",
    "429 with Retry-After above REQUESTS (5) in ;window=S (60); ;tell says in headers what is left",
    "window tell",
)
def _limited(ask: Ask, name: Name) -> Content:
    window, allowed = name.number("window", 60.0), name.whole(5)
    admitted: deque[float] = deque()
    for at in ask.times[: ask.count]:
        while admitted and at - admitted[0] >= window:
            admitted.popleft()
        admitted_now = len(admitted) < allowed
        if admitted_now:
            admitted.append(at)
    if admitted_now:
        resets = admitted[-1] + window - ask.times[ask.count - 1]
        left = limit_headers(ask.dialect, allowed, allowed - len(admitted), resets) if "tell" in name.options else ()
        return Reply(ask.answer, headers=left)
    wait = admitted[0] + window - ask.times[ask.count - 1] if admitted else window
    return Fault(429, retry_after=wait)


def limit_headers(dialect: str, limit: int, remaining: int, resets: float) -> tuple[tuple[str, str], ...]:
    """As Groq and OpenAI spell them, or Cerebras, which names the window."""
    ending, reset = ("-minute", f"{resets:.3f}") if dialect == "cerebras" else ("", f"{resets:.3f}s")
    values = (("limit", limit), ("remaining", remaining), ("reset", reset))
    return tuple((f"x-ratelimit-{what}-requests{ending}", str(value)) for what, value in values)
