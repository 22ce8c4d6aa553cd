from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from blogforge_llm.records.accounts import User
from tests.conftest import ApiClient

Program = Callable[[User], ApiClient]
BLOCKS = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Write about {{ basic_idea }}."}]
TEMPLATE = {"name": "Opening", "description": "A first paragraph.", "blocks": BLOCKS}


def test_a_template_is_created_and_tells_what_it_asks_for(program: Program, ada: User) -> None:
    api = program(ada)
    created = api.post("/llm/templates", TEMPLATE)
    assert created.status_code == 201
    template = api.get(f"/llm/templates/{created.json['id']}").json
    assert template == created.json and template["version"] == 1
    assert template["blocks"][1] == {**BLOCKS[1], "part_id": None, "optional": False, "enabled": True}
    assert template["variables"] == [
        {"name": "basic_idea", "label": "Basic idea", "required": True, "sources": ["Message 2"]}
    ]
    assert [row["name"] for row in api.get("/llm/templates").json] == ["Opening"]


def test_the_preview_is_the_prompt_with_its_size(program: Program, ada: User) -> None:
    api = program(ada)
    place = f"/llm/templates/{api.post('/llm/templates', TEMPLATE).json['id']}"
    preview = api.post(f"{place}/preview", {"inputs": {"basic_idea": "kilts {{ x }}"}}).json
    assert [(m["role"], m["content"]) for m in preview["messages"]] == [
        ("system", "Be brief."), ("user", "Write about kilts {{ x }}."),
    ]  # fmt: skip
    assert preview["tokens"] == sum(m["tokens"] for m in preview["messages"]) > 0
    assert preview["variables"][0]["name"] == "basic_idea" and preview["omitted"] == []


@pytest.mark.parametrize(
    ("inputs", "detail", "field"),
    [
        ({}, "The template needs `basic_idea`, which is empty.", "inputs.basic_idea"),
        ({"basic_idea": "x", "other": "y"}, "The template has no variable `other`.", "inputs.other"),
        ({"basic_idea": 7}, "`basic_idea` must be a text or a list of texts.", "inputs.basic_idea"),
        ({"basic_idea": "a\x00"}, "NUL", "inputs.basic_idea"),
    ],
)
def test_a_preview_names_what_is_missing_or_unknown(
    program: Program, ada: User, inputs: dict[str, Any], detail: str, field: str
) -> None:
    api = program(ada)
    place = f"/llm/templates/{api.post('/llm/templates', TEMPLATE).json['id']}"
    answer = api.post(f"{place}/preview", {"inputs": inputs})
    assert answer.status_code == 422 and list(answer.json["errors"]) == [field]
    assert detail in answer.json["detail"] + answer.json["errors"][field][0]


def test_what_get_answers_can_be_sent_back(program: Program, ada: User) -> None:
    api = program(ada)
    template = api.post("/llm/templates", TEMPLATE).json
    again = api.patch(f"/llm/templates/{template['id']}", {"blocks": template["blocks"], "name": "Opening 2"}).json
    assert (again["version"], again["latest_version"], again["name"]) == (1, 1, "Opening 2")


def test_versions_wait_until_they_are_published(program: Program, ada: User) -> None:
    api = program(ada)
    place = f"/llm/templates/{api.post('/llm/templates', TEMPLATE).json['id']}"
    other = [{"role": "user", "content": "Write well about {{ basic_idea }}."}]
    added = api.post(f"{place}/versions", {"blocks": other})
    assert added.status_code == 201 and added.json["number"] == 2 and not added.json["is_published"]
    assert api.post(f"{place}/versions", {"blocks": other}).json["number"] == 2
    inputs = {"basic_idea": "kilts"}
    assert len(api.post(f"{place}/preview", {"inputs": inputs}).json["messages"]) == 2
    assert len(api.post(f"{place}/preview", {"inputs": inputs, "version": 2}).json["messages"]) == 1
    assert api.put(f"{place}/published", {"version": 2}).json["version"] == 2
    assert len(api.post(f"{place}/preview", {"inputs": inputs}).json["messages"]) == 1
    assert api.put(f"{place}/published", {"version": 3}).status_code == 409
    assert [version["number"] for version in api.get(f"{place}/versions").json] == [2, 1]


@pytest.mark.parametrize(
    ("blocks", "field", "detail"),
    [
        ([], "blocks", ""),
        ([{}], "blocks.0.part_id", "either part_id, or role and content"),
        ([{"part_id": 1, "content": "x"}], "blocks.0.part_id", "either"),
        ([{"content": "x"}], "blocks.0.role", "needs a role"),
        ([{"role": "boss", "content": "x"}], "blocks.0.role", ""),
        ([{"role": "user", "content": " "}], "blocks.0.content", "is empty"),
        ([BLOCKS[0], {"role": "user", "content": "a\n{{ b"}], "blocks.1.content", "Block 2, line 2"),
        ([{"role": "user", "content": "{{ a.__class__ }}"}], "blocks.0.content", "“.__class__” is not possible"),
        ([{"role": "user", "content": "{% for i in range(9) %}{% endfor %}"}], "blocks.0.content", "over one variable"),
        ([{"part_id": 999999}], "blocks.0.part_id", "there is no part 999999"),
        ([{"role": "system", "content": "Be brief."}], "blocks", "System text alone asks nothing"),
        ([{"role": "user", "content": "Go.", "enabled": False}], "blocks", "System text alone asks nothing"),
        ([{"role": "user", "content": "x"}] * 101, "blocks", ""),
        ("x", "blocks", ""),
        ([7], "blocks.0._schema", ""),
    ],
)  # fmt: skip
def test_blocks_that_cannot_be_asked_are_refused_at_their_place(
    program: Program, ada: User, blocks: Any, field: str, detail: str
) -> None:
    answer = program(ada).post("/llm/templates", TEMPLATE | {"blocks": blocks})
    assert answer.status_code == (404 if "there is no" in detail else 422), answer.json
    assert list(answer.json["errors"]) == [field]
    assert detail in answer.json["errors"][field][0]


def test_a_part_speaks_with_another_role_where_a_block_says_so(program: Program, ada: User) -> None:
    api = program(ada)
    part = api.post("/llm/parts", {"name": "P", "kind": "system", "role": "system", "content": "Go."}).json
    template = api.post("/llm/templates", {"name": "T", "blocks": [{"part_id": part["id"], "role": "user"}]}).json
    messages = api.post(f"/llm/templates/{template['id']}/preview", {"inputs": {}}).json["messages"]
    assert [(m["role"], m["content"]) for m in messages] == [("user", "Go.")]


def test_an_archived_part_cannot_be_put_to_use(program: Program, ada: User) -> None:
    api = program(ada)
    part = api.post("/llm/parts", {"name": "P", "kind": "task", "role": "user", "content": "Go."}).json
    with_part = [{"part_id": part["id"]}]
    place = f"/llm/templates/{api.post('/llm/templates', {'name': 'T', 'blocks': with_part}).json['id']}"
    api.patch(place, {"blocks": BLOCKS})
    api.delete(f"/llm/parts/{part['id']}")
    assert api.post("/llm/templates", {"name": "U", "blocks": with_part}).status_code == 409
    refused = api.put(f"{place}/published", {"version": 1})
    assert refused.status_code == 409 and "“P”" in refused.json["detail"]


def test_an_archived_template_answers_no_more_and_can_come_back(program: Program, ada: User) -> None:
    api = program(ada)
    place = f"/llm/templates/{api.post('/llm/templates', TEMPLATE).json['id']}"
    assert api.delete(place).status_code == 204
    assert api.get("/llm/templates").json == []
    assert api.post(f"{place}/preview", {"inputs": {"basic_idea": "x"}}).status_code == 409
    assert api.post(f"{place}/restoration").json["archived_at"] is None
    assert api.post(f"{place}/preview", {"inputs": {"basic_idea": "x"}}).status_code == 200


def test_everybody_reads_and_previews_and_only_admins_change(
    program: Program, ada: User, alice: User, charlie: User
) -> None:
    place = f"/llm/templates/{program(ada).post('/llm/templates', TEMPLATE).json['id']}"
    for person in (alice, charlie):
        api = program(person)
        assert api.get(place).status_code == 200
        assert api.post(f"{place}/preview", {"inputs": {"basic_idea": "x"}}).status_code == 200
        for answer in (
            api.post("/llm/templates", TEMPLATE), api.patch(place, {"name": "x"}), api.delete(place),
            api.post(f"{place}/versions", {"blocks": BLOCKS}), api.put(f"{place}/published", {"version": 1}),
            api.post(f"{place}/restoration"),
        ):  # fmt: skip
            assert answer.status_code == 403
