"""Parts: reusable pieces of prompts."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.errors import Conflict
from blogforge_llm.records.accounts import Permission
from blogforge_llm.records.prompts import Part, PartVersion
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.prompts import parts
from blogforge_llm.web import forms, htmx, pages, viewers
from blogforge_llm.web.prompts import histories
from blogforge_llm.web.registry import numbers

bp = Blueprint("parts", __name__, url_prefix="/llm/parts")

_NEW, _EDIT, _SHOW = (f"prompts/parts/{name}.html" for name in ("new", "edit", "show"))


@bp.get("")
def index() -> ResponseReturnValue:
    wanted = {name: request.args.get(name, "").strip() for name in ("q", "kind", "tag")}
    is_archived = "archived" in request.args
    with db.connection() as conn:
        page = pages.at(parts.count(conn, **wanted, is_archived=is_archived))
        found = parts.list_(conn, **wanted, is_archived=is_archived, limit=page.size, offset=page.offset)
        counts = {"living": parts.count(conn), "archived": parts.count(conn, is_archived=True)}
        tags = [(tag, tag) for tag in parts.list_tags(conn)]
    return render_template(
        "prompts/parts/index.html", parts=found, wanted=wanted, page=page, counts=counts, tags=tags,
        is_archived=is_archived,
    )  # fmt: skip


@bp.get("/new")
def new() -> ResponseReturnValue:
    permissions.require(viewers.current(), Permission.KEEP_PROMPTS)
    return render_template(_NEW, form={"kind": "task", "role": "user", "position": 50}, errors={})


@bp.post("")
def create() -> ResponseReturnValue:
    try:
        with db.transaction() as conn:
            part = parts.create(conn, actor=viewers.current(), **_typed())
    except forms.REFUSALS as refusal:
        return forms.again(_NEW, refusal, form=request.form)
    flash(f"“{part.name}” is saved. Put it into a template to use it.", "success")
    return htmx.redirect_or(url_for("parts.show", part_id=part.id))


@bp.get("/<int:part_id>")
def show(part_id: int) -> ResponseReturnValue:
    return _shown(part_id)


@bp.get("/<int:part_id>/edit")
def edit(part_id: int) -> ResponseReturnValue:
    permissions.require(viewers.current(), Permission.KEEP_PROMPTS)
    with db.transaction() as conn:
        part = parts.get(conn, part_id=part_id)
        newest = parts.get_version(conn, part_id=part_id, number=part.waiting_version or part.version)
        guarding = parts.list_guarding(conn, part_id=part_id)
    return render_template(_EDIT, part=part, guarding=guarding, form=_kept(part, newest), errors={})


@bp.post("/<int:part_id>")
def update(part_id: int) -> ResponseReturnValue:
    form, is_published = request.form, request.form.get("publish") != "0"
    try:
        with db.transaction() as conn:
            before = parts.get(conn, part_id=part_id)
            part = parts.update(conn, actor=viewers.current(), part_id=part_id, publish=is_published,
                                base=form.get("base", type=int), **_typed())  # fmt: skip
    except forms.REFUSALS as refusal:
        return forms.again(_EDIT, refusal, **_read(part_id), form=form)
    flash(histories.told(before, part, is_published=is_published), "success")
    if not is_published and part.waiting_version and part.used_by:
        return htmx.redirect_or(url_for("part_versions.impact", part_id=part_id, number=part.waiting_version))
    return htmx.redirect_or(url_for("parts.show", part_id=part_id))


@bp.post("/<int:part_id>/archival")
def archive(part_id: int) -> ResponseReturnValue:
    try:
        with db.transaction() as conn:
            part = parts.archive(conn, actor=viewers.current(), part_id=part_id)
    except Conflict as refusal:
        return _shown(part_id, refusal)
    flash(f"“{part.name}” is archived. It stays under Archived, from where it can be brought back.", "success")
    return htmx.redirect_or(url_for("parts.index"))


@bp.post("/<int:part_id>/restoration")
def unarchive(part_id: int) -> ResponseReturnValue:
    with db.transaction() as conn:
        part = parts.unarchive(conn, actor=viewers.current(), part_id=part_id)
    flash(f"“{part.name}” is back.", "success")
    return htmx.redirect_or(url_for("parts.show", part_id=part_id))


def _shown(part_id: int, refusal: Conflict | None = None) -> ResponseReturnValue:
    """The part's page, with why it was not archived; there stands where it is used."""
    with db.transaction() as conn:
        page = pages.at(parts.count_versions(conn, part_id=part_id), size=10)
        versions = parts.list_versions(conn, part_id=part_id, limit=11, offset=page.offset)
        shown = {
            "part": parts.get(conn, part_id=part_id), "usages": parts.list_usages(conn, part_id=part_id),
            "guarding": parts.list_guarding(conn, part_id=part_id), "history": histories.of_part(versions, page),
            "page": page,
        }  # fmt: skip
    if refusal is not None:
        return forms.again(_SHOW, refusal, **shown)
    return render_template(_SHOW, errors={}, **shown)


def _typed() -> dict[str, Any]:
    form = request.form
    names = ("name", "kind", "role", "content", "description", "notes", "variable", "label", "fence", "note")
    position = numbers.read(form, whole=("position",))["position"]
    return {
        **{name: form.get(name, "") for name in names},
        "tags": [tag.strip() for tag in form.get("tags", "").split(",")],
        "position": 50 if position is None else position,
    }


def _kept(part: Part, newest: PartVersion) -> dict[str, Any]:
    """A version that waits is what its writer wants to go on with."""
    words = {name: getattr(newest, name) for name in ("role", "content", "variable", "label", "fence")}
    return {name: getattr(part, name) for name in Part.__slots__} | words | {"tags": ", ".join(part.tags), "note": ""}


def _read(part_id: int) -> dict[str, Any]:
    with db.transaction() as conn:
        return {
            "part": parts.get(conn, part_id=part_id), "guarding": parts.list_guarding(conn, part_id=part_id),
        }  # fmt: skip
