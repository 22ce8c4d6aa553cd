"""The OpenAPI document as a whole: what leads where, and what every operation may answer. Whether the application does
what it says is tests/api/contract.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from tests import factories

Program = Callable[[User], Any]
METHODS = {"get", "put", "post", "patch", "delete"}


@pytest.fixture(scope="module")
def document(app: Flask) -> dict[str, Any]:
    found: dict[str, Any] = app.test_client().get("/api/openapi.json").json
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method in METHODS & set(methods):
            yield method, path, methods[method]


def links(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for _, _, operation in operations(document):
        for answer in operation["responses"].values():
            yield from answer.get("links", {}).values()


def target(link: dict[str, Any]) -> tuple[str, str]:
    path, method = link["operationRef"].removeprefix("#/paths/").rsplit("/", 1)
    return method, path.replace("~1", "/")


def test_an_answer_leads_to_every_address_of_a_row(document: dict[str, Any]) -> None:
    led_to = {target(link) for link in links(document)}
    alone = {(method, path) for method, path, _ in operations(document) if "{" in path} - led_to
    assert alone == {("get", "/api/v1/settings/{key}"), ("put", "/api/v1/settings/{key}")}


def test_links_fill_all_that_an_address_names(document: dict[str, Any]) -> None:
    for link in links(document):
        method, path = target(link)
        assert method in document["paths"][path]
        assert set(link["parameters"]) == set(re.findall(r"{(\w+)}", path))


def test_a_list_leads_to_what_it_lists_and_a_field_by_its_key(document: dict[str, Any]) -> None:
    def from_list(path: str) -> dict[str, Any]:
        found: dict[str, Any] = document["paths"][path]["get"]["responses"]["200"]["links"]
        return found

    listed = from_list("/api/v1/posts")["get /api/v1/posts/{post_id}"]["parameters"]
    assert listed == {"post_id": "$response.body#/0/id"}
    place = "/api/v1/posts/{post_id}/fields/{field_key}"
    filled = from_list("/api/v1/posts/{post_id}/fields")[f"put {place}"]["parameters"]
    assert filled == {"post_id": "$request.path.post_id", "field_key": "$response.body#/0/key"}
    older = from_list(f"{place}/revisions")[f"post {place}/revisions/{{revision_id}}/restore"]["parameters"]
    assert older["revision_id"] == "$response.body#/items/0/id"


def test_every_operation_says_what_any_may_answer(document: dict[str, Any]) -> None:
    for _, path, operation in operations(document):
        if path.startswith("/api/"):
            expected = {"401", "429"} | ({"400", "409", "415", "422"} if "requestBody" in operation else set())
            assert expected <= set(operation["responses"]), path


@pytest.mark.parametrize("place", ["/posts/{}", "/llm/webhooks/{}", "/llm/tasks/{}", "/runs/{}"])
@pytest.mark.parametrize("number", [2**63 - 1, 2**63, 10**40])
def test_a_number_that_no_row_can_have_is_not_found(program: Program, ada: User, place: str, number: int) -> None:
    assert program(ada).get(place.format(number)).status_code == 404


def test_a_name_in_a_body_that_nobody_has_is_a_conflict_where_the_address_is_a_rows(
    program: Program, conn: db.Connection, ada: User
) -> None:
    route = factories.make_route(conn, model_ids=[factories.make_model(conn)])
    api = program(ada)
    at_the_list = api.post("/llm/routes", {"name": "Other", "model_ids": [999999]})
    at_the_row = api.patch(f"/llm/routes/{route}", {"model_ids": [999999]})
    assert (at_the_list.status_code, at_the_row.status_code) == (404, 409)
    assert list(at_the_list.json["errors"]) == list(at_the_row.json["errors"]) == ["model_ids"]
