"""The stand-in as tests use it: a server on a loopback port in a thread, and everything one can tell it."""

import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

from . import catalogue, oddities  # noqa: F401  (they register the behaviours)
from .answers import Answer
from .dialects import CEREBRAS, COMPATIBLE, GROQ
from .endpoints import Control
from .gates import Gate, Gates
from .ledger import Ledger, Request, Totals
from .playbook import Playbook, Step
from .server import Server


class Standin:
    """Serves from construction on; use it in `with`, or call `close`. Leaving `with` raises when the stand-in
    itself failed, so that its faults are not taken for the provider's.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0, log: Callable[[str], None] | None = None) -> None:
        self._control = Control(Ledger(), Playbook(), Gates())
        self._server = Server((host, port), self._control, log)
        self.url = f"http://{host}:{self._server.server_address[1]}"
        self.groq_url = self.url + GROQ.base
        self.cerebras_url = self.url + CEREBRAS.base
        self.compatible_url = self.url + COMPATIBLE.base
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="standin", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if error is None and self._server.errors:
            raise RuntimeError("the stand-in failed:\n" + "\n".join(self._server.errors))

    def close(self) -> None:
        self._server.stop()
        self._thread.join()

    @property
    def ledger(self) -> Ledger:
        return self._control.ledger

    @property
    def requests(self) -> list[Request]:
        """Copies of all requests for an answer of a model, oldest first; `ledger.requests()` has the others
        too.
        """
        return self.ledger.requests(kind="chat")

    def requests_for(self, model: str) -> list[Request]:
        return self.ledger.requests(kind="chat", model=model)

    def totals(self, model: str | None = None) -> Totals:
        """Requests and billed tokens."""
        return self.ledger.totals() if model is None else self.ledger.totals(model=model)

    def wait_for_request(self, count: int = 1, timeout: float = 5.0, model: str | None = None) -> Request:
        """Waits until that many requests have come, counted from the last reset; the last of them. Raises
        TimeoutError.
        """
        match = {"kind": "chat"} if model is None else {"kind": "chat", "model": model}
        return self.ledger.wait_until(lambda rows: len(rows) >= count, timeout, **match)[count - 1]

    def wait_for_end(self, count: int = 1, timeout: float = 5.0, model: str | None = None) -> list[Request]:
        """Waits until that many requests are over, however they ended; all that are. Raises TimeoutError."""
        match = {"kind": "chat"} if model is None else {"kind": "chat", "model": model}
        rows = self.ledger.wait_until(
            lambda rows: sum(row.ended_at is not None for row in rows) >= count, timeout, **match
        )
        return [row for row in rows if row.ended_at is not None]

    def script(self, model: str, steps: Iterable[Step]) -> None:
        """The next requests for the model get these steps in turn: names of behaviours, `Text`, `Plan` or
        functions of the body that make the text. Then the model is itself again. Model "*" means all,
        "/models" the model lists.
        """
        self._control.playbook.script(model, steps)

    def behave(self, model: str, step: Step | None) -> None:
        """Every request for the model gets this step, until it is None. An outage and a script go first."""
        self._control.playbook.behave(model, step)

    def answer(self, model: str, answer: Answer) -> None:
        """What the model says instead of the default answer: a text, or a function of the request's body."""
        self._control.playbook.answer(model, answer)

    def outage(self, model: str, on: bool = True, status: int = 503) -> None:
        """Every request for the model fails with that status, until it is over."""
        self._control.playbook.outage(model, on, status)

    def keys(self, dialect: str, valid: Iterable[str]) -> None:
        """The only keys that "groq", "cerebras" or "compatible" accepts."""
        self._control.playbook.keys(dialect, valid)

    def key_behaves(self, key: str, step: Step | None) -> None:
        """Every request with the key gets this step, e.g. "status:402", until it is None."""
        self._control.playbook.key_behaves(key, step)

    def models(self, dialect: str, names: Iterable[str]) -> None:
        """What the dialect's `/models` lists; these names answer well unless they mean something."""
        self._control.playbook.models(dialect, names)

    def hold(self, model: str, after_words: int | None = 0) -> Gate:
        """Holds every answer of the model after that many words, whole answers before their first byte; None
        holds before the headers of any answer, errors too. `gate.wait_held()` waits for one to stand there,
        `gate.release()` or `release(model)` lets all go.
        """
        return self._control.gates.hold(model, after_words)

    def release(self, model: str | None = None) -> None:
        """Opens the gate of the model, or all gates."""
        if model is None:
            self._control.gates.release_all()
        else:
            self._control.gates.release(model)

    def reset(self) -> None:
        """Forgets requests and settings, opens all gates."""
        self._control.reset()
