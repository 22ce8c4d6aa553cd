"""Buttons, links that look like buttons, and forms of one button. kind: primary, secondary, quiet, danger; attrs: any
further attributes.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup, escape

from blogforge_llm.web.pieces.attributes import attributes
from blogforge_llm.web.pieces.icons import icon

Attributes = Mapping[str, Any]


def button(
    label: str, kind: str = "secondary", icon_name: str | None = None, type: str = "submit", name: str | None = None,
    value: Any = None, id: str | None = None, hide_label: bool = False, disabled: bool = False,
    shortcut: str | None = None, extra: str = "", attrs: Attributes | None = None,
) -> Markup:  # fmt: skip
    """With hide_label it is a square icon button with a tooltip."""
    own = {
        "id": id, "name": name, "value": value, "title": label if hide_label else None,
        "disabled": "" if disabled else None, "data-shortcut": shortcut, "aria-keyshortcuts": shortcut,
    }  # fmt: skip
    key = f'<kbd aria-hidden="true">{escape(shortcut)}</kbd>' if shortcut else ""
    return Markup(
        f'<button class="{classes(kind, hide_label, extra)}" type="{escape(type)}"{attributes(own, attrs)}>'
        f"{_face(label, icon_name, hide_label)}{key}</button>"
    )


def link(
    label: str, url: str, kind: str = "secondary", icon_name: str | None = None, hide_label: bool = False,
    extra: str = "", attrs: Attributes | None = None,
) -> Markup:  # fmt: skip
    """For going somewhere."""
    title = f' title="{escape(label)}"' if hide_label else ""
    return Markup(
        f'<a class="{classes(kind, hide_label, extra)}" href="{escape(url)}"{title}{attributes(attrs)}>'
        f"{_face(label, icon_name, hide_label)}</a>"
    )


def post(
    label: str, action: str, kind: str = "secondary", icon_name: str | None = None,
    values: Mapping[str, Any] | None = None, confirm: str | None = None, hide_label: bool = False,
    shortcut: str | None = None, id: str | None = None, attrs: Attributes | None = None,
) -> Markup:  # fmt: skip
    """values are hidden fields, confirm asks first, attrs go on the form (hx-post, hx-target …)."""
    asks = asking(label, confirm, is_dangerous=kind == "danger")
    inner = button(label, kind, icon_name, hide_label=hide_label, shortcut=shortcut, id=id)
    return Markup(
        f'<form class="inline-form" method="post" action="{escape(action)}"{attributes(asks, attrs)}>'
        f"{hidden(values)}{inner}</form>"
    )


def copy(selector: str | None = None, text: str | None = None, label: str = "Copy", hide_label: bool = True) -> Markup:
    """Copies the text of the element that `selector` finds, or `text` itself."""
    attrs = {"data-copy": selector or "", "data-copy-text": text}
    return button(label, "quiet", "copy", type="button", hide_label=hide_label, attrs=attrs)


def asking(label: str, confirm: str | None, *, is_dangerous: bool) -> Attributes | None:
    """What makes a form ask before it is sent."""
    if not confirm:
        return None
    return {"data-confirm": confirm, "data-confirm-action": label, "data-confirm-danger": "" if is_dangerous else None}


def hidden(values: Mapping[str, Any] | None) -> str:
    """What travels unseen with a form."""
    if not values:
        return ""
    return "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in values.items()
    )


@functools.lru_cache(maxsize=1000, typed=True)
def classes(kind: str, hide_label: bool, extra: str) -> str:
    """Of a button, or of what looks like one."""
    square = " button--icon" if hide_label else ""
    return f"button button--{escape(kind)}{square}{' ' + escape(extra) if extra else ''}"


def _face(label: str, icon_name: str | None, hide_label: bool) -> str:
    """Icon and label, the label hidden if the icon says it."""
    drawn = icon(icon_name) if icon_name else ""
    return f'{drawn}<span class="{"visually-hidden" if hide_label else "button__label"}">{escape(label)}</span>'
