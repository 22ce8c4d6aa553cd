"""A text is stale while what it was made from says something else, and nobody decided to keep it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blogforge_llm import db
from blogforge_llm.errors import Conflict, Forbidden
from blogforge_llm.records.accounts import User
from blogforge_llm.records.editorial import Post
from blogforge_llm.records.sections import ItemKind
from blogforge_llm.services.editorial import fields, items, posts, revisions, sections, staleness, suggestions
from tests import factories
from tests.services.editorial.asking import ask, let_in, make_action, make_route
from tests.services.editorial.structure import find, make_post, write, write_post

TITLE, BASIC = "provisional_title", "basic_idea"


@pytest.fixture
def post(conn: db.Connection, alice: User) -> Post:
    return posts.create(conn, actor=alice, idea="kilts for weddings")


@pytest.fixture
def model(conn: db.Connection, ada: User) -> int:
    make_action(conn, ada, "A title for {{ basic_idea }}", TITLE)
    return make_route(conn)


def stale(conn, post):
    return {key: [each.variable for each in found] for key, found in staleness.list_for(conn, post_id=post.id).items()}


def test_a_text_is_stale_once_its_source_changed_and_no_longer_once_that_is_back(conn, alice, post, model):
    first = write_post(conn, alice, post, BASIC, "Kilts.")
    let_in(conn, alice, post, model, "On kilts", field_key=TITLE)
    assert stale(conn, post) == {}
    second = write_post(conn, alice, post, BASIC, "Trousers.")
    found = staleness.list_for(conn, post_id=post.id)[None, TITLE]
    assert [each.reason for each in found] == ["“Basic idea” changed after this was written."]
    assert (found[0].used_revision_id, found[0].revision_id, found[0].changed_by_name) == (first.id, second.id, "Alice")
    assert staleness.count_for(conn, post_ids=[post.id]) == {post.id: 1}
    place = {"post_id": post.id, "field_key": BASIC}
    revisions.restore(conn, actor=alice, **place, revision_id=first.id, base_revision_id=second.id)
    assert stale(conn, post) == {} and staleness.count_for(conn, post_ids=[post.id]) == {}


def test_an_edited_text_still_goes_back_to_its_source_until_the_field_was_empty(conn, alice, bob, post, model):
    write_post(conn, alice, post, BASIC, "Kilts.")
    let_in(conn, alice, post, model, "On kilts", text="On kilts, mostly", field_key=TITLE)
    write_post(conn, bob, post, TITLE, "On kilts, always")
    write_post(conn, alice, post, BASIC, "Trousers.")
    assert stale(conn, post) == {(None, TITLE): [BASIC]}
    write_post(conn, bob, post, TITLE, "")
    assert stale(conn, post) == {}
    write_post(conn, bob, post, TITLE, "Mine alone")
    assert stale(conn, post) == {}


def test_a_restored_text_is_judged_by_what_it_was_made_from(conn, alice, post, model):
    write_post(conn, alice, post, BASIC, "Kilts.")
    first = let_in(conn, alice, post, model, "On kilts", field_key=TITLE)
    write_post(conn, alice, post, BASIC, "Hats.")
    second = let_in(conn, alice, post, model, "On hats", field_key=TITLE)
    assert stale(conn, post) == {}
    place = {"post_id": post.id, "field_key": TITLE}
    revisions.restore(conn, actor=alice, **place, revision_id=first.id, base_revision_id=second.id)
    assert stale(conn, post) == {(None, TITLE): [BASIC]}


def test_a_source_that_was_cleared_is_a_changed_one(conn, alice, post, model):
    write_post(conn, alice, post, BASIC, "Kilts.")
    let_in(conn, alice, post, model, "On kilts", field_key=TITLE)
    write_post(conn, alice, post, BASIC, "")
    assert stale(conn, post) == {(None, TITLE): [BASIC]}


def test_a_field_is_no_source_of_its_own_text(conn, ada, alice, post, model):
    make_action(conn, ada, "Shorten {{ basic_idea }}", BASIC)
    write_post(conn, alice, post, BASIC, "Kilts and more.")
    let_in(conn, alice, post, model, "Kilts.", field_key=BASIC)
    assert stale(conn, post) == {}


def test_a_kept_text_is_stale_again_for_another_change_only(conn, alice, bob, post, model):
    write_post(conn, alice, post, BASIC, "Kilts.")
    let_in(conn, alice, post, model, "On kilts", field_key=TITLE)
    write_post(conn, alice, post, BASIC, "Trousers.")
    assert staleness.dismiss(conn, actor=bob, post_id=post.id, field_key=TITLE) == 1
    assert staleness.dismiss(conn, actor=bob, post_id=post.id, field_key=TITLE) == 0
    assert stale(conn, post) == {}
    write_post(conn, alice, post, BASIC, "Hats.")
    assert stale(conn, post) == {(None, TITLE): [BASIC]}
    write_post(conn, alice, post, BASIC, "Trousers.")
    assert stale(conn, post) == {}


def test_autosaves_of_one_sitting_do_not_take_back_a_keep(conn, alice, post, model):
    write_post(conn, alice, post, BASIC, "Kilts.")
    let_in(conn, alice, post, model, "On kilts", field_key=TITLE)
    place = {"post_id": post.id, "field_key": BASIC}
    base = fields.get(conn, **place).revision.id
    for text in ("Kilts. A", "Kilts. And"):
        base = fields.save(conn, actor=alice, **place, text=text, base_revision_id=base, is_autosave=True).id
    assert stale(conn, post) == {(None, TITLE): [BASIC]}
    staleness.dismiss(conn, actor=alice, post_id=post.id, field_key=TITLE)
    for text in ("Kilts. And h", "Kilts. And hats."):
        base = fields.save(conn, actor=alice, **place, text=text, base_revision_id=base, is_autosave=True).id
        assert stale(conn, post) == {}
    fields.save(conn, actor=alice, **place, text="Kilts. No hats.", base_revision_id=base)
    assert stale(conn, post) == {(None, TITLE): [BASIC]}


def test_an_autosave_that_a_prompt_used_is_kept(conn, alice, post, model):
    place = {"post_id": post.id, "field_key": BASIC}
    used = fields.save(conn, actor=alice, **place, text="Kilts.", base_revision_id=None, is_autosave=True)
    ask(conn, alice, post, model, "On kilts", field_key=TITLE)
    fields.save(conn, actor=alice, **place, text="Kilts. A", base_revision_id=used.id, is_autosave=True)
    assert revisions.get(conn, revision_id=used.id).text == "Kilts."


def test_a_section_is_stale_for_its_own_sources_and_its_items(conn, ada, alice, model):
    post = make_post(conn, alice, "Origins", "Tartans")
    prompt = "{{ section_heading }} {{ basic_idea }} {% for idea in section_ideas %}{{ idea }}{% endfor %}"
    make_action(conn, ada, prompt, "section_draft")
    write_post(conn, alice, post, BASIC, "Kilts.")
    origins, tartans = find(conn, post, "Origins"), find(conn, post, "Tartans")
    added = [items.add(conn, actor=alice, post_id=post.id, kind=ItemKind.IDEA, text=text) for text in ("One", "Two")]
    for item, section in zip(added, (origins, tartans), strict=True):
        items.move(conn, actor=alice, item_id=item.id, section_id=section.id, base_section_id=None)
        let_in(conn, alice, post, model, "A draft.", section_id=section.id, field_key="section_draft")
    assert stale(conn, post) == {}
    write(conn, alice, origins, "Beginnings", "section_heading")
    assert stale(conn, post) == {(origins.id, "section_draft"): ["section_heading"]}
    items.move(conn, actor=alice, item_id=added[1].id, section_id=origins.id, base_section_id=tartans.id)
    assert stale(conn, post) == {
        (origins.id, "section_draft"): ["section_heading", "section_ideas"],
        (tartans.id, "section_draft"): ["section_ideas"],
    }
    staleness.dismiss(conn, actor=alice, post_id=post.id, section_id=origins.id, field_key="section_draft")
    assert stale(conn, post) == {(tartans.id, "section_draft"): ["section_ideas"]}
    items.reword(conn, actor=alice, item_id=added[0].id, text="Uno", base_text="One")
    (reason,) = [each.reason for each in staleness.list_for(conn, post_id=post.id)[origins.id, "section_draft"]]
    assert reason == "“Ideas” changed after this was written (I1 reworded)."
    items.reword(conn, actor=alice, item_id=added[0].id, text="One", base_text="Uno")
    assert stale(conn, post) == {(tartans.id, "section_draft"): ["section_ideas"]}
    sections.delete(conn, actor=alice, section_id=tartans.id)
    assert stale(conn, post) == {}


def test_only_who_may_write_keeps_a_stale_text_and_only_in_a_living_post(conn, alice, charlie, post, model):
    with pytest.raises(Forbidden):
        staleness.dismiss(conn, actor=charlie, post_id=post.id, field_key=TITLE)
    posts.delete(conn, actor=alice, post_id=post.id)
    with pytest.raises(Conflict, match="deleted"):
        staleness.dismiss(conn, actor=alice, post_id=post.id, field_key=TITLE)


DEEDS = ["write", "autosave", "restore", "run", "run", "edit", "clear", "back", "undo", "keep"]
STEPS = st.lists(
    st.tuples(st.sampled_from(DEEDS), st.integers(0, 3)),
    min_size=1, max_size=25,
)  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_staleness_is_what_a_model_of_it_says_whatever_is_done(conn, ada, steps):
    """The model keeps, for the text of the title, what it was made from, and what was kept of it."""
    with conn.transaction(force_rollback=True):
        _play(conn, ada, steps)


def _play(conn, ada, steps):
    alice = factories.make_user(conn)
    make_action(conn, ada, "A title for {{ basic_idea }}", TITLE)
    model, post = make_route(conn), posts.create(conn, actor=alice, idea="kilts")
    source = {"post_id": post.id, "field_key": BASIC}
    target = {"post_id": post.id, "field_key": TITLE}
    write_post(conn, alice, post, BASIC, "Text 0")
    made, kept = {}, {}  # by suggestion: the source's text it was made from; texts and sittings it was kept for
    root = last = None
    roots = {}  # what the model says of every revision of the title

    def now(place):
        return fields.get(conn, **place).revision

    for number, (step, choice) in enumerate(steps):
        before_step = now(target).id if now(target) else None
        if step in {"write", "autosave"}:
            fields.save(conn, actor=alice, **source, text=f"Text {choice}", base_revision_id=now(source).id,
                        is_autosave=step == "autosave")  # fmt: skip
        elif step == "restore":
            known = revisions.list_(conn, **source)
            back = known[choice % len(known)]
            revisions.restore(conn, actor=alice, **source, revision_id=back.id, base_revision_id=now(source).id)
        elif step == "run":
            revision = let_in(conn, alice, post, model, f"Title {number}", field_key=TITLE)
            root = last = revision.suggestion_id
            made[root], kept[root] = now(source).text, set()
        elif step == "edit" and now(target):
            write_post(conn, alice, post, TITLE, f"Mine {number}")
        elif step == "clear" and now(target):
            write_post(conn, alice, post, TITLE, "")
            root = None
        elif step == "back" and now(target):
            known = revisions.list_(conn, **target)
            back = known[choice % len(known)]
            restored = revisions.restore(
                conn, actor=alice, **target, revision_id=back.id, base_revision_id=now(target).id
            )
            root = root if restored.id == before_step else roots[back.id]  # the same text again changes nothing
        elif step == "undo" and last and root == last and now(target).suggestion_id == last:
            before = now(target).base_revision_id
            suggestions.reopen(conn, actor=alice, suggestion_id=last)
            root = roots[before] if before else None
        elif step == "keep":
            is_stale = root in made and made[root] != now(source).text
            staleness.dismiss(conn, actor=alice, **target)
            if is_stale:
                kept[root] |= {now(source).text, now(source).started_at}
        if now(target):
            roots[now(target).id] = root
        at = now(source)
        expected = root in made and made[root] != at.text and not kept[root] & {at.text, at.started_at}
        assert bool(stale(conn, post)) == expected, (number, step)
