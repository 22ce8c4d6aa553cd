"""Receipts, stale texts and the whole article over the API."""

from __future__ import annotations

import pytest

from tests.services.editorial.asking import let_in, make_action, make_route
from tests.services.editorial.structure import find, make_post, write, write_post

TITLE = "provisional_title"


@pytest.fixture
def post(conn, ada, alice):
    """Its title, and the draft of its section, were made from another basic idea."""
    post = make_post(conn, alice, "Origins")
    make_action(conn, ada, "A title for {{ basic_idea }}", TITLE)
    make_action(conn, ada, "Write on {{ section_heading }} for {{ basic_idea }}", "section_draft")
    model = make_route(conn)
    write_post(conn, alice, post, "basic_idea", "Kilts.")
    let_in(conn, alice, post, model, "On kilts", field_key=TITLE)
    section_id = find(conn, post, "Origins").id
    let_in(conn, alice, post, model, "A draft.", section_id=section_id, field_key="section_draft")
    write_post(conn, alice, post, "basic_idea", "Hats.")
    return post


def addresses(conn, post):
    return f"/posts/{post.id}/fields/{TITLE}", f"/sections/{find(conn, post, 'Origins').id}/fields/section_draft"


def test_a_field_says_why_it_is_stale_until_that_is_dismissed(conn, program, bob, charlie, post):
    for address in addresses(conn, post):
        (source,) = program(charlie).get(address).json["stale"]
        assert (source["variable"], source["changed_by"]) == ("basic_idea", "Alice")
        assert source["reason"] == "“Basic idea” changed after this was written."
        listed = program(charlie).get(address.rsplit("/", 1)[0]).json
        assert [field["key"] for field in listed if field["stale"]] == [address.rsplit("/", 1)[1]]
        assert program(charlie).post(f"{address}/dismissal").status_code == 403
        assert program(bob).post(f"{address}/dismissal").json["stale"] == []
        assert program(charlie).get(address).json["stale"] == []
    (row,) = [row for row in program(bob).get("/posts").json if row["id"] == post.id]
    assert row["stale"] == 0


def test_a_receipt_tells_prompt_model_sources_and_acceptance(conn, program, charlie, post):
    for address in addresses(conn, post):
        receipt = program(charlie).get(f"{address}/receipt").json
        making = receipt["making"]
        assert (making["suggestion"]["model"], making["template"]["version"]) == ("llama", 1)
        assert "basic_idea" in [source["variable"] for source in making["sources"] if source["is_changed"]]
        assert (making["accepted"]["user"], making["accepted_share"], receipt["before"]) == ("Alice", 0, None)
    assert program(charlie).get(f"/posts/{post.id}/fields/subtitle/receipt").status_code == 404


def test_a_text_is_called_done_by_its_revision(conn, program, alice, charlie, post):
    for address in addresses(conn, post):
        revision = program(alice).get(address).json["revision"]
        assert program(charlie).put(f"{address}/completion", {"revision": revision}).status_code == 403
        assert program(alice).put(f"{address}/completion", {"revision": revision + 999}).status_code == 409
        assert program(alice).put(f"{address}/completion", {"revision": revision}).status_code == 204
        program(alice).post(f"{address}/dismissal")
    overview = program(charlie).get(f"/posts/{post.id}/overview").json
    assert overview["counts"]["done"] == 2 and overview["stale"] == 0
    for address in addresses(conn, post):
        assert program(alice).delete(f"{address}/completion").status_code == 204
    assert program(charlie).get(f"/posts/{post.id}/overview").json["counts"]["done"] == 0


def test_the_article_is_read_and_compared(conn, program, alice, charlie, post):
    api = program(charlie)
    first = write_post(conn, alice, post, "conclusion", "The end.")
    second = write(conn, alice, find(conn, post, "Origins"), "A longer draft.")
    article = api.get(f"/posts/{post.id}/article").json
    assert [passage["text"] for passage in article["passages"]] == ["A longer draft.", "The end."]
    (difference,) = api.get(f"/posts/{post.id}/comparison?from={first.id}&to={second.id}").json
    assert (difference["section"], difference["before"], difference["after"]) == ("S1", "A draft.", "A longer draft.")
    assert api.get(f"/posts/{post.id}/comparison?from=1").status_code == 404
    assert api.get(f"/posts/{post.id}/comparison?from=x").status_code == 422
    assert api.get("/posts/999999999/overview").status_code == 404
