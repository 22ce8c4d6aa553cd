"""The task runner: what is previewed is sent, edits are marked, columns are tasks, and a trial is its owner's."""

from __future__ import annotations

import pytest

from blogforge_llm import db
from blogforge_llm.errors import Conflict, Forbidden, Invalid, NotFound
from blogforge_llm.records.accounts import User
from blogforge_llm.records.prompts import Template
from blogforge_llm.records.tasks import TaskStatus
from blogforge_llm.services.editorial import fields, posts
from blogforge_llm.services.prompts import previews, resolver, templates
from blogforge_llm.services.tasks import tasks, trials
from blogforge_llm.services.tasks.asking import Whom
from tests import factories
from tests.services.prompts.factories import inline, make_template

DEFAULT: Whom = {"route_id": None, "model_id": None}


@pytest.fixture
def models(conn: db.Connection) -> list[int]:
    found = [factories.make_model(conn, name="llama"), factories.make_model(conn, name="qwen")]
    factories.make_route(conn, model_ids=found)
    return found


@pytest.fixture
def template(conn: db.Connection, ada: User) -> Template:
    return make_template(conn, ada, inline("Shorten {{ basic_idea }}."))


def run(conn: db.Connection, actor: User, template: Template, **options):
    values = {"template_id": template.id, "inputs": {"basic_idea": "a guide"}, "whom": [DEFAULT]} | options
    return trials.create(conn, actor=actor, **values)


def test_the_preview_is_what_every_column_sends(conn, alice, template, models):
    whom: list[Whom] = [DEFAULT, {"route_id": None, "model_id": models[1]}]
    trial = run(conn, alice, template, whom=whom, parameters={"temperature": 0.2})
    shown = previews.of_template(conn, template_id=template.id, inputs={"basic_idea": "a guide"}).messages
    for task in trial.tasks:
        assert task.messages == [{"role": m.role, "content": m.content} for m in shown]
        assert (task.parameters, task.is_override, task.status) == ({"temperature": 0.2}, False, TaskStatus.QUEUED)
    assert [task.model_id for task in trial.tasks] == [None, models[1]]


def test_any_version_can_be_run(conn, ada, alice, template, models):
    templates.update(conn, actor=ada, template_id=template.id, blocks=[inline("Praise {{ basic_idea }}.")])
    old, new = run(conn, alice, template, version=1), run(conn, alice, template)
    assert [trial.tasks[0].messages[0]["content"] for trial in (old, new)] == ["Shorten a guide.", "Praise a guide."]
    assert (old.tasks[0].template_number, new.tasks[0].template_number) == (1, 2)


def test_edited_messages_are_sent_as_they_are_and_marked(conn, alice, template, models):
    (task,) = run(conn, alice, template, override=[{"role": "user", "content": "Do {{ this }}."}]).tasks
    assert task.messages == [{"role": "user", "content": "Do {{ this }}."}]
    assert (task.is_override, task.template_id, task.inputs) == (True, template.id, {"basic_idea": "a guide"})


def test_an_edit_that_changes_nothing_is_no_override(conn, alice, template, models):
    (task,) = run(conn, alice, template, override=[{"role": "user", "content": "Shorten a guide."}]).tasks
    assert task.is_override is False


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"inputs": {}}, "inputs.basic_idea"),
        ({"inputs": {"basic_idea": "x", "foreign": "y"}}, "inputs.foreign"),
        ({"whom": []}, "ask"),
        ({"whom": [DEFAULT] * 5}, "ask"),
        ({"override": [{"role": "robot", "content": "x"}]}, "override.0.role"),
        ({"override": [{"role": "user", "content": "a\x00"}]}, "override.0.content"),
        ({"override": [{"role": "system", "content": "x"}]}, "messages"),
        ({"deadline_s": 0}, "deadline_s"),
    ],
)
def test_what_does_not_fit_is_named_and_nothing_is_asked(conn, alice, template, models, options, name):
    with pytest.raises(Invalid) as caught, conn.transaction():
        run(conn, alice, template, **options)
    assert name in caught.value.errors
    assert trials.list_(conn, actor=alice) == []


def test_an_archived_template_runs_in_no_version(conn, ada, alice, template, models):
    assert (template.id, template.name) in templates.list_names(conn)
    templates.archive(conn, actor=ada, template_id=template.id)
    assert template.id not in dict(templates.list_names(conn))
    for version in (None, 1):
        with pytest.raises(Conflict, match="archived"):
            run(conn, alice, template, version=version)


def test_a_post_fills_the_variables_as_automate_would(conn, ada, alice, models):
    template = make_template(conn, ada, inline("About {{ basic_idea }}: {{ interesting_facts }}"))
    post = posts.create(conn, actor=alice, idea="kilts")
    for key, text in (("basic_idea", "A guide."), ("interesting_facts", "one\ntwo")):
        fields.save(conn, actor=alice, post_id=post.id, field_key=key, text=text, base_revision_id=None)
    wanted = resolver.variables(conn, template.version_id)
    found = trials.material(conn, actor=alice, post_id=post.id, variables=wanted)
    assert found.texts == {"basic_idea": "A guide.", "interesting_facts": "one\ntwo"}
    (task,) = run(conn, alice, template, inputs=found.texts, post_id=post.id, as_of=found.as_of).tasks
    assert task.inputs["interesting_facts"] == ["one", "two"]


def test_a_trial_is_its_owner_s_and_admins_see_all(conn, ada, alice, bob, template, models):
    trial = run(conn, alice, template)
    with pytest.raises(NotFound):
        trials.get(conn, actor=bob, trial_id=trial.id)
    assert trials.get(conn, actor=ada, trial_id=trial.id) == trial
    assert trials.list_(conn, actor=bob, everybody=True) == []
    assert [row.id for row in trials.list_(conn, actor=ada, everybody=True)] == [trial.id]
    assert trials.list_(conn, actor=ada) == []


def test_the_history_is_read_by_cursor(conn, alice, template, models):
    made = [run(conn, alice, template).id for _ in range(3)]
    newest = trials.list_(conn, actor=alice, limit=2)
    older = trials.list_(conn, actor=alice, before_id=newest[-1].id, limit=2)
    assert [row.id for row in newest + older] == made[::-1]
    assert newest[0].tasks[0].template_name == template.name


def test_stopping_a_trial_stops_all_its_tasks(conn, alice, template, models):
    trial = trials.cancel(conn, actor=alice, trial_id=run(conn, alice, template, whom=[DEFAULT] * 3).id)
    assert {tasks.get(conn, task_id=task.id).status for task in trial.tasks} == {TaskStatus.CANCELLED}


def test_a_viewer_cannot_run(conn, charlie, template, models):
    with pytest.raises(Forbidden):
        run(conn, charlie, template)
