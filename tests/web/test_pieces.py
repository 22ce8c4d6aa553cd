"""The smallest pieces of a page: what people wrote stays text in them, whichever of their arguments it comes in."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask, url_for
from markupsafe import Markup

from blogforge_llm.records.tasks import TaskStatus
from blogforge_llm.web import formats
from blogforge_llm.web.pieces import addresses, buttons, charts, forms, menus, progress, status, tables
from blogforge_llm.web.pieces.attributes import attributes

EVIL = '"><script>'


def test_what_people_wrote_stays_text_in_a_cell() -> None:
    assert tables.cell('A "label"', "<b>") == '<td data-label="A &#34;label&#34;">&lt;b&gt;</td>'
    assert tables.cell("Cost", Markup("<b>1</b>"), numeric=True) == (
        '<td data-label="Cost" class="is-numeric"><b>1</b></td>'
    )
    assert tables.cell("Part", head=True, caller=lambda: Markup("<a>x</a>")) == (
        '<th scope=row data-label="Part"><a>x</a></th>'
    )
    assert "–" in tables.cell("Cost") and ">0<" in tables.cell("Tokens", 0)


def test_markup_that_was_drawn_before_lends_nothing_to_the_same_words_as_text() -> None:
    assert "<i>" in tables.cell(Markup("<i>"))
    assert "<i>" not in tables.cell("<i>")


def test_a_time_is_told_shortly_and_exactly() -> None:
    drawn = status.ago(datetime(2026, 11, 3, 9, 5, tzinfo=UTC))
    assert 'datetime="2026-11-03T09:05:00+00:00"' in drawn
    assert 'title="3 November 2026, 09:05 UTC"' in drawn and ">3 Nov 2026, 09:05<" in drawn
    assert status.ago(None) == "never"


def test_a_day_has_its_month_short_or_whole() -> None:
    for month in range(1, 13):
        day = datetime(2026, month, 9, tzinfo=UTC)
        assert formats.day(day) == f"9 {day:%b}" and formats.day(day, is_short=False) == f"9 {day:%B}"


def test_addresses_are_those_of_flask_whatever_the_values(app: Flask) -> None:
    for values in (
        {"page": 1},
        {"page": True},
        {"page": "1"},
        {"page": [1, 2]},
        {"q": "x" * 101},
        {"_external": True},
        {"page": None},
    ):
        with app.test_request_context("/"):
            assert addresses.address("posts.index", **values) == url_for("posts.index", **values)
    with app.test_request_context("/", environ_overrides={"SCRIPT_NAME": "/blog"}):
        assert addresses.address("posts.index", page=1).startswith("/blog/")


def test_a_state_has_its_word_tone_and_icon_and_an_unknown_one_its_own_name(app: Flask) -> None:
    with app.test_request_context("/"):
        assert "Succeeded</span>" in status.status(TaskStatus.SUCCEEDED) and "tone-success" in status.status(
            "succeeded"
        )
        assert "is-live" in status.status("running", id="s-1") and ' id="s-1"' in status.status("running", id="s-1")
        assert status.status("half_baked").endswith("Half baked</span>")
        assert "&lt;b&gt;" in status.badge("<b>", "warning", "clock") and "<b>" not in status.status("<b>", label="<b>")


def test_nothing_that_people_wrote_gets_out_of_a_button_a_menu_a_chart_or_a_choice(app: Flask) -> None:
    evil = {"data-x": EVIL}
    with app.test_request_context("/"):
        drawn = [
            buttons.button(
                EVIL, EVIL, EVIL, EVIL, EVIL, EVIL, EVIL, hide_label=True, shortcut=EVIL, extra=EVIL, attrs=evil
            ),
            buttons.link(EVIL, EVIL, EVIL, EVIL, hide_label=True, extra=EVIL, attrs=evil),
            buttons.post(EVIL, EVIL, "danger", values={EVIL: EVIL}, confirm=EVIL, id=EVIL, attrs=evil),
            buttons.copy(EVIL, EVIL, EVIL),
            menus.menu(EVIL, EVIL, EVIL, True, EVIL, EVIL, extra=EVIL, id=EVIL, caller=lambda: Markup()),
            menus.item(EVIL, EVIL, EVIL, attrs=evil),
            menus.action(EVIL, EVIL, EVIL, values={EVIL: EVIL}, confirm=EVIL, attrs=evil),
            menus.separator(EVIL),
            forms.choices([(EVIL, EVIL)], EVIL, empty=EVIL),
            charts.ticks([(EVIL, EVIL)], EVIL),
            charts.columns([(1, EVIL)], EVIL, EVIL),
            charts.spark([1], EVIL, EVIL),
            progress.ring(0.5, EVIL),
            status.meta([EVIL, None]),
        ]
    for each in drawn:
        assert "&lt;script&gt;" in each
        assert EVIL not in each and "<script" not in each


def test_attributes_are_escaped_left_out_when_none_and_refused_when_their_names_would_end_the_element() -> None:
    assert attributes({"id": 7, "title": None, "disabled": ""}, None, {"data-x": "a&b"}) == (
        ' id="7" disabled="" data-x="a&amp;b"'
    )
    for name in ("a b", "a>", "onclick=x", "a/", ""):
        with pytest.raises(ValueError, match="cannot be the name"):
            attributes({name: 1})


def test_a_form_of_one_button_asks_first_only_when_told_to(app: Flask) -> None:
    with app.test_request_context("/"):
        plain, asking = buttons.post("Delete", "/x"), buttons.post("Delete", "/x", "danger", confirm="Sure?")
        in_menu = menus.action("Archive", "/y", confirm="Sure?", values={"a": 1})
    assert "data-confirm" not in plain
    assert 'data-confirm="Sure?" data-confirm-action="Delete" data-confirm-danger=""' in asking
    assert "data-confirm-danger" not in in_menu and '<input type="hidden" name="a" value="1">' in in_menu


def test_the_chosen_of_a_select_is_the_one_with_the_same_text_and_none_chooses_nothing() -> None:
    options = [(0, "None"), (7, "Seven")]
    assert '<option value="7" selected>Seven' in forms.choices(options, "7", empty="Any")
    assert "selected" not in forms.choices(options, None, empty="Any")
    assert '<option value="">Any</option>' in forms.choices(options, None, empty="Any")


def test_lines_and_columns_fill_their_height_with_the_highest_and_stand_for_nothing_at_all_too() -> None:
    assert 'points="0.0,30.0 50.0,2.0 100.0,16.0"' in charts.spark([0, 4, 2], "Tasks")
    assert 'height="112.0"' in charts.columns([(3, "three"), (6, "six")], "Tasks")
    assert 'points="0.0,30.0"' in charts.spark([0], "None") and "<rect" not in charts.columns([], "None")
