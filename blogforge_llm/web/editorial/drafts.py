"""Drafting sections: which of them, and what of each, planned as one run."""

from __future__ import annotations

import itertools
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.errors import Invalid
from blogforge_llm.records.accounts import Permission
from blogforge_llm.records.editorial import Scope
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.editorial import actions, posts, runs, sections, workflow
from blogforge_llm.web import forms, htmx, viewers
from blogforge_llm.web.editorial.runs import how

bp = Blueprint("drafts", __name__, url_prefix="/posts/<int:post_id>/drafts")

_NEW = "editorial/drafts/new.html"


@bp.get("/new")
def new(post_id: int) -> ResponseReturnValue:
    permissions.require(viewers.current(), Permission.RUN_TASKS)
    choices = _choices(post_id)
    usual = [action.id for action in choices["actions"] if action.field_key == sections.DRAFT and action.is_default]
    chosen = {"section_ids": [section.id for section in choices["sections"]], "action_ids": usual}
    return render_template(_NEW, form={}, chosen=chosen, errors={}, **choices)


@bp.post("")
def create(post_id: int) -> ResponseReturnValue:
    """Plan it; nothing is asked before it is started."""
    chosen: dict[str, Any] = {"section_ids": [], "action_ids": []}
    try:
        chosen = {name: _ids(name) for name in chosen}
        with db.transaction() as conn:
            run = runs.draft(conn, actor=viewers.current(), post_id=post_id, **chosen, **how())
    except forms.REFUSALS as refusal:
        return forms.again(_NEW, refusal, form=request.form, chosen=chosen, **_choices(post_id))
    return htmx.redirect_or(url_for("runs.show", post_id=post_id, run_id=run.id))


def _ids(name: str) -> list[int]:
    given = request.form.getlist(name)
    if not all(each.isdecimal() and len(each) < 19 for each in given):
        raise Invalid.field(name, "Choose from the list.")
    return [int(each) for each in given]


def _choices(post_id: int) -> dict[str, Any]:
    """The sections, and the actions of their fields and of what comes after them in the workflow."""
    with db.transaction() as conn:
        steps = list(itertools.dropwhile(lambda step: not step.has_sections, workflow.list_substages(conn)))
        theirs = {field.id for step in steps for field in step.other_fields if field.scope == Scope.SECTION}
        later = {field.id for step in steps for field in step.fields}
        every = actions.list_(conn)
        return {
            "post": posts.get(conn, post_id=post_id), "sections": sections.list_for(conn, post_id=post_id),
            "actions": [action for action in every if action.field_id in theirs],
            "others": [action for action in every if action.field_id in later],
        }  # fmt: skip
