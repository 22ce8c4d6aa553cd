"""A golden table of error bodies as providers really send them, and what each is."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from blogforge_llm.engine import provider_errors
from blogforge_llm.records.tasks import Category

GROQ_LIMIT = (
    "Rate limit reached for model `llama-3.3-70b-versatile` in organization `org_01h` service tier `on_demand` "
    "on tokens {}. Need more tokens? Upgrade to Dev Tier today at https://console.groq.com/settings/billing"
).format
GROQ_TPM = GROQ_LIMIT("per minute (TPM): Limit 12000, Used 40150, Requested 1700. Please try again in 7.66s")
GROQ_TPD = GROQ_LIMIT("per day (TPD): Limit 100000, Used 99336, Requested 1542. Please try again in 12m38.592s")
GEMINI_QUOTA = "You exceeded your current quota, please check your plan and billing details."


def error(message: str, **fields: Any) -> dict[str, Any]:
    return {"error": {"message": message, **fields}}


def google(code: int, message: str, status: str, **details: Any) -> list[dict[str, Any]]:
    return [{"error": {"code": code, "message": message, "status": status, "details": [details]}}]


GOLDEN: list[tuple[str, int | None, Any, Category]] = [
    ("groq, per minute", 429, error(GROQ_TPM, type="tokens", code="rate_limit_exceeded"), Category.RATE_LIMIT),
    ("groq, per day", 429, error(GROQ_TPD, type="tokens", code="rate_limit_exceeded"), Category.QUOTA_EXHAUSTED),
    ("groq, in a stream", None, error(GROQ_TPM, code="rate_limit_exceeded"), Category.RATE_LIMIT),
    ("used tokens are no status", None, error("Used 40150 tokens, 4040 left"), Category.SERVER_ERROR),
    (
        "cerebras, per minute",
        429,
        {
            "message": "Tokens per minute limit exceeded - too many tokens processed.",
            "type": "too_many_tokens_error",
            "param": "quota",
            "code": "token_quota_exceeded",
        },
        Category.RATE_LIMIT,
    ),
    (
        "cerebras, per day",
        429,
        {
            "message": "Requests per day limit exceeded.",
            "type": "too_many_requests_error",
            "code": "request_quota_exceeded",
        },
        Category.QUOTA_EXHAUSTED,
    ),
    (
        "cerebras, traffic",
        429,
        {
            "message": "We're experiencing high traffic right now!",
            "type": "too_many_requests_error",
            "code": "queue_exceeded",
        },
        Category.RATE_LIMIT,
    ),
    (
        "openai, requests",
        429,
        error(
            "Rate limit reached for gpt-4o in organization org-1 on requests per min (RPM): Limit 3, Used 3, "
            "Requested 1. Please try again in 20s. Visit https://platform.openai.com/account/billing to add a card.",
            type="requests",
            code="rate_limit_exceeded",
        ),
        Category.RATE_LIMIT,
    ),
    (
        "openai, no credit",
        429,
        error(GEMINI_QUOTA, type="insufficient_quota", code="insufficient_quota"),
        Category.QUOTA_EXHAUSTED,
    ),
    (
        "gemini, per minute",
        429,
        google(429, GEMINI_QUOTA, "RESOURCE_EXHAUSTED", quotaId="GenerateRequestsPerMinutePerProjectPerModel-FreeTier"),
        Category.RATE_LIMIT,
    ),
    (
        "gemini, per day",
        429,
        google(429, GEMINI_QUOTA, "RESOURCE_EXHAUSTED", quotaId="GenerateRequestsPerDayPerProjectPerModel-FreeTier"),
        Category.QUOTA_EXHAUSTED,
    ),
    ("a bare 429", 429, None, Category.RATE_LIMIT),
    (
        "mistral 429",
        429,
        {"object": "error", "message": "Requests rate limit exceeded", "code": "1300"},
        Category.RATE_LIMIT,
    ),
    ("payment", 402, error("Insufficient Balance", code="invalid_request_error"), Category.QUOTA_EXHAUSTED),
    (
        "anthropic, no credit comes as 400",
        400,
        error("Your credit balance is too low to access the Anthropic API.", type="invalid_request_error"),
        Category.QUOTA_EXHAUSTED,
    ),
    ("groq, wrong key", 401, error("Invalid API Key", code="invalid_api_key"), Category.AUTHENTICATION),
    ("cerebras, wrong key", 401, {"message": "Wrong API Key", "code": "wrong_api_key"}, Category.AUTHENTICATION),
    (
        "gemini, wrong key comes as 400",
        400,
        google(400, "API key not valid. Please pass a valid API key.", "INVALID_ARGUMENT", reason="API_KEY_INVALID"),
        Category.AUTHENTICATION,
    ),
    (
        "openai, country",
        403,
        error("Country not supported", code="unsupported_country_region_territory"),
        Category.PERMISSION,
    ),
    (
        "openai, project",
        403,
        error("Project `p` does not have access to model `gpt-5`", code="model_not_found"),
        Category.MODEL_NOT_FOUND,
    ),
    ("a web page with 403", 403, "<html><body>flagged by moderation, billing</body></html>", Category.PERMISSION),
    ("openrouter, moderation", 403, error("Your input was flagged", code=403), Category.CONTENT_FILTER),
    (
        "openai, unknown model",
        404,
        error("The model `gpt-9` does not exist or you do not have access to it.", code="model_not_found"),
        Category.MODEL_NOT_FOUND,
    ),
    (
        "groq, decommissioned comes as 400",
        400,
        error(
            "The model `mixtral-8x7b` has been decommissioned and is no longer supported.", code="model_decommissioned"
        ),
        Category.MODEL_NOT_FOUND,
    ),
    ("ollama, not pulled", 404, {"error": "model 'llama9' not found, try pulling it first"}, Category.MODEL_NOT_FOUND),
    ("a wrong address", 404, "<html>404 page not found</html>", Category.MODEL_NOT_FOUND),
    (
        "openai, context",
        400,
        error("This model's maximum context length is 8192 tokens.", code="context_length_exceeded"),
        Category.CONTEXT_LENGTH,
    ),
    (
        "vllm, context without a code",
        400,
        {
            "object": "error",
            "message": "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens",
            "type": "BadRequestError",
            "code": 400,
        },
        Category.CONTEXT_LENGTH,
    ),
    (
        "anthropic, context",
        400,
        error("prompt is too long: 210000 tokens > 200000 maximum", type="invalid_request_error"),
        Category.CONTEXT_LENGTH,
    ),
    (
        "llama.cpp, context",
        400,
        error("the request exceeds the available context size", type="exceed_context_size_error", code=400),
        Category.CONTEXT_LENGTH,
    ),
    (
        "lm studio, context",
        400,
        {
            "error": "Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded "
            "with context length of only 4096 tokens"
        },
        Category.CONTEXT_LENGTH,
    ),
    (
        "together, context comes as 422",
        422,
        error(
            "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4097", type="invalid_request_error"
        ),
        Category.CONTEXT_LENGTH,
    ),
    ("groq, too large", 413, error("Request too large", code="rate_limit_exceeded"), Category.CONTEXT_LENGTH),
    (
        "azure, filter",
        400,
        error("The response was filtered due to the prompt triggering content policy", code="content_filter"),
        Category.CONTENT_FILTER,
    ),
    (
        "openai, unsupported parameter",
        400,
        error("Unsupported parameter: 'temperature' is not supported with this model.", code="unsupported_parameter"),
        Category.INVALID_REQUEST,
    ),
    (
        "groq, prefill",
        400,
        error("last message role must be 'user'", type="invalid_request_error"),
        Category.INVALID_REQUEST,
    ),
    (
        "groq, the model's own broken JSON",
        400,
        error("Failed to generate JSON.", code="json_validate_failed", failed_generation="{"),
        Category.OUTPUT_INVALID,
    ),
    ("fastapi", 422, {"detail": [{"loc": ["body", "messages"], "msg": "field required"}]}, Category.INVALID_REQUEST),
    ("groq, flex capacity", 498, error("capacity exceeded", code="capacity_exceeded"), Category.OVERLOADED),
    ("a 503 page", 503, "<html>503 Service Temporarily Unavailable</html>", Category.OVERLOADED),
    ("anthropic, overloaded", 529, error("Overloaded", type="overloaded_error"), Category.OVERLOADED),
    ("overloaded in a stream", None, error("Overloaded", type="overloaded_error"), Category.OVERLOADED),
    ("a 500 that mentions policy is an outage", 500, error("content policy service failed"), Category.SERVER_ERROR),
    ("a 500 that mentions a limit is an outage", 500, error("rate limit store unavailable"), Category.SERVER_ERROR),
    ("a 502 page that says 401", 502, "<html>502 Bad Gateway, request 401</html>", Category.SERVER_ERROR),
    ("cloudflare", 524, "<html>A timeout occurred</html>", Category.SERVER_ERROR),
    ("openrouter names a status in a stream", None, error("Provider returned error", code=502), Category.SERVER_ERROR),
    ("openrouter, 429 in a stream", None, error("Provider returned error", code=429), Category.RATE_LIMIT),
    ("an unknown error in a stream", None, error("Something went wrong"), Category.SERVER_ERROR),
    ("a redirect", 307, None, Category.MODEL_NOT_FOUND),
    ("a proxy in between", 407, None, Category.CONNECTION),
    ("misdirected", 421, None, Category.CONNECTION),
    ("locked", 423, None, Category.OVERLOADED),
    ("not in this country", 451, "<html>Unavailable For Legal Reasons</html>", Category.PERMISSION),
    ("a 4xx that no model gives", 418, error("I'm a teapot"), Category.SERVER_ERROR),
    ("request timeout", 408, error("Request timed out"), Category.TIMEOUT),
]


@pytest.mark.parametrize(("status", "body", "expected"), [row[1:] for row in GOLDEN], ids=[row[0] for row in GOLDEN])
def test_each_real_error_body_has_its_category(status: int | None, body: Any, expected: Category) -> None:
    assert provider_errors.failure(status, body).category is expected


def test_the_openai_sdk_hands_over_the_body_without_its_error_key() -> None:
    nested = error(GEMINI_QUOTA, type="insufficient_quota", code="insufficient_quota")
    assert provider_errors.failure(429, nested["error"]).category is Category.QUOTA_EXHAUSTED


def test_code_status_and_words_are_kept_for_the_admin() -> None:
    failed = provider_errors.failure(429, error(GROQ_TPM, code="rate_limit_exceeded"))
    assert (failed.http_status, failed.code, failed.text) == (429, "rate_limit_exceeded", GROQ_TPM)


NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
LEFT_OF_REQUESTS = {"x-ratelimit-limit-requests": "10", "x-ratelimit-reset-requests": "1m2.5s"}


@pytest.mark.parametrize(
    ("headers", "text", "expected"),
    [
        ({"retry-after": "7"}, "", 7.0),
        ({"retry-after": "0.5"}, "", 0.5),
        ({"retry-after": "Sat, 21 Nov 2026 12:00:30 GMT"}, "", 30.0),
        ({"retry-after": "Sat, 21 Nov 2026 11:00:00 GMT"}, "", 0.0),
        ({"retry-after": "1m2.5s"}, "", 62.5),
        ({"retry-after": "soon"}, "", None),
        ({"retry-after": "-3"}, "", None),
        ({"retry-after": "inf"}, "", None),
        ({"retry-after": "99999999999"}, "", 86_400.0),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, "", 86_400.0),
        ({"retry-after-ms": "1500", "retry-after": "2"}, "", 1.5),
        ({}, GROQ_TPM, 7.66),
        ({}, GROQ_TPD, 758.592),
        ({}, "Please try again in 350ms.", 0.35),
        ({}, "Please retry in 23.5s", 23.5),
        ({}, "try again in 1h2m", 3720.0),
        ({}, json.dumps({"retryDelay": "23s"}), 23.0),
        ({}, "Please wait 30 seconds before retrying.", 30.0),
        ({}, "Please try again later.", None),
        (LEFT_OF_REQUESTS | {"x-ratelimit-remaining-requests": "0"}, "", 62.5),
        (LEFT_OF_REQUESTS | {"x-ratelimit-remaining-requests": "0", "retry-after": "3"}, "", 3.0),
        (LEFT_OF_REQUESTS | {"x-ratelimit-remaining-requests": "4"}, "", None),
    ],
)
def test_the_wait_a_provider_asks_for_is_read_from_header_date_or_words(
    headers: dict[str, str], text: str, expected: float | None
) -> None:
    assert provider_errors.retry_after(headers, text, NOW) == (
        expected if expected is None else pytest.approx(expected)
    )


def test_an_error_of_megabytes_is_looked_at_only_at_its_beginning() -> None:
    failed = provider_errors.failure(500, {"error": {"message": "model " * 2_000_000}})
    assert failed.category is Category.SERVER_ERROR
    assert len(failed.text) <= 20_000
