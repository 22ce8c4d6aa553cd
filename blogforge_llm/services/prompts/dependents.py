"""What would break if a version were put to use: an action whose prompt nobody could fill, a prompt that asks nothing.
What would merely change is impacts.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from blogforge_llm import db
from blogforge_llm.errors import Invalid
from blogforge_llm.records.prompts import MessageRole, Part, Piece
from blogforge_llm.services.prompts import blocks, part_texts, resolver, variables, wording
from blogforge_llm.services.prompts.part_texts import PartText

sql = db.load("prompts/dependents")

_MOST = 5


def problems_of_part(conn: db.Connection, *, part: Part, words: PartText) -> list[str]:
    """Sentences naming the actions and templates that these words would break; none when all go on working. Few reads,
    however many templates speak the part."""
    needs = resolver.needed_by(part_texts.piece(part, words)) - resolver.needed_by(
        part_texts.piece(part, part_texts.of(part))
    )
    known = variables.sources(conn)
    unknown = variables.unfilled(sorted(needs), known, scope="post")
    rows = list(sql.list_actions_needing(conn, part_id=part.id)) if unknown else []
    problems = _unfillable(rows, unknown, known)
    if words.role is not part.role and part.role is MessageRole.USER:
        speechless = [row["name"] for row in sql.list_left_speechless(conn, part_id=part.id)]
        if speechless:
            problems.append(f"{wording.listed(speechless)} would ask nothing: no block with the role user is left.")
    return problems


def problems_of_template(conn: db.Connection, *, template_id: int, pieces: Sequence[Piece]) -> list[str]:
    """The same for the blocks of a version of a template."""
    try:
        blocks.require_message(pieces)
    except Invalid as error:
        return [str(error)]
    needs = [variable.name for variable in resolver.variables_of(pieces) if variable.is_required]
    known = variables.sources(conn)
    unknown = variables.unfilled(needs, known, scope="post")
    rows = list(sql.list_actions_of(conn, template_ids=[template_id])) if unknown else []
    return _unfillable(rows, unknown, known)


def _unfillable(
    rows: Sequence[dict[str, Any]], unknown: list[str], known: dict[str, variables.Source]
) -> list[str]:  # fmt: skip
    problems = []
    for row in rows:
        if missing := variables.unfilled(unknown, known, scope=row["scope"]):
            marked = " and ".join(f"`{name}`" for name in missing)
            problems.append(
                f"The action “{row['name']}” asks with “{row['template_name']}”, which would need {marked}, and no "
                "field of a post fills that."
            )
    hidden = len(problems) - _MOST
    return problems[:_MOST] + ([f"So would {hidden} more."] if hidden > 0 else [])
