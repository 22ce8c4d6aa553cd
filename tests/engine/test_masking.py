from __future__ import annotations

import pytest

from blogforge_llm.engine.masking import mask, storable


@pytest.mark.parametrize(
    "secret",
    [
        "sk-proj-abcDEF123456",
        "gsk_abcdefABCDEF123456",
        "csk-abcdef123456",
        "sk-****************9abc",
        "xai-abcdef123456",
    ],
)
def test_what_looks_like_a_key_is_masked(secret: str) -> None:
    assert mask(f"Incorrect API key provided: {secret}. Find yours there.").count("•••") == 1
    assert "123456" not in mask(f"key={secret}")


def test_the_key_that_was_used_is_masked_whatever_it_looks_like() -> None:
    assert mask("You sent: pass phrase 1!", "pass phrase 1!", None) == "You sent: •••"
    assert mask("authorization: Bearer abc.def") == "authorization: Bearer •••"
    assert mask("Google said AIzaSyA1234567890abcdefghijk") == "Google said •••"


def test_ordinary_words_stay() -> None:
    words = "The task-based risk model is not available; ask in pk-1 or key-value form. Disk-full."
    assert mask(words, "a") == words


def test_very_long_texts_are_cut_and_the_uncut_secret_does_not_survive() -> None:
    masked = mask("x" * 1990 + "my-own-secret-key", "my-own-secret-key")
    assert len(masked) <= 2000 and "my-own" not in masked


def test_what_postgresql_cannot_store_is_replaced() -> None:
    assert storable("a\0b") == "a\ufffdb"
    assert storable("a\ud83db").encode() == b"a?b"
    assert storable("Ünï 😀") == "Ünï 😀"
