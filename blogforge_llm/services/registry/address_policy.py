"""Whether local and private addresses may be asked: one setting of the instance, told to the engine of this process."""

from __future__ import annotations

from blogforge_llm import db
from blogforge_llm.engine import addresses
from blogforge_llm.services.accounts import settings

_KEY = "forbid_private_addresses"


def apply(conn: db.Connection) -> None:
    """Read the setting and let the engine follow it from now on."""
    addresses.configure(private_allowed=not settings.value(conn, key=_KEY))


def follow(kept: bool | None) -> None:
    """The same for who has read the setting's row with others; None where nobody ever set it."""
    addresses.configure(private_allowed=not settings.in_force(kept, key=_KEY))
