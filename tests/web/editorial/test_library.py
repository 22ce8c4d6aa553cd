from __future__ import annotations

import io
import json
from collections.abc import Callable

from flask.testing import FlaskClient

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.services.prompts import parts
from tests.services.prompts.factories import make_part

Browse = Callable[[User | None], FlaskClient]


def test_the_starter_library_is_imported_by_one_button(conn: db.Connection, browse: Browse, ada: User) -> None:
    browser = browse(ada)
    assert "Import the starter library" in browser.get("/llm/library").text
    assert parts.count(conn) == 0
    page = browser.post("/llm/library")
    assert page.status_code == 200 and "184 created" in page.text and "New post" in page.text
    part = parts.list_(conn)[0]
    parts.update(conn, actor=ada, part_id=part.id, content="Our own words.")
    again = browser.post("/llm/library").text
    assert "was here already" in again and "183 unchanged, 1 kept" in again and f"Part: {part.name}" in again


def test_a_file_goes_in_as_it_came_out(conn: db.Connection, browse: Browse, ada: User) -> None:
    make_part(conn, ada, name="Ours")
    browser = browse(ada)
    exported = browser.get("/llm/library/document")
    assert "attachment" in exported.headers["Content-Disposition"] and "Ours" in exported.text
    upload = {"document": (io.BytesIO(exported.data.replace(b"Ours", b"Theirs")), "library.json")}
    assert "1 created" in browser.post("/llm/library", data=upload).text


def test_a_broken_file_is_refused_at_its_place(browse: Browse, ada: User) -> None:
    broken = {"format": "blogforge-library/1", "parts": [{"name": "x"}], "templates": [], "actions": []}
    for content, said in ((b"{", "line 1, column 2"), (json.dumps(broken).encode(), "parts[0] has no content")):
        refused = browse(ada).post("/llm/library", data={"document": (io.BytesIO(content), "library.json")})
        assert refused.status_code == 422 and said in refused.text


def test_readers_export_and_do_not_import(browse: Browse, alice: User) -> None:
    assert browse(alice).post("/llm/library").status_code == 403
    assert "Import the starter library" not in browse(alice).get("/llm/library").text
    assert browse(alice).get("/llm/library/document").status_code == 200


def test_one_looks_first_and_chooses_for_each_conflict(conn: db.Connection, browse: Browse, ada: User) -> None:
    browser, part = browse(ada), make_part(conn, ada, name="Ours & theirs", content="Old <b>.")
    exported = browser.get("/llm/library/document").text
    parts.update(conn, actor=ada, part_id=part.id, content="Newer.")
    upload = {"document": (io.BytesIO(exported.encode()), "library.json"), "dry_run": "1"}
    page = browser.post("/llm/library", data=upload).text
    assert "1 conflict" in page and "Nothing is changed yet" in page and "Part: Ours &amp; theirs" in page
    sent = {"text": "\n" + exported, "label": "Part: Ours & theirs", "choice": "replace", "dry_run": "0"}
    assert "1 replaced" in browser.post("/llm/library", data=sent).text
    assert parts.get(conn, part_id=part.id).content == "Old <b>."
