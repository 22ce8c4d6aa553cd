"""The allocator: whatever a model says, every item ends in exactly one place."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blogforge_llm.services.editorial import allocation

CODES = st.sampled_from(["I1", "I2", "I10", "F1", "F2", "S1", "S2", "S3", "", "x"])
ANYTHING = st.one_of(CODES, st.none(), st.booleans(), st.integers(), st.floats(), st.lists(st.integers(), max_size=2))
ENTRY = st.one_of(
    st.fixed_dictionaries({"item": CODES, "section": CODES, "score": st.floats(0, 1)}),
    st.dictionaries(st.sampled_from(["item", "section", "score", "note"]), ANYTHING, max_size=4),
    ANYTHING,
)
ITEMS = st.lists(st.sampled_from([f"{kind}{n}" for kind in "IF" for n in (1, 2, 3, 10)]), unique=True)
SECTIONS = st.lists(st.sampled_from(["S1", "S2", "S3", "S4"]), unique=True)


@given(ITEMS, SECTIONS, st.lists(ENTRY, max_size=30), st.none() | st.integers(1, 4))
def test_every_item_is_placed_once_or_left_over(items, sections, entries, capacity):
    labels = allocation.read_labels(json.dumps(entries), items=items, sections=sections)
    done = allocation.allocate(items=items, sections=sections, scores=labels.scores, capacity=capacity)
    assert sorted([*done.placed, *done.left]) == sorted(items)
    assert set(done.placed.values()) <= set(sections)
    for item, section in done.placed.items():
        assert labels.scores[item][section] > 0
    for section in sections:
        assert capacity is None or list(done.placed.values()).count(section) <= capacity
    if capacity is None:
        assert set(done.left) == {item for item in items if not labels.scores.get(item)}


@given(ITEMS, SECTIONS, st.lists(ENTRY, max_size=30), st.randoms())
def test_the_order_of_the_answer_does_not_matter(items, sections, entries, chance: random.Random):
    shuffled = [*entries]
    chance.shuffle(shuffled)
    mixed = [*items]
    chance.shuffle(mixed)
    one, other = (
        allocation.allocate(
            items=given_items, sections=sections, capacity=2,
            scores=allocation.read_labels(json.dumps(given), items=items, sections=sections).scores,
        )
        for given_items, given in ((items, entries), (mixed, shuffled))
    )  # fmt: skip
    assert one == other


@given(st.text(max_size=60) | st.recursive(ANYTHING, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_no_answer_breaks_the_reader(answer):
    text = answer if isinstance(answer, str) else json.dumps(answer)
    labels = allocation.read_labels(text, items=["I1"], sections=["S1"])
    assert set(labels.scores) <= {"I1"}


def label(item, section, score):
    return {"item": item, "section": section, "score": score}


def test_the_best_score_decides_and_equal_ones_go_where_there_is_least():
    entries = [label("I1", "S1", 0.5), label("I1", "S2", 0.9), label("F1", "S1", 0.7), label("F1", "S2", 0.7)]
    labels = allocation.read_labels(json.dumps({"labels": entries}), items=["I1", "F1"], sections=["S1", "S2"])
    done = allocation.allocate(items=["I1", "F1"], sections=["S1", "S2"], scores=labels.scores)
    assert done.placed == {"I1": "S2", "F1": "S1"}


def test_a_full_section_sends_an_item_to_its_next_best_or_leaves_it():
    scores = {"I1": {"S1": 0.9}, "I2": {"S1": 0.8, "S2": 0.1}, "I10": {"S1": 0.8}}
    done = allocation.allocate(items=["I10", "I2", "I1"], sections=["S1", "S2"], scores=scores, capacity=1)
    assert done.placed == {"I1": "S1", "I2": "S2"} and done.left == ["I10"]
    loaded = allocation.allocate(items=["I1"], sections=["S1"], scores=scores, loads={"S1": 1}, capacity=1)
    assert loaded.left == ["I1"]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (7, "not an object"), (label("I9", "S1", 1), "no idea or fact I9"), (label("I1", "S9", 1), "no section S9"),
        (label("I1", "S1", 2), "2 is no score"), (label("I1", "S1", True), "True is no score"),
        (label("I1", "S1", float("nan")), "nan is no score"), (label(["I1"], "S1", 1), "no idea or fact"),
    ],
)  # fmt: skip
def test_what_is_no_label_is_named(entry, problem):
    labels = allocation.read_labels(json.dumps([entry]), items=["I1"], sections=["S1"])
    assert labels.scores == {} and problem in labels.problems[0]


def test_a_score_of_nothing_places_nothing_and_is_no_mistake():
    labels = allocation.read_labels(json.dumps([label("I1", "S1", 0)]), items=["I1"], sections=["S1"])
    assert labels == allocation.Labels()
