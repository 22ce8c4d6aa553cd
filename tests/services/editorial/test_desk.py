"""The pages of a post with many sections: what they ask the database."""

from __future__ import annotations

from collections import Counter

import psycopg
import pytest
from psycopg.rows import dict_row

from blogforge_llm.services.editorial import articles, board, desk, posts
from tests.services.editorial.asking import let_in, make_action, make_route
from tests.services.editorial.structure import find, make_post, write

FIELDS = ("section_description", "section_notes", "section_draft", "section_text", "section_summary")


@pytest.fixture
def asked(conn, monkeypatch):
    """How often each statement was sent."""
    found = Counter()

    class Counting(psycopg.Cursor):
        def execute(self, query, *args, **kwargs):
            found[query] += 1
            return super().execute(query, *args, **kwargs)

    monkeypatch.setattr(conn, "cursor_factory", Counting)
    conn.row_factory = dict_row
    return found


def opened(asked, open_, conn, alice, post):
    """How many statements a page of the post takes."""
    asked.clear()
    open_(conn, alice, post)
    return sum(asked.values())


def section_page(conn, alice, post):
    section = find(conn, post, "Origins")
    found = desk.open_section(conn, actor=alice, post_id=post.id, section_id=section.id)
    assert any(block.plan for block in found.blocks) == any(block.actions for block in found.blocks)


def step(conn, alice, post):
    desk.open_at(conn, actor=alice, post_id=post.id, substage_key="content")


def board_page(conn, alice, post):
    desk.open_board(conn, actor=alice, post_id=post.id, field_key=board.FIELD)


def overview(conn, alice, post):
    articles.overview(conn, post_id=post.id)


def preview(conn, alice, post):
    articles.read(conn, post_id=post.id)


def post_list(conn, alice, post):
    posts.list_posts(conn)


@pytest.mark.parametrize("page", [section_page, step, board_page, overview, preview, post_list])
def test_a_longer_post_is_read_with_as_many_statements(conn, ada, alice, asked, page):
    model, short = make_route(conn), make_post(conn, alice, "Origins")
    make_action(conn, ada, "Write on {{ section_heading }}", FIELDS[0])
    before = opened(asked, page, conn, alice, short)
    for key in FIELDS[1:]:
        make_action(conn, ada, "Write on {{ section_heading }}", key)
    make_action(conn, ada, "A title for {{ basic_idea }}", "main_title")
    long = make_post(conn, alice, "Origins", *(f"Part {number}" for number in range(6)))
    for number in range(6):
        section = find(conn, long, f"Part {number}")
        let_in(conn, alice, long, model, "A draft.", section_id=section.id, field_key="section_draft")
        write(conn, alice, section, "Other", "section_heading")
    assert opened(asked, page, conn, alice, long) <= before
