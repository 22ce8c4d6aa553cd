"""What a category means to a person: one phrase for a line of history, one sentence for what to do next."""

from __future__ import annotations

from itertools import pairwise

from blogforge_llm.records.tasks import Attempt, AttemptStatus, Category

PHRASES = {
    Category.RATE_LIMIT: "rate limit",
    Category.QUOTA_EXHAUSTED: "quota used up",
    Category.OVERLOADED: "overloaded",
    Category.SERVER_ERROR: "server error",
    Category.TIMEOUT: "no answer in time",
    Category.CONNECTION: "not reachable",
    Category.STREAM_CUT: "answer cut off",
    Category.AUTHENTICATION: "key refused",
    Category.PERMISSION: "not allowed with this key",
    Category.MODEL_NOT_FOUND: "model not found",
    Category.CONTEXT_LENGTH: "prompt too long",
    Category.INVALID_REQUEST: "request refused",
    Category.CONTENT_FILTER: "stopped by a content filter",
    Category.OUTPUT_INVALID: "answer broke the rules",
    Category.BUDGET_EXCEEDED: "budget used up",
    Category.DEADLINE_EXCEEDED: "out of time",
    Category.CANCELLED: "stopped",
}

NEXT_STEPS = {
    Category.RATE_LIMIT: "Try again in a minute, or choose another model.",
    Category.QUOTA_EXHAUSTED: "Choose another model, or ask an admin to add a key.",
    Category.OVERLOADED: "Try again in a moment, or choose another model.",
    Category.SERVER_ERROR: "Try again, or choose another model.",
    Category.TIMEOUT: "Try again, or choose another model.",
    Category.CONNECTION: "Ask an admin to test the provider's connection.",
    Category.STREAM_CUT: "Try again, or choose another model.",
    Category.AUTHENTICATION: "Ask an admin to check the provider's key.",
    Category.PERMISSION: "Ask an admin to check what the provider's key may do.",
    Category.MODEL_NOT_FOUND: "Ask an admin to look at the route: the provider does not offer this model.",
    Category.CONTEXT_LENGTH: "Shorten the fields that go into the prompt, or choose a model with a larger window.",
    Category.INVALID_REQUEST: "Ask an admin to look at the task; the provider refused the request itself.",
    Category.CONTENT_FILTER: "Change the wording and try again.",
    Category.OUTPUT_INVALID: "Try again, or choose another model.",
    Category.BUDGET_EXCEEDED: "Ask an admin to raise the budget.",
    Category.DEADLINE_EXCEEDED: "Try again, or choose a quicker model.",
    Category.CANCELLED: "Try again when you like.",
}


def switches(attempts: list[Attempt]) -> list[str]:
    """One quiet line for each change of model: "Groq was busy (rate limit); Cerebras answered, 1.2 s later"."""
    lines = []
    for failed, after in pairwise(attempts):
        if failed.status is AttemptStatus.SUCCEEDED:
            continue
        why = PHRASES[failed.category] if failed.category else failed.status.value
        verb = {AttemptStatus.SUCCEEDED: "answered", AttemptStatus.RUNNING: "is being asked"}.get(
            after.status, "was asked"
        )
        begun = f"{failed.provider_name} did not answer ({why})"
        if failed.model_id == after.model_id:
            lines.append(f"{begun}; it was asked once more")
        else:
            who = after.provider_name if after.provider_id != failed.provider_id else after.model_name
            ended = after.finished_at or after.started_at
            lines.append(f"{begun}; {who} {verb}, {(ended - failed.started_at).total_seconds():.1f} s later")
    return lines
