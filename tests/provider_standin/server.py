"""The HTTP server: takes requests in, writes them into the ledger, asks the playbook what to play and has it
served. One thread for each connection; `stop` ends them all at once, whatever they are waiting for.
"""

import contextlib
import json
import socket
import threading
import time
import traceback
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from .answers import count_tokens, prompt_text
from .clients import Client, ClientLeft
from .dialects import COMPATIBLE, DIALECTS, Dialect, model_list
from .endpoints import Control, answer_control
from .ledger import Request, key_hash
from .plans import Fault, Plan, Reply
from .playbook import LISTING
from .serving import Serving

_SECRET_HEADERS = ("authorization", "x-api-key", "api-key", "cookie", "proxy-authorization")


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, address: tuple[str, int], control: Control, log: Callable[[str], None] | None) -> None:
        self.control = control
        self.log = log
        self.stopping = False
        self.errors: list[str] = []
        self._connections: set[socket.socket] = set()
        self._changed = threading.Condition()
        super().__init__(address, Handler)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        with self._changed:
            self._connections.add(request)
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._changed:
                self._connections.discard(request)
                self._changed.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        self.errors.append(traceback.format_exc())

    def stop(self) -> None:
        self.stopping = True
        self.shutdown()
        with self._changed:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self._changed.wait_for(lambda: not self._connections, timeout=5)
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError, ClientLeft):
            super().handle()

    def do_GET(self) -> None:
        self._route()

    def do_POST(self) -> None:
        self._route()

    def log_message(self, format: str, *args: object) -> None:
        return

    def _route(self) -> None:
        received_at = time.monotonic()
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urlsplit(self.path).path
        if path.startswith("/_"):
            status, answer = answer_control(self.server.control, self.command, self.path, raw)
            self._control_answer(status, answer)
            return
        dialect, route = _dialect(path)
        request, key = self._enter(dialect, route, raw, received_at)
        control = self.server.control
        client = Client(self.connection)
        serving = Serving(client, dialect, request, key, control.ledger, control.gates)
        try:
            if not self._answer(serving):
                self.close_connection = True
        except ClientLeft:
            self._left(serving)
            self.close_connection = True
        except BaseException:
            serving.finish("failed")
            raise
        finally:
            if self.server.log is not None:
                self.server.log(_line(request))

    def _enter(self, dialect: Dialect, route: str, raw: bytes, received_at: float) -> tuple[Request, str]:
        kind = {"/chat/completions": "chat", "/models": "models"}.get(route, "other")
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            body = None
        fields = body if isinstance(body, dict) else {}
        headers = {name.lower(): value for name, value in self.headers.items()}
        key = headers.get("authorization", "").removeprefix("Bearer ").strip()
        for name in _SECRET_HEADERS:
            if name in headers:
                headers[name] = key_hash(headers[name].removeprefix("Bearer ").strip())
        request = self.server.control.ledger.open(
            kind=kind,
            dialect=dialect.name,
            model=LISTING if kind == "models" else str(fields.get("model", "")),
            body=body,
            streamed=bool(fields.get("stream")),
            headers=headers,
            key=key_hash(key),
            path=self.path,
            connection=self.client_address[1],
            received_at=received_at,
            prompt_tokens=count_tokens(prompt_text(fields)),
        )
        return request, key

    def _answer(self, serving: Serving) -> bool:
        request, playbook = serving.request, self.server.control.playbook
        wrong = _wrong(self.command, request)
        if wrong is not None:
            return serving.run(Plan(wrong))
        body = request.body if request.kind == "chat" else {"model": LISTING}
        played, plan = playbook.play(serving.dialect, serving.key, body)
        with self.server.control.ledger.change(request) as entry:
            entry.behaviour = played
        if request.kind == "models" and isinstance(plan.content, Reply):
            serving.pause(plan)
            listing = model_list(serving.dialect, playbook.listed(serving.dialect.name))
            serving.send_whole(200, "application/json", json.dumps(listing).encode(), "complete")
            return True
        return serving.run(plan)

    def _left(self, serving: Serving) -> None:
        with self.server.control.ledger.change(serving.request) as request:
            if self.server.stopping:
                request.outcome = "stopped"
            else:
                request.client_left_at = time.monotonic()
                request.outcome = "complete" if request.finish_reason else "client_left"
            request.ended_at = time.monotonic()

    def _control_answer(self, status: int, answer: object) -> None:
        body = json.dumps(answer, ensure_ascii=False, default=str).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _dialect(path: str) -> tuple[Dialect, str]:
    """The dialect and the rest of the path; a bare /v1, as local servers have it, is OpenAI-compatible."""
    for dialect in DIALECTS.values():
        if path.startswith(dialect.prefix):
            return dialect, path.removeprefix(dialect.prefix)
    return COMPATIBLE, path.removeprefix("/v1")


def _wrong(method: str, request: Request) -> Fault | None:
    if request.kind == "other":
        return Fault(404, code="unknown_url", message=f"Unknown request URL: {method} {request.path}.")
    if (method, request.kind) not in (("POST", "chat"), ("GET", "models")):
        return Fault(405, code="method_not_allowed", message=f"{method} is not allowed here.")
    if request.kind == "models":
        return None
    if not isinstance(request.body, dict):
        return Fault(400, message="We could not parse the JSON body of your request.")
    if not isinstance(request.body.get("model"), str):
        return Fault(400, message="you must provide a model parameter", parameter="model")
    messages = request.body.get("messages")
    if not isinstance(messages, list) or not messages or not all(isinstance(m, dict) for m in messages):
        return Fault(400, message="'messages' must be a list of at least one message", parameter="messages")
    return None


def _line(request: Request) -> str:
    return (
        f"{request.id:>5} {request.dialect:<10} {request.status or '---'} {request.outcome:<11} "
        f"{request.input_tokens:>5} in {request.output_tokens:>5} out  {request.model}"
    )
