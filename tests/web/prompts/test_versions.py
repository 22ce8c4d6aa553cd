from __future__ import annotations

from collections.abc import Callable

from flask.testing import FlaskClient

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.services.prompts import parts, templates
from tests import factories
from tests.services.prompts.factories import block, inline, make_part, make_template

Browse = Callable[[User | None], FlaskClient]


def test_a_proposal_goes_from_its_author_to_somebody_else(conn: db.Connection, browse: Browse, ada: User) -> None:
    bea = factories.make_user(conn, name="Bea", role="admin")
    template = make_template(conn, ada, inline("Old."), name="Opening")
    place, author, other = f"/llm/templates/{template.id}", browse(ada), browse(bea)
    assert "no one publishes" not in author.get(place).text and "Ask for a second person" in author.get(place).text
    assert author.post(f"{place}/approval", data={"needs_approval": "1"}).status_code == 303
    templates.update(conn, actor=ada, template_id=template.id, blocks=[inline("New.")], publish=False, note="Better")
    assert "Somebody else publishes it." in author.get(place).text
    assert author.post(f"{place}/published", data={"number": "2"}).status_code == 403
    waiting = other.get("/llm/proposals").text
    assert "Opening, version 2" in waiting and "Better" in waiting and "You may" in waiting
    assert "Publish version 2" in other.get(place).text
    assert other.post(f"{place}/published", data={"number": "2"}).status_code == 303
    assert "published by Bea" in other.get(place).text and "Nothing waits" in other.get("/llm/proposals").text


def test_a_part_in_use_is_seen_in_all_its_templates_before_it_is_published(
    conn: db.Connection, browse: Browse, ada: User, charlie: User
) -> None:
    part = make_part(conn, ada, content="Old <i>.")
    make_template(conn, ada, block(part), name="Opening")
    form = {"name": part.name, "kind": "task", "role": "user", "content": "New <i>.", "position": "50", "publish": "0"}
    saved = browse(ada).post(f"/llm/parts/{part.id}", data=form)
    assert saved.headers["Location"].endswith(f"/llm/parts/{part.id}/versions/2/impact")
    page = browse(ada).get(saved.headers["Location"]).text
    assert "Opening" in page and "<del>" in page and "&lt;i&gt;" in page and "Publish version 2" in page
    seen = browse(charlie).get(saved.headers["Location"])
    assert seen.status_code == 200 and "Publish version 2" not in seen.text
    browse(ada).post(f"/llm/parts/{part.id}/versions/2/refusal")
    assert parts.get(conn, part_id=part.id).waiting_version is None
    assert "Declined" in browse(ada).get(f"/llm/parts/{part.id}").text


def test_two_versions_are_compared_on_a_page(conn: db.Connection, browse: Browse, ada: User, charlie: User) -> None:
    part = make_part(conn, ada, content="Old.")
    parts.update(conn, actor=ada, part_id=part.id, content="New.")
    page = browse(charlie).get(f"/llm/parts/{part.id}/comparison?old=1&new=2").text
    assert "<del>" in page and "Old" in page and "As a model reads it" in page
    assert browse(charlie).get(f"/llm/parts/{part.id}/comparison").status_code == 200
    assert browse(charlie).get(f"/llm/parts/{part.id}/comparison?old=1&new=9").status_code == 404
    template = make_template(conn, ada)
    assert "Nothing changed." in browse(charlie).get(f"/llm/templates/{template.id}/comparison").text


def test_a_part_in_use_is_not_archived_and_its_page_says_where(conn: db.Connection, browse: Browse, ada: User) -> None:
    part = make_part(conn, ada)
    template = make_template(conn, ada, block(part), name="Opening")
    refused = browse(ada).post(f"/llm/parts/{part.id}/archival")
    assert refused.status_code == 409
    assert "used in “Opening”" in refused.text and f'href="/llm/templates/{template.id}"' in refused.text
    assert parts.get(conn, part_id=part.id).archived_at is None
