"""Counters and times for Prometheus, under TF Serving's names where it has one."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from threading import Lock

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric

from seqapps.serving.errors import HTTP_STATUS

COUNT = ":tensorflow:serving:request_count"
LATENCY = ":tensorflow:serving:request_latency"  # microseconds
BOUNDS = (100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000,
          1_000_000, 2_000_000, 5_000_000, 10_000_000)  # fmt: skip
ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_CODES = {number: code for code, number in reversed(HTTP_STATUS.items())} | {
    413: "RESOURCE_EXHAUSTED",  # as gRPC says of a message that is too large
    500: "INTERNAL",
}
Available = Callable[[], Iterable[tuple[str, int]]]


class Metrics:
    """What happened since the server started; safe to use from many threads."""

    def __init__(self, available: Available = tuple) -> None:
        """`available` tells names and versions of what is served at the moment."""
        self._available = available
        self._lock = Lock()
        self._counts: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._latencies: dict[tuple[str, str, str], list[int]] = {}
        self._sums: defaultdict[tuple[str, str, str], float] = defaultdict(float)
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._rows = Histogram(
            "seqapps_batch_rows",
            "Rows of a batch before it is padded.",
            buckets=ROWS,
            registry=self._registry,
        )
        self._registry.register(self)

    def request(self, model: str, api: str, entrypoint: str, *, code: str, seconds: float) -> None:
        """One request that was answered or refused; `code` is a gRPC status name."""
        key = (model, api, entrypoint)
        micros = seconds * 1e6
        with self._lock:
            self._counts[model, code] += 1
            places = self._latencies.setdefault(key, [0] * (len(BOUNDS) + 1))
            places[bisect_left(BOUNDS, micros)] += 1
            self._sums[key] += micros

    def batch(self, rows: int) -> None:
        """One batch that was computed."""
        self._rows.observe(rows)

    def text(self) -> bytes:
        """All of it as Prometheus reads it."""
        return generate_latest(self._registry)

    def collect(self) -> Iterable[Metric]:
        """See prometheus_client: what is kept here."""
        count = Metric(COUNT, "Requests by model and status.", "unknown")
        latency = HistogramMetricFamily(
            LATENCY, "Microseconds of a request.", labels=("model_name", "API", "entrypoint")
        )
        with self._lock:
            for (model, code), value in sorted(self._counts.items()):
                count.add_sample(COUNT, {"model_name": model, "status": code}, value)
            for key, places in sorted(self._latencies.items()):
                latency.add_metric(key, _cumulative(places), self._sums[key])
        served = GaugeMetricFamily(
            "seqapps_version_available", "Versions that are served.", labels=("model", "version")
        )
        for name, number in self._available():
            served.add_metric((name, str(number)), 1)
        return count, latency, served


def code_of(status: int) -> str:
    """The gRPC name that an HTTP status comes nearest to.

    >>> code_of(429)
    'RESOURCE_EXHAUSTED'
    """
    return _CODES.get(status, "UNKNOWN")


def _cumulative(places: Sequence[int]) -> list[tuple[str, float]]:
    total, found = 0, []
    for bound, here in zip((*map(float, BOUNDS), "+Inf"), places, strict=True):
        total += here
        found.append((str(bound), float(total)))
    return found
