"""The smallest pieces of a page: what people wrote stays text in them, and equal values of other kinds stay apart."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Flask, url_for
from markupsafe import Markup

from blogforge_llm.records.tasks import TaskStatus
from blogforge_llm.web import pieces


def test_what_people_wrote_stays_text_in_a_cell() -> None:
    assert pieces.cell('A "label"', "<b>") == '<td data-label="A &#34;label&#34;">&lt;b&gt;</td>'
    assert pieces.cell("Cost", Markup("<b>1</b>"), numeric=True) == (
        '<td data-label="Cost" class="is-numeric"><b>1</b></td>'
    )
    assert pieces.cell("Part", head=True, caller=lambda: Markup("<a>x</a>")) == (
        '<th scope=row data-label="Part"><a>x</a></th>'
    )
    assert "–" in pieces.cell("Cost") and ">0<" in pieces.cell("Tokens", 0)


def test_markup_that_was_drawn_before_lends_nothing_to_the_same_words_as_text() -> None:
    assert "<i>" in pieces.cell(Markup("<i>"))
    assert "<i>" not in pieces.cell("<i>")


def test_a_time_is_told_shortly_and_exactly() -> None:
    drawn = pieces.ago(datetime(2026, 11, 3, 9, 5, tzinfo=UTC))
    assert 'datetime="2026-11-03T09:05:00+00:00"' in drawn
    assert 'title="3 November 2026, 09:05 UTC"' in drawn and ">3 Nov 2026, 09:05<" in drawn
    assert pieces.ago(None) == "never"


def test_addresses_are_those_of_flask_whatever_the_values(app: Flask) -> None:
    for values in ({"page": 1}, {"page": True}, {"page": "1"}, {"page": [1, 2]}, {"_external": True}, {"page": None}):
        with app.test_request_context("/"):
            assert pieces.address("posts.index", **values) == url_for("posts.index", **values)
    with app.test_request_context("/", environ_overrides={"SCRIPT_NAME": "/blog"}):
        assert pieces.address("posts.index", page=1).startswith("/blog/")


def test_a_state_has_its_word_tone_and_icon_and_an_unknown_one_its_own_name(app: Flask) -> None:
    with app.test_request_context("/"):
        assert "Succeeded</span>" in pieces.status(TaskStatus.SUCCEEDED) and "tone-success" in pieces.status(
            "succeeded"
        )
        assert "is-live" in pieces.status("running", id="s-1") and ' id="s-1"' in pieces.status("running", id="s-1")
        assert pieces.status("half_baked").endswith("Half baked</span>")
        assert "&lt;b&gt;" in pieces.badge("<b>", "warning", "clock") and "<b>" not in pieces.status("<b>", label="<b>")
