"""Server-sent events as their definition has them, where the SDKs' decoders read them otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

_BOM = b"\xef\xbb\xbf"


def by_the_definition(client: Any) -> Any:
    """The client of an SDK, with a decoder that skips what is no event.

    Another private attribute (pinned and tested): the SDKs take the line after a byte order mark for a field nobody
    knows, so that a text loses its beginning without a word, and an event without data (a `retry:`) for broken JSON;
    groq and cerebras take one that has a name, and be it "message", for something else than a chunk.
    """
    make = client._make_sse_decoder

    def decoder() -> Any:
        made = make()
        decode = made.iter_bytes
        made.iter_bytes = lambda parts: (
            _unnamed(event) for event in decode(_without_mark(parts)) if event.data and event.event != "ping"
        )
        return made

    client._make_sse_decoder = decoder
    return client


def _unnamed(event: Any) -> Any:
    if event.event != "error":
        event._event = None
    return event


def _without_mark(parts: Iterable[bytes]) -> Iterator[bytes]:
    parts, start = iter(parts), b""
    for part in parts:
        start += part
        if len(start) >= len(_BOM) or not _BOM.startswith(start):
            break
    if start:
        yield start.removeprefix(_BOM)
    yield from parts
