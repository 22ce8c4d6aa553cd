"""The task runner's page: its form, the exact messages, the answers side by side, and what was run before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from flask import Response, make_response, render_template, request

from blogforge_llm import db
from blogforge_llm.engine import pricing
from blogforge_llm.errors import Conflict, DomainError, NotFound
from blogforge_llm.records.accounts import Role
from blogforge_llm.records.tasks import Task
from blogforge_llm.records.trials import Trial
from blogforge_llm.services.editorial import posts, suggestions
from blogforge_llm.services.prompts import previews, templates
from blogforge_llm.services.prompts.previews import Preview
from blogforge_llm.services.registry import presets
from blogforge_llm.services.tasks import attempts, trials, wording, workers
from blogforge_llm.web import asked, htmx, viewers
from blogforge_llm.web.tasks.trial_drafts import Draft

_POSTS, _PAGE = 50, 20


@dataclass(frozen=True, slots=True)
class Column:
    """One answer: whom it was asked of, and what happened on the way."""

    task: Task
    asked: str
    switches: list[str]
    is_offered: bool


def page(
    draft: Draft, errors: dict[str, str] | None = None, *, trial_id: int | None = None, status: int = 200
) -> Response:
    """The whole page, or for htmx the form alone."""
    name = "tasks/trials/_editor.html" if htmx.wants_fragment() else "tasks/trials/index.html"
    with db.connection() as conn:
        context = _form(conn, draft) | ({} if htmx.wants_fragment() else _history(conn))
        trial = trials.get(conn, actor=viewers.current(), trial_id=trial_id) if trial_id else None
        columns = _columns(conn, trial, context["choices"]) if trial else []
        is_worker_alive = workers.is_any_alive(conn)
    return make_response(
        render_template(
            name, **context, errors=errors or {}, ids=_ids(errors or {}), trial=trial, columns=columns,
            is_worker_alive=is_worker_alive,
        ),
        status,
    )  # fmt: skip


def refused(draft: Draft, refusal: DomainError) -> Response:
    """What was typed, and what is wrong with it beside each field."""
    errors: dict[str, str] = getattr(refusal, "errors", None) or {"form": str(refusal)}
    is_conflict = isinstance(refusal, Conflict) and not htmx.wants_fragment()  # htmx swaps no 409 in
    return page(draft, errors, status=409 if is_conflict else 422)


def column(trial_id: int, task_id: int) -> str:
    """One answer alone, once it is there."""
    with db.connection() as conn:
        trial = trials.get(conn, actor=viewers.current(), trial_id=trial_id)
        found = [each for each in _columns(conn, trial, asked.choices(conn)) if each.task.id == task_id]
        if not found:
            raise NotFound("There is no such run.")
        is_worker_alive = workers.is_any_alive(conn)
    return render_template(
        "tasks/trials/_answer.html", column=found[0], trial=trial, first=trial.tasks[0], is_worker_alive=is_worker_alive
    )


def preview(conn: db.Connection, draft: Draft) -> Preview | None:
    """What would be sent; None without a template."""
    if draft.template_id is None:
        return None
    template = templates.get(conn, template_id=draft.template_id)
    number = draft.version or template.version
    version = templates.get_version(conn, template_id=template.id, number=number)
    typed = trials.shaped(conn, draft.inputs)
    found = previews.of_version(conn, template_version_id=version.id, inputs=typed)
    if draft.messages is None:
        return found
    said = [previews.PreviewMessage(m["role"], m["content"], pricing.estimate_tokens(m["content"]))
            for m in draft.messages]  # fmt: skip
    return replace(found, messages=said, tokens=sum(message.tokens for message in said))


def previewed(draft: Draft) -> dict[str, Any]:
    with db.connection() as conn:
        return {"draft": draft, "preview": preview(conn, draft)}


def _form(conn: db.Connection, draft: Draft) -> dict[str, Any]:
    chosen = templates.get(conn, template_id=draft.template_id) if draft.template_id else None
    versions = templates.list_versions(conn, template_id=chosen.id, limit=100) if chosen else []
    titles = posts.list_titles(conn, limit=_POSTS)
    if draft.post_id and draft.post_id not in dict(titles):
        titles.append((draft.post_id, posts.get(conn, post_id=draft.post_id).title))
    return {
        "draft": draft, "preview": preview(conn, draft), "template": chosen, "versions": versions,
        "templates": templates.list_names(conn), "posts": titles, "presets": presets.list_all(conn),
        "choices": [(asked.DEFAULT, "The default route"), *asked.choices(conn)],
    }  # fmt: skip


def _history(conn: db.Connection) -> dict[str, Any]:
    is_admin, everybody = viewers.current().role == Role.ADMIN, "all" in request.args
    rows = trials.list_(
        conn, actor=viewers.current(), everybody=everybody, before_id=request.args.get("before", type=int),
        limit=_PAGE + 1,
    )  # fmt: skip
    return {"history": rows[:_PAGE], "has_more": len(rows) > _PAGE, "everybody": everybody and is_admin}


def _columns(conn: db.Connection, trial: Trial, choices: list[tuple[str, str]]) -> list[Column]:
    names = dict(choices) | {asked.DEFAULT: "The default route"}
    return [
        Column(
            task, names.get(asked.key(task.route_id, task.model_id), "What is archived now"),
            wording.switches(attempts.list_for(conn, actor=viewers.current(), task_id=task.id)),
            suggestions.find_place(conn, task_id=task.id) is not None,
        )
        for task in trial.tasks
    ]  # fmt: skip


def _ids(errors: dict[str, str]) -> dict[str, str]:
    """Where the error summary leads: the service names inputs and messages, the form their boxes."""
    ids = {"ask": "f-ask-1", "template_id": "f-template", "blocks": "f-template"}
    for name in errors:
        kind, _, rest = name.partition(".")
        if kind == "inputs":
            ids[name] = f"f-input-{rest}"
        elif kind == "override":
            ids[name] = f"f-message-{rest.split('.')[0]}"
    return ids
