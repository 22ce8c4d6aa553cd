"""Who is asked after whom, how often, with what, and what people are told: the policy of design.md 6."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from blogforge_llm.engine import adapters, admission, fallback
from blogforge_llm.engine.categories import POLICIES, Again, Next
from blogforge_llm.engine.types import (
    AttemptFailed,
    AttemptStarted,
    Candidate,
    Completed,
    EngineError,
    Message,
    Outcome,
    OutputContract,
    Parameters,
    Price,
    TextDelta,
)
from blogforge_llm.records.tasks import AttemptStatus, Category, Source
from tests.engine.asking import KINDS, SOON_S, Notes, ask, candidate, request
from tests.provider_standin import Standin

both = pytest.mark.parametrize("streaming", [True, False], ids=["stream", "whole"])


def test_every_category_has_a_policy_and_advice_that_can_be_shown() -> None:
    assert set(POLICIES) == set(Category)
    for policy in POLICIES.values():
        assert policy.advice.format(model="M", provider="P").endswith(".")


# Category, a model of the stand-in that shows it, how often a lone model is asked, whether another is asked after it.
FAILURES = [
    (Category.RATE_LIMIT, "status:429", 1, True),
    (Category.QUOTA_EXHAUSTED, "status:402", 1, True),
    (Category.OVERLOADED, "status:503", 2, True),
    (Category.SERVER_ERROR, "status:500", 2, True),
    (Category.CONNECTION, "reset", 2, True),
    (Category.STREAM_CUT, "clean-end", 1, True),
    (Category.AUTHENTICATION, "status:401", 1, True),
    (Category.PERMISSION, "status:403", 1, True),
    (Category.MODEL_NOT_FOUND, "status:404", 1, True),
    (Category.INVALID_REQUEST, "status:400", 1, False),
    (Category.CONTENT_FILTER, "content-filter", 1, False),
    (Category.OUTPUT_INVALID, "empty", 2, True),
]


@both
@pytest.mark.parametrize(("category", "model", "times", "goes_on"), FAILURES, ids=[str(row[0]) for row in FAILURES])
def test_a_lone_model_is_asked_as_often_as_the_table_says(
    standin: Standin, category: Category, model: str, times: int, goes_on: bool, streaming: bool
) -> None:
    answered = ask([candidate(standin, model)], streaming=streaming)
    assert answered.error is not None and answered.error.category is category
    assert answered.error.attempts == times
    assert answered.notes.categories == [category] * times
    assert standin.totals().requests == times
    assert answered.took_s < SOON_S


@both
@pytest.mark.parametrize(("category", "model", "times", "goes_on"), FAILURES, ids=[str(row[0]) for row in FAILURES])
def test_the_next_candidate_answers_where_the_table_lets_it(
    standin: Standin, category: Category, model: str, times: int, goes_on: bool, streaming: bool
) -> None:
    answered = ask([candidate(standin, model), candidate(standin, "ok", "cerebras")], streaming=streaming)
    again = {Category.SERVER_ERROR: 2, Category.CONNECTION: 2, Category.OUTPUT_INVALID: 2}.get(category, 1)
    assert answered.notes.categories == [category] * again + ([None] if goes_on else [])
    if goes_on:
        assert answered.completion.served_by.kind == "cerebras"
        assert answered.completion.attempts == again + 1
    else:
        assert answered.error is not None and answered.error.category is category


def test_a_stream_tells_each_attempt_and_voids_the_text_of_a_failed_one(standin: Standin) -> None:
    cut, well = candidate(standin, "clean-end:3"), candidate(standin, "ok")
    events = ask([cut, well]).events
    assert events[0] == AttemptStarted(1, cut)
    failed = next(event for event in events if isinstance(event, AttemptFailed))
    assert failed == AttemptFailed(1, cut, Category.STREAM_CUT, well)
    texts = {event.attempt: [] for event in events if isinstance(event, TextDelta)}  # type: dict[int, list[str]]
    for event in events:
        if isinstance(event, TextDelta):
            texts[event.attempt].append(event.text)
    assert "".join(texts[1]) == "The stand-in was "
    assert isinstance(events[-1], Completed)
    assert events[-1].completion.text == "".join(texts[2])


def test_the_last_failure_names_no_next_candidate_and_a_repeat_names_itself(standin: Standin) -> None:
    lone = candidate(standin, "status:500")
    failed = [event for event in ask([lone]).events if isinstance(event, AttemptFailed)]
    assert [event.next_candidate for event in failed] == [lone, None]


def test_a_flaky_model_answers_on_the_second_try_after_a_short_pause(standin: Standin, real_pauses: None) -> None:
    answered = ask([candidate(standin, "flaky:1;status=500"), candidate(standin, "ok", "cerebras")])
    assert answered.completion.served_by.kind == "groq"
    assert 0.2 <= answered.took_s < SOON_S


def test_an_overloaded_model_is_left_for_the_next_and_repeated_only_as_the_last(standin: Standin) -> None:
    assert ask([candidate(standin, "flaky:1"), candidate(standin, "ok")]).notes.models == ["flaky:1", "ok"]
    standin.reset()
    assert ask([candidate(standin, "flaky:1")]).notes.models == ["flaky:1", "flaky:1"]


def test_a_model_that_finds_a_new_error_every_time_is_asked_again_only_once(standin: Standin) -> None:
    standin.script("moody", ["status:500", "reset", "status:502", "ok"])
    answered = ask([candidate(standin, "moody"), candidate(standin, "ok")])
    assert answered.notes.models == ["moody", "moody", "ok"]
    assert answered.notes.categories == [Category.SERVER_ERROR, Category.CONNECTION, None]


def test_a_model_that_failed_once_may_still_mend_its_answer(standin: Standin) -> None:
    standin.script("moody", ["status:500", "empty", "ok"])
    answered = ask([candidate(standin, "moody")])
    assert answered.notes.categories == [Category.SERVER_ERROR, Category.OUTPUT_INVALID, None]


def test_after_a_refused_key_only_another_key_or_provider_is_asked(standin: Standin) -> None:
    bad = candidate(standin, "status:401")
    same_key = candidate(standin, "ok")
    other_key = candidate(standin, "ok", key_id=77, api_key="another-key")
    answered = ask([bad, same_key, other_key])
    assert answered.completion.served_by == other_key
    assert len(answered.notes.outcomes) == 2
    answered = ask([bad, same_key])
    assert answered.error is not None and answered.error.category is Category.AUTHENTICATION
    assert answered.error.attempts == 1


def test_a_prompt_too_long_goes_only_to_larger_windows(standin: Standin) -> None:
    small = candidate(standin, "context:1", context_window=8192)
    equal = candidate(standin, "ok", context_window=8192)
    unknown = candidate(standin, "ok", context_window=None)
    large = candidate(standin, "ok", "cerebras", context_window=131072)
    answered = ask([small, equal, unknown, large])
    assert answered.completion.served_by == large
    assert len(answered.notes.outcomes) == 2
    assert ask([small, equal]).notes.categories == [Category.CONTEXT_LENGTH]


@pytest.mark.parametrize("form", ["retry-after=0.3", "retry-after-ms=300", "retry-in-body=0.3"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_last_candidate_is_waited_for_as_long_as_it_asks(standin: Standin, kind: str, form: str) -> None:
    standin.script("busy", [f"status:429;{form}", "ok"])
    answered = ask([candidate(standin, "busy", kind)])
    assert answered.notes.categories == [Category.RATE_LIMIT, None]
    assert answered.notes.outcomes[0].retry_after_s == pytest.approx(0.3)
    assert 0.3 <= answered.took_s < 3


@pytest.mark.parametrize(
    ("model", "deadline_s"), [("status:429;retry-after=11", 60), ("status:429;retry-after=5", 3), ("status:429", 60)]
)
def test_no_wait_that_is_too_long_or_unknown_is_made(standin: Standin, model: str, deadline_s: float) -> None:
    answered = ask([candidate(standin, model)], request(deadline_s=deadline_s))
    assert answered.notes.categories == [Category.RATE_LIMIT]
    assert answered.took_s < SOON_S


def test_nobody_waits_while_another_candidate_is_left(standin: Standin) -> None:
    answered = ask([candidate(standin, "status:429;retry-after=5"), candidate(standin, "ok")])
    assert answered.error is None and answered.took_s < SOON_S


def test_one_deadline_bounds_all_attempts(standin: Standin) -> None:
    silent = [candidate(standin, f"slow-first-token:inf;served-as={n}", first_token_timeout_s=0.2) for n in range(10)]
    answered = ask(silent, request(deadline_s=0.5))
    assert answered.error is not None and answered.error.category is Category.DEADLINE_EXCEEDED
    assert answered.notes.categories == [Category.TIMEOUT, Category.TIMEOUT, Category.DEADLINE_EXCEEDED]
    assert answered.took_s < SOON_S


def test_a_silent_candidate_leaves_half_of_a_short_deadline_to_the_others(standin: Standin) -> None:
    silent = candidate(standin, "slow-first-token:inf", first_token_timeout_s=10.0)
    answered = ask([silent, candidate(standin)], request(deadline_s=0.6))
    assert answered.notes.categories == [Category.TIMEOUT, None]


def test_the_last_candidate_may_use_what_is_left_of_the_deadline(standin: Standin) -> None:
    slow = candidate(standin, "slow-first-token:0.5", first_token_timeout_s=0.1)
    assert ask([slow]).error is None
    assert ask([slow, candidate(standin, "ok")]).notes.categories == [Category.TIMEOUT, None]


def test_an_unstreamed_candidate_may_use_its_share_of_the_deadline(standin: Standin) -> None:
    silent = candidate(standin, "slow-first-token:inf", first_token_timeout_s=0.1)
    answered = ask([silent, candidate(standin, "ok", "cerebras")], request(deadline_s=1.0), streaming=False)
    assert answered.notes.categories == [Category.TIMEOUT, None]
    assert 0.5 <= answered.took_s < 1.0


def test_a_model_that_cannot_stream_is_asked_whole_and_told_in_one_piece(standin: Standin) -> None:
    answered = ask([candidate(standin, "ok", streams=False)])
    assert not standin.requests[0].streamed
    assert [event.text for event in answered.events if isinstance(event, TextDelta)] == [answered.completion.text]


@both
def test_a_broken_contract_is_named_once_to_the_same_model(standin: Standin, streaming: bool) -> None:
    standin.script("wordy", [_says("One\nTwo"), _says('Sure! Here is the title:\n\n"One"')])
    asked = request("A title, please.", contract=OutputContract("line"))
    answered = ask([candidate(standin, "wordy")], asked, streaming=streaming)
    assert answered.notes.categories == [Category.OUTPUT_INVALID, None]
    assert answered.completion.text == "One"
    assert answered.notes.outcomes[1].text == 'Sure! Here is the title:\n\n"One"'
    first, second = (messages for _, _, messages in answered.notes.started_with)
    assert first == asked.messages
    assert second[:2] == (*asked.messages, Message.of("assistant", "One\nTwo"))
    assert second[2].role == "user" and "broke this rule: It must be one single line" in second[2].text
    assert [message["role"] for message in standin.requests[1].body["messages"]] == ["user", "assistant", "user"]
    assert answered.notes.outcomes[0].usage.source is Source.KNOWN


def test_the_next_candidate_gets_the_question_as_it_was(standin: Standin) -> None:
    standin.answer("wordy", "One\nTwo")
    standin.answer("ok", "One")
    asked = request("A title, please.", contract=OutputContract("line"))
    answered = ask([candidate(standin, "wordy"), candidate(standin, "ok")], asked)
    assert answered.notes.models == ["wordy", "wordy", "ok"]
    assert answered.notes.started_with[2][2] == asked.messages


def test_an_answer_cut_at_the_token_limit_breaks_any_contract_but_is_shown_without_one(standin: Standin) -> None:
    assert ask([candidate(standin, "length:3")]).completion.finish_reason == "length"
    asked = request(contract=OutputContract("text"))
    answered = ask([candidate(standin, "length:3")], asked)
    assert answered.notes.categories == [Category.OUTPUT_INVALID] * 2
    assert "cut off" in answered.notes.started_with[1][2][-1].text
    assert [outcome.finish_reason for outcome in answered.notes.outcomes] == ["length", "length"]


def test_groqs_own_json_check_is_named_in_our_words(standin: Standin) -> None:
    standin.script("json", ["status:400;code=json_validate_failed;message=secret words", "ok"])
    asked = request(parameters=Parameters(json_output=True))
    answered = ask([candidate(standin, "json")], asked)
    assert answered.notes.categories == [Category.OUTPUT_INVALID, None]
    assert "secret words" not in answered.notes.started_with[1][2][-1].text


def test_errors_say_what_to_do_and_never_the_providers_words_or_keys(standin: Standin) -> None:
    answered = ask([candidate(standin, "status:401;echo-key", api_key="my-very-own-key")])
    shown = str(answered.error)
    assert "Groq" in shown and "valid key" in shown
    assert "Invalid API Key" not in shown and "my-very-own-key" not in shown
    kept = str(answered.notes.outcomes[0].error_text)
    assert "Invalid API Key" in kept and "my-very-own-key" not in kept
    assert "my-very-own-key" not in repr(answered)


def test_the_message_counts_the_models_that_failed(standin: Standin) -> None:
    answered = ask([candidate(standin, "clean-end"), candidate(standin, "status:404")])
    assert str(answered.error).startswith("None of the 2 models answered.")


def test_no_candidates_at_all_says_so(standin: Standin) -> None:
    answered = ask([])
    assert answered.error is not None and "There is no model to ask" in str(answered.error)


def test_characters_a_database_cannot_store_are_replaced_everywhere(standin: Standin) -> None:
    standin.answer("ok", "a\0b c")
    answered = ask([candidate(standin, "ok")])
    assert answered.completion.text == answered.notes.outcomes[0].text == answered.text_of_last_attempt == "a\ufffdb c"


def test_what_was_told_before_a_cut_is_estimated_and_a_refusal_costs_nothing(standin: Standin) -> None:
    outcome = ask([candidate(standin, "clean-end:3")]).notes.outcomes[0]
    assert outcome.usage.source is outcome.cost_source is Source.ESTIMATED
    served = standin.requests[0]
    assert (outcome.usage.input_tokens, outcome.usage.output_tokens) == (served.input_tokens, served.output_tokens)
    refused = ask([candidate(standin, "status:404")]).notes.outcomes[0]
    assert (refused.cost, refused.cost_source) == (Decimal(0), Source.KNOWN)


def test_a_bug_in_an_adapter_is_a_recorded_failure_and_the_next_one_answers(
    standin: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def stream(self, *_: object) -> Iterator[str]:
            raise ZeroDivisionError("oops")

    load = adapters.load
    monkeypatch.setattr(adapters, "load", lambda kind: Broken() if kind == "cerebras" else load(kind))
    answered = ask([candidate(standin, "ok", "cerebras"), candidate(standin, "ok")])
    assert answered.notes.categories == [Category.SERVER_ERROR, Category.SERVER_ERROR, None]


class Doorkeeper:
    def __init__(self, **refused: admission.Refusal) -> None:
        self.refused = refused
        self.reported: list[tuple[str, AttemptStatus]] = []

    def may_ask(self, candidate: Candidate) -> admission.Refusal | None:
        return self.refused.get(candidate.kind)

    def report(self, candidate: Candidate, outcome: Outcome) -> None:
        self.reported.append((candidate.kind, outcome.status))


COOLING = admission.Refusal(Category.OVERLOADED, "Groq is cooling until 12:00.")
SPENT = admission.Refusal(Category.BUDGET_EXCEEDED, "Your budget for November is used up.")


def test_a_refused_candidate_is_passed_over_without_an_attempt(standin: Standin) -> None:
    door = Doorkeeper(groq=COOLING)
    answered = ask([candidate(standin), candidate(standin, "ok", "cerebras")], admission=door)
    assert answered.completion.served_by.kind == "cerebras"
    assert door.reported == [("cerebras", AttemptStatus.SUCCEEDED)]
    assert len(answered.notes.started_with) == 1


def test_when_all_are_refused_the_last_refusal_is_shown(standin: Standin) -> None:
    answered = ask([candidate(standin)], admission=Doorkeeper(groq=COOLING))
    assert str(answered.error) == COOLING.message
    assert standin.requests == []


def test_a_budget_that_refuses_all_is_what_is_told(standin: Standin) -> None:
    door = Doorkeeper(groq=SPENT, cerebras=COOLING)
    answered = ask([candidate(standin), candidate(standin, "ok", "cerebras")], admission=door)
    assert answered.error is not None and answered.error.category is Category.BUDGET_EXCEEDED
    assert str(answered.error) == SPENT.message
    assert standin.requests == []


def test_whom_the_budget_still_allows_is_asked(standin: Standin) -> None:
    """A spent budget is spent for all who cost something; a free model is not one of them."""
    answered = ask([candidate(standin), candidate(standin, "ok", "cerebras")], admission=Doorkeeper(groq=SPENT))
    assert answered.completion.served_by.kind == "cerebras"


def test_a_call_is_paid_at_the_price_it_begins_with(standin: Standin) -> None:
    now = datetime.now(UTC)
    dearer = Price(now - timedelta(seconds=1), Decimal(10), Decimal(20))
    later = Price(now + timedelta(hours=1), Decimal(100), Decimal(200))
    usage = ask([candidate(standin)]).completion
    changed = ask([candidate(standin, later_prices=(dearer, later))]).completion
    assert usage.cost is not None and changed.cost == 10 * usage.cost


def test_admission_is_asked_again_before_a_repeat(standin: Standin) -> None:
    door = Doorkeeper()
    notes = Notes()
    events = fallback.stream(request(), [candidate(standin, "status:500")], recorder=notes, admission=door)
    with pytest.raises(EngineError, match="budget"):
        for event in events:
            if isinstance(event, AttemptFailed):
                door.refused["groq"] = SPENT
    assert notes.categories == [Category.SERVER_ERROR]


def _says(text: str) -> Callable[[object], str]:
    return lambda body: text


def test_the_policy_table_is_that_of_the_design() -> None:
    assert {str(category): (policy.again, policy.next) for category, policy in POLICIES.items()} == {
        "rate_limit": (Again.AFTER_WAIT, Next.ANY),
        "quota_exhausted": (Again.NO, Next.OTHER_KEY),
        "overloaded": (Again.IF_LAST, Next.ANY),
        "server_error": (Again.ONCE, Next.ANY),
        "timeout": (Again.NO, Next.ANY),
        "connection": (Again.ONCE, Next.ANY),
        "stream_cut": (Again.NO, Next.ANY),
        "authentication": (Again.NO, Next.OTHER_KEY),
        "permission": (Again.NO, Next.OTHER_KEY),
        "model_not_found": (Again.NO, Next.ANY),
        "address_refused": (Again.NO, Next.ANY),
        "context_length": (Again.NO, Next.LARGER_WINDOW),
        "invalid_request": (Again.NO, Next.NONE),
        "content_filter": (Again.NO, Next.NONE),
        "output_invalid": (Again.NAMING_THE_BREACH, Next.ANY),
        "budget_exceeded": (Again.NO, Next.NONE),
        "deadline_exceeded": (Again.NO, Next.NONE),
        "cancelled": (Again.NO, Next.NONE),
    }
