"""Settings from the environment: the only reader of os.environ. docs/operators.md explains each."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from blogforge_llm.errors import DomainError

ROOT = Path(__file__).resolve().parent.parent  # templates/, static/ and sql/ stand here: deploy from a checkout


class ConfigError(DomainError):
    """An environment variable has a value that cannot work."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`database_url` is None while the embedded database has not been started."""

    data_dir: Path
    host: str
    port: int
    database_url: str | None = field(repr=False)
    secret_key: str = field(repr=False)
    is_embedded: bool


def from_env(environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check everything at once. Raises ConfigError naming the variable."""
    env = os.environ if environ is None else environ
    data_dir = Path(env.get("BLOGFORGE_DATA_DIR") or "./instance").expanduser().absolute()
    database_url = env.get("DATABASE_URL") or None
    if database_url:
        _check_url(database_url)
    secret_key = env.get("BLOGFORGE_SECRET_KEY") or None
    if secret_key is None:
        if database_url:
            raise ConfigError("Set BLOGFORGE_SECRET_KEY when DATABASE_URL is set: all hosts must share one key.")
        secret_key = _kept_secret(data_dir)
    elif len(secret_key) < 16:
        raise ConfigError("BLOGFORGE_SECRET_KEY must have at least 16 characters.")
    return Settings(
        data_dir=data_dir,
        host=env.get("BLOGFORGE_HOST") or "127.0.0.1",
        port=_port(env.get("BLOGFORGE_PORT") or "5000"),
        database_url=database_url,
        secret_key=secret_key,
        is_embedded=database_url is None,
    )


def provider_keys(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """API keys that stand in the environment, by variable name: offered on the connect page, never silently used."""
    env = os.environ if environ is None else environ
    suffix = "_API_KEY"
    return {name: value for name, value in sorted(env.items()) if name.endswith(suffix) and value.strip()}


def _check_url(text: str) -> None:
    """The message never quotes it: parts of a password that is not encoded may stand anywhere in it."""
    if not text.startswith(("postgresql://", "postgres://")):
        raise ConfigError("DATABASE_URL must begin with postgresql://")
    try:
        parts = conninfo_to_dict(text)
    except psycopg.ProgrammingError:
        parts = {"port": "unreadable"}
    ports = str(parts.get("port") or "").split(",")
    if "@" in str(parts.get("host")) or not all(port.isdecimal() or not port for port in ports):
        raise ConfigError(
            "DATABASE_URL cannot be read. Write postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with the special "
            "characters of the password percent-encoded, such as %40 for @ and %2F for /."
        )


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ConfigError("BLOGFORGE_PORT must be a number from 1 to 65535.")
    return int(text)


def _kept_secret(data_dir: Path) -> str:
    path = data_dir / "secret_key"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        # O_EXCL: of two processes that start together one makes the key and the other reads it.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    except OSError as error:
        raise ConfigError(f"The data directory {data_dir} cannot be written: {error.strerror}.") from error
    with os.fdopen(descriptor, "w") as file:
        secret = secrets.token_urlsafe(32)
        file.write(secret + "\n")
    return secret
