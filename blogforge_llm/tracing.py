"""Which request this work is for, and the log: plain lines for people, and a line of JSON for each attempt and each run
of a task. Numbers and names only: no prompt, no answer, no provider's words, no key.
"""

from __future__ import annotations

import contextvars
import json
import logging
import re
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

_ATTEMPTS = logging.getLogger("blogforge.attempts")
_TASKS = logging.getLogger("blogforge.tasks")
_NOISY = ("procrastinate", "httpx", "httpx2", "psycopg.pool")
_WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{1,64}")

_current: contextvars.ContextVar[str | None] = contextvars.ContextVar("blogforge_request", default=None)


def begin(offered: str | None = None) -> str:
    """A request came in: its id, which is the caller's own if that is one."""
    request_id = offered if offered and _WELL_FORMED.fullmatch(offered) else uuid.uuid4().hex[:16]
    _current.set(request_id)
    return request_id


def adopt(request_id: str | None) -> None:
    """This thread goes on with work that another process began."""
    _current.set(request_id)


def request_id() -> str | None:
    """The request this thread works for, if any."""
    return _current.get()


def attempt(**values: Any) -> None:
    _write(_ATTEMPTS, "attempt", values)


def task(**values: Any) -> None:
    _write(_TASKS, "task", values)


def configure_logging() -> None:
    """Everything to stderr. For the programs that own their process; an application inside another leaves it alone."""
    plain = logging.StreamHandler()
    plain.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s%(for_request)s: %(message)s"))
    plain.addFilter(_name_request)
    logging.basicConfig(level=logging.INFO, handlers=[plain])
    as_it_is = logging.StreamHandler()
    as_it_is.setFormatter(logging.Formatter("%(message)s"))
    for logger in (_ATTEMPTS, _TASKS):
        logger.handlers[:] = [as_it_is]
        logger.propagate = False
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


def _name_request(record: logging.LogRecord) -> bool:
    request_id = _current.get()
    record.for_request = f" [{request_id}]" if request_id else ""
    return True


def _write(logger: logging.Logger, event: str, values: dict[str, Any]) -> None:
    if logger.isEnabledFor(logging.INFO):
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        logger.info(json.dumps({"at": at, "event": event, **values}, default=_plain))


def _plain(value: Any) -> str:
    return format(value, "f") if isinstance(value, Decimal) else str(value)
