"""Eastern time, business days and seeded draws, the same on every machine.

The daylight saving rule is written out here because a small host may carry no time zone database.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import cache
from random import Random
from typing import TypeVar

T = TypeVar("T")

PERIOD = (date(2025, 11, 1), date(2026, 10, 31))
DEMO_DAY = date(2026, 11, 16)
EXPORT_TIME = time(6, 0)
"""Nightly exports run at this Eastern time and hold what had happened by then."""

# US federal holidays as observed, mid 2025 to end of 2026 (source: 5 U.S.C. 6103).
HOLIDAYS = frozenset(
    date.fromisoformat(day)
    for day in (
        "2025-06-19 2025-07-04 2025-09-01 2025-10-13 2025-11-11 2025-11-27 2025-12-25 2026-01-01 2026-01-19 "
        "2026-02-16 2026-05-25 2026-06-19 2026-07-03 2026-09-07 2026-10-12 2026-11-11 2026-11-26 2026-12-25"
    ).split()
)


def _sunday(year: int, month: int, which: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(6 - first.weekday()) % 7 + 7 * (which - 1))


@cache
def zone(day: date) -> timezone:
    """The Eastern offset in force at noon of a day (switch days are Sundays; nothing happens at 2 a.m.)."""
    summer = _sunday(day.year, 3, 2) <= day < _sunday(day.year, 11, 1)
    return timezone(timedelta(hours=-4 if summer else -5))


def at(day: date, clock: str | time) -> datetime:
    """An Eastern instant from a local day and time of day (`HH:MM`)."""
    moment = time.fromisoformat(clock) if isinstance(clock, str) else clock
    return datetime.combine(day, moment, zone(day))


def instant(text: str) -> datetime:
    """An Eastern instant from `YYYY-MM-DDTHH:MM`."""
    local = datetime.fromisoformat(text)
    return at(local.date(), local.time())


def after(moment: datetime, **step: float) -> datetime:
    """A moment moved by a timedelta, in the Eastern offset of where it lands."""
    landed = moment + timedelta(**step)
    return landed.astimezone(zone(landed.date()))


def export_moment(day: date) -> datetime:
    """When the exports of a day are taken; whatever happened by then is in them."""
    return at(day, EXPORT_TIME)


def zulu(moment: datetime | None) -> str | None:
    """UTC to the second with a Z, as most web APIs print it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def is_business_day(day: date) -> bool:
    """Monday to Friday and not a federal holiday."""
    return day.weekday() < 5 and day not in HOLIDAYS


def business_day_up_to(day: date) -> date:
    """The day itself or the last business day before it."""
    while not is_business_day(day):
        day -= timedelta(days=1)
    return day


class Draw:
    """Seeded draws built on `Random.random` alone, whose sequence Python promises to keep between versions."""

    def __init__(self, *key: object) -> None:
        self._random = Random("|".join(["larkspur", *map(str, key)]))

    def below(self, bound: int) -> int:
        """A whole number from 0 to bound - 1."""
        return int(self._random.random() * bound)

    def between(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + self.below(high - low + 1)

    def one_of(self, items: Sequence[T]) -> T:
        """One item of a sequence."""
        return items[self.below(len(items))]

    def chance(self, percent: int) -> bool:
        """True in so many of a hundred draws."""
        return self.below(100) < percent
