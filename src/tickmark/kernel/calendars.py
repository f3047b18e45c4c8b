"""Business calendars, thresholds and the instants behind local days.

A threshold counts in a named, versioned calendar and a named time zone (domain.md 0.4 rule 29; 10 cases 16 to
22). Day 0 is the day of the event; counting starts with the next business day. Inside the program every
instant is UTC and every stretch of time is half open: the first instant belongs to it, the last does not.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from tickmark.kernel.errors import Invalid

FOLDER = Path(__file__).resolve().parents[3] / "library" / "calendars"
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

NOWHERE = frozenset({"Factory", "localtime", "posixrules"})
"""Files among the time zones of a machine that name no zone."""
Moment = date | datetime
"""A day (date-only field: the whole local day) or an instant (a datetime with offset)."""
Unit = Literal["hours", "days", "business_days", "same_day"]


@dataclass(frozen=True)
class BusinessCalendar:
    """Which days count: `weekend` as weekdays (Monday 0), `holidays` by day, known from `first` to `last`."""

    name: str
    version: str
    title: str
    source: str
    weekend: frozenset[int]
    holidays: Mapping[date, str]
    first: date | None = None
    last: date | None = None

    @property
    def reference(self) -> str:
        """Name and version, as a record of a judgement keeps it: `us-federal@2025-2027.1`."""
        return f"{self.name}@{self.version}"

    def is_business_day(self, day: date) -> bool:
        """Whether the day counts. Raises Invalid for a day the calendar does not know."""
        self._require(day)
        return day.weekday() not in self.weekend and day not in self.holidays

    def number(self, day: date) -> int:
        """Running number of business days up to and including the day; differences of it are counts."""
        self._require(day)
        weeks, rest = divmod(day.toordinal() - 1, 7)  # 1 Jan of year 1 was a Monday
        worked = sum(weekday not in self.weekend for weekday in range(rest + 1))
        return weeks * (7 - len(self.weekend)) + worked - bisect_right(self._lost, day)

    @cached_property
    def _lost(self) -> list[date]:
        return sorted(day for day in self.holidays if day.weekday() not in self.weekend)

    def _require(self, day: date) -> None:
        if (self.first and day < self.first) or (self.last and day > self.last):
            raise Invalid(
                f"The calendar {self.reference} does not know {day.isoformat()}.",
                f"Its holidays are listed from {self.first} to {self.last}.",
                "Load a version of the calendar that covers the day.",
                field="calendar",
            )


class Span(NamedTuple):
    """A half-open stretch of time in UTC: `start` <= instant < `end`."""

    start: datetime
    end: datetime

    def holds(self, instant: datetime) -> bool:
        """Whether the instant lies inside."""
        return self.start <= utc(instant) < self.end


@dataclass(frozen=True)
class Due:
    """Until when something is in time.

    `at` is a UTC instant; with `whole_day` it is the midnight that ends the local `day` and is itself too
    late, else it is the last instant in time. `assumption` says what was taken for granted, "" if nothing.
    """

    at: datetime
    day: date
    whole_day: bool
    zone: str
    assumption: str = ""


@dataclass(frozen=True)
class Timing:
    """Whether something was in time, and what had to be assumed to say so.

    Late: `late_by` is the time past the due instant, `days_late` the local days past the due day.
    """

    in_time: bool
    late_by: timedelta
    days_late: int
    assumption: str = ""


def calendars(folder: Path = FOLDER) -> dict[str, BusinessCalendar]:
    """Every calendar in the folder by reference (`name@version`). Raises Invalid naming a wrong file."""
    found = [read_calendar(path) for path in sorted(folder.glob("*.toml"))]
    return {calendar.reference: calendar for calendar in found}


def business_calendar(name: str, folder: Path = FOLDER) -> BusinessCalendar:
    """The calendar of this reference (`us-federal@2025-2027.1`), or the newest version of this name."""
    known = calendars(folder)
    versions = [calendar for calendar in known.values() if calendar.name == name]
    if name in known or versions:
        return known.get(name) or max(versions, key=_version_order)
    raise Invalid(
        f"There is no calendar {name}.",
        f"Known are: {', '.join(known) or 'none'}.",
        "Name one of these, or add a calendar file to the library.",
        field="calendar",
    )


def read_calendar(path: Path) -> BusinessCalendar:
    """One calendar file: name, version, title, source, weekend; from, to and a table of holidays if any."""
    try:
        return _calendar(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, KeyError, ValueError, TypeError) as error:
        raise Invalid(
            f"The calendar file {path.name} cannot be read.",
            f"{type(error).__name__}: {error}.",
            "Compare it with us-federal.toml in the library.",
        ) from error


def business_days_between(start: date, end: date, calendar: BusinessCalendar) -> int:
    """Business days after `start` up to and including `end`; below zero when `end` comes first."""
    return calendar.number(end) - calendar.number(start)


def add_business_days(start: date, days: int, calendar: BusinessCalendar) -> date:
    """The day on which the given number of business days after `start` is reached; 0 gives `start` itself."""
    if days < 0:
        raise Invalid(
            f"{days} business days cannot be counted.", "", "Give a number of 0 or more.", field="days"
        )
    day = start
    while days:
        day += timedelta(days=1)
        days -= calendar.is_business_day(day)
    return day


def numbered_days(first: date, last: date, calendar: BusinessCalendar) -> Iterator[tuple[date, int]]:
    """Each day with its running number: the table a query needs to count business days by subtraction."""
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        yield day, calendar.number(day)


def add_months(day: date, months: int, overflow: Literal["clip", "next"] = "clip") -> date:
    """The same day some months on or back. In too short a month: its last day, or the 1st of the `next`."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    length = monthrange(year, month + 1)[1]
    if day.day > length and overflow == "next":
        return date(year, month + 1, length) + timedelta(days=1)
    return date(year, month + 1, min(day.day, length))


def time_zone(name: str) -> ZoneInfo:
    """The IANA time zone of this name; raises Invalid when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Invalid(
            f"There is no time zone {name!r}.",
            "Zones are named as in the IANA list.",
            "Write it like Europe/Zurich or America/New_York.",
            field="zone",
        ) from error


@cache
def zones() -> tuple[str, ...]:
    """The names of all time zones of a place or an offset, in order: not that of whichever machine it is."""
    return tuple(sorted(available_timezones() - NOWHERE))


def utc(instant: datetime) -> datetime:
    """The instant in UTC; raises Invalid when it carries no offset."""
    if instant.tzinfo is None or instant.utcoffset() is None:
        raise Invalid(
            f"The time {instant.isoformat()} has no offset.",
            "It could be one of many instants.",
            "Give the time with its offset or zone.",
        )
    return instant.astimezone(UTC)


def start_of_day(day: date, zone: str) -> datetime:
    """The UTC instant at which the local day begins, also where a clock change skips or repeats midnight."""
    return datetime.combine(day, time(), time_zone(zone)).astimezone(UTC)


def days_as_span(first: date, last: date, zone: str) -> Span:
    """The instants of an inclusive period of local days. Raises Invalid when it ends before it starts."""
    if last < first:
        raise Invalid(
            f"The period ends on {last.isoformat()}, before it starts on {first.isoformat()}.",
            "",
            "Swap or correct the two dates.",
            field="end",
        )
    return Span(start_of_day(first, zone), start_of_day(last + timedelta(days=1), zone))


def moment_as_span(moment: Moment, zone: str) -> Span:
    """A date-only field as its whole local day, an instant as a stretch without length."""
    if isinstance(moment, datetime):
        return Span(utc(moment), utc(moment))
    return days_as_span(moment, moment, zone)


def local_day(moment: Moment, zone: str) -> date:
    """The day of the moment on a calendar in the zone."""
    return utc(moment).astimezone(time_zone(zone)).date() if isinstance(moment, datetime) else moment


def due(event: Moment, amount: int, unit: Unit, zone: str, calendar: BusinessCalendar | None = None) -> Due:
    """Until when something must be done after `event`.

    `hours` runs by instants; `days`, `business_days` and `same_day` end with their local day. Hours after a
    date-only event count from the end of its day, and the result says so. Raises Invalid when business days
    are asked for without a calendar, or the amount is below zero.
    """
    if amount < 0:
        raise Invalid(
            f"A threshold of {amount} is not possible.", "", "Give a number of 0 or more.", field="amount"
        )
    if unit == "hours":
        return _due_in_hours(event, amount, zone)
    day = _due_day(local_day(event, zone), amount, unit, calendar)
    return Due(start_of_day(day + timedelta(days=1), zone), day, True, zone)


def timing(performed: Moment, limit: Due, tolerance: timedelta = timedelta(0)) -> Timing:
    """Judge a performance against its due instant.

    A date-only performance counts from the start of its day; where its end would have been late, the
    assumption is named. `tolerance` allows for clocks that disagree and is named where it decides.
    """
    done = moment_as_span(performed, limit.zone)
    late_by = max(done.start - limit.at, timedelta(0))
    late = late_by > timedelta(0) or (limit.whole_day and done.start == limit.at)
    notes = [limit.assumption]
    if late and late_by <= tolerance and tolerance:
        late, notes = False, [*notes, f"clocks may differ by {tolerance.total_seconds():g} s"]
    if not late and done.end > done.start and done.end - timedelta.resolution > limit.at:
        notes.append("performed at the start of a day known by date only")
    assumption = "; ".join(filter(None, notes))
    if not late:
        return Timing(True, timedelta(0), 0, assumption)
    return Timing(False, late_by, (local_day(performed, limit.zone) - limit.day).days, assumption)


def _due_in_hours(event: Moment, hours: int, zone: str) -> Due:
    at = moment_as_span(event, zone).end + timedelta(hours=hours)
    assumption = "" if isinstance(event, datetime) else "the event lay at the end of a day known by date only"
    return Due(at, local_day(at, zone), False, zone, assumption)


def _due_day(day: date, amount: int, unit: Unit, calendar: BusinessCalendar | None) -> date:
    if unit == "same_day":
        return day
    if unit == "days":
        return day + timedelta(days=amount)
    if calendar is None:
        raise Invalid(
            "Business days cannot be counted.",
            "No business calendar is named.",
            "Name the calendar beside the threshold.",
            field="calendar",
        )
    return add_business_days(day, amount, calendar)


def _version_order(calendar: BusinessCalendar) -> list[int]:
    return [int(number) for number in re.findall(r"[0-9]+", calendar.version)]


def _calendar(data: Mapping[str, Any]) -> BusinessCalendar:
    return BusinessCalendar(
        name=str(data["name"]),
        version=str(data["version"]),
        title=str(data["title"]),
        source=str(data["source"]),
        weekend=frozenset(WEEKDAYS.index(name) for name in data["weekend"]),
        holidays={date.fromisoformat(day): str(name) for day, name in data.get("holidays", {}).items()},
        first=_day(data.get("from")),
        last=_day(data.get("to")),
    )


def _day(value: object) -> date | None:
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    raise TypeError(f"{value!r} is not a date")
