"""Finish reasons: how servers call the end of an answer, in the words of OpenAI's API that the engine knows. What is
not listed is kept as it was told, and is an end like `stop`.
"""

from __future__ import annotations

from blogforge_llm.records.tasks import Category

_LONGEST = 100  # characters of a word nobody knows

_WORDS = {
    "length": {"length", "max_tokens", "max_output_tokens", "max_length", "model_length", "token_limit", "incomplete"},
    "content_filter": {"content_filter", "safety", "image_safety", "recitation", "blocklist", "blocked", "spii",
                       "prohibited_content", "refusal", "sensitive"},
}  # fmt: skip
_MEANING = {word: meaning for meaning, words in _WORDS.items() for word in words}

# When they gave up in the middle: OpenRouter, vLLM, DeepSeek, Zhipu and others.
NO_ENDS = {
    "error": Category.SERVER_ERROR,
    "abort": Category.SERVER_ERROR,
    "cancelled": Category.SERVER_ERROR,
    "network_error": Category.SERVER_ERROR,
    "insufficient_system_resource": Category.OVERLOADED,
}


def reason(told: object) -> str | None:
    """None when nothing was told: an answer without an end is no answer."""
    if not isinstance(told, str) or not told:
        return None
    word = told.strip().lower()
    if word in NO_ENDS:
        return word
    # Gemini's OpenAI-compatible address adds its own word: "content_filter: SAFETY".
    return _MEANING.get(word.partition(":")[0], told[:_LONGEST])
