"""What the original put into its text columns, read: words that mean nothing, lists in four ways of writing them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from blogforge_llm.services import texts

_NOTHING = {"null", "none", "nil", "undefined", "nan", "[object object]", "[]", "{}", '""', "''", "[null]", '[""]'}
_MARKER = re.compile(r"^\s*(?:\d{1,3}[.)]|[-*•–])\s+")
_FENCE = re.compile(r"```[a-z]*\s*\n(.*?)```", re.S | re.I)
_ARRAY = re.compile(r"\{(?:[^{}\"]|\"(?:[^\"\\]|\\.)*\")*\}", re.S)
_HEADS = ("heading", "title", "name", "text", "topic", "idea", "fact", "theme", "keyword", "tag")


@dataclass(slots=True)
class Read:
    """`text` is what is taken. `changes` say what was done to get it, `problem` why somebody must look at it."""

    text: str
    changes: list[str] = field(default_factory=list)
    problem: str | None = None


def text_of(value: Any) -> Read:
    """Any column as a text: line ends \\n, no NUL, and nothing for words like “null”."""
    if value is None:
        return Read("")
    raw = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)
    read = Read(texts.storable(raw))
    if read.text != raw:
        read.changes.append("characters no text can hold became \N{REPLACEMENT CHARACTER}")
    if "\r" in read.text:
        read.text = read.text.replace("\r\n", "\n").replace("\r", "\n")
        read.changes.append("line ends")
    if read.text.strip().lower() in _NOTHING:
        read.changes.append(f"“{read.text.strip()[:20]}” was read as empty")
        read.text = ""
    return Read("", read.changes) if not read.text.strip() else read


def lines_of(value: Any, *, with_details: bool = True, splits_commas: bool = False) -> Read:
    """A list as lines, whichever way it was written. `with_details` keeps what stands beside the head of an item."""
    read = text_of(value)
    if not read.text:
        return read
    data, change, problem = _parsed(read.text)
    items = _items(data)
    if items is not None:
        lines, dropped = _lines(items, with_details)
        read.changes += [change] if change else []
        read.changes += ["what stood beside the items was left out"] if dropped else []
        read.text = "\n".join(lines)
        return read
    if problem:
        read.problem = problem
        return read
    return _prose(read, splits_commas)


def is_list(value: Any) -> bool:
    """Whether every line of it is surely an item: a JSON list, or marked lines alone."""
    if is_json_list(value):
        return True
    lines = [line for line in text_of(value).text.split("\n") if line.strip()]
    return bool(lines) and all(_MARKER.match(line) for line in lines)


def is_json_list(value: Any) -> bool:
    return _items(_parsed(text_of(value).text)[0]) is not None


def line_of(value: Any) -> Read:
    """One line; a list of several is nobody's choice to make."""
    read = text_of(value)
    items = _items(_parsed(read.text)[0])
    if items is not None:
        lines, _ = _lines(items, with_details=False)
        if len(lines) > 1:
            return Read("", read.changes, f"it holds {len(lines)} texts where one is wanted: {'; '.join(lines)[:300]}")
        return Read(lines[0] if lines else "", [*read.changes, "taken out of its JSON list"])
    if "\n" in read.text.strip() or read.text != read.text.strip():
        read.text = " ".join(read.text.split("\n")).strip()
        read.changes.append("made one line")
    return read


def name_of(value: Any, otherwise: str, *, longest: int = 190) -> str:
    """A name of one line that is never empty."""
    return " ".join(text_of(value).text.split())[:longest].strip() or otherwise


def whole_number(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None


def moment(value: Any) -> datetime | None:
    """A time of the source; None for what is none, such as infinity. Without a zone it is UTC."""
    try:
        at = datetime.fromisoformat(text_of(value).text.strip())
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def data_of(value: Any) -> Any:
    """What a JSON column says, also when it is a column of text."""
    return _loaded(value.strip()) if isinstance(value, str) else value


def is_true(value: Any) -> bool:
    return value is True or str(value).strip().lower() in ("t", "true", "1", "yes")


def _parsed(text: str) -> tuple[Any, str | None, str | None]:
    """The JSON in a text, what was done to find it, and what is wrong with what looks like some."""
    text = text.strip()
    found = _loaded(text)
    if found is not None:
        return found, "decoded from JSON", None
    for inside in _FENCE.findall(text):
        if (found := _loaded(inside.strip())) is not None:
            return found, "taken out of its code fence; what stood around it was left out", None
    if _ARRAY.fullmatch(text):
        items = re.findall(r"\"((?:[^\"\\]|\\.)*)\"|([^,{}\"]+)", text[1:-1])
        return [(quoted.replace('\\"', '"') or plain).strip() for quoted, plain in items], "decoded from an array", None
    if text[:1] in "[{" and len(text) > 1 and not re.match(r"\[[\w :]+\]", text):
        return None, None, "it looks like JSON and is not; it was taken as it stands"
    return None, None, None


def _loaded(text: str) -> Any:
    if text[:1] not in ("[", "{"):
        return None
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def _items(data: Any) -> list[Any] | None:
    """The list in it: itself, or the only list an object has."""
    if isinstance(data, list):
        return data
    lists = [item for item in data.values() if isinstance(item, list)] if isinstance(data, dict) else []
    return lists[0] if len(lists) == 1 else None


def _lines(items: list[Any], with_details: bool) -> tuple[list[str], bool]:
    lines, dropped = [], False
    for item in items:
        head, rest = _head(item)
        if rest and with_details:
            head = f"{head}: {rest}" if head else rest
        dropped = dropped or bool(rest and not with_details)
        line = " ".join(texts.storable(head).split())
        lines += [line] if line and line.lower() not in _NOTHING else []
    return lines, dropped


def _head(item: Any) -> tuple[str, str]:
    if isinstance(item, dict):
        key = next((key for key in _HEADS if isinstance(item.get(key), str)), None)
        rest = {name: value for name, value in item.items() if name != key and value not in (None, "", [])}
        told = rest.get("description") if key else json.dumps(item, ensure_ascii=False)
        return (item[key] if key else ""), str(told or "")
    if isinstance(item, list):
        return json.dumps(item, ensure_ascii=False), ""
    return ("" if item is None else str(item)), ""


def _prose(read: Read, splits_commas: bool) -> Read:
    lines = [line.strip() for line in read.text.split("\n") if line.strip()]
    if splits_commas and len(lines) == 1 and "," in lines[0]:
        read.text = "\n".join(part.strip() for part in lines[0].split(",") if part.strip())
        read.changes.append("split at its commas")
        return read
    bare = [_MARKER.sub("", line).strip() or line for line in lines]
    if bare != lines:
        read.changes.append("numbers and bullets in front of the items")
    read.text = "\n".join(bare)
    return read
