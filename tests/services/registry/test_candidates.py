"""Who may be asked, in which order, with whose key; and what is said when nobody can be."""

from __future__ import annotations

from decimal import Decimal

import pytest

from blogforge_llm import db
from blogforge_llm.errors import Invalid, NotFound
from blogforge_llm.records.accounts import User
from blogforge_llm.records.registry import Model
from blogforge_llm.services.registry import candidates, encryption, keys, models, providers, routes


def make_model(conn: db.Connection, ada: User, name: str = "llama", key: str | None = "gsk_shared_key_1") -> Model:
    found = next((p for p in providers.list_all(conn) if p.name == "Groq"), None)
    provider = found or providers.create(conn, actor=ada, name="Groq", kind="groq", api_key=key)
    return models.create(conn, actor=ada, provider_id=provider.id, name=name, input_price=Decimal("0.59"))


def test_nothing_connected_says_to_connect(conn: db.Connection) -> None:
    with pytest.raises(Invalid, match="Connect a model first"):
        candidates.list_for(conn)


def test_the_default_route_answers_in_its_order(conn: db.Connection, ada: User) -> None:
    first, second = make_model(conn, ada, "a"), make_model(conn, ada, "b")
    default = routes.get_default(conn)
    assert default is not None
    assert [model.id for model in default.models] == [first.id]
    routes.update(conn, actor=ada, route_id=default.id, model_ids=[second.id, first.id])
    found = candidates.list_for(conn)
    assert [candidate.model_name for candidate in found] == ["b", "a"]
    assert found[0].api_key == "gsk_shared_key_1"
    assert found[0].input_price == Decimal("0.59")
    assert "gsk_shared_key_1" not in repr(found)


def test_a_model_asked_by_itself_has_no_fallback(conn: db.Connection, ada: User) -> None:
    make_model(conn, ada, "a")
    second = make_model(conn, ada, "b")
    assert [candidate.model_id for candidate in candidates.list_for(conn, model_id=second.id)] == [second.id]


def test_ones_own_key_comes_before_the_shared_one_and_serves_nobody_else(
    conn: db.Connection, ada: User, alice: User, bob: User
) -> None:
    model = make_model(conn, ada)
    keys.create(conn, actor=alice, provider_id=model.provider_id, api_key="gsk_of_alice_22", is_personal=True)
    assert candidates.list_for(conn, user_id=alice.id)[0].api_key == "gsk_of_alice_22"
    for other in (bob.id, None):
        assert candidates.list_for(conn, user_id=other)[0].api_key == "gsk_shared_key_1"


def test_a_disabled_key_is_passed_over(conn: db.Connection, ada: User) -> None:
    model = make_model(conn, ada)
    second = keys.create(conn, actor=ada, provider_id=model.provider_id, api_key="gsk_second_key_2")
    first = keys.list_of_provider(conn, actor=ada, provider_id=model.provider_id)[0]
    keys.update(conn, actor=ada, key_id=first.id, is_enabled=False)
    assert candidates.list_for(conn)[0].key_id == second.id


def test_disabled_models_are_left_out_and_the_rest_is_asked(conn: db.Connection, ada: User) -> None:
    first, second = make_model(conn, ada, "a"), make_model(conn, ada, "b")
    route = routes.create(conn, actor=ada, name="Both", model_ids=[first.id, second.id])
    models.update(conn, actor=ada, model_id=first.id, is_enabled=False)
    assert [found.model_id for found in candidates.list_for(conn, route_id=route.id)] == [second.id]
    models.update(conn, actor=ada, model_id=second.id, is_enabled=False)
    with pytest.raises(Invalid, match=r"Both has no model that can be asked. The model a is disabled"):
        candidates.list_for(conn, route_id=route.id)


def test_every_reason_says_what_to_do(conn: db.Connection, ada: User) -> None:
    model = make_model(conn, ada, key=None)
    with pytest.raises(Invalid, match=r"Groq has no API key\. Add one"):
        candidates.list_for(conn, model_id=model.id)
    providers.update(conn, actor=ada, provider_id=model.provider_id, is_enabled=False)
    with pytest.raises(Invalid, match=r"The provider Groq is disabled\. Enable it"):
        candidates.list_for(conn, model_id=model.id)
    with pytest.raises(Invalid, match="no such model"):
        candidates.list_for(conn, model_id=2**62)
    empty = routes.create(conn, actor=ada, name="Empty")
    with pytest.raises(Invalid, match="Empty has no models"):
        candidates.list_for(conn, route_id=empty.id)
    routes.archive(conn, actor=ada, route_id=empty.id)
    with pytest.raises(Invalid, match="was archived"):
        candidates.list_for(conn, route_id=empty.id)


def test_local_servers_need_no_key_and_get_time_to_load(conn: db.Connection, ada: User) -> None:
    local = providers.create(
        conn, actor=ada, name="Ollama", kind="openai_compatible", base_url="http://127.0.0.1:11434/v1"
    )
    model = models.create(conn, actor=ada, provider_id=local.id, name="gemma3")
    [candidate] = candidates.list_for(conn, model_id=model.id)
    assert candidate.api_key is None
    assert candidate.first_token_timeout_s == 120.0
    models.update(conn, actor=ada, model_id=model.id, first_token_timeout_s=Decimal("7.5"))
    assert candidates.list_for(conn, model_id=model.id)[0].first_token_timeout_s == 7.5
    assert candidates.list_for(conn, model_id=make_model(conn, ada).id)[0].first_token_timeout_s == 10.0


def test_the_llm_library_needs_no_key_and_a_hosted_server_does(conn: db.Connection, ada: User) -> None:
    echo = models.create(
        conn, actor=ada, provider_id=providers.create(conn, actor=ada, name="Echo", kind="llm").id, name="echo"
    )
    assert not echo.is_ai
    assert candidates.list_for(conn, model_id=echo.id)[0].kind == "llm"
    hosted = providers.create(
        conn, actor=ada, name="Hosted", kind="openai_compatible", base_url="https://api.example.com/v1"
    )
    with pytest.raises(Invalid, match="Hosted has no API key"):
        candidates.for_provider(conn, provider_id=hosted.id)


def test_a_changed_secret_key_is_told(conn: db.Connection, ada: User) -> None:
    make_model(conn, ada)
    encryption.configure("quite another secret key")
    with pytest.raises(Invalid, match="the secret key has changed"):
        candidates.list_for(conn)


def test_an_archived_provider_is_not_asked_for_its_models(conn: db.Connection, ada: User) -> None:
    provider = providers.create(conn, actor=ada, name="Groq", kind="groq", api_key="gsk_shared_key_1")
    assert candidates.for_provider(conn, provider_id=provider.id).api_key == "gsk_shared_key_1"
    providers.archive(conn, actor=ada, provider_id=provider.id)
    with pytest.raises(NotFound):
        candidates.for_provider(conn, provider_id=provider.id)
