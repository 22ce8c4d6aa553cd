"""Prices of models, each from a moment on. A call is paid at the price that held when it began, so one that has begun
is never changed: a new one is added."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from blogforge_llm import db
from blogforge_llm.errors import Conflict, Invalid, NotFound, Unfit
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.registry import Model, Price
from blogforge_llm.services import uniqueness
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.ops import audit

sql = db.load("registry/prices")

_LARGEST = Decimal(1_000_000)
_LAST_YEAR = 2200


def list_of(conn: db.Connection, *, model_id: int) -> list[Price]:
    """The latest first, those that have not begun included."""
    return [Price(**row) for row in sql.list_prices(conn, model_id=model_id)]


def create(
    conn: db.Connection,
    *,
    actor: User,
    model: Model,
    input_price: Decimal | None,
    output_price: Decimal | None,
    valid_from: datetime | None = None,
) -> Price:
    """From now on, or from a moment to come. Raises Invalid, and Conflict when another one begins just then."""
    permissions.require(actor, Permission.KEEP_REGISTRY)
    if wrong := wrong_prices({"input_price": input_price, "output_price": output_price}):
        raise Invalid("The price cannot be saved yet.", wrong)
    if valid_from is not None and (valid_from.tzinfo is None or valid_from.year > _LAST_YEAR):
        raise Invalid.field("valid_from", f"Give a day up to {_LAST_YEAR}, with its time zone.")
    price_id = record(
        conn, actor=actor, model_id=model.id, input_price=input_price, output_price=output_price, valid_from=valid_from
    )
    if price_id is None:
        raise Unfit.field(
            "valid_from",
            "This moment has passed, and calls were paid at the price that held. Empty is now.",
        )
    price = get(conn, model_id=model.id, price_id=price_id)
    audit.record(conn, actor=actor, action="add", noun="price", noun_id=str(model.id), detail=in_words(model, price))
    return price


def record(
    conn: db.Connection,
    *,
    actor: User,
    model_id: int,
    input_price: Decimal | None,
    output_price: Decimal | None,
    valid_from: datetime | None = None,
) -> int | None:
    """The id of the new price, already checked; None when its moment has passed. Raises Conflict."""
    message = "Another price begins at that very moment. Delete it first, or choose another moment."
    with uniqueness.guard(conn, constraint="model_prices_valid_from_key", message=message):
        price_id: int | None = sql.create_price(
            conn, model_id=model_id, input_price=input_price, output_price=output_price, valid_from=valid_from,
            user_id=actor.id,
        )  # fmt: skip
    return price_id


def get(conn: db.Connection, *, model_id: int, price_id: int) -> Price:
    found = next((price for price in list_of(conn, model_id=model_id) if price.id == price_id), None)
    if found is None:
        raise NotFound("There is no such price. It may have been deleted.")
    return found


def delete(conn: db.Connection, *, actor: User, model: Model, price_id: int) -> Price:
    """One that has not begun. Raises Conflict for any other."""
    permissions.require(actor, Permission.KEEP_REGISTRY)
    price = get(conn, model_id=model.id, price_id=price_id)
    if sql.delete_price(conn, price_id=price_id, model_id=model.id) is None:
        raise Conflict("This price has begun, and calls may have been paid at it. Add a new one instead.")
    audit.record(conn, actor=actor, action="delete", noun="price", noun_id=str(model.id), detail=in_words(model, price))
    return price


def wrong_prices(values: dict[str, Decimal | None]) -> dict[str, str]:
    """What is wrong with them, by name."""
    return {
        name: "A price is in USD per million tokens, 0 or more, or empty when not known."
        for name, price in values.items()
        if price is not None and not (price.is_finite() and 0 <= price <= _LARGEST)
    }


def in_words(model: Model, price: Price) -> str:
    """For the log of what was done by hand."""
    paid, earned = (
        "unknown" if amount is None else f"${amount:f}" for amount in (price.input_price, price.output_price)
    )
    begins = price.valid_from.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    return f"{model.name} of {model.provider_name}: {paid} in, {earned} out, from {begins} UTC"
