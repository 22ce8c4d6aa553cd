"""Tables of the original that are left out as a whole, and why."""

from __future__ import annotations

from blogforge_llm.services.legacy.catalog import TAKEN

_REASONS = (  # by the beginning of the table's name, the longest first
    ("alembic_version", "the original's own bookkeeping"),
    ("category", "the real categories stand in the development of each post"),
    ("credential", "credentials are not read: type them in anew"),
    ("image_", "pictures and the settings for making them have no place here yet"),
    ("image", "pictures have no place here yet; their files stay where they are"),
    ("llm_action_prompt_part", "parts stand in templates here, not on actions"),
    ("llm_format_template", "the shape of an answer is a format part or an action's contract here"),
    ("post_categories", "the real categories stand in the development of each post"),
    ("post_tags", "the real tags stand in the development of each post"),
    ("post_workflow", "how far a post is follows from its texts here"),
    ("tag", "the real tags stand in the development of each post"),
    ("user", "people are made anew, with passwords of their own: blogforge user create"),
    ("workflow", "the workflow here has stages, sub-stages and fields of its own"),
)


UNREADABLE = "this user may not read it, so its rows are not counted: GRANT SELECT on it for a whole report"


def reason(table: str) -> str:
    """`table` is “schema.table” outside of the schemas that are read."""
    schema, _, name = table.rpartition(".")
    if schema and name in TAKEN:
        return f"its schema is not the one that is read; options=-csearch_path={schema} in the DSN reads that instead"
    for beginning, words in sorted(_REASONS, key=lambda pair: -len(pair[0])):
        if name == beginning or (name.startswith(beginning) and (beginning.endswith("_") or "_" in name)):
            return words
    return "it has no counterpart here"
