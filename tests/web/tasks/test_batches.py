"""The pages of batches as the people see them."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.records.prompts import Block
from blogforge_llm.services.prompts import templates
from blogforge_llm.services.tasks import batches
from tests import factories

Browse = Callable[[User | None], FlaskClient]


@pytest.fixture
def template_id(conn: db.Connection, ada: User) -> int:
    factories.make_route(conn, model_ids=[factories.make_model(conn, input_price="1", output_price="2")])
    blocks = [Block(role="user", content="Describe {{ product }}.")]  # type: ignore[arg-type]
    return templates.create(conn, actor=ada, name="Describe", blocks=blocks).id


def plan(browser: FlaskClient, template_id: int, **values: object) -> str:
    form = {"title": "Kilts", "template_id": template_id, "rows": "product\na kilt\n<b>a sash</b>\n", **values}
    answer = browser.post("/llm/batches", data=form, content_type="multipart/form-data")
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def test_an_empty_list_says_what_batches_are_for(browse: Browse, alice: User) -> None:
    assert "No batches yet" in browse(alice).get("/llm/batches").text


def test_pasted_rows_become_a_draft_with_its_estimate(browse: Browse, alice: User, template_id: int) -> None:
    browser = browse(alice)
    page = browser.get(plan(browser, template_id)).text
    assert "What it will take" in page and "Start" in page and "Not started" in page
    assert "<b>a sash" not in page
    assert "Kilts" in browser.get("/llm/batches").text


def test_an_uploaded_file_is_read_in_place_of_pasted_rows(
    browse: Browse, conn: db.Connection, alice: User, template_id: int
) -> None:
    file = (io.BytesIO('\ufeff{"product": "one", "key": "x"}\n'.encode()), "rows.jsonl")
    where = plan(browse(alice), template_id, file=file)
    (item,) = batches.list_items(conn, actor=alice, batch_id=int(where.rsplit("/", 1)[1]))
    assert (item.key, item.inputs) == ("x", {"product": "one"})


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"rows": "product,key\na kilt,1\n ,2\n"}, "Row 2"),
        ({"rows": "product,other\na,b\n"}, "other"),
        ({"rows": ""}, "There are no rows"),
        ({"title": ""}, "The title is missing"),
        ({"template_id": ""}, "Choose the template"),
        ({"budget": "NaN"}, "budget"),
        ({"file": (io.BytesIO(b"\xff\xfe"), "rows.csv")}, "UTF-8"),
    ],
)
def test_a_refused_plan_comes_back_with_what_was_typed(
    browse: Browse, alice: User, template_id: int, values: dict[str, object], says: str
) -> None:
    form = {"title": "Kilts of mine", "template_id": template_id, "rows": "product\na kilt\n", **values}
    answer = browse(alice).post("/llm/batches", data=form, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert says in answer.text
    assert "title" in values or "Kilts of mine" in answer.text


def test_the_buttons_follow_the_state(browse: Browse, alice: User, template_id: int) -> None:
    browser = browse(alice)
    where = plan(browser, template_id)
    for noun, shown, hidden in (
        ("start", "Pause", "Resume"), ("pause", "Resume", "Pause"), ("resumption", "Pause", "Resume"),
        ("cancellation", "Cancelled", "/pause"),
    ):  # fmt: skip
        assert browser.post(f"{where}/{noun}").status_code == 303
        page = browser.get(where, headers={"HX-Request": "true"}).text
        assert shown in page and f'id="{hidden.lower()}"' not in page
    assert browser.post(f"{where}/retry").status_code == 409


def test_a_draft_is_discarded_and_what_was_started_is_not(
    browse: Browse, conn: db.Connection, alice: User, template_id: int
) -> None:
    browser = browse(alice)
    drafted, begun = plan(browser, template_id), plan(browser, template_id)
    browser.post(f"{begun}/start")
    assert "Discard" in browser.get(drafted).text and "Discard" not in browser.get(begun).text
    assert browser.post(f"{begun}/deletion").status_code == 409
    assert browser.post(f"{drafted}/deletion").location == "/llm/batches"
    assert browser.get(drafted).status_code == 404 and browser.get(begun).status_code == 200
    (count,) = conn.execute("SELECT count(DISTINCT batch_id) FROM items").fetchone().values()  # type: ignore[union-attr]
    assert count == 1


def test_the_page_looks_again_only_while_something_happens(browse: Browse, alice: User, template_id: int) -> None:
    browser = browse(alice)
    where = plan(browser, template_id)
    assert "every 1s" not in browser.get(where).text
    browser.post(f"{where}/start")
    page = browser.get(where).text
    assert "every 1s" in page and "No worker for batches is running" in page
    assert "Kilts" in browser.get("/tray").text


def test_looking_again_brings_the_items_of_the_page_that_is_shown_and_no_others(
    browse: Browse, conn: db.Connection, alice: User, template_id: int
) -> None:
    browser = browse(alice)
    rows = "product\n" + "".join(f"kilt {n}\n" for n in range(120))
    where = plan(browser, template_id, rows=rows)
    browser.post(f"{where}/start")
    page = browser.get(f"{where}?status=queued&after=50").text
    assert f'hx-get="{where}?status=queued&amp;after=50"' in page
    found = browser.get(f"{where}?status=queued&after=50", headers={"HX-Request": "true"}).text
    assert "<html" not in found and 'hx-target="#batch-items"' in found
    assert found.count('data-label="Answered by"') == 50 and f"{where}?status=queued&amp;after=100" in found
    conn.execute("UPDATE items SET status = 'running' WHERE position <= 60")
    moved = browser.get(f"{where}?status=queued&after=50", headers={"HX-Request": "true"}).text
    assert moved.count("Queued</span>") == found.count("Queued</span>") and "Running" in moved


def test_results_come_as_files(browse: Browse, alice: User, bob: User, template_id: int) -> None:
    browser = browse(alice)
    where = plan(browser, template_id)
    csv = browser.get(f"{where}/results.csv")
    assert csv.headers["Content-Disposition"].startswith("attachment")
    assert csv.text.startswith("position,key,status") and len(csv.text.splitlines()) == 3
    assert '"product": "a kilt"' in browser.get(f"{where}/results.jsonl").text
    assert browser.get(f"{where}/results.exe").status_code == 404
    assert browse(bob).get(f"{where}/results.csv").status_code == 404


def test_a_batch_is_its_owners_and_the_admins(
    browse: Browse, ada: User, alice: User, bob: User, charlie: User, template_id: int
) -> None:
    where = plan(browse(alice), template_id)
    assert browse(ada).get(where).status_code == 200
    for stranger in (bob, charlie):
        assert browse(stranger).get(where).status_code == 404
    assert browse(bob).post(f"{where}/start").status_code == 404
    assert browse(charlie).get("/llm/batches/new").status_code == 403
