"""Dates that must agree, and the arithmetic of periods: domain.md 3.6, 3.7, 9.3 and check values of 11."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import strategies as st

from tickmark.kernel.errors import Invalid
from tickmark.report import dates
from tickmark.report.dates import Contradiction, Dates

TYPE_2 = Dates(
    type=2,
    period_start=date(2025, 11, 1),
    period_end=date(2026, 10, 31),
    last_evidence=date(2026, 12, 10),
    fieldwork_end=date(2026, 12, 11),
    report_date=date(2026, 12, 15),
    representation_date=date(2026, 12, 15),
    assertion_date=date(2026, 12, 15),
    quality_review=date(2026, 12, 16),
    quality_review_required=True,
    release=date(2026, 12, 17),
    documentation_complete=date(2027, 2, 15),
)
TYPE_1 = replace(TYPE_2, type=1, period_start=None, period_end=date(2026, 12, 11))

some_days = st.dates(date(2020, 1, 1), date(2030, 12, 31))


@pytest.mark.parametrize("sound", [TYPE_2, TYPE_1, Dates(type=2), Dates(type=1)])
def test_dates_that_agree(sound: Dates) -> None:
    assert dates.contradictions(sound) == []


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"period_start": date(2026, 10, 31)}, "period"),
        ({"period_end": date(2026, 12, 11)}, "fieldwork"),
        ({"last_evidence": date(2026, 12, 16)}, "evidence"),
        ({"fieldwork_end": date(2026, 12, 16)}, "fieldwork and report"),
        ({"representation_date": date(2026, 12, 14)}, "representation letter"),
        ({"representation_date": date(2026, 12, 16)}, "representation letter"),
        ({"assertion_date": date(2026, 12, 16)}, "assertion"),
        ({"quality_review": date(2026, 12, 18)}, "quality review"),
        ({"quality_review": None}, "quality review"),
        (
            {
                "release": date(2026, 12, 14),
                "quality_review": date(2026, 12, 14),
                "documentation_complete": None,
            },
            "release",
        ),
        ({"documentation_complete": date(2027, 2, 16)}, "file lock"),
    ],
)
def test_each_contradiction_of_a_type_2_is_named(change: dict[str, date | None], name: str) -> None:
    found = dates.contradictions(replace(TYPE_2, **change))  # type: ignore[arg-type]
    assert [one.name for one in found] == [name]
    assert found[0].what.endswith(".")
    assert found[0].remedy


def test_a_report_dated_within_its_period() -> None:
    early = Dates(type=2, period_end=date(2026, 10, 31), report_date=date(2026, 10, 30))
    assert dates.contradictions(early) == [
        Contradiction(
            "period and report",
            "The period's end (2026-10-31) must be on or before the report date (2026-10-30).",
            "Date the report on the period's end or later.",
        )
    ]


def test_an_as_of_date_may_be_the_last_day_of_fieldwork_and_not_after_it() -> None:
    found = dates.contradictions(replace(TYPE_1, period_end=date(2026, 12, 12)))
    assert [one.what for one in found] == [
        "The as-of date (2026-12-12) must be on or before the end of fieldwork (2026-12-11)."
    ]


def test_a_review_that_is_not_required_may_be_absent() -> None:
    assert dates.contradictions(replace(TYPE_2, quality_review=None, quality_review_required=False)) == []


def test_missing_dates_are_open_questions() -> None:
    assert dates.open_questions(TYPE_2) == []
    assert dates.open_questions(TYPE_1) == []
    assert dates.open_questions(replace(TYPE_2, assertion_date=None, quality_review=None)) == [
        "assertion_date",
        "quality_review",
    ]
    assert "period_start" in dates.open_questions(Dates(type=2))
    assert "quality_review" not in dates.open_questions(Dates(type=2))


def test_what_is_unusual_is_remarked() -> None:
    assert dates.remarks(TYPE_2) == []
    slow = replace(TYPE_2, report_date=date(2027, 1, 30))
    assert dates.remarks(slow) == [
        "The report is dated 91 days after the period's end; over 90 is stale to readers.",
        "The assertion is dated before the report; the same day is usual.",
    ]


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        (date(2026, 4, 1), date(2026, 9, 30), 183),
        (date(2026, 2, 15), date(2026, 8, 14), 181),
        (date(2026, 5, 1), date(2026, 7, 31), 92),
        (date(2025, 11, 16), date(2026, 11, 15), 365),
        (date(2026, 4, 1), date(2026, 4, 1), 1),
    ],
)
def test_days_of_a_period(start: date, end: date, days: int) -> None:
    assert dates.days_inclusive(start, end) == days


def test_a_period_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(Invalid, match="before it starts"):
        dates.days_inclusive(date(2026, 4, 2), date(2026, 4, 1))


def test_file_lock_limit() -> None:
    assert dates.lock_limit(date(2026, 6, 30)) == date(2026, 8, 29)


@pytest.mark.parametrize(
    ("end", "bridged"),
    [
        (date(2026, 6, 30), date(2026, 9, 30)),
        (date(2026, 2, 28), date(2026, 5, 31)),
        (date(2026, 11, 30), date(2027, 2, 28)),
        (date(2026, 11, 15), date(2027, 2, 15)),
    ],
)
def test_customary_end_of_a_bridge_letter(end: date, bridged: date) -> None:
    assert dates.bridge_end(end) == bridged
    assert [dates.bridge_is_long(end, bridged + timedelta(days=days)) for days in (0, 1)] == [False, True]


def test_what_forbids_a_bridge_letter() -> None:
    def names(period_end: date | None, covered: date, signed: date) -> list[str]:
        return [one.name for one in dates.bridge_contradictions(period_end, covered, signed)]

    end, day = date(2026, 6, 30), date(2026, 8, 1)
    assert names(end, day, day) == []
    assert names(None, day, day) == ["no report"]
    assert names(end, day + timedelta(days=1), day) == ["future covered"]
    assert names(end, end, day) == ["nothing covered"]
