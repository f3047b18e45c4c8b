"""What is due at this moment: each minute every register is asked, and the answer becomes slots (design.md 7)."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from tickmark.evidence.models import Connection, ConnectionVersion
from tickmark.kernel import clock, jobs
from tickmark.kernel.jobs import Slot
from tickmark.kernel.ledger.entry import LogLock
from tickmark.kernel.ledger.seal import seal


def tick() -> list[Slot]:
    """Enqueue what is due now, close what was given up, seal what was written. A repeat is harmless."""
    with transaction.atomic():
        LogLock.objects.get_or_create(pk=1)
        LogLock.objects.select_for_update().get(pk=1)
        made = [_collect(version) for version in ConnectionVersion.objects.as_of(clock.today()) if version.every]
    jobs.give_up()
    seal()
    return made


def _collect(version: ConnectionVersion) -> Slot:
    connection: Connection = version.connection
    slot = f"{connection.code}:{slot_of(version.every, clock.today())}"
    return jobs.enqueue("collect", slot, {"connection": connection.pk, "by": "job:tick"})


def slot_of(every: str, day: date) -> str:
    """The slot that holds a day: the day itself, its ISO week, or its month."""
    if every == "week":
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02}"
    return f"{day:%Y-%m}" if every == "month" else day.isoformat()
