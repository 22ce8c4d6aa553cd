"""Passwords: what is accepted, and Argon2id. Who may try, and how often, is logins.py and throttle.py."""

from __future__ import annotations

import functools
import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from blogforge_llm.errors import Invalid
from blogforge_llm.services import texts

MIN_LENGTH = 10
MAX_LENGTH = 200

# RFC 9106's second recommendation (64 MiB, 3 passes), with the lanes a small machine has.
_hasher = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=2)
# Each one takes 64 MiB and a core for a while: a flood of logins must not take the machine.
_at_a_time = threading.BoundedSemaphore(2)

_OBVIOUS = "password passwort qwerty qwertz letmein welcome blogforge changeme secret admin"


def check(password: str, *, email: str, name: str = "password") -> None:
    """Raises Invalid, naming the field, for one that is too short, too long or the first thing anybody would try."""
    texts.clean(password, name=name, label="The password", max_length=MAX_LENGTH)
    if len(password) < MIN_LENGTH:
        raise Invalid.field(name, f"This has {len(password)} characters; use at least {MIN_LENGTH}.")
    folded = password.casefold().strip()
    if folded in {email.casefold(), email.casefold().partition("@")[0]}:
        raise Invalid.field(name, "The password must not be the e-mail address. Choose another one.")
    if len(set(folded)) < 4 or folded in "01234567890123456789" or _is_obvious(folded):
        raise Invalid.field(name, "This is one of the first passwords anybody would try. Choose another one.")


def hash_(password: str) -> str:
    with _at_a_time:
        return _hasher.hash(_same(password))


def verify(password_hash: str | None, password: str) -> bool:
    """True when it fits. None, for nobody, takes as long as a wrong password: the time must not tell who exists."""
    with _at_a_time:
        try:
            _hasher.verify(password_hash or _nobody(), _same(password[: MAX_LENGTH + 1]))
        except (VerificationError, InvalidHashError):
            return False
    return password_hash is not None


def needs_rehash(password_hash: str) -> bool:
    """True when it was made with other parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)


def _same(password: str) -> str:
    """One form for what looks the same: keyboards differ in how they write an é."""
    return unicodedata.normalize("NFKC", password)


def _is_obvious(folded: str) -> bool:
    return any(folded.replace(word, "").strip("0123456789!?._- ") == "" for word in _OBVIOUS.split() if word in folded)


@functools.cache
def _nobody() -> str:
    return _hasher.hash("nobody has this password")
