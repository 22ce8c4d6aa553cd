"""What each category of failure allows: design.md 6 as data. How a provider's error becomes a category is in
provider_errors.py, what is done with it in fallback.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from blogforge_llm.records.tasks import Category


class Again(Enum):
    """Whether the same model is asked once more."""

    NO = "no"
    ONCE = "once, after a jittered pause"
    IF_LAST = "once, if nobody else is left"
    AFTER_WAIT = "once, if nobody else is left and the provider's Retry-After fits"
    NAMING_THE_BREACH = "once, telling the model what was wrong"


class Next(Enum):
    """Which of the candidates that follow may be asked."""

    NONE = "none"
    ANY = "any"
    OTHER_KEY = "one with another key or provider"
    LARGER_WINDOW = "one with a larger context window"


class Circuit(Enum):
    """What the failure says about the model or key."""

    NONE = "nothing"
    COUNTS = "a failure"
    COOLS = "leave it alone for the time it asked for"
    OPENS = "broken until somebody acts"


@dataclass(frozen=True, slots=True)
class Policy:
    again: Again
    next: Next
    circuit: Circuit
    advice: str  # for people; {model} and {provider} are filled in


POLICIES: dict[Category, Policy] = {
    Category.RATE_LIMIT: Policy(
        Again.AFTER_WAIT, Next.ANY, Circuit.COOLS,
        "{provider} is limiting requests to {model}. Try again in a minute, or add another model to the route.",
    ),
    Category.QUOTA_EXHAUSTED: Policy(
        Again.NO, Next.OTHER_KEY, Circuit.OPENS,
        "The quota or credit at {provider} is used up. Wait for its reset, top it up, or choose another provider.",
    ),
    Category.OVERLOADED: Policy(
        Again.IF_LAST, Next.ANY, Circuit.COUNTS,
        "{model} at {provider} is overloaded. Try again in a minute, or choose another model.",
    ),
    Category.SERVER_ERROR: Policy(
        Again.ONCE, Next.ANY, Circuit.COUNTS,
        "{provider} failed while answering for {model}. Try again, or choose another model.",
    ),
    Category.TIMEOUT: Policy(
        Again.NO, Next.ANY, Circuit.COUNTS,
        "{model} at {provider} did not answer in time. Try again, or choose a faster model.",
    ),
    Category.CONNECTION: Policy(
        Again.ONCE, Next.ANY, Circuit.COUNTS,
        "{provider} could not be reached. Check its address and that it is running, then try again.",
    ),
    Category.STREAM_CUT: Policy(
        Again.NO, Next.ANY, Circuit.COUNTS,
        "The answer of {model} broke off before its end and was dropped. Try again, or choose another model.",
    ),
    Category.AUTHENTICATION: Policy(
        Again.NO, Next.OTHER_KEY, Circuit.OPENS,
        "{provider} does not accept its key. An admin must enter a valid key for this provider.",
    ),
    Category.PERMISSION: Policy(
        Again.NO, Next.OTHER_KEY, Circuit.OPENS,
        "{provider} does not allow {model} to be used with this key. Choose another model or ask an admin.",
    ),
    Category.MODEL_NOT_FOUND: Policy(
        Again.NO, Next.ANY, Circuit.OPENS,
        "{provider} has no model {model} at its address. An admin must correct the model's name or the address.",
    ),
    Category.ADDRESS_REFUSED: Policy(
        Again.NO, Next.ANY, Circuit.OPENS,
        "The address of {provider} may not be asked, so nothing was sent. An admin must correct that address.",
    ),
    Category.CONTEXT_LENGTH: Policy(
        Again.NO, Next.LARGER_WINDOW, Circuit.NONE,
        "The prompt is too long for {model}. Shorten the text, or choose a model with a larger context window.",
    ),
    Category.INVALID_REQUEST: Policy(
        Again.NO, Next.NONE, Circuit.NONE,
        "{provider} refused the request for {model} as invalid. Check the parameters of the action or preset.",
    ),
    Category.CONTENT_FILTER: Policy(
        Again.NO, Next.NONE, Circuit.NONE,
        "{provider} withheld the answer because of its content rules. Change the text and try again.",
    ),
    Category.OUTPUT_INVALID: Policy(
        Again.NAMING_THE_BREACH, Next.ANY, Circuit.NONE,
        "{model} gave no answer of the asked form, even when told so. Try again, or choose another model.",
    ),
    Category.BUDGET_EXCEEDED: Policy(
        Again.NO, Next.NONE, Circuit.NONE,
        "The budget is used up. Ask an admin to raise it, or wait for the next period.",
    ),
    Category.DEADLINE_EXCEEDED: Policy(
        Again.NO, Next.NONE, Circuit.NONE,
        "No complete answer came in the time allowed. Try again, allow more time, or choose a faster model.",
    ),
    Category.CANCELLED: Policy(Again.NO, Next.NONE, Circuit.NONE, "Stopped on request."),
}  # fmt: skip
