"""Numbers as Prometheus reads them: those of all processes from rows, then each process's own, with its label."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from blogforge_llm import measuring
from blogforge_llm.presence import presence
from blogforge_llm.records.ops import CallTotal, Metrics, ProcessMetrics
from blogforge_llm.services.ops.metrics import BOUNDS

_STATUSES = ("queued", "running")
_KINDS = ("interactive", "batch", "web")


def write(found: Metrics) -> bytes:
    registry = CollectorRegistry()
    registry.register(_Found(found))
    return generate_latest(registry)


class _Found(Collector):
    def __init__(self, found: Metrics) -> None:
        self._found = found

    def collect(self) -> Iterator[Metric]:
        yield from _calls(self._found.totals)
        yield from _work(self._found)
        yield from _processes(self._found.processes)


def _calls(totals: list[CallTotal]) -> Iterator[Metric]:
    by_model = ["provider", "model"]
    calls = CounterMetricFamily(
        "blogforge_calls", "Calls to models that ended, by how: succeeded or a category.", labels=[*by_model, "outcome"]
    )
    tokens = CounterMetricFamily("blogforge_call_tokens", "Tokens of all calls.", labels=[*by_model, "direction"])
    cost = CounterMetricFamily("blogforge_call_cost_usd", "Cost of all calls, as far as known.", labels=by_model)
    seconds = HistogramMetricFamily("blogforge_call_seconds", "How long calls took, whatever came.", labels=by_model)
    for (provider, model), rows in _grouped(totals).items():
        for outcome in sorted({row.outcome for row in rows}):
            calls.add_metric([provider, model, outcome], sum(row.calls for row in rows if row.outcome == outcome))
        tokens.add_metric([provider, model, "input"], sum(row.input_tokens for row in rows))
        tokens.add_metric([provider, model, "output"], sum(row.output_tokens for row in rows))
        cost.add_metric([provider, model], float(sum(row.cost for row in rows)))
        seconds.add_metric([provider, model], _buckets(rows), sum(row.seconds for row in rows))
    return iter((calls, tokens, cost, seconds))


def _grouped(totals: list[CallTotal]) -> dict[tuple[str, str], list[CallTotal]]:
    found: dict[tuple[str, str], list[CallTotal]] = {}
    for row in totals:
        found.setdefault((row.provider, row.model), []).append(row)
    return found


def _buckets(rows: list[CallTotal]) -> list[tuple[str, float]]:
    """(upper bound, calls up to it), each including the ones before."""
    counts = [sum(row.calls for row in rows if row.bucket <= number) for number in range(len(BOUNDS) + 1)]
    return list(zip([*map(str, BOUNDS), "+Inf"], counts, strict=True))


def _work(found: Metrics) -> Iterator[Metric]:
    count = GaugeMetricFamily("blogforge_tasks_unfinished", "Tasks that wait or run.", labels=["status"])
    age = GaugeMetricFamily("blogforge_tasks_oldest_seconds", "Age of the oldest of them.", labels=["status"])
    for status in _STATUSES:
        number, oldest_s = found.unfinished.get(status, (0, 0.0))
        count.add_metric([status], number)
        age.add_metric([status], oldest_s)
    workers = GaugeMetricFamily("blogforge_workers", "Processes that run tasks and are alive.", labels=["kind"])
    for kind in _KINDS:
        workers.add_metric([kind], found.workers.get(kind, 0))
    resting = GaugeMetricFamily(
        "blogforge_circuit_resting", "1 for what is not asked as usual.", labels=["circuit", "state", "category"]
    )
    for labels in found.resting:
        resting.add_metric(labels, 1)
    return iter((count, age, workers, resting))


def _processes(others: Iterable[ProcessMetrics]) -> Iterator[Metric]:
    """Each one's families merged by name; this process as it is now, the others as they last said."""
    me = ProcessMetrics(presence.worker_id, "web", socket.gethostname(), os.getpid(), measuring.exposition())
    merged: dict[str, Metric] = {}
    for process in [me, *(other for other in others if other.worker_id != me.worker_id)]:
        labels = {"process": f"{process.host}:{process.pid}", "kind": process.kind}
        for family in text_string_to_metric_families(process.exposition):
            whole = merged.setdefault(family.name, Metric(family.name, family.documentation, family.type))
            for sample in family.samples:
                whole.add_sample(sample.name, {**sample.labels, **labels}, sample.value)
    return iter(merged.values())
