"""Carries a plan out on one connection and keeps its entry in the ledger. Here: the parts every answer needs,
errors and pages. The model's answers are in `streams.py` and `wholes.py`, the JSON in `dialects.py`.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.utils import formatdate
from http import HTTPStatus

from .clients import Client
from .dialects import Dialect, Voice, error_body
from .gates import Gate, Gates
from .ledger import Ledger, Request
from .plans import FOREVER, Fault, Hangup, Page, Plan, Raw, Reply
from .streams import tell_in_words
from .wholes import tell_whole
from .wording import in_words_of

_PHRASES = {status.value: status.phrase for status in HTTPStatus}


@dataclass(frozen=True)
class Serving:
    """One request being answered. Everything that touches the connection raises ClientLeft."""

    client: Client
    dialect: Dialect
    request: Request
    key: str
    ledger: Ledger
    gates: Gates

    def run(self, plan: Plan) -> bool:
        """Whether the connection may serve another request."""
        self.pause(plan)
        match plan.content:
            case Reply() as reply:
                voice = self._voice(within_limit(reply, self.request.body))
                return tell_in_words(self, voice) if self.request.streamed else tell_whole(self, voice)
            case Fault() as fault:
                return self._fault(fault)
            case Page(content_type, body, headers):
                self.send_whole(200, content_type, body, "broken", dict(headers))
                return True
            case Raw(sent):
                self.client.check()
                self.finish("broken")
                self.client.send(sent)
                return False
            case Hangup(reset):
                self.client.check()
                self.finish("broken")
                if reset:
                    self.client.reset()
                return False

    def pause(self, plan: Plan) -> None:
        gate = self.gates.find(self.request.model)
        if gate is not None and gate.after_words is None:
            self.stand_at(gate)
        self.client.wait(plan.delay)

    def send_head(self, status: int, headers: Mapping[str, str], body: bytes = b"", billed: bool = False) -> None:
        """The head, and the body with it where there is one, in one piece."""
        self.client.check()
        with self.ledger.change(self.request) as request:
            request.status = status
            if billed:
                request.input_tokens = request.prompt_tokens
        head = {"Date": formatdate(usegmt=True), "x-request-id": f"req_standin_{self.request.id}"} | dict(headers)
        reason = _PHRASES.get(status, "Unknown")
        lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in head.items())]
        self.client.send("\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + body)

    def send_whole(
        self,
        status: int,
        content_type: str,
        body: bytes,
        outcome: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """The ledger has the outcome before the client can see it; ClientLeft corrects it."""
        self.client.check()
        self.finish(outcome)
        frame = {"Content-Type": content_type, "Content-Length": str(len(body))}
        self.send_head(status, frame | dict(headers or {}), body)

    def stand_at(self, gate: Gate) -> None:
        with gate.bell() as bell:
            if bell is None:
                return
            with self.ledger.change(self.request) as request:
                request.held = True
            try:
                self.client.wait(FOREVER, bell)
            finally:
                with self.ledger.change(self.request) as request:
                    request.held = False

    def finish(self, outcome: str) -> None:
        with self.ledger.change(self.request) as request:
            request.outcome = outcome
            request.ended_at = time.monotonic()

    def _fault(self, fault: Fault) -> bool:
        said = in_words_of(self.dialect.name, fault, self.request.model)
        if fault.echo_key:
            said = replace(said, message=f"{said.message} You sent: {self.key}")
        headers = retry_headers(fault)
        if 300 <= fault.status < 400:
            headers["Location"] = str(fault.message)
        content_type, body = fault.raw or (
            "application/json",
            json.dumps(error_body(self.dialect, said)).encode(),
        )
        self.send_whole(fault.status, content_type, body, "error", headers)
        return True

    def _voice(self, reply: Reply) -> Voice:
        options = self.request.body.get("stream_options") if isinstance(self.request.body, dict) else None
        return Voice(
            self.dialect,
            self.request.id,
            self.request.model,
            reply,
            self.request.prompt_tokens,
            wants_usage=isinstance(options, dict) and bool(options.get("include_usage")),
            created=int(self.request.received_wall),
        )


def within_limit(reply: Reply, body: Mapping[str, object]) -> Reply:
    """The reply cut to max_completion_tokens or max_tokens, reasoning included; finish reason `length`."""
    limit = body.get("max_completion_tokens") or body.get("max_tokens")
    if not isinstance(limit, int) or len(reply.reasoning) + len(reply.text) <= limit * 4 or reply.tool_call:
        return reply
    reasoning = reply.reasoning[: limit * 4]
    text = reply.text[: limit * 4 - len(reasoning)]
    return replace(reply, reasoning=reasoning, text=text, finish_reason="length")


def retry_headers(fault: Fault) -> dict[str, str]:
    match fault.retry_after, fault.retry_after_as:
        case float(seconds), "seconds":
            return {"Retry-After": f"{seconds:.3f}".rstrip("0").rstrip(".")}
        case float(seconds), "date":
            return {"Retry-After": formatdate(time.time() + seconds, usegmt=True)}
        case float(milliseconds), "ms":
            return {"retry-after-ms": f"{milliseconds:g}"}
    return {}
