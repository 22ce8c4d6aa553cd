"""What the provider says in the pictures of the docs: an article on bread, found by a phrase of the prompt's task."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.provider_standin import prompt_text

IDEA = "Why bread rises: yeast makes the gas, the dough has to hold it"
OTHER_IDEAS = (
    "Ten walks that begin at a railway station",
    "How to read a weather map before a day on the water",
    "What the paperclip replaced",
)

_BRIEF = """\
The article answers a question every home baker has stood over: why does bread rise, and why does it sometimes not? It \
follows one loaf from mixing to oven and shows that rising takes two things at once. Yeast makes the gas; the dough, \
stretched into thin skins of gluten, has to hold it. Most disappointing loaves have enough of the first and too little \
of the second.

It is for people who bake at home and want to know what they are waiting for. They will come away able to read a dough \
by its look and feel, and to tell an hour too early from an hour too late. It stops at the oven door: crust and \
flavour are another story."""

_SHORTER = """\
The article answers a question every home baker has stood over: why does bread rise, and why does it sometimes not? It \
follows one loaf from mixing to oven. Rising takes two things at once: yeast makes the gas, and the dough, stretched \
into thin skins of gluten, has to hold it. Most disappointing loaves lack the second.

It is for people who bake at home. They will come away able to read a dough by its look and feel, and to tell too \
early from too late. It stops at the oven door."""

_SCOPE = [
    "Yeast eats sugar and breathes out carbon dioxide; it does not make a bubble by itself",
    "The bubbles are there from kneading: gas only blows them up",
    "Gluten as a net of two proteins that meet when flour and water meet",
    "Why a dough that rests gets smoother without anybody kneading it",
    "The poke test, and what the slow spring back really tells",
    "Cold dough rises slowly and tastes of more",
    "Salt slows the yeast and tightens the net",
    "Wholemeal flour cuts its own net with bran",
    "What happens in the first ten minutes in the oven",
    "Over-proved dough: plenty of gas, and a net that has given up",
    "Rye rises without much gluten, and how",
    "Why a recipe gives hours when it should give signs",
]

_TOPICS = [
    "Gas: what yeast eats, what it gives off, and how fast",
    "Net: how gluten forms, and why water and time do most of the work",
    "Bubbles: where they come from, before any gas is there",
    "Waiting: what to look and feel for instead of watching the clock",
    "Cold: why a night in the fridge helps both rise and flavour",
    "Oven spring: the last ten minutes of rising",
    "Failure: too little, too long, too weak, and how each one looks",
]

_FACTS = [
    "Yeast cannot start a bubble in dough: it inflates the tiny ones that mixing has beaten in.",
    "At 4 °C yeast all but stops, while the enzymes that free sugar from starch go on working.",
    "Dough keeps rising in the oven until its yeast dies at about 55 °C. [check]",
    "Flour and water left alone for half an hour form gluten without any kneading.",
]

_PLAN = """\
1 Gas:
- What yeast eats and gives off, and why it cannot begin a bubble on its own.
- Leaves the dough to the next section.

2 Net:
- How flour and water become gluten, mostly by themselves.
- Takes up bubbles: kneading makes them, gas only fills them.

3 Signs:
- What to look and feel for instead of watching the clock, and what a cold night changes.

4 Oven:
- The last ten minutes of rising, and how each failure looks from outside."""

_INTRODUCTION = """\
Press a finger into risen dough and watch. If the dent comes back slowly and stops half-way, the loaf is ready for the \
oven. That small test works because a rising dough is a balance of two things: gas that pushes, and a net that holds.

Yeast gets the credit, and does half of the work. The other half is done by flour and water, mostly while nobody is \
looking. Once you can see both, a recipe's *leave for two hours* becomes what it should have been all along: leave \
until it looks like **this**."""

_BY_PHRASE: dict[str, str | list[str]] = {
    "Turn the seed into a brief": _BRIEF,
    "Shorten the text above": _SHORTER,
    "Propose one working title": "Gas and net: what makes bread rise",
    "ideas the article could draw on": _SCOPE,
    "topics the article must cover": _TOPICS,
    "facts that would make the article": _FACTS,
    "Plan the sections of the article": _PLAN,
    "heading of each section in the plan": [
        "What the yeast does",
        "What the dough does",
        "Reading the signs",
        "In the oven",
    ],
    "Write the title of the article": "What your dough is waiting for",
    "Write the subtitle": "Yeast makes the gas; flour, water and time decide whether it stays",
    "Write the introduction": _INTRODUCTION,
    "stands in for this picture": "A round loaf in a floured basket, half risen, with a fingertip's dent in its top.",
    "tags for the article": ["bread", "baking", "yeast", "gluten", "sourdough", "food science"],
}


def answer(body: Mapping[str, Any]) -> str:
    """The text for a request of the provider; lists as the JSON that their actions ask for."""
    prompt = prompt_text(body)
    for phrase, text in _BY_PHRASE.items():
        if phrase in prompt:
            return text if isinstance(text, str) else json.dumps(text, ensure_ascii=False)
    return "Bread rises because yeast makes gas and the dough's net of gluten holds it."
