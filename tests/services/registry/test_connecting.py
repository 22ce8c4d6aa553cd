"""Connecting a known service in one step, with a key of the environment only when it was chosen."""

from __future__ import annotations

import pytest

from blogforge_llm import db
from blogforge_llm.engine import addresses
from blogforge_llm.engine.types import DiscoveredModel
from blogforge_llm.errors import Forbidden, Invalid, NotFound
from blogforge_llm.records.accounts import User
from blogforge_llm.records.registry import ProviderKind
from blogforge_llm.services.registry import (
    candidates,
    connecting,
    discovery,
    keys,
    known_services,
    models,
    providers,
    routes,
)

GROQ = known_services.get("groq")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "gsk_of_the_environment_1234")
    monkeypatch.setenv("SOMETHING_API_KEY", "some_other_key_5678")


def test_a_key_of_the_environment_is_offered_by_name_and_last_characters(ada: User) -> None:
    [offer] = connecting.list_offered(actor=ada, service=GROQ)
    assert (offer.variable, offer.hint) == ("GROQ_API_KEY", "1234")
    assert connecting.list_found(actor=ada)["groq"] == offer
    custom = connecting.list_offered(actor=ada, service=known_services.get("custom"))
    assert "SOMETHING_API_KEY" in [offer.variable for offer in custom]
    assert "GROQ_API_KEY" not in [offer.variable for offer in custom]
    assert connecting.list_offered(actor=ada, service=known_services.get("ollama")) == []


def test_the_environment_is_shown_to_nobody_but_admins(alice: User) -> None:
    with pytest.raises(Forbidden):
        connecting.list_offered(actor=alice, service=GROQ)
    with pytest.raises(Forbidden):
        connecting.list_found(actor=alice)


def test_a_key_of_the_environment_is_never_used_unless_chosen(conn: db.Connection, ada: User) -> None:
    with pytest.raises(Invalid) as refused:
        connecting.connect(conn, actor=ada, service=GROQ, name="Groq")
    assert refused.value.errors.keys() == {"api_key"}
    provider = providers.create(conn, actor=ada, name="Groq", kind="groq")
    assert keys.list_of_provider(conn, actor=ada, provider_id=provider.id) == []
    with pytest.raises(Invalid, match="has no API key"):
        candidates.for_provider(conn, provider_id=provider.id)


def test_connecting_makes_provider_key_models_and_default_route_in_the_suggested_order(
    conn: db.Connection, ada: User
) -> None:
    names = [model.name for model in GROQ.models]
    provider = connecting.connect(
        conn, actor=ada, service=GROQ, name="Groq", variable="GROQ_API_KEY", model_names=names, in_default_route=True
    )
    assert candidates.for_provider(conn, provider_id=provider.id).api_key == "gsk_of_the_environment_1234"
    default = routes.get_default(conn)
    assert default is not None
    assert [model.name for model in default.models] == names
    assert default.models[0].context_window == 131_072
    assert connecting.free_name(conn, service=GROQ) == "Groq 2"


def test_models_that_were_not_ticked_are_not_made(conn: db.Connection, ada: User) -> None:
    provider = connecting.connect(
        conn, actor=ada, service=GROQ, name="Groq", api_key="gsk_typed_0000", model_names=["llama-3.1-8b-instant"]
    )
    assert [model.name for model in models.list_of_provider(conn, provider_id=provider.id)] == ["llama-3.1-8b-instant"]


def test_a_variable_that_is_gone_is_named(conn: db.Connection, ada: User) -> None:
    with pytest.raises(Invalid, match="CEREBRAS_KEY_OF_OLD is no longer in the environment"):
        connecting.connect(conn, actor=ada, service=GROQ, name="Groq", variable="CEREBRAS_KEY_OF_OLD")


def test_only_admins_connect(conn: db.Connection, alice: User) -> None:
    with pytest.raises(Forbidden):
        connecting.connect(conn, actor=alice, service=GROQ, name="Groq", variable="GROQ_API_KEY")


def test_every_known_service_can_be_saved_as_it_is_suggested(conn: db.Connection, ada: User) -> None:
    for service in known_services.SERVICES:
        suggested = connecting.suggest(service, name=service.name)
        if service.base_url:
            assert addresses.check(service.base_url) == service.base_url
        provider = connecting.connect(
            conn, actor=ada, service=service, name=suggested["name"], model_names=suggested["models"],
            api_key="key-of-the-test" if service.needs_key else "",
            base_url=suggested["base_url"] or ("https://x.example/v1" if service.key == "custom" else None),
            requests_per_minute=suggested["requests_per_minute"],
        )  # fmt: skip
        assert provider.kind == service.kind
        assert provider.model_count == len(service.models)


def test_an_unknown_service_is_not_there() -> None:
    with pytest.raises(NotFound):
        known_services.get("carrier pigeon")


def test_a_list_of_models_is_sorted_and_the_sensible_ones_are_ticked(conn: db.Connection, ada: User) -> None:
    provider = providers.create(conn, actor=ada, name="Groq", kind="groq")
    present = [models.create(conn, actor=ada, provider_id=provider.id, name="openai/gpt-oss-20b")]
    names = ["whisper-large-v3", "allam-2-7b", "openai/gpt-oss-20b", "llama-3.3-70b-versatile", "llama-guard-4-12b"]
    found = discovery.sort([DiscoveredModel(name) for name in names], provider=provider, present=present)
    assert [model.name for model in found] == [
        "llama-3.3-70b-versatile", "openai/gpt-oss-20b", "allam-2-7b", "llama-guard-4-12b", "whisper-large-v3",
    ]  # fmt: skip
    assert [model.name for model in found if model.is_suggested] == ["llama-3.3-70b-versatile"]
    assert [model.name for model in found if model.is_added] == ["openai/gpt-oss-20b"]
    assert [model.name for model in found if not model.writes_text] == ["llama-guard-4-12b", "whisper-large-v3"]
    assert found[0].context_window == 131_072


@pytest.mark.parametrize(
    "name", ["text-embedding-3-small", "nomic-embed-text", "gpt-4o-mini-tts", "dall-e-3", "omni-moderation-latest"]
)
def test_names_that_do_not_write_text_are_told(conn: db.Connection, ada: User, name: str) -> None:
    provider = providers.create(conn, actor=ada, name="O", kind="openai_compatible", base_url="https://o.example/v1")
    [found] = discovery.sort([DiscoveredModel(name)], provider=provider, present=[])
    assert not found.writes_text and not found.is_suggested


def test_ticked_models_are_added_once(conn: db.Connection, ada: User) -> None:
    provider = providers.create(conn, actor=ada, name="Groq", kind=ProviderKind.GROQ)
    chosen = [DiscoveredModel("a", 8192, 1024), DiscoveredModel("b")]
    added = discovery.add(conn, actor=ada, provider=provider, chosen=chosen, in_default_route=True)
    assert [(model.name, model.context_window, model.max_output_tokens) for model in added] == [
        ("a", 8192, 1024), ("b", None, None),
    ]  # fmt: skip
    assert discovery.add(conn, actor=ada, provider=provider, chosen=chosen) == []
    with pytest.raises(Invalid, match="No model is ticked"):
        discovery.add(conn, actor=ada, provider=provider, chosen=[])
