"""Figures for Prometheus (prometheus.io/docs/instrumenting/exposition_formats), counted as things end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from chatops.api.stream import Streams
from chatops.engine.models import Catalog

TTFT_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
TURN_SECONDS = (0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0)


class Metrics:
    """The counters of one application. Labels take values that we choose, so that no client makes them many."""

    def __init__(self, streams: Streams, catalog: Catalog) -> None:
        self._catalog = catalog
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)  # memory, processor time, open files
        self._requests = self._counter("http_requests", "Requests answered", "method", "route", "status")
        self._errors = self._counter("errors", "Errors, in answers and in turns", "code")
        self._turns = self._counter("turns", "Turns ended", "surface", "provider", "status")
        self._tokens = self._counter("tokens", "Tokens as the providers counted them", "provider", "model", "kind")
        self._ttft = self._histogram("time_to_first_token", "From call to first token", TTFT_SECONDS)
        self._duration = self._histogram("turn_duration", "From question to stored answer", TURN_SECONDS)
        gauge = Gauge("chatops_open_streams", "Streams being read", registry=self._registry)
        gauge.set_function(lambda: streams.readers)

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(f"chatops_{name}", about, labels, registry=self._registry)

    def _histogram(self, name: str, about: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(f"chatops_{name}_seconds", about, ["provider"], buckets=buckets, registry=self._registry)

    def request(self, method: str, route: str, status: int, error: str | None) -> None:
        """Counts an answered request; `route` is the declared path, not the client's."""
        self._requests.labels(method, route, str(status)).inc()
        if error is not None:
            self._errors.labels(error).inc()

    def turn(self, figures: Mapping[str, Any]) -> None:
        """Counts an ended turn, by the figures of its log line."""
        provider = figures["provider"] or "none"
        self._turns.labels(figures["surface"], provider, figures["status"]).inc()
        known = f"{provider}:{figures['model']}" in self._catalog.known
        model = figures["model"] if known else "other"
        self._tokens.labels(provider, model, "input").inc(figures["input_tokens"])
        self._tokens.labels(provider, model, "output").inc(figures["output_tokens"])
        self._duration.labels(provider).observe(figures["duration_ms"] / 1000)
        if figures["ttft_ms"] is not None:
            self._ttft.labels(provider).observe(figures["ttft_ms"] / 1000)
        if figures["error"] is not None:
            self._errors.labels(figures["error"]).inc()

    def text(self) -> bytes:
        """All of them in Prometheus' text format, version 0.0.4."""
        return generate_latest(self._registry)
