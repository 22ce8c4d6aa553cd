"""Models: what may be said of them, and when they may go."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from blogforge_llm import db
from blogforge_llm.errors import Conflict, Forbidden, Invalid, NotFound
from blogforge_llm.records.accounts import User
from blogforge_llm.records.registry import Provider
from blogforge_llm.services.registry import models, providers, routes


@pytest.fixture
def groq(conn: db.Connection, ada: User) -> Provider:
    return providers.create(conn, actor=ada, name="Groq", kind="groq")


def test_what_is_not_known_stays_unknown(conn: db.Connection, ada: User, groq: Provider) -> None:
    model = models.create(conn, actor=ada, provider_id=groq.id, name="llama")
    assert (model.context_window, model.input_price, model.output_price) == (None, None, None)
    assert model.streams and model.is_ai and model.is_enabled


def test_prices_keep_every_digit(conn: db.Connection, ada: User, groq: Provider) -> None:
    model = models.create(conn, actor=ada, provider_id=groq.id, name="llama", input_price=Decimal("0.000059"))
    assert models.get(conn, model_id=model.id).input_price == Decimal("0.000059")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("context_window", 0),
        ("context_window", 2**31),
        ("max_output_tokens", -5),
        ("input_price", Decimal("-0.01")),
        ("output_price", Decimal("NaN")),
        ("output_price", Decimal("1e9")),
        ("first_token_timeout_s", Decimal(0)),
        ("idle_timeout_s", Decimal(4000)),
        ("refused_parameters", ["colour"]),
        ("name", ""),
        ("name", "a\x00b"),
    ],
)
def test_what_cannot_be_is_refused_by_field(
    conn: db.Connection, ada: User, groq: Provider, field: str, value: Any
) -> None:
    with pytest.raises(Invalid) as refused:
        models.create(conn, actor=ada, provider_id=groq.id, **{"name": "llama", field: value})
    assert refused.value.errors.keys() == {field}
    assert models.count(conn) == 0


def test_a_provider_has_a_model_once(conn: db.Connection, ada: User, groq: Provider) -> None:
    models.create(conn, actor=ada, provider_id=groq.id, name="llama")
    with pytest.raises(Conflict, match="Groq already has a model named llama"):
        models.create(conn, actor=ada, provider_id=groq.id, name="llama")


def test_models_are_found_by_name_or_by_provider_and_name(conn: db.Connection, ada: User, groq: Provider) -> None:
    other = providers.create(conn, actor=ada, name="Cerebras", kind="cerebras")
    first = models.create(conn, actor=ada, provider_id=groq.id, name="openai/gpt-oss-120b")
    second = models.create(conn, actor=ada, provider_id=other.id, name="openai/gpt-oss-120b")
    with pytest.raises(Invalid, match="Groq/openai/gpt-oss-120b or Cerebras/openai/gpt-oss-120b") as refusal:
        models.find_by_name(conn, name="openai/gpt-oss-120b")
    assert "model" in refusal.value.errors
    found = models.find_by_name(conn, name="cerebras/openai/gpt-oss-120b")
    assert found is not None and found.id == second.id
    models.update(conn, actor=ada, model_id=first.id, is_enabled=False)
    found = models.find_by_name(conn, name="openai/gpt-oss-120b")
    assert found is not None and found.id == second.id
    assert models.find_by_name(conn, name="nothing") is None


def test_archive_is_refused_while_a_route_asks_it_and_names_the_route(
    conn: db.Connection, ada: User, groq: Provider
) -> None:
    model = models.create(conn, actor=ada, provider_id=groq.id, name="llama")
    with pytest.raises(Conflict, match="llama stands in the route Default"):
        models.archive(conn, actor=ada, model_id=model.id)
    default = routes.get_default(conn)
    assert default is not None
    routes.update(conn, actor=ada, route_id=default.id, model_ids=[])
    models.archive(conn, actor=ada, model_id=model.id)
    with pytest.raises(NotFound):
        models.get(conn, model_id=model.id)


def test_only_admins_keep_models(conn: db.Connection, ada: User, alice: User, groq: Provider) -> None:
    model = models.create(conn, actor=ada, provider_id=groq.id, name="llama")
    with pytest.raises(Forbidden):
        models.create(conn, actor=alice, provider_id=groq.id, name="other")
    with pytest.raises(Forbidden):
        models.update(conn, actor=alice, model_id=model.id, name="other")
    with pytest.raises(Forbidden):
        models.archive(conn, actor=alice, model_id=model.id)
