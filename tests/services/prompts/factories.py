"""Parts and templates for tests, made through the services."""

from __future__ import annotations

import itertools
from typing import Any

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.records.prompts import Block, MessageRole, Part, Template
from blogforge_llm.services.prompts import parts, templates

_numbers = itertools.count(1)


def make_part(conn: db.Connection, actor: User, **values: Any) -> Part:
    defaults: dict[str, Any] = {"name": f"Part {next(_numbers)}", "kind": "task", "role": "user", "content": "Write."}
    return parts.create(conn, actor=actor, **(defaults | values))


def make_data_part(conn: db.Connection, actor: User, variable: str = "basic_idea", **values: Any) -> Part:
    content = {"content": f"The {variable.replace('_', ' ')}:"}
    return make_part(conn, actor, kind="data", variable=variable, **(content | values))


def make_template(conn: db.Connection, actor: User, *blocks: Block, name: str | None = None) -> Template:
    name = name or f"Template {next(_numbers)}"
    return templates.create(conn, actor=actor, name=name, blocks=blocks or (inline("Write about {{ basic_idea }}."),))


def inline(content: str, role: str = "user", **flags: bool) -> Block:
    return Block(None, MessageRole(role), content, **flags)


def block(part: Part, role: str | None = None, **flags: bool) -> Block:
    return Block(part.id, MessageRole(role) if role else None, None, **flags)
