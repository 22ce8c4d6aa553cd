"""In which order fields are asked for: right for any graph of needs, circles included."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from blogforge_llm.services.editorial import dependencies
from blogforge_llm.services.editorial.dependencies import Needs

KEYS = [f"f{number}" for number in range(8)]
SOME = st.frozensets(st.sampled_from(KEYS), max_size=3)
STEPS = st.dictionaries(st.sampled_from(KEYS), st.builds(Needs, SOME, SOME), max_size=8)


def reachable(steps: dict[str, Needs], filled: set[str], accepted: set[str]) -> set[str]:
    """Everything that can be asked at all, the slow way."""
    known, asked = set(filled), set[str]()
    while new := {key for key, needs in steps.items() if needs.required <= known} - asked:
        asked |= new
        known |= new & accepted
    return asked


@given(steps=STEPS, filled=SOME, accepted=SOME)
def test_everything_that_can_be_asked_is_asked_once_and_after_what_it_needs(
    steps: dict[str, Needs], filled: frozenset[str], accepted: frozenset[str]
) -> None:
    order = dependencies.order(steps, filled=filled, accepted=accepted)
    asked = [key for layer in order.layers for key in layer]
    assert set(asked) == reachable(steps, set(filled), set(accepted)) and len(asked) == len(set(asked))
    assert set(order.stopped) == set(steps) - set(asked)
    assert all(lacks for lacks in order.stopped.values())
    known = set(filled)
    for layer in order.layers:
        assert all(steps[key].required <= known for key in layer)
        known |= set(layer) & accepted


@given(steps=STEPS, filled=SOME, data=st.data())
def test_a_run_comes_to_an_end_whatever_ends_first_and_whatever_fails(
    steps: dict[str, Needs], filled: frozenset[str], data: st.DataObject
) -> None:
    waiting, known, going = dict(steps), set(filled), list[str]()
    while waiting or going:
        while True:
            decision = dependencies.decide(waiting, filled=known, going=going)
            assert all(steps[key].required <= known for key in decision.ready)
            for key in [*decision.ready, *decision.stopped]:
                del waiting[key]
            going += decision.ready
            if not decision.ready and not decision.stopped:
                break
        assert going or not waiting
        if going:
            ended = going.pop(data.draw(st.integers(0, len(going) - 1)))
            if data.draw(st.booleans()):
                known.add(ended)


def test_what_would_help_is_waited_for_but_not_for_ever() -> None:
    steps = {"draft": Needs(frozenset({"heading"}), frozenset({"notes"})), "notes": Needs(frozenset({"heading"}))}
    order = dependencies.order(steps, filled={"heading"}, accepted=set(steps))
    assert order.layers == [["notes"], ["draft"]]
    notes = {"draft": Needs(wanted=frozenset({"notes"})), "notes": Needs(frozenset({"draft"}))}
    late = notes | {"late": Needs(frozenset({"notes"}))}
    assert dependencies.order(late, filled=(), accepted=set(late)).layers == [["draft"], ["notes"], ["late"]]
    each_other = {"a": Needs(wanted=frozenset({"b"})), "b": Needs(wanted=frozenset({"a"}))}
    assert dependencies.order(each_other, filled=(), accepted={"a", "b"}).layers == [["a"], ["b"]]


def test_what_is_not_accepted_stops_what_needs_it_and_says_so() -> None:
    steps = {"headings": Needs(), "title": Needs(frozenset({"headings"})), "blurb": Needs(frozenset({"title"}))}
    order = dependencies.order(steps, filled=(), accepted={"title", "blurb"})
    assert (order.layers, order.stopped) == ([["headings"]], {"title": ["headings"], "blurb": ["title"]})
