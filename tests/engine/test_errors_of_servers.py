"""More of the golden table: what local servers, gateways and smaller services say, each in words of its own."""
# ruff: noqa: E501 (quotations, one a line)

from __future__ import annotations

from typing import Any

import pytest

from blogforge_llm.engine import provider_errors
from blogforge_llm.records.tasks import Category


def error(message: str, **fields: Any) -> dict[str, Any]:
    return {"error": {"message": message, **fields}}


def anthropic(message: str, type: str = "invalid_request_error") -> dict[str, Any]:
    return {"type": "error", "error": {"type": type, "message": message}, "request_id": "req_1"}


def cloudflare(message: str, code: int) -> dict[str, Any]:
    return {"errors": [{"message": message, "code": code}], "success": False}


Row = tuple[str, int | None, Any]  # who and when, status, body

TOO_LONG: list[Row] = [
    ("vllm, decoder", 400, error("The decoder prompt (length 5000) is longer than the maximum model length of 4096.", type="BadRequestError", code=400)),
    ("vllm, completion", 400, error("'max_tokens' is too large: 5000. This model's maximum context length is 4096 tokens and your request has 30.", code=400)),
    ("vllm, in a stream", None, {"object": "error", "message": "This model's maximum context length is 10 tokens", "code": 400}),
    ("sglang", 400, {"object": "error", "message": "The input (5000 tokens) is longer than the model's context length (4096 tokens)."}),
    ("llama.cpp, with sizes", 400, error("request (5000 tokens) exceeds the available context size (4096 tokens)", type="exceed_context_size_error", n_ctx=4096)),
    ("cerebras", 400, {"message": "Current length is 9000 while limit is 8192", "type": "invalid_request_error", "code": "wrong_length"}),
    ("anthropic, with the answer", 400, anthropic("input length and `max_tokens` exceed context limit: 199000 + 8192 > 200000")),
    ("anthropic, body", 413, anthropic("Request exceeds the maximum size", "request_too_large")),
    ("gemini", 400, [error("The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).", status="INVALID_ARGUMENT")]),
    ("ollama", 400, {"error": "input length exceeds maximum context length"}),
    ("mistral", 400, {"object": "error", "message": "Prompt contains 40000 tokens, too large for model with 32768 maximum context length", "code": "3051"}),
    ("tgi", 422, {"error": "Input validation error: `inputs` must have less than 4096 tokens. Given: 5000", "error_type": "validation"}),
    ("tgi, in a stream", None, error("`inputs` must have less than 4096 tokens. Given: 5000", http_status_code=422)),
    ("xai", 400, {"code": "Client specified an invalid argument", "error": "This model's maximum prompt length is 131072 but the request contains 150000."}),
    ("fireworks", 400, error("The prompt is too long: 20000, model maximum context length: 16384", code="invalid_request_error")),
    ("bedrock", 400, {"message": "Input is too long for requested model."}),
    ("cohere", 400, {"message": "too many tokens: total number of tokens (prompt and prediction) cannot exceed 4081"}),
    ("litellm's proxy", 400, error("litellm.ContextWindowExceededError: litellm.BadRequestError: prompt too long", code="400")),
    ("lm studio, in a stream", None, error("The number of tokens to keep from the initial prompt is greater than the context length.")),
    ("github", 413, error("Request body too large for gpt-4o model. Max size: 8000 tokens.", code="tokens_limit_reached")),
]  # fmt: skip
USED_UP: list[Row] = [
    ("xai, never bought", 403, {"code": "The caller does not have permission", "error": "Your newly created team doesn't have any credits yet."}),
    ("xai, spent", 429, {"code": "Some resource has been exhausted", "error": "Your team has used all available credits or reached its monthly limit."}),
    ("openrouter, key", 403, error("Key limit exceeded. Manage it using https://openrouter.ai/settings/keys", code=403)),
    ("openrouter, free models", 429, error("Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests", code=429)),
    ("azure, volume", 403, {"statusCode": 403, "message": "Out of call volume quota. Quota will be replenished in 02:03:04."}),
    ("groq, own limit", 400, error("Organization has reached its spend alert", type="invalid_request_error", code="blocked_api_access")),
    ("anthropic, own limit", 400, anthropic("You have reached your specified API usage limits. You will regain access on 2026-12-01.")),
    ("ollama, week", 429, {"error": "you have reached your weekly usage limit, upgrade for higher limits"}),
    ("hugging face", 402, {"error": "You have exceeded your monthly included credits for Inference Providers."}),
    ("siliconflow", 403, {"code": 30001, "message": "Sorry, your account balance is insufficient", "data": None}),
    ("zhipu", 429, error("余额不足或无可用资源包,请充值。", code="1113")),
    ("moonshot", 429, error("Your account is suspended", type="exceeded_current_quota_error")),
    ("dashscope, arrears", 400, error("Access denied, please make sure your account is in good standing.", type="Arrearage", code="Arrearage")),
    ("dashscope, free tier", 403, error("The free tier of the model has been exhausted.", code="AllocationQuota.FreeTierOnly")),
    ("bedrock, day", 429, {"message": "Too many tokens per day, please wait before trying again."}),
    ("cohere, trial", 429, {"message": "You are using a Trial key, which is limited to 1000 API calls / month."}),
    ("litellm's proxy", 400, error("Budget has been exceeded! Current cost: 1, Max budget: 0.5", type="budget_exceeded", code="400")),
    ("cloudflare, day", 429, cloudflare("you have used up your daily free allocation of 10,000 neurons", 4006)),
    ("github, day", 429, error("Rate limit of 50 per 86400s exceeded for UserByModelByDay. Please wait 3600 seconds.", code="RateLimitReached")),
]  # fmt: skip
LIMITED: list[Row] = [
    ("tgi", 429, {"error": "Model is overloaded", "error_type": "overloaded"}),
    ("xai", 429, {"code": "Some resource has been exhausted", "error": "Too many requests for team x. Your limit is: requests per second: 1"}),
    ("openrouter, free models", 429, error("Rate limit exceeded: free-models-per-min. Add 10 credits to go on.", code=429)),
    ("openai, too large at once", 429, error("Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 40000.", code="rate_limit_exceeded")),
    ("ollama, hour", 429, {"error": "you've reached your hourly usage limit, please upgrade to continue"}),
    ("moonshot", 429, error("Your account reached organization max RPM: 3, please try again after 1 seconds", type="rate_limit_reached_error")),
    ("deepinfra", 429, {"detail": {"error": "Model busy, retry later"}}),
    ("cloudflare", 429, cloudflare("Capacity temporarily exceeded, please try again.", 3040)),
    ("github, minute", 429, error("Rate limit of 10 per 60s exceeded for UserByModelByMinute.", code="RateLimitReached")),
    ("a bare text", 429, "Too many requests"),
]  # fmt: skip
NO_SUCH_MODEL: list[Row] = [
    ("ollama calls all an api_error", 404, error('model "llama9" not found, try pulling it first', type="api_error")),
    ("azure, of another sort", 400, error("The chatCompletion operation does not work with the specified model.", code="OperationNotSupported")),
    ("openai, not for chat", 404, error("This is not a chat model and thus not supported in the v1/chat/completions endpoint.", param="model")),
    ("cloudflare", 400, cloudflare("No such model @cf/x", 5007)),
    ("fireworks", 404, error("Model not found, inaccessible, and/or not deployed", code="NOT_FOUND")),
    ("hugging face", 400, error("The requested model 'x' is not supported by any provider you have enabled.", code="model_not_supported")),
    ("github", 400, error("Unknown model: x", code="unknown_model")),
]  # fmt: skip
NOT_ALLOWED: list[Row] = [
    ("gemini, place", 400, [error("User location is not supported for the API use.", status="FAILED_PRECONDITION")]),
    ("anthropic, disabled", 400, anthropic("This organization has been disabled.")),
    ("openai, not verified", 403, error("Your organization must be verified to stream this model.", code="unsupported_value")),
    ("groq, project", 403, error("The model `x` is blocked at the project level.", code="model_permission_blocked_project")),
    ("cloudflare's challenge", 403, "<!DOCTYPE html><title>Just a moment...</title>"),
]  # fmt: skip
FAILED: list[Row] = [
    ("tgi", 424, {"error": "Request failed during generation", "error_type": "generation"}),
    ("given up there", 499, error("Request cancelled")),
    ("lm studio, crash", 400, {"error": "The model has crashed without additional information. (Exit code: 18446744072635812000)"}),
    ("lm studio, unloaded", 400, {"error": "Model unloaded by user"}),
    ("ollama, memory", 500, {"error": "model requires more system memory (8.0 GiB) than is available (4.0 GiB)"}),
    ("vllm, in a stream", None, {"object": "error", "message": "EngineCore encountered an issue.", "code": 500}),
    ("a proxy's own page", 400, "<html><h1>400 Bad Request</h1>The plain HTTP request was sent to HTTPS port</html>"),
    ("another protocol", 426, error("Upgrade Required")),
    ("not of this address", 415, None),
    ("cloudflare, tunnel", 530, "error code: 1033"),
]  # fmt: skip
WITHHELD: list[Row] = [
    ("openai", 400, error("Your request was rejected as a result of our safety system.", code="content_policy_violation")),
    ("openai, reasoning", 400, error("Your prompt was flagged as potentially violating our usage policy.", code="invalid_prompt")),
    ("dashscope", 400, error("Output data may contain inappropriate content.", code="data_inspection_failed")),
    ("moonshot", 400, error("The request was rejected because it was considered high risk", type="content_filter")),
]  # fmt: skip
AT_FAULT: list[Row] = [
    ("groq, its longest answer", 400, error("`max_tokens` must be less than or equal to `8192`, which is less than the `context_window` for this model")),
    ("ollama, tools", 400, {"error": "registry.ollama.ai/library/x does not support tools"}),
    ("llama.cpp, grammar", 400, error("Failed to parse grammar", type="invalid_request_error", code=400)),
    ("nothing said", 400, None),
]  # fmt: skip
TABLE = {
    Category.CONTEXT_LENGTH: TOO_LONG,
    Category.QUOTA_EXHAUSTED: USED_UP,
    Category.RATE_LIMIT: LIMITED,
    Category.MODEL_NOT_FOUND: NO_SUCH_MODEL,
    Category.PERMISSION: NOT_ALLOWED,
    Category.SERVER_ERROR: FAILED,
    Category.CONTENT_FILTER: WITHHELD,
    Category.INVALID_REQUEST: AT_FAULT,
}


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        pytest.param(*row[1:], category, id=f"{category.value}: {row[0]}")
        for category, rows in TABLE.items()
        for row in rows
    ],
)
def test_what_each_server_says_has_its_category(status: int | None, body: Any, expected: Category) -> None:
    assert provider_errors.failure(status, body).category is expected
