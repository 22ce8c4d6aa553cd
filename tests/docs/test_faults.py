"""Each fault in each shape: the right answer, no call too many, in time; rows that say what the provider counted."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from blogforge_llm import db, runner
from blogforge_llm.config import Settings
from blogforge_llm.engine import clients
from blogforge_llm.presence import presence
from blogforge_llm.records.tasks import Attempt, AttemptStatus, Source, TaskStatus
from tests.conftest import new_database
from tests.docs import faults
from tests.docs.fault_catalogue import FAULTS, By
from tests.docs.faults import Played
from tests.provider_standin import Standin
from tests.provider_standin.ledger import Request

PRICES = Decimal(1), Decimal(2)  # of factories.make_models, per million tokens


@pytest.fixture(scope="module")
def played(cluster: object, template_database: str, settings: Settings) -> Iterator[list[Played]]:
    db.open_pool(new_database(cluster, template_database))  # type: ignore[arg-type]
    runner.configure(settings)
    presence.join("web")
    with Standin() as standin:
        yield faults.play_all(standin)
    clients.close()
    db.close_pool()


def of_each_fault(played: list[Played]) -> Iterator[tuple[str, Played]]:
    for run in played:
        yield f"{run.fault.what}, {run.kind}, {'streamed' if run.is_streamed else 'whole'}", run


def test_every_fault_ends_as_it_must(played: list[Played]) -> None:
    wrong = [f"{name}: {run.outcome}" for name, run in of_each_fault(played) if run.outcome != run.expected]
    assert not wrong, "\n".join(wrong)


def test_who_answers_is_who_the_task_names_and_the_text_is_whole(played: list[Played]) -> None:
    for name, run in of_each_fault(played):
        last = run.rows[-1]
        if run.expected.by is By.NOBODY:
            assert (run.task.status, run.task.error_category) == (TaskStatus.FAILED, last.category), name
            assert run.task.output is None and run.seen_next == [], name
        else:
            assert run.task.status is TaskStatus.SUCCEEDED, name
            assert (last.status, run.task.output) == (AttemptStatus.SUCCEEDED, last.text), name
            answering = run.seen_next if run.expected.by is By.NEXT else run.seen
            assert answering[-1].chars_sent >= len(last.text) > 0 or run.fault.model.startswith("reasoning-only"), name


def test_each_call_is_a_row_and_its_tokens_are_those_the_provider_counted(played: list[Played]) -> None:
    for name, run in of_each_fault(played):
        own, others = run.own_rows, [row for row in run.rows if row.model_id != run.first_model_id]
        assert len(others) == len(run.seen_next), name
        for row, request in zip(others, run.seen_next, strict=True):
            assert_same(name, row, request)
        if run.fault.model.startswith("address:"):
            assert run.seen == [] and {(row.input_tokens, row.output_tokens, row.cost) for row in own} == {(0, 0, 0)}
            continue
        assert len(own) == len(run.seen), name
        for row, request in zip(own, run.seen, strict=True):
            assert_same(name, row, request)


def assert_same(name: str, row: Attempt, request: Request) -> None:
    told_truly = request.usage_sent and not request.model.startswith("usage:")
    if told_truly:
        assert row.usage_source is Source.KNOWN, name
    assert (row.input_tokens or 0, row.output_tokens or 0) == (request.input_tokens, request.output_tokens), name
    assert row.cost_source is row.usage_source, name
    if row.usage_source is Source.UNKNOWN:
        assert row.cost is None, name
    else:
        price = (request.input_tokens * PRICES[0] + request.output_tokens * PRICES[1]) / 1_000_000
        assert row.cost == price, name


def test_a_task_sums_its_rows(played: list[Played]) -> None:
    for name, run in of_each_fault(played):
        requests = [*run.seen, *run.seen_next]
        assert run.task.input_tokens == sum(request.input_tokens for request in requests), name
        assert run.task.output_tokens == sum(request.output_tokens for request in requests), name
        known = [row.cost for row in run.rows if row.cost is not None]
        assert run.task.cost == (sum(known) if known else None), name


def test_the_table_in_the_docs_is_what_was_seen(played: list[Played]) -> None:
    page = faults.PAGE.read_text()
    assert page == faults.with_table(page, faults.table(played)), "run: python -m tests.docs.faults"


def test_every_behaviour_of_the_standin_is_in_the_table() -> None:
    from tests.provider_standin.behaviours import BEHAVIOURS

    played = {fault.model.split(";")[0].split(":")[0] for fault in FAULTS}
    # These only shape an answer, or count over many requests: the tests of the engine use them.
    others = {"preamble", "quoted", "fenced-json", "limited", "outage", "events"}
    assert set(BEHAVIOURS) - played <= others
