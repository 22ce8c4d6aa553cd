"""Pages of runs as each role sees them, and forms that come back with what was chosen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.records.editorial import Post
from blogforge_llm.services.editorial import actions, library, runs
from tests import factories
from tests.services.editorial.structure import make_post, write_post

Browse = Callable[[User | None], FlaskClient]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def post(conn: db.Connection, ada: User, alice: User) -> Post:
    library.import_(conn, actor=ada, library=library.starter())
    factories.make_route(conn, model_ids=[factories.make_model(conn, name="llama", provider="Groq")])
    post = make_post(conn, alice, "Origins", "<b>Tartans</b>")
    write_post(conn, alice, post, "basic_idea", "Kilts.")
    return post


def planned(conn: db.Connection, actor: User, post: Post) -> int:
    action = next(each.id for each in actions.list_(conn) if each.field_key == "section_draft")
    return runs.draft(conn, actor=actor, post_id=post.id, action_ids=[action]).id


def test_a_run_is_planned_started_and_stays_in_sight_on_the_posts_pages(
    conn: db.Connection, browse: Browse, alice: User, post: Post
) -> None:
    browser = browse(alice)
    form = {"scope": "substage:idea", "accepts": "empty"}
    answer = browser.post(f"/posts/{post.id}/runs", data=form)
    assert answer.status_code == 303
    page = browser.get(answer.location).text
    assert "Run ahead: Idea" in page and "What it will take" in page and "goes into the empty field" in page
    run = int(answer.location.rsplit("/", 1)[1])
    started = browser.post(f"/llm/batches/{run}/start?next={answer.location}")
    assert started.location == answer.location
    assert f"/posts/{post.id}/runs/{run}?brief=1" in browser.get(f"/workflow/content/?post_id={post.id}").text
    fragment = browser.get(f"/posts/{post.id}/runs/{run}", headers=HTMX).text
    assert "<html" not in fragment and "steps-of-run" in fragment
    assert "steps-of-run" not in browser.get(f"/posts/{post.id}/runs/{run}?brief=1", headers=HTMX).text


def test_planning_again_takes_the_place_of_ones_own_plan(
    conn: db.Connection, browse: Browse, alice: User, bob: User, post: Post
) -> None:
    browse(bob).post(f"/posts/{post.id}/runs", data={"scope": "post"})
    for scope in ("post", "substage:idea", "post"):
        last = browse(alice).post(f"/posts/{post.id}/runs", data={"scope": scope}).location
    found = runs.list_plans(conn, post_id=post.id)
    assert [(run.scope, run.batch.created_by_name) for run in found] == [
        ("post", "Alice"), ("substage:idea", "Alice"), ("post", "Bob"),
    ]  # fmt: skip
    assert last.endswith(str(found[0].id)) and runs.list_begun(conn, post_id=post.id) == []


def test_plans_stand_apart_from_runs_and_are_discarded_by_their_owner(
    conn: db.Connection, browse: Browse, alice: User, bob: User, post: Post
) -> None:
    run, browser = planned(conn, alice, post), browse(alice)
    page, address = f"/posts/{post.id}/runs", f"/llm/batches/{run}/deletion"
    text = browser.get(page).text
    assert "Planned, not started" in text and "No runs yet" in text and "forgotten after 7 days" in text
    assert address not in browse(bob).get(page).text and browse(bob).post(address).status_code == 404
    assert f"/llm/batches/{run}" not in browser.get("/llm/batches").text
    assert f"{address}?next={page}" in browser.get(f"{page}/{run}").text
    answer = browser.post(f"{address}?next={page}")
    assert (answer.status_code, answer.location) == (303, page)
    assert "Planned, not started" not in browser.get(page).text and browser.get(f"{page}/{run}").status_code == 404


def test_a_refused_plan_comes_back_with_what_was_chosen(browse: Browse, alice: User, post: Post) -> None:
    answer = browse(alice).post(f"/posts/{post.id}/drafts", data={"section_ids": [], "budget": "much"})
    assert answer.status_code == 422
    answer = browse(alice).post(f"/posts/{post.id}/drafts", data={"accepts": "empty"})
    assert answer.status_code == 422 and "Choose what should be written" in answer.text
    assert 'value="empty" aria-describedby="f-accepts-1-help" checked' in answer.text
    nothing = browse(alice).post(f"/posts/{post.id}/runs", data={"scope": "substage:structure", "accepts": "nothing"})
    assert nothing.status_code == 422 and "Topics to cover" in nothing.text


def test_others_see_a_run_without_its_buttons_and_viewers_plan_none(
    conn: db.Connection, browse: Browse, alice: User, bob: User, charlie: User, post: Post
) -> None:
    run = planned(conn, alice, post)
    address = f"/posts/{post.id}/runs/{run}"
    assert "Start" in browse(alice).get(address).text
    for other in (bob, charlie):
        page = browse(other).get(address)
        assert page.status_code == 200 and ">Start<" not in page.text
    assert browse(charlie).post(f"/posts/{post.id}/runs", data={"scope": "post"}).status_code == 403
    assert browse(charlie).get(f"/posts/{post.id}/drafts/new").status_code == 403
    assert "Show the plan" not in browse(charlie).get(f"/posts/{post.id}/runs").text
    assert browse(alice).get(f"/posts/{post.id + 1}/runs/{run}").status_code == 404


def test_a_way_back_never_leads_to_another_site(conn: db.Connection, browse: Browse, alice: User, post: Post) -> None:
    run = planned(conn, alice, post)
    assert browse(alice).post(f"/llm/batches/{run}/start?next=//evil.example/").location == "/"


def test_an_empty_post_says_what_to_do_before_drafting(
    conn: db.Connection, browse: Browse, alice: User, post: Post
) -> None:
    empty = make_post(conn, alice)
    assert "No sections yet" in browse(alice).get(f"/posts/{empty.id}/drafts/new").text
    assert "No runs yet" in browse(alice).get(f"/posts/{empty.id}/runs").text


def test_an_admin_says_where_a_person_must_choose(conn: db.Connection, browse: Browse, ada: User, post: Post) -> None:
    action = next(each for each in actions.list_(conn) if each.field_key == "main_title" and each.is_default)
    form = {"name": action.name, "template_id": action.template_id, "is_default": "1", "needs_choice": "1"}
    browse(ada).post(f"/llm/actions/{action.id}", data=form)
    assert actions.get(conn, action.id).needs_choice
    assert "a person chooses" in browse(ada).get("/llm/actions").text


def test_who_knows_the_batch_alone_is_led_to_the_run_in_its_post(
    conn: db.Connection, browse: Browse, alice: User, bob: User, post: Post
) -> None:
    run = planned(conn, alice, post)
    browser = browse(alice)
    assert f'href="/runs/{run}"' in browser.get(f"/llm/batches/{run}").text
    assert browser.get(f"/runs/{run}").location == f"/posts/{post.id}/runs/{run}"
    assert browse(bob).get(f"/runs/{run + 1}").status_code == 404


def test_a_field_that_was_put_away_stays_legible_in_the_run_that_asked_for_it(
    conn: db.Connection, browse: Browse, alice: User, post: Post
) -> None:
    run = planned(conn, alice, post)
    conn.execute(
        'UPDATE items SET subject = subject || \'{"field": "gone", "name": "Gone"}\' WHERE batch_id = %s', (run,)
    )
    page = browse(alice).get(f"/posts/{post.id}/runs/{run}")
    assert page.status_code == 200 and "S1: Gone" in page.text
