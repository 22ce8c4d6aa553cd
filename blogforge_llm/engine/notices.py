"""What providers' headers say is left of their limits: Groq's and OpenAI's `x-ratelimit-remaining-requests`, Cerebras'
`x-ratelimit-remaining-requests-day`, and the same for tokens; Anthropic's `anthropic-ratelimit-requests-remaining`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from blogforge_llm.engine.types import Notice

_PREFIX = "x-ratelimit-remaining-"
_ANTHROPIC = re.compile(r"anthropic-ratelimit-(requests|tokens|input-tokens|output-tokens)-remaining")
_NAME = re.compile(r"(requests|tokens)(-second|-minute|-hour|-day|-month)?")
_DURATION = re.compile(r"([0-9.]+)(ms|[dhms])?")  # 2m59.56s, 120ms, 33011.38
_UNITS = {"d": 86_400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "": 1.0}


def read(headers: Mapping[str, str]) -> tuple[Notice, ...]:
    """At most one for requests and one for tokens: of several windows the one with the least left."""
    found: dict[str, Notice] = {}
    for header in headers:
        name = header.lower()
        if name.startswith(_PREFIX):
            notice = _notice(headers, name.removeprefix(_PREFIX))
        elif matched := _ANTHROPIC.fullmatch(name):
            notice = _anthropic_notice(headers, matched[1])
        else:
            continue
        if notice is not None:
            other = found.get(notice.unit)
            if other is None or (notice.remaining, -notice.resets_in_s) < (other.remaining, -other.resets_in_s):
                found[notice.unit] = notice
    return tuple(found.values())


def _notice(headers: Mapping[str, str], name: str) -> Notice | None:
    """None for what does not follow the custom: a header is no reason to fail."""
    kind = _NAME.fullmatch(name)
    most, remaining = (_count(headers.get(f"x-ratelimit-{what}-{name}")) for what in ("limit", "remaining"))
    resets_in_s = _seconds(headers.get(f"x-ratelimit-reset-{name}", ""))
    if kind is None or most is None or remaining is None or resets_in_s is None:
        return None
    # Those that name no window fill a bucket drop by drop; Cerebras names its windows, and they start anew.
    return Notice(kind[1], most, min(remaining, most), resets_in_s, refills=kind[2] is None)


def _anthropic_notice(headers: Mapping[str, str], name: str) -> Notice | None:
    """Input and output tokens are limited apart; both are read as tokens, the scarcer one counts. Their buckets refill,
    and the reset is a moment (RFC 3339)."""
    most, remaining = (_count(headers.get(f"anthropic-ratelimit-{name}-{what}")) for what in ("limit", "remaining"))
    try:
        resets_at = datetime.fromisoformat(headers.get(f"anthropic-ratelimit-{name}-reset", ""))
    except ValueError:
        return None
    if most is None or remaining is None or resets_at.tzinfo is None:
        return None
    resets_in_s = max(0.0, (resets_at - datetime.now(UTC)).total_seconds())
    unit = "requests" if name == "requests" else "tokens"
    return Notice(unit, most, min(remaining, most), resets_in_s, refills=True)


def _count(text: str | None) -> int | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return int(max(0.0, value)) if value < 2**53 else None


def _seconds(text: str) -> float | None:
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    try:
        return sum(float(number) * _UNITS[unit] for number, unit in parts)
    except ValueError:
        return None
