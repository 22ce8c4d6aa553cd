from __future__ import annotations

import threading
import time

import pytest
from argon2 import PasswordHasher

from blogforge_llm.errors import Invalid
from blogforge_llm.services.accounts import passwords

EMAIL = "ann@example.org"


@pytest.mark.parametrize(
    "password",
    ["short one", "x" * 201, EMAIL, EMAIL.upper(), "password123", "Password!2024", "aaaaaaaaaaaa", "0123456789",
     "qwertyqwerty", "with a NUL \x00 inside", "half a pair \ud800"],
)  # fmt: skip
def test_the_first_guesses_are_refused_at_the_field(password: str) -> None:
    with pytest.raises(Invalid) as caught:
        passwords.check(password, email=EMAIL)
    assert set(caught.value.errors) == {"password"}


@pytest.mark.parametrize("password", ["few unrelated words", "пароль-из-слов", "x7Kq2PmZ0a", "a" + "b c d e" * 28])
def test_length_alone_makes_a_good_password(password: str) -> None:
    passwords.check(password, email=EMAIL)


def test_the_right_password_fits_and_no_other() -> None:
    kept = passwords.hash_("café with friends")
    assert kept.startswith("$argon2id$")
    assert passwords.verify(kept, "cafe\u0301 with friends")
    assert not passwords.verify(kept, "cafe with friends")
    assert not passwords.verify("no password", "no password")
    assert not passwords.needs_rehash(kept)
    assert passwords.needs_rehash(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("old parameters"))


def test_nobody_takes_as_long_as_somebody() -> None:
    kept = passwords.hash_("few unrelated words")
    passwords.verify(None, "the first call makes the stand-in")

    def best_of_three(password_hash: str | None) -> float:
        times = []
        for _ in range(3):
            began = time.perf_counter()
            assert not passwords.verify(password_hash, "a wrong password")
            times.append(time.perf_counter() - began)
        return min(times)

    assert 0.3 < best_of_three(None) / best_of_three(kept) < 3


def test_at_most_two_are_verified_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    running, most, lock = 0, 0, threading.Lock()

    class Slow:
        def hash(self, _: str) -> str:
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
            time.sleep(0.02)
            with lock:
                running -= 1
            return ""

    monkeypatch.setattr(passwords, "_hasher", Slow())
    threads = [threading.Thread(target=passwords.hash_, args=("x",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 2
