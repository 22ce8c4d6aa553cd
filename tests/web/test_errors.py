from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException, default_exceptions

from blogforge_llm import errors
from blogforge_llm.records.accounts import User
from blogforge_llm.web import errors as web_errors

Browse = Callable[[User | None], FlaskClient]

DOMAIN = [
    errors.NotFound("said so"), errors.Forbidden("said so"), errors.Conflict("said so"), errors.BaseMissing("said so"),
    errors.Invalid("said so"), errors.TooMany("said so", retry_after_s=7), errors.Unavailable("said so"),
]  # fmt: skip


@pytest.mark.parametrize("error", [*DOMAIN, *(kind() for kind in default_exceptions.values()), ValueError("private")])
def test_every_error_has_a_page_for_people_who_are_logged_out(app: Flask, error: Exception) -> None:
    with app.test_request_context("/somewhere"):
        response = web_errors.answer(error)
    page = response.get_data(as_text=True)
    assert "data-error-message" in page or response.status_code == 401
    if isinstance(error, errors.DomainError):
        assert "said so" in page
    if isinstance(error, HTTPException):
        assert response.status_code == error.code
    assert "private" not in page
    assert "<title> ·" not in page and "data-error-title></h1>" not in page and "data-error-message></p>" not in page


def test_too_many_says_when_in_the_header_too(app: Flask) -> None:
    with app.test_request_context("/"):
        assert web_errors.answer(errors.TooMany("x", retry_after_s=7)).headers["Retry-After"] == "7"


def test_a_swap_that_fails_leaves_the_page_and_sends_the_words(app: Flask) -> None:
    with app.test_request_context("/", headers={"HX-Request": "true"}):
        response = web_errors.answer(errors.Conflict("It changed meanwhile."))
    assert response.headers["HX-Reswap"] == "none" and response.status_code == 409
    assert "It changed meanwhile." in response.get_data(as_text=True)


def test_an_unknown_page_keeps_the_frame_of_who_is_logged_in(browse: Browse, alice: User) -> None:
    assert alice.email in browse(alice).get("/nowhere").text
    answer = browse(None).get("/nowhere")
    assert answer.status_code == 404 and "Log out" not in answer.text


def test_a_wrong_method_says_which_are_right(browse: Browse, alice: User) -> None:
    answer = browse(alice).get("/logout")
    assert answer.status_code == 405 and "POST" in answer.headers["Allow"]
