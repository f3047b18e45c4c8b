"""Which operations of a recurring control a period must show, and whether each took place (domain.md 7.5).

Three ways to count, by the wording of the control: calendar buckets ("each quarter"), an interval ("every 90
days") and years ("at least annually"). An occurrence is derived, never stored; it is met by a performance
that says which occurrence it is of. Every day is a local date; `day` always means the end of that day.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Literal

from tickmark.kernel.calendars import BusinessCalendar, add_business_days, add_months
from tickmark.kernel.errors import Invalid

Bucket = Literal["day", "week", "month", "quarter", "half-year", "year"]
Chain = Literal["bucket_end", "performance"]
"""What decides in which report of a chain of periods an occurrence stands."""

ABOUT_A_YEAR = 15
"""Days by which "about a year" may fall short of twelve months; a firm may pass another number."""

FREQUENCIES: dict[str, Bucket | None] = {
    "continuous": None,
    "event": None,
    "event+annual": "year",
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
    "quarterly": "quarter",
    "semi-annual": "half-year",
    "annual": "year",
}
"""The frequencies of a control; None has no expected occurrences (a setting, or one per event)."""

_MONTHS: dict[str, int] = {"month": 1, "quarter": 3, "half-year": 6, "year": 12}


class State(StrEnum):
    """Where an occurrence stands at the end of a day."""

    MET = "met"
    LATE = "late"
    MISSED = "missed"
    NOT_YET_DUE = "not yet due"
    OVERDUE = "overdue"


@dataclass(frozen=True)
class Grace:
    """How long after its bucket an occurrence may be performed: days, or business days of a calendar."""

    days: int = 0
    calendar: BusinessCalendar | None = None

    def after(self, day: date) -> date:
        """The last day that is in time."""
        return (
            add_business_days(day, self.days, self.calendar)
            if self.calendar
            else day + timedelta(days=self.days)
        )


@dataclass(frozen=True)
class Performance:
    """One performance of a control: the day it was done (`on`) and the key of the occurrence it is `of`."""

    on: date
    of: str


@dataclass(frozen=True)
class Standing:
    """The state of an occurrence at the end of a day, with the performance that decides it.

    `remarks` holds what an auditor must decide: performed after the period, performed after being missed.
    """

    state: State
    performed_on: date | None = None
    days_late: int = 0
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Occurrence:
    """One expected operation. `key` is stable: 2026-06-30, 2026-W26, 2026-06, 2026-Q2, 2026-H1, 2026."""

    key: str
    start: date
    end: date
    due: date
    lost_after: date
    """The end of the following bucket: a performance later than this cannot stand for this occurrence."""

    def met_by(
        self, performances: Iterable[Performance], day: date, period_end: date | None = None
    ) -> Standing:
        """Where the occurrence stands at the end of `day`, from the performances known by then.

        The first performance counts that names this occurrence, was done by `day` and not before the bucket
        began. `period_end` adds a remark to one done after the period; it does not change the state.
        """
        done = first_performance(self, performances, day)
        if done is None:
            return Standing(self._open_state(day))
        late = max((done - self.due).days, 0)
        if done > self.lost_after:
            return Standing(
                State.MISSED, None, 0, (f"performed on {done}, after the following one had ended",)
            )
        after = period_end is not None and done > period_end
        remarks = (f"performed on {done}, after the period's end: the auditor decides",) if after else ()
        return Standing(State.LATE if late else State.MET, done, late, remarks)

    def anchor(self, performances: Iterable[Performance] = ()) -> date:
        """The day that places the occurrence when chaining by performance: done, or due if that was earlier.

        A late performance thus stays in the report in which it was due, and no later record moves it.
        """
        return min(first_performance(self, performances) or self.due, self.due)

    def _open_state(self, day: date) -> State:
        if day < self.due:
            return State.NOT_YET_DUE
        return State.OVERDUE if day <= self.lost_after else State.MISSED


def first_performance(
    occurrence: Occurrence, performances: Iterable[Performance], day: date | None = None
) -> date | None:
    """The first day on which it was performed, among those not before its bucket and not after `day`."""
    days = (one.on for one in performances if one.of == occurrence.key and one.on >= occurrence.start)
    return min((on for on in days if day is None or on <= day), default=None)


def bucket_of(every: Bucket, day: date) -> tuple[str, date, date]:
    """The bucket that holds the day: key, first day, last day. Weeks are ISO weeks, Monday to Sunday."""
    if every == "day":
        return day.isoformat(), day, day
    if every == "week":
        year, week, weekday = day.isocalendar()
        start = day - timedelta(days=weekday - 1)
        return f"{year:04}-W{week:02}", start, start + timedelta(days=6)
    length = _months(every)
    start = date(day.year, (day.month - 1) // length * length + 1, 1)
    return _month_key(start, length), start, add_months(start, length) - timedelta(days=1)


def buckets(
    every: Bucket, start: date, end: date, grace: Grace = Grace(), calendar: BusinessCalendar | None = None
) -> list[Occurrence]:
    """The buckets that end within the inclusive period; with a `calendar`, only its days count."""
    _require_period(start, end)
    found = []
    occurrence = _occurrence(every, start, grace, calendar)
    while occurrence.end <= end:
        if not (every == "day" and calendar and not calendar.is_business_day(occurrence.end)):
            found.append(occurrence)
        occurrence = _occurrence(every, occurrence.end + timedelta(days=1), grace, calendar)
    return found


def years(start: date, end: date, grace: Grace = Grace(), about: int = ABOUT_A_YEAR) -> list[Occurrence]:
    """ "At least annually": one occurrence for each year of the period, counted back from its end.

    Keys read `year-to-2026-10-31`. A period shorter than about a year expects none: see
    `annual_in_short_period`.
    """
    _require_period(start, end)
    found: list[Occurrence] = []
    last = end
    while (first := add_months(last + timedelta(days=1), -12)) >= start - timedelta(days=about):
        begin, following = max(first, start), add_months(last + timedelta(days=1), 12) - timedelta(days=1)
        found.append(Occurrence(f"year-to-{last}", begin, last, grace.after(last), following))
        last = first - timedelta(days=1)
    return found[::-1]


def occurrences(
    frequency: str,
    start: date,
    end: date,
    grace: Grace = Grace(),
    calendar: BusinessCalendar | None = None,
    chain: Chain = "bucket_end",
    performances: Sequence[Performance] = (),
) -> list[Occurrence]:
    """What a control of this frequency is expected to show in the inclusive period.

    "annual" and "event+annual" mean "at least annually"; for "each calendar year" call `buckets("year", …)`.
    `chain` chooses the one key of a whole chain of periods: with "performance" the list depends on
    `performances`. Raises Invalid for an unknown frequency or a period that ends before it starts.
    """
    every = bucket_for(frequency)
    if every is None:
        return []
    if every == "year":
        return years(start, end, grace)
    if chain == "bucket_end":
        return buckets(every, start, end, grace, calendar)
    return _by_performance(every, start, end, grace, calendar, performances)


def bucket_for(frequency: str) -> Bucket | None:
    """The bucket of a frequency, None if it expects no occurrences; raises Invalid if it is unknown."""
    if frequency not in FREQUENCIES:
        raise Invalid(
            f"There is no frequency {frequency!r}.",
            f"Known are: {', '.join(FREQUENCIES)}.",
            "Choose one of these.",
            field="frequency",
        )
    return FREQUENCIES[frequency]


def candidates(every: Bucket, day: date, grace: Grace = Grace()) -> list[str]:
    """The keys a performance on this day may be of, oldest first: those still within grace, then the day's
    own.

    A list to choose from; which one it was, the performer says.
    """
    key, start, _ = bucket_of(every, day)
    keys = [key]
    while grace.after(start - timedelta(days=1)) >= day:
        key, start, _ = bucket_of(every, start - timedelta(days=1))
        keys.append(key)
    return keys[::-1]


def timeliness(due: date, performed: date | None, end: date) -> Standing:
    """One thing per event (a training, an acknowledgement) at the end of the period; never `missed` by
    itself.

    A performance after `end` is not seen: at that day it had not happened.
    """
    if performed is None or performed > end:
        return Standing(State.OVERDUE if due <= end else State.NOT_YET_DUE)
    late = max((performed - due).days, 0)
    return Standing(State.LATE if late else State.MET, performed, late)


@dataclass(frozen=True)
class Interval:
    """The longest time between performances: days, or calendar months ("three months" is not 90 days)."""

    days: int = 0
    months: int = 0
    grace: Grace = field(default_factory=Grace)

    def latest_after(self, day: date) -> date:
        """The last day in time for the performance that follows one on `day`."""
        return self.grace.after(add_months(day, self.months) + timedelta(days=self.days))


@dataclass(frozen=True)
class Stretch:
    """The time from one performance to the next, or to the period's end.

    `after` is None where no performance before the period is known. `too_long` is None where that leaves it
    open.
    """

    after: date | None
    until: date
    latest: date | None
    too_long: bool | None


def stretches(
    performed: Iterable[date], start: date, end: date, interval: Interval, predecessor: date | None = None
) -> list[Stretch]:
    """The stretches an interval control must keep short: predecessor to first, between, and last to `end`.

    Without a known predecessor the first stretch is too long if even counted from the day before `start` it
    is; otherwise it stays open. Raises Invalid when the interval is nothing or the period is upside down.
    """
    _require_period(start, end)
    if interval.days <= 0 and interval.months <= 0:
        raise Invalid("The interval is empty.", "", "Give days or months.", field="interval")
    earlier = {day for day in performed if day < start} | ({predecessor} if predecessor else set())
    inside = sorted({day for day in performed if start <= day <= end})
    points = [max(earlier, default=None), *inside, end]
    return [_stretch(after, until or end, start, interval) for after, until in pairwise(points)]


@dataclass(frozen=True)
class AnnualStanding:
    """An annual control in a period: whether it operated; if not, the last performance of the twelve months
    before.

    Whether `earlier` may be relied on is the auditor's decision alone.
    """

    verdict: Literal["operated", "missed", "did not operate"]
    performed: tuple[date, ...]
    earlier: date | None


def annual_in_period(
    performed: Iterable[date], start: date, end: date, about: int = ABOUT_A_YEAR
) -> AnnualStanding:
    """An "at least annually" control in any period: a short window without a performance did not operate."""
    days = sorted(set(performed))
    inside = tuple(day for day in days if start <= day <= end)
    since = add_months(end, -12)
    earlier = max((day for day in days if since < day < start), default=None)
    expected = years(start, end, about=about)
    idle: Literal["missed", "did not operate"] = "missed" if expected else "did not operate"
    return AnnualStanding("operated" if inside else idle, inside, None if inside else earlier)


def _by_performance(
    every: Bucket,
    start: date,
    end: date,
    grace: Grace,
    calendar: BusinessCalendar | None,
    performances: Sequence[Performance],
) -> list[Occurrence]:
    # A bucket may be performed early, from its first day on, or fall due after its end: look at both
    # neighbours.
    first = _occurrence(every, start, grace, calendar).start
    while grace.after(first - timedelta(days=1)) >= start:
        first = _occurrence(every, first - timedelta(days=1), grace, calendar).start
    last = _occurrence(every, end, grace, calendar).end
    near = buckets(every, first, last, grace, calendar)
    return [one for one in near if start <= one.anchor(performances) <= end]


def _occurrence(every: Bucket, day: date, grace: Grace, calendar: BusinessCalendar | None) -> Occurrence:
    key, start, end = bucket_of(every, day)
    following = end + timedelta(days=1)
    while every == "day" and calendar and not calendar.is_business_day(following):
        following += timedelta(days=1)
    return Occurrence(
        key, start, end, grace.after(end), max(bucket_of(every, following)[2], grace.after(end))
    )


def _stretch(after: date | None, until: date, start: date, interval: Interval) -> Stretch:
    if after is not None:
        latest = interval.latest_after(after)
        return Stretch(after, until, latest, until > latest)
    surely = until > interval.latest_after(start - timedelta(days=1))
    return Stretch(None, until, None, True if surely else None)


def _month_key(start: date, length: int) -> str:
    number = (start.month - 1) // length + 1
    return {
        1: f"{start:%Y-%m}",
        3: f"{start.year:04}-Q{number}",
        6: f"{start.year:04}-H{number}",
        12: f"{start.year:04}",
    }[length]


def _months(every: Bucket) -> int:
    if every not in _MONTHS:
        raise Invalid(
            f"There is no bucket {every!r}.", "", "Choose day, week, month, quarter, half-year or year."
        )
    return _MONTHS[every]


def _require_period(start: date, end: date) -> None:
    if end < start:
        raise Invalid(
            f"The period ends on {end}, before it starts on {start}.",
            "",
            "Swap or correct the two dates.",
            field="end",
        )
