"""A second import after things changed, there or here: nothing that a person wrote is lost, and nothing is guessed."""

from __future__ import annotations

import pytest

from blogforge_llm import db, embedded
from blogforge_llm.records.accounts import User
from blogforge_llm.records.legacy import Fate
from blogforge_llm.services.editorial import actions, fields, items, posts, revisions, sections
from blogforge_llm.services.prompts import parts, templates
from tests.services.legacy.sources import change, entry, fate, import_, make_source, noted, state
from tests.services.legacy.test_mapping import post_of, section_texts, texts_of


@pytest.fixture
def v0(cluster: embedded.Cluster) -> str:
    return make_source(cluster, "v0")


def write(conn: db.Connection, actor: User, post_id: int, key: str, text: str) -> None:
    base = fields.get(conn, post_id=post_id, field_key=key).revision
    fields.save(
        conn, actor=actor, post_id=post_id, field_key=key, text=text, base_revision_id=base.id if base else None
    )


def test_a_changed_text_is_a_new_revision_unless_somebody_wrote_here(
    conn: db.Connection, ada: User, alice: User, v0: str
) -> None:
    import_(v0, ada)
    post_id = post_of(conn, "story-telling")
    write(conn, alice, post_id, "basic_idea", "Alice's idea")
    change(v0, "UPDATE post_development SET basic_idea = 'Theirs', idea_scope = '[\"Only this\"]' WHERE post_id = 2")
    report = import_(v0, ada)
    found = texts_of(conn, "story-telling")
    assert (found["basic_idea"], found["idea_scope"]) == ("Alice's idea", "Only this")
    assert "Basic idea is edited here since it was imported" in noted(report, "post_development", 2)
    history = revisions.list_(conn, post_id=post_id, field_key="idea_scope")
    assert [revision.text for revision in history] == ["Only this", "Tellers\nListeners\nThe fire"]
    assert fate(import_(v0, ada), "post_development", 2) is Fate.CONFLICT  # until somebody decides
    write(conn, alice, post_id, "basic_idea", "Theirs")
    assert fate(import_(v0, ada), "post_development", 2) is not Fate.CONFLICT


def test_what_was_edited_here_is_kept_and_told_while_the_source_says_the_same(
    conn: db.Connection, ada: User, alice: User, v0: str
) -> None:
    import_(v0, ada)
    post_id = post_of(conn, "story-telling")
    (task,) = parts.list_(conn, q="Idea Scope: task")
    write(conn, alice, post_id, "basic_idea", "Alice's idea")
    parts.update(conn, actor=ada, part_id=task.id, content="Ours.")
    report = import_(v0, ada)
    assert noted(report, "post_development", 2) == "Basic idea was edited here, so it is kept as it is"
    assert noted(report, "llm_prompt", 1) == f"the part “{task.name}” was edited here, so it is kept as it is"
    kept = [(name, each.row_id) for name, table in report.tables.items() for each in table.entries
            if each.fate is Fate.KEPT]  # fmt: skip
    assert sorted(kept) == [("llm_prompt", "1"), ("post_development", "2")]
    assert report.fates[Fate.KEPT] == 2 and all(table.is_accounted_for for table in report.tables.values())
    once = state(conn)
    assert import_(v0, ada).fates == report.fates and state(conn) == once
    assert texts_of(conn, "story-telling")["basic_idea"] == "Alice's idea"


def test_a_text_that_is_as_it_was_imported_again_is_no_longer_kept(
    conn: db.Connection, ada: User, alice: User, v0: str
) -> None:
    import_(v0, ada)
    post_id = post_of(conn, "story-telling")
    before = texts_of(conn, "story-telling")["basic_idea"]
    for text, expected in (("Alice's idea", Fate.KEPT), (before, Fate.UNCHANGED), ("", Fate.KEPT)):
        write(conn, alice, post_id, "basic_idea", text)
        assert fate(import_(v0, ada), "post_development", 2) is expected


def test_a_reworded_fact_is_kept_and_not_imported_a_second_time(
    conn: db.Connection, ada: User, alice: User, v0: str
) -> None:
    change(
        v0,
        "INSERT INTO post_section (id, post_id, section_order, section_heading, facts_to_include) "
        """VALUES (9, 2, 9, 'A third', '["Wool is warm", "Linen is cool"]')""",
    )
    import_(v0, ada)
    post_id = post_of(conn, "story-telling")
    before = [item.id for item in items.list_for(conn, post_id=post_id)]
    wool = next(item for item in items.list_for(conn, post_id=post_id) if item.text == "Wool is warm")
    items.reword(conn, actor=alice, item_id=wool.id, text="Wool keeps warm", base_text=wool.text)
    report = import_(v0, ada)
    assert fate(report, "post_section", 9) is Fate.KEPT
    assert noted(report, "post_section", 9) == f"{wool.code} was edited here, so it is kept as it is"
    change(v0, "UPDATE post_section SET section_heading = 'Anew' WHERE id = 9")
    assert f"{wool.code} was edited here" in noted(import_(v0, ada), "post_section", 9)
    assert [item.id for item in items.list_for(conn, post_id=post_id)] == before


def test_a_fact_of_two_sections_is_settled_by_who_puts_it_into_one(
    conn: db.Connection, ada: User, alice: User, v0: str
) -> None:
    assert fate(import_(v0, ada), "post_section", 1) is Fate.CONFLICT
    post_id = post_of(conn, "story-telling")
    (peat,) = [item for item in items.list_for(conn, post_id=post_id) if item.text == "Peat"]
    hearth = sections.list_for(conn, post_id=post_id)[1]
    items.move(conn, actor=alice, item_id=peat.id, section_id=hearth.id, base_section_id=None)
    report = import_(v0, ada)
    assert fate(report, "post_section", 1) is Fate.CHANGED
    assert "Peat" not in noted(report, "post_section", 2)
    assert items.get(conn, item_id=peat.id).section_id == hearth.id


def test_a_field_that_was_emptied_there_is_emptied_here_with_its_history(
    conn: db.Connection, ada: User, v0: str
) -> None:
    import_(v0, ada)
    change(v0, "UPDATE post_development SET idea_scope = NULL WHERE post_id = 2")
    import_(v0, ada)
    assert "idea_scope" not in texts_of(conn, "story-telling")
    found = revisions.list_(conn, post_id=post_of(conn, "story-telling"), field_key="idea_scope")
    assert [revision.text for revision in found] == ["", "Tellers\nListeners\nThe fire"]


def test_what_was_edited_moved_or_deleted_here_stays_so(conn: db.Connection, ada: User, alice: User, v0: str) -> None:
    import_(v0, ada)
    post_id = post_of(conn, "story-telling")
    teller, hearth = sections.list_for(conn, post_id=post_id)
    version = sections.outline(conn, post_id=post_id).version
    sections.reorder(conn, actor=alice, post_id=post_id, order=[hearth.id, teller.id], version=version)
    posts.delete(conn, actor=alice, post_id=post_of(conn, "quaich"))
    (title,) = templates.list_(conn, q="Blog title")
    templates.update(conn, actor=ada, template_id=title.id, description="Ours")
    assert import_(v0, ada).fates[Fate.TAKEN] == 0
    assert [section.id for section in sections.list_for(conn, post_id=post_id)] == [hearth.id, teller.id]
    assert posts.get(conn, post_id=post_of(conn, "quaich")).deleted_at is not None
    change(v0, "UPDATE post SET title = 'Quaich' WHERE id = 4")
    assert "This post was deleted" in noted(import_(v0, ada), "post", 4)


def test_a_changed_prompt_is_a_new_version_unless_its_part_was_edited_here(
    conn: db.Connection, ada: User, v0: str
) -> None:
    import_(v0, ada)
    change(v0, "UPDATE llm_prompt SET prompt_text = replace(prompt_text, '50 ideas', '40 ideas') WHERE id = 1")
    assert fate(import_(v0, ada), "llm_prompt", 1) is Fate.CHANGED
    (task,) = parts.list_(conn, q="Idea Scope: task")
    assert (task.content, task.version) == ("Expand {{ basic_idea }} to 40 ideas.", 2)
    parts.update(conn, actor=ada, part_id=task.id, content="Ours.")
    change(v0, "UPDATE llm_prompt SET prompt_text = replace(prompt_text, '40 ideas', '30 ideas') WHERE id = 1")
    assert "was edited here" in noted(import_(v0, ada), "llm_prompt", 1)
    assert parts.get(conn, part_id=task.id).content == "Ours."
    change(
        v0,
        "UPDATE llm_prompt SET prompt_text = replace(prompt_text, '30 ideas', '40 ideas'), description = 'x' "
        "WHERE id = 1",
    )
    assert fate(import_(v0, ada), "llm_prompt", 1) is Fate.CHANGED  # what it asks for was imported before
    assert parts.get(conn, part_id=task.id).content == "Ours."


def test_an_action_that_lacked_its_model_is_taken_once_the_model_is_here(
    conn: db.Connection, ada: User, v0: str
) -> None:
    assert fate(import_(v0, ada), "llm_action", 7) is Fate.CONFLICT
    change(v0, "INSERT INTO llm_config VALUES (2, 'openai', 'gpt-4', 'https://api.openai.com/v1')")
    assert fate(import_(v0, ada), "llm_action", 7) is Fate.CHANGED
    assert {action.field_key for action in actions.list_(conn)} == {"provisional_title", "section_draft"}


def test_new_rows_there_are_taken_and_old_ones_left_alone(conn: db.Connection, ada: User, v0: str) -> None:
    import_(v0, ada)
    change(v0, "INSERT INTO post (id, title, slug) VALUES (5, 'New', 'new')")
    change(
        v0,
        "INSERT INTO post_section (id, post_id, section_order, section_heading, first_draft) "
        "VALUES (9, 2, 0, 'A third', 'x')",
    )
    report = import_(v0, ada)
    assert (fate(report, "post", 5), fate(report, "post", 2)) == (Fate.TAKEN, Fate.UNCHANGED)
    post_id = post_of(conn, "story-telling")
    assert [section.heading for section in sections.list_for(conn, post_id=post_id)][-1] == "A third"
    assert section_texts(conn, post_id, 2)["section_draft"] == "x"


def test_a_post_deleted_there_is_deleted_here_and_comes_back_with_it(conn: db.Connection, ada: User, v0: str) -> None:
    import_(v0, ada)
    change(v0, "UPDATE post SET deleted = true WHERE id = 2")
    import_(v0, ada)
    assert posts.get(conn, post_id=post_of(conn, "story-telling")).deleted_at is not None
    change(
        v0, "UPDATE post SET deleted = false WHERE id = 2; UPDATE post_development SET main_title = 'X' WHERE id = 2"
    )
    import_(v0, ada)
    assert posts.get(conn, post_id=post_of(conn, "story-telling")).title == "X"


def test_another_database_under_the_same_name_is_noticed(
    cluster: embedded.Cluster, conn: db.Connection, ada: User, v0: str
) -> None:
    import_(v0, ada)
    before = texts_of(conn, "story-telling")
    other = make_source(cluster, "v0")
    change(
        other, "UPDATE post SET created_at = '2020-01-01'; UPDATE post_development SET basic_idea = 'Of another blog'"
    )
    report = import_(other, ada)
    assert "another row had this id" in noted(report, "post", 2)
    assert fate(report, "post_development", 2) is Fate.LEFT_OUT
    assert texts_of(conn, "story-telling") == before
    report = import_(other, ada, name="other")
    assert entry(report, "post", 2).became and fate(import_(v0, ada), "post", 2) is Fate.UNCHANGED
    assert texts_of(conn, "story-telling-2")["basic_idea"] == "Of another blog"
