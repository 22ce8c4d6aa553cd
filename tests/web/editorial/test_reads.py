"""What the pages of a post ask of the database: nothing twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.records.editorial import Post
from blogforge_llm.records.sections import ItemKind
from blogforge_llm.services.editorial import items, library
from tests import factories
from tests.services.editorial.structure import find, make_post, write_post


@pytest.fixture
def post(conn: db.Connection, ada: User, alice: User) -> Post:
    library.import_(conn, actor=ada, library=library.starter())
    factories.make_route(conn, model_ids=[factories.make_model(conn)])
    post = make_post(conn, alice, "Origins", "Tartans")
    write_post(conn, alice, post, "basic_idea", "Kilts.")
    items.add(conn, actor=alice, post_id=post.id, kind=ItemKind.IDEA, text="The first kilt")
    return post


@pytest.mark.parametrize(
    "page",
    ["/posts/{post}", "/posts/{post}/sections/{section}", "/workflow/idea/?post_id={post}",
     "/workflow/sections/?post_id={post}"],
)  # fmt: skip
def test_a_page_of_a_post_asks_nothing_twice(
    conn: db.Connection, browse: Callable[[User], FlaskClient], alice: User, post: Post,
    monkeypatch: pytest.MonkeyPatch, page: str,
) -> None:  # fmt: skip
    browser, address = browse(alice), page.format(post=post.id, section=find(conn, post, "Tartans").id)
    browser.get(address)
    asked: Counter[str] = Counter()
    execute = psycopg.Cursor.execute

    def note(self: Any, query: Any, params: Any = None, **options: Any) -> Any:
        asked[f"{query} {params}"] += 1
        return execute(self, query, params, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", note)
    assert browser.get(address).status_code == 200
    twice = [query for query, count in asked.items() if count > 1]
    assert asked and twice == []
