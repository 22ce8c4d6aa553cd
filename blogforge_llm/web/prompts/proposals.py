"""Proposals: what waits to be published."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.services.prompts import approvals
from blogforge_llm.web import pages, viewers

bp = Blueprint("proposals", __name__, url_prefix="/llm/proposals")


@bp.get("")
def index() -> ResponseReturnValue:
    with db.connection() as conn:
        page = pages.at(approvals.count_waiting(conn))
        found = approvals.list_waiting(conn, actor=viewers.current(), limit=page.size, offset=page.offset)
    return render_template("prompts/proposals/index.html", proposals=found, page=page)
