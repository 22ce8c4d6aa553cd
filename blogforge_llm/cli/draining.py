"""A web process that is told to stop leaves its port at once, and then ends what it has begun.

gunicorn's own worker keeps the port open while it drains without accepting: whoever connects meanwhile is reset at the
end, also when another process shares the port and could have answered.
"""

from __future__ import annotations

from gunicorn.workers.gthread import ThreadWorker


class DrainingWorker(ThreadWorker):  # type: ignore[misc]
    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled)
        if not enabled and not self.alive:
            self._leave_the_port()

    def _leave_the_port(self) -> None:
        """Take in who has connected already, then close: from here on the kernel gives callers to the others."""
        for listener in self.sockets:
            taken = -1
            while taken != self.nr_conns:
                taken = self.nr_conns
                self.accept(listener)
            listener.close()
