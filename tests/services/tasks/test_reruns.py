"""An old task again, and what differs."""

from __future__ import annotations

import pytest

from blogforge_llm import db
from blogforge_llm.engine.types import Message, Parameters
from blogforge_llm.errors import Conflict, Invalid
from blogforge_llm.records.accounts import User
from blogforge_llm.records.prompts import Template
from blogforge_llm.records.tasks import Task
from blogforge_llm.services.prompts import templates
from blogforge_llm.services.tasks import asking, comparisons, reruns, tasks
from blogforge_llm.services.tasks.reruns import Prompt
from tests import factories
from tests.services.prompts.factories import inline, make_template


@pytest.fixture
def template(conn: db.Connection, ada: User) -> Template:
    factories.make_route(conn, model_ids=[factories.make_model(conn)])
    return make_template(conn, ada, inline("Shorten {{ basic_idea }} please."))


def ask(conn: db.Connection, actor: User, template: Template, **options) -> Task:
    values = {"template_id": template.id, "inputs": {"basic_idea": "a guide"}, "parameters": {"seed": 3}}
    return asking.create(conn, actor=actor, **values | options)


def change(conn: db.Connection, ada: User, template: Template, text: str) -> None:
    templates.update(conn, actor=ada, template_id=template.id, blocks=[inline(text)])


def test_as_it_was_is_the_same_bytes_whatever_the_template_says_now(conn, ada, alice, template):
    old = ask(conn, alice, template, override=[{"role": "user", "content": "As I say."}])
    change(conn, ada, template, "Praise {{ basic_idea }}.")
    again = reruns.create(conn, actor=alice, task_id=old.id)
    assert again.messages == old.messages
    assert (again.is_override, again.rerun_of, again.template_number) == (True, old.id, 1)


def test_with_today_s_prompt_the_same_inputs_are_asked_anew(conn, ada, alice, template):
    old = ask(conn, alice, template, override=[{"role": "user", "content": "As I say."}])
    change(conn, ada, template, "Praise {{ basic_idea }}.")
    again = reruns.create(conn, actor=alice, task_id=old.id, prompt=Prompt.CURRENT)
    assert again.messages == [{"role": "user", "content": "Praise a guide."}]
    assert (again.is_override, again.rerun_of, again.template_number) == (False, old.id, 2)
    assert again.parameters == old.parameters == {"seed": 3}


def test_without_a_template_there_is_no_prompt_of_today(conn, alice, template):
    old = tasks.create(conn, actor=alice, messages=[Message.of("user", "Hi")], parameters=Parameters(seed=1))
    with pytest.raises(Conflict, match="without a template"):
        reruns.create(conn, actor=alice, task_id=old.id, prompt=Prompt.CURRENT)
    assert reruns.create(conn, actor=alice, task_id=old.id).messages == old.messages


def test_a_template_that_needs_more_or_is_archived_says_so(conn, ada, alice, template):
    old = ask(conn, alice, template)
    change(conn, ada, template, "Praise {{ basic_idea }} and {{ main_title }}.")
    with pytest.raises(Invalid, match="main_title"):
        comparisons.of_today(conn, actor=alice, task_id=old.id)
    templates.archive(conn, actor=ada, template_id=template.id)
    with pytest.raises(Conflict, match="archived"):
        comparisons.of_today(conn, actor=alice, task_id=old.id)


def test_the_prompts_are_compared_before_running(conn, ada, alice, template):
    old = ask(conn, alice, template)
    assert comparisons.of_today(conn, actor=alice, task_id=old.id).is_same_prompt
    change(conn, ada, template, "Shorten {{ basic_idea }} now.")
    found = comparisons.of_today(conn, actor=alice, task_id=old.id)
    assert [(c.kind, c.text.strip()) for c in found.prompt if c.kind != "same"] == [
        ("removed", "please"), ("added", "now"),
    ]  # fmt: skip


def test_the_outputs_are_compared_once_both_are_there(conn, alice, template):
    old = ask(conn, alice, template)
    new = reruns.create(conn, actor=alice, task_id=old.id)
    assert comparisons.of_tasks(conn, actor=alice, old_id=old.id, new_id=new.id).output is None
    for task, text in ((old, "A short guide."), (new, "A brief guide.")):
        conn.execute("UPDATE tasks SET status = 'succeeded', output = %s WHERE id = %s", (text, task.id))
    found = comparisons.of_tasks(conn, actor=alice, old_id=old.id, new_id=new.id)
    assert found.is_same_prompt
    assert "".join(c.text for c in found.output or [] if c.kind != "removed") == "A brief guide."
