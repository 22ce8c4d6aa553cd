"""Server-sent events in the chunks of an HTTP/1.1 body, one chunk for each event."""

import json
from typing import Any

END = b"0\r\n\r\n"


def chunked(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def event(data: dict[str, Any], kind: str = "") -> bytes:
    name = f"event: {kind}\n" if kind else ""
    return chunked(f"{name}data: {json.dumps(data, ensure_ascii=False)}\n\n".encode())


DONE = chunked(b"data: [DONE]\n\n")
