"""The books as a database: their state, their guards, their clock, and the work that is under way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Max

from tickmark.kernel import clock, triggers
from tickmark.kernel.jobs import LIMIT, SILENCE, Slot
from tickmark.kernel.ledger import epoch
from tickmark.kernel.ledger.entry import Checkpoint, Entry
from tickmark.kernel.recovery.findings import Finding

LATE = timedelta(hours=1)
SLACK = timedelta(minutes=1)
"""Clocks of two hosts may differ by so much."""


def pending() -> Iterator[Finding]:
    """Books of an older version, or none: nothing else can be looked at."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        why = f"{len(plan)} migrations have not run, the first is {plan[0][0]}."
        remedy = "Take a backup with the version that wrote them, then start this one once."
        yield Finding("books-pending", "The books are of an older version, or empty.", why, remedy)


def broken() -> Iterator[Finding]:
    """A damaged file: what is read from it cannot be judged."""
    if connection.vendor != "sqlite":
        return
    remedy = "Restore the newest backup."
    try:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA integrity_check(20)")
            said = [line for (line,) in cursor.fetchall() if line != "ok"]
    except DatabaseError as error:
        said = [str(error)]
    for line in said:
        yield Finding("books-broken", "The database file is damaged.", f"SQLite says: {line}.", remedy)


def examine() -> Iterator[Finding]:
    """Everything of them but rows and log."""
    yield from _dangling()
    yield from _unguarded()
    yield from _ahead_of_time()
    yield from _slots()
    yield from _secrets()
    if epoch.moved():
        why = "Their last entry says so."
        yield Finding(
            "books-moved", "The books of this home were moved elsewhere.", why, "Leave it stopped.", False
        )


def _dangling() -> Iterator[Finding]:
    """SQLite alone can be written to with references unchecked; PostgreSQL never lets it come to this."""
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA foreign_key_check")
        for table, row, target, _ in cursor.fetchall():
            why = f"Row {row} of {table} leads to a row of {target} that is not there."
            yield Finding("books-dangling", "A reference leads nowhere.", why, "Compare with a backup.")


def _unguarded() -> Iterator[Finding]:
    for table in triggers.unguarded(apps, connection):
        what = f"The rows of {table} can be changed."
        why = "Its append-only trigger is missing or was made harmless."
        remedy = "Find out who took it away; the next start of Tickmark puts a missing one back."
        yield Finding("trigger-missing", what, why, remedy)


def _ahead_of_time() -> Iterator[Finding]:
    now = clock.now()
    newest = Entry.objects.aggregate(at=Max("recorded_at"))["at"]
    sealed = Checkpoint.objects.aggregate(at=Max("sealed_at"))["at"]
    for what, at in (("entry", newest), ("checkpoint", sealed)):
        if at is not None and at > now + SLACK:
            why = f"It is of {at.isoformat(timespec='seconds')}; the clock says {now.isoformat(timespec='seconds')}."
            remedy = "Set the clock of this host right before anything else is recorded."
            yield Finding("clock-behind", f"The newest {what} is later than now.", why, remedy)


def _slots() -> Iterator[Finding]:
    now = clock.now()
    for row in Slot.objects.order_by("pk"):
        if row.finished_at is None and row.started_at and _left_alone(row, now):
            why = f"It was started {row.started_at.isoformat(timespec='seconds')} and never ended."
            yield Finding(
                "slot-unfinished", f"{row} is unfinished.", why, "Start the worker: it is taken up again."
            )
        elif row.finished_at is None and not row.started_at and row.due_at < now - LATE:
            why = f"It was due {row.due_at.isoformat(timespec='seconds')} and nobody took it."
            yield Finding("slot-waiting", f"{row} waits.", why, "Start the worker: tickmark worker.")
        elif row.finished_at and row.error:
            remedy = "Mend what it names; the next one is made when it is due."
            yield Finding("slot-given-up", f"{row} was given up.", row.error, remedy, problem=False)


def _left_alone(row: Slot, now: datetime) -> bool:
    """Whether its worker fell silent, or takes longer than any try may."""
    silent = row.alive_at is not None and row.alive_at < now - 2 * SILENCE
    return silent or (row.started_at is not None and row.started_at < now - LIMIT)


def _secrets() -> Iterator[Finding]:
    for path in sorted((Path(settings.HOME) / "secrets").glob("*")):
        if path.stat().st_mode & 0o077:
            why = f"Its mode is {path.stat().st_mode & 0o777:o}."
            yield Finding("secret-open", f"Others can read {path}.", why, f"chmod 600 {path}")
