"""How often somebody may try a password: counted in PostgreSQL, so that all processes and hosts share one count."""

from __future__ import annotations

import ipaddress

from blogforge_llm import db
from blogforge_llm.errors import TooMany

WINDOW_S = 15 * 60
PER_EMAIL = 5
PER_ADDRESS = 20

sql = db.load("accounts/throttle")


def take(conn: db.Connection, *, email: str, address: str) -> list[int]:
    """Count one try, as failed until `forgive` says otherwise; its ids. Raises TooMany, which counts nothing.

    The transaction must be committed before the password is verified.
    """
    allowed = {_email(email): PER_EMAIL, _address(address): PER_ADDRESS}
    for subject in sorted(allowed):  # in one order, or two tries could wait for each other
        list(sql.lock_subject(conn, subject=subject))
    waits = [sql.get_wait(conn, subject=name, allowed=limit, window_s=WINDOW_S) for name, limit in allowed.items()]
    if wait_s := max((wait for wait in waits if wait is not None), default=0):
        minutes = -(-wait_s // 60)
        raise TooMany(
            f"Too many wrong passwords. Try again in {minutes} {'minute' if minutes == 1 else 'minutes'}.",
            retry_after_s=wait_s,
        )
    return [sql.create_failure(conn, subject=subject) for subject in allowed]


def forgive(conn: db.Connection, *, email: str, failure_ids: list[int]) -> None:
    """The password was right."""
    sql.delete_failures(conn, subject=_email(email), failure_ids=failure_ids)


def forget_old(conn: db.Connection) -> int:
    """Upkeep: delete what no longer counts."""
    count: int = sql.delete_old_failures(conn, window_s=WINDOW_S)
    return count


def _email(email: str) -> str:
    return f"email:{email.strip().lower()}"


def _address(address: str) -> str:
    """One home gets a whole /64 of IPv6: changing within it must not give new tries."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "address:unknown"
    if isinstance(ip, ipaddress.IPv6Address):
        ip = ip.ipv4_mapped or ip
    prefix = 64 if ip.version == 6 else 32
    return f"address:{ipaddress.ip_network(f'{ip}/{prefix}', strict=False)}"
