"""The providers' own words for their errors, by dialect and status: message, type, code, parameter.

Taken from the services' published error tables and from bodies quoted in public issues; `{model}` is filled
in.
"""

from dataclasses import replace

from .plans import Fault

Words = tuple[str, str, str | None, str | None]

_INVALID = "invalid_request_error"

_COMMON: dict[int, Words] = {
    400: ("The request was malformed.", _INVALID, None, None),
    401: ("Incorrect API key provided.", _INVALID, "invalid_api_key", None),
    402: ("Insufficient Balance", "insufficient_quota", "insufficient_quota", None),
    403: ("You do not have access to model {model}.", "permission_error", "model_permission_denied", None),
    404: ("The model `{model}` does not exist or you do not have access to it.",
          _INVALID, "model_not_found", "model"),
    413: ("Request too large for model `{model}`.", _INVALID, "request_too_large", None),
    422: ("The request was well-formed but could not be followed.", _INVALID, None, None),
    429: ("Rate limit reached for {model} on requests per min (RPM): Limit 30, Used 30, Requested 1.",
          "requests", "rate_limit_exceeded", None),
    498: ("Flex tier capacity exceeded.", "capacity_exceeded", "capacity_exceeded", None),
    500: ("The server had an error while processing your request.", "server_error", None, None),
    502: ("Bad gateway.", "server_error", None, None),
    503: ("The engine is currently overloaded, please try again later.", "server_error", "overloaded", None),
    504: ("The server took too long to answer.", "server_error", None, None),
    529: ("Overloaded", "overloaded_error", None, None),
}  # fmt: skip

_GROQ: dict[int, Words] = {
    401: ("Invalid API Key", _INVALID, "invalid_api_key", None),
    403: ("The model `{model}` is blocked at the project level.",
          "permissions_error", "model_permission_blocked_project", None),
    404: ("The model `{model}` does not exist or you do not have access to it.",
          _INVALID, "model_not_found", None),
    413: ("Request too large for model `{model}` on tokens per minute (TPM): Limit 6000, Requested 9000.",
          "tokens", "rate_limit_exceeded", None),
    429: ("Rate limit reached for model `{model}` in organization `org_standin` service tier `on_demand` on "
          "tokens per minute (TPM): Limit 6000, Used 5800, Requested 400.",
          "tokens", "rate_limit_exceeded", None),
    500: ("Internal Server Error", "internal_server_error", None, None),
    503: ("Service Unavailable", "internal_server_error", "service_unavailable", None),
}  # fmt: skip

_CEREBRAS: dict[int, Words] = {
    401: ("Wrong API Key", _INVALID, "wrong_api_key", "api_key"),
    402: ("Payment required", "payment_required_error", "payment_required", None),
    404: ("Model {model} does not exist or you do not have access to it.",
          "not_found_error", "model_not_found", "model"),
    429: ("Requests per minute limit exceeded - too many requests sent.",
          "too_many_requests_error", "request_quota_exceeded", "quota"),
    500: ("Encountered a server error, please try again.", "server_error", "server_error", None),
    503: ("We're experiencing high traffic right now! Please try again soon.",
          "too_many_requests_error", "queue_exceeded", "queue"),
}  # fmt: skip

_BY_DIALECT = {"groq": _GROQ, "cerebras": _CEREBRAS, "compatible": {}}

_BY_CODE: dict[str, str] = {
    "context_length_exceeded": "Please reduce the length of the messages or completion.",
    "insufficient_quota": "You exceeded your current quota, please check your plan and billing details.",
    "content_filter": "The response was filtered due to the prompt triggering the content management policy.",
    "model_decommissioned": "The model `{model}` has been decommissioned and is no longer supported.",
}


def in_words_of(dialect: str, fault: Fault, model: str) -> Fault:
    """The fault with every gap filled: the caller's own words first, the code's next, the status's last."""
    table = {**_COMMON, **_BY_DIALECT[dialect]}
    message, kind, code, parameter = table.get(fault.status, table[400 if fault.status < 500 else 500])
    if fault.code is not None:
        message, code, kind = _BY_CODE.get(fault.code, message), fault.code, kind
        kind = "insufficient_quota" if fault.code == "insufficient_quota" else kind
    text = fault.message or message.format(model=model)
    if fault.retry_after is not None and fault.retry_after_as == "body":
        text += f" Please try again in {fault.retry_after:g}s."
    return replace(fault, message=text, type=fault.type or kind, code=code, parameter=fault.parameter or parameter)
