"""The allocation board: ideas and facts on the left, the sections they go to, and what a model would make of it."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Blueprint, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from blogforge_llm import db
from blogforge_llm.errors import Conflict, DomainError, Invalid, NotFound
from blogforge_llm.records.accounts import Permission
from blogforge_llm.records.sections import ItemKind
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.editorial import board, items, posts
from blogforge_llm.web import forms, htmx, viewers
from blogforge_llm.web.editorial import outlines, pages

bp = Blueprint("board", __name__, url_prefix="/posts/<int:post_id>")

_PART = "editorial/board/_answer.html"


@bp.get("/board")
def show(post_id: int) -> ResponseReturnValue:
    return pages.board(post_id)


@bp.post("/items")
def add(post_id: int) -> ResponseReturnValue:
    kind = ItemKind.FACT if request.form.get("kind") == ItemKind.FACT else ItemKind.IDEA
    try:
        with db.transaction() as conn:
            text = request.form.get("text", "")
            item = items.add(conn, actor=viewers.current(), post_id=post_id, kind=kind, text=text)
    except forms.REFUSALS as refusal:
        return refused(post_id, refusal, form=request.form)
    return done(post_id, f"{item.code} is added.")


@bp.post("/items/collection")
def collect(post_id: int) -> ResponseReturnValue:
    try:
        with db.transaction() as conn:
            keys = request.form.getlist("fields")
            new = items.collect(conn, actor=viewers.current(), post_id=post_id, field_keys=keys)
    except forms.REFUSALS as refusal:
        return refused(post_id, refusal)
    added = "One of them is added." if len(new) == 1 else f"{len(new)} ideas and facts are added."
    return done(post_id, added if new else "There was nothing new to add.")


@bp.get("/items/<int:item_id>/edit")
def edit(post_id: int, item_id: int) -> ResponseReturnValue:
    return _edit(post_id, item_id, form={}, errors={})


@bp.post("/items/<int:item_id>")
def update(post_id: int, item_id: int) -> ResponseReturnValue:
    form = request.form
    try:
        with db.transaction() as conn:
            item = items.reword(
                conn, actor=viewers.current(), item_id=_own(conn, post_id, item_id), text=form.get("text", ""),
                base_text=form.get("base", ""),
            )  # fmt: skip
    except forms.REFUSALS as refusal:
        errors = getattr(refusal, "errors", None) or {"text": str(refusal)}
        answer = make_response(_edit(post_id, item_id, form=form, errors=errors))
        if not htmx.wants_fragment():
            answer.status_code = 409 if isinstance(refusal, Conflict) else 422
        return answer
    back = f"{url_for('board.show', post_id=post_id)}#item-{item_id}"
    draw = partial(pages.board, post_id, template="editorial/board/_reworded.html", focus=f"item-{item_id}")
    return outlines.done(draw, back, notice=f"{item.code} is reworded.")


@bp.post("/items/<int:item_id>/allocation")
def move(post_id: int, item_id: int) -> ResponseReturnValue:
    """To the section chosen; none is the tray. `base` is where it was."""
    try:
        with db.transaction() as conn:
            item = items.move(
                conn, actor=viewers.current(), item_id=_own(conn, post_id, item_id),
                section_id=request.form.get("section", type=int), base_section_id=request.form.get("base", type=int),
            )  # fmt: skip
    except forms.REFUSALS as refusal:
        return refused(post_id, refusal)
    return done(post_id, f"{item.code} is moved.")


@bp.post("/items/<int:item_id>/deletion")
def delete(post_id: int, item_id: int) -> ResponseReturnValue:
    return _set_deleted(post_id, item_id, is_deleted=True)


@bp.post("/items/<int:item_id>/restoration")
def restore(post_id: int, item_id: int) -> ResponseReturnValue:
    return _set_deleted(post_id, item_id, is_deleted=False)


@bp.post("/allocations")
def allocate(post_id: int) -> ResponseReturnValue:
    """Let the allocator place what a model labelled."""
    try:
        capacity = _capacity(request.form.get("capacity", "").strip())
        with db.transaction() as conn:
            made = board.apply(
                conn, actor=viewers.current(), post_id=post_id, capacity=capacity,
                suggestion_id=request.form.get("suggestion_id", 0, type=int),
            )  # fmt: skip
    except forms.REFUSALS as refusal:
        return refused(post_id, refusal)
    left = f" Left: {', '.join(item.code for item in made.left[:10])}. Ask again, or move them." if made.left else ""
    return done(post_id, f"Placed: {len(made.placed)}.{left}")


def done(post_id: int, notice: str) -> ResponseReturnValue:
    back = url_for("board.show", post_id=post_id)
    return outlines.done(partial(pages.board, post_id, template=_PART), back, notice=notice)


def refused(post_id: int, refusal: DomainError, **state: Any) -> ResponseReturnValue:
    whole = partial(pages.board, post_id)
    return outlines.refused(partial(whole, template=_PART), whole, refusal, **state)


def _set_deleted(post_id: int, item_id: int, *, is_deleted: bool) -> ResponseReturnValue:
    act = items.delete if is_deleted else items.restore
    try:
        with db.transaction() as conn:
            item = act(conn, actor=viewers.current(), item_id=_own(conn, post_id, item_id))
    except forms.REFUSALS as refusal:
        return refused(post_id, refusal)
    return done(
        post_id, f"{item.code} is put away. It waits under the board." if is_deleted else f"{item.code} is back."
    )


def _edit(post_id: int, item_id: int, **state: Any) -> str:
    """The form to reword an item: a page, or what a dialog of the board shows."""
    with db.transaction() as conn:
        item = items.get(conn, item_id=_own(conn, post_id, item_id))
        post = posts.get(conn, post_id=post_id)
        permissions.require(viewers.current(), Permission.WRITE_POSTS)
    template = "editorial/board/_edit.html" if htmx.wants_fragment() else "editorial/board/edit.html"
    return render_template(template, item=item, post=post, **state)


def _own(conn: db.Connection, post_id: int, item_id: int) -> int:
    if items.get(conn, item_id=item_id).post_id != post_id:
        raise NotFound("The post has no such idea or fact.")
    return item_id


def _capacity(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or len(text) > 6:
        raise Invalid.field("capacity", "The most items of a section is a whole number, or empty for any number.")
    return int(text)
