"""Templates as people could write them, at random: parts and messages, switched off, optional, with roles of their own,
loops, tests, fences, and every character a text may have.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

# What a browser or JSON could bring, but for what is refused (NUL, half surrogates) and the marks of the language.
WORDS = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\x00{}%#")
    | st.sampled_from("\r\n\t<>&\"' é漢🙂\u00a0\u2028"),
    max_size=40,
)  # fmt: skip
NAMES = ("basic_idea", "idea_scope", "audience")
ROLES = ("system", "user", "assistant")

_PLACES = st.sampled_from(
    [
        "",
        *(f"{{{{ {name} }}}}" for name in NAMES),
        "{% for item in idea_scope %}\n- {{ item }}{% if not loop.last %};{% endif %}\n{% endfor %}",
        "{% if audience %}For {{ audience|upper }}.{% endif %}",
        "{{ idea_scope|join(', ') }}",
    ]
)
_SOURCES = st.lists(st.tuples(WORDS, _PLACES), min_size=1, max_size=3).map(
    lambda pairs: "Say" + "".join(text + place for text, place in pairs)
)


@dataclass(frozen=True)
class RandomBlock:
    """`is_part`: its words are a part's; `variable` then makes it a data part with that fence."""

    content: str
    role: str
    is_part: bool
    override: str | None
    is_optional: bool
    is_enabled: bool
    variable: str | None


@dataclass(frozen=True)
class RandomPrompt:
    blocks: list[RandomBlock]
    inputs: dict[str, Any] = field(default_factory=dict)


_BLOCKS = st.builds(
    RandomBlock, _SOURCES, st.sampled_from(ROLES), st.booleans(), st.none() | st.sampled_from(ROLES), st.booleans(),
    st.sampled_from([True, True, True, False]), st.none(),
) | st.builds(
    RandomBlock, WORDS.map("Read:".__add__), st.sampled_from(ROLES), st.just(True), st.none(), st.booleans(),
    st.just(True), st.sampled_from(NAMES),
)  # fmt: skip
_ASKS = st.just(RandomBlock("Now {{ basic_idea }}.", "user", False, None, False, True, None))
_VALUES = st.one_of(WORDS.map("x".__add__), st.lists(WORDS.map("x".__add__), min_size=1, max_size=4))

PROMPTS = st.builds(
    RandomPrompt,
    st.tuples(st.lists(_BLOCKS, max_size=5), _ASKS).map(lambda pair: [*pair[0], pair[1]]),
    st.fixed_dictionaries(dict.fromkeys(NAMES, _VALUES)),
)
