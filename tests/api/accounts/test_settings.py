from __future__ import annotations

from collections.abc import Callable
from typing import Any

from blogforge_llm.records.accounts import User
from blogforge_llm.services.accounts import settings

Program = Callable[[User], Any]


def test_an_admin_reads_and_sets_a_setting(program: Program, ada: User) -> None:
    api = program(ada)
    assert {setting["key"] for setting in api.get("/settings?page_size=100").json} == set(settings.KNOWN)

    assert {setting["key"] for setting in api.get("/settings").json} >= {"cors_origins", "forbid_private_addresses"}
    answer = api.put("/settings/cors_origins", {"value": ["https://example.org/"]})
    assert (answer.status_code, answer.json["value"]) == (200, ["https://example.org"])
    assert api.get("/settings/cors_origins").json == answer.json


def test_unknown_keys_wrong_types_and_other_roles_are_refused(program: Program, ada: User, alice: User) -> None:
    api = program(ada)
    assert api.put("/settings/nothing", {"value": 1}).status_code == 404
    assert api.get("/settings/nothing").status_code == 404
    for value in ("https://example.org", ["*"], None, {"a": ["\x00"]}):
        answer = api.put("/settings/cors_origins", {"value": value})
        assert answer.status_code == 422 and "value" in answer.json["errors"]
    assert api.put("/settings/cors_origins", {}).status_code == 422
    for value in (True, "1", 1.0, -1, 11, 10**30, None):
        assert api.put("/settings/trusted_proxies", {"value": value}).status_code == 422
    for answer in (program(alice).get("/settings"), program(alice).put("/settings/cors_origins", {"value": []})):
        assert answer.status_code == 403
