"""Templates: prompts made of parts and messages. Writing one goes through drafts of the form (template_drafts.py)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.errors import Conflict
from blogforge_llm.records.accounts import Permission
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.prompts import resolver, templates
from blogforge_llm.web import forms, htmx, pages, viewers
from blogforge_llm.web.prompts import editors, histories
from blogforge_llm.web.prompts.drafts import Draft, Trial

bp = Blueprint("templates", __name__, url_prefix="/llm/templates")


@bp.get("")
def index() -> ResponseReturnValue:
    q, is_archived = request.args.get("q", "").strip(), "archived" in request.args
    with db.connection() as conn:
        page = pages.at(templates.count(conn, q=q, is_archived=is_archived))
        found = templates.list_(conn, q=q, is_archived=is_archived, limit=page.size, offset=page.offset)
        counts = {"living": templates.count(conn), "archived": templates.count(conn, is_archived=True)}
    return render_template(
        "prompts/templates/index.html", templates=found, q=q, page=page, counts=counts, is_archived=is_archived
    )


@bp.get("/new")
def new() -> ResponseReturnValue:
    permissions.require(viewers.current(), Permission.KEEP_PROMPTS)
    return editors.page(Draft())


@bp.post("")
def create() -> ResponseReturnValue:
    draft = Draft.read(request.form)
    try:
        with db.transaction() as conn:
            template = templates.create(conn, actor=viewers.current(), name=draft.name,
                                        description=draft.description, blocks=draft.saved_blocks(),
                                        typed=draft.typed)  # fmt: skip
    except forms.REFUSALS as refusal:
        return editors.again(draft, refusal)
    flash(f"“{template.name}” is saved. Give it to an action to use it.", "success")
    return htmx.redirect_or(url_for("templates.show", template_id=template.id))


@bp.get("/<int:template_id>")
def show(template_id: int) -> ResponseReturnValue:
    return render_template("prompts/templates/show.html", errors={}, **_shown(template_id, Trial()))


@bp.post("/<int:template_id>/preview")
def preview(template_id: int) -> ResponseReturnValue:
    shown = _shown(template_id, Trial.read(request.form))
    name = "prompts/templates/_preview.html" if htmx.wants_fragment() else "prompts/templates/show.html"
    return render_template(name, errors={}, **shown)


@bp.get("/<int:template_id>/edit")
def edit(template_id: int) -> ResponseReturnValue:
    permissions.require(viewers.current(), Permission.KEEP_PROMPTS)
    with db.transaction() as conn:
        template = templates.get(conn, template_id=template_id)
        newest = templates.get_version(
            conn, template_id=template_id, number=template.waiting_version or template.version
        )
        typed = editors.unfilled(conn, template_version_id=newest.id)
    return editors.page(Draft.of(template, newest, typed))


@bp.post("/<int:template_id>")
def update(template_id: int) -> ResponseReturnValue:
    draft, is_published = Draft.read(request.form, template_id=template_id), request.form.get("publish") != "0"
    try:
        with db.transaction() as conn:
            before = templates.get(conn, template_id=template_id)
            template = templates.update(
                conn, actor=viewers.current(), template_id=template_id, name=draft.name, publish=is_published,
                description=draft.description, blocks=draft.saved_blocks(), base=draft.base, note=draft.note,
                typed=draft.typed,
            )  # fmt: skip
    except forms.REFUSALS as refusal:
        return editors.again(draft, refusal)
    flash(histories.told(before, template, is_published=is_published), "success")
    return htmx.redirect_or(url_for("templates.show", template_id=template_id))


@bp.post("/<int:template_id>/archival")
def archive(template_id: int) -> ResponseReturnValue:
    try:
        with db.transaction() as conn:
            template = templates.archive(conn, actor=viewers.current(), template_id=template_id)
    except Conflict as refusal:
        return forms.again("prompts/templates/show.html", refusal, **_shown(template_id, Trial()))
    flash(f"“{template.name}” is archived. It stays under Archived, from where it can be brought back.", "success")
    return htmx.redirect_or(url_for("templates.index"))


@bp.post("/<int:template_id>/restoration")
def unarchive(template_id: int) -> ResponseReturnValue:
    with db.transaction() as conn:
        template = templates.unarchive(conn, actor=viewers.current(), template_id=template_id)
    flash(f"“{template.name}” is back.", "success")
    return htmx.redirect_or(url_for("templates.show", template_id=template_id))


def _shown(template_id: int, trial: Trial) -> dict[str, Any]:
    with db.transaction() as conn:
        template = templates.get(conn, template_id=template_id)
        page = pages.at(templates.count_versions(conn, template_id=template_id), size=10)
        versions = templates.list_versions(conn, template_id=template_id, limit=11, offset=page.offset)
        pieces = resolver.list_pieces_of(conn, [*(version.id for version in versions), template.version_id])
        outlines = [resolver.outline(pieces[version.id]) for version in versions]
        tried = editors.tried(conn, template_version_id=template.version_id, trial=trial) | editors.choices(conn)
        return tried | {
            "template": template, "page": page, "pieces": pieces[template.version_id],
            "usages": templates.list_usages(conn, template_id=template_id),
            "history": histories.of_template(versions, outlines, page),
        }  # fmt: skip
