from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from blogforge_llm import db
from blogforge_llm.cli import library
from blogforge_llm.config import Settings
from blogforge_llm.errors import Invalid, NotFound
from blogforge_llm.records.accounts import User
from blogforge_llm.services.prompts import parts
from tests.services.prompts.factories import make_part


def run(settings: Settings, *words: str) -> int:
    parser = argparse.ArgumentParser()
    library.add_arguments(parser.add_subparsers())
    arguments = parser.parse_args(["library", *words])
    code: int = arguments.run(arguments, settings)
    return code


def test_the_starter_library_is_imported_by_its_name(
    conn: db.Connection, ada: User, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(settings, "import", "editorial") == 0
    assert "184 created, 0 updated, 0 unchanged, 0 kept." in capsys.readouterr().out
    parts.update(conn, actor=ada, part_id=parts.list_(conn, q="Plain words")[0].id, content="Ours.")
    assert run(settings, "import", "editorial") == 0
    assert "kept, though it is edited here: Part: Plain words" in capsys.readouterr().out


def test_what_is_exported_can_be_imported(
    conn: db.Connection, ada: User, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_part(conn, ada, name="Ours")
    assert run(settings, "export") == 0
    text = capsys.readouterr().out
    assert [part["name"] for part in json.loads(text)["parts"]] == ["Ours"]
    (tmp_path / "library.json").write_text(text)
    assert run(settings, "import", str(tmp_path / "library.json")) == 0
    assert "1 unchanged" in capsys.readouterr().out


def test_a_file_that_is_broken_or_not_there_is_told(ada: User, settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="cannot be read"):
        run(settings, "import", str(tmp_path / "nothing.json"))
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(Invalid, match="line 1, column 2"):
        run(settings, "import", str(tmp_path / "broken.json"))


def test_without_an_admin_nobody_can_have_imported_it(conn: db.Connection, alice: User, settings: Settings) -> None:
    with pytest.raises(NotFound, match="no active admin"):
        run(settings, "import", "editorial")
