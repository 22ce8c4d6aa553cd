"""The prompt shown is the prompt sent: every way to see one gives the same bytes."""

from __future__ import annotations

import json
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.services.prompts import previews
from blogforge_llm.services.prompts.resolver import variables
from tests import factories
from tests.conftest import ApiClient
from tests.services.prompts.prompt_strategies import PROMPTS, RandomBlock, RandomPrompt

Messages = list[tuple[str, str]]


class Copied(HTMLParser):
    """What the copy buttons of a page's messages would copy: the text of each `message__text`, with its role."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.messages: Messages = []
        self.is_inside = False
        self.role = ""
        # A browser makes CR and CR LF of the page's own source one LF before it reads it.
        self.feed(page.replace("\r\n", "\n").replace("\r", "\n"))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        classes = (dict(attrs).get("class") or "").split()
        if classes[:1] == ["message"]:
            self.role = classes[1].removeprefix("message--")
        if "message__text" in classes:
            self.is_inside = True
            self.messages.append((self.role, ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "div":
            self.is_inside = False

    def handle_data(self, data: str) -> None:
        if self.is_inside:
            self.messages[-1] = (self.role, self.messages[-1][1] + data)


def said(messages: list[dict[str, Any]]) -> Messages:
    return [(message["role"], message["content"]) for message in messages]


def make(api: ApiClient, prompt: RandomPrompt, mark: int) -> dict[str, Any]:
    """The template, through the API as a program would write it."""
    blocks = [_block(api, each, f"{mark}-{number}") for number, each in enumerate(prompt.blocks)]
    made = api.post("/llm/templates", {"name": f"Template {mark}", "blocks": blocks})
    assert made.status_code == 201, made.json
    answer: dict[str, Any] = made.json
    return answer


def _block(api: ApiClient, block: RandomBlock, name: str) -> dict[str, Any]:
    flags = {"optional": block.is_optional, "enabled": block.is_enabled}
    if not block.is_part:
        return flags | {"role": block.role, "content": block.content}
    words = {"kind": "data", "variable": block.variable} if block.variable else {"kind": "task"}
    made = api.post("/llm/parts", words | {"name": name, "role": block.role, "content": block.content})
    assert made.status_code == 201, made.json
    return flags | {"part_id": made.json["id"]} | ({"role": block.override} if block.override else {})


def test_preview_run_copy_log_and_api_give_the_same_messages(
    conn: db.Connection,
    program: Callable[[User], ApiClient],
    browse: Callable[[User | None], FlaskClient],
    ada: User,
) -> None:
    api, browser = program(ada), browse(ada)
    factories.make_route(conn, model_ids=[factories.make_model(conn)])
    examples = iter(range(1_000_000))

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(PROMPTS)
    def same(prompt: RandomPrompt) -> None:
        mark = next(examples)
        template = make(api, prompt, mark)
        wanted = {variable["name"] for variable in template["variables"]}
        inputs = {name: value for name, value in prompt.inputs.items() if name in wanted}
        shown = api.post(f"/llm/templates/{template['id']}/preview", {"inputs": inputs})
        assert shown.status_code == 200, shown.json
        expected = said(shown.json["messages"])
        # The page that previews a template, with the texts typed into its form.
        typed = {f"input-{name}": value for name, value in inputs.items() if isinstance(value, str)}
        if len(typed) == len(inputs):
            page = browser.post(f"/llm/templates/{template['id']}/preview", data=typed)
            assert Copied(page.text).messages == expected
        # What a task sends and keeps, and what its page shows and copies.
        asked = api.post("/llm/tasks", {"template_id": template["id"], "inputs": inputs})
        assert asked.status_code == 202, asked.json
        task = api.get(f"/llm/tasks/{asked.json['id']}").json
        assert said(task["messages"]) == expected
        row = conn.execute("SELECT messages FROM tasks WHERE id = %s", (task["id"],)).fetchone()
        assert row is not None and said(row["messages"]) == expected
        assert Copied(browser.get(f"/llm/tasks/{task['id']}").text).messages == expected
        # A rerun sends it byte for byte.
        again = api.post(f"/llm/tasks/{task['id']}/rerun").json
        assert said(api.get(f"/llm/tasks/{again['id']}").json["messages"]) == expected
        # And the page's sketch is made of the same text.
        sketch = previews.of_version(conn, template_version_id=template["version_id"], inputs=inputs)
        assert [(message.role, message.content) for message in sketch.messages] == expected
        assert {variable.name for variable in variables(conn, template["version_id"])} == wanted
        assert json.loads(json.dumps(expected)) == [list(pair) for pair in expected]

    same()


def test_what_cannot_be_stored_is_refused_the_same_way_everywhere(
    conn: db.Connection, program: Callable[[User], ApiClient], browse: Callable[[User | None], FlaskClient], ada: User
) -> None:
    api, browser = program(ada), browse(ada)
    factories.make_route(conn, model_ids=[factories.make_model(conn)])
    block = {"role": "user", "content": "About {{ basic_idea }}"}
    template = api.post("/llm/templates", {"name": "Opening", "blocks": [block]}).json
    inputs = {"basic_idea": "kilts\x00"}
    for path, body in (
        (f"/llm/templates/{template['id']}/preview", {"inputs": inputs}),
        ("/llm/tasks", {"template_id": template["id"], "inputs": inputs}),
        ("/llm/templates", {"name": "Other", "blocks": [block | {"content": "a\x00"}]}),
    ):
        assert api.post(path, body).status_code == 422
    page = browser.post(f"/llm/templates/{template['id']}/preview", data={"input-basic_idea": "kilts\x00"})
    assert page.status_code == 200 and "NUL character at position 6" in page.text
