"""Posts and the workflow over the API."""

from __future__ import annotations

import json

import pytest

from blogforge_llm.services.editorial import posts


def test_a_post_begins_with_an_idea(program, alice):
    api = program(alice)
    made = api.post("/posts", {"idea": "Kilts for weddings"})
    assert made.status_code == 201
    assert (made.json["title"], made.json["slug"], made.json["created_by"]) == (
        "Kilts for weddings", "kilts-for-weddings", "Alice",
    )  # fmt: skip
    assert api.get(f"/posts/{made.json['id']}").json == made.json
    assert api.get(f"/posts/{made.json['id']}/fields/idea_seed").json["text"] == "Kilts for weddings"


@pytest.mark.parametrize("body", [{}, {"idea": ""}, {"idea": "a\x00"}, {"idea": 5}, {"idea": "x" * 200_001}, {"no": 1}])
def test_what_is_no_idea_is_a_problem_of_that_field(program, alice, body):
    answer = program(alice).post("/posts", body)
    assert answer.status_code == 422
    assert set(answer.json["errors"]) <= {"idea", "no"}
    assert answer.content_type == "application/problem+json"


def test_a_repeated_post_with_the_same_key_makes_one_post(program, alice):
    api, key = program(alice), {"Idempotency-Key": "k1"}
    first = api.post("/posts", {"idea": "kilts"}, headers=key)
    assert api.post("/posts", {"idea": "kilts"}, headers=key).json == first.json
    assert len(api.get("/posts").json) == 1


def test_posts_are_listed_by_page_and_found_by_words(program, alice):
    api = program(alice)
    for idea in ("Kilts for weddings", "Kilts at work", "Haggis"):
        api.post("/posts", {"idea": idea})
    page = api.get("/posts?page_size=2")
    assert [post["title"] for post in page.json] == ["Haggis", "Kilts at work"]
    assert json.loads(page.headers["X-Pagination"])["total"] == 3
    assert [post["title"] for post in api.get("/posts?q=wed").json] == ["Kilts for weddings"]
    assert page.json[0]["words"] == 1
    assert page.json[0]["stages"][0] == {"key": "planning", "name": "Planning", "filled": 1, "total": 9}


def test_a_post_is_deleted_and_restored(program, alice, bob):
    post_id = program(alice).post("/posts", {"idea": "kilts"}).json["id"]
    assert program(bob).delete(f"/posts/{post_id}").status_code == 204
    assert program(bob).get("/posts").json == []
    assert [post["id"] for post in program(bob).get("/posts?deleted=true").json] == [post_id]
    assert program(alice).get(f"/posts/{post_id}").json["deleted_at"] is not None
    assert program(alice).post(f"/posts/{post_id}/restore").json["deleted_at"] is None


def test_a_viewer_reads_but_does_not_write(conn, program, alice, charlie):
    post = posts.create(conn, actor=alice, idea="kilts")
    api = program(charlie)
    assert api.get(f"/posts/{post.id}").status_code == 200
    assert api.post("/posts", {"idea": "x"}).status_code == 403
    assert api.delete(f"/posts/{post.id}").status_code == 403


@pytest.mark.parametrize("post_id", [0, 2**62, 10**30])
def test_an_unknown_post_is_not_found(program, alice, post_id):
    for path in (f"/posts/{post_id}", f"/posts/{post_id}/fields", f"/posts/{post_id}/fields/tags/revisions"):
        assert program(alice).get(path).status_code == 404
    assert program(alice).delete(f"/posts/{post_id}").status_code == 404


def test_the_workflow_has_three_stages_ten_steps_and_their_fields(program, charlie):
    api = program(charlie)
    assert [stage["key"] for stage in api.get("/workflow/stages").json] == ["planning", "authoring", "publishing"]
    steps = api.get("/workflow/substages").json
    assert [step["key"] for step in steps] == [
        "idea", "research", "structure", "sections", "content", "meta_info", "images", "preflight", "launch",
        "syndication",
    ]  # fmt: skip
    assert (steps[0]["stage"], steps[0]["icon"]) == ("planning", "lightbulb")
    fields = api.get("/workflow/fields?page_size=3&page=2")
    assert [field["key"] for field in fields.json] == ["idea_scope", "topics_to_cover", "interesting_facts"]
    assert json.loads(fields.headers["X-Pagination"])["total"] == 42
