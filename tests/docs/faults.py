"""The fault table of docs/reliability.md, made by playing each fault of fault_catalogue.py against the real runner,
the real SDKs and a real database. `python -m tests.docs.faults` writes it anew; tests/docs/test_faults.py proves
every line of it.
"""

from __future__ import annotations

import itertools
import logging
import re
import socket
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from blogforge_llm import db, embedded, migrations, runner
from blogforge_llm.config import ROOT, Settings
from blogforge_llm.engine import clients
from blogforge_llm.engine.types import Message, Parameters
from blogforge_llm.presence import presence
from blogforge_llm.records.tasks import Attempt, Source, Task
from blogforge_llm.services.tasks import attempts, tasks
from tests import factories
from tests.docs.fault_catalogue import (
    AT_LEAST_S,
    DEADLINE_S,
    FAULTS,
    FIRST_TOKEN_S,
    IDLE_S,
    SECTIONS,
    Bill,
    By,
    Fault,
    Outcome,
    Soon,
)
from tests.provider_standin import Standin, key_hash
from tests.provider_standin.ledger import Request

PAGE = ROOT / "docs" / "reliability.md"
KINDS = ("groq", "cerebras", "openai_compatible", "llm")
MOST_AT_ONCE = 6
PATIENT_S = 10.0
_LATE_S = 4.0  # how much later a busy machine may be
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Played:
    """One fault, one kind of provider, streamed or whole: what everybody saw."""

    fault: Fault
    kind: str
    is_streamed: bool
    task: Task
    rows: list[Attempt]
    seen: list[Request]  # by the failing model's provider
    seen_next: list[Request]
    took_s: float
    first_model_id: int

    @property
    def expected(self) -> Outcome:
        return self.fault.streamed if self.is_streamed else self.fault.whole

    @property
    def own_rows(self) -> list[Attempt]:
        return [row for row in self.rows if row.model_id == self.first_model_id]

    @property
    def outcome(self) -> Outcome:
        """What came of it, in the catalogue's words."""
        first = self.own_rows[0]
        by = By.NOBODY
        if self.task.served_by_model_id is not None:
            by = By.ITSELF if self.task.served_by_model_id == self.first_model_id else By.NEXT
        calls = max(len(self.seen), len(self.own_rows))
        return Outcome(first.category, calls, _bill(first), self._soon(), by)

    def _soon(self) -> Soon:
        """The expected class when the time fits it, else the one it fits best."""
        floor = AT_LEAST_S[self.expected.soon]
        if floor * 0.98 <= self.took_s < floor + _LATE_S:
            return self.expected.soon
        return max(Soon, key=lambda soon: AT_LEAST_S[soon] if AT_LEAST_S[soon] <= self.took_s else -1.0)


def play_all(standin: Standin, faults: Sequence[Fault] = FAULTS) -> list[Played]:
    """All of them through each kind, streamed and whole, several at once. The pool must be open and presence joined."""
    runs = [(fault, kind, streamed) for fault in faults for kind in KINDS for streamed in (True, False)]
    _warm_up(standin)
    with ThreadPoolExecutor(MOST_AT_ONCE) as threads:
        return list(threads.map(lambda run: _play(standin, *run), runs))


def _warm_up(standin: Standin) -> None:
    """SDKs are imported with their first call, which must not count as the provider's silence."""
    well = next(fault for fault in FAULTS if fault.model == "no-fingerprint")
    for kind, streamed in itertools.product(KINDS, (True, False)):
        _play(standin, well, kind, streamed)


def _play(standin: Standin, fault: Fault, kind: str, streamed: bool) -> Played:
    thread = threading.get_ident()  # a key each, by which the requests of those that run at once are told apart
    keys = f"first-key-{thread}", f"next-key-{thread}"
    task_id, model_id = _prepare(standin, fault, kind, keys, is_queued=streamed)
    began = time.monotonic()
    if streamed:
        runner.run_queued(task_id)
    else:
        runner.ask_now(task_id)
    took_s = time.monotonic() - began
    with db.connection() as conn:
        task, rows = tasks.get(conn, task_id=task_id), attempts.list_(conn, task_id=task_id)
    seen, seen_next = (_ended(standin, key, began) for key in keys)
    return Played(fault, kind, streamed, task, rows, seen, seen_next, took_s, model_id)


def _prepare(standin: Standin, fault: Fault, kind: str, keys: tuple[str, str], *, is_queued: bool) -> tuple[int, int]:
    """The task, and the model that fails: rows of their own for each run, so that circuits and keys are too."""
    expected = fault.streamed if is_queued else fault.whole
    # Short where they are waited for; elsewhere a busy machine must not be taken for a silent provider.
    first_token_s = FIRST_TOKEN_S if expected.soon is Soon.FIRST else PATIENT_S
    idle_s = IDLE_S if expected.soon is Soon.IDLE else PATIENT_S
    with db.transaction() as conn:
        first = factories.make_provider(conn, kind=kind, base_url=_address(standin, fault, kind), key=keys[0])
        following = factories.make_provider(conn, kind="groq", base_url=standin.groq_url, key=keys[1])
        name = "ok" if fault.model.startswith("address:") else fault.model
        if name.startswith("flaky"):  # the stand-in counts by name
            name += f";delay={next(_numbers) / 1e6:f}"
        (model_id,) = factories.make_models(conn, provider_id=first, names=[name])
        (next_id,) = factories.make_models(conn, provider_id=following, names=["ok"])
        conn.execute(
            "UPDATE models SET first_token_timeout_s = %s, idle_timeout_s = %s, context_window = 100 WHERE id = %s",
            (first_token_s, idle_s, model_id),
        )
        conn.execute("UPDATE models SET context_window = 1000 WHERE id = %s", (next_id,))
        route_id = factories.make_route(
            conn, model_ids=[model_id, next_id], name=f"Route {next(_numbers)}", is_default=False
        )
        messages = [Message.of("user", "Why does bread rise?")]
        if fault.prefill:
            messages.append(Message.of("assistant", "Because"))
        parameters = Parameters(temperature=fault.temperature, max_tokens=fault.max_tokens)
        actor = factories.make_user(conn)
        task_id = tasks.add(
            conn, actor=actor, messages=messages, route_id=route_id, parameters=parameters,
            deadline_s=DEADLINE_S, is_queued=is_queued,
        )  # fmt: skip
    return task_id, model_id


def _address(standin: Standin, fault: Fault, kind: str) -> str:
    if fault.model == "address:refused":
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return f"http://127.0.0.1:{probe.getsockname()[1]}"
    if fault.model == "address:dns":
        return "http://no-such-provider.invalid"
    urls = {"groq": standin.groq_url, "cerebras": standin.cerebras_url}
    url = urls.get(kind, standin.compatible_url)
    return url.replace("http:", "https:") if fault.model == "address:tls" else url


def _ended(standin: Standin, key: str, since: float) -> list[Request]:
    found = standin.ledger.wait_until(
        lambda rows: all(row.ended_at is not None for row in rows), 30.0, kind="chat", key=key_hash(key)
    )
    return [request for request in found if request.received_at >= since]


def _bill(row: Attempt) -> Bill:
    if row.usage_source is Source.KNOWN:
        return Bill.TOLD if row.input_tokens or row.output_tokens else Bill.NOTHING
    return Bill.ESTIMATED if row.usage_source is Source.ESTIMATED else Bill.UNKNOWN


# The page


def table(played: Sequence[Played]) -> str:
    """The section of the page, markers included."""
    lines = [_BEGIN, ""]
    for title, faults in SECTIONS.items():
        lines += [
            f"**{title}**",
            "",
            "| fault | answered by | recorded as | calls | after | cost |",
            "|---|---|---|---|---|---|",
        ]
        for fault in faults:
            lines += _lines(fault, [run for run in played if run.fault == fault])
        lines.append("")
    return "\n".join([*lines, _END])


def _lines(fault: Fault, runs: list[Played]) -> Iterator[str]:
    """One line, or one for streams and one for whole answers; where kinds of providers differ, each by its name."""
    told: dict[tuple[str, bool], Outcome] = {(run.kind, run.is_streamed): run.outcome for run in runs}
    for outcome in dict.fromkeys(told.values()):
        of = [where for where, found in told.items() if found == outcome]
        yield f"| {fault.what}{_where(of, told)} | {_cells(outcome)} |"


def _where(of: list[tuple[str, bool]], told: dict[tuple[str, bool], Outcome]) -> str:
    if len(of) == len(told):
        return ""
    for streamed, word in ((True, "streamed"), (False, "whole")):
        if sorted(of) == sorted(where for where in told if where[1] is streamed):
            return f" ({word})"
    return " (" + ", ".join(f"{kind} {'streamed' if streamed else 'whole'}" for kind, streamed in of) + ")"


def _cells(outcome: Outcome) -> str:
    following = 1 if outcome.by is By.NEXT else 0
    calls = f"{outcome.calls} + {following}" if following else str(outcome.calls)
    category = "" if outcome.category is None else f"`{outcome.category}`"
    return f"{outcome.by} | {category} | {calls} | {outcome.soon} | {outcome.bill}"


_BEGIN, _END = "<!-- faults: python -m tests.docs.faults -->", "<!-- /faults -->"


def with_table(page: str, made: str) -> str:
    return re.sub(re.escape(_BEGIN) + ".*?" + re.escape(_END), lambda _: made, page, flags=re.S)


def main() -> None:
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder, Standin() as standin:
        cluster = embedded.Cluster(Path(folder))
        cluster.start()
        try:
            migrations.apply(cluster.url)
            db.open_pool(cluster.url)
            runner.configure(Settings(Path(folder), "127.0.0.1", 5000, None, "a secret of the tests only", True))
            presence.join("web")
            PAGE.write_text(with_table(PAGE.read_text(), table(play_all(standin))))
            presence.leave()
            clients.close()
            db.close_pool()
        finally:
            cluster.stop()


if __name__ == "__main__":
    main()
