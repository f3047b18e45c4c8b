"""Slots: what is to be done at a moment, once. The queue is unimportant; a slot row is the queue.

A repeat of (what, slot) is harmless. A worker holds a slot while it says so every few seconds; a slot whose worker fell
silent, or that takes longer than its limit, is taken again, at most three times, and then stands with its reason for
everyone to see. What a job records, it records `once`: in one transaction with the note that it is recorded, and only
while it holds the slot (docs/decisions/021). Work that a command does while people watch (`begin`, `end`) has a row
too, and no worker takes it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import F, Q

from tickmark.kernel import clock, faults
from tickmark.kernel.errors import Conflict, TickmarkError, Unavailable

TRIES = 3
LIMIT = timedelta(hours=1)
"""How long one try may take, however alive its worker is: a job that hangs is not waited for."""
SILENCE = timedelta(minutes=1)
"""How long a worker may say nothing before its slot is taken from it: it was killed, or cut off."""
PAUSE = timedelta(minutes=1)
Job = Callable[["Slot"], None]
JOBS: dict[str, Job] = {}
_held: set[tuple[int, int]] = set()
"""Slots that this process works on, with the number of the try."""
log = logging.getLogger("tickmark.jobs")


class Slot(models.Model):
    """One piece of work under its key, such as `collect` at `CN-3:2026-11-23`. Bookkeeping, not a fact.

    `set_at` is the moment at which somebody said when it is due.
    """

    what = models.CharField(max_length=60)
    slot = models.CharField(max_length=120)
    arguments = models.JSONField(default=dict)
    due_at = models.DateTimeField(db_index=True)
    set_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    alive_at = models.DateTimeField(null=True)
    parts = models.JSONField(default=list)
    finished_at = models.DateTimeField(null=True)
    tries = models.SmallIntegerField(default=0)
    doing = models.CharField(max_length=200, blank=True)
    done = models.IntegerField(default=0)
    total = models.IntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["what", "slot"], name="one_row_per_slot")]

    def __str__(self) -> str:
        return f"{self.what}:{self.slot}"

    def progress(self, doing: str, done: int = 0, total: int = 0) -> None:
        """Say what is being done now, for whoever watches."""
        Slot.objects.filter(pk=self.pk).update(doing=doing[:200], done=done, total=total)

    @property
    def state(self) -> str:
        """waiting, running, done, or given up."""
        if self.finished_at:
            return "given up" if self.error else "done"
        return "running" if self.started_at else "waiting"


def job(name: str) -> Callable[[Job], Job]:
    """Register the function that works on slots of this name."""

    def register(function: Job) -> Job:
        JOBS[name] = function
        return function

    return register


def enqueue(
    what: str, slot: str, arguments: dict[str, Any] | None = None, due_at: datetime | None = None
) -> Slot:
    """Make the slot if it does not stand yet, due now or at a later moment; either way return it."""
    now = clock.now()
    row, _ = Slot.objects.get_or_create(
        what=what, slot=slot, defaults={"arguments": arguments or {}, "due_at": due_at or now, "set_at": now}
    )
    return row


def enqueue_all(what: str, slots: Mapping[str, dict[str, Any]]) -> None:
    """Make those slots that do not stand yet, each with its arguments, in two queries however many they are."""
    standing = set(Slot.objects.filter(what=what, slot__in=slots).values_list("slot", flat=True))
    now = clock.now()
    Slot.objects.bulk_create(
        [
            Slot(what=what, slot=slot, arguments=arguments, due_at=now, set_at=now)
            for slot, arguments in slots.items()
            if slot not in standing
        ],
        ignore_conflicts=True,
    )


def forget(row: Slot, name: str) -> None:
    """Take an argument out of a slot once it was used, such as a sealed link that has been mailed."""
    rest = {key: value for key, value in row.arguments.items() if key != name}
    Slot.objects.filter(pk=row.pk).update(arguments=rest)


STATES = {
    "waiting": Q(started_at=None, finished_at=None),
    "running": Q(started_at__isnull=False, finished_at=None),
    "done": Q(finished_at__isnull=False, error=""),
    "given_up": Q(finished_at__isnull=False) & ~Q(error=""),
}


def by_state() -> dict[str, int]:
    """How many slots wait, run, are done and were given up."""
    counts = {name: models.Count("pk", filter=state) for name, state in STATES.items()}
    found: dict[str, int] = Slot.objects.aggregate(**counts)
    return found


def find(what: str, slot: str) -> Slot | None:
    """The slot under this key, if it was made."""
    return Slot.objects.filter(what=what, slot=slot).first()


def claim() -> Slot | None:
    """Take the next open slot, by one conditional update so that two workers never share it."""
    now = clock.now()
    # set in time to come: the clock was set back, and what was to be done soon is not kept waiting for it
    set_back = Q(set_at__gt=now + SILENCE, due_at__lte=F("set_at") + LIMIT)
    due = Q(due_at__lte=now) | set_back
    stale = Q(tries__lt=TRIES) & _left_alone(now)
    free = Slot.objects.filter(Q(started_at=None) | stale, due, finished_at=None, what__in=JOBS)
    for row in free.order_by("due_at", "pk")[:5]:
        taken = free.filter(pk=row.pk, tries=row.tries).update(
            started_at=now, alive_at=now, tries=F("tries") + 1, error=""
        )
        if taken:
            row.refresh_from_db()
            return row
    return None


def _left_alone(now: datetime) -> Q:
    """Started slots whose worker fell silent or took too long; a time to come is of a clock that was set back."""
    silent = Q(alive_at__lt=now - SILENCE) | Q(alive_at__gt=now + SILENCE)
    return Q(started_at__lt=now - LIMIT) | Q(started_at__isnull=False) & silent


def stay() -> None:
    """Say that this process still works on what it holds; a worker calls it every few seconds beside its work."""
    for pk, tries in list(_held):
        Slot.objects.filter(pk=pk, tries=tries, finished_at=None).update(alive_at=clock.now())


def run(row: Slot) -> None:
    """Do the work of a claimed slot and write down how it ended."""
    _held.add((row.pk, row.tries))
    try:
        JOBS[row.what](row)
    except Unavailable as error:
        _again(row, str(error))
    except TickmarkError as error:
        _finish(row, str(error))
    except Exception as error:
        ours = faults.told(error)
        if ours is None:
            log.exception("slot %s failed", row)
        _again(row, str(ours) if ours else f"{type(error).__name__}: {error}")
    else:
        _finish(row, "")
    finally:
        _held.discard((row.pk, row.tries))


def once(row: Slot, part: str, record: Callable[[], object]) -> None:
    """Do a part of the slot's work unless an earlier try did it: recorded and noted in one transaction.

    Raises Conflict if another worker has the slot by now: whoever was too slow records nothing.
    """
    with transaction.atomic():
        held = _of(row).select_for_update().first()
        if held is None:
            raise Conflict(
                f"{row} was taken over.",
                "This worker fell silent, or took too long.",
                "Nothing is left to do: another one does it.",
            )
        if part not in held.parts:
            record()
            _of(row).update(parts=[*held.parts, part])


def _again(row: Slot, error: str) -> None:
    """Open the slot for another try a little later, or close it after the last one."""
    if row.tries >= TRIES:
        _finish(row, error)
    else:
        now = clock.now()
        _of(row).update(started_at=None, due_at=now + row.tries * PAUSE, set_at=now, error=error)


def work() -> int:
    """Work on open slots until none is left; returns how many were done."""
    count = 0
    while work_one():
        count += 1
    return count


def work_one() -> bool:
    """Work on the next open slot; False if there is none."""
    row = claim()
    if row is not None:
        run(row)
    return row is not None


def give_up() -> list[Slot]:
    """Close slots that were started three times and never finished, so that they stand with a reason."""
    stale = Slot.objects.filter(_left_alone(clock.now()), finished_at=None, tries__gte=TRIES)
    stuck = list(stale.filter(what__in=JOBS))
    for row in stuck:
        _finish(row, f"It was started {row.tries} times and never finished.")
    return stuck


def begin(row: Slot) -> None:
    """Take a slot that no worker runs, such as work that a command does while people watch."""
    row.tries += 1
    Slot.objects.filter(pk=row.pk).update(started_at=clock.now(), tries=row.tries, error="")


def end(row: Slot) -> None:
    """Close a slot that `begin` took."""
    _finish(row, "")


def _finish(row: Slot, error: str) -> None:
    _of(row).update(finished_at=clock.now(), error=error, doing="")
    outcome = "given up" if error else "done"
    log.log(
        logging.WARNING if error else logging.INFO,
        "%s %s",
        row,
        error or outcome,
        extra={"slot": str(row), "outcome": outcome},
    )


def _of(row: Slot) -> models.QuerySet[Slot]:
    """The slot while this try of it holds it: whoever was too slow and was replaced no longer ends it."""
    return Slot.objects.filter(pk=row.pk, tries=row.tries, finished_at=None)
