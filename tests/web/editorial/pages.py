"""What the tests of these pages share: a page's forms as a browser without JavaScript would send them."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any


class Form(dict[str, str]):
    """The names and values of a form's controls, in the order of the page."""

    def __init__(self, action: str) -> None:
        super().__init__()
        self.action = action


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.buttons: dict[str, str] = {}  # formaction -> form's action
        self._area: str | None = None
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action", "")))
        elif tag == "input" and "name" in given and self.forms:
            self.forms[-1][given["name"]] = given.get("value", "")
        elif tag == "textarea" and "name" in given and self.forms:
            self._area, self._text = given["name"], ""
        elif tag == "button" and "formaction" in given:
            self.buttons[given["formaction"]] = self.forms[-1].action

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area is not None:
            self.forms[-1][self._area] = self._text.removeprefix("\n")
            self._area = None


def forms(response: Any) -> dict[str, Form]:
    """The page's forms by their action; of several with one action the first."""
    reader = _Reader()
    reader.feed(response.get_data(as_text=True))
    found: dict[str, Form] = {}
    for form in reader.forms:
        found.setdefault(form.action, form)
    return found
