"""What schemathesis is told of this API: what it must not do to the token it asks with, and one check of our own.

Loaded by the program itself (SCHEMATHESIS_HOOKS), not by pytest.
"""

from __future__ import annotations

import os
from typing import Any

import schemathesis
from hypothesis.internal import lambda_sources

_OWN_USER, _OWN_TOKEN = os.environ["CONTRACT_USER_ID"], os.environ["CONTRACT_TOKEN_ID"]


_described = lambda_sources._lambda_description


def _describe(function: Any) -> str:
    """Only for messages; deep in a stack CPython 3.11 cannot parse, and raises SystemError."""
    try:
        return str(_described(function))
    except SystemError:
        return "lambda: …"


lambda_sources._lambda_description = _describe


@schemathesis.hook
def filter_case(context: Any, case: Any) -> bool:
    """Leave the asking admin, their token and their rate of requests alone: the rest of the run needs them."""
    values = {name: str(value) for name, value in (case.path_parameters or {}).items()}
    if case.method.upper() == "GET":
        return True
    is_own = values.get("user_id") == _OWN_USER or values.get("token_id") == _OWN_TOKEN
    return not is_own and not values.get("key", "").startswith("api_requests")


@schemathesis.check
def data_that_fits_its_schema_is_understood(context: Any, response: Any, case: Any) -> None:
    """A rule of the product may refuse it, such as a row that is not there; the schema's own checks must not."""
    if not case.meta or not case.meta.generation.mode.is_positive or response.status_code != 422:
        return
    detail = response.json().get("detail", "")
    assert detail != "Some fields do not fit; see errors.", f"valid by the document, refused: {response.text}"
