from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.services.editorial import actions, workflow
from tests.services.prompts.factories import inline, make_template

Browse = Callable[[User | None], FlaskClient]


@pytest.fixture
def form(conn: db.Connection, ada: User) -> dict[str, Any]:
    field = workflow.get_field(conn, key="provisional_title")
    template = make_template(conn, ada, inline("Name {{ basic_idea }}."), name="Titles")
    return {"field_id": str(field.id), "name": "Suggest a title", "template_id": str(template.id), "stop": ""}


def test_an_empty_page_says_what_to_do_next(browse: Browse, ada: User, charlie: User) -> None:
    assert "Import the starter library" in browse(ada).get("/llm/actions").text
    assert "An admin writes them" in browse(charlie).get("/llm/actions").text


def test_an_action_is_made_edited_and_archived(
    conn: db.Connection, browse: Browse, ada: User, form: dict[str, Any]
) -> None:
    browser = browse(ada)
    assert browser.get(f"/llm/actions/new?field={form['field_id']}&template={form['template_id']}").status_code == 200
    extra = {"temperature": "0.7", "max_tokens": "1,200", "contract.max_length": "120", "stop": "a\nb"}
    assert browser.post("/llm/actions", data=form | extra).status_code == 303
    (action,) = actions.list_(conn)
    assert action.is_default and action.contract == {"max_length": 120}
    assert action.parameters == {"temperature": 0.7, "max_tokens": 1200, "stop": ["a", "b"]}
    edit = browser.get(f"/llm/actions/{action.id}/edit").text
    assert 'value="0.7"' in edit and 'value="120"' in edit
    changed = form | {"name": "Name it", "contract.shape": "line", "is_default": "1"}
    assert browser.post(f"/llm/actions/{action.id}", data=changed).status_code == 303
    assert actions.get(conn, action.id).contract == {"shape": "line"} and actions.get(conn, action.id).parameters == {}
    page = browser.get("/llm/actions").text
    assert "Name it" in page and "asks with Titles" in page
    assert browser.post(f"/llm/actions/{action.id}/archival").status_code == 303
    assert "Name it" in browser.get("/llm/actions?archived=1").text
    assert browser.post(f"/llm/actions/{action.id}/restoration").status_code == 303


def test_a_refused_form_comes_back_with_what_was_typed(
    conn: db.Connection, browse: Browse, ada: User, form: dict[str, Any]
) -> None:
    foreign = make_template(conn, ada, inline("{{ budget }}"))
    for change, said in (
        ({"temperature": "hot"}, "“hot” is no number"), ({"temperature": "7"}, "from 0 to 2"),
        ({"field_id": ""}, "Choose one of the workflow"), ({"template_id": ""}, "There is no such template"),
        ({"template_id": str(foreign.id)}, "needs `budget`"), ({"contract.max_length": "0"}, "whole number from 1"),
        ({"name": ""}, "Name is missing"),
    ):  # fmt: skip
        refused = browse(ada).post("/llm/actions", data={**form, "max_tokens": "77", **change})
        assert refused.status_code == 422 and said in refused.text and 'value="77"' in refused.text, said
    browse(ada).post("/llm/actions", data=form)
    assert browse(ada).post("/llm/actions", data=form).status_code == 409


def test_readers_look_and_do_not_change(
    conn: db.Connection, browse: Browse, ada: User, alice: User, form: dict[str, Any]
) -> None:
    browse(ada).post("/llm/actions", data=form)
    (action,), browser = actions.list_(conn), browse(alice)
    assert "/edit" not in browser.get("/llm/actions").text
    assert (
        browser.get("/llm/actions/new").status_code == browser.get(f"/llm/actions/{action.id}/edit").status_code == 403
    )
    for address in ("", f"/{action.id}", f"/{action.id}/archival", f"/{action.id}/restoration"):
        assert browser.post(f"/llm/actions{address}", data=form).status_code == 403
