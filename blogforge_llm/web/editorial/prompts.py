"""See the prompt: the exact messages a click on Automate would send, and how long they are."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, make_response, render_template, request
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.engine import pricing
from blogforge_llm.services.editorial import fields, plans, posts
from blogforge_llm.web import forms, htmx, viewers
from blogforge_llm.web.editorial import options, places

bp = Blueprint("field_prompts", __name__)


@places.route(bp, "/prompt")
def show(**place: Any) -> ResponseReturnValue:
    plan, problem = None, None
    with db.transaction() as conn:
        post = posts.get(conn, post_id=place["post_id"])
        value = fields.get(conn, **place)
        try:
            asked = options.read_prompt(request.args)
            plan = plans.make(conn, actor=viewers.current(), **place, **asked)
        except forms.REFUSALS as refusal:
            problem = str(refusal)
    template = "editorial/prompts/_prompt.html" if htmx.wants_fragment() else "editorial/prompts/show.html"
    html = render_template(
        template, post=post, value=value, plan=plan, problem=problem, estimate=pricing.estimate_tokens
    )
    return make_response(html, 422 if problem else 200)
