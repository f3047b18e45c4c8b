"""What is due at this moment: each minute every register is asked, and the answer becomes slots (design.md 7)."""

from __future__ import annotations

from datetime import date, datetime

from tickmark.evidence.models import ConnectionVersion
from tickmark.kernel import clock, jobs, limits
from tickmark.kernel.jobs import Slot
from tickmark.kernel.ledger.seal import lock, seal
from tickmark.people.actions import prune_sign_ins
from tickmark.people.models import User
from tickmark.upkeep import checkpoints, telling
from tickmark.upkeep.models import Rhythm

MORNING = 6
"""The hour (UTC) from which on a day's digests go out."""
SATURDAY = 5


def tick() -> list[Slot]:
    """Enqueue what is due now, close what was given up, seal what was written. A repeat is harmless."""
    today = clock.today()
    with lock():
        connected = ConnectionVersion.objects.as_of(today).exclude(every="").select_related("connection")
        due = [_collect(version, today) for version in connected.order_by("connection__code")]
    jobs.give_up()
    prune_sign_ins()
    limits.prune()
    if not telling.silent():
        _digests(clock.now())
        _checkpoints(clock.now())
    seal()
    return due


def _digests(now: datetime) -> None:
    """One slot for each account and working day, or week, from the morning on."""
    if now.hour < MORNING or now.weekday() >= SATURDAY:
        return
    users = list(User.objects.filter(is_active=True).values_list("pk", flat=True))
    rhythms = telling.rhythms(users)
    jobs.enqueue_all(
        "digest",
        {
            f"US-{pk}:{slot_of(rhythms[pk], now.date())}": {"user": pk}
            for pk in users
            if rhythms[pk] != Rhythm.OFF
        },
    )


def _checkpoints(now: datetime) -> None:
    """What did not leave is tried again each hour; where there is no mail server nothing would change."""
    if telling.mail_leaves():
        for engagement in {one.engagement.pk for one in checkpoints.gaps()}:
            checkpoints.try_again(engagement, now)


def _collect(version: ConnectionVersion, today: date) -> Slot:
    slot = f"{version.connection.code}:{slot_of(version.every, today)}"
    return jobs.enqueue("collect", slot, {"connection": version.connection.pk, "by": "job:tick"})


def slot_of(every: str, day: date) -> str:
    """The slot that holds a day: the day itself, its ISO week, or its month."""
    if every == "week":
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02}"
    return f"{day:%Y-%m}" if every == "month" else day.isoformat()
