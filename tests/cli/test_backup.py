from __future__ import annotations

import os
from pathlib import Path

import pytest

from blogforge_llm.cli import main


def test_a_backup_is_for_its_owner_only(database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("BLOGFORGE_SECRET_KEY", "a secret of the tests only")
    monkeypatch.setattr("blogforge_llm.tracing.configure_logging", lambda: None)
    monkeypatch.setenv("PATH", "")  # the bundled client fits the bundled server
    file = tmp_path / "b.dump"
    leftover = tmp_path / "b.dump.unfinished"
    leftover.write_text("broken off")
    leftover.chmod(0o666)
    old = os.umask(0o022)
    try:
        assert main.main(["backup", str(file)]) == 0
    finally:
        os.umask(old)
    assert file.stat().st_mode & 0o777 == 0o600 and file.stat().st_size > 1000
    assert not leftover.exists()
