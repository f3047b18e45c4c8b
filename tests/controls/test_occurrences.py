"""Expected occurrences and their states: values of domain.md 7.5 and 11, cases 14, 25 to 27 of section 10."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickmark.controls.occurrences import (
    FREQUENCIES,
    AnnualStanding,
    Bucket,
    Grace,
    Interval,
    Occurrence,
    Performance,
    Standing,
    State,
    Stretch,
    annual_in_period,
    bucket_of,
    buckets,
    candidates,
    occurrences,
    stretches,
    timeliness,
    years,
)
from tickmark.kernel.calendars import business_calendar
from tickmark.kernel.errors import Invalid

US = business_calendar("us-federal")
APRIL, SEPTEMBER = date(2026, 4, 1), date(2026, 9, 30)
FORTNIGHT = Grace(15)
Q2 = Occurrence("2026-Q2", APRIL, date(2026, 6, 30), date(2026, 7, 15), SEPTEMBER)

bucket_names: st.SearchStrategy[Bucket] = st.sampled_from(
    ["day", "week", "month", "quarter", "half-year", "year"]
)
some_days = st.dates(date(2024, 1, 1), date(2028, 12, 31))


def keys(found: list[Occurrence]) -> list[str]:
    return [one.key for one in found]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (date(2026, 4, 1), date(2026, 9, 30), ["2026-Q2", "2026-Q3"]),
        (date(2026, 2, 15), date(2026, 8, 14), ["2026-Q1", "2026-Q2"]),
        (date(2026, 5, 1), date(2026, 7, 31), ["2026-Q2"]),
        (date(2025, 11, 16), date(2026, 11, 15), ["2025-Q4", "2026-Q1", "2026-Q2", "2026-Q3"]),
    ],
)
def test_quarters_that_end_in_the_period(start: date, end: date, expected: list[str]) -> None:
    assert keys(occurrences("quarterly", start, end)) == expected


@pytest.mark.parametrize(
    ("frequency", "count"),
    [
        ("monthly", 6),
        ("semi-annual", 1),
        ("annual", 0),
        ("event", 0),
        ("event+annual", 0),
        ("continuous", 0),
        ("daily", 183),
    ],
)
def test_counts_in_six_months(frequency: str, count: int) -> None:
    assert len(occurrences(frequency, APRIL, SEPTEMBER)) == count


@pytest.mark.parametrize("offset", range(7))
def test_26_weeks_hold_26_week_ends(offset: int) -> None:
    start = date(2026, 3, 30) + timedelta(days=offset)
    assert len(occurrences("weekly", start, start + timedelta(days=26 * 7 - 1))) == 26


def test_daily_means_business_days_where_a_calendar_is_named() -> None:
    found = occurrences("daily", date(2026, 7, 1), date(2026, 7, 7), calendar=US)
    assert keys(found) == ["2026-07-01", "2026-07-02", "2026-07-06", "2026-07-07"]
    assert found[1].lost_after == date(2026, 7, 6)


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        ("day", ("2026-12-31", date(2026, 12, 31), date(2026, 12, 31))),
        ("week", ("2026-W53", date(2026, 12, 28), date(2027, 1, 3))),
        ("month", ("2026-12", date(2026, 12, 1), date(2026, 12, 31))),
        ("quarter", ("2026-Q4", date(2026, 10, 1), date(2026, 12, 31))),
        ("half-year", ("2026-H2", date(2026, 7, 1), date(2026, 12, 31))),
        ("year", ("2026", date(2026, 1, 1), date(2026, 12, 31))),
    ],
)
def test_keys_of_buckets(every: Bucket, expected: tuple[str, date, date]) -> None:
    assert bucket_of(every, date(2026, 12, 31)) == expected


def test_an_occurrence_knows_its_days() -> None:
    assert occurrences("quarterly", APRIL, date(2026, 6, 30), FORTNIGHT) == [Q2]


def test_grace_may_count_business_days() -> None:
    found = occurrences("monthly", date(2026, 6, 1), date(2026, 6, 30), Grace(3, US))
    assert found[0].due == date(2026, 7, 6)


@pytest.mark.parametrize(
    ("performed", "day", "standing"),
    [
        (None, date(2026, 7, 14), Standing(State.NOT_YET_DUE)),
        (None, date(2026, 7, 15), Standing(State.OVERDUE)),
        (None, date(2026, 9, 30), Standing(State.OVERDUE)),
        (None, date(2026, 10, 1), Standing(State.MISSED)),
        (date(2026, 6, 20), date(2026, 12, 31), Standing(State.MET, date(2026, 6, 20))),
        (date(2026, 7, 15), date(2026, 12, 31), Standing(State.MET, date(2026, 7, 15))),
        (date(2026, 7, 16), date(2026, 12, 31), Standing(State.LATE, date(2026, 7, 16), 1)),
        (
            date(2026, 10, 1),
            date(2026, 12, 31),
            Standing(State.MISSED, None, 0, ("performed on 2026-10-01, after the following one had ended",)),
        ),
    ],
)
def test_standing_of_a_quarter(performed: date | None, day: date, standing: Standing) -> None:
    done = [Performance(performed, "2026-Q2")] if performed else []
    assert Q2.met_by(done, day) == standing


def test_a_later_performance_is_not_seen_on_an_earlier_day() -> None:
    done = [Performance(date(2026, 7, 16), "2026-Q2")]
    assert Q2.met_by(done, date(2026, 7, 15)) == Standing(State.OVERDUE)


def test_a_performance_after_the_period_is_flagged() -> None:
    done = [Performance(date(2026, 7, 12), "2026-Q2")]
    standing = Q2.met_by(done, date(2026, 7, 31), period_end=date(2026, 6, 30))
    assert standing == Standing(
        State.MET,
        date(2026, 7, 12),
        0,
        ("performed on 2026-07-12, after the period's end: the auditor decides",),
    )


def test_two_performances_of_one_bucket_do_not_serve_the_next() -> None:
    done = [Performance(date(2026, 4, 10), "2026-Q2"), Performance(date(2026, 6, 10), "2026-Q2")]
    found = occurrences("quarterly", APRIL, SEPTEMBER, FORTNIGHT)
    assert [one.met_by(done, date(2026, 12, 31)).state for one in found] == [State.MET, State.OVERDUE]
    assert found[1].met_by(done, date(2027, 1, 1)).state is State.MISSED


def test_a_performance_before_its_bucket_began_does_not_count() -> None:
    assert Q2.met_by([Performance(date(2026, 3, 31), "2026-Q2")], SEPTEMBER) == Standing(State.OVERDUE)


def test_the_first_day_of_a_bucket_and_the_day_asked_about_belong() -> None:
    standing = Q2.met_by([Performance(APRIL, "2026-Q2")], APRIL)
    assert standing == Standing(State.MET, APRIL)


def test_a_day_without_its_performance_is_missed_after_the_next() -> None:
    (monday,) = occurrences("daily", date(2026, 7, 6), date(2026, 7, 6))
    states = [monday.met_by([], date(2026, 7, day)).state for day in (5, 6, 7, 8)]
    assert states == [State.NOT_YET_DUE, State.OVERDUE, State.OVERDUE, State.MISSED]


def test_a_performance_in_grace_may_be_of_either_bucket() -> None:
    assert candidates("quarter", date(2026, 7, 12), FORTNIGHT) == ["2026-Q2", "2026-Q3"]
    assert candidates("quarter", date(2026, 7, 16), FORTNIGHT) == ["2026-Q3"]
    assert candidates("day", date(2026, 7, 16), Grace(2)) == ["2026-07-14", "2026-07-15", "2026-07-16"]


def test_both_keys_of_a_chain() -> None:
    done = [Performance(date(2026, 4, 10), "2026-Q1"), Performance(date(2026, 7, 12), "2026-Q2")]
    by_day = occurrences("quarterly", APRIL, SEPTEMBER, FORTNIGHT, chain="performance", performances=done)
    by_end = occurrences("quarterly", APRIL, SEPTEMBER, FORTNIGHT, chain="bucket_end", performances=done)
    assert (keys(by_day), keys(by_end)) == (["2026-Q1", "2026-Q2"], ["2026-Q2", "2026-Q3"])


def test_by_performance_an_early_one_moves_into_the_period_and_a_late_one_stays() -> None:
    early = [Performance(date(2026, 9, 25), "2026-Q3")]
    late = [Performance(date(2026, 10, 20), "2026-Q2")]
    chained = {"chain": "performance", "grace": FORTNIGHT}
    assert keys(occurrences("quarterly", APRIL, SEPTEMBER, performances=early, **chained)) == [  # type: ignore[arg-type]
        "2026-Q1",
        "2026-Q2",
        "2026-Q3",
    ]
    assert keys(occurrences("quarterly", APRIL, SEPTEMBER, performances=late, **chained)) == [  # type: ignore[arg-type]
        "2026-Q1",
        "2026-Q2",
    ]


@given(bucket_names, some_days, st.lists(st.integers(1, 400), min_size=2, max_size=4))
def test_buckets_partition_a_chain_of_periods(every: Bucket, start: date, lengths: list[int]) -> None:
    parts, begin = [], start
    for length in lengths:
        end = begin + timedelta(days=length - 1)
        parts += buckets(every, begin, end)
        begin = end + timedelta(days=1)
    assert parts == buckets(every, start, begin - timedelta(days=1))
    assert all(one.end + timedelta(days=1) == other.start for one, other in pairwise(parts))


@given(
    st.sampled_from(["weekly", "monthly", "quarterly", "semi-annual"]),
    some_days,
    st.lists(st.integers(20, 200), min_size=2, max_size=4),
    st.integers(0, 40),
    st.lists(st.none() | st.integers(0, 250), max_size=30),
)
def test_by_performance_every_occurrence_falls_into_exactly_one_report(
    frequency: str, start: date, lengths: list[int], grace_days: int, delays: list[int | None]
) -> None:
    grace, every = Grace(grace_days), FREQUENCIES[frequency]
    assert every is not None
    last = start + timedelta(days=sum(lengths) - 1)
    known = buckets(every, start - timedelta(days=100), last + timedelta(days=200), grace)
    done = [
        Performance(one.start + timedelta(days=delay), one.key)
        for one, delay in zip(known, delays, strict=False)
        if delay is not None
    ]
    reports, begin = [], start
    for length in lengths:
        end = begin + timedelta(days=length - 1)
        seen = [one for one in done if one.on <= end]  # what later records say must not move anything
        reports += keys(occurrences(frequency, begin, end, grace, chain="performance", performances=seen))
        begin = end + timedelta(days=1)
    whole = keys(occurrences(frequency, start, last, grace, chain="performance", performances=done))
    assert sorted(reports) == sorted(whole)
    assert len(reports) == len(set(reports))


def test_at_least_annually_in_a_year_in_two_and_in_a_long_one() -> None:
    assert years(date(2025, 11, 1), date(2026, 10, 31)) == [
        Occurrence(
            "year-to-2026-10-31",
            date(2025, 11, 1),
            date(2026, 10, 31),
            date(2026, 10, 31),
            date(2027, 10, 31),
        )
    ]
    assert keys(years(date(2025, 1, 1), date(2026, 12, 31))) == ["year-to-2025-12-31", "year-to-2026-12-31"]
    assert keys(years(date(2025, 8, 1), date(2026, 10, 31))) == ["year-to-2026-10-31"]
    assert keys(years(date(2025, 11, 10), date(2026, 10, 31))) == ["year-to-2026-10-31"]
    assert keys(years(date(2025, 11, 16), date(2026, 10, 31))) == ["year-to-2026-10-31"]
    assert keys(years(date(2025, 11, 17), date(2026, 10, 31))) == []


def test_each_calendar_year_is_another_wording() -> None:
    assert keys(buckets("year", date(2025, 11, 1), date(2026, 10, 31))) == ["2025"]


def test_an_annual_control_and_a_short_window() -> None:
    def standing(*performed: date) -> AnnualStanding:
        return annual_in_period(performed, date(2026, 5, 1), date(2026, 7, 31))

    assert standing(date(2026, 6, 3)) == AnnualStanding("operated", (date(2026, 6, 3),), None)
    assert standing(date(2026, 5, 1)) == AnnualStanding("operated", (date(2026, 5, 1),), None)
    assert standing(date(2025, 7, 31)) == AnnualStanding("did not operate", (), None)
    assert standing(date(2025, 8, 1)) == AnnualStanding("did not operate", (), date(2025, 8, 1))
    assert annual_in_period([], date(2025, 8, 1), date(2026, 7, 31)) == AnnualStanding("missed", (), None)


def test_a_training_not_due_at_the_period_end_is_no_deviation() -> None:
    end = date(2026, 10, 31)
    assert timeliness(date(2026, 11, 20), None, end) == Standing(State.NOT_YET_DUE)
    assert timeliness(end, None, end) == Standing(State.OVERDUE)
    assert timeliness(end, date(2026, 11, 1), end) == Standing(State.OVERDUE)
    assert timeliness(date(2026, 5, 1), date(2026, 5, 13), end) == Standing(State.LATE, date(2026, 5, 13), 12)
    assert timeliness(date(2026, 5, 1), date(2026, 5, 1), end) == Standing(State.MET, date(2026, 5, 1))


def test_three_months_are_not_90_days() -> None:
    first = date(2026, 1, 31)
    assert Interval(months=3).latest_after(first) == date(2026, 4, 30)
    assert Interval(days=90).latest_after(first) == date(2026, 5, 1)
    assert Interval(months=3, grace=Grace(5)).latest_after(first) == date(2026, 5, 5)


def test_an_interval_looks_at_both_ends_and_between() -> None:
    start, end = date(2026, 4, 1), date(2026, 9, 30)
    found = stretches(
        [date(2026, 4, 10), date(2026, 7, 20)], start, end, Interval(days=90), date(2026, 1, 20)
    )
    assert found == [
        Stretch(date(2026, 1, 20), date(2026, 4, 10), date(2026, 4, 20), False),
        Stretch(date(2026, 4, 10), date(2026, 7, 20), date(2026, 7, 9), True),
        Stretch(date(2026, 7, 20), end, date(2026, 10, 18), False),
    ]


def test_without_a_predecessor_the_first_stretch_stays_open_unless_it_is_surely_too_long() -> None:
    start, end, often = date(2026, 4, 1), date(2026, 6, 30), Interval(days=30)
    soon = stretches([date(2026, 4, 20), date(2026, 5, 20), date(2026, 6, 10)], start, end, often)
    assert [one.too_long for one in soon] == [None, False, False, False]
    assert stretches([start], start, start, often)[0] == Stretch(None, start, None, None)
    assert stretches([], start, end, often) == [Stretch(None, end, None, True)]


@given(st.lists(some_days, max_size=12), some_days, st.integers(1, 400))
def test_stretches_follow_each_other_to_the_end(performed: list[date], start: date, length: int) -> None:
    end = start + timedelta(days=length)
    found = stretches(performed, start, end, Interval(days=30))
    assert [one.until for one in found[:-1]] == [one.after for one in found[1:]]
    assert found[-1].until == end


@pytest.mark.parametrize(
    "call",
    [
        lambda: occurrences("fortnightly", APRIL, SEPTEMBER),
        lambda: occurrences("quarterly", SEPTEMBER, APRIL),
        lambda: stretches([], APRIL, SEPTEMBER, Interval()),
    ],
)
def test_what_cannot_be_counted_is_refused(call) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Invalid):
        call()
