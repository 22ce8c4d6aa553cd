"""Routes: an order that can be changed, and always exactly one default."""

from __future__ import annotations

import threading

import psycopg
import pytest
from psycopg.rows import dict_row

from blogforge_llm import db
from blogforge_llm.errors import Conflict, Forbidden, Invalid, NotFound
from blogforge_llm.records.accounts import User
from blogforge_llm.records.registry import Model
from blogforge_llm.services.registry import models, providers, routes
from tests import factories


@pytest.fixture
def three(conn: db.Connection, ada: User) -> list[Model]:
    provider = providers.create(conn, actor=ada, name="Groq", kind="groq")
    return [models.create(conn, actor=ada, provider_id=provider.id, name=name) for name in "abc"]


def names(route: routes.Route) -> str:
    return "".join(model.name for model in route.models)


def test_the_first_model_makes_the_default_route_and_later_ones_join_when_told(
    conn: db.Connection, ada: User, three: list[Model]
) -> None:
    default = routes.get_default(conn)
    assert default is not None and default.name == "Default" and names(default) == "a"
    models.create(conn, actor=ada, provider_id=three[0].provider_id, name="d", in_default_route=True)
    default = routes.get_default(conn)
    assert default is not None and names(default) == "ad"


def test_choices_are_routes_that_have_models_and_models_that_may_be_asked(
    conn: db.Connection, ada: User, three: list[Model]
) -> None:
    factories.make_route(conn, model_ids=[three[1].id], name="Careful", is_default=False)
    factories.make_route(conn, model_ids=[], name="Empty", is_default=False)
    models.update(conn, actor=ada, model_id=three[2].id, is_enabled=False)
    assert [name for _, name in routes.list_choices(conn)] == [
        "Route Default", "Route Careful", "a on Groq", "b on Groq",
    ]  # fmt: skip
    assert [key.partition(":")[0] for key, _ in routes.list_choices(conn)] == ["route", "route", "model", "model"]
    providers.update(conn, actor=ada, provider_id=three[0].provider_id, is_enabled=False)
    assert [name for _, name in routes.list_choices(conn)] == ["Route Default", "Route Careful"]


def test_models_that_are_no_ai_give_way_to_real_ones(conn: db.Connection, ada: User) -> None:
    echo = providers.create(conn, actor=ada, name="Echo", kind="llm")
    models.create(conn, actor=ada, provider_id=echo.id, name="echo")
    groq = providers.create(conn, actor=ada, name="Groq", kind="groq")
    models.create(conn, actor=ada, provider_id=groq.id, name="llama", in_default_route=True)
    default = routes.get_default(conn)
    assert default is not None and names(default) == "llama"


def test_the_order_is_what_was_sent(conn: db.Connection, ada: User, three: list[Model]) -> None:
    a, b, c = (model.id for model in three)
    route = routes.create(conn, actor=ada, name="Fast", model_ids=[c, a])
    assert names(route) == "ca" and not route.is_default
    assert names(routes.update(conn, actor=ada, route_id=route.id, model_ids=[b, c, a])) == "bca"
    assert names(routes.move(conn, actor=ada, route_id=route.id, model_id=a, by=-1)) == "bac"
    assert names(routes.move(conn, actor=ada, route_id=route.id, model_id=b, by=-1)) == "bac"
    assert names(routes.move(conn, actor=ada, route_id=route.id, model_id=b, by=9)) == "acb"
    with pytest.raises(NotFound):
        routes.move(conn, actor=ada, route_id=route.id, model_id=2**62, by=1)


def test_a_model_twice_or_unknown_is_refused_and_the_old_order_stays(
    conn: db.Connection, ada: User, three: list[Model]
) -> None:
    a = three[0].id
    route = routes.create(conn, actor=ada, name="Fast", model_ids=[a])
    for wrong in ([a, a], [a, 2**62], list(range(1, 60))):
        with pytest.raises(Invalid) as refused:
            routes.update(conn, actor=ada, route_id=route.id, model_ids=wrong)
        assert refused.value.errors.keys() == {"model_ids"}
    assert names(routes.get(conn, route_id=route.id)) == "a"


def test_exactly_one_route_is_the_default(conn: db.Connection, ada: User, three: list[Model]) -> None:
    other = routes.create(conn, actor=ada, name="Other", model_ids=[three[1].id], is_default=True)
    assert [route.name for route in routes.list_all(conn) if route.is_default] == ["Other"]
    with pytest.raises(Invalid, match="One route must be the default"):
        routes.update(conn, actor=ada, route_id=other.id, is_default=False)
    with pytest.raises(Conflict, match="is the default route"):
        routes.archive(conn, actor=ada, route_id=other.id)


def test_routes_are_found_by_name_in_any_case(conn: db.Connection, ada: User, three: list[Model]) -> None:
    found = routes.find_by_name(conn, name="dEFAULT")
    assert found is not None and found.is_default
    assert routes.find_by_name(conn, name="nothing") is None
    with pytest.raises(Conflict, match="already a route named DEFAULT"):
        routes.create(conn, actor=ada, name="DEFAULT")


def test_only_admins_keep_routes(conn: db.Connection, alice: User, three: list[Model]) -> None:
    for change in (
        lambda: routes.create(conn, actor=alice, name="Mine"),
        lambda: routes.update(conn, actor=alice, route_id=1, name="Mine"),
        lambda: routes.archive(conn, actor=alice, route_id=1),
        lambda: routes.move(conn, actor=alice, route_id=1, model_id=1, by=1),
    ):
        with pytest.raises(Forbidden):
            change()


def test_a_route_that_an_action_asks_is_not_archived_and_the_action_is_named(
    conn: db.Connection, ada: User, three: list[Model]
) -> None:
    route = routes.create(conn, actor=ada, name="Fast", model_ids=[three[0].id])
    template = conn.execute("INSERT INTO templates (name) VALUES ('T') RETURNING id").fetchone()
    field = conn.execute("SELECT id, name FROM fields LIMIT 1").fetchone()
    assert template is not None and field is not None
    conn.execute(
        "INSERT INTO actions (field_id, name, template_id, route_id) VALUES (%s, 'Draft', %s, %s)",
        (field["id"], template["id"], route.id),
    )
    with pytest.raises(Conflict, match=f"Draft \\({field['name']}\\)"):
        routes.archive(conn, actor=ada, route_id=route.id)


def test_two_people_who_change_the_default_at_once_leave_one_default(database_url: str) -> None:
    with psycopg.connect(database_url, row_factory=dict_row) as conn:
        ada = factories.make_user(conn, name="Ada", role="admin")
        for name in "abcdef":
            routes.create(conn, actor=ada, name=name)
        ids = [route.id for route in routes.list_all(conn)]

    def change(route_id: int) -> None:
        with psycopg.connect(database_url, row_factory=dict_row) as own:
            routes.update(own, actor=ada, route_id=route_id, is_default=True)

    threads = [threading.Thread(target=change, args=(route_id,)) for route_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with psycopg.connect(database_url, row_factory=dict_row) as conn:
        assert sum(route.is_default for route in routes.list_all(conn)) == 1
