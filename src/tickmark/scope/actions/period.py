"""The date or the period that a report covers."""

from __future__ import annotations

from datetime import date, timedelta

from tickmark.kernel.access import Actor
from tickmark.kernel.action import action, need
from tickmark.kernel.errors import Conflict
from tickmark.people.actions import put
from tickmark.scope import chain
from tickmark.scope.actions.checks import check_zone
from tickmark.scope.models import Period, ReportType, System

SHORTEST_TYPE_2 = 28
"""Days: a Type 2 shows operation over time; shorter ones are a slip of the pen."""


@action("scope.set_period")
def set_period(
    actor: Actor,
    system: System,
    type: ReportType,
    start: date,
    end: date,
    time_zone: str = "UTC",
    replaces: Period | None = None,
    gap: str = "",
) -> Period:
    """Set the date (Type 1) or the period, both days included (Type 2).

    A Type 2 begins on the day after the period before it; `gap` says why, if it does not (domain.md 9.3).
    """
    check_zone(time_zone)
    _check_days(type, start, end)
    _check_replaced(system, replaces)
    clashing = Period.objects.filter(
        system=system, type=type, start__lte=end, end__gte=start, replaced_by=None
    )
    if (other := clashing.exclude(pk=replaces.pk if replaces else None).first()) is not None:
        raise Conflict(
            f"The period overlaps {other.ref}.",
            f"That one runs from {other.start} to {other.end}; what happened would count twice.",
            "Replace that one, or start on the day after it ends.",
            "start",
        )
    _check_chain(system, type, start, replaces, gap)
    return put(
        Period(
            system=system,
            type=type,
            start=start,
            end=end,
            time_zone=time_zone,
            replaces=replaces,
            gap=gap.strip(),
        )
    )


def _check_chain(system: System, type: ReportType, start: date, replaces: Period | None, gap: str) -> None:
    """Days between two Type 2 periods that none covers are told to readers, so they need their reason."""
    if type != ReportType.TYPE_2 or gap.strip():
        return
    standing = Period.objects.filter(system=system, type=type, replaced_by=None, end__lt=start)
    earlier = standing.exclude(pk=replaces.pk if replaces else None).order_by("end").last()
    if earlier is None:
        return
    found = chain.break_between(chain.Days(earlier.start, earlier.end), chain.Days(start, start))
    need(
        found is None,
        f"The period does not begin on the day after the last one. {found.what if found else ''}",
        "Customers read the gap in the report; it must be explained.",
        f"Begin on {earlier.end + timedelta(days=1)}, or write why there is a gap.",
        "gap",
    )


def _check_days(type: ReportType, start: date, end: date) -> None:
    need(
        start <= end,
        "The period ends before it starts.",
        f"It would run from {start} to {end}.",
        "Swap the two days.",
        "end",
    )
    need(
        type != ReportType.TYPE_1 or start == end,
        "A Type 1 has one date.",
        "Start and end differ.",
        "Give the same day twice.",
        "end",
    )
    need(
        type != ReportType.TYPE_2 or (end - start).days + 1 >= SHORTEST_TYPE_2,
        "The period is too short.",
        f"A Type 2 covers months, {SHORTEST_TYPE_2} days at least; this has {(end - start).days + 1}.",
        "Choose a later end.",
        "end",
    )


def _check_replaced(system: System, replaces: Period | None) -> None:
    if replaces is None:
        return
    need(
        replaces.system_id == system.pk,
        f"{replaces} is of another system.",
        "",
        "Choose a period of this one.",
        "replaces",
    )
    if hasattr(replaces, "replaced_by"):
        raise Conflict(f"{replaces} is replaced already.", "", "Load the page again.", "replaces")
