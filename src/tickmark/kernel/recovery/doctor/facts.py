"""The facts: whether each is what the entry says that wrote it, and whether each that an entry cites is there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps

from tickmark.kernel.dated import Fact
from tickmark.kernel.ledger.entry import Entry
from tickmark.kernel.recovery.findings import Finding
from tickmark.kernel.references import prefixes

PAGE = 500
BACKUP = "Compare with a backup, and find out who wrote past the actions; nothing can be proven from it until then."
JUMP = timedelta(minutes=10)


def examine() -> Iterator[Finding]:
    """Every fact and every citation."""
    for model in sorted(apps.get_models(), key=lambda model: str(model._meta.label)):
        if issubclass(model, Fact):
            for page in _pages(model):
                yield from _uncited(page)
    yield from _cited()


def _pages(model: Any) -> Iterator[list[Any]]:
    last = 0
    while page := list(model.objects.filter(pk__gt=last).order_by("pk")[:PAGE]):
        yield page
        last = page[-1].pk


def _uncited(page: list[Any]) -> Iterator[Finding]:
    cited = {
        uid: {fact["ref"]: fact["sha256"] for fact in facts}
        for uid, facts in Entry.objects.filter(uid__in={row.entry for row in page}).values_list(
            "uid", "facts"
        )
    }
    for row in page:
        said = cited.get(row.entry, {}).get(row.ref)
        if said is None:
            why = "No entry says that it was written."
            yield Finding("fact-uncited", f"{row.ref} stands in the books by no action.", why, BACKUP)
        elif said != Fact.digest(row):
            why = f"Its digest is not the one that the entry {row.entry} cites."
            yield Finding("fact-changed", f"{row.ref} was changed.", why, BACKUP)


def _cited() -> Iterator[Finding]:
    """Facts that an entry cites and that are gone; entries whose clock was behind the one before."""
    models, latest = prefixes(), None
    for page in _pages(Entry):
        wanted: dict[str, dict[int, str]] = defaultdict(dict)
        for entry in page:
            yield from _set_back(entry, latest)
            latest = max(latest or entry.recorded_at, entry.recorded_at)
            for fact in entry.facts:
                prefix, _, number = fact["ref"].partition("-")
                wanted[prefix][int(number)] = str(entry.uid)
        for prefix, numbers in sorted(wanted.items()):
            yield from _gone(models.get(prefix), prefix, numbers)


def _gone(model: Any, prefix: str, numbers: dict[int, str]) -> Iterator[Finding]:
    present = set(model._base_manager.filter(pk__in=numbers).values_list("pk", flat=True)) if model else set()
    for number in sorted(numbers.keys() - present):
        why = f"The entry {numbers[number]} says that it was written."
        yield Finding("fact-missing", f"{prefix}-{number} is gone.", why, BACKUP)


def _set_back(entry: Entry, latest: datetime | None) -> Iterator[Finding]:
    if latest is not None and entry.recorded_at < latest - JUMP:
        why = f"It is of {entry.recorded_at:%Y-%m-%d %H:%M:%S}, one before it of {latest:%Y-%m-%d %H:%M:%S} (UTC)."
        remedy = "The host's clock was set back. The order of the log counts; keep the clock in step (NTP)."
        yield Finding(
            "clock-set-back", f"The entry {entry.uid} is earlier than one before it.", why, remedy, False
        )
