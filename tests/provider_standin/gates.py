"""Gates at which a test holds answers back, after so many words, until it lets them go."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Gate:
    """Holds every answer of a model once `after_words` words of it are sent; None holds before the first
    header.
    """

    model: str
    after_words: int | None
    _open: bool = False
    _waiting: set[socket.socket] = field(default_factory=set)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def release(self) -> None:
        with self._changed:
            self._open = True
            for bell in self._waiting:
                bell.send(b"!")

    def wait_held(self, count: int = 1, timeout: float = 5.0) -> None:
        """Waits until that many answers stand here. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._waiting) >= count, timeout):
                raise TimeoutError(f"{len(self._waiting)} of {count} answers of {self.model} held after {timeout} s")

    @contextmanager
    def bell(self) -> Iterator[socket.socket | None]:
        """A socket that becomes readable when the gate opens; None when it is open already."""
        with self._changed:
            if self._open:
                ring = None
            else:
                listener, ring = socket.socketpair()
                self._waiting.add(ring)
                self._changed.notify_all()
        if ring is None:
            yield None
            return
        try:
            yield listener
        finally:
            with self._changed:
                self._waiting.discard(ring)
            ring.close()
            listener.close()


@dataclass
class Gates:
    _gates: dict[str, Gate] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def hold(self, model: str, after_words: int | None) -> Gate:
        gate = Gate(model, after_words)
        with self._lock:
            before = self._gates.get(model)
            self._gates[model] = gate
        if before is not None:
            before.release()
        return gate

    def release(self, model: str) -> None:
        with self._lock:
            gate = self._gates.pop(model, None)
        if gate is not None:
            gate.release()

    def release_all(self) -> None:
        for model in list(self._gates):
            self.release(model)

    def find(self, model: str) -> Gate | None:
        return self._gates.get(model)
