"""A model's answer told as one JSON body, and what the endings of a stream come to for it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from .answers import in_words
from .clients import ClientLeft
from .dialects import Voice, error_body, tool_name
from .framing import END, chunked
from .plans import FOREVER, Ending, Reply
from .wording import in_words_of

if TYPE_CHECKING:
    from .serving import Serving

_JSON = "application/json"


def tell_whole(serving: Serving, voice: Voice) -> bool:
    """Whether the connection may be kept. A gate of any kind holds the answer back as a whole."""
    reply = voice.reply
    words = in_words(reply.text)[: reply.after]
    text = "".join(words)
    gate = serving.gates.find(serving.request.model)
    if gate is not None and gate.after_words is not None:
        serving.stand_at(gate)
    serving.client.wait(reply.first_after + reply.pace * len(words))
    body = _body(serving, voice, text)
    match reply.ending:
        case Ending.ERROR_EVENT:
            fault = in_words_of(voice.dialect.name, reply.fault, voice.model)
            serving.send_whole(200, _JSON, json.dumps(error_body(voice.dialect, fault)).encode(), "broken")
        case Ending.MALFORMED_EVENT | Ending.HALF_EVENT:
            serving.send_whole(200, _JSON, body[: len(body) // 2], "broken")
        case Ending.STALL | Ending.RESET | Ending.HANG_UP as ending:
            _stop_in_the_middle(serving, body, ending)
            return False
        case _:
            _send(serving, voice, body, text, len(words))
    return True


def _send(serving: Serving, voice: Voice, body: bytes, text: str, words: int) -> None:
    outcome = "complete" if _finished(voice.reply) else "broken"
    if voice.reply.drip is not None:
        _drip(serving, voice.reply)
    serving.client.check()
    _bill(serving, voice, text, words)
    try:
        if voice.reply.drip is None:
            serving.send_whole(200, _JSON, body, outcome, dict(voice.reply.headers))
        else:
            serving.finish(outcome)
            serving.client.send(chunked(body) + END)
    except ClientLeft:
        _unbill(serving)
        raise


def _body(serving: Serving, voice: Voice, text: str) -> bytes:
    tool = tool_name(serving.request.body)
    return json.dumps(voice.completion(text, tool, _finished(voice.reply)), ensure_ascii=False).encode()


def _finished(reply: Reply) -> bool:
    return reply.ending in (Ending.COMPLETE, Ending.NO_DONE, Ending.NO_DONE_CLOSE)


def _stop_in_the_middle(serving: Serving, body: bytes, ending: Ending) -> None:
    serving.send_head(200, {"Content-Type": _JSON, "Content-Length": str(len(body))}, body[: len(body) // 2])
    if ending is Ending.STALL:
        serving.client.wait(FOREVER)
    serving.finish("broken")
    if ending is Ending.RESET:
        serving.client.reset()


def _drip(serving: Serving, reply: Reply) -> None:
    """White space before the JSON: what some services send instead of comments."""
    serving.send_head(200, {"Content-Type": _JSON, "Transfer-Encoding": "chunked"})
    until = time.monotonic() + reply.drip_for
    while time.monotonic() < until:
        serving.client.send(chunked(b" \n"))
        serving.client.wait(reply.drip_every)


def _bill(serving: Serving, voice: Voice, text: str, words: int) -> None:
    with serving.ledger.change(serving.request) as request:
        request.input_tokens = request.prompt_tokens
        request.words_sent = words
        request.chars_sent = len(voice.reply.reasoning) + len(text)
        request.answered_at = time.monotonic()
        if _finished(voice.reply):
            request.finish_reason, request.usage_sent = voice.reply.finish_reason, voice.reply.usage


def _unbill(serving: Serving) -> None:
    with serving.ledger.change(serving.request) as request:
        request.input_tokens = request.words_sent = request.chars_sent = 0
        request.answered_at = request.finish_reason = None
        request.usage_sent = False
