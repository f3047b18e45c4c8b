"""Where and when: the registers of this installation, the company's zone and calendar, the window that is judged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings

from tickmark.kernel.calendars import business_calendar
from tickmark.kernel.register import Registers, load
from tickmark.kernel.remembered import remembered
from tickmark.scope.models import Period, ReportType, SystemVersion


@lru_cache(maxsize=2)
def _registers(home: Path) -> Registers:
    return load(home / "plugins")


def registers() -> Registers:
    """Collectors, shapes, checks and recipes of this installation."""
    return _registers(Path(settings.HOME))


def end_of(day: date) -> datetime:
    """The first instant after a day, as `clock.today` counts days."""
    return datetime.combine(day + timedelta(days=1), time(), UTC)


@dataclass(frozen=True)
class Place:
    """Where the company counts its days: zone and business calendar of the system."""

    zone: str
    calendar: str

    @property
    def holidays(self) -> list[date]:
        """The holidays of its calendar."""
        return list(business_calendar(self.calendar).holidays)

    def local_day(self, moment: datetime) -> date:
        """The day on which an instant falls there."""
        return moment.astimezone(ZoneInfo(self.zone)).date()


@remembered
def place(day: date) -> Place:
    """The zone and calendar of the system as described on the day; UTC without holidays before there is one."""
    version = SystemVersion.objects.as_of(day).order_by("system").first()
    return Place(version.time_zone, version.calendar) if version else Place("UTC", "none")


REHEARSAL = 90
"""Days that a rehearsal looks back over while no period has begun."""


@dataclass(frozen=True)
class Window:
    """The days over which controls are judged: a Type 2 period, or the days before one begins."""

    start: date
    end: date
    period: Period | None

    @property
    def rehearses(self) -> bool:
        """Whether no period has begun: nothing is due at its end, which is only the day of looking."""
        return self.period is None

    def until(self, day: date) -> date:
        """The last day of the window that is over or is today."""
        return min(self.end, day)


def window(day: date) -> Window:
    """The Type 2 period that holds the day, else the last one before it, else the days up to it as a rehearsal."""
    rows = Period.objects.filter(type=ReportType.TYPE_2, replaced_by=None, start__lte=day)
    period = rows.order_by("-start", "-pk").first()
    if period is not None:
        return Window(period.start, period.end, period)
    return Window(day - timedelta(days=REHEARSAL - 1), day, None)
