"""Behaviours of servers that are broken, careless or hostile; registered like those of `catalogue.py`."""

import gzip
from dataclasses import replace
from functools import cache

from .answers import default_answer
from .behaviours import behaviour
from .names import Name, UnknownBehaviour
from .plans import Ask, Content, Ending, Page, Raw, Reply

_JSON, _EVENTS = "application/json", "text/event-stream"
_MEGABYTE = 1024 * 1024

_BODIES = {
    "empty": b"",
    "null": b"null",
    "list": b"[]",
    "text": b"I am a teapot.",
    "no-choices": b'{"id": "x", "object": "chat.completion", "choices": []}',
    "no-message": b'{"id": "x", "object": "chat.completion", "choices": [{}]}',
    "strange-choices": b'{"id": "x", "object": "chat.completion", "choices": "none"}',
    "error": b'{"error": {"message": "The server is overloaded.", "type": "overloaded_error", "code": null}}',
    "unnamed-error": b'{"object": "error", "message": "Engine is busy.", "type": "ServiceUnavailable", "code": 503}',
}


@behaviour("body:KIND", f"status 200 with a JSON body that is no answer: {', '.join(_BODIES)} (empty)")
def _body(ask: Ask, name: Name) -> Content:
    kind = name.argument or "empty"
    if kind not in _BODIES:
        raise UnknownBehaviour(f"the behaviour 'body' has no kind {kind!r}")
    return Page(_JSON, _BODIES[kind])


@behaviour("event:KIND", f"status 200 with one event that is no answer: {', '.join(_BODIES)} (empty), then [DONE]")
def _event(ask: Ask, name: Name) -> Content:
    kind = name.argument or "empty"
    if kind not in _BODIES:
        raise UnknownBehaviour(f"the behaviour 'event' has no kind {kind!r}")
    if not ask.body.get("stream"):
        return Page(_JSON, _BODIES[kind])
    return Page(_EVENTS, b"data: %b\n\ndata: [DONE]\n\n" % _BODIES[kind])


@behaviour("garbage", "bytes that are no HTTP")
def _garbage(ask: Ask, name: Name) -> Content:
    return Raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 this is not HTTP\r\n\r\n")


@behaviour("half-headers", "half a status line, then the end of the connection")
def _half_headers(ask: Ask, name: Name) -> Content:
    return Raw(b"HTTP/1.1 200 OK\r\nContent-Ty")


@behaviour("bad-chunk", "a body whose chunks are framed wrongly")
def _bad_chunk(ask: Ask, name: Name) -> Content:
    kind = _EVENTS if ask.body.get("stream") else _JSON
    return Raw(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n{{".encode())


@behaviour("huge:MEGABYTES", "a body of MEGABYTES (70) without an end of line, or of the JSON")
def _huge(ask: Ask, name: Name) -> Content:
    text = b"a" * (name.whole(70) * _MEGABYTE)
    return Page(_EVENTS, b'data: {"id": "' + text) if ask.body.get("stream") else Page(_JSON, b'{"id": "' + text)


@behaviour("gzip-bomb:MEGABYTES", "a compressed body that nobody asked for, MEGABYTES (100) when unpacked")
def _gzip_bomb(ask: Ask, name: Name) -> Content:
    return Page(_EVENTS if ask.body.get("stream") else _JSON, _packed(name.whole(100)), (("Content-Encoding", "gzip"),))


@cache
def _packed(megabytes: int) -> bytes:
    return gzip.compress(b" " * (megabytes * _MEGABYTE), compresslevel=1)


@behaviour("bad-utf8", "an answer whose text is no UTF-8")
def _bad_utf8(ask: Ask, name: Name) -> Content:
    message = b'{"role": "assistant", "content": "caf\xe9 \xff"}'
    part = b"delta" if ask.body.get("stream") else b"message"
    answer = b'{"id": "x", "choices": [{"index": 0, "finish_reason": "stop", "%b": %b}]}' % (part, message)
    return Page(_EVENTS, b"data: %b\n\ndata: [DONE]\n\n" % answer) if ask.body.get("stream") else Page(_JSON, answer)


_PREFACES = {
    "mark": b"\xef\xbb\xbf",
    "retry": b"retry: 3000\n\n",
    "id": b"id: 7\n: a comment\n\n: another\n\n",
    "event": b"event: ping\n\n",
    "ping": b'event: ping\ndata: {}\n\ndata: {"type": "ping"}\n\n',
    "null": b'data: {"id": "x", "object": "chat.completion.chunk", "choices": null}\n\n',
}
_TEXTS = {"halves": (r"A \ud83d", r"\ude00 and a \ud83c", r"\udf82.")}


@behaviour(
    "events:KIND",
    "a stream that is odd and right: mark, retry, id, event, ping, null, named, carriage-returns, choices, halves, "
    "message",
)
def _events(ask: Ask, name: Name) -> Content:
    told = [_delta(text) for text in _TEXTS.get(name.argument or "", ("First words, ", "last words."))]
    if name.argument == "message":  # all of it in one event, and not in a delta
        told = [told[0].replace(b"First words, ", b"First words, last words.").replace(b'"delta"', b'"message"')]
    if name.argument == "choices":
        told = [part for text in told for part in (text, _delta("ANOTHER CHOICE", index=1))]
        told.insert(1, b'{"id": "x", "choices": [{"index": 1, "delta": {}, "finish_reason": "length"}]}')
    told.append(b'{"id": "x", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}')
    told.append(b'{"id": "x", "choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 5}}')
    stream = b"".join(b"data: %b\n\n" % event for event in [*told, b"[DONE]"])
    stream = stream.replace(b"data:", b"event: message\ndata:") if name.argument == "named" else stream
    stream = stream.replace(b"\n", b"\r") if name.argument == "carriage-returns" else stream
    return Page(_EVENTS, _PREFACES.get(name.argument or "", b"") + stream)


def _delta(text: str, index: int = 0) -> bytes:
    return b'{"id": "x", "choices": [{"index": %d, "delta": {"content": "%b"}, "finish_reason": null}]}' % (
        index,
        text.encode(),
    )


@behaviour("nul", "an answer with characters that no database stores")
def _nul(ask: Ask, name: Name) -> Content:
    return Reply("Tea\0 and sugar.")


@behaviour("usage:TOKENS", "tells TOKENS (-1) for prompt and answer, whatever it was")
def _usage(ask: Ask, name: Name) -> Content:
    told = name.whole(-1)
    return Reply(ask.answer, told=(told, told))


@behaviour("finish:REASON", "an answer with this finish reason (error)")
def _finish(ask: Ask, name: Name) -> Content:
    return Reply(ask.answer, finish_reason=name.argument or "error")


@behaviour("content-type:TYPE", "a proper answer under another content type (text/plain)")
def _content_type(ask: Ask, name: Name) -> Content:
    return Reply(ask.answer, headers=(("Content-Type", name.argument or "text/plain"),))


@behaviour("reasoning-only:WORDS", "WORDS words (20) of reasoning and no answer; ;finish=length ;cut", "finish cut")
def _reasoning_only(ask: Ask, name: Name) -> Content:
    thoughts = Reply("", reasoning=default_answer({}, name.whole(20)) + " ")
    if "cut" in name.options:
        return replace(thoughts, ending=Ending.CLEAN)
    return replace(thoughts, finish_reason=name.options.get("finish", "stop"))
