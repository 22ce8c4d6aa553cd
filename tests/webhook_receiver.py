"""Somebody else's server that takes webhooks: a real one, on loopback."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """Answers as `answers` say, then 200, and keeps what came: path, headers and body. Use with `with`."""

    def __init__(self) -> None:
        self.came: list[tuple[str, dict[str, str], str]] = []
        self.answers: list[tuple[int, dict[str, str], str]] = []
        self.arrival = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                with receiver.arrival:
                    receiver.came.append((self.path, dict(self.headers), body))
                    receiver.arrival.notify_all()
                status, headers, text = receiver.answers.pop(0) if receiver.answers else (200, {}, "thanks")
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing: the tests' output stays quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook/"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self) -> Receiver:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def wait_for(self, event: str, timeout: float = 30) -> dict[str, Any]:
        """The first message of this event, once it has come."""
        with self.arrival:
            told = self.arrival.wait_for(lambda: self._of(event), timeout)
        assert told, f"no {event} among {self.came}"
        message: dict[str, Any] = json.loads(told[0])
        return message

    def _of(self, event: str) -> list[str]:
        return [body for _, headers, body in self.came if headers["BlogForge-Event"] == event]
