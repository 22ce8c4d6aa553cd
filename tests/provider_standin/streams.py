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
    serving.send_head(200, _HEADERS, event(voice.first_chunk()))
    with serving.ledger.change(serving.request) as request:
        request.input_tokens = request.prompt_tokens
    if reply.headers_first:
        serving.client.wait(reply.first_after)
    _drip(serving, voice)
    for word in in_words(reply.reasoning):
        serving.client.wait(reply.pace)
        _say(serving, word, voice.chunk({"reasoning": word}))
    if reply.tool_call:
        serving.client.send(event(voice.tool_chunk(tool_name(serving.request.body))))
    said = 0
    for word in in_words(reply.text)[: reply.after]:
        _hold(serving, said)
        serving.client.wait(reply.pace)
        _say(serving, word, voice.text_chunk(word))
        said += 1
        with serving.ledger.change(serving.request) as request:
            request.words_sent = said
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


def _say(serving: Serving, word: str, chunk: dict[str, Any]) -> None:
    """Counted before it is sent, so that who has read it finds it in the ledger."""
    serving.client.check()
    with serving.ledger.change(serving.request) as request:
        request.chars_sent += len(word)
    try:
        serving.client.send(event(chunk))
    except ClientLeft:
        with serving.ledger.change(serving.request) as request:
            request.chars_sent -= len(word)
        raise


def _hold(serving: Serving, said: int) -> None:
    gate = serving.gates.find(serving.request.model)
    if gate is not None and gate.after_words == said:
        serving.stand_at(gate)


def _end(serving: Serving, voice: Voice) -> bool:
    client = serving.client
    match voice.reply.ending:
        case Ending.COMPLETE | Ending.NO_DONE | Ending.NO_DONE_CLOSE as ending:
            _finish_reason_and_usage(serving, voice)
            if ending is Ending.NO_DONE:
                client.wait(FOREVER)
            client.send(DONE + END if ending is Ending.COMPLETE else END)
            return serving.finish("complete")
        case Ending.STALL:
            client.wait(FOREVER)
        case Ending.RESET:
            client.reset()
            return serving.finish("broken", keep=False)
        case Ending.HANG_UP:
            return serving.finish("broken", keep=False)
        case Ending.CLEAN:
            client.send(END)
        case Ending.DONE_ONLY:
            client.send(DONE + END)
        case Ending.ERROR_EVENT:
            fault = in_words_of(voice.dialect.name, voice.reply.fault, voice.model)
            kind = "error" if voice.dialect.name == "groq" else ""
            client.send(event(error_event(voice.dialect, fault), kind) + END)
        case Ending.MALFORMED_EVENT:
            client.send(chunked(_half(voice) + b"\n\n") + END)
        case Ending.HALF_EVENT:
            client.send(chunked(_half(voice)) + END)
    return serving.finish("broken")


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
