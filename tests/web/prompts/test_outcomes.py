"""The outcome pages and their API."""

from __future__ import annotations

from blogforge_llm.services.editorial import suggestions
from tests import factories
from tests.services.prompts.test_outcomes import accept, ask, models, post, template  # noqa: F401


def test_without_suggestions_the_pages_say_where_they_come_from(browse, charlie, template):  # noqa: F811
    assert "Nothing was offered yet" in browse(charlie).get("/llm/outcomes").text
    assert "stand-ins are on the other tab" in browse(charlie).get(f"/llm/templates/{template.id}/outcomes").text
    page = browse(charlie).get(f"/llm/templates/{template.id}/outcomes?fallbacks=1").text
    assert "are counted here once a model has answered" in page
    assert browse(charlie).get("/llm/templates/987654/outcomes").status_code == 404


def test_the_picture_and_the_table_say_the_same(conn, browse, alice, post, template, models):  # noqa: F811
    ids = [ask(conn, alice, post, models[0]) for _ in range(2)]
    suggestions.discard(conn, actor=alice, suggestion_id=ids[0])
    accept(conn, alice, ids[1])
    page = browse(alice).get(f"/llm/templates/{template.id}/outcomes").text
    assert "<svg" in page and "1 of 2" in page and "50%" in page and "9–91%" in page
    assert "llama" in page and "In use" in page
    assert template.name in browse(alice).get("/llm/outcomes").text


def test_programs_read_the_same(conn, program, alice, post, template, models):  # noqa: F811
    accept(conn, alice, ask(conn, alice, post, models[0]), "Something else entirely.")
    api = program(alice)
    (row,) = api.get(f"/llm/templates/{template.id}/outcomes").json
    assert (row["model"], row["version"], row["used"]["count"], row["is_fallback"]) == ("llama", 1, 1, False)
    assert row["edit_distance"]["of"] == 1 and row["edit_distance"]["low"] is None
    assert api.get("/llm/outcomes?fallbacks=true").json[0]["template_id"] == template.id
    assert api.get(f"/llm/templates/{template.id}/outcomes?by=colour").status_code == 422
    assert api.get("/llm/templates/987654/outcomes").status_code == 404


def test_accepting_puts_the_others_away_and_says_so_with_an_undo(conn, browse, program, alice, post):  # noqa: F811
    ids = [factories.make_suggestion(conn, post=post, actor=alice) for _ in range(3)]
    htmx = {"HX-Request": "true"}
    page = browse(alice).post(f"/suggestions/{ids[0]}/acceptance", data={"base_revision": ""}, headers=htmx).text
    assert "The other 2 are put away" in page and f"/suggestions/{ids[0]}/reopening" in page
    undone = browse(alice).post(f"/suggestions/{ids[0]}/reopening", headers=htmx).text
    assert all(f'id="suggestion-{each}"' in undone for each in ids)
    again = browse(alice).post(f"/suggestions/{ids[0]}/reopening", headers=htmx).text
    assert "nothing to undo" in again
    api = program(alice)
    assert api.post(f"/suggestions/{ids[0]}/reopen").status_code == 409
    base = api.get(f"/posts/{post.id}/fields/basic_idea").json["revision"]
    assert api.post(f"/suggestions/{ids[0]}/accept", {"base_revision": base}).status_code == 200
    assert api.get(f"/suggestions/{ids[1]}").json["passed_over_for"] == ids[0]
    assert api.post(f"/suggestions/{ids[0]}/reopen").json["status"] == "pending"
