"""Is a provider there, and what models has it? Two questions an admin waits for, asked alike by pages and API."""

from __future__ import annotations

import time
from dataclasses import dataclass

from blogforge_llm import db, runner
from blogforge_llm.engine import categories, masking
from blogforge_llm.engine.types import CallError, Candidate, DiscoveredModel, Message, Parameters
from blogforge_llm.errors import DomainError, Missing, Unfit
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.registry import Model, Provider, ProviderKind
from blogforge_llm.records.tasks import Category, Task, TaskStatus
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.registry import address_policy, candidates, known_services, models, providers
from blogforge_llm.services.registry.known_services import KnownService
from blogforge_llm.services.tasks import tasks

_QUESTION = Message.of("user", "Reply with the single word: ready")
_ANSWER_TOKENS = 512  # models that think first use most of it for that
_DEADLINE_S = 20.0
_DEADLINE_LOCAL_S = 60.0


@dataclass(frozen=True, slots=True)
class Test:
    """How a test ended. `category` is None when it was good; `task_id` is None when no model was asked."""

    provider: Provider
    category: str | None
    message: str
    model_name: str | None
    task_id: int | None


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A local service that was looked for; `models` is None when nothing answered, and `problem` says why."""

    service: KnownService
    models: list[DiscoveredModel] | None
    problem: str


def test(*, actor: User, provider_id: int, model_id: int | None = None) -> Test:
    """A real call to the model named, or the provider's first; a provider without models is asked for its list.

    The result is kept on the provider. Raises NotFound, Forbidden.
    """
    with db.transaction() as conn:
        permissions.require(actor, Permission.KEEP_REGISTRY)
        provider = providers.get(conn, provider_id=provider_id)
        model = _model_to_ask(models.list_of_provider(conn, provider_id=provider_id), model_id)
        task = _create(conn, actor, provider, model) if model is not None else None
    if model is None or task is None:
        category, message = _test_list(actor, provider)
    else:
        category, message = _ask(task, model)
    with db.transaction() as conn:
        provider = providers.keep_test(conn, actor=actor, provider_id=provider_id, category=category, message=message)
    return Test(provider, category, message, model.name if model else None, task.id if task else None)


def discover(*, actor: User, provider_id: int) -> list[DiscoveredModel]:
    """The provider's own list of models. Raises Invalid with the reason when it does not give one."""
    permissions.require(actor, Permission.KEEP_REGISTRY)
    with db.transaction() as conn:
        candidate = candidates.for_provider(conn, provider_id=provider_id, user_id=actor.id)
    try:
        return runner.discover(candidate)
    except CallError as error:
        raise Unfit(_reason(error, candidate)) from error


def look_for_local_servers(*, actor: User) -> list[LocalServer]:
    """Ask each known local address for its models. Only when somebody clicks: it knocks at doors of this machine."""
    permissions.require(actor, Permission.KEEP_REGISTRY)
    with db.transaction() as conn:
        address_policy.apply(conn)
    return [_look_for(service) for service in known_services.list_local()]


def _model_to_ask(found: list[Model], model_id: int | None) -> Model | None:
    if model_id is None:
        return next((model for model in found if model.is_enabled), None)
    chosen = next((model for model in found if model.id == model_id), None)
    if chosen is None:
        raise Missing.field("model_id", "This provider has no such model. Choose one of its models.")
    return chosen


def _create(conn: db.Connection, actor: User, provider: Provider, model: Model) -> Task:
    return tasks.create(
        conn,
        actor=actor,
        messages=[_QUESTION],
        model_id=model.id,
        parameters=Parameters(max_tokens=_ANSWER_TOKENS),
        deadline_s=_DEADLINE_LOCAL_S if provider.is_local else _DEADLINE_S,
        is_queued=False,
    )


def _ask(task: Task, model: Model) -> tuple[str | None, str]:
    began = time.monotonic()
    ended = runner.ask_now(task.id, is_test=True)
    if ended.status is TaskStatus.SUCCEEDED:
        took_s = time.monotonic() - began
        return None, f"{model.name} answered in {f'{took_s:.1f} s' if took_s >= 1 else f'{took_s * 1000:.0f} ms'}."
    return ended.error_category or Category.SERVER_ERROR, ended.error_message or "It did not answer. Try again."


def _test_list(actor: User, provider: Provider) -> tuple[str | None, str]:
    try:
        with db.transaction() as conn:
            candidate = candidates.for_provider(conn, provider_id=provider.id, user_id=actor.id)
        count = len(runner.discover(candidate))
    except CallError as error:
        return error.category, _reason(error, candidate)
    except DomainError as error:
        return Category.INVALID_REQUEST, str(error)
    return None, f"It answers and lists {count} model{'' if count == 1 else 's'}. Add one to ask it."


def _look_for(service: KnownService) -> LocalServer:
    candidate = Candidate(0, "", 0, service.name, ProviderKind.OPENAI_COMPATIBLE, base_url=service.base_url)
    try:
        return LocalServer(service, runner.discover(candidate), "")
    except CallError as error:
        nothing = f"nothing answers at {service.base_url}."
        return LocalServer(service, None, nothing if error.category is Category.CONNECTION else error.text[:200])


def _reason(error: CallError, candidate: Candidate) -> str:
    """What to do, and the provider's own words: these are for admins, who alone come here."""
    if error.category is Category.MODEL_NOT_FOUND:
        advice = f"{candidate.provider_name} has no list of models at its address. Check the address."
    else:
        advice = categories.POLICIES[error.category].advice.format(
            provider=candidate.provider_name, model="the list of models"
        )
    words = masking.mask(error.text, candidate.api_key).strip()
    if error.category is Category.ADDRESS_REFUSED:
        return f"{advice} {words}"  # our own words
    return f"{advice} It said: {words}" if words else advice
