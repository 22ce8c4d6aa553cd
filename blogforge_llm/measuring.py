"""What this process measures of itself: queries by name, the wait for the pool, requests. What all processes must agree
on comes from rows instead (services/ops/metrics.py); web/ops/metrics.py shows both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import prometheus_client
from prometheus_client import CollectorRegistry, Histogram, Summary
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = prometheus_client.CONTENT_TYPE_PLAIN_0_0_4
_REQUEST_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)

prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
# A registry of our own: the default one adds what Python and the platform say of themselves.
_registry = CollectorRegistry()

queries = Summary(
    "blogforge_query_seconds", "Time in a query, by its name in sql/queries.", ["query"], registry=_registry
)
requests = Histogram(
    "blogforge_http_request_seconds",
    "Time until a request's answer began.",
    ["endpoint", "status"],
    buckets=_REQUEST_BOUNDS,
    registry=_registry,
)


class _Pool(Collector):
    """The pool counts by itself; it is asked when somebody looks."""

    def __init__(self) -> None:
        self.stats: Callable[[], Mapping[str, int]] = dict

    def collect(self) -> Iterator[Metric]:
        found = self.stats()
        if not found:
            return
        for name, key, about in _POOL_GAUGES:
            yield GaugeMetricFamily(name, about, value=found.get(key, 0))
        for name, key, scale, about in _POOL_COUNTERS:
            yield CounterMetricFamily(name, about, value=found.get(key, 0) * scale)


_POOL_GAUGES = (
    ("blogforge_pool_connections", "pool_size", "Database connections this process has."),
    ("blogforge_pool_connections_max", "pool_max", "Database connections this process may have."),
    ("blogforge_pool_waiting", "requests_waiting", "Threads that wait for a connection now."),
)
_POOL_COUNTERS = (
    ("blogforge_pool_requests", "requests_num", 1, "Connections asked for."),
    ("blogforge_pool_waits", "requests_queued", 1, "Connections that had to be waited for."),
    ("blogforge_pool_wait_seconds", "requests_wait_ms", 0.001, "Time spent waiting for a connection."),
    ("blogforge_pool_errors", "requests_errors", 1, "Connections that did not come in time."),
)

_pool = _Pool()
_registry.register(_pool)


def watch_pool(stats: Callable[[], Mapping[str, int]]) -> None:
    _pool.stats = stats


def exposition() -> str:
    """All of it, in Prometheus' text format."""
    return prometheus_client.generate_latest(_registry).decode()
