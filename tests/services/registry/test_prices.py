"""Prices hold from a moment on; what has begun stays as it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from blogforge_llm import db
from blogforge_llm.engine import pricing
from blogforge_llm.errors import Conflict, Forbidden, Invalid, NotFound
from blogforge_llm.records.accounts import User
from blogforge_llm.records.registry import Model
from blogforge_llm.services.ops import audit
from blogforge_llm.services.registry import candidates, models, prices, providers
from tests import factories


@pytest.fixture
def llama(conn: db.Connection, ada: User) -> Model:
    groq = providers.create(conn, actor=ada, name="Local", kind="openai_compatible", base_url="http://127.0.0.1:9/v1")
    conn.execute("UPDATE providers SET is_local = true")
    return models.create(
        conn, actor=ada, provider_id=groq.id, name="llama", input_price=Decimal("0.59"), output_price=Decimal("0.79")
    )


def in_days(number: int) -> datetime:
    return datetime.now(UTC) + timedelta(days=number)


def test_another_price_on_the_model_is_added_and_the_old_one_kept(conn: db.Connection, ada: User, llama: Model) -> None:
    changed = models.update(conn, actor=ada, model_id=llama.id, input_price=Decimal("0.40"))
    assert (changed.input_price, changed.output_price) == (Decimal("0.4"), Decimal("0.79"))
    new, old = prices.list_of(conn, model_id=llama.id)
    assert new.is_current and not old.is_current and old.valid_until == new.valid_from
    assert (old.input_price, old.output_price) == (Decimal("0.59"), Decimal("0.79"))
    [entry] = audit.list_(conn, actor=ada, noun="price")
    assert entry.action == "add" and "$0.4 in, $0.79 out" in entry.detail


def test_saving_a_model_with_the_same_price_adds_none(conn: db.Connection, ada: User, llama: Model) -> None:
    models.update(conn, actor=ada, model_id=llama.id, name="llama-2", input_price=Decimal("0.590"))
    assert len(prices.list_of(conn, model_id=llama.id)) == 1


def test_a_price_can_become_unknown_again(conn: db.Connection, ada: User, llama: Model) -> None:
    models.update(conn, actor=ada, model_id=llama.id, input_price=None)
    assert models.get(conn, model_id=llama.id).input_price is None
    assert candidates.list_for(conn, model_id=llama.id)[0].input_price is None


def test_a_price_to_come_holds_from_its_moment_on(conn: db.Connection, ada: User, llama: Model) -> None:
    price = prices.create(
        conn, actor=ada, model=llama, input_price=Decimal("5"), output_price=None, valid_from=in_days(2)
    )
    assert price.is_future and models.get(conn, model_id=llama.id).input_price == Decimal("0.59")
    [asked] = candidates.list_for(conn, model_id=llama.id)
    assert asked.input_price == Decimal("0.59")
    assert pricing.priced_at(asked, in_days(1)) == asked
    then = pricing.priced_at(asked, in_days(3))
    assert (then.input_price, then.output_price, then.later_prices) == (Decimal(5), None, ())


def test_a_moment_that_has_passed_is_refused(conn: db.Connection, ada: User, llama: Model) -> None:
    with pytest.raises(Invalid, match="has passed"):
        prices.create(conn, actor=ada, model=llama, input_price=None, output_price=None, valid_from=in_days(-1))
    with pytest.raises(Invalid, match="time zone"):
        prices.create(
            conn, actor=ada, model=llama, input_price=None, output_price=None, valid_from=datetime(2030, 1, 1)
        )


def test_two_prices_cannot_begin_at_once(conn: db.Connection, ada: User, llama: Model) -> None:
    moment = in_days(2)
    for expected in (None, Conflict):
        if expected is None:
            prices.create(conn, actor=ada, model=llama, input_price=None, output_price=None, valid_from=moment)
            continue
        with pytest.raises(expected, match="that very moment"):
            prices.create(conn, actor=ada, model=llama, input_price=None, output_price=None, valid_from=moment)


def test_only_what_has_not_begun_can_be_deleted(conn: db.Connection, ada: User, llama: Model) -> None:
    [begun] = prices.list_of(conn, model_id=llama.id)
    with pytest.raises(Conflict, match="has begun"):
        prices.delete(conn, actor=ada, model=llama, price_id=begun.id)
    future = prices.create(conn, actor=ada, model=llama, input_price=None, output_price=None, valid_from=in_days(1))
    other = models.get(conn, model_id=factories.make_model(conn))
    with pytest.raises(NotFound):
        prices.delete(conn, actor=ada, model=other, price_id=future.id)
    prices.delete(conn, actor=ada, model=llama, price_id=future.id)
    assert len(prices.list_of(conn, model_id=llama.id)) == 1


def test_prices_are_for_admins(conn: db.Connection, alice: User, llama: Model) -> None:
    with pytest.raises(Forbidden):
        prices.create(conn, actor=alice, model=llama, input_price=None, output_price=None)


def test_a_price_written_by_the_release_before_is_kept(conn: db.Connection, llama: Model) -> None:
    """While processes are replaced, the old ones still write prices on models."""
    conn.execute("UPDATE models SET input_price = 7, output_price = 8 WHERE id = %s", (llama.id,))
    assert models.get(conn, model_id=llama.id).input_price == 7
    assert len(prices.list_of(conn, model_id=llama.id)) == 2
