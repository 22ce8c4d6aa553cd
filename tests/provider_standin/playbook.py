"""What is played for whom: scripts, lasting behaviours, outages, answers, keys and model lists set by a test,
else what the model's name says. Everything here is forgotten by `reset`.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from . import behaviours
from .answers import Answer, count_tokens, default_answer, prompt_text
from .dialects import CONTEXT_WINDOWS, DIALECTS, Dialect
from .names import UnknownBehaviour, parse
from .plans import Ask, Fault, Plan, Reply

LISTING = "/models"
"""The name under which the listing of models can be scripted, held and counted like a model."""


@dataclass(frozen=True)
class Text:
    """A script step that answers well, with this text or function of the request's body."""

    answer: Answer


Step = str | Text | Plan | Callable[[Mapping[str, Any]], str]
"""A behaviour's name, a text, a plan of one's own, or a function of the body that makes the text."""


@dataclass
class Playbook:
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        with self._lock:
            self._scripts: dict[str, deque[Step]] = {}
            self._lasting: dict[str, Step] = {}
            self._outages: dict[str, int] = {}
            self._answers: dict[str, Answer] = {}
            self._times: dict[str, list[float]] = {}
            self._valid_keys: dict[str, frozenset[str]] = {}
            self._key_steps: dict[str, Step] = {}
            self._models: dict[str, tuple[str, ...]] = {}

    def script(self, model: str, steps: Iterable[Step]) -> None:
        """The next requests for the model get these steps in turn; then it is itself again."""
        ready = deque(_checked(step) for step in steps)
        with self._lock:
            self._scripts[model] = ready

    def behave(self, model: str, step: Step | None) -> None:
        """Every request gets this step until `behave(model, None)`; scripts and outages go first."""
        with self._lock:
            if step is None:
                self._lasting.pop(model, None)
            else:
                self._lasting[model] = _checked(step)

    def answer(self, model: str, answer: Answer) -> None:
        """What the model says instead of the default answer, whatever its behaviour."""
        with self._lock:
            self._answers[model] = answer

    def outage(self, model: str, on: bool, status: int = 503) -> None:
        with self._lock:
            if on:
                self._outages[model] = status
            else:
                self._outages.pop(model, None)

    def keys(self, dialect: str, valid: Iterable[str]) -> None:
        """Only these keys are accepted; without it, all that do not start with `bad`."""
        with self._lock:
            self._valid_keys[DIALECTS[dialect].name] = frozenset(valid)

    def key_behaves(self, key: str, step: Step | None) -> None:
        """Every request made with the key gets this step, e.g. "status:402"."""
        with self._lock:
            if step is None:
                self._key_steps.pop(key, None)
            else:
                self._key_steps[key] = _checked(step)

    def models(self, dialect: str, names: Iterable[str]) -> None:
        """What `/models` of the dialect lists; the names answer well if they mean nothing else."""
        with self._lock:
            self._models[DIALECTS[dialect].name] = tuple(names)

    def listed(self, dialect: str) -> list[str]:
        with self._lock:
            return list(self._models.get(dialect, CONTEXT_WINDOWS))

    def key_fault(self, dialect: Dialect, key: str) -> Fault | None:
        with self._lock:
            valid = self._valid_keys.get(dialect.name)
        if valid is not None:
            return None if key in valid else Fault(401)
        if key.startswith("bad") or (dialect.key_required and not key):
            return Fault(401)
        return None

    def play(self, dialect: Dialect, key: str, body: Mapping[str, Any]) -> tuple[str, Plan]:
        """The name of what is played for a well-formed request, and its plan."""
        refused = self.key_fault(dialect, key)
        if refused is not None:
            return "invalid key", Plan(refused)
        model = str(body["model"])
        step, answer, count, times = self._next(dialect, key, model)
        if callable(answer):
            answer = answer(body)
        if answer is None:
            answer = default_answer(body)
        ask = Ask(dialect.name, model, body, answer, count_tokens(prompt_text(body)), count, times)
        try:
            return _name(step), _plan(step, ask)
        except UnknownBehaviour as problem:
            known = parse(model).kind in behaviours.BEHAVIOURS
            return "unknown model", Plan(Fault(404, message=str(problem) if known else None))

    def _next(self, dialect: Dialect, key: str, model: str) -> tuple[Step, Answer | None, int, list[float]]:
        with self._lock:
            times = self._times.setdefault(model, [])
            times.append(time.monotonic())
            answer = self._answers.get(model, self._answers.get("*"))
            known = model in CONTEXT_WINDOWS or model in self._scripts or model in self._answers
            known = known or model == LISTING or model in self._models.get(dialect.name, ())
            step: Step = "ok" if known and parse(model).kind not in behaviours.BEHAVIOURS else model
            if key in self._key_steps:
                step = self._key_steps[key]
            elif model in self._outages or "*" in self._outages:
                step = f"status:{self._outages.get(model, self._outages.get('*'))}"
            elif queue := self._scripts.get(model) or self._scripts.get("*"):
                step = queue.popleft()
            else:
                step = self._lasting.get(model, self._lasting.get("*", step))
            return step, answer, len(times), times


def _checked(step: Step) -> Step:
    if isinstance(step, str):
        behaviours.check(step)
    return step


def _name(step: Step) -> str:
    return step if isinstance(step, str) else type(step).__name__.lower()


def _plan(step: Step, ask: Ask) -> Plan:
    if isinstance(step, str):
        return behaviours.plan(step, ask)
    if isinstance(step, Plan):
        return step
    answer = step.answer if isinstance(step, Text) else step
    return Plan(Reply(answer(ask.body) if callable(answer) else answer))
