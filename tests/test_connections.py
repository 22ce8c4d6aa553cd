"""Testing and discovering providers for real: over sockets, through the SDKs, against the provider stand-in."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable, Iterator

import pytest

from blogforge_llm import connections, db, runner
from blogforge_llm.config import Settings
from blogforge_llm.errors import Forbidden, Invalid, NotFound
from blogforge_llm.records.accounts import User
from blogforge_llm.records.registry import Model, Provider
from blogforge_llm.services.registry import known_services, models, providers
from blogforge_llm.services.tasks import tasks
from tests import factories
from tests.provider_standin import Standin

SECRET = "gsk_topsecret0123456789"
REAL = ["groq", "cerebras", "openai_compatible", "llm"]


@pytest.fixture(autouse=True)
def configured(pool: str, settings: Settings) -> Iterator[None]:
    runner.configure(settings)
    yield


@pytest.fixture
def admin(pool: str) -> User:
    with db.transaction() as conn:
        return factories.make_user(conn, name="Ada", role="admin")


def url_of(standin: Standin, kind: str) -> str:
    return {"groq": standin.groq_url, "cerebras": standin.cerebras_url}.get(kind, standin.compatible_url)


@pytest.fixture
def make(standin: Standin, admin: User) -> Callable[..., tuple[Provider, Model]]:
    def make_provider(
        kind: str, model: str = "llama-standin", key: str = SECRET, url: str | None = None
    ) -> tuple[Provider, Model]:
        with db.transaction() as conn:
            provider = providers.create(
                conn, actor=admin, name=f"The {kind}", kind=kind, base_url=url or url_of(standin, kind), api_key=key
            )
            return provider, models.create(conn, actor=admin, provider_id=provider.id, name=model)

    return make_provider


def dead_url() -> str:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{unused.getsockname()[1]}/v1"


@pytest.mark.parametrize("kind", REAL)
def test_a_good_connection_is_told_and_kept_with_its_task(
    kind: str,
    make: Callable[..., tuple[Provider, Model]],
    admin: User,
    standin: Standin,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    provider, model = make(kind)
    result = connections.test(actor=admin, provider_id=provider.id)
    assert result.category is None
    assert result.message.startswith("llama-standin answered in")
    assert result.provider.tested_at is not None and result.provider.test_category is None
    assert len(standin.requests) == 1
    assert result.task_id is not None
    with db.connection() as conn:
        assert tasks.get(conn, task_id=result.task_id).served_by_model_id == model.id
    assert SECRET not in caplog.text


@pytest.mark.parametrize("host", ["①⑥⑨.254.169.254", "169。254。169。254", "169.254.169.254", "x y.org"])
def test_an_address_that_may_not_be_asked_is_the_reason_not_the_key(
    host: str, make: Callable[..., tuple[Provider, Model]], admin: User
) -> None:
    provider, _ = make("openai_compatible")
    with db.transaction() as conn:
        bare = providers.create(
            conn, actor=admin, name="Bare", kind="openai_compatible", base_url="http://127.0.0.1:1", api_key=SECRET
        )
        conn.execute("UPDATE providers SET base_url = %s", (f"http://{host}/v1",))  # as stored under earlier rules
    asked = connections.test(actor=admin, provider_id=provider.id)
    listed = connections.test(actor=admin, provider_id=bare.id)
    for result in (asked, listed):
        assert result.category == "address_refused"
        assert "may not be asked" in result.message and "key" not in result.message
    assert "It said" not in listed.message and ("metadata" in listed.message or "space" in listed.message)


@pytest.mark.parametrize("kind", REAL)
def test_a_wrong_key_is_named_as_the_reason(
    kind: str, make: Callable[..., tuple[Provider, Model]], admin: User, standin: Standin
) -> None:
    standin.keys("compatible" if kind in ("openai_compatible", "llm") else kind, ["the-right-one"])
    provider, _ = make(kind)
    result = connections.test(actor=admin, provider_id=provider.id)
    assert result.category == "authentication"
    assert "does not accept its key" in result.message
    assert SECRET not in repr(result)
    assert result.provider.test_message == result.message
    with pytest.raises(Invalid, match="does not accept its key") as refused:
        connections.discover(actor=admin, provider_id=provider.id)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("kind", REAL)
def test_a_dead_address_is_named_as_the_reason(
    kind: str, make: Callable[..., tuple[Provider, Model]], admin: User
) -> None:
    provider, _ = make(kind, url=dead_url())
    result = connections.test(actor=admin, provider_id=provider.id)
    assert result.category == "connection"
    assert "could not be reached" in result.message
    with pytest.raises(Invalid, match="could not be reached"):
        connections.discover(actor=admin, provider_id=provider.id)


@pytest.mark.parametrize("kind", REAL)
def test_an_unknown_model_is_named_as_the_reason(
    kind: str, make: Callable[..., tuple[Provider, Model]], admin: User
) -> None:
    provider, _ = make(kind, model="status:404;code=model_not_found")
    result = connections.test(actor=admin, provider_id=provider.id)
    assert result.category == "model_not_found"
    assert "has no model status:404" in result.message


def test_a_silent_model_is_given_up_in_time(
    make: Callable[..., tuple[Provider, Model]], admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_DEADLINE_S", 0.5)
    provider, _ = make("groq", model="slow-first-token:inf")
    began = time.monotonic()
    result = connections.test(actor=admin, provider_id=provider.id)
    assert time.monotonic() - began < 3
    assert result.category == "deadline_exceeded"
    assert "time allowed" in result.message


@pytest.mark.parametrize("kind", REAL)
def test_models_are_discovered(
    kind: str, make: Callable[..., tuple[Provider, Model]], admin: User, standin: Standin
) -> None:
    standin.models("compatible" if kind in ("openai_compatible", "llm") else kind, ["one", "two"])
    provider, _ = make(kind)
    assert {model.name for model in connections.discover(actor=admin, provider_id=provider.id)} == {"one", "two"}


def test_a_provider_without_models_is_asked_for_its_list(admin: User, standin: Standin) -> None:
    with db.transaction() as conn:
        provider = providers.create(
            conn, actor=admin, name="New", kind="openai_compatible", base_url=standin.compatible_url
        )
    standin.models("compatible", ["one"])
    result = connections.test(actor=admin, provider_id=provider.id)
    assert (result.category, result.message) == (None, "It answers and lists 1 model. Add one to ask it.")
    assert result.task_id is None
    standin.behave("/models", "status:500")
    result = connections.test(actor=admin, provider_id=provider.id)
    assert result.category == "server_error"


def test_the_models_of_the_llm_library_are_discovered_and_echo_is_no_ai(admin: User) -> None:
    with db.transaction() as conn:
        provider = providers.create(conn, actor=admin, name="Plugins", kind="llm")
    found = {model.name: model for model in connections.discover(actor=admin, provider_id=provider.id)}
    assert not found["echo"].is_ai
    with db.transaction() as conn:
        models.create(conn, actor=admin, provider_id=provider.id, name="echo")
    assert connections.test(actor=admin, provider_id=provider.id).category is None


def test_a_provider_without_its_key_says_so(admin: User) -> None:
    with db.transaction() as conn:
        provider = providers.create(conn, actor=admin, name="Groq", kind="groq")
    assert "has no API key" in connections.test(actor=admin, provider_id=provider.id).message
    with db.transaction() as conn:
        models.create(conn, actor=admin, provider_id=provider.id, name="llama")
    result = connections.test(actor=admin, provider_id=provider.id)
    assert result.category is not None and "has no API key" in result.message
    with pytest.raises(Invalid, match="has no API key"):
        connections.discover(actor=admin, provider_id=provider.id)


def test_only_admins_test_discover_and_look_around(pool: str) -> None:
    with db.transaction() as conn:
        alice = factories.make_user(conn, name="Alice", role="editor")
    with pytest.raises(Forbidden):
        connections.test(actor=alice, provider_id=1)
    with pytest.raises(Forbidden):
        connections.discover(actor=alice, provider_id=1)
    with pytest.raises(Forbidden):
        connections.look_for_local_servers(actor=alice)


def test_what_is_not_there_cannot_be_tested(admin: User, make: Callable[..., tuple[Provider, Model]]) -> None:
    with pytest.raises(NotFound):
        connections.test(actor=admin, provider_id=2**62)
    provider, _ = make("groq")
    with pytest.raises(Invalid, match="no such model"):
        connections.test(actor=admin, provider_id=provider.id, model_id=2**62)


def test_local_servers_are_found_where_they_answer(
    admin: User, standin: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    def local(key: str, url: str) -> known_services.KnownService:
        kind = known_services.get("ollama").kind
        return known_services.KnownService(key, key.title(), kind, "", "local", url, needs_key=False)

    monkeypatch.setattr(known_services, "SERVICES", (local("alive", standin.compatible_url), local("dead", dead_url())))
    alive, dead = connections.look_for_local_servers(actor=admin)
    assert alive.models and alive.problem == ""
    assert dead.models is None and dead.problem.startswith("nothing answers at http://127.0.0.1")
