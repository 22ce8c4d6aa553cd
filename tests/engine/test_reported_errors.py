"""More of the golden table: error bodies that people quoted in public issues, by the service that sent them."""

from __future__ import annotations

from typing import Any

import pytest

from blogforge_llm.engine import provider_errors
from blogforge_llm.records.tasks import Category

AZURE_LIMIT = (
    "Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-05-01-preview have exceeded "
    "token rate limit of your current OpenAI S0 pricing tier. Please retry after {} seconds."
).format
AZURE_POLICY = (
    "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify "
    "your prompt and retry."
)
AFFORD = (
    "This request requires more credits, or fewer max_tokens. You requested up to 4096 tokens, but can only afford 222."
)


def error(message: str, **fields: Any) -> dict[str, Any]:
    return {"error": {"message": message, **fields}}


REPORTED: list[tuple[str, int | None, Any, Category]] = [
    ("azure, tokens a minute", 429, error(AZURE_LIMIT(8), code="429"), Category.RATE_LIMIT),
    (
        "azure, a bare limit",
        429,
        error("Rate limit is exceeded. Try again in 2 seconds.", code="429"),
        Category.RATE_LIMIT,
    ),
    (
        "azure, policy",
        400,
        error(
            AZURE_POLICY,
            type=None,
            param="prompt",
            code="content_filter",
            status=400,
            innererror={"code": "ResponsibleAIPolicyViolation"},
        ),
        Category.CONTENT_FILTER,
    ),
    (
        "azure, no deployment",
        404,
        error("The API deployment for this resource does not exist.", code="DeploymentNotFound"),
        Category.MODEL_NOT_FOUND,
    ),
    (
        "azure, peak load",
        429,
        error("The system is experiencing high demand.", code="RATE_LIMITED"),
        Category.RATE_LIMIT,
    ),
    ("openrouter, never bought", 402, error("Insufficient credits.", code=402), Category.QUOTA_EXHAUSTED),
    ("openrouter, cannot afford it", 402, error(AFFORD, code=402), Category.QUOTA_EXHAUSTED),
    ("openrouter, in a stream", None, error(AFFORD, code=402), Category.QUOTA_EXHAUSTED),
    (
        "openrouter, upstream limited",
        429,
        error("Provider returned error", code=429, metadata={"raw": "model is temporarily rate-limited upstream."}),
        Category.RATE_LIMIT,
    ),
    ("openrouter, no endpoint", 404, error("No endpoints found for x/y:free.", code=404), Category.MODEL_NOT_FOUND),
    ("openrouter, unknown model", 400, error("nope/nope is not a valid model ID", code=400), Category.MODEL_NOT_FOUND),
    ("openrouter, no user", 401, error("User not found.", code=401), Category.AUTHENTICATION),
    ("deepseek, balance", 402, error("Insufficient Balance", type="unknown_error"), Category.QUOTA_EXHAUSTED),
    (
        "venice, balance",
        402,
        {"error": "Insufficient USD or Diem balance to complete request."},
        Category.QUOTA_EXHAUSTED,
    ),
    (
        "together, unknown model",
        404,
        error("Unable to access model x/y.", code="model_not_available"),
        Category.MODEL_NOT_FOUND,
    ),
    ("mistral, no key", 401, {"message": "Unauthorized", "request_id": "1f"}, Category.AUTHENTICATION),
    (
        "mistral, unknown model",
        400,
        {"object": "error", "message": "Invalid model: mistral-9", "type": "invalid_model", "code": "1500"},
        Category.MODEL_NOT_FOUND,
    ),
    (
        "anthropic, limit",
        429,
        error(
            "This request would exceed your organization's rate limit of 40,000 input tokens per minute.",
            type="rate_limit_error",
        ),
        Category.RATE_LIMIT,
    ),
    ("anthropic, key", 401, error("invalid x-api-key", type="authentication_error"), Category.AUTHENTICATION),
    ("anthropic, unknown model", 404, error("model: claude-9", type="not_found_error"), Category.MODEL_NOT_FOUND),
    ("anthropic, inside", 500, error("Internal server error", type="api_error"), Category.SERVER_ERROR),
    ("llama.cpp, still loading", 503, error("Loading model", type="unavailable_error", code=503), Category.OVERLOADED),
    (
        "ollama, cannot load",
        500,
        error("unable to load model: blobs/sha256-66", type="api_error"),
        Category.SERVER_ERROR,
    ),
    (
        "ollama, queue",
        503,
        error("server busy, please try again. maximum pending requests exceeded"),
        Category.OVERLOADED,
    ),
    (
        "lm studio, nothing loaded",
        404,
        error("No models loaded. Please load a model in the developer page.", type="invalid_request_error"),
        Category.MODEL_NOT_FOUND,
    ),
    (
        "vllm, unknown model",
        404,
        {"object": "error", "message": "The model `x` does not exist.", "type": "NotFoundError", "code": 404},
        Category.MODEL_NOT_FOUND,
    ),
    (
        "gemini, overloaded",
        503,
        [{"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}],
        Category.OVERLOADED,
    ),
    (
        "groq, restricted",
        400,
        error("Organization has been restricted.", code="organization_restricted"),
        Category.PERMISSION,
    ),
    (
        "openai, deactivated",
        401,
        error("The OpenAI account has been deactivated.", code="account_deactivated"),
        Category.AUTHENTICATION,
    ),
]


@pytest.mark.parametrize(
    ("status", "body", "expected"), [row[1:] for row in REPORTED], ids=[row[0] for row in REPORTED]
)
def test_each_reported_error_body_has_its_category(status: int | None, body: Any, expected: Category) -> None:
    assert provider_errors.failure(status, body).category is expected


def test_azures_wait_is_read_from_its_words() -> None:
    assert provider_errors.failure(429, error(AZURE_LIMIT(86400), code="429")).retry_after_s == 86400
