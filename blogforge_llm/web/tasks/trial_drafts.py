"""The form of the task runner: what was typed, before anybody knows whether it fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from werkzeug.datastructures import MultiDict

from blogforge_llm.errors import Invalid
from blogforge_llm.records.trials import Material, Trial
from blogforge_llm.services.prompts.previews import Preview
from blogforge_llm.services.tasks import trials
from blogforge_llm.services.tasks.asking import Whom
from blogforge_llm.web import asked
from blogforge_llm.web.registry import numbers

PARAMETERS = ("temperature", "top_p", "max_tokens", "seed", "stop")
_LONGEST_ID = 18


@dataclass(frozen=True, slots=True)
class Draft:
    """`asked` has a choice for each column, empty for none; `messages` are the edited ones, None for the template's."""

    template_id: int | None = None
    version: int | None = None
    inputs: dict[str, str] = field(default_factory=dict)
    asked: tuple[str, ...] = (asked.DEFAULT, "", "", "")
    times: str = "1"
    preset_id: int | None = None
    parameters: dict[str, str] = field(default_factory=dict)
    deadline_s: str = "120"
    post_id: int | None = None
    as_of: int | None = None
    messages: tuple[dict[str, str], ...] | None = None

    @classmethod
    def read(cls, form: MultiDict[str, str]) -> Draft:
        edited = tuple(
            {"role": role, "content": content.replace("\r\n", "\n")}
            for role, content in zip(form.getlist("message-role"), form.getlist("message-content"), strict=False)
        )
        chosen = (*form.getlist("ask")[: trials.MOST_COLUMNS], *[""] * trials.MOST_COLUMNS)[: trials.MOST_COLUMNS]
        template_id, drawn_for = _id(form, "template"), _id(form, "of")
        is_same = drawn_for in (None, template_id)  # a version goes with its template
        return cls(
            template_id=template_id, version=_id(form, "version") if is_same else None,
            inputs={name[6:]: value.replace("\r\n", "\n") for name, value in form.items() if name.startswith("input-")},
            asked=chosen if any(chosen) else cls().asked, times=form.get("times", "1"),
            preset_id=_id(form, "preset"), parameters={name: form.get(name, "") for name in PARAMETERS},
            deadline_s=form.get("deadline_s", "120"), post_id=_id(form, "post"), as_of=_id(form, "as_of"),
            messages=edited or None,
        )  # fmt: skip

    @classmethod
    def of(cls, trial: Trial) -> Draft:
        """What a trial was asked with, to be asked again or changed."""
        first = trial.tasks[0]
        chosen = [asked.key(task.route_id, task.model_id) for task in trial.tasks]
        inputs = {name: value if isinstance(value, str) else "\n".join(value) for name, value in first.inputs.items()}
        given = {name: first.parameters[name] for name in PARAMETERS if name in first.parameters}
        return cls(
            template_id=first.template_id, version=first.template_number, inputs=inputs,
            asked=(*chosen, *[""] * trials.MOST_COLUMNS)[: trials.MOST_COLUMNS],
            parameters={name: "\n".join(v) if name == "stop" else str(v) for name, v in given.items()},
            deadline_s=f"{first.deadline_s:g}", post_id=trial.post_id, as_of=trial.as_of,
            messages=tuple(first.messages) if first.is_override else None,
        )  # fmt: skip

    def filled(self, material: Material) -> Draft:
        """With a post's texts in place of what was typed; what the post lacks stays."""
        return replace(self, inputs=self.inputs | material.texts, as_of=material.as_of)

    def edited(self, preview: Preview) -> Draft:
        """With the messages to edit. Raises Invalid while there are none."""
        if preview.problem or preview.placeholders:
            missing = ", ".join(preview.placeholders)
            raise Invalid.field("template", preview.problem or f"Fill in {missing} first: the messages are made of it.")
        return replace(self, messages=tuple({"role": m.role, "content": m.content} for m in preview.messages))

    def whom(self) -> list[Whom]:
        """Each choice as often as asked. Raises Invalid."""
        if not self.times.isdecimal() or not 1 <= int(self.times[:3]) <= trials.MOST_COLUMNS:
            raise Invalid.field("times", f"Ask each 1 to {trials.MOST_COLUMNS} times.")
        return [asked.read(chosen) for chosen in self.asked if chosen for _ in range(int(self.times))]

    def typed_parameters(self) -> dict[str, Any]:
        """Those that were given. Raises Invalid naming each that is no number."""
        typed = numbers.read(self.parameters, whole=("max_tokens", "seed"), decimals=("temperature", "top_p"))
        given = {name: value for name, value in typed.items() if value is not None}
        given |= {name: float(given[name]) for name in ("temperature", "top_p") if name in given}
        stop = [text for text in self.parameters.get("stop", "").splitlines() if text]
        return given | ({"stop": stop} if stop else {})

    def deadline(self) -> float:
        typed = numbers.read({"deadline_s": self.deadline_s}, decimals=("deadline_s",))["deadline_s"]
        return 120.0 if typed is None else float(typed)


def _id(form: Mapping[str, str], name: str) -> int | None:
    text = form.get(name, "")
    return int(text) if text.isdecimal() and len(text) <= _LONGEST_ID else None
