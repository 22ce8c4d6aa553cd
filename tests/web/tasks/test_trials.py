"""The task runner by its forms, as a browser without JavaScript sends them, and by the parts htmx asks for."""

from __future__ import annotations

import html
import re

import pytest

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.records.prompts import Template
from blogforge_llm.services.editorial import fields, posts, suggestions
from blogforge_llm.services.prompts import templates
from blogforge_llm.services.tasks import tasks, trials
from tests import factories
from tests.services.prompts.factories import inline, make_template

HTMX = {"HX-Request": "true"}


@pytest.fixture
def models(conn: db.Connection) -> list[int]:
    found = [factories.make_model(conn, name="llama"), factories.make_model(conn, name="qwen")]
    factories.make_route(conn, model_ids=found)
    return found


@pytest.fixture
def template(conn: db.Connection, ada: User) -> Template:
    return make_template(conn, ada, inline("Shorten {{ basic_idea }}."))


def form(chosen: Template, **more):
    return {"template": chosen.id, "of": chosen.id, "input-basic_idea": "a <b>guide</b>", "ask": "default"} | more


def run(browser, template: Template, **more) -> str:
    answer = browser.post("/llm/trials", data=form(template, **more))
    assert answer.status_code == 303, answer.text
    return answer.location


def end(conn: db.Connection, task_id: int, output: str) -> None:
    conn.execute(
        "UPDATE tasks SET status = 'succeeded', output = %s, served_by_model_id = (SELECT min(id) FROM models) "
        "WHERE id = %s", (output, task_id),
    )  # fmt: skip


def test_without_templates_the_page_says_where_they_come_from(browse, ada, charlie):
    assert "There is no template to run" in browse(ada).get("/llm/trials").text
    assert "New template" not in browse(charlie).get("/llm/trials").text


def test_the_page_shows_the_exact_messages_before_anything_is_asked(conn, browse, alice, template, models):
    answer = browse(alice).post("/llm/trials/draft", data=form(template, do="template"))
    assert "Shorten a &lt;b&gt;guide&lt;/b&gt;." in answer.text
    part = browse(alice).post("/llm/trials/draft/preview", data=form(template), headers=HTMX).text
    assert part.lstrip().startswith('<section class="stack stack--tight" id="trial-preview"')
    assert trials.list_(conn, actor=alice) == []


def test_two_are_run_side_by_side(conn, browse, alice, template, models):
    browser = browse(alice)
    page = browser.get(run(browser, template, ask=["default", f"model:{models[1]}"], times="2")).text
    (row,) = trials.list_(conn, actor=alice)
    assert len(row.tasks) == 4
    assert page.count('class="card stack stack--tight trial-column"') == 4
    assert page.count("aria-busy") == 4 and "Stop all" in page and "qwen on" in page


def test_a_post_fills_the_boxes_and_they_stay_editable(conn, browse, alice, template, models):
    post = posts.create(conn, actor=alice, idea="kilts")
    fields.save(conn, actor=alice, post_id=post.id, field_key="basic_idea", text="A kilt guide.", base_revision_id=None)
    page = browse(alice).post("/llm/trials/draft", data=form(template, do="fill", post=post.id)).text
    box = re.search(r'<textarea[^>]*name="input-basic_idea"[^>]*>\n(.*?)</textarea>', page, re.S)
    assert box and box[1] == "A kilt guide." and "readonly" not in box[0]
    assert "A kilt guide." in browse(alice).get(f"/llm/trials?template={template.id}&post={post.id}").text


def test_messages_edited_for_one_run_are_marked_everywhere(conn, browse, alice, template, models):
    browser = browse(alice)
    page = browser.post("/llm/trials/draft", data=form(template, do="edit")).text
    assert "Edited for this run" in page and 'name="message-content"' in page
    edited = {"message-role": "user", "message-content": "Shorten it a lot."}
    where = run(browser, template, **edited)
    (row,) = trials.list_(conn, actor=alice)
    for path in (where, f"/llm/tasks/{row.tasks[0].id}"):
        assert "Edited prompt" in browser.get(path).text
    assert "edited" in browser.get("/llm/tasks").text
    back = browser.post("/llm/trials/draft", data=form(template, do="unedit", **edited)).text
    assert "Edited for this run" not in back


def test_what_is_missing_stands_beside_its_box_with_all_that_was_typed(browse, alice, template, models):
    answer = browse(alice).post("/llm/trials", data=form(template, **{"input-basic_idea": " ", "temperature": "0.4"}))
    assert answer.status_code == 422
    assert "The template needs it, and it is empty." in answer.text and 'value="0.4"' in answer.text
    assert 'href="#f-input-basic_idea"' in answer.text
    for more in ({"temperature": "hot"}, {"ask": "model:x"}, {"times": "9"}, {"template": ""}, {"deadline_s": "0"}):
        assert browse(alice).post("/llm/trials", data=form(template, **more)).status_code == 422


def test_another_template_forgets_the_version_of_the_one_before(browse, ada, conn, template, models):
    other = make_template(conn, ada, inline("Praise {{ main_title }}."))
    page = browse(ada).post("/llm/trials/draft", data=form(other, of=template.id, version=7, do="template")).text
    assert 'name="input-main_title"' in page and "input-basic_idea" not in page


def test_an_answer_comes_alone_once_it_is_there(conn, browse, alice, template, models):
    browser = browse(alice)
    where = run(browser, template)
    (row,) = trials.list_(conn, actor=alice)
    task_id = row.tasks[0].id
    end(conn, task_id, "<script>alert(1)</script>")
    part = browser.get(f"{where}/tasks/{task_id}", headers=HTMX).text
    assert part.lstrip().startswith('<article class="card') and "aria-busy" not in part
    assert "&lt;script&gt;" in part and "Save to a field" in part
    assert browser.get(f"{where}/tasks/{task_id}").status_code == 303
    assert browser.get(f"{where}/tasks/987654", headers=HTMX).status_code == 404


def test_stop_and_retry_stay_on_the_page(conn, browse, alice, bob, template, models):
    browser = browse(alice)
    where = run(browser, template)
    task_id = trials.list_(conn, actor=alice)[0].tasks[0].id
    assert browse(bob).post(f"{where}/tasks/{task_id}/cancellation").status_code == 404
    assert browser.post(f"{where}/tasks/{task_id}/cancellation").location.startswith(where)
    assert tasks.get(conn, task_id=task_id).status == "cancelled"
    assert "Retry" in browser.get(where).text
    assert browser.post(f"{where}/tasks/{task_id}/retry", headers=HTMX).status_code == 200
    assert browser.post(f"{where}/cancellation").status_code == 303
    assert browser.post(f"{where}/tasks/{task_id}/cancellation", headers=HTMX).status_code == 200


def test_an_output_is_saved_by_accepting_it(conn, browse, alice, charlie, template, models):
    browser = browse(alice)
    post = posts.create(conn, actor=alice, idea="kilts")
    run(browser, template, post=post.id, as_of=10**9)
    task_id = trials.list_(conn, actor=alice)[0].tasks[0].id
    end(conn, task_id, "A short guide.")
    path = f"/llm/tasks/{task_id}/suggestion"
    assert browse(charlie).get(f"{path}/new").status_code == 403
    assert f'<option value="{post.id}" selected' in browser.get(f"{path}/new").text
    assert browser.post(path, data={"post": post.id}).status_code == 422
    answer = browser.post(path, data={"post": post.id, "field": "basic_idea"})
    assert "/workflow/idea/" in answer.location
    (offered,) = suggestions.list_open(conn, post_id=post.id)
    assert (offered.output, offered.status) == ("A short guide.", "pending")
    again = browser.post(path, data={"post": post.id, "field": "basic_idea"})
    assert again.status_code == 409 and "offered to a field before" in again.text


def test_a_rerun_shows_the_changed_prompt_first_and_the_outputs_after(conn, browse, ada, alice, template, models):
    browser = browse(alice)
    run(browser, template)
    old = trials.list_(conn, actor=alice)[0].tasks[0].id
    end(conn, old, "A short guide.")
    path = f"/llm/tasks/{old}/rerun"
    assert "The prompt has not changed" in browser.get(path).text
    templates.update(conn, actor=ada, template_id=template.id, blocks=[inline("Praise {{ basic_idea }}.")])
    assert "Praise" in browser.get(path).text and "Run as it was" in browser.get(path).text
    where = browser.post(path, data={"prompt": "current"}).location
    new = int(where.rpartition("=")[2])
    assert "as soon as both are written" in browser.get(where).text
    end(conn, new, "A brief guide.")
    page = html.unescape(browser.get(where, headers=HTMX).text)
    assert "brief" in page and "<ins>" in page and "live:done" not in page
    assert browser.post(path, data={"prompt": "other"}).status_code == 422


def test_the_history_is_one_s_own_and_admins_may_see_all(browse, ada, alice, bob, template, models):
    where = run(browse(alice), template)
    assert where in browse(alice).get("/llm/trials").text
    for path in ("/llm/trials", "/llm/trials?all=1"):
        assert where not in browse(bob).get(path).text
    assert browse(bob).get(where).status_code == 404
    assert where in browse(ada).get("/llm/trials?all=1").text
