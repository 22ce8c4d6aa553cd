"""The audit log and the errors over the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.records.ops import ErrorSource
from blogforge_llm.services.ops import errors

Program = Callable[[User], Any]


def test_the_audit_log_comes_in_pages_and_with_filters(program: Program, ada: User) -> None:
    api = program(ada)
    for number in range(3):
        api.put("/settings/trusted_proxies", {"value": number + 1})
    first = api.get("/audit?noun=setting&limit=2").json
    assert [entry["changes"]["value"] for entry in first["items"]] == [[2, 3], [1, 2]]
    rest = api.get(f"/audit?noun=setting&limit=2&after={first['next']}").json
    assert [entry["changes"]["value"] for entry in rest["items"]] == [[0, 1]]
    assert rest["next"] is None
    assert api.get(f"/audit/{first['items'][0]['id']}").json == first["items"][0]
    assert api.get("/audit?since=2999-01-01T00:00:00Z").json["items"] == []


def test_an_error_is_listed_shown_and_resolved(program: Program, conn: db.Connection, ada: User) -> None:
    errors.note(KeyError("x"), source=ErrorSource.JOB)
    api = program(ada)
    (group,) = api.get("/errors?source=job").json
    assert (group["kind"], group["state"], group["occurrences"]) == ("KeyError", "open", 1)
    assert "KeyError" in api.get(f"/errors/{group['id']}").json["samples"][0]["trace"]
    assert api.patch(f"/errors/{group['id']}", {"state": "resolved"}).json["state"] == "resolved"
    assert api.get("/errors").json == []


def test_both_are_for_admins(program: Program, alice: User) -> None:
    for path in ("/audit", "/audit/1", "/errors", "/errors/1"):
        assert program(alice).get(path).status_code == 403
