"""The pages of budgets, the ledger and prices."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.services.ops import budgets
from tests import factories

Browse = Callable[[User | None], FlaskClient]
FORM = {"scope": "instance", "period": "month", "amount": "50", "warn_percent": "80"}
NOVEMBER = datetime(2026, 11, 12, 9, tzinfo=UTC)


def test_a_budget_is_set_changed_and_deleted(conn: db.Connection, browse: Browse, ada: User) -> None:
    pages = browse(ada)
    assert "No budget yet" in pages.get("/llm/budgets").text
    assert "per month" in pages.get("/llm/budgets/new").text
    assert pages.post("/llm/budgets", data=FORM).status_code == 303
    [budget] = budgets.list_all(conn, actor=ada)
    factories.make_attempt(conn, model_id=factories.make_model(conn), cost="41")
    shown = pages.get("/llm/budgets").text
    assert "$41.00 of $50.00" in shown and "Nearly used up" in shown and "$9.00 left" in shown
    assert 'value="50"' in pages.get(f"/llm/budgets/{budget.id}/edit").text
    saved = pages.post(f"/llm/budgets/{budget.id}", data={"amount": "40", "warn_percent": "50"})
    assert saved.status_code == 303 and "Used up" in pages.get("/llm/budgets").text
    assert "is used up: $41.00 of $40.00" in pages.get("/llm/").text
    assert pages.post(f"/llm/budgets/{budget.id}/deletion").status_code == 303
    assert budgets.list_all(conn, actor=ada) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"amount": "much"}, "is no number"),
        ({"amount": ""}, "An amount is in USD"),
        ({"warn_percent": "120"}, "at most 100"),
        ({"scope": "user"}, "Choose whose budget it is"),
        ({"scope": "everyone"}, "Choose one of"),
    ],
)
def test_a_refused_budget_comes_back_with_what_was_typed(
    browse: Browse, ada: User, changes: dict[str, str], words: str
) -> None:
    answer = browse(ada).post("/llm/budgets", data={**FORM, "amount": "17.25", **changes})
    assert answer.status_code == 422 and words in answer.text
    assert f'value="{changes.get("amount", "17.25")}"' in answer.text


def test_an_amount_that_was_emptied_is_asked_for(conn: db.Connection, browse: Browse, ada: User) -> None:
    browse(ada).post("/llm/budgets", data=FORM)
    [budget] = budgets.list_all(conn, actor=ada)
    answer = browse(ada).post(f"/llm/budgets/{budget.id}", data={"amount": "", "warn_percent": "50"})
    assert answer.status_code == 422 and "An amount is in USD" in answer.text


@pytest.mark.parametrize(
    "path", ["/llm/budgets", "/llm/budgets/new", "/llm/ledger", "/llm/ledger/attempts", "/llm/ledger/export"]
)
def test_money_is_for_admins(browse: Browse, alice: User, path: str) -> None:
    assert browse(alice).get(path).status_code == 403


@pytest.fixture
def spent(conn: db.Connection, alice: User) -> int:
    model_id = factories.make_model(conn, name="=HYPERLINK(1)", provider="Groq")
    for cost in range(60):
        factories.make_attempt(conn, model_id=model_id, user=alice, cost=f"0.{cost:02}", started_at=NOVEMBER)
    factories.make_attempt(conn, model_id=model_id, cost="0.5", source="estimated", started_at=NOVEMBER)
    return model_id


def test_the_ledger_leads_to_the_rows_of_each_sum(browse: Browse, ada: User, spent: int) -> None:
    pages = browse(ada)
    for group in ("model", "provider", "user", "template", "day", "source"):
        shown = pages.get(f"/llm/ledger?month=2026-11&group={group}").text
        assert "$18.20" in shown and "$17.70" in shown, group
        links = [link.replace("&amp;", "&") for link in re.findall(r'href="(/llm/ledger/attempts[^"]+)"', shown)]
        rows = 0
        for link in links:
            url: str | None = link
            while url:
                page = pages.get(url)
                assert page.status_code == 200
                rows += page.text.count(", call 1</small>")
                older = re.search(r'href="([^"]+)" rel="next"', page.text)
                url = older[1].replace("&amp;", "&") if older else None
        assert rows == 61, group
    assert "Nothing was spent in these days" in pages.get("/llm/ledger?month=2026-10").text
    wrong = pages.get("/llm/ledger?month=soon")
    assert wrong.status_code == 422 and "is no day" in wrong.text


def test_the_export_has_every_row_and_no_formula(browse: Browse, ada: User, spent: int) -> None:
    answer = browse(ada).get("/llm/ledger/export?month=2026-11")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="ledger-2026-11-01-2026-11-30.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 61 and {row["model_name"] for row in rows} == {"'=HYPERLINK(1)"}
    assert sum(float(row["cost"]) for row in rows) == pytest.approx(18.2)


def test_prices_have_a_page_below_the_model(conn: db.Connection, browse: Browse, ada: User, alice: User) -> None:
    path = f"/llm/models/{factories.make_model(conn, input_price='1', output_price='2')}/prices"
    pages = browse(ada)
    assert "Holds now" in pages.get(path).text
    refused = pages.post(path, data={"input_price": "3", "valid_from": "2020-01-01T00:00"})
    assert refused.status_code == 422 and "has passed" in refused.text and 'value="3"' in refused.text
    assert "is no moment" in pages.post(path, data={"valid_from": "soon"}).text
    assert pages.post(path, data={"input_price": "3", "valid_from": "2099-01-01T00:00"}).status_code == 303
    shown = pages.get(path).text
    assert "To come" in shown and "1 Jan 2099, 00:00" in shown
    deletion = re.search(r'action="([^"]+/deletion)"', shown)
    assert deletion is not None
    assert browse(alice).post(deletion[1]).status_code == 403
    assert pages.post(deletion[1]).status_code == 303 and "To come" not in pages.get(path).text
    assert "Set a price" not in browse(alice).get(path).text
