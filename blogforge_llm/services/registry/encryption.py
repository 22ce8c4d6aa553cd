"""Secrets at rest: Fernet under a key derived from the instance's secret key. Configured once per process."""

from __future__ import annotations

import base64
import functools

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from blogforge_llm.errors import Invalid

_PURPOSE = b"blogforge_llm provider keys v1"  # sets this key apart from others derived from the same secret

_fernet: Fernet | None = None


def configure(secret_key: str) -> None:
    """Derive the process's key. `secret_key` is Settings.secret_key, the same on every host."""
    global _fernet
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret_key.encode())
    _fernet = Fernet(base64.urlsafe_b64encode(derived))
    _decrypted.cache_clear()


def encrypt(text: str) -> bytes:
    return _configured().encrypt(text.encode())


def decrypt(ciphertext: bytes) -> str:
    """Raises Invalid when it was encrypted under another secret key."""
    try:
        return _decrypted(bytes(ciphertext))
    except InvalidToken:
        raise Invalid(
            "A stored API key cannot be read: the secret key has changed. Start with the former BLOGFORGE_SECRET_KEY, "
            "or enter the provider's API key again under LLM, Providers."
        ) from None


@functools.lru_cache(maxsize=256)
def _decrypted(ciphertext: bytes) -> str:
    """Kept, for every call needs its key; the clients of the SDKs keep it in any case."""
    return _configured().decrypt(ciphertext).decode()


def _configured() -> Fernet:
    if _fernet is None:
        raise RuntimeError("encryption.configure(secret_key) was not called")
    return _fernet
