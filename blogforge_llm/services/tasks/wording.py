"""What a category means to a person, as a phrase for a line of history. What to do next: the engine's own sentences."""

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
    Category.ADDRESS_REFUSED: "address may not be asked",
    Category.CONTEXT_LENGTH: "prompt too long",
    Category.INVALID_REQUEST: "request refused",
    Category.CONTENT_FILTER: "stopped by a content filter",
    Category.OUTPUT_INVALID: "answer broke the rules",
    Category.BUDGET_EXCEEDED: "budget used up",
    Category.DEADLINE_EXCEEDED: "out of time",
    Category.CANCELLED: "stopped",
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
        is_same_provider = after.provider_id == failed.provider_id
        begun = f"{failed.model_name if is_same_provider else failed.provider_name} did not answer ({why})"
        if failed.model_id == after.model_id:
            lines.append(f"{begun}; it was asked once more")
        else:
            who = after.model_name if is_same_provider else after.provider_name
            later = ((after.finished_at or after.started_at) - failed.started_at).total_seconds()
            lines.append(f"{begun}; {who} {verb}" + (f", {later:.1f} s later" if later >= 0.1 else ""))
    return lines
