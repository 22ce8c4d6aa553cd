"""Errors nobody foresaw: noted where they happen, in groups of the same type and place, for admins to look at.

Noting takes its own connection and never raises: whoever failed must not fail further, and its transaction is gone.
"""

from __future__ import annotations

import hashlib
import logging
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from blogforge_llm import db, tracing
from blogforge_llm.config import ROOT
from blogforge_llm.engine import masking
from blogforge_llm.errors import NotFound, TooMany
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.ops import ErrorGroup, ErrorSample, ErrorSource, ErrorState
from blogforge_llm.services import texts
from blogforge_llm.services.accounts import permissions

log = logging.getLogger(__name__)

SAMPLES_KEPT = 20  # of each group
GROUPS_REPORTED = 500  # of each source that anybody's browser may feed
REPORTS_PER_ADDRESS = 20  # in a minute
REPORTS_IN_ALL = 300
_PATIENCE_S = 0.5
_FRAMES = 60

sql = db.load("ops/errors")


def note(
    error: BaseException, *, source: ErrorSource, method: str | None = None, path: str | None = None,
    user_id: int | None = None,
) -> None:  # fmt: skip
    """Keep it, with the request's id of this thread."""
    words = _first_line(error)
    trace = "\n".join(masking.mask(line) for line in _trace(error))
    _keep(source, type(error).__name__, _place(error), words, trace, method=method, path=path, user_id=user_id)


def report(
    *, source: ErrorSource, kind: str, place: str, message: str, trace: str, path: str, address: str, actor: User
) -> None:
    """What a browser says went wrong on a page. Raises TooMany; of what it says nothing is believed, only shown."""
    _throttle(address)
    kind, place, message, trace, path = (texts.storable(text) for text in (kind, place, message, trace, path))
    trace = "\n".join(masking.mask(line) for line in trace.split("\n")[:_FRAMES])
    _keep(source, kind[:100], place[:300], masking.mask(message)[:500], trace[:8000], path=path[:500], user_id=actor.id)


def list_(
    conn: db.Connection, *, actor: User, state: ErrorState = ErrorState.OPEN, source: ErrorSource | None = None,
    limit: int = 50, offset: int = 0,
) -> list[ErrorGroup]:  # fmt: skip
    """The last seen first."""
    permissions.require(actor, Permission.KEEP_SETTINGS)
    return [_group(row) for row in sql.list_groups(conn, state=state, source=source, limit=limit, offset=offset)]


def count(
    conn: db.Connection, *, actor: User, state: ErrorState = ErrorState.OPEN, source: ErrorSource | None = None
) -> int:
    permissions.require(actor, Permission.KEEP_SETTINGS)
    number: int = sql.count_groups(conn, state=state, source=source)
    return number


def get(conn: db.Connection, *, actor: User, group_id: int) -> ErrorGroup:
    """Raises NotFound."""
    permissions.require(actor, Permission.KEEP_SETTINGS)
    row = sql.get_group(conn, group_id=group_id)
    if row is None:
        raise NotFound("There is no such error. It may be older than the settings keep.")
    return _group(row)


def list_samples(conn: db.Connection, *, actor: User, group_id: int) -> list[ErrorSample]:
    """The newest first."""
    permissions.require(actor, Permission.KEEP_SETTINGS)
    return [ErrorSample(**row) for row in sql.list_samples(conn, group_id=group_id)]


def find_by_request(conn: db.Connection, *, actor: User, request_id: str) -> int | None:
    """The group in which the request failed that somebody names, while its sample is kept."""
    permissions.require(actor, Permission.KEEP_SETTINGS)
    group_id: int | None = sql.find_by_request(conn, request_id=texts.storable(request_id.strip()))
    return group_id


def set_state(conn: db.Connection, *, actor: User, group_id: int, state: ErrorState) -> ErrorGroup:
    """Resolved opens again with the next one; muted stays so."""
    get(conn, actor=actor, group_id=group_id)
    sql.set_state(conn, group_id=group_id, is_resolved=state is ErrorState.RESOLVED, is_muted=state is ErrorState.MUTED)
    return get(conn, actor=actor, group_id=group_id)


def forget_old(conn: db.Connection, *, days: int, limit: int) -> int:
    """Upkeep: groups not seen for so many days, at most `limit`, with their samples."""
    count: int = sql.delete_old_groups(conn, days=days, limit=limit)
    return count


def forget_counts(conn: db.Connection) -> None:
    """Upkeep: minutes that no longer count."""
    sql.delete_old_counts(conn)


def _keep(
    source: ErrorSource, kind: str, place: str, message: str, trace: str, *, method: str | None = None,
    path: str | None = None, user_id: int | None = None,
) -> None:  # fmt: skip
    fingerprint = hashlib.sha256("\0".join((source, kind, place)).encode()).digest()
    is_reported = source in (ErrorSource.BROWSER, ErrorSource.POLICY)
    try:
        with db.connection(wait_s=_PATIENCE_S) as conn, conn.transaction():
            if is_reported and not sql.has_room(conn, fingerprint=fingerprint, source=source, most=GROUPS_REPORTED):
                return
            group_id = sql.note_error(
                conn, fingerprint=fingerprint, source=source, kind=kind, place=place, message=message
            )
            sql.create_sample(
                conn, group_id=group_id, request_id=tracing.request_id(), method=method, user_id=user_id,
                path=texts.storable(path)[:500] if path else None, message=message, trace=trace,
            )  # fmt: skip
            sql.delete_surplus_samples(conn, group_id=group_id, keep=SAMPLES_KEPT)
    except Exception:  # whatever it is, the answer that is being written matters more
        log.warning("an error could not be noted", exc_info=True)


def _throttle(address: str) -> None:
    """Counted by minute for all processes together."""
    with db.connection() as conn:
        counts = sql.count_report(conn, subject=f"address:{address[:100]}"), sql.count_report(conn, subject="all")
    if counts[0] > REPORTS_PER_ADDRESS or counts[1] > REPORTS_IN_ALL:
        raise TooMany("Too many reports. Send them later, or not at all.", retry_after_s=60)


def _first_line(error: BaseException) -> str:
    """Without the lines below, in which PostgreSQL quotes whole rows."""
    return masking.mask(str(error).split("\n")[0])[:500]


def _trace(error: BaseException) -> Iterator[str]:
    """The innermost cause first; code and places, no values."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        yield from _trace(cause)
        yield "… which led to:"
    for frame in traceback.extract_tb(error.__traceback__)[-_FRAMES:]:
        yield f"{_short(frame.filename)}:{frame.lineno} in {frame.name}: {frame.line or ''}"
    yield f"{type(error).__name__}: {_first_line(error)}"


def _place(error: BaseException) -> str:
    """The innermost function of ours; lines move with every edit and so do not count."""
    own = [frame for frame in _frames(error.__traceback__) if frame[0].startswith("blogforge_llm/")]
    file, function = (own or list(_frames(error.__traceback__)) or [("nowhere", "")])[-1]
    return f"{file} {function}".strip()


def _frames(trace: TracebackType | None) -> Iterator[tuple[str, str]]:
    while trace is not None:
        code = trace.tb_frame.f_code
        yield _short(code.co_filename), code.co_name
        trace = trace.tb_next


def _short(filename: str) -> str:
    path = Path(filename)
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else "/".join(path.parts[-2:])


def _group(row: dict[str, object]) -> ErrorGroup:
    return ErrorGroup(**{**row, "source": ErrorSource(str(row["source"]))})  # type: ignore[arg-type]
