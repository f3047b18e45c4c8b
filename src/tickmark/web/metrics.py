"""Figures for Prometheus: what this process served, and what the books say of slots, worker and log."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest

from tickmark.kernel import beats, clock, health, jobs, secrets
from tickmark.kernel.ledger.entry import written
from tickmark.kernel.ledger.seal import latest

REGISTRY = CollectorRegistry()
SERVED = Counter(
    "tickmark_requests", "Requests served by this process.", ["route", "method", "status"], registry=REGISTRY
)
SECONDS = Histogram(
    "tickmark_request_seconds", "How long requests took, in seconds.", ["route"], registry=REGISTRY,
    buckets=(0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)  # fmt: skip


class Books:
    """What the books say at the moment they are asked; each host answers the same."""

    def describe(self) -> list[Metric]:
        """Nothing before the books are there: a registry asks this when it is made."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Slots by state, entries sealed and not, the worker's last word, what is wrong."""
        slots = GaugeMetricFamily("tickmark_slots", "Slots by state.", labels=["state"])
        for state, number in jobs.by_state().items():
            slots.add_metric([state], number)
        yield slots
        newest, entries = latest(), written()
        sealed = newest.size if newest else 0
        yield GaugeMetricFamily("tickmark_entries_sealed", "Entries with a place in the log.", sealed)
        yield GaugeMetricFamily("tickmark_entries_unsealed", "Entries without one.", max(0, entries - sealed))
        beat = beats.newest()
        if beat is not None:
            age = (clock.system_now() - beat.at).total_seconds()
            yield GaugeMetricFamily("tickmark_last_tick_seconds", "Since a worker's last round.", age)
        well = GaugeMetricFamily("tickmark_part_ok", "1 where /healthz finds a part well.", labels=["part"])
        parts = health.look()
        for name in dict.fromkeys(part.name for part in parts):
            well.add_metric([name], all(part.ok for part in parts if part.name == name))
        yield well


REGISTRY.register(Books())
ProcessCollector(registry=REGISTRY)


def secret() -> str:
    """The token that reads the figures: a file of the home's secrets, for Prometheus to read."""
    return secrets.keep("metrics", Path(settings.HOME))


def may_read(request: HttpRequest) -> bool:
    """Whether the request carries the token. Coming from this machine is no proof: a proxy does too."""
    given = request.headers.get("Authorization", "")
    return hmac.compare_digest(given.encode(), f"Bearer {secret()}".encode())


def figures() -> bytes:
    """The figures in Prometheus' text format."""
    return generate_latest(REGISTRY)
