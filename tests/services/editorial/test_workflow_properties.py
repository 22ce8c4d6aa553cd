"""Whatever admins do to the workflow: every text that was ever written can be read, and is what it was."""

from __future__ import annotations

import contextlib
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blogforge_llm import db
from blogforge_llm.errors import Conflict, Invalid
from blogforge_llm.records.accounts import User
from blogforge_llm.services.editorial import (
    fields,
    posts,
    revisions,
    workflow,
    workflow_archival,
    workflow_fields,
    workflow_order,
    workflow_steps,
)
from blogforge_llm.services.editorial.workflow_archival import Noun
from tests.services.editorial.structure import write_post

numbers = st.integers(0, 10_000)
edits = st.lists(
    st.tuples(
        st.sampled_from(["archive", "restore", "shuffle", "change", "move", "move step", "add", "write"]),
        numbers, numbers, st.permutations(range(12)),
    ),
    max_size=12,
)  # fmt: skip


def edit(conn: db.Connection, ada: User, post: Any, kind: str, one: int, two: int, mixed: list[int]) -> None:
    """One edit as somebody might try it; what is refused changes nothing."""
    found = workflow.everything(conn)
    noun = list(Noun)[two % 3]
    rows: dict[Noun, list[Any]] = {Noun.STAGE: found.stages, Noun.SUBSTAGE: found.substages, Noun.FIELD: found.fields}
    row, field = rows[noun][one % len(rows[noun])], found.fields[one % len(found.fields)]
    step = found.substages[two % len(found.substages)]
    if kind == "archive":
        workflow_archival.archive(conn, actor=ada, noun=noun, row_id=row.id)
    elif kind == "restore":
        workflow_archival.restore(conn, actor=ada, noun=noun, row_id=row.id)
    elif kind == "shuffle":
        living = [each.id for each in step.every_field if each.archived_at is None]
        order = [living[place] for place in mixed if place < len(living)]
        workflow_order.reorder_fields(conn, actor=ada, substage_id=step.id, order=order, version=found.version)
    elif kind == "change":
        kinds = ["line", "text", "list", "markdown"]
        limits = {"max_length": two % 40 + 1, "max_words": two % 5 + 1}
        workflow_fields.update(conn, actor=ada, field_id=field.id, kind=kinds[two % 4], name="New", **limits)
    elif kind == "move":
        workflow_fields.update(conn, actor=ada, field_id=field.id, substage_id=step.id)
    elif kind == "move step":
        stage = found.stages[one % len(found.stages)]
        workflow_steps.update_substage(conn, actor=ada, substage_id=step.id, stage_id=stage.id)
    elif kind == "add":
        workflow_fields.create(conn, actor=ada, substage_id=step.id, key=f"added_{one}", name="Added")
    elif field.scope == "post":
        write_post(conn, ada, post, field.key, f"text {two}\nof {one}")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=edits)
def test_no_edit_of_the_workflow_loses_or_changes_a_text(conn: db.Connection, ada: User, made: list[Any]) -> None:
    with conn.transaction(force_rollback=True):
        post = posts.create(conn, actor=ada, idea="kilts")
        for number, field in enumerate(workflow.list_fields(conn)):
            if field.scope == "post":
                write_post(conn, ada, post, field.key, f"text {number}\nand more of it")
        known: dict[int, str] = {}
        for each in made:
            known |= {row["id"]: row["text"] for row in conn.execute("SELECT id, text FROM revisions").fetchall()}
            with contextlib.suppress(Conflict, Invalid), conn.transaction():
                edit(conn, ada, post, *each)
        reached = {
            revision.id: revision.text
            for field in workflow.list_every_field(conn)
            if field.scope == "post"
            for revision in revisions.list_(conn, post_id=post.id, field_key=field.key, limit=1000)
        }
        assert known.items() <= reached.items()
        every = fields.list_every_value(conn, post_id=post.id)
        newest = [max((i for i in reached if i == value.revision.id), default=0) for value in every if value.revision]
        assert 0 not in newest
        positions = [step.position for step in workflow.everything(conn).substages]
        assert positions == list(range(1, len(positions) + 1))
        assert workflow.list_substages(conn)
