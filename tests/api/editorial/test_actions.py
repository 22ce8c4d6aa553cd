from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from blogforge_llm import db
from blogforge_llm.engine.types import OutputContract, Parameters
from blogforge_llm.records.accounts import User
from blogforge_llm.services.editorial import actions
from tests import factories
from tests.conftest import ApiClient
from tests.services.prompts.factories import inline, make_template

Program = Callable[[User], ApiClient]


@pytest.fixture
def body(conn: db.Connection, ada: User) -> dict[str, Any]:
    template = make_template(conn, ada, inline("Name {{ basic_idea }}."), name="Titles")
    return {"field": "provisional_title", "name": "Suggest a title", "template_id": template.id}


def test_the_first_action_of_a_field_is_its_default(program: Program, ada: User, body: dict[str, Any]) -> None:
    api = program(ada)
    first = api.post("/llm/actions", body)
    assert first.status_code == 201 and first.json["is_default"] and first.json["template"] == "Titles"
    second = api.post("/llm/actions", body | {"name": "Another"}).json
    assert not second["is_default"]
    assert api.patch(f"/llm/actions/{second['id']}", {"is_default": True}).json["is_default"]
    assert not api.get(f"/llm/actions/{first.json['id']}").json["is_default"]
    assert [action["name"] for action in api.get("/llm/actions").json] == ["Another", "Suggest a title"]


def test_the_next_action_takes_the_place_of_an_archived_default(
    program: Program, ada: User, body: dict[str, Any]
) -> None:
    api = program(ada)
    first = api.post("/llm/actions", body).json["id"]
    second = api.post("/llm/actions", body | {"name": "Another"}).json["id"]
    assert api.delete(f"/llm/actions/{first}").status_code == 204
    assert api.get(f"/llm/actions/{second}").json["is_default"]
    assert api.patch(f"/llm/actions/{first}", {"name": "x"}).status_code == 409
    back = api.post(f"/llm/actions/{first}/restoration").json
    assert back["archived_at"] is None and not back["is_default"]


def test_the_engine_gets_the_preset_under_the_own_parameters(
    conn: db.Connection, program: Program, ada: User, body: dict[str, Any]
) -> None:
    api = program(ada)
    preset = {"name": "Careful", "parameters": {"temperature": 0.1, "max_tokens": 50, "stop": ["#"]}}
    preset_id = api.post("/llm/presets", preset).json["id"]
    extra = {"preset_id": preset_id, "parameters": {"max_tokens": 80}, "contract": {"max_length": 90}}
    action = actions.get(conn, api.post("/llm/actions", body | extra).json["id"])
    assert actions.engine_settings(action) == (
        Parameters(temperature=0.1, max_tokens=80, stop=("#",)),
        OutputContract(shape="line", max_length=90),
    )


def test_a_silent_contract_follows_from_the_field(
    conn: db.Connection, program: Program, ada: User, body: dict[str, Any]
) -> None:
    action = actions.get(conn, program(ada).post("/llm/actions", body).json["id"])
    assert actions.engine_settings(action) == (Parameters(), OutputContract(shape="line", max_length=300))
    assert actions.get_default(conn, action.field_id) == action == actions.list_for_field(conn, action.field_id)[0]


def test_a_template_that_needs_what_no_field_has_is_refused(
    conn: db.Connection, program: Program, ada: User, body: dict[str, Any]
) -> None:
    foreign = make_template(conn, ada, inline("{{ basic_idea }} {{ budget }}{% if mood %}{{ mood }}{% endif %}"))
    answer = program(ada).post("/llm/actions", body | {"template_id": foreign.id})
    assert answer.status_code == 409 and "needs `budget`, which no field" in answer.json["errors"]["template_id"][0]


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"field": "nobody"}, 404, None),
        ({"field": "a\x00"}, 422, "field"),
        ({"name": " "}, 422, "name"),
        ({"template_id": 999999}, 404, "template_id"),
        ({"template_id": 2**64}, 422, "template_id"),
        ({"route_id": 999999}, 404, "route_id"),
        ({"preset_id": 999999}, 404, "preset_id"),
        ({"parameters": {"temperature": 3}}, 422, "parameters.temperature"),
        ({"parameters": {"nonsense": 3}}, 422, "parameters.nonsense"),
        ({"contract": {"shape": "poem"}}, 422, "contract.shape"),
        ({"contract": {"max_length": 0}}, 422, "contract.max_length"),
        ({"contract": {"min_items": 5, "max_items": 4}}, 422, "contract.min_items"),
    ],
)
def test_what_does_not_fit_is_refused_by_field(
    program: Program, ada: User, body: dict[str, Any], change: dict[str, Any], status: int, field: str | None
) -> None:
    answer = program(ada).post("/llm/actions", body | change)
    assert answer.status_code == status, answer.json
    if field:
        assert list(answer.json["errors"]) == [field]


def test_a_field_has_one_action_of_a_name(program: Program, ada: User, body: dict[str, Any]) -> None:
    api = program(ada)
    api.post("/llm/actions", body)
    assert api.post("/llm/actions", body | {"name": "SUGGEST A TITLE"}).status_code == 409
    assert api.post("/llm/actions", body | {"field": "main_title"}).status_code == 201


def test_a_template_in_use_is_not_archived_and_its_action_is_named(
    program: Program, ada: User, body: dict[str, Any]
) -> None:
    api = program(ada)
    api.post("/llm/actions", body)
    refused = api.delete(f"/llm/templates/{body['template_id']}")
    assert refused.status_code == 409 and "“Provisional title: Suggest a title”" in refused.json["detail"]


def test_a_route_may_be_named_and_taken_back(
    conn: db.Connection, program: Program, ada: User, body: dict[str, Any]
) -> None:
    api = program(ada)
    route_id = factories.make_route(conn, model_ids=[factories.make_model(conn)])
    action = api.post("/llm/actions", body | {"route_id": route_id}).json
    assert action["route_id"] == route_id
    assert api.patch(f"/llm/actions/{action['id']}", {"route_id": None}).json["route_id"] is None


def test_everybody_reads_and_only_admins_change(
    program: Program, ada: User, alice: User, charlie: User, body: dict[str, Any]
) -> None:
    place = f"/llm/actions/{program(ada).post('/llm/actions', body).json['id']}"
    for person in (alice, charlie):
        api = program(person)
        assert api.get(place).status_code == 200
        for answer in (
            api.post("/llm/actions", body), api.patch(place, {"name": "x"}), api.delete(place),
            api.post(f"{place}/restoration"),
        ):  # fmt: skip
            assert answer.status_code == 403
