"""`make live-check`: one small call to every real provider that is configured here, and a dated result of it.

Configured is what the installation of this environment has connected (DATABASE_URL, or the data directory's own
database), what has its key in the environment, and every local server that answers. It costs a few tokens each.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from blogforge_llm import config, connections, db, runner
from blogforge_llm.cli import database
from blogforge_llm.config import Settings
from blogforge_llm.engine import fallback
from blogforge_llm.engine.types import CallError, Candidate, Completed, EngineError, Message, Parameters, Request
from blogforge_llm.records.registry import Model, Provider, ProviderKind
from blogforge_llm.services.accounts import users
from blogforge_llm.services.registry import known_services, models, providers
from blogforge_llm.services.registry.known_services import KnownService
from tests.engine.asking import Notes

_QUESTION = Request(
    (Message.of("user", "Reply with the single word: ready"),), parameters=Parameters(max_tokens=512), deadline_s=60.0
)


@dataclass(frozen=True, slots=True)
class Result:
    """`problem` is empty where the model answered."""

    where: str  # installation, environment, this machine
    provider: str
    model: str
    took_s: float
    said: str
    problem: str = ""


def main() -> int:
    settings = config.from_env()
    runner.configure(settings)
    results = [*_of_installation(settings), *_of_environment(), *_of_local_servers()]
    now = datetime.now(UTC)
    file = _write(settings.data_dir / "live-checks", now, results)
    print(_report(now, results))
    print(f"Written to {file}")
    return 1 if any(result.problem for result in results) else 0


def _of_installation(settings: Settings) -> Iterator[Result]:
    """Through the same test that an admin starts with a click: tasks, attempts and costs are written as ever."""
    if settings.is_embedded and not (settings.data_dir / "postgres").exists():
        return
    with database.pool(settings):
        with db.connection() as conn:
            first = conn.execute(
                "SELECT id FROM users WHERE role = 'admin' AND is_active ORDER BY id LIMIT 1"
            ).fetchone()
            admin = users.find(conn, user_id=first["id"]) if first else None
            asked = [
                (provider, model)
                for provider in providers.list_all(conn)
                if provider.is_enabled and (model := _first_model(conn, provider))
            ]
        for provider, model in asked if admin else []:
            began = time.monotonic()
            test = connections.test(actor=admin, provider_id=provider.id, model_id=model.id)
            problem = "" if test.category is None else f"{test.category}: {test.message}"
            said = test.message if not problem else ""
            yield Result("installation", provider.name, model.name, time.monotonic() - began, said, problem)


def _first_model(conn: db.Connection, provider: Provider) -> Model | None:
    found = models.list_of_provider(conn, provider_id=provider.id)
    return next((model for model in found if model.is_enabled and model.is_ai), None)


def _of_environment() -> Iterator[Result]:
    keys = config.provider_keys()
    for service in known_services.SERVICES:
        if service.variable in keys:
            yield _check("environment", service, keys[service.variable].strip())


def _of_local_servers() -> Iterator[Result]:
    for service in known_services.list_local():
        try:
            runner.discover(_candidate(service, "", None))
        except CallError:
            continue  # nobody is there
        yield _check("this machine", service, None)


def _check(where: str, service: KnownService, key: str | None) -> Result:
    began = time.monotonic()
    model = ""
    try:
        listed = [found.name for found in runner.discover(_candidate(service, "", key))]
        suggested = [known.name for known in service.models if known.name in listed]
        model = next(iter(suggested or listed), "")
        if not model:
            return Result(where, service.name, "", time.monotonic() - began, "", "it lists no model")
        return _ask(where, _candidate(service, model, key))
    except CallError as error:
        problem = f"{error.category}: {error.text[:300]}"
        return Result(where, service.name, model, time.monotonic() - began, "", problem)


def _ask(where: str, candidate: Candidate) -> Result:
    began, notes = time.monotonic(), Notes()
    said, problem = "", ""
    try:
        for event in fallback.stream(_QUESTION, [candidate], recorder=notes):
            if isinstance(event, Completed):
                usage = event.completion.usage
                said = f"{event.completion.text[:40]!r}, {usage.input_tokens} + {usage.output_tokens} tokens"
    except EngineError as error:
        problem = f"{error.category}: {notes.outcomes[-1].error_text if notes.outcomes else error}"
    return Result(where, candidate.provider_name, candidate.model_name, time.monotonic() - began, said, problem)


def _candidate(service: KnownService, model: str, key: str | None) -> Candidate:
    kind = ProviderKind(service.kind)
    local = {"first_token_timeout_s": 60.0} if service.group == "local" else {}
    return Candidate(0, model, 0, service.name, kind, base_url=service.base_url, api_key=key, **local)


def _report(now: datetime, results: list[Result]) -> str:
    title = f"# Live check of {now:%Y-%m-%d %H:%M} UTC\n"
    if not results:
        return (
            f"{title}\nNothing was checked: no provider is connected here, no known key stands in the environment, "
            "and no local server answers.\n"
        )
    lines = ["| where | provider | model | seconds | result |", "|---|---|---|---|---|"]
    lines += [
        f"| {result.where} | {result.provider} | {result.model} | {result.took_s:.2f} "
        f"| {'FAILED, ' + result.problem if result.problem else 'answered: ' + result.said} |".replace("\n", " ")
        for result in results
    ]
    return "\n".join([title, *lines, ""])


def _write(folder: Path, now: datetime, results: list[Result]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{now:%Y-%m-%dT%H%M%SZ}.md"
    file.write_text(_report(now, results), encoding="utf-8")
    return file


if __name__ == "__main__":
    sys.exit(main())
