"""Fields over the API: read, written over a named revision, their history."""

from __future__ import annotations

import pytest

from blogforge_llm.records.editorial import Post
from blogforge_llm.services.editorial import posts


@pytest.fixture
def post(conn, alice) -> Post:
    return posts.create(conn, actor=alice, idea="kilts for weddings")


@pytest.fixture
def address(post) -> str:
    return f"/posts/{post.id}/fields/basic_idea"


def test_a_field_is_written_over_the_revision_it_was_read_at(program, alice, address):
    api = program(alice)
    empty = api.get(address).json
    assert (empty["text"], empty["revision"], empty["kind"], empty["substage"]) == ("", None, "text", "idea")
    first = api.put(address, {"text": "one", "base_revision": None})
    assert first.status_code == 200
    second = api.put(address, {"text": "one two", "base_revision": first.json["revision"]})
    assert (second.json["text"], second.json["words"], second.json["updated_by"]) == ("one two", 2, "Alice")
    assert api.get(address).json == second.json


def test_a_stale_base_is_a_conflict_that_tells_what_is_there(program, alice, bob, address):
    first = program(alice).put(address, {"text": "one", "base_revision": None}).json
    theirs = program(bob).put(address, {"text": "two", "base_revision": first["revision"]}).json
    answer = program(alice).put(address, {"text": "three", "base_revision": first["revision"]})
    assert answer.status_code == 409
    assert answer.json["current"] == {
        "revision": theirs["revision"], "text": "two", "by": "Bob", "at": answer.json["current"]["at"],
    }  # fmt: skip


def test_the_base_must_be_named(program, alice, address):
    answer = program(alice).put(address, {"text": "one"})
    assert answer.status_code == 428
    assert "base_revision" in answer.json["detail"]


def test_the_same_text_again_is_no_conflict(program, alice, address):
    first = program(alice).put(address, {"text": "one", "base_revision": None}).json
    again = program(alice).put(address, {"text": "one", "base_revision": None})
    assert (again.status_code, again.json["revision"]) == (200, first["revision"])


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b", "x" * 1_048_576, None, 5])
def test_text_that_cannot_be_kept_is_a_problem_of_that_field(program, alice, address, text):
    answer = program(alice).put(address, {"text": text, "base_revision": None})
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == ["text"]


def test_all_fields_are_listed_in_the_order_of_the_workflow(program, charlie, post):
    listed = program(charlie).get(f"/posts/{post.id}/fields").json
    assert len(listed) == 32
    assert [field["key"] for field in listed[:2]] == ["idea_seed", "basic_idea"]
    assert listed[0]["text"] == "kilts for weddings"


def test_an_unknown_field_is_not_found(program, alice, post):
    assert program(alice).get(f"/posts/{post.id}/fields/nothing").status_code == 404
    body = {"text": "x", "base_revision": None}
    assert program(alice).put(f"/posts/{post.id}/fields/nothing", body).status_code == 404


def test_a_viewer_does_not_write(program, charlie, address):
    assert program(charlie).put(address, {"text": "one", "base_revision": None}).status_code == 403


def test_history_is_read_by_cursor_and_restored(program, alice, address):
    api, base = program(alice), None
    for text in ("one", "two", "three"):
        base = api.put(address, {"text": text, "base_revision": base}).json["revision"]
    page = api.get(f"{address}/revisions?limit=2").json
    assert [revision["text"] for revision in page["items"]] == ["three", "two"]
    rest = api.get(f"{address}/revisions?limit=2&after={page['next']}").json
    assert ([revision["text"] for revision in rest["items"]], rest["next"]) == (["one"], None)
    oldest = rest["items"][0]
    assert (oldest["origin"], oldest["user"], oldest["base_revision"]) == ("typed", "Alice", None)
    restoring = f"{address}/revisions/{oldest['id']}/restore"
    assert api.post(restoring, {}).status_code == 428
    assert api.post(restoring, {"base_revision": oldest["id"]}).status_code == 409
    assert api.post(restoring, {"base_revision": base}).json["text"] == "one"


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "after=0", "after=x", f"after={10**30}"])
def test_a_cursor_that_makes_no_sense_is_refused(program, alice, address, query):
    assert program(alice).get(f"{address}/revisions?{query}").status_code == 422
