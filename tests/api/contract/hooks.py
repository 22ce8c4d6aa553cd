"""What schemathesis is told besides its settings: what it must not do to the rate of its own requests, and a check of
our own. Loaded by the program itself (SCHEMATHESIS_HOOKS), not by pytest.
"""

from __future__ import annotations

from typing import Any

import schemathesis
from hypothesis.internal import lambda_sources

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
    """An admin may allow one request a minute; the rest of the run would be told to wait."""
    key = str((case.path_parameters or {}).get("key", ""))
    return case.method.upper() == "GET" or not key.startswith("api_requests")


@schemathesis.check
def data_that_fits_its_schema_is_understood(context: Any, response: Any, case: Any) -> None:
    """Where a rule of the product may refuse it (schemathesis.toml), the schema's own checks must not."""
    if not case.meta or not case.meta.generation.mode.is_positive or response.status_code != 422:
        return
    detail = response.json().get("detail", "")
    assert detail != "Some fields do not fit; see errors.", f"valid by the document, refused: {response.text}"
