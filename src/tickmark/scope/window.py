"""Type and window for a first report, proposed with the arithmetic shown (domain.md 7.5, 7.6, 9.2, 9.3).

A proposal is a draft: a person sets the period. What was not said is assumed in the open, as a step of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from tickmark.kernel.calendars import add_months
from tickmark.scope.models import ReportType

FIELDWORK = timedelta(weeks=8)
"""From the period's end to the released report: tests and follow-up six weeks, draft to release two more (9.2)."""
MONTHS, FEWEST = 6, 3
"""A first Type 2 commonly has 3 to 6 months, and many readers prefer six at least (7.6)."""
RENEWAL = 12
NOTHING = " Counted from that start, neither three months nor a single day lead to a report by then."


@dataclass(frozen=True)
class Step:
    """One line of the arithmetic: a day, what it is, and whether it was assumed because nobody said."""

    day: date
    words: str
    assumed: bool = False


@dataclass(frozen=True)
class Window:
    """A proposed date or period, the day to expect the report, the steps to it, and what speaks against it.

    `others` are windows that end in a report by the day on which somebody needs it, where this one does not.
    """

    type: ReportType
    start: date
    end: date
    report_on: date
    steps: tuple[Step, ...]
    but: str = ""
    others: tuple[Window, ...] = ()


def propose(
    today: date,
    asked_for: str = "",
    needed_by: date | None = None,
    in_place: date | None = None,
    months: int | None = None,
) -> Window:
    """What to aim at: `asked_for` is an answer of the interview, the days and months are None where nobody said them.

    A period begins when the controls are in place, never before, and not in the past: an earlier day needs evidence
    that was kept since, and that is for a person to say. Where a report is asked for at once, a Type 1 comes first;
    where six months do not fit before the day on which it is needed, three are proposed if they do. What misses that
    day is told with what would not.
    """
    found = _aimed(today, asked_for, needed_by, in_place, months)
    if not found.but or found.type == ReportType.TYPE_1:
        return found
    begin, first = found.start, found.steps[0]
    shorter = (
        _type_2(begin, first, length, False, needed_by)
        for length in (MONTHS, FEWEST)
        if add_months(begin, length) <= found.end
    )
    fitting = [one for one in shorter if not one.but]
    others = fitting or [one for one in [_type_1(begin, first, needed_by)] if not one.but]
    return replace(found, but=found.but + ("" if others else NOTHING), others=tuple(others))


def _aimed(
    today: date, asked_for: str, needed_by: date | None, in_place: date | None, months: int | None
) -> Window:
    """What is aimed at before anybody asks what else there is."""
    begin = max(in_place, today) if in_place else add_months(today.replace(day=1), 2)
    first = _first(begin, in_place)
    if asked_for == "soon":
        return _type_1(begin, first, needed_by)
    length = months or (RENEWAL if asked_for == "renewal" else MONTHS)
    found = _type_2(begin, first, length, months is None, needed_by)
    if found.but and months is None and length == MONTHS:
        shorter = _type_2(begin, first, FEWEST, True, needed_by)
        return found if shorter.but else shorter
    return found


def _first(begin: date, in_place: date | None) -> Step:
    if in_place is None:
        words = "you have not said when your main controls are in place: the first of the month after next"
        return Step(begin, words, True)
    if in_place < begin:
        words = f"your controls are in place since {in_place}"
        words += ": an earlier start needs evidence kept from that day on"
        return Step(begin, words)
    return Step(begin, "from then on your main controls are in place, as you say")


def _type_1(begin: date, first: Step, needed_by: date | None) -> Window:
    report_on = begin + FIELDWORK
    steps = (
        first,
        Step(begin, "a Type 1 looks at design and implementation on this one day"),
        Step(report_on, f"the report, {FIELDWORK.days // 7} weeks later"),
        Step(begin + timedelta(days=1), "the first period of a Type 2 may begin, without a gap"),
    )
    return Window(ReportType.TYPE_1, begin, begin, report_on, steps, _late(report_on, needed_by))


def _type_2(begin: date, first: Step, months: int, assumed: bool, needed_by: date | None) -> Window:
    end = add_months(begin, months) - timedelta(days=1)
    report_on = end + FIELDWORK
    days = (end - begin).days + 1
    steps = (
        first,
        Step(end, f"{months} months later the period ends: {days} days, both ends counted", assumed),
        Step(report_on, f"the report, {FIELDWORK.days // 7} weeks after the period's end"),
    )
    return Window(ReportType.TYPE_2, begin, end, report_on, steps, _late(report_on, needed_by))


def _late(report_on: date, needed_by: date | None) -> str:
    if needed_by is None or report_on <= needed_by:
        return ""
    days = (report_on - needed_by).days
    return f"That is {days} day{'' if days == 1 else 's'} after {needed_by}, by when somebody needs it."
