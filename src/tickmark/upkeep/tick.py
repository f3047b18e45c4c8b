"""What is due at this moment: each minute every register is asked, and the answer becomes slots (design.md 7)."""

from __future__ import annotations

from datetime import date

from tickmark.evidence.models import ConnectionVersion
from tickmark.kernel import clock, jobs, limits
from tickmark.kernel.jobs import Slot
from tickmark.kernel.ledger.seal import lock, seal
from tickmark.people.actions import prune_sign_ins


def tick() -> list[Slot]:
    """Enqueue what is due now, close what was given up, seal what was written. A repeat is harmless."""
    today = clock.today()
    with lock():
        connected = ConnectionVersion.objects.as_of(today).exclude(every="").select_related("connection")
        due = [_collect(version, today) for version in connected.order_by("connection__code")]
    jobs.give_up()
    prune_sign_ins()
    limits.prune()
    seal()
    return due


def _collect(version: ConnectionVersion, today: date) -> Slot:
    slot = f"{version.connection.code}:{slot_of(version.every, today)}"
    return jobs.enqueue("collect", slot, {"connection": version.connection.pk, "by": "job:tick"})


def slot_of(every: str, day: date) -> str:
    """The slot that holds a day: the day itself, its ISO week, or its month."""
    if every == "week":
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02}"
    return f"{day:%Y-%m}" if every == "month" else day.isoformat()
