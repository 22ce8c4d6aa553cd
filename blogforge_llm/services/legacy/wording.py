"""Prompt texts of the original in the language of prompts here: one placeholder syntax, one part a purpose. Nothing is
filled in or guessed: what cannot be said here is told.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from blogforge_llm.errors import Invalid
from blogforge_llm.records.prompts import MessageRole, PartKind
from blogforge_llm.services.legacy import values
from blogforge_llm.services.prompts import grammar, rendering

NAMES = {
    "ideas_to_include": "section_ideas", "facts_to_include": "section_facts", "first_draft": "section_draft",
    "draft": "section_draft", "polished": "section_text", "uk_british": "section_text", "optimization": "section_text",
    "image_concepts": "section_image_concept", "image_meta_descriptions": "section_alt_text",
    "expanded_idea": "basic_idea", "facts": "interesting_facts",
}  # fmt: skip
"""Columns of the original by the names their texts have here, as variables."""

_FIELDS = {
    *NAMES, "input", "title", "idea", "idea_seed", "basic_idea", "idea_scope", "provisional_title", "interesting_facts",
    "topics_to_cover", "section_headings", "section_order", "section_heading", "section_description", "main_title",
}  # fmt: skip
_DOUBLE = re.compile(r"\{\{\s*([A-Za-z]\w*)\s*((?:\|[^{}]*)?)\}\}")
_DATA = re.compile(r"\[data:\s*([A-Za-z]\w*)\s*\]", re.I)
_SINGLE = re.compile(r"(?<!\{)\{([A-Za-z]\w*)\}(?!\})")
_CAPITALS = re.compile(r"\[[A-Z][A-Z0-9_]{3,}\]")
_KINDS = {
    "role": PartKind.PERSONA, "style": PartKind.STYLE, "operation": PartKind.TASK, "format": PartKind.FORMAT,
    "specimen": PartKind.EXAMPLE, "system": PartKind.SYSTEM, "instructions": PartKind.TASK, "task": PartKind.TASK,
}  # fmt: skip
_PERSONA = re.compile(r"\s*you are\b", re.I)
_STYLE = re.compile(r"\s*(use only uk|write in|use uk|use british|the (tone|style|voice))\b", re.I)
_FORMAT = re.compile(
    r"\s*(return only|output must|output only|respond only|format your|(the )?output should|return (the|a|your))\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Words:
    """A text in our language; `changes` and `problems` as in values.Read."""

    text: str
    changes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def translated(text: str) -> Words:
    """One placeholder syntax. A problem is what the language of prompts refuses, such as Handlebars' loops."""
    changes: list[str] = []

    def named(name: str) -> str:
        if name in NAMES:
            changes.append(f"the variable {name} is {NAMES[name]} here")
        return NAMES.get(name, name)

    def single(match: re.Match[str]) -> str:
        if match[1] not in _FIELDS:
            return match[0]
        changes.append(f"{match[0]} was read as a variable")
        return "{{ " + named(match[1]) + " }}"

    def data(match: re.Match[str]) -> str:
        if match[1].isupper() or not grammar.is_name(match[1]):
            return match[0]
        changes.append(f"{match[0]} was read as a variable")
        return "{{ " + named(match[1]) + " }}"

    done = _DOUBLE.sub(lambda match: "{{ " + f"{named(match[1])}{_filter(match[2])}" + " }}", text)
    done = _DATA.sub(data, _SINGLE.sub(single, done))
    if left := sorted(set(_CAPITALS.findall(done))):
        changes.append(f"{', '.join(left[:5])} stayed words: nothing fills them here")
    try:
        rendering.check(done, name="content", label="The prompt")
    except Invalid as error:
        return Words(done, tuple(changes), (str(error),))
    return Words(done, tuple(changes))


def split(text: str) -> list[tuple[PartKind, str]]:
    """A prompt's paragraphs by purpose, in their order; neighbours of one purpose are one part."""
    found: list[tuple[PartKind, str]] = []
    for number, paragraph in enumerate(each for each in re.split(r"\n\s*\n", text) if each.strip()):
        kind = _purpose(paragraph, is_first=number == 0)
        if found and found[-1][0] is kind:
            found[-1] = kind, f"{found[-1][1]}\n\n{paragraph.strip()}"
        else:
            found.append((kind, paragraph.strip()))
    return found


def kind_of(type_: object, tags: object) -> tuple[PartKind, list[str]]:
    """The purpose of a part by its first known tag, else its type; and its tags."""
    names = [tag.lower() for tag in values.lines_of(tags, splits_commas=True).text.split("\n") if tag]
    for name in [*names, str(type_ or "").lower()]:
        if name in _KINDS:
            return _KINDS[name], names
    return PartKind.TASK, names


def role_of(*words: object) -> MessageRole:
    """The first that is a role; else what a prompt asks is the user's."""
    for word in words:
        if str(word or "").lower() in set(MessageRole):
            return MessageRole(str(word).lower())
    return MessageRole.USER


def same(one: str, other: str) -> bool:
    """Whether two texts say the same but for blanks."""
    return " ".join(one.split()) == " ".join(other.split())


def _purpose(paragraph: str, *, is_first: bool) -> PartKind:
    if is_first and _PERSONA.match(paragraph):
        return PartKind.PERSONA
    if _STYLE.match(paragraph):
        return PartKind.STYLE
    return PartKind.FORMAT if _FORMAT.match(paragraph) else PartKind.TASK


def _filter(words: str) -> str:
    return f" {words.strip()}" if words.strip() else ""
