"""What a name means to a program."""

from __future__ import annotations

import pytest

from blogforge_llm import db
from blogforge_llm.errors import NotFound
from blogforge_llm.records.accounts import User
from blogforge_llm.services.registry import candidates, offers, routes
from tests import factories


def test_each_model_has_the_shortest_name_that_means_it_alone(conn: db.Connection, charlie: User) -> None:
    alone = factories.make_model(conn, name="llama", provider="Groq")
    shared = [factories.make_model(conn, name="qwen", provider=provider) for provider in ("East", "West")]
    hidden = factories.make_model(conn, name="Careful", provider="North")
    route = factories.make_route(conn, model_ids=[alone], name="careful")
    listed = {offer.name: offer for offer in offers.list_all(conn, actor=charlie)}
    assert list(listed) == ["careful", "llama", "East/qwen", "West/qwen", "North/Careful"]
    assert listed["careful"].route_id == route and listed["careful"].owner == "route"
    assert [listed["East/qwen"].model_id, listed["West/qwen"].model_id] == shared
    for name, offer in listed.items():
        assert offers.get(conn, actor=charlie, name=name) == offer
    assert offers.get(conn, actor=charlie, name="CAREFUL").route_id == route
    assert offers.get(conn, actor=charlie, name="North/Careful").model_id == hidden


def test_what_nobody_can_ask_is_not_offered(conn: db.Connection, alice: User) -> None:
    factories.make_model(conn, name="llama")
    conn.execute("UPDATE models SET is_enabled = false")
    factories.make_route(conn, model_ids=[], name="Empty")
    assert offers.list_all(conn, actor=alice) == []
    for name in ("nobody", "Groq/nobody", "a\x00b", "\ud800", "/", "x" * 10_000):
        with pytest.raises(NotFound):
            offers.get(conn, actor=alice, name=name)


def test_a_name_means_what_it_means_now(conn: db.Connection, ada: User, alice: User) -> None:
    def meant(name: str) -> int | None:
        return offers.get(conn, actor=alice, name=name, mark=candidates.get_mark(conn)).route_id

    model = factories.make_model(conn)
    first, second = (routes.create(conn, actor=ada, name=name, model_ids=[model]) for name in ("quick", "good"))
    assert [meant(name) for name in ("quick", "good", "quick")] == [first.id, second.id, first.id]
    routes.update(conn, actor=ada, route_id=first.id, name="slow")
    assert meant("slow") == first.id
    with pytest.raises(NotFound):
        meant("quick")
    routes.update(conn, actor=ada, route_id=second.id, name="quick")
    assert meant("quick") == second.id
