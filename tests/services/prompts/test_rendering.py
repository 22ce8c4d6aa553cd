from __future__ import annotations

import time

import pytest

from blogforge_llm.errors import Invalid
from blogforge_llm.services.prompts import grammar, rendering


def check(source: str) -> rendering.Uses:
    return rendering.check(source, name="content", label="The text")


def render(source: str, **values: rendering.Value) -> str:
    return rendering.render(source, values, label="“It”")


def test_a_text_names_its_variables_in_order() -> None:
    uses = check("{{ b }} {% if tone %}{{ tone }}{% endif %}{% for item in a %}{{ item }}{% endfor %}")
    assert uses.names == ("b", "tone", "a")
    assert uses.tested == {"tone"} and uses.looped == {"a"}


def test_a_list_reads_as_lines_with_dashes() -> None:
    assert render("{{ a }}", a=["one", "two\nlines", " "]) == "- one\n- two\n  lines"


@pytest.mark.parametrize("name", sorted(grammar.RESERVED))
def test_a_word_of_the_language_is_no_name(name: str) -> None:
    assert not grammar.is_name(name) and not is_variable(name)


def is_variable(name: str) -> bool:
    try:
        return check(f"{{{{ {name} }}}}").names == (name,)
    except Invalid:
        return False


def test_every_name_that_is_taken_sends_its_value() -> None:
    for name in ("item", "selfish", "Loop", "index", "endless", "topics_to_cover", "range", "context", "set", "block"):
        assert grammar.is_name(name) and render(f"{{{{ {name} }}}}", **{name: "v"}) == "v"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ a|upper }}", "- ONE\n- TWO"),
        ("{{ a|upper|lower|title }}", "- One\n- Two"),
        ("{{ a|trim('- w') }}", "one\n- two"),
        ("{{ a|capitalize }}", "- one\n- two"),
        ("{{ a|join(d=', ')|upper }}", "ONE, TWO"),
        ("{{ a|trim(chars='-') }}", " one\n- two"),
        ("{% if a|length > 1 %}{{ a|first|title }}{% endif %}", "One"),
    ],
)
def test_text_filters_read_a_list_as_its_lines(source: str, said: str) -> None:
    assert render(source, a=["one", "two"]) == said


def test_a_loop_over_a_text_goes_by_lines_not_by_letters() -> None:
    assert render("{% for t in a %}[{{ t }}]{% endfor %}", a="one\n\n two ") == "[one][two]"
    assert render("{{ a|join(', ') }}", a="one\ntwo") == "one, two"


def test_values_are_never_read_as_templates() -> None:
    assert render("Say {{ a }}", a="{{ b }}{% for %}{# x #}") == "Say {{ b }}{% for %}{# x #}"


def test_what_a_loop_knows_of_itself() -> None:
    assert (
        render("{% for t in a %}{{ loop.index }}/{{ loop.length }} {{ t }} {% endfor %}", a=["x", "y"])
        == "1/2 x 2/2 y "
    )


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("fine\n{{ open", 2),
        ("\n\n{% for x %}", 3),
        ("{% if a %}", 1),
        ("{{ a.b }}", 1),
        ("{{ a.__class__ }}", 1),
        ("{{ ''.__class__.__mro__ }}", 1),
        ("{{ a['b'] }}", 1),
        ("{{ range(10) }}", 1),
        ("{% for i in range(10) %}x{% endfor %}", 1),
        ("{% for c in 'abc' %}{% endfor %}", 1),
        ("{% for a in b %}{% for c in a %}{% endfor %}{% endfor %}", 1),
        ("{% for a in b recursive %}{{ loop(a) }}{% endfor %}", 1),
        ("{{ loop.index }}", 1),
        ("{{ _private }}", 1),
        ("text\n{% set a = 'x' %}", 2),
        ("{% macro m() %}{% endmacro %}", 1),
        ("{% include 'x' %}", 1),
        ("{% import 'x' as y %}", 1),
        ("{% extends 'x' %}", 1),
        ("{{ 'a' * 1000000000 }}", 1),
        ("{{ 10 ** 10 }}", 1),
        ("{{ a ~ a }}", 1),
        ("{{ a|center(100000000) }}", 1),
        ("{{ a|replace('', a) }}", 1),
        ("{{ a|join(b) }}", 1),
        ("{{ a|join('" + "x" * 101 + "') }}", 1),
        ("{{ a|attr('x') }}", 1),
        ("text\n{{ self }}", 2),
        ("{{ super }}", 1),
        ("{{ if }}", 1),
        ("{% for self in a %}{{ self }}{% endfor %}", 1),
        ("{% for loop in a %}{{ loop.index }}{% endfor %}", 1),
        ("text\n{{ a|title(1) }}", 2),
        ("{{ a|upper('x') }}", 1),
        ("{{ a|join(attribute='x') }}", 1),
        ("{{ a|join('', attribute='x') }}", 1),
        ("{{ a|join(', ', 'x') }}", 1),
        ("{{ a|join(5) }}", 1),
        ("{{ a|trim(5) }}", 1),
        ("{{ a|length|first }}", 1),
        ("{{ 5|length }}", 1),
        ("{% if a > 3 %}x{% endif %}", 1),
        ("{% if a in 3 %}x{% endif %}", 1),
        ("{{ a() }}", 1),
        ("{{ a is defined }}", 1),
        ("{{ cycler }}{{ lipsum() }}", 1),
        ("{{ " + "9" * 5000 + " }}", 1),
        ("{{ " + "not " * 5000 + "a }}", 1),
        ("{% if a %}" * 3000 + "{% endif %}" * 3000, 1),
        ("{{ " + "(" * 5000 + "a" + ")" * 5000 + " }}", 1),
        ("{{ a" + "|upper" * 10000 + " }}", 1),
        ("x" * (rendering.MAX_SOURCE + 1), 1),
    ],
)
def test_what_is_no_prompt_is_refused_with_its_line(source: str, line: int) -> None:
    with pytest.raises(Invalid) as refusal:
        check(source)
    assert f"The text, line {line}:" in str(refusal.value)
    assert list(refusal.value.errors) == ["content"]


def test_loops_are_bounded() -> None:
    source = "{% for x in a %}{% for y in a %}{% for z in a %}{% endfor %}{% endfor %}{% endfor %}"
    began = time.monotonic()
    with pytest.raises(Invalid, match="loops"):
        render(source, a=["x"] * rendering.MAX_ITEMS)
    assert time.monotonic() - began < 2


def test_the_size_is_bounded() -> None:
    with pytest.raises(Invalid, match="grows beyond"):
        render("{% for x in a %}{{ b }}{% endfor %}", a=["x"] * 100, b="y" * 100_000)


def test_the_first_of_nothing_is_told_in_words() -> None:
    with pytest.raises(Invalid, match="cannot be filled in"):
        render("{{ a|first }}", a=[])


def test_a_text_without_placeholders_is_left_exactly_as_it_is() -> None:
    assert render("100 % { sure }\n") == "100 % { sure }\n"
