"""Open the next period without a gap (domain.md 9.2, 9.3)."""

from __future__ import annotations

from datetime import date, timedelta

from tickmark.kernel.access import Actor
from tickmark.kernel.action import action, need
from tickmark.kernel.calendars import add_months
from tickmark.kernel.errors import Conflict
from tickmark.scope import actions as scope
from tickmark.scope.chain import LONGEST_MONTHS, SHORTEST_MONTHS
from tickmark.scope.models import Period, ReportType
from tickmark.upkeep.models import RollForward
from tickmark.upkeep.rolling import Next


@action("upkeep.roll_forward")
def roll_forward(actor: Actor, period: Period, end: date | None = None, note: str = "") -> RollForward:
    """Open the next period on the day after this one ended, and adopt what it carries over.

    Without `end` it is twelve months long. Scope and controls go on as they are in force on its first day; the
    criteria set stays.
    """
    _check_last(period)
    coming = Next(period)
    version = coming.version
    need(
        version,
        "The system is not described.",
        "There is nothing to carry over.",
        "Describe it first.",
        "period",
    )
    assert version is not None
    last = end or coming.days.end
    _check_length(coming.start, last)
    opened = scope.set_period.function(
        actor,
        system=period.system,
        type=ReportType.TYPE_2,
        start=coming.start,
        end=last,
        time_zone=period.time_zone,
    )
    row = RollForward(
        before=period,
        period=opened,
        criteria_set=version.criteria_set,
        carried={part.name: part.refs for part in coming.parts},
        note=note.strip(),
    )
    row.save()
    return row


def _check_last(period: Period) -> None:
    """Only the last period of the chain goes on, and only once."""
    if hasattr(period, "replaced_by"):
        raise Conflict(
            f"{period.ref} was replaced by {period.replaced_by.ref}.", "", "Roll that one forward.", "period"
        )
    later = Period.objects.filter(
        system=period.system, type=ReportType.TYPE_2, end__gt=period.end, replaced_by=None
    )
    if (other := later.order_by("start").first()) is not None:
        raise Conflict(
            f"The next period is open: {other.start} to {other.end}.",
            f"{other.ref} follows {period.ref}.",
            "Replace that one if its days are wrong.",
            "period",
        )


def _check_length(start: date, end: date) -> None:
    shortest = add_months(start, SHORTEST_MONTHS) - timedelta(days=1)
    longest = add_months(start, LONGEST_MONTHS) - timedelta(days=1)
    need(
        shortest <= end <= longest,
        f"The period would not be {SHORTEST_MONTHS} to {LONGEST_MONTHS} months long.",
        f"It begins on {start} and would end on {end}.",
        f"Give an end from {shortest} to {longest}; another one is set under Scope.",
        "end",
    )
