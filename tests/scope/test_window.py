"""Type and window: the arithmetic is shown, what nobody said is an assumption in the open."""

from __future__ import annotations

from datetime import date

import pytest

from tickmark.scope.models import ReportType
from tickmark.scope.window import propose

TODAY = date(2026, 11, 29)


def test_without_a_day_the_start_is_assumed_in_the_open() -> None:
    found = propose(TODAY)
    assert (found.type, found.start, found.end) == (ReportType.TYPE_2, date(2027, 1, 1), date(2027, 6, 30))
    assert found.report_on == date(2027, 8, 25)
    assert [step.assumed for step in found.steps] == [True, True, False]


def test_a_report_as_soon_as_possible_is_of_one_day_first() -> None:
    found = propose(TODAY, "soon", in_place=date(2027, 2, 1))
    assert (found.type, found.start, found.end) == (ReportType.TYPE_1, date(2027, 2, 1), date(2027, 2, 1))
    assert found.steps[-1].day == date(2027, 2, 2)
    assert not any(step.assumed for step in found.steps)


@pytest.mark.parametrize(
    ("needed", "months", "end", "late"),
    [
        (date(2027, 8, 25), None, date(2027, 6, 30), False),
        (date(2027, 8, 24), None, date(2027, 3, 31), False),
        (date(2027, 5, 26), None, date(2027, 3, 31), False),
        (date(2027, 5, 25), None, date(2027, 6, 30), True),
        (date(2027, 8, 24), 6, date(2027, 6, 30), True),
        (date(2028, 3, 1), 12, date(2027, 12, 31), False),
    ],
)
def test_the_window_that_fits_before_the_day_on_which_it_is_needed(
    needed: date, months: int | None, end: date, late: bool
) -> None:
    found = propose(TODAY, "type_2", needed, date(2027, 1, 1), months)
    assert (found.end, bool(found.but)) == (end, late)


def test_a_renewal_has_twelve_months() -> None:
    assert propose(TODAY, "renewal", in_place=date(2027, 1, 1)).end == date(2027, 12, 31)


def test_the_days_of_a_period_are_counted_with_both_ends() -> None:
    found = propose(date(2026, 1, 1), "type_2", in_place=date(2026, 4, 1))
    assert "183 days" in found.steps[1].words


@pytest.mark.parametrize("asked_for", ["soon", "type_2", "renewal"])
def test_nothing_is_proposed_that_lies_in_the_past(asked_for: str) -> None:
    found = propose(TODAY, asked_for, in_place=date(2025, 1, 1))
    assert found.start == TODAY
    assert found.steps[0].words.startswith("your controls are in place since 2025-01-01")


def test_what_comes_too_late_is_told_with_what_would_not() -> None:
    found = propose(TODAY, "type_2", date(2027, 8, 24), date(2027, 1, 1), 6)
    assert found.but == "That is 1 day after 2027-08-24, by when somebody needs it."
    assert [(one.type, one.end, one.but) for one in found.others] == [
        (ReportType.TYPE_2, date(2027, 3, 31), "")
    ]
    found = propose(TODAY, "renewal", date(2027, 9, 1), date(2027, 1, 1))
    assert [one.end for one in found.others] == [date(2027, 6, 30), date(2027, 3, 31)]
    found = propose(TODAY, "type_2", date(2027, 5, 25), date(2027, 1, 1))
    assert [(one.type, one.start, one.end) for one in found.others] == [
        (ReportType.TYPE_1, date(2027, 1, 1), date(2027, 1, 1))
    ]


def test_where_nothing_fits_it_is_said() -> None:
    found = propose(TODAY, "type_2", date(2027, 2, 1), date(2027, 1, 1))
    assert found.others == ()
    assert "neither three months nor a single day" in found.but
    assert propose(TODAY, "type_2", date(2028, 2, 1), date(2027, 1, 1)).others == ()
