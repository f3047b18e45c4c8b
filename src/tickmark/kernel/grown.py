"""Append-only tables only grow: what was read of one is added to, never read again.

Nothing here goes by time. A table is the same as before if it holds as many rows and its newest row has the same
number and the same ledger entry; a row that was committed late, or rolled back, shows in that and everything is read
anew. So what is held is as fresh as if it had been read again, on any number of servers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from django.apps import apps
from django.db import connection

from tickmark.kernel.reads import note, noted

R = TypeVar("R")
Mark = tuple[int, int, Any]
"""Rows of a table, and the number and the entry of the newest one."""
Row = tuple[Any, ...]
NOTHING: Mark = (0, 0, None)
LOST: Mark = (-1, 0, None)
"""Whoever holds a table has of it what no longer counts."""
TRIES = 5


_moment: ContextVar[dict[Any, Any] | None] = ContextVar("moment", default=None)


@contextmanager
def one_moment() -> Iterator[None]:
    """A stretch in which only reading is done, such as a page: how far the books have grown is asked once in it."""
    token = _moment.set({})
    try:
        yield
    finally:
        _moment.reset(token)


@contextmanager
def some_moment() -> Iterator[None]:
    """The moment that was begun, or one of its own."""
    if _moment.get() is not None:
        yield
    else:
        with one_moment():
            yield


def in_a_moment() -> bool:
    """Whether a moment was begun."""
    return _moment.get() is not None


_first: list[Callable[[], Any]] = []


def begins_with(ask: Callable[[], R]) -> Callable[[], R]:
    """Make this the first question of each moment: whatever else is asked in it is no older."""
    _first.append(ask)
    return ask


def begin_anew() -> None:
    """Something was written: what was asked in this moment no longer holds."""
    found = _moment.get()
    if found is not None:
        found.clear()


def in_this_moment(key: Any, ask: Callable[[], R]) -> R:
    """An answer that is asked once in a moment; each time where none was begun."""
    found = _moment.get()
    if found is None:
        return ask()
    if not found:
        found[None] = None, ()
        for first in _first:
            first()
    if key not in found:
        with noted() as tables:
            answer = ask()
        found[key] = answer, tables
    held, tables = found[key]
    note(tables)
    return held  # type: ignore[no-any-return]


class Table:
    """How far an append-only table has grown, without counting all of it each time.

    A row that is committed late has a lower number than others that were seen. It can only come from a transaction that
    was writing when they were seen; so what was there while none was is counted once. The last `SLACK` numbers are
    counted each time.
    """

    def __init__(self, label: str, stamp: str = "entry") -> None:
        self.label, self.stamp = label, stamp
        self.forget()

    def forget(self) -> None:
        """Count all of it the next time."""
        self.below = self.counted = 0

    def mark(self) -> Mark:
        """Rows, and the number and the stamp of the newest one."""
        rows: Any = apps.get_model(self.label)._default_manager.order_by()
        newest = rows.order_by("-pk").values_list("pk", self.stamp).first() or (0, None)
        tail = rows.filter(pk__gt=self.below, pk__lte=newest[0]).count()  # no row that came after the newest
        count = self.counted + tail
        if tail > 2 * SLACK and none_writes(rows.model._meta.db_table):
            below = newest[0] - SLACK
            self.counted += rows.filter(pk__gt=self.below, pk__lte=below).count()
            self.below = below
        return (count, *newest)


SLACK = 1000


def none_writes(table: str) -> bool:
    """Whether no transaction is open that may have drawn a number of the table."""
    if connection.in_atomic_block:
        return False
    if connection.vendor == "sqlite":
        return True  # one writes at a time, and draws its numbers in turn
    sql = "select 1 from pg_locks where relation = %s::regclass and mode = 'RowExclusiveLock' limit 1"
    with connection.cursor() as cursor:
        cursor.execute(sql, [table])  # whoever inserts holds this lock from before the number until the end
        return cursor.fetchone() is None


class Grown:
    """The rows of an append-only table as tuples: its key, its entry, then `fields`."""

    def __init__(self, label: str, *fields: str) -> None:
        self.table, self.fields = Table(label), ("pk", "entry", *fields)
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self.table.forget()
        self.seen: Mark = NOTHING

    def lose(self) -> None:
        """What was given as news did not arrive: begin anew, and say so."""
        self.table.forget()
        self.seen = LOST

    def news(self) -> tuple[list[Row], bool]:
        """The rows that came since the last question, oldest first, and whether what came before is to be forgotten.

        What is held is checked against the table afterwards, so that a row which was committed late is never missed.
        """
        rows: Any = apps.get_model(self.table.label)._default_manager.all()
        if self.seen == LOST:
            self.forget()
        for _ in range(TRIES):
            count, last, entry = self.seen
            if last and rows.filter(pk=last, entry=entry).exists() is False:
                self.forget()
                continue
            found = list(rows.filter(pk__gt=last).order_by("pk").values_list(*self.fields))
            newest = (found[-1][0], found[-1][1]) if found else (last, entry)
            held: Mark = (count + len(found), *newest)
            if self.table.mark() == held:
                self.seen = held
                return found, count == 0
            self.forget()
        found = list(rows.order_by("pk").values_list(*self.fields))
        self.seen = LOST
        return (
            found,
            True,
        )  # the table grows while it is read: this much it held, and the next news are all again


def news_of(*tables: Grown) -> tuple[list[list[Row]], bool]:
    """The news of tables that are held together, read in this order; whether what was held of them is to be forgotten.

    Then all of them begin anew, and their news are all their rows.
    """
    had = [table.seen != NOTHING for table in tables]
    with arriving(*tables):
        found = [table.news() for table in tables]
        if any(before and again for before, (_, again) in zip(had, found, strict=True)):
            for table in tables:
                table.forget()
            return [table.news()[0] for table in tables], True
    return [rows for rows, _ in found], False


@contextmanager
def arriving(*tables: Grown) -> Iterator[None]:
    """A stretch in which news are taken over; if it fails they are told again."""
    try:
        yield
    except BaseException:
        for table in tables:
            table.lose()
        raise
