"""The HTTP client under an SDK: over connections that can be stopped (sockets.py), without redirects, proxies or
anything else from the environment, with bodies read to their end, if they have one. `http` is httpx or httpx2, `core`
the httpcore under it.
"""

from __future__ import annotations

import ssl
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from types import ModuleType
from typing import Any

from blogforge_llm.engine import calls, sockets
from blogforge_llm.engine.types import CallError
from blogforge_llm.records.tasks import Category

_KEEP_ALIVE_S = 30.0
_LONGEST_BODY = 64 * 1024 * 1024  # bytes: 200,000 tokens, each in an event of its own
_LONGEST_LINE = 4 * 1024 * 1024


def client(http: ModuleType, core: ModuleType, base_url: str) -> Any:
    context = tls() if base_url.startswith("https:") else None
    transport = _transport_class(http)(verify=context or False, trust_env=False)
    # The one private attribute we touch (pinned and tested): httpx offers no way to pass a network backend.
    transport._pool = core.ConnectionPool(
        ssl_context=context,
        max_connections=None,
        max_keepalive_connections=100,
        keepalive_expiry=_KEEP_ALIVE_S,
        network_backend=sockets.Backend(core),
    )
    return http.Client(transport=transport, timeout=timeout(http), follow_redirects=False, trust_env=False)


def timeout(http: ModuleType) -> Any:
    # Reading and writing have no limit here: a byte proves nothing, the watchdog's limits on content do the work.
    return http.Timeout(None, connect=sockets.CONNECT_TIMEOUT_S)


@cache
def tls() -> ssl.SSLContext:
    """One for all: loading the certificates takes longer than a call on a warm connection."""
    import certifi

    return ssl.create_default_context(cafile=certifi.where())


@cache
def _transport_class(http: ModuleType) -> Any:
    class Body(http.SyncByteStream):  # type: ignore[misc, name-defined]
        """The openai and cerebras SDKs close at [DONE], one empty chunk before the end of the body, and a connection
        closed there cannot be used again: the next call would have to connect and shake hands anew."""

        def __init__(self, body: Any, is_json: bool) -> None:
            self._body = body
            self._parts = _bounded(body, calls.current() if is_json else None)

        def __iter__(self) -> Any:
            return self._parts

        def close(self) -> None:
            call = calls.current()
            if call is not None and call.is_settling:  # so it ends within END_WAIT_S
                with suppress(Exception):
                    deque(self._parts, maxlen=0)
            if call is not None:
                call.unblocked()  # closing gives the connection back, and another call may have it before this one ends
            self._body.close()

    class Transport(http.HTTPTransport):  # type: ignore[misc, name-defined]
        def handle_request(self, request: Any) -> Any:
            request.headers["Accept-Encoding"] = "identity"
            calls.begin()
            response = super().handle_request(request)
            if (call := calls.current()) is not None:
                call.headers = response.headers
            if response.headers.get("content-encoding", "identity").lower() != "identity":
                # A few kilobytes unpack to gigabytes, and events that are packed come late.
                response.close()
                raise CallError(Category.SERVER_ERROR, "answered with a compressed body, which was not asked for")
            is_json = response.headers.get("content-type", "").startswith("application/json")
            response.stream = Body(response.stream, is_json)
            return response

    return Transport


def _bounded(parts: Iterable[bytes], keeper: calls.Call | None) -> Iterator[bytes]:
    """The parts of a body, kept for a reader who expected a stream if they are JSON. Raises CallError for one that does
    not end: it would fill the memory, and the SDKs copy an unfinished line of a stream with every part of it."""
    longest = _LONGEST_BODY if keeper is not None else _LONGEST_LINE
    length = line = 0
    for part in parts:
        length += len(part)
        line = len(part) - part.rfind(b"\n") - 1 if b"\n" in part else line + len(part)
        if length > _LONGEST_BODY or line > longest:
            raise CallError(Category.STREAM_CUT, f"sent {length:,} bytes without an end, so the call was ended")
        if keeper is not None:
            keeper.body.append(part)
        yield part
