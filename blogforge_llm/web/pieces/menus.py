"""Menus and what stands in them. A menu is a <details>, so that it opens without JavaScript."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from markupsafe import Markup, escape

from blogforge_llm.web.pieces.attributes import attributes
from blogforge_llm.web.pieces.buttons import Attributes, asking, classes, hidden
from blogforge_llm.web.pieces.icons import icon


def menu(
    label: str, icon_name: str | None = None, kind: str = "quiet", hide_label: bool = False, align: str = "end",
    avatar: str | None = None, chevron: bool = True, extra: str = "", id: str | None = None, *,
    caller: Callable[[], Markup],
) -> Markup:  # fmt: skip
    """A button with a menu under it, called around its items. align: end or start."""
    face = f'<span class="avatar" aria-hidden="true">{escape(avatar)}</span>' if avatar else ""
    face = face or (icon(icon_name) if icon_name else "")
    arrow = icon("chevron-down") if chevron and not hide_label else ""
    text = escape(label)
    title, seen = (f' title="{text}"', "visually-hidden") if hide_label else ("", "button__label")
    button = classes(kind, hide_label, "")
    return Markup(
        f'<details class="menu{" " + escape(extra) if extra else ""}" data-menu{attributes({"id": id}) if id else ""}>'
        f'<summary class="{button}"{title}>{face}<span class="{seen}">{text}</span>{arrow}</summary>'
        f'<div class="menu__panel menu__panel--{escape(align)}">{caller()}</div></details>'
    )


def item(
    label: str, url: str, icon_name: str | None = None, is_current: bool = False, attrs: Attributes | None = None
) -> Markup:
    """A link."""
    current = ' aria-current="true"' if is_current else ""
    return Markup(
        f'<a class="menu__item" href="{escape(url)}"{current}{attributes(attrs)}>'
        f"{icon(icon_name) if icon_name else ''}<span>{escape(label)}</span></a>"
    )


def action(
    label: str, action: str, icon_name: str | None = None, danger: bool = False,
    values: Mapping[str, Any] | None = None, confirm: str | None = None, attrs: Attributes | None = None,
) -> Markup:  # fmt: skip
    """A POST; attrs go on its form."""
    asks = asking(label, confirm, is_dangerous=danger)
    return Markup(
        f'<form method="post" action="{escape(action)}"{attributes(asks, attrs)}>{hidden(values)}'
        f'<button class="menu__item{" menu__item--danger" if danger else ""}" type="submit">'
        f"{icon(icon_name) if icon_name else ''}<span>{escape(label)}</span></button></form>"
    )


def separator(title: str | None = None) -> Markup:
    """A line between groups of items, or their title."""
    if title:
        return Markup(f'<p class="menu__title">{escape(title)}</p>')
    return Markup('<hr class="menu__separator">')
