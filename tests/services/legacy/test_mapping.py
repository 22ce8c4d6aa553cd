"""What the traps of each era become."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from blogforge_llm import db, embedded
from blogforge_llm.records.accounts import User
from blogforge_llm.records.legacy import Fate, Report
from blogforge_llm.services.editorial import actions, fields, items, posts, revisions, sections
from blogforge_llm.services.editorial import library as libraries
from blogforge_llm.services.legacy import rows
from blogforge_llm.services.prompts import parts, templates
from blogforge_llm.services.registry import models, providers, routes
from blogforge_llm.services.tasks import tasks
from tests.services.legacy.sources import fate, import_, make_source, noted


@pytest.fixture(scope="module")
def v0(cluster: embedded.Cluster) -> str:
    return make_source(cluster, "v0")


@pytest.fixture(scope="module")
def v1(cluster: embedded.Cluster) -> str:
    return make_source(cluster, "v1")


@pytest.fixture(scope="module")
def v2(cluster: embedded.Cluster) -> str:
    return make_source(cluster, "v2")


@pytest.fixture(scope="module")
def v3(cluster: embedded.Cluster) -> str:
    return make_source(cluster, "v3")


def post_of(conn: db.Connection, slug: str) -> int:
    row = conn.execute("SELECT id FROM posts WHERE slug = %s", (slug,)).fetchone()
    assert row is not None
    return int(row["id"])


def texts_of(conn: db.Connection, slug: str) -> dict[str, str]:
    found = fields.list_values(conn, post_id=post_of(conn, slug))
    return {value.field.key: value.text for value in found if value.text}


def section_texts(conn: db.Connection, post_id: int, place: int) -> dict[str, str]:
    section = sections.list_for(conn, post_id=post_id)[place]
    found = fields.list_values(conn, post_id=post_id, section_id=section.id)
    return {value.field.key: value.text for value in found if value.text}


def test_lists_in_every_way_of_writing_become_lines(conn: db.Connection, ada: User, v0: str) -> None:
    report = import_(v0, ada)
    kilts = texts_of(conn, "kilts-for-weddings")
    assert kilts["interesting_facts"] == "A kilt takes 7.3 m of cloth\nIt has a front apron"
    assert kilts["idea_scope"] == "Who wears one\nSporran – which?\nWho wears one"
    assert kilts["tags"] == "kilt\nwedding\nclan"
    assert kilts["categories"] == "history\ndress, formal"
    assert kilts["section_headings"] == '["Begin'
    assert "intro_blurb" not in kilts and "provisional_title" not in kilts
    assert "One title; Another title" in noted(report, "post_development", 1)
    stories = texts_of(conn, "story-telling")
    assert stories["idea_scope"] == "Tellers\nListeners\nThe fire"
    assert stories["interesting_facts"] == "**Core facts:**\nLong nights\nPeat"
    assert stories["basic_metadata"] == "About stories."


def test_posts_keep_their_age_their_title_and_their_deletion(conn: db.Connection, ada: User, v0: str) -> None:
    import_(v0, ada)
    kilts = posts.get(conn, post_id=post_of(conn, "kilts-for-weddings"))
    assert kilts.created_at.isoformat() == "2025-04-22T09:00:00+00:00"
    assert kilts.title == "kilts for weddings"  # the idea, for the cut title was nobody's words
    assert texts_of(conn, "kilts-for-weddings")["idea_seed"] == "kilts for weddings\nand other solemn occasions"
    stories = posts.get(conn, post_id=post_of(conn, "story-telling"))
    assert stories.title == "Story-telling by the hearth"
    assert stories.updated_at.isoformat() == "2025-05-02T09:00:30.500000+00:00"
    gone = posts.get(conn, post_id=post_of(conn, "kilts-for-weddings-1"))
    assert gone.deleted_at is not None
    assert texts_of(conn, "kilts-for-weddings-1")["basic_idea"] == "deleted, but with an idea"


def test_sections_come_in_order_with_the_best_text_on_top(conn: db.Connection, ada: User, v0: str) -> None:
    import_(v0, ada)
    post_id = post_of(conn, "story-telling")
    assert [section.heading for section in sections.list_for(conn, post_id=post_id)] == ["The teller", "The hearth"]
    assert section_texts(conn, post_id, 0)["section_text"] == "He tells it best."
    teller = sections.list_for(conn, post_id=post_id)[0]
    history = revisions.list_(conn, post_id=post_id, section_id=teller.id, field_key="section_text")
    assert [revision.text for revision in history] == ["He tells it best.", "He tells well."]
    assert {str(revision.origin) for revision in history} == {"imported"}
    hearth = section_texts(conn, post_id, 1)
    assert hearth["section_draft"] == "## The hearth\n\nIt is *warm*.\n\n- peat\n- logs"
    assert hearth["section_notes"] == "Highlighting:\nbold: peat"


def test_an_idea_goes_to_its_section_and_a_fact_of_two_sections_waits(conn: db.Connection, ada: User, v0: str) -> None:
    report = import_(v0, ada)
    post_id = post_of(conn, "story-telling")
    headings = {section.id: section.heading for section in sections.list_for(conn, post_id=post_id)}
    placed = {item.text: headings.get(item.section_id or 0) for item in items.list_for(conn, post_id=post_id)}
    assert placed == {
        "The fire": "The hearth", "Tellers": "The hearth", "Listeners": "The teller", "Long nights": "The teller",
        "Peat": None,
    }  # fmt: skip
    assert fate(report, "post_section", 1) is fate(report, "post_section", 2) is Fate.CONFLICT


def test_prompts_become_parts_and_templates_in_one_syntax(conn: db.Connection, ada: User, v0: str) -> None:
    report = import_(v0, ada)
    scope = [(part.name, part.kind, part.role) for part in parts.list_(conn, q="Idea Scope")]
    assert {(name, str(kind), str(role)) for name, kind, role in scope} == {
        ("Idea Scope: persona", "persona", "system"), ("Idea Scope: task", "task", "user"),
        ("Idea Scope: style", "style", "user"), ("Idea Scope: format", "format", "user"),
    }  # fmt: skip
    (draft,) = templates.list_(conn, q="Section draft")
    (block,) = templates.get_version(conn, template_id=draft.id, number=1).blocks
    assert block.content == "Write about {{ section_heading }} with {{ section_ideas }} and {{ section_facts }}."
    assert fate(report, "llm_prompt", 4) is Fate.CONFLICT  # Handlebars
    assert rows.sql.get_original(conn, source="blog", table_name="llm_prompt", row_id="4")["prompt_text"].startswith(
        "Facts"
    )


def test_actions_are_taken_only_when_everything_is_certain(conn: db.Connection, ada: User, v0: str, v1: str) -> None:
    report = import_(v0, ada)
    (action,) = actions.list_(conn)
    assert (action.name, action.field_key) == ("Generate blog title", "provisional_title")
    assert action.parameters == {"temperature": 0.7, "max_tokens": 1000}
    assert [model.name for model in routes.get(conn, route_id=action.route_id or 0).models] == ["llama3.1:70b"]
    assert "its copy of the prompt" in noted(report, "llm_action", 3)
    assert "“gpt-4” is not here" in noted(report, "llm_action", 7)
    report = import_(v1, ada, name="v1")
    for told in ("its copy of the prompt", "nothing says which field", "“gpt-4” is not here"):
        assert told in noted(report, "llm_action", 9)
    assert len(actions.list_(conn)) == 1


def test_history_becomes_tasks_that_cost_nothing_and_count_nowhere(conn: db.Connection, ada: User, v0: str) -> None:
    import_(v0, ada)
    found = tasks.list_by_ids(conn, task_ids=[row["id"] for row in conn.execute("SELECT id FROM tasks")])
    by_output = {task.output: task for task in found}
    kilts = by_output["Kilts at the altar"]
    assert (kilts.status, kilts.cost, kilts.cost_source) == ("succeeded", None, "unknown")
    assert kilts.served_by_model_id is None and kilts.model_id is not None
    assert kilts.created_at.isoformat() == "2025-05-01T10:00:00+00:00"
    assert len(found) == 4 and sum(task.status == "failed" for task in found) == 2
    for table in ("attempts", "suggestions", "outcomes", "outcome_totals", "ledger_days", "procrastinate_jobs"):
        assert conn.execute(f"SELECT 1 FROM {table}").fetchone() is None, table  # type: ignore[arg-type]
    assert rows.find_origin(conn, noun="task", noun_id=kilts.id) == ("blog", "llm_action_history", "1")
    assert rows.find_origin(conn, noun="task", noun_id=0) is None


def test_the_page_of_an_imported_task_says_where_it_comes_from(
    conn: db.Connection, ada: User, browse: Callable[[User], FlaskClient], v0: str
) -> None:
    import_(v0, ada)
    found = tasks.list_by_ids(conn, task_ids=[row["id"] for row in conn.execute("SELECT id FROM tasks")])
    (kilts,) = [task for task in found if task.output == "Kilts at the altar"]
    page = browse(ada).get(f"/llm/tasks/{kilts.id}").text
    assert "Imported from “blog”" in page and "row 1 of its llm_action_history" in page
    assert "exactly as sent" not in page and "No model has been asked yet" not in page


def test_providers_are_known_by_their_address_and_keys_stay_behind(conn: db.Connection, ada: User, v2: str) -> None:
    report = import_(v2, ada)
    found = {provider.name: provider.base_url for provider in providers.list_all(conn)}
    assert found == {
        "Ollama (local)": "http://localhost:11434/v1", "OpenAI": "https://api.openai.com/v1",
        "Anthropic": "https://api.anthropic.com/v1",
        "Google Gemini": "https://generativelanguage.googleapis.com/v1beta/openai",
    }  # fmt: skip
    assert {model.name: model.max_output_tokens for model in models.list_all(conn)} == {"mistral": None, "gpt-4": 8192}
    assert "auth_token was not read" in noted(report, "llm_provider", 2)
    assert conn.execute("SELECT 1 FROM provider_keys").fetchone() is None
    assert fate(report, "llm_provider", 5) is Fate.CONFLICT


def test_what_is_here_already_is_used_and_a_taken_name_gets_a_number(conn: db.Connection, ada: User, v2: str) -> None:
    libraries.import_(conn, actor=ada, library=libraries.starter())
    ours = providers.create(
        conn, actor=ada, name="My Ollama", kind="openai_compatible", base_url="http://127.0.0.1:11434/v1"
    )
    parts.create(conn, actor=ada, name="managing EDITOR", kind="persona", role="system", content="Somebody else.")
    report = import_(v2, ada)
    assert rows.find_origin(conn, noun="provider", noun_id=ours.id) is not None
    assert "called “Managing editor 2” here" in noted(report, "llm_prompt_part", 1)
    again = import_(v2, ada)
    assert again.fates[Fate.TAKEN] == again.fates[Fate.CHANGED] == 0


def test_modular_prompts_speak_the_parts_they_copied(conn: db.Connection, ada: User, v2: str) -> None:
    report = import_(v2, ada)
    (template,) = templates.list_(conn, q="Fifty facts")
    blocks = templates.get_version(conn, template_id=template.id, number=1).blocks
    told = [parts.get(conn, part_id=block.part_id).content if block.part_id else block.content for block in blocks]
    assert told == ["You are a Managing Editor.", "Research exactly 49 facts.", "{{ basic_idea }}"]
    assert len(parts.list_(conn, q="Managing editor")) == 1
    assert {part.content for part in parts.list_(conn, q="Fifty facts")} == {
        "Research exactly 50 facts.", "Research exactly 49 facts.",
    }  # fmt: skip
    assert "system text alone asks nothing" in noted(report, "llm_prompt", 2)
    assert "its action 54 is not in the source" in noted(report, "post_substage_action", 4)
    assert "writes several fields: basic_idea, interesting_facts" in noted(report, "llm_action", 4)


def test_the_third_era_s_objects_and_pages_become_lines_and_markdown(conn: db.Connection, ada: User, v3: str) -> None:
    import_(v3, ada)
    stones = texts_of(conn, "standing-stones")
    assert stones["idea_scope"] == "Quarries: where from\nDates"
    assert stones["section_headings"] == "Origins\nUses"
    assert (stones["provisional_title"], stones["subtitle"]) == ("A", "And who stood them")
    assert stones["basic_idea"] == "A basic idea"
    origins = section_texts(conn, post_of(conn, "standing-stones"), 0)
    assert origins["section_text"] == "## Origins\n\nPolished & **bold**."
    placed = {
        item.text: item.section_id is not None
        for item in items.list_for(conn, post_id=post_of(conn, "standing-stones"))
    }
    assert placed == {"They are old": False, "Calendars": True}  # two sections claim the first
    assert origins["section_notes"] == "Ideas to include:\n**Core ideas:**\n1. Quarries"


def test_bytes_without_an_encoding_are_read_as_what_they_are(
    cluster: embedded.Cluster, conn: db.Connection, ada: User
) -> None:
    admin = cluster.url.replace("/blogforge?", "/postgres?")
    with psycopg.connect(admin, autocommit=True) as server:
        server.execute("CREATE DATABASE raw_bytes ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    url = cluster.url.replace("/blogforge?", "/raw_bytes?")
    with psycopg.connect(url, autocommit=True) as source:
        source.execute(
            b"CREATE TABLE post (id int, title text, slug text); "
            b"INSERT INTO post VALUES (1, E'Quaich \\x96 a cup', 'a'), (2, E'Caf\\xc3\\xa9', 'b')"
        )
    report: Report = import_(url, ada)
    found: list[Any] = [row["title"] for row in conn.execute("SELECT title FROM posts ORDER BY slug")]
    assert found == ["Quaich – a cup", "Café"]
    assert "Windows-1252" in noted(report, "post", 1) and fate(report, "post", 2) is Fate.TAKEN
