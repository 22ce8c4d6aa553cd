from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from blogforge_llm.records.accounts import User
from tests.conftest import ApiClient

Program = Callable[[User], ApiClient]
PART = {"name": "Plain words", "kind": "style", "role": "system", "content": "Use short words.", "tags": ["voice"]}


def test_a_part_is_created_with_its_first_version_published(program: Program, ada: User) -> None:
    api = program(ada)
    created = api.post("/llm/parts", PART)
    assert created.status_code == 201
    part = api.get(f"/llm/parts/{created.json['id']}").json
    assert part == created.json
    assert {**PART, "version": 1, "latest_version": 1, "used_by": 0, "variable": None}.items() <= part.items()


def test_a_data_part_takes_its_variable_from_its_only_placeholder(program: Program, ada: User) -> None:
    part = {"name": "Idea", "kind": "data", "role": "user", "content": "The idea:\n{{ basic_idea }}"}
    created = program(ada).post("/llm/parts", part).json
    assert (created["variable"], created["label"], created["fence"]) == ("basic_idea", "Basic idea", "basic_idea")


def test_versions_wait_until_they_are_published(program: Program, ada: User) -> None:
    api = program(ada)
    place = f"/llm/parts/{api.post('/llm/parts', PART).json['id']}"
    added = api.post(f"{place}/versions", {"content": "Use few words.", "note": "Shorter"})
    assert added.status_code == 201 and added.json["number"] == 2 and not added.json["is_published"]
    assert added.json["role"] == "system" and added.json["created_by"] == "Ada"
    assert api.get(place).json["content"] == "Use short words."
    assert api.put(f"{place}/published", {"version": 2}).json["content"] == "Use few words."
    listed = api.get(f"{place}/versions")
    assert [version["number"] for version in listed.json] == [2, 1]
    assert '"total": 2' in listed.headers["X-Pagination"]
    assert api.put(f"{place}/published", {"version": 1}).json["version"] == 1


def test_unchanged_words_make_no_version(program: Program, ada: User) -> None:
    api = program(ada)
    place = f"/llm/parts/{api.post('/llm/parts', PART).json['id']}"
    assert api.post(f"{place}/versions", {"content": " Use short words.\r\n"}).json["number"] == 1
    api.post(f"{place}/versions", {"content": "Use few words."})
    assert api.post(f"{place}/versions", {"content": "Use few words."}).json["number"] == 2
    assert api.patch(place, {"content": "Use few words."}).json["version"] == 2
    assert len(api.get(f"{place}/versions").json) == 2


def test_other_facts_change_without_a_version(program: Program, ada: User) -> None:
    api = program(ada)
    place = f"/llm/parts/{api.post('/llm/parts', PART).json['id']}"
    changed = api.patch(
        place, {"name": "Few words", "tags": ["a", "b", "a"], "position": 3, "description": "Short."}
    ).json
    assert (changed["name"], changed["tags"], changed["position"], changed["version"]) == (
        "Few words",
        ["a", "b"],
        3,
        1,
    )


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "a\x00"}, "name"),
        ({"kind": "poem"}, "kind"),
        ({"role": "boss"}, "role"),
        ({"content": ""}, "content"),
        ({"content": "{{ broken"}, "content"),
        ({"content": "a\x00b"}, "content"),
        ({"content": "a\ud800b"}, "content"),
        ({"content": "x" * 100_001}, "content"),
        ({"content": 7}, "content"),
        ({"kind": "data"}, "variable"),
        ({"kind": "data", "variable": "no name"}, "variable"),
        ({"kind": "data", "variable": "x", "fence": "a>b"}, "fence"),
        ({"kind": "data", "variable": "x", "content": "{% for i in x %}{{ i }}{% endfor %}"}, "content"),
        ({"tags": ["x" * 51]}, "tags.0"),
        ({"tags": [str(n) for n in range(21)]}, "tags"),
        ({"position": -1}, "position"),
        ({"surprise": 1}, "surprise"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_by_field(program: Program, ada: User, change: dict[str, Any], field: str) -> None:
    answer = program(ada).post("/llm/parts", PART | change)
    assert answer.status_code == 422 and list(answer.json["errors"]) == [field], answer.json


def test_a_mistake_in_the_text_is_told_with_its_line(program: Program, ada: User) -> None:
    answer = program(ada).post("/llm/parts", PART | {"content": "One.\n{% if x %}"})
    assert "line 2" in answer.json["errors"]["content"][0]


def test_a_name_is_taken_in_any_case_until_its_part_is_archived(program: Program, ada: User) -> None:
    api = program(ada)
    part_id = api.post("/llm/parts", PART).json["id"]
    assert api.post("/llm/parts", PART | {"name": "PLAIN WORDS"}).status_code == 409
    assert api.delete(f"/llm/parts/{part_id}").status_code == 204
    assert api.post("/llm/parts", PART).status_code == 201
    assert api.post(f"/llm/parts/{part_id}/restoration").status_code == 409
    assert [part["id"] for part in api.get("/llm/parts?archived=true").json] == [part_id]


def test_a_part_in_use_is_not_archived_and_its_template_is_named(program: Program, ada: User) -> None:
    api = program(ada)
    part_id = api.post("/llm/parts", PART).json["id"]
    blocks = [{"part_id": part_id}, {"role": "user", "content": "Go."}]
    template = api.post("/llm/templates", {"name": "Opening lines", "blocks": blocks}).json
    refused = api.delete(f"/llm/parts/{part_id}")
    assert refused.status_code == 409 and "“Opening lines”" in refused.json["detail"]
    assert api.get(f"/llm/parts/{part_id}").json["used_by"] == 1
    api.patch(f"/llm/templates/{template['id']}", {"blocks": blocks[1:]})
    assert api.delete(f"/llm/parts/{part_id}").status_code == 204


def test_a_part_in_a_waiting_version_is_in_use_too(program: Program, ada: User) -> None:
    api = program(ada)
    part_id = api.post("/llm/parts", PART).json["id"]
    template = api.post("/llm/templates", {"name": "T", "blocks": [{"role": "user", "content": "Go."}]}).json
    blocks = [{"part_id": part_id}, {"role": "user", "content": "Go."}]
    api.post(f"/llm/templates/{template['id']}/versions", {"blocks": blocks})
    assert api.delete(f"/llm/parts/{part_id}").status_code == 409


def test_parts_are_found_by_words_kind_and_tag(program: Program, ada: User) -> None:
    api = program(ada)
    api.post("/llm/parts", PART)
    api.post("/llm/parts", {"name": "100%_sure", "kind": "task", "role": "user", "content": "Write."})
    for query, names in (
        ("q=SHORT", ["Plain words"]), ("q=%25_", ["100%_sure"]), ("q=%00", []), ("tag=%00", []),
        ("kind=task", ["100%_sure"]), ("tag=voice", ["Plain words"]), ("q=nothing", []),
    ):  # fmt: skip
        assert sorted(part["name"] for part in api.get(f"/llm/parts?{query}").json) == sorted(names), query
    assert api.get("/llm/parts?kind=poem").status_code == 422


def test_what_is_not_there_is_not_found(program: Program, ada: User) -> None:
    assert program(ada).get("/llm/parts/999999").status_code == 404
    assert program(ada).put("/llm/parts/999999/published", {"version": 1}).status_code == 404


def test_everybody_reads_and_only_admins_change(program: Program, ada: User, alice: User, charlie: User) -> None:
    place = f"/llm/parts/{program(ada).post('/llm/parts', PART).json['id']}"
    for person in (alice, charlie):
        api = program(person)
        assert api.get(place).status_code == api.get(f"{place}/versions").status_code == 200
        for answer in (
            api.post("/llm/parts", PART), api.patch(place, {"name": "x"}), api.delete(place),
            api.post(f"{place}/versions", {"content": "x"}), api.put(f"{place}/published", {"version": 1}),
            api.post(f"{place}/restoration"),
        ):  # fmt: skip
            assert answer.status_code == 403
