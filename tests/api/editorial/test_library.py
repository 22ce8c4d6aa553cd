from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from blogforge_llm.config import ROOT
from blogforge_llm.records.accounts import User
from tests.conftest import ApiClient

Program = Callable[[User], ApiClient]


def test_a_library_goes_in_and_comes_out_again(program: Program, ada: User) -> None:
    api = program(ada)
    starter = json.loads((ROOT / "library" / "editorial.json").read_text())
    report = api.post("/llm/library", starter)
    assert report.status_code == 200 and len(report.json["created"]) == 184 and report.json["kept"] == []
    exported = api.get("/llm/library").json
    assert [part["name"] for part in exported["parts"]] == [part["name"] for part in starter["parts"]]
    again = api.post("/llm/library", exported).json
    assert len(again["unchanged"]) == 184 and again["created"] == again["updated"] == again["kept"] == []


@pytest.mark.parametrize("body", [[], {}, 7, {"format": "x", "parts": [], "templates": [], "actions": []}])
def test_what_is_no_library_is_refused(program: Program, ada: User, body: Any) -> None:
    assert program(ada).post("/llm/library", body).status_code == 422


def test_only_admins_import(program: Program, alice: User, charlie: User) -> None:
    empty = {"format": "blogforge-library/1", "parts": [], "templates": [], "actions": []}
    for person in (alice, charlie):
        assert program(person).post("/llm/library", empty).status_code == 403
        assert program(person).get("/llm/library").json["parts"] == []


def test_a_dry_run_and_choices_go_through_the_api(program: Program, ada: User) -> None:
    api = program(ada)
    part = {"name": "Rules", "kind": "system", "role": "system", "content": "Be brief."}
    document = {"format": "blogforge-library/1", "parts": [part], "templates": [], "actions": []}
    assert api.post("/llm/library?dry_run=true", document).json["created"] == ["Part: Rules"]
    assert api.get("/llm/library").json["parts"] == []
    made = api.post("/llm/parts", part | {"content": "Ours."}).json
    report = api.post("/llm/library", document).json
    assert report["conflicts"] == [{"label": "Part: Rules", "reason": "edited here", "choice": "keep"}]
    chosen = api.post("/llm/library", document | {"choices": {"Part: Rules": "replace"}}).json
    assert chosen["replaced"] == ["Part: Rules"]
    assert api.get(f"/llm/parts/{made['id']}").json["content"] == "Be brief."
    assert api.post("/llm/library?on_conflict=burn", document).status_code == 422


def test_the_schema_is_served(program: Program, ada: User) -> None:
    answer = program(ada).get("/llm/library/schema")
    assert answer.content_type == "application/schema+json" and answer.json["title"].startswith("BlogForge library")
