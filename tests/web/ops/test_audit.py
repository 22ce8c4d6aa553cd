"""The page of the audit log: what admins find there, and nobody else."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

from flask.testing import FlaskClient

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.services.ops import audit
from blogforge_llm.services.registry import presets
from tests import factories

Browse = Callable[[User | None], FlaskClient]


def fill(conn: db.Connection, actor: User, count: int) -> None:
    for number in range(count):
        audit.record(conn, actor=actor, action="update", noun="setting", noun_id=f"key_{number:03}", detail="A setting")


def test_an_entry_leads_to_what_was_before_and_after(browse: Browse, conn: db.Connection, ada: User) -> None:
    preset = presets.create(conn, actor=ada, name="Calm", parameters={"temperature": 0.2})
    presets.update(conn, actor=ada, preset_id=preset.id, name="Very <b>calm</b>")
    (entry, _) = audit.list_(conn, actor=ada)
    assert f'href="/audit/{entry.id}"' in browse(ada).get("/audit").text
    page = browse(ada).get(f"/audit/{entry.id}").text
    assert "Calm" in page and "Very &lt;b&gt;calm&lt;/b&gt;" in page


def test_filters_stand_in_the_address_and_go_along_to_older_entries(
    browse: Browse, conn: db.Connection, ada: User
) -> None:
    eve = factories.make_user(conn, name="Eve", role="admin")
    fill(conn, eve, 60)
    fill(conn, ada, 1)
    page = browse(ada).get(f"/audit?user={eve.id}&noun=setting&since=2000-01-01&until=nonsense").text
    assert page.count("<th scope=row") == 50
    assert f"user={eve.id}&amp;noun=setting" in page and "before=" in page
    assert "Nothing fits" in browse(ada).get("/audit?noun=route").text


def test_the_log_of_a_new_installation_says_what_will_be_there(browse: Browse, ada: User) -> None:
    assert "Nothing has been changed yet" in browse(ada).get("/audit").text


def test_the_export_is_whole_and_no_spreadsheet_computes_it(browse: Browse, conn: db.Connection, ada: User) -> None:
    fill(conn, ada, 600)
    audit.record(conn, actor=ada, action="update", noun="preset", noun_id=1, detail="=HYPERLINK(1)")
    answer = browse(ada).get("/audit/export.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.content_type == "text/csv; charset=utf-8"
    assert len(rows) == 601
    assert rows[0]["detail"] == "'=HYPERLINK(1)"
    assert len(list(csv.DictReader(io.StringIO(browse(ada).get("/audit/export.csv?noun=preset").text)))) == 1


def test_only_admins_see_it(browse: Browse, alice: User) -> None:
    for path in ("/audit", "/audit/1", "/audit/export.csv"):
        assert browse(alice).get(path).status_code == 403
