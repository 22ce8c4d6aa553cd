"""What is used of the limits, as the page of a provider shows it."""

from __future__ import annotations

from decimal import Decimal

from blogforge_llm import db
from blogforge_llm.engine import limits as engine_limits
from blogforge_llm.engine.limits import Limiter
from blogforge_llm.engine.types import Limits, Notice, Outcome, Request, Usage
from blogforge_llm.records.accounts import User
from blogforge_llm.records.registry import LimitUse
from blogforge_llm.records.tasks import AttemptStatus, Source
from blogforge_llm.services.registry import candidates, keys, limits, models, providers


def test_limits_reach_the_candidate_and_the_page_shows_what_is_used(conn: db.Connection, ada: User) -> None:
    provider = providers.create(
        conn, actor=ada, name="Groq", kind="groq", api_key="gsk_secret", requests_per_minute=30, max_in_flight=4
    )
    model = models.create(conn, actor=ada, provider_id=provider.id, name="llama", tokens_per_day=5000)
    (candidate,) = candidates.list_for(conn, model_id=model.id)
    assert candidate.account_limits == Limits(requests_per_minute=30, max_in_flight=4)
    assert candidate.model_limits == Limits(tokens_per_day=5000)
    running = Limiter(Request(()))
    assert running.may_ask(candidate) is None
    whole, of_model = limits.list_used(conn, actor=ada, provider=provider, models=[model])
    assert (whole.owner, whole.account) == ("All models", None)
    assert whole.uses == (LimitUse("Requests a minute", 1, 30), LimitUse("At the same time", 1, 4))
    assert of_model.uses == (LimitUse("Tokens a day", 1024, 5000),)
    notice = Notice("tokens", 6000, 12, 30.0, refills=True)
    usage = Usage(10, 20, Source.KNOWN)
    running.report(candidate, Outcome(AttemptStatus.SUCCEEDED, usage=usage, cost=Decimal(0), notices=(notice,)))
    whole, of_model = limits.list_used(conn, actor=ada, provider=provider, models=[model])
    assert whole.uses[1].used == 0 and of_model.uses[0].used == 30
    assert of_model.notices == ("The provider says: 12 of 6,000 tokens left, all again in 30 seconds.",)
    (candidate,) = candidates.list_for(conn, model_id=model.id)
    assert candidate.has_notice
    assert not engine_limits._running


def test_several_keys_are_shown_apart_and_named_for_admins_only(conn: db.Connection, ada: User, charlie: User) -> None:
    provider = providers.create(conn, actor=ada, name="Groq", kind="groq", api_key="gsk_one", tokens_per_minute=6000)
    keys.create(conn, actor=ada, provider_id=provider.id, api_key="gsk_two", name="Second")
    shown = limits.list_used(conn, actor=ada, provider=provider, models=[])
    assert [group.account for group in shown][1] == "Second"
    assert [group.account for group in limits.list_used(conn, actor=charlie, provider=provider, models=[])] == [
        "Key 1", "Key 2",
    ]  # fmt: skip
