"""The chain of periods: each begins on the day after the one before ended; no gap, no overlap (domain.md 9.3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal, NamedTuple

from tickmark.kernel.calendars import add_months

MONTHS = 12
SHORTEST_MONTHS, LONGEST_MONTHS = 3, 15
"""A change of the year's end makes one shorter or longer period within these (domain.md 9.3)."""


class Days(NamedTuple):
    """Inclusive first and last day."""

    start: date
    end: date


@dataclass(frozen=True)
class Break:
    """Two neighbouring periods that do not fit: a gap or an overlap, its days, and what to do."""

    name: Literal["gap", "overlap"]
    start: date
    end: date

    @property
    def what(self) -> str:
        """The break in a sentence."""
        if self.name == "gap":
            return f"No period covers {self.start} to {self.end}."
        return f"Two periods cover {self.start} to {self.end}."


def next_period(end: date, months: int = MONTHS) -> Days:
    """The period that follows without a gap: from the day after, so many months long."""
    start = end + timedelta(days=1)
    return Days(start, add_months(start, months) - timedelta(days=1))


def break_between(before: Days, after: Days) -> Break | None:
    """Gap or overlap between two periods, the earlier one first."""
    expected = before.end + timedelta(days=1)
    if after.start == expected:
        return None
    if after.start > expected:
        return Break("gap", expected, after.start - timedelta(days=1))
    return Break("overlap", after.start, min(before.end, after.end))


def chain_breaks(periods: Iterable[Days]) -> list[Break]:
    """Gaps and overlaps in a chain of periods, oldest first."""
    return [found for one, other in pairwise(sorted(periods)) if (found := break_between(one, other))]
