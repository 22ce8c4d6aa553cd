from __future__ import annotations

import io

import psycopg
import pytest
from psycopg.rows import dict_row

from blogforge_llm.cli import main
from blogforge_llm.services.accounts import tokens

PASSWORD = "few unrelated words"


@pytest.fixture(autouse=True)
def environment(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("BLOGFORGE_SECRET_KEY", "a secret of the tests only")
    monkeypatch.setattr("blogforge_llm.tracing.configure_logging", lambda: None)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str, typed: str = "") -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    return main.main(list(arguments))


def test_a_user_and_a_token_from_the_terminal(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    create = ("user", "create", "ann@example.org", "--role", "editor", "--password-stdin")
    assert run(monkeypatch, *create, typed=PASSWORD + "\n") == 0
    assert "ann@example.org" in capsys.readouterr().out
    assert run(monkeypatch, "token", "create", "ANN@example.org") == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1 and out.startswith("bf_")
    with psycopg.connect(database_url, row_factory=dict_row, autocommit=True) as conn:
        found = tokens.find_user(conn, token=out.strip())
    assert found is not None and (found.name, found.role) == ("ann", "editor")
    assert run(monkeypatch, *create, typed=PASSWORD + "\n") == 1
    assert "already" in capsys.readouterr().err


def test_a_password_is_asked_twice(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    answers = iter([PASSWORD, PASSWORD + "x", PASSWORD, PASSWORD])
    monkeypatch.setattr("getpass.getpass", lambda _: next(answers))
    create = ("user", "create", "ann@example.org", "--role", "admin", "--name", "Ann")
    assert run(monkeypatch, *create) == 1
    assert "differ" in capsys.readouterr().err
    assert run(monkeypatch, *create) == 0


@pytest.mark.parametrize(
    ("arguments", "typed", "code", "said"),
    [
        (("user", "create", "ann@example.org", "--role", "admin", "--password-stdin"), "short\n", 1, "at least 10"),
        (("user", "create", "ann@example.org", "--role", "admin", "--password-stdin"), "", 1, "at least 10"),
        (("user", "create", "nobody", "--role", "admin", "--password-stdin"), PASSWORD, 1, "e-mail address"),
        (("token", "create", "nobody@example.org"), "", 1, "user create"),
        (("token", "create", "\udc80@example.org"), "", 1, "broken character"),
    ],
)
def test_what_fails_says_why_on_standard_error(
    arguments: tuple[str, ...], typed: str, code: int, said: str,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert run(monkeypatch, *arguments, typed=typed) == code
    streams = capsys.readouterr()
    assert said in streams.err and streams.out == ""


def test_an_unknown_role_is_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit) as caught:
        run(monkeypatch, "user", "create", "ann@example.org", "--role", "owner")
    assert caught.value.code == 2
