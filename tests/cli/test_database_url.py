"""A DATABASE_URL that cannot work is refused without being shown: it has a password in it."""

from __future__ import annotations

import pytest

from blogforge_llm import config
from blogforge_llm.cli import main

KEY = "a secret of the tests only"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:pw-SECRET@[bad/x",
        "postgresql://u:pw%SECRET@host/x",
        "postgresql://u:pw/SECRET@host/x",
        "postgresql://u:1@SECRET@host/x",
        "postgresql://u:1/x?SECRET=1",
        "postgresql://u:pw@host:SECRET/x",
        "mysql://u:pw-SECRET@h/x",
    ],
)
@pytest.mark.parametrize("verb", ["web", "worker", "migrate"])
def test_a_malformed_address_is_never_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], verb: str, url: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("BLOGFORGE_SECRET_KEY", KEY)
    monkeypatch.setattr("blogforge_llm.tracing.configure_logging", lambda: None)
    assert main.main([verb]) == 1
    said = "".join(capsys.readouterr())
    assert "DATABASE_URL" in said and "SECRET" not in said


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:pw%40%2F@host:5432/x?sslmode=require",
        "postgres://u@h1:5432,h2:5433/x",
        "postgresql:///x?host=/var/run/postgresql",
        "postgresql://u:pw@[::1]/x",
    ],
)
def test_every_address_that_works_is_taken(url: str) -> None:
    assert config.from_env({"DATABASE_URL": url, "BLOGFORGE_SECRET_KEY": KEY}).database_url == url
