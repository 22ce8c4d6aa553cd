"""What is taken off an answer, what stays, and what breaks a contract."""

from __future__ import annotations

import json
import time

import pytest

from blogforge_llm.engine.contracts import EMPTY, check
from blogforge_llm.engine.types import OutputContract

ARTICLE = "Bread is patient.\n\nIt waits for you."


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (f"Sure! Here is what you asked for:\n\n{ARTICLE}", ARTICLE),
        (f"Certainly! Below is the revised section:\n\n{ARTICLE}", ARTICLE),
        (f"Here's an excerpt suggestion:\n\n{ARTICLE}", ARTICLE),
        (f"**Here is the article:**\n\n{ARTICLE}", f"**Here is the article:**\n\n{ARTICLE}"),
        (f"{ARTICLE}\n\nLet me know if you'd like any changes!", ARTICLE),
        (f"{ARTICLE}\n\n---\n\nWould you like me to make it shorter?", ARTICLE),
        (f'"{ARTICLE}"', ARTICLE),
        (f"“{ARTICLE}”", ARTICLE),
        (f"```\n{ARTICLE}\n```", ARTICLE),
        (f"Here is the expanded idea:\n\n{ARTICLE}", ARTICLE),
        (f"Sure, here is the expanded idea:\n{ARTICLE}", ARTICLE),
        (f"Sure! Here's the revised list of facts for you:\n\n{ARTICLE}", ARTICLE),
        (f"Here's your brief:\n{ARTICLE}", ARTICLE),
        (f"Here is a 150-word basic idea for your blog post:\n\n{ARTICLE}", ARTICLE),
        (f"Sure thing! Here's a paragraph.\n\n{ARTICLE}", ARTICLE),
        (f"Certainly! Below is a draft.\n\n{ARTICLE}", ARTICLE),
        (f"Certainly!\n\n{ARTICLE}", ARTICLE),
        (f"<think>Hm. The user wants…</think>\n\n{ARTICLE}", ARTICLE),
        (f"\n\n  {ARTICLE}  \n", ARTICLE),
    ],
)
def test_wrappings_are_taken_off_a_text(said: str, meant: str) -> None:
    assert check(said, OutputContract("text")).text == meant


@pytest.mark.parametrize(
    "article",
    [
        "Here is what nobody tells you about bread:\n\nIt is alive.",
        "Here is the thing about bread. It is alive.",
        "Great bread needs three things:\n\n- flour\n- water\n- time",
        "Sure, bread is simple. Until it is not.",
        f"{ARTICLE}\n\nLet me know in the comments if you agree!",
        f"{ARTICLE}\n\nFeel free to use any flour.",
        '"Yes" is not the same as "no"',
        "'Tis the season. Don't be late, said Hans'",
        "It ends with a colon:",
        "```python\nprint(1)\n```\n\nThen:\n\n```python\nprint(2)\n```",
        "The <think> tag is odd.",
        "Here is the plan:\n\nFirst we knead.",
        "Here is the idea:\nBread is alive.",
        "Here are the facts:\n\nBread is old.",
        "Here is the list of ingredients:\n\n- flour\n- water",
        "Here is a story about an article that nobody read. It ends with a colon:\n\nIndeed.",
        "Here is what I learned from the brief:\nNothing.",
        "Here, in the text:\n\nNothing.",
        "Promise:\n- No problem found.\n\nReader:\n- No problem found.",
        "Search title: Bread\nDescription: How bread is made.",
        "1. Name:\nA purpose.",
        "[ ] Title: “Bread”\n[ ] Links",
        "Expanded idea:\n\nIt is a label.",
        "Title: Bread\n\nIt is a label.",
        "Great! That is what bakers say.",
        "Certainly. That is what bakers say.",
    ],
)
@pytest.mark.parametrize("shape", ["text", "markdown"])
def test_what_the_author_may_have_meant_stays(article: str, shape: str) -> None:
    assert check(article, OutputContract(shape)).text == article


def test_a_fence_around_a_whole_markdown_text_goes_and_those_within_stay() -> None:
    inner = "# Bread\n\n```python\nprint(1)\n```\n\nDone."
    assert check(f"```markdown\n{inner}\n```", OutputContract("markdown")).text == inner


@pytest.mark.parametrize(
    "said",
    [
        "A Title",
        '"A Title"',
        "**A Title**",
        '**"A Title"**',
        "# A Title",
        'Sure! Here is the title:\n\n"A Title"\n\nLet me know if you want another one.',
        'Here is the title: "A Title"',
        "`A Title`",
        "Here's a title for your article: A Title",
        "Here is your title:\nA Title",
        "Title: A Title",
        'Title: "A Title"',
        "**Title:** A Title",
        "**Title: A Title**",
        "Provisional title: A Title",
        "Certainly! A Title",
        "Sure! Here is the title: A Title",
        "1. A Title",
        "- **A Title**",
        '{"title": "A Title"}',
        '```json\n{"title": "A Title"}\n```',
        '["A Title"]',
        "```\nA Title\n```",
    ],
)
def test_a_line_is_freed_of_quotes_marks_and_chatter(said: str) -> None:
    assert check(said, OutputContract("line", max_length=20)).text == "A Title"
    assert check(said, OutputContract("line", max_length=20)).breach is None


def test_several_alternatives_are_no_line() -> None:
    for said in ("A Title\nAnother Title", "1. A Title\n2. Another Title", '["A Title", "Another Title"]',
                 '{"title": "A Title", "subtitle": "Another"}', "Title: A Title\nSubtitle: Another"):  # fmt: skip
        assert check(said, OutputContract("line")).breach is not None


def test_a_title_with_a_colon_or_inner_quotes_is_left_alone() -> None:
    for title in ("Bread: a history", 'Why "simple" is hard', '"A" and "B"', "Sure thing: bread",
                  "Land title: a primer", "Here is why your headline fails: a guide", "Certainly not", "10. September",
                  "Great! Now what?", "[check] Bread", "Title", "Title:", "1984"):  # fmt: skip
        assert check(title, OutputContract("line")).text == title


LIST = "One\nTwo\nThree"


@pytest.mark.parametrize(
    "said",
    [
        '["One", "Two", "Three"]',
        '```json\n["One", "Two", "Three"]\n```',
        'Here is the JSON array:\n\n["One", "Two", "Three"]\n\nLet me know if you need more.',
        '{"titles": ["One", "Two", "Three"]}',
        '[{"title": "One", "why": "x"}, {"text": "Two"}, {"heading": "Three"}]',
        "1. One\n2. Two\n3. Three",
        '```json\n["One", "Two", "Three"]```',
        "1) **One**\n2) **Two**\n\n3) **Three**",
        "- One\n- Two\n- Three",
        "Here are five ideas:\n\n* One\n* Two\n* Three\n\nI hope this helps!",
        "Ideas:\nOne\nTwo\nThree",
        '• "One"\n• "Two"\n• "Three"',
        "One\n\nTwo\n\nThree",
        '["One", "Two", "Three"]\n\nHope\nthis helps!',
        'json\n["One", "Two", "Three"]',
        '["1. One", "2. Two", "3. Three"]',
        '["- One", "- Two", "- Three"]',
    ],
)
def test_a_list_is_one_item_per_line_however_it_was_written(said: str) -> None:
    assert check(said, OutputContract("list")).text == LIST


def test_texts_of_a_json_array_keep_numbers_that_do_not_count_them() -> None:
    for items in (["7. One", "3. Two"], ["1. One", "Two"], ["- One", "Two"]):
        assert check(json.dumps(items), OutputContract("list")).text == "\n".join(items)


@pytest.mark.parametrize(
    "said",
    [
        '["One"]\n["Two"]',
        '["One"] and ["Two"]',
        '["One", "Two"',
        '[\n"One",\n"Two",\n]',
        '```json\n["One"]\n```\n["Two"]',
    ],
)
def test_a_broken_or_doubled_array_is_no_list_of_lines(said: str) -> None:
    assert "one valid JSON array" in str(check(said, OutputContract("list")).breach)


def test_brackets_that_are_no_json_stay_in_a_list() -> None:
    for said in ("[ ] One\n[ ] Two", "[1] One\n[2] Two", "[check] One\nTwo", "[ ] One"):
        assert check(said, OutputContract("list")).text == said


def test_what_stands_under_an_item_belongs_to_it() -> None:
    assert check("1. One\n   - a\n   - b\n2. Two\n   more", OutputContract("list")).text == "One a b\nTwo more"


def test_too_few_and_too_many_items_are_named() -> None:
    assert check(LIST, OutputContract("list", min_items=4)).breach == "It must have at least 4 items; it had 3."
    assert check(LIST, OutputContract("list", max_items=2)).breach == "It must have at most 2 items; it had 3."
    assert check(LIST, OutputContract("list", min_items=3, max_items=3)).breach is None
    assert check("[]", OutputContract("list", min_items=1)).breach == "It must have at least 1 items; it had 0."


@pytest.mark.parametrize(
    "said", ['{"a": "é"}', '```json\n{"a": "é"}\n```', 'Here you go:\n\n{"a": "é"}\n\nHope it helps']
)
def test_json_is_taken_out_and_printed_to_be_read(said: str) -> None:
    assert check(said, OutputContract("json")).text == '{\n  "a": "é"\n}'


@pytest.mark.parametrize(
    "said",
    [
        "No.",
        '{"a": ',
        "{'a': 1}",
        '{"a": 1}\n\nand\n\n{"b": 2}',
        '{"a": 1}{"b": 2}',
        '{"a": 1}\n{"b": 2}',
        '{"a": 1}, [2]',
        '```json\n{"a": 1}\n```\n\n```json\n{"b": 2}\n```',
        '{"a": NaN}',
        "[Infinity]",
        "[-Infinity]",
        "[1e400]",
    ],
)
def test_what_is_no_json_is_said_to_be_none(said: str) -> None:
    assert check(said, OutputContract("json")).breach == "It must be one valid JSON value and nothing else."


def test_items_of_a_json_array_are_counted() -> None:
    assert check(json.dumps([1, 2]), OutputContract("json", min_items=3)).breach is not None


@pytest.mark.parametrize("shape", ["text", "line", "markdown", "list", "json"])
@pytest.mark.parametrize("said", ["", "  \n\t", "<think>only thoughts</think>"])
def test_nothing_is_a_breach_in_every_shape(shape: str, said: str) -> None:
    assert check(said, OutputContract(shape)).breach == EMPTY


@pytest.mark.parametrize("shape", ["text", "line", "markdown", "list", "json"])
@pytest.mark.parametrize("said", ["<think>never closed The body", " <thinking>\nHm.\n\nThe body", '<think>["a"]'])
def test_thoughts_without_an_end_are_no_answer(shape: str, said: str) -> None:
    assert "reasoning" in str(check(said, OutputContract(shape)).breach)


def test_length_is_counted_after_cleaning() -> None:
    assert check('"12345"', OutputContract("line", max_length=5)).breach is None
    breach = check("123456", OutputContract("line", max_length=5)).breach
    assert breach == "It must have at most 5 characters; it had 6."


DEGENERATE = ["a" + "\n" * 1_000_000 + "a", "```json\n{" + " " * 1_000_000 + "x", "```\n" * 250_000, "1. " * 300_000]


def test_a_megabyte_is_checked_in_no_time() -> None:
    for shape in ("text", "line", "markdown", "list", "json"):
        for said in (
            "a " * 500_000,
            "- x\n" * 250_000,
            "\n" * 1_000_000 + "a",
            "[" * 100_000,
            "here is " * 125_000,
            "here is the " + "a" * 1_000_000,
            "here is the " + "a-" * 10 + "b " * 500_000,
            "sure! " * 160_000,
            "title: " * 140_000,
            "{} [" + '["' * 300_000,
            *DEGENERATE,
        ):
            began = time.thread_time()
            check(said, OutputContract(shape))
            assert time.thread_time() - began < 2, (shape, said[:20])
