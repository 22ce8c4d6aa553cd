from __future__ import annotations

from collections.abc import Callable

from flask.testing import FlaskClient

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.services.prompts import parts
from tests.services.prompts.factories import block, inline, make_data_part, make_part, make_template

Browse = Callable[[User | None], FlaskClient]
FORM = {"name": "Plain words", "kind": "style", "role": "system", "content": "Use short words.", "tags": "voice, style"}


def test_an_empty_page_says_what_to_do_next(browse: Browse, ada: User, charlie: User) -> None:
    page = browse(ada).get("/llm/parts").text
    assert "Import the starter library" in page and "New part" in page
    assert "Import the starter library</span>" not in browse(charlie).get("/llm/parts").text


def test_a_part_is_written_edited_and_its_changes_shown(conn: db.Connection, browse: Browse, ada: User) -> None:
    browser = browse(ada)
    created = browser.post("/llm/parts", data=FORM)
    assert created.status_code == 303
    place = created.headers["Location"]
    assert browser.get(f"{place}/edit").status_code == 200
    changed = browser.post(place, data={**FORM, "content": "Use few words.", "note": "Shorter", "base": "1"})
    assert changed.headers["Location"] == place
    page = browser.get(place).text
    assert "<del>" in page and "Shorter" in page and "Version 2 of “Plain words” is in use." in page
    assert parts.list_(conn)[0].tags == ["voice", "style"]


def test_a_refused_form_comes_back_with_what_was_typed(browse: Browse, ada: User) -> None:
    refused = browse(ada).post("/llm/parts", data={**FORM, "content": "Use\n{{ broken }<b>"})
    assert refused.status_code == 422
    assert "{{ broken }&lt;b&gt;" in refused.text and "The text, line 2" in refused.text
    assert browse(ada).post("/llm/parts", data={**FORM, "position": "first"}).status_code == 422


def test_words_saved_for_later_wait_and_are_edited_next(conn: db.Connection, browse: Browse, ada: User) -> None:
    part, browser = make_part(conn, ada, content="Old."), browse(ada)
    place = f"/llm/parts/{part.id}"
    browser.post(place, data={**FORM, "content": "New.", "publish": "0"})
    assert (parts.get(conn, part_id=part.id).content, parts.get(conn, part_id=part.id).latest_version) == ("Old.", 2)
    assert "New.</textarea>" in browser.get(f"{place}/edit").text
    assert browser.post(f"{place}/published", data={"number": "2"}).status_code == 303
    assert parts.get(conn, part_id=part.id).content == "New."
    assert browser.post(f"{place}/published", data={"number": "1"}).status_code == 303
    back = parts.get(conn, part_id=part.id)
    assert (back.content, back.version, back.waiting_version) == ("Old.", 1, None)
    assert "Old.</textarea>" in browser.get(f"{place}/edit").text


def test_a_save_over_somebody_elses_version_is_asked_again(conn: db.Connection, browse: Browse, ada: User) -> None:
    part, browser = make_part(conn, ada), browse(ada)
    parts.update(conn, actor=ada, part_id=part.id, content="Theirs.")
    refused = browser.post(f"/llm/parts/{part.id}", data={**FORM, "content": "Mine.", "base": "1"})
    assert (
        refused.status_code == 409 and "Somebody saved version 2" in refused.text and "Mine.</textarea>" in refused.text
    )
    assert '<input type="hidden" name="base" value="2">' in refused.text
    assert parts.get(conn, part_id=part.id).content == "Theirs."


def test_a_part_in_use_is_not_archived(conn: db.Connection, browse: Browse, ada: User) -> None:
    part, browser = make_part(conn, ada), browse(ada)
    make_template(conn, ada, block(part), inline("Go."), name="Opening lines")
    refused = browser.post(f"/llm/parts/{part.id}/archival")
    assert refused.status_code == 409 and "“Opening lines”" in refused.text


def test_an_archived_part_is_found_and_brought_back(conn: db.Connection, browse: Browse, ada: User) -> None:
    part, browser = make_part(conn, ada, name="Old voice"), browse(ada)
    assert browser.post(f"/llm/parts/{part.id}/archival").status_code == 303
    assert "Old voice" in browser.get("/llm/parts?archived=1").text
    assert "This part is archived" in browser.get(f"/llm/parts/{part.id}").text
    assert browser.post(f"/llm/parts/{part.id}/restoration").status_code == 303
    assert parts.get(conn, part_id=part.id).archived_at is None


def test_parts_are_searched_filtered_and_paged(conn: db.Connection, browse: Browse, ada: User) -> None:
    for number in range(51):
        make_part(conn, ada, name=f"Part no {number:02}", tags=["many"])
    make_data_part(conn, ada, name="The idea")
    browser = browse(ada)
    assert "Part no 50" not in browser.get("/llm/parts").text
    assert "Part no 50" in browser.get("/llm/parts?page=2").text and browser.get("/llm/parts?page=x").status_code == 200
    found = browser.get("/llm/parts?kind=data").text
    assert "The idea" in found and "Part no" not in found
    assert "No part fits" in browser.get("/llm/parts?q=%00nothing").text


def test_readers_look_and_do_not_change(conn: db.Connection, browse: Browse, ada: User, alice: User) -> None:
    part, browser = make_part(conn, ada), browse(alice)
    page = browser.get(f"/llm/parts/{part.id}").text
    assert "Archive" not in page and "/edit" not in page
    assert browser.get("/llm/parts/new").status_code == browser.get(f"/llm/parts/{part.id}/edit").status_code == 403
    for address in ("", f"/{part.id}", f"/{part.id}/archival", f"/{part.id}/restoration", f"/{part.id}/published",
                    f"/{part.id}/versions/1/refusal"):  # fmt: skip
        assert browser.post(f"/llm/parts{address}", data=FORM).status_code == 403
    assert browse(None).get("/llm/parts").status_code == 401
    assert browser.get("/llm/parts/999999").status_code == 404
