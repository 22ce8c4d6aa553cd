"""The receipt of a text: prompt, parts, model, attempts, cost, who let it in, how much was changed, the way back."""

from __future__ import annotations

from blogforge_llm import db
from blogforge_llm.errors import NotFound
from blogforge_llm.records.accounts import Permission, User
from blogforge_llm.records.editorial import Revision, Value
from blogforge_llm.records.receipts import Making, PromptVersion, Receipt, ReceiptSource
from blogforge_llm.services import diffs, distances
from blogforge_llm.services.accounts import permissions
from blogforge_llm.services.editorial import fields, revisions, suggestions
from blogforge_llm.services.tasks import attempts, wording

sql = db.load("editorial/receipts")

MOST_EDITS = 20


def get(conn: db.Connection, *, actor: User, post_id: int, field_key: str, section_id: int | None = None) -> Receipt:
    """Of what the field says now. Raises NotFound while nothing was ever written."""
    permissions.require(actor, Permission.READ)
    value = fields.get(conn, post_id=post_id, section_id=section_id, field_key=field_key)
    if value.revision is None:
        raise NotFound(f"Nothing was written in “{value.field.name}” yet, so there is no receipt.")
    accepted = _accepted(conn, value.revision)
    if accepted is None:
        return Receipt(value, value.revision, None, [], _before(conn, value.revision))
    making = _making(conn, actor, value, accepted)
    return Receipt(value, value.revision, making, _edits(conn, value, accepted), _before(conn, accepted))


def changes(receipt: Receipt) -> list[diffs.Change]:
    """From what the model wrote to what was accepted of it; nothing for a text of people alone."""
    if receipt.making is None:
        return []
    return diffs.words(_offered(receipt.value, receipt.making.suggestion.output), receipt.making.accepted.text)


def _accepted(conn: db.Connection, revision: Revision) -> Revision | None:
    if revision.root_suggestion_id is None:
        return None
    accepted_id = sql.get_accepted_id(conn, suggestion_id=revision.root_suggestion_id)
    return None if accepted_id is None else revisions.get(conn, revision_id=accepted_id)


def _making(conn: db.Connection, actor: User, value: Value, accepted: Revision) -> Making:
    assert accepted.suggestion_id is not None and value.revision is not None
    suggestion = suggestions.get(conn, suggestion_id=accepted.suggestion_id)
    tried = attempts.list_for(conn, actor=actor, task_id=suggestion.task_id)
    template = sql.get_template_version(conn, task_id=suggestion.task_id)
    offered = _offered(value, suggestion.output)
    return Making(
        suggestion=suggestion,
        template=PromptVersion(**template) if template else None,
        parts=[PromptVersion(**row) for row in sql.list_part_versions(conn, task_id=suggestion.task_id)],
        attempts=tried,
        switches=wording.switches(tried),
        sources=[ReceiptSource(**row) for row in sql.list_sources(conn, suggestion_id=suggestion.id)],
        accepted=accepted,
        accepted_share=distances.normalised(offered, accepted.text),
        now_share=distances.normalised(offered, value.text),
    )


def _offered(value: Value, output: str | None) -> str:
    """What the model wrote, in the form of the field."""
    return fields.shaped(value.field, output or "")


def _edits(conn: db.Connection, value: Value, accepted: Revision) -> list[Revision]:
    """What became of the text since, the newest first."""
    newest = revisions.list_(
        conn, post_id=accepted.post_id, section_id=accepted.section_id, field_key=value.field.key, limit=MOST_EDITS
    )
    root = accepted.suggestion_id
    return [each for each in newest if each.id > accepted.id and each.root_suggestion_id == root]


def _before(conn: db.Connection, revision: Revision) -> Revision | None:
    """The text it took the place of; for a restored one that is the text at the time, not the one restored."""
    if revision.base_revision_id is None:
        return None
    return revisions.get(conn, revision_id=revision.base_revision_id)
