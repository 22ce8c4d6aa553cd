"""Circuits by hand, who sees and moves them, what is forgotten when things change, and what the routes say."""

from __future__ import annotations

import uuid

import pytest

from blogforge_llm import db
from blogforge_llm.engine.breakers import Breakers
from blogforge_llm.engine.types import Outcome
from blogforge_llm.errors import Forbidden, Invalid, NotFound
from blogforge_llm.records.accounts import User
from blogforge_llm.records.registry import Circuit, Model
from blogforge_llm.records.tasks import AttemptStatus, Category
from blogforge_llm.services.ops import audit
from blogforge_llm.services.registry import candidates, circuits, keys, models, providers, routes


@pytest.fixture
def model(conn: db.Connection, ada: User) -> Model:
    provider = providers.create(conn, actor=ada, name="Groq", kind="groq", api_key="gsk_shared_key_1")
    return models.create(conn, actor=ada, provider_id=provider.id, name="llama")


def fail(conn: db.Connection, model: Model, category: Category, *, user: User | None = None, place: int = 0) -> None:
    """The model's call fails so, with the user's first key or a later one."""
    asked = candidates.list_for(conn, model_id=model.id, user_id=user.id if user else None)[place]
    breaker = Breakers([asked], uuid.uuid4())
    assert breaker.may_ask(asked) is None
    breaker.report(asked, Outcome(AttemptStatus.FAILED, category))


def by_name(conn: db.Connection, actor: User) -> dict[str, Circuit]:
    return {circuit.name: circuit for circuit in circuits.list_all(conn, actor=actor)}


def test_everything_that_can_be_asked_has_a_circuit(conn: db.Connection, ada: User, model: Model) -> None:
    found = by_name(conn, ada)
    (key,) = keys.list_of_provider(conn, actor=ada, provider_id=model.provider_id)
    assert set(found) == {f"provider:{model.provider_id}", f"model:{model.id}", f"key:{key.id}"}
    assert all(circuit.is_closed for circuit in found.values())


def test_a_failure_shows_with_its_reason_and_the_next_try(conn: db.Connection, ada: User, model: Model) -> None:
    fail(conn, model, Category.OVERLOADED)
    circuit = circuits.get(conn, actor=ada, name=f"model:{model.id}")
    assert circuits.reason(circuit) == "overloaded"
    assert circuits.next_call(circuit) == "in 5 seconds"
    assert list(circuits.list_resting(conn, actor=ada)) == [circuit.name]


def test_stopping_by_hand_holds_until_somebody_allows_it_and_both_are_logged(
    conn: db.Connection, ada: User, model: Model
) -> None:
    name = f"model:{model.id}"
    circuit = circuits.open_(conn, actor=ada, name=name, note="too slow\ntoday")
    assert circuits.reason(circuit) == "stopped by Ada: too slow today"
    assert circuits.next_call(circuit) == "when an admin allows it"
    (asked,) = candidates.list_for(conn, model_id=model.id)
    refusal = Breakers([asked], uuid.uuid4()).may_ask(asked)
    assert refusal is not None and "too slow today" in refusal.message
    assert circuits.close(conn, actor=ada, name=name).is_closed
    assert Breakers([asked], uuid.uuid4()).may_ask(asked) is None
    circuits.close(conn, actor=ada, name=name)
    entries = audit.list_(conn, actor=ada, noun="circuit")
    assert [(entry.action, entry.noun_id, entry.user_name) for entry in entries] == [
        ("close", name, "Ada"), ("open", name, "Ada"),
    ]  # fmt: skip
    assert entries[1].detail == "llama on Groq (too slow today)"


def test_a_whole_provider_can_be_stopped(conn: db.Connection, ada: User, model: Model) -> None:
    circuits.open_(conn, actor=ada, name=f"provider:{model.provider_id}")
    (why,) = candidates.list_resting(conn, candidates=candidates.list_for(conn, model_id=model.id))
    assert why is not None and "An admin has stopped the calls" in why


def test_only_admins_move_circuits_and_strangers_do_not_see_keys(
    conn: db.Connection, ada: User, alice: User, bob: User, charlie: User, model: Model
) -> None:
    own = keys.create(conn, actor=alice, provider_id=model.provider_id, api_key="gsk_of_alice_22", is_personal=True)
    for actor in (alice, charlie):
        with pytest.raises(Forbidden):
            circuits.open_(conn, actor=actor, name=f"model:{model.id}")
        with pytest.raises(Forbidden):
            circuits.close(conn, actor=actor, name=f"model:{model.id}")
    for actor in (bob, charlie, ada):
        assert f"key:{own.id}" not in by_name(conn, actor)
        with pytest.raises(NotFound):
            circuits.open_(conn, actor=actor, name=f"key:{own.id}")
    assert len([name for name in by_name(conn, bob) if name.startswith("key:")]) == 0
    fail(conn, model, Category.AUTHENTICATION, user=alice)
    assert not circuits.get(conn, actor=alice, name=f"key:{own.id}").is_closed
    assert circuits.close(conn, actor=alice, name=f"key:{own.id}").is_closed
    with pytest.raises(Forbidden):
        audit.list_(conn, actor=alice, noun="circuit")


@pytest.mark.parametrize(
    "name", ["model:999999999", "model:x", "model:", "nonsense", "topic:seo", "model:1@key:1", "ä" * 300]
)
def test_what_does_not_exist_cannot_be_opened(conn: db.Connection, ada: User, model: Model, name: str) -> None:
    with pytest.raises(NotFound):
        circuits.open_(conn, actor=ada, name=name)


@pytest.mark.parametrize("note", ["x" * 201, "a\0b"])
def test_a_reason_that_does_not_fit_is_refused(conn: db.Connection, ada: User, model: Model, note: str) -> None:
    with pytest.raises(Invalid):
        circuits.open_(conn, actor=ada, name=f"model:{model.id}", note=note)


def test_a_model_with_one_key_is_listed_while_it_rests(conn: db.Connection, ada: User, bob: User, model: Model) -> None:
    keys.create(conn, actor=ada, provider_id=model.provider_id, api_key="gsk_second_key_2", name="Second")
    fail(conn, model, Category.PERMISSION, place=1)
    (circuit,) = circuits.list_resting(conn, actor=ada).values()
    assert circuit.label == "llama on Groq with Second"
    assert circuits.list_resting(conn, actor=bob) == {}
    assert circuits.close(conn, actor=ada, name=circuit.name).is_closed
    assert circuits.list_resting(conn, actor=ada) == {}


def test_a_new_secret_gets_a_new_chance(conn: db.Connection, ada: User, model: Model) -> None:
    (key,) = keys.list_of_provider(conn, actor=ada, provider_id=model.provider_id)
    fail(conn, model, Category.AUTHENTICATION)
    keys.update(conn, actor=ada, key_id=key.id, name="Renamed")
    assert circuits.list_resting(conn, actor=ada)
    keys.update(conn, actor=ada, key_id=key.id, api_key="gsk_another_key_9")
    assert circuits.list_resting(conn, actor=ada) == {}
    fail(conn, model, Category.PERMISSION)
    keys.update(conn, actor=ada, key_id=key.id, api_key="gsk_another_key_10")
    assert circuits.list_resting(conn, actor=ada) == {}


def test_a_new_name_or_address_gets_a_new_chance_and_what_was_stopped_stays(
    conn: db.Connection, ada: User, model: Model
) -> None:
    fail(conn, model, Category.MODEL_NOT_FOUND)
    models.update(conn, actor=ada, model_id=model.id, context_window=1000)
    assert circuits.list_resting(conn, actor=ada)
    models.update(conn, actor=ada, model_id=model.id, name="llama-2")
    assert circuits.list_resting(conn, actor=ada) == {}
    fail(conn, model, Category.CONNECTION)
    circuits.open_(conn, actor=ada, name=f"provider:{model.provider_id}")
    providers.update(conn, actor=ada, provider_id=model.provider_id, base_url="https://api.example.com")
    assert list(circuits.list_resting(conn, actor=ada)) == [f"provider:{model.provider_id}"]


def test_what_is_gone_is_forgotten(conn: db.Connection, ada: User, model: Model) -> None:
    (key,) = keys.list_of_provider(conn, actor=ada, provider_id=model.provider_id)
    other = models.create(conn, actor=ada, provider_id=model.provider_id, name="gemma")
    fail(conn, model, Category.OVERLOADED)
    fail(conn, other, Category.PERMISSION)
    circuits.forget_gone(conn)
    assert len(circuits.list_resting(conn, actor=ada)) == 2
    keys.delete(conn, actor=ada, key_id=key.id)
    circuits.forget_gone(conn)
    assert [row["name"] for row in conn.execute("SELECT name FROM circuits")] == [f"model:{model.id}"]


def test_a_route_says_who_is_passed_over_and_why(conn: db.Connection, ada: User, model: Model) -> None:
    other = models.create(conn, actor=ada, provider_id=model.provider_id, name="gemma")
    keys.create(conn, actor=ada, provider_id=model.provider_id, api_key="gsk_second_key_2")
    route = routes.create(conn, actor=ada, name="Both", model_ids=[model.id, other.id])
    fail(conn, model, Category.RATE_LIMIT)
    assert candidates.list_problems(conn, route_ids=[route.id]) == {route.id: {}}  # the second key has room
    fail(conn, model, Category.RATE_LIMIT, place=1)
    problems = candidates.list_problems(conn, route_ids=[route.id])[route.id]
    assert list(problems) == [model.id]
    assert problems[model.id] == "llama on Groq rests (rate limit) and is tried again in 5 seconds."


def test_candidates_come_once_per_key_the_own_ones_first(
    conn: db.Connection, ada: User, alice: User, model: Model
) -> None:
    other = models.create(conn, actor=ada, provider_id=model.provider_id, name="gemma")
    keys.create(conn, actor=ada, provider_id=model.provider_id, api_key="gsk_second_key_2")
    keys.create(conn, actor=alice, provider_id=model.provider_id, api_key="gsk_of_alice_22", is_personal=True)
    route = routes.create(conn, actor=ada, name="Both", model_ids=[other.id, model.id])
    found = candidates.list_for(conn, route_id=route.id, user_id=alice.id)
    assert [(candidate.model_name, candidate.api_key) for candidate in found] == [
        (name, key)
        for name in ("gemma", "llama")
        for key in ("gsk_of_alice_22", "gsk_shared_key_1", "gsk_second_key_2")
    ]
