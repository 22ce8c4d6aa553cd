"""Writing a field: compare-and-set, autosaves folded into one, titles that follow, and what cannot be taken."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import psycopg
import pytest
from psycopg.rows import dict_row

from blogforge_llm import db
from blogforge_llm.errors import Conflict, Forbidden, Invalid, NotFound
from blogforge_llm.records.accounts import User
from blogforge_llm.records.editorial import Post
from blogforge_llm.services.editorial import fields, posts, revisions
from tests import factories


@pytest.fixture
def post(conn: db.Connection, alice: User) -> Post:
    return posts.create(conn, actor=alice, idea="kilts for weddings")


def save(conn: db.Connection, actor: User, post: Post, text: str, base: int | None, key: str = "basic_idea", **more):
    return fields.save(conn, actor=actor, post_id=post.id, field_key=key, text=text, base_revision_id=base, **more)


def test_a_field_is_empty_until_it_is_written(conn, alice, post):
    assert fields.get(conn, post_id=post.id, field_key="basic_idea").revision is None
    revision = save(conn, alice, post, "What guests wear.", None)
    value = fields.get(conn, post_id=post.id, field_key="basic_idea")
    assert value.revision == revision
    assert (value.text, revision.words, revision.user_name, revision.origin) == (
        "What guests wear.",
        3,
        "Alice",
        "typed",
    )


def test_a_stale_base_is_refused_and_told_what_is_there(conn, alice, bob, post):
    first = save(conn, alice, post, "one", None)
    second = save(conn, bob, post, "two", first.id)
    with pytest.raises(Conflict, match="Bob changed “Basic idea”") as caught:
        save(conn, alice, post, "three", first.id)
    assert caught.value.current == {
        "revision": second.id, "text": "two", "by": "Bob", "at": second.created_at.isoformat(),
    }  # fmt: skip
    assert fields.get(conn, post_id=post.id, field_key="basic_idea").text == "two"


def test_an_empty_base_is_refused_once_the_field_is_filled(conn, alice, post):
    save(conn, alice, post, "one", None)
    with pytest.raises(Conflict):
        save(conn, alice, post, "two", None)


def test_a_base_is_refused_while_the_field_is_empty(conn, alice, post):
    with pytest.raises(Conflict) as caught:
        save(conn, alice, post, "one", 1)
    assert caught.value.current["revision"] is None


def test_the_same_text_again_succeeds_even_from_an_old_base(conn, alice, bob, post):
    first = save(conn, alice, post, "one", None)
    second = save(conn, alice, post, "two", first.id)
    assert save(conn, bob, post, "two", first.id) == second
    assert save(conn, bob, post, "two", None) == second
    assert len(revisions.list_(conn, post_id=post.id, field_key="basic_idea")) == 2


def test_saving_nothing_into_an_empty_field_writes_nothing(conn, alice, post):
    assert save(conn, alice, post, "", None) is None


def test_clearing_a_field_is_a_revision_too(conn, alice, post):
    first = save(conn, alice, post, "one", None)
    cleared = save(conn, alice, post, "", first.id)
    assert cleared.text == "" and cleared.base_revision_id == first.id
    assert not fields.get(conn, post_id=post.id, field_key="basic_idea").is_filled


def test_autosaves_of_one_person_fold_into_one_revision_with_a_new_id(conn, alice, post):
    base = save(conn, alice, post, "one", None)
    first = save(conn, alice, post, "one t", base.id, is_autosave=True)
    second = save(conn, alice, post, "one two", first.id, is_autosave=True)
    assert second.id != first.id
    assert (second.base_revision_id, second.started_at) == (base.id, first.started_at)
    assert [r.text for r in revisions.list_(conn, post_id=post.id, field_key="basic_idea")] == ["one two", "one"]
    with pytest.raises(Conflict):
        save(conn, alice, post, "from a stale tab", first.id, is_autosave=True)


def test_an_autosave_does_not_fold_what_somebody_else_wrote(conn, alice, bob, post):
    first = save(conn, alice, post, "one", None, is_autosave=True)
    save(conn, bob, post, "one two", first.id, is_autosave=True)
    assert len(revisions.list_(conn, post_id=post.id, field_key="basic_idea")) == 2


def test_an_autosave_does_not_fold_what_was_saved_on_purpose(conn, alice, post):
    first = save(conn, alice, post, "one", None)
    save(conn, alice, post, "one two", first.id, is_autosave=True)
    assert len(revisions.list_(conn, post_id=post.id, field_key="basic_idea")) == 2


def test_autosaves_start_a_new_revision_after_ten_minutes(conn, alice, post):
    first = save(conn, alice, post, "one", None, is_autosave=True)
    conn.execute("UPDATE revisions SET started_at = started_at - interval '11 minutes' WHERE id = %s", (first.id,))
    save(conn, alice, post, "one two", first.id, is_autosave=True)
    assert len(revisions.list_(conn, post_id=post.id, field_key="basic_idea")) == 2


def test_an_autosave_that_a_suggestion_was_made_from_is_kept(conn, alice, post):
    first = save(conn, alice, post, "one", None, is_autosave=True)
    factories.make_suggestion(conn, post=post, field_key="basic_idea", actor=alice, base_revision_id=first.id)
    save(conn, alice, post, "one two", first.id, is_autosave=True)
    assert [r.text for r in revisions.list_(conn, post_id=post.id, field_key="basic_idea")] == ["one two", "one"]


def test_an_autosave_that_was_restored_is_kept(conn, alice, post):
    first = save(conn, alice, post, "one", None, is_autosave=True)
    cleared = save(conn, alice, post, "", first.id)
    restored = revisions.restore(
        conn, actor=alice, post_id=post.id, field_key="basic_idea", revision_id=first.id, base_revision_id=cleared.id
    )
    assert (restored.text, restored.origin, restored.restored_from_id) == ("one", "restored", first.id)
    save(conn, alice, post, "one two", restored.id, is_autosave=True)
    assert len(revisions.list_(conn, post_id=post.id, field_key="basic_idea")) == 4


def test_restoring_is_compare_and_set_too(conn, alice, bob, post):
    first = save(conn, alice, post, "one", None)
    save(conn, bob, post, "two", first.id)
    with pytest.raises(Conflict):
        revisions.restore(
            conn, actor=alice, post_id=post.id, field_key="basic_idea", revision_id=first.id, base_revision_id=first.id
        )


def test_a_revision_of_another_field_cannot_be_restored(conn, alice, post):
    other = save(conn, alice, post, "one", None)
    with pytest.raises(NotFound):
        revisions.restore(
            conn, actor=alice, post_id=post.id, field_key="idea_scope", revision_id=other.id, base_revision_id=None
        )


def test_the_title_follows_the_filled_field_of_the_lowest_rank(conn, alice, post):
    def title() -> str:
        return posts.get(conn, post_id=post.id).title

    assert title() == "kilts for weddings"
    save(conn, alice, post, "Kilts at weddings", None, key="provisional_title")
    assert title() == "Kilts at weddings"
    main = save(conn, alice, post, "The wedding kilt", None, key="main_title")
    assert title() == "The wedding kilt"
    save(conn, alice, post, "not a name", None, key="subtitle")
    assert title() == "The wedding kilt"
    save(conn, alice, post, "", main.id, key="main_title")
    assert title() == "Kilts at weddings"


def test_the_last_title_stays_when_nothing_names_the_post(conn, alice, post):
    seed = fields.get(conn, post_id=post.id, field_key="idea_seed").revision
    save(conn, alice, post, "  ", seed.id, key="idea_seed")
    assert posts.get(conn, post_id=post.id).title == "kilts for weddings"


def test_a_line_takes_one_line_and_a_list_drops_blank_lines(conn, alice, post):
    assert save(conn, alice, post, "The\r\nwedding kilt ", None, key="main_title").text == "The wedding kilt"
    assert save(conn, alice, post, " one\n\n two \r\n", None, key="idea_scope").text == "one\ntwo"


def test_a_megabyte_is_refused_with_its_size(conn, alice, post):
    with pytest.raises(Invalid, match=r"Basic idea takes at most 200,000 characters; this has 1,048,576") as caught:
        save(conn, alice, post, "x" * 1_048_576, None)
    assert "text" in caught.value.errors


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b"])
def test_characters_the_database_cannot_take_are_refused_with_their_place(conn, alice, post, text):
    with pytest.raises(Invalid, match="position 2"):
        save(conn, alice, post, text, None)


def test_a_viewer_cannot_write(conn, charlie, post):
    with pytest.raises(Forbidden):
        save(conn, charlie, post, "one", None)


def test_a_deleted_post_takes_no_text(conn, alice, post):
    posts.delete(conn, actor=alice, post_id=post.id)
    with pytest.raises(Conflict, match="Restore it"):
        save(conn, alice, post, "one", None)


@pytest.mark.parametrize("key", ["no_such_field", "a\x00b", "x" * 10_000])
def test_an_unknown_field_is_not_found(conn, alice, post, key):
    with pytest.raises(NotFound):
        save(conn, alice, post, "one", None, key=key)


@pytest.fixture
def two_connections(database_url: str) -> Iterator[list[db.Connection]]:
    opened = [psycopg.connect(database_url, row_factory=dict_row, autocommit=True) for _ in range(2)]
    yield opened
    for conn in opened:
        conn.close()


@pytest.mark.parametrize("is_filled", [False, True])
def test_of_two_writers_at_once_one_wins_and_the_other_is_told(two_connections: list[db.Connection], is_filled: bool):
    first, second = two_connections
    alice, bob = factories.make_user(first, name="Alice"), factories.make_user(first, name="Bob")
    post = posts.create(first, actor=alice, idea="kilts")
    base = save(first, alice, post, "base", None).id if is_filled else None
    outcomes: list[str] = []

    def bob_writes() -> None:
        try:
            with second.transaction():
                save(second, bob, post, "Bob's", base)
            outcomes.append("saved")
        except Conflict as conflict:
            outcomes.append(conflict.current["text"])

    with first.transaction():
        save(first, alice, post, "Alice's", base)
        thread = threading.Thread(target=bob_writes)
        thread.start()
        thread.join(0.3)
        assert thread.is_alive(), "Bob must wait for Alice"
    thread.join(5)
    assert outcomes == ["Alice's"]
