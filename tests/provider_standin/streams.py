"""A model's answer told as server-sent events, each flushed by itself, and every way in which it can end."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from .answers import in_words
from .clients import ClientLeft
from .dialects import Voice, error_event, tool_name
from .framing import DONE, END, chunked, event
from .plans import FOREVER, Drip, Ending
from .wording import in_words_of

if TYPE_CHECKING:
    from .serving import Serving

_HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-cache",
    "Transfer-Encoding": "chunked",
}


def tell_in_words(serving: Serving, voice: Voice) -> bool:
    """Whether the connection may be kept."""
    reply = voice.reply
    if not reply.headers_first:
        serving.client.wait(reply.first_after)
    serving.send_head(200, _HEADERS | dict(reply.headers), event(voice.first_chunk()), billed=True)
    if reply.headers_first:
        serving.client.wait(reply.first_after)
    _drip(serving, voice)
    for word in in_words(reply.reasoning):
        serving.client.wait(reply.pace)
        _say(serving, word, voice.chunk({"reasoning": word}), words=0)
    if reply.tool_call:
        serving.client.send(event(voice.tool_chunk(tool_name(serving.request.body))))
    said = 0
    for word in in_words(reply.text)[: reply.after]:
        _hold(serving, said)
        serving.client.wait(reply.pace)
        _say(serving, word, voice.text_chunk(word), words=1)
        said += 1
    _hold(serving, said)
    return _end(serving, voice)


def _drip(serving: Serving, voice: Voice) -> None:
    reply = voice.reply
    if reply.drip is None:
        return
    until = time.monotonic() + reply.drip_for
    while time.monotonic() < until:
        drop = b": still working\n\n" if reply.drip is Drip.COMMENTS else None
        serving.client.send(chunked(drop) if drop else event(voice.chunk({"content": ""})))
        serving.client.wait(reply.drip_every)


def _say(serving: Serving, word: str, chunk: dict[str, Any], words: int) -> None:
    """Counted before it is sent, so that who has read it finds it in the ledger."""
    serving.client.check()
    with serving.ledger.change(serving.request) as request:
        request.chars_sent += len(word)
        request.words_sent += words
    try:
        serving.client.send(event(chunk))
    except ClientLeft:
        with serving.ledger.change(serving.request) as request:
            request.chars_sent -= len(word)
            request.words_sent -= words
        raise


def _hold(serving: Serving, said: int) -> None:
    gate = serving.gates.find(serving.request.model)
    if gate is not None and gate.after_words == said:
        serving.stand_at(gate)


def _end(serving: Serving, voice: Voice) -> bool:
    """The ledger has the outcome before the client can see it."""
    client, ending = serving.client, voice.reply.ending
    if ending in (Ending.COMPLETE, Ending.NO_DONE, Ending.NO_DONE_CLOSE):
        _finish_reason_and_usage(serving, voice)
    if ending in (Ending.NO_DONE, Ending.STALL):
        client.wait(FOREVER)
    if ending in (Ending.RESET, Ending.HANG_UP):
        serving.finish("broken")
        if ending is Ending.RESET:
            client.reset()
        return False
    client.check()
    serving.finish("complete" if ending in (Ending.COMPLETE, Ending.NO_DONE_CLOSE) else "broken")
    client.send(_last_bytes(voice) + END)
    return True


def _last_bytes(voice: Voice) -> bytes:
    match voice.reply.ending:
        case Ending.COMPLETE | Ending.DONE_ONLY:
            return DONE
        case Ending.ERROR_EVENT:
            fault = in_words_of(voice.dialect.name, voice.reply.fault, voice.model)
            kind = "error" if voice.dialect.name == "groq" else ""
            return event(error_event(voice.dialect, fault), kind)
        case Ending.MALFORMED_EVENT:
            return chunked(_half(voice) + b"\n\n")
        case Ending.HALF_EVENT:
            return chunked(_half(voice))
    return b""


def _finish_reason_and_usage(serving: Serving, voice: Voice) -> None:
    finish, usage = voice.last_chunks(serving.request.chars_sent)
    serving.client.check()
    with serving.ledger.change(serving.request) as request:
        request.finish_reason = voice.reply.finish_reason
        request.answered_at = time.monotonic()
        request.usage_sent = voice.tells_usage and not usage
    serving.client.send(event(finish))
    if usage:
        serving.client.wait(voice.reply.usage_delay)
        serving.client.check()
        with serving.ledger.change(serving.request) as request:
            request.usage_sent = True
        serving.client.send(b"".join(event(chunk) for chunk in usage))


def _half(voice: Voice) -> bytes:
    whole = f"data: {json.dumps(voice.text_chunk('never'))}"
    return whole[: len(whole) // 2].encode()
