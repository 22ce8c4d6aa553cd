"""The pages on which admins edit the workflow, as a browser without JavaScript uses them, and as htmx does."""

from __future__ import annotations

import pytest

from blogforge_llm.services.editorial import actions, posts, workflow, workflow_fields
from tests.services.editorial.structure import write_post
from tests.services.prompts.factories import inline, make_template
from tests.web.editorial.pages import forms

HOME = "/settings/workflow"


@pytest.fixture
def post(conn, alice):
    return posts.create(conn, actor=alice, idea="kilts for weddings")


def substage_id(conn, key):
    return next(step.id for step in workflow.everything(conn).substages if step.key == key)


def field(conn, key):
    return workflow.get_field(conn, key=key)


def test_only_admins_reach_the_pages(conn, browse, ada, alice, charlie):
    pages = [
        HOME, f"{HOME}/stages/1", f"{HOME}/substages/1", f"{HOME}/fields/new", f"{HOME}/fields/1",
        f"{HOME}/fields/1/archival",
    ]  # fmt: skip
    for path in pages:
        assert browse(ada).get(path).status_code == 200, path
        assert browse(alice).get(path).status_code == 403, path
        assert browse(charlie).get(path).status_code == 403, path
    assert browse(ada).get(f"{HOME}/nothings/1/archival").status_code == 404
    assert browse(ada).get(f"{HOME}/fields/999999").status_code == 404
    assert browse(alice).post(f"{HOME}/fields/1", data={"name": "x"}).status_code == 403


def test_a_stage_a_step_and_a_field_are_added_and_asked_in_posts(conn, browse, ada, alice, post):
    page = browse(ada)
    stage = page.post(f"{HOME}/stages", data={"name": "Review"}, follow_redirects=False).location
    assert "No step yet" in page.get(stage).text
    step = page.post(f"{stage}/substages", data={"name": "Fact check", "icon": "check"}).location
    assert "No field yet" in page.get(step).text
    form = forms(page.get(f"{HOME}/fields/new?substage={step.rsplit('/', 1)[1]}"))[f"{HOME}/fields"]
    typed = {"key": "sources", "name": "Sources", "kind": "list", "scope": "post", "max_words": "1,200"}
    answer = page.post(
        f"{HOME}/fields", data=form | typed | {"substage_id": step.rsplit("/", 1)[1]}, follow_redirects=True
    )
    assert "“Sources” is added to Fact check." in answer.text and 'value="1200"' in answer.text
    shown = browse(alice).get(f"/workflow/fact_check/?post_id={post.id}").text
    assert "Sources" in shown and "0 of 1,200 words" in shown


def test_a_refused_field_gives_back_what_was_typed(conn, browse, ada):
    data = {"key": "Not Good", "name": "Mine", "kind": "text", "scope": "post", "help": "Keep me."}
    data["substage_id"] = str(substage_id(conn, "research"))
    answer = browse(ada).post(f"{HOME}/fields", data=data)
    assert answer.status_code == 422 and "A key is lower-case letters" in answer.text and "Keep me." in answer.text
    wrong = data | {"name": "", "max_length": "many", "max_words": "1.5", "substage_id": "0"}
    answer = browse(ada).post(f"{HOME}/fields", data=wrong)
    assert answer.status_code == 422
    for name in ("key", "name", "max_length", "max_words", "substage_id"):
        assert f'id="f-{name}-error"' in answer.text, name
    assert 'value="many"' in answer.text and "most characters is a whole number" in answer.text
    taken = browse(ada).post(f"{HOME}/fields", data=data | {"key": "idea_seed"})
    assert taken.status_code == 409 and 'id="f-key-error"' in taken.text
    assert browse(ada).post(f"{HOME}/fields", data={}).status_code == 422
    assert browse(ada).post(f"{HOME}/stages", data={"name": " "}).status_code == 422


def test_the_arrows_and_the_dragged_list_change_the_order(conn, browse, ada):
    page, step = browse(ada), substage_id(conn, "research")
    address = f"{HOME}/substages/{step}/order"
    ids = [field(conn, key).id for key in ("topics_to_cover", "interesting_facts")]
    seen = workflow.everything(conn).version
    assert page.post(address, data={"order": ids, "move": f"{ids[0]}:down", "version": seen}).status_code == 303
    keys = [each.key for each in workflow.list_fields(conn) if each.substage_key == "research"]
    assert keys == ["interesting_facts", "topics_to_cover"]
    stale = page.post(address, data={"order": ids, "version": seen})
    assert stale.status_code == 409 and "changed the workflow meanwhile" in stale.text
    fragment = page.post(address, data={"order": ids, "version": seen + 1}, headers={"HX-Request": "true"})
    assert fragment.status_code == 200 and "The order is saved" in fragment.headers["HX-Trigger"]
    assert page.post(address, data={"order": ["x"], "version": seen}).status_code == 422
    stages = [stage.id for stage in workflow.list_stages(conn)]
    data = {"order": stages[::-1], "version": seen + 2}
    assert page.post(f"{HOME}/order", data=data).location == HOME
    steps = [step.id for step in workflow.list_stages(conn)[-1].substages]
    data = {"order": steps[::-1], "version": seen + 3}
    assert page.post(f"{HOME}/stages/{stages[0]}/order", data=data).status_code == 303
    assert [step.id for step in workflow.list_stages(conn)[-1].substages] == steps[::-1]


def test_archiving_shows_first_what_it_changes_and_takes_it_back(conn, browse, ada, alice, post):
    write_post(conn, alice, post, "scheduling", "On Monday.")
    page, step = browse(ada), substage_id(conn, "launch")
    shown = page.get(f"{HOME}/substages/{step}/archival").text
    assert "Scheduling, Deployment, Verification" in shown and "1 text in 1 post" in shown
    assert page.post(f"{HOME}/substages/{step}/archival").location == f"{HOME}/substages/{step}"
    moved = browse(alice).get(f"/workflow/launch/?post_id={post.id}", follow_redirects=True)
    assert moved.request.path == "/workflow/syndication/" and "was archived" in moved.text
    overview = browse(alice).get(f"/posts/{post.id}").text
    assert "Texts in archived fields (1)" in overview and "On Monday." in overview
    assert "On Monday." in browse(alice).get(f"/posts/{post.id}/fields/scheduling/revisions").text
    stage = workflow.list_stages(conn)[-1].id
    assert 'aria-label="Bring back Launch"' in page.get(f"{HOME}/stages/{stage}").text
    page.post(f"{HOME}/substages/{step}/restoration")
    assert "On Monday." in browse(alice).get(f"/workflow/launch/?post_id={post.id}").text


def test_what_prompts_need_is_refused_with_their_names(conn, browse, ada):
    made = workflow_fields.create(
        conn, actor=ada, substage_id=substage_id(conn, "idea"), key="needed", name="Needed", kind="text"
    )
    make_template(conn, ada, inline("From {{ needed }}"), name="The asker")
    address = f"{HOME}/fields/{made.id}/archival"
    assert "The asker" in browse(ada).get(address).text
    answer = browse(ada).post(address)
    assert answer.status_code == 409 and "Prompts still need" in answer.text


def test_who_still_had_an_archived_field_open_gets_the_typed_text_back(conn, browse, ada, alice, post):
    page = browse(alice)
    form = forms(page.get(f"/workflow/launch/?post_id={post.id}"))[f"/posts/{post.id}/fields/scheduling"]
    browse(ada).post(f"{HOME}/substages/{substage_id(conn, 'launch')}/archival")
    for headers in ({}, {"HX-Request": "true"}):
        answer = page.post(form.action, data=form | {"text": "Typed too late."}, headers=headers)
        assert "Typed too late." in answer.text and "was archived" in answer.text
    json = {"Accept": "application/json"}
    saved = page.put(form.action, data=form | {"text": "Typed too late."}, headers=json)
    assert saved.status_code == 409 and "was archived" in saved.json["detail"]


def test_a_text_over_a_new_limit_stays_and_says_so(conn, browse, ada, alice, post):
    write_post(conn, alice, post, "self_review", "one two three")
    workflow_fields.update(conn, actor=ada, field_id=field(conn, "self_review").id, max_words=2)
    address = f"/workflow/preflight/?post_id={post.id}"
    shown = browse(alice).get(address)
    assert "3 of 2 words, 1 too many" in shown.text and "may get shorter step by step" in shown.text
    form = forms(shown)[f"/posts/{post.id}/fields/self_review"]
    answer = browse(alice).post(form.action, data=form | {"text": "one two three four"})
    assert answer.status_code == 422 and "at most 2 words; this has 4" in answer.text
    assert "one two three four" in answer.text


def test_a_text_of_lines_in_a_field_of_one_line_is_shown_whole(conn, browse, ada, alice, post):
    write_post(conn, alice, post, "self_review", "one\ntwo")
    workflow_fields.update(conn, actor=ada, field_id=field(conn, "self_review").id, kind="line", max_length=300)
    shown = browse(alice).get(f"/workflow/preflight/?post_id={post.id}")
    assert forms(shown)[f"/posts/{post.id}/fields/self_review"]["text"] == "one\ntwo"
    assert "several lines" in shown.text


def test_the_actions_of_a_field_are_put_in_order_on_its_page(conn, browse, ada):
    template, own = make_template(conn, ada, inline("Write.")), field(conn, "subtitle")
    ids = [
        actions.create(conn, actor=ada, field_id=own.id, name=name, template_id=template.id).id for name in ("A", "B")
    ]
    page = browse(ada)
    form = forms(page.get(f"{HOME}/fields/{own.id}"))[f"{HOME}/fields/{own.id}/actions/order"]
    data = {"order": ids, "move": f"{ids[1]}:up", "version": form["version"]}
    assert page.post(form.action, data=data).status_code == 303
    assert actions.get_default(conn, own.id).name == "B"
    assert page.post(form.action, data=data).status_code == 409


def test_names_are_shown_as_text(conn, browse, ada, alice, post):
    page, own = browse(ada), field(conn, "subtitle")
    form = forms(page.get(f"{HOME}/fields/{own.id}"))[f"{HOME}/fields/{own.id}"]
    name = "<script>alert(1)</script>"
    page.post(form.action, data={**form, "kind": "line", "name": name, "help": name, "substage_id": "5"})
    for path in (f"{HOME}/fields/{own.id}", f"{HOME}/fields/{own.id}/archival", f"/posts/{post.id}"):
        assert name not in page.get(path).text
