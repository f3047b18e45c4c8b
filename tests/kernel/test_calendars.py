"""Business days, due instants, local days: check values of domain.md 11, cases 16 to 22 of section 10."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickmark.kernel import calendars
from tickmark.kernel.calendars import Due, Span, Timing
from tickmark.kernel.errors import Invalid

US = calendars.business_calendar("us-federal")
NONE = calendars.business_calendar("none")
NEW_YORK = "America/New_York"

days = st.dates(date(2025, 1, 1), date(2027, 10, 31))


def ny(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(NEW_YORK))


def nth(year: int, month: int, weekday: int, number: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))


def observed(day: date) -> date:
    return day + timedelta(days={5: -1, 6: 1}.get(day.weekday(), 0))


def by_rule(year: int) -> set[date]:
    fixed = [date(year, month, day) for month, day in ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25))]
    moving = [
        nth(year, 1, 0, 3),
        nth(year, 2, 0, 3),
        nth(year, 6, 0, 1) - timedelta(days=7),
        nth(year, 9, 0, 1),
        nth(year, 10, 0, 2),
        nth(year, 11, 3, 4),
    ]
    # The last Monday of May is a week before the first of June.
    return {observed(day) for day in fixed} | set(moving)


def test_holidays_follow_the_statute() -> None:
    expected = set().union(*(by_rule(year) for year in range(2025, 2029)))
    assert set(US.holidays) == {day for day in expected if US.first <= day <= US.last}  # type: ignore[operator]
    assert len(US.holidays) == 34


def test_leaver_of_3_july_within_one_business_day() -> None:
    limit = calendars.due(ny(2026, 7, 3, 17), 1, "business_days", NEW_YORK, US)
    assert limit == Due(ny(2026, 7, 7).astimezone(UTC), date(2026, 7, 6), True, NEW_YORK)
    assert calendars.timing(ny(2026, 7, 6, 23, 59), limit) == Timing(True, timedelta(0), 0)
    assert calendars.timing(ny(2026, 7, 7), limit) == Timing(False, timedelta(0), 1)
    assert calendars.timing(ny(2026, 7, 9, 12), limit) == Timing(False, timedelta(days=2, hours=12), 3)


def test_leaver_of_3_july_within_24_hours() -> None:
    limit = calendars.due(ny(2026, 7, 3, 17), 24, "hours", NEW_YORK)
    assert limit == Due(ny(2026, 7, 4, 17).astimezone(UTC), date(2026, 7, 4), False, NEW_YORK)
    assert calendars.timing(ny(2026, 7, 4, 17), limit).in_time
    assert calendars.timing(ny(2026, 7, 4, 17, 1), limit) == Timing(False, timedelta(minutes=1), 0)


def test_the_same_day_is_a_third_rule() -> None:
    limit = calendars.due(ny(2026, 7, 3, 18), 0, "same_day", NEW_YORK)
    assert (limit.day, limit.at) == (date(2026, 7, 3), ny(2026, 7, 4).astimezone(UTC))


def test_calendar_days_end_with_their_local_day() -> None:
    limit = calendars.due(date(2026, 3, 1), 14, "days", NEW_YORK)
    assert (limit.day, limit.at) == (date(2026, 3, 15), ny(2026, 3, 16).astimezone(UTC))


def test_an_instant_belongs_to_the_day_of_the_zone() -> None:
    late = datetime(2026, 5, 2, 6, 30, tzinfo=UTC)  # 23:30 on 1 May in Los Angeles
    assert calendars.local_day(late, "America/Los_Angeles") == date(2026, 5, 1)
    assert calendars.local_day(late, "UTC") == date(2026, 5, 2)


def test_a_date_only_performance_counts_as_its_whole_day() -> None:
    limit = calendars.due(ny(2026, 7, 3, 17), 1, "business_days", NEW_YORK, US)
    midnight = calendars.due(ny(2026, 7, 3, 0), 24, "hours", NEW_YORK)
    assert calendars.timing(date(2026, 7, 3), midnight).assumption == ""
    assert calendars.timing(date(2026, 7, 6), limit) == Timing(True, timedelta(0), 0)
    assert calendars.timing(date(2026, 7, 7), limit).days_late == 1


def test_what_a_date_only_field_leaves_open_is_named() -> None:
    by_hours = calendars.due(ny(2026, 7, 3, 17), 24, "hours", NEW_YORK)
    assert calendars.timing(date(2026, 7, 4), by_hours) == Timing(
        True, timedelta(0), 0, "performed at the start of a day known by date only"
    )
    whole = calendars.due(date(2026, 7, 3), 24, "hours", NEW_YORK)
    assert whole.at == ny(2026, 7, 5).astimezone(UTC)
    assert whole.assumption == "the event lay at the end of a day known by date only"


def test_a_tolerance_for_clocks_is_disclosed_where_it_decides() -> None:
    merged = Due(datetime(2026, 5, 1, 12, tzinfo=UTC), date(2026, 5, 1), False, "UTC")
    three_after = datetime(2026, 5, 1, 12, 0, 3, tzinfo=UTC)
    assert not calendars.timing(three_after, merged).in_time
    allowed = calendars.timing(three_after, merged, timedelta(seconds=60))
    assert allowed == Timing(True, timedelta(0), 0, "clocks may differ by 60 s")
    assert calendars.timing(merged.at, merged, timedelta(seconds=60)).assumption == ""


def test_the_event_day_is_day_zero_also_on_a_weekend() -> None:
    saturday = date(2026, 8, 1)
    assert calendars.add_business_days(saturday, 1, NONE) == date(2026, 8, 3)
    assert calendars.add_business_days(saturday, 0, NONE) == saturday
    assert calendars.business_days_between(saturday, date(2026, 8, 3), NONE) == 1


def test_an_early_performance_counts_below_zero() -> None:
    assert calendars.business_days_between(date(2026, 7, 6), date(2026, 7, 1), US) == -2


@given(days, st.integers(0, 40))
def test_adding_and_counting_are_inverse(start: date, count: int) -> None:
    for calendar in (US, NONE):
        end = calendars.add_business_days(start, count, calendar)
        assert calendars.business_days_between(start, end, calendar) == count
        assert count == 0 or calendar.is_business_day(end)


@given(days, days, days)
def test_counts_add_up_along_the_way(one: date, other: date, third: date) -> None:
    between = calendars.business_days_between
    assert between(one, other, US) + between(other, third, US) == between(one, third, US)


@given(days, st.integers(0, 60))
def test_counting_agrees_with_walking(start: date, length: int) -> None:
    walked = [start + timedelta(days=offset) for offset in range(1, length + 1)]
    expected = sum(day.weekday() < 5 and day not in US.holidays for day in walked)
    assert calendars.business_days_between(start, start + timedelta(days=length), US) == expected


def test_numbered_days_give_counts_by_subtraction() -> None:
    numbers = dict(calendars.numbered_days(date(2026, 7, 1), date(2026, 7, 7), US))
    assert len(numbers) == 7
    assert numbers[date(2026, 7, 7)] - numbers[date(2026, 7, 2)] == 2


def test_a_day_the_calendar_does_not_know_is_refused() -> None:
    with pytest.raises(Invalid, match="does not know 2028-01-03"):
        calendars.business_days_between(date(2027, 12, 30), date(2028, 1, 3), US)


def test_business_days_need_a_calendar() -> None:
    with pytest.raises(Invalid, match="No business calendar"):
        calendars.due(date(2026, 7, 3), 1, "business_days", NEW_YORK)


@pytest.mark.parametrize(
    "call",
    [
        lambda: calendars.add_business_days(date(2026, 7, 3), -1, NONE),
        lambda: calendars.due(date(2026, 7, 3), -1, "hours", "UTC"),
        lambda: calendars.utc(datetime.fromisoformat("2026-07-03T17:00")),
        lambda: calendars.time_zone("Mars/Olympus"),
        lambda: calendars.time_zone("../etc/passwd"),
        lambda: calendars.business_calendar("atlantis"),
        lambda: calendars.days_as_span(date(2026, 7, 3), date(2026, 7, 2), "UTC"),
    ],
)
def test_what_cannot_be_counted_is_refused(call) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Invalid):
        call()


def test_an_inclusive_period_is_half_open_inside() -> None:
    span = calendars.days_as_span(date(2025, 11, 1), date(2026, 10, 31), NEW_YORK)
    assert span == Span(datetime(2025, 11, 1, 4, tzinfo=UTC), datetime(2026, 11, 1, 4, tzinfo=UTC))
    assert span.holds(ny(2025, 11, 1))
    assert span.holds(ny(2026, 10, 31, 23, 59))
    assert not span.holds(ny(2026, 11, 1))


def test_a_day_may_have_23_or_25_hours() -> None:
    def length(day: date) -> timedelta:
        span = calendars.days_as_span(day, day, NEW_YORK)
        return span.end - span.start

    assert [length(date(2026, 3, 8)), length(date(2026, 11, 1))] == [timedelta(hours=23), timedelta(hours=25)]


def test_24_hours_over_a_clock_change_are_24_hours() -> None:
    limit = calendars.due(ny(2026, 3, 7, 18), 24, "hours", NEW_YORK)
    assert limit.at.astimezone(ZoneInfo(NEW_YORK)) == ny(2026, 3, 8, 19)


def test_a_midnight_that_the_clock_skips_still_begins_its_day() -> None:
    skipped = calendars.start_of_day(date(2024, 4, 26), "Africa/Cairo")  # 00:00 became 01:00
    assert skipped == datetime(2024, 4, 25, 22, tzinfo=UTC)


@given(days, st.sampled_from([NEW_YORK, "Europe/Zurich", "Asia/Kolkata", "Africa/Cairo", "Pacific/Auckland"]))
def test_days_follow_each_other_without_gap(day: date, zone: str) -> None:
    one = calendars.days_as_span(day, day, zone)
    other = calendars.moment_as_span(day + timedelta(days=1), zone)
    assert one.end == other.start
    assert calendars.local_day(one.start, zone) == day


def test_months_keep_the_day_where_they_can() -> None:
    leap = date(2024, 2, 29)
    assert calendars.add_months(leap, 12) == date(2025, 2, 28)
    assert calendars.add_months(leap, 12, "next") == date(2025, 3, 1)
    assert calendars.add_months(date(2026, 1, 31), 2, "next") == date(2026, 3, 31)
    assert calendars.add_months(leap, 48) == date(2028, 2, 29)
    assert calendars.add_months(date(2026, 1, 31), -2) == date(2025, 11, 30)


def test_a_calendar_is_named_with_its_version(tmp_path: Path) -> None:
    for version in ("2.9", "2.10"):
        text = (calendars.FOLDER / "none.toml").read_text(encoding="utf-8").replace('"1"', f'"{version}"')
        (tmp_path / f"none-{version}.toml").write_text(text, encoding="utf-8")
    assert sorted(calendars.calendars(tmp_path)) == ["none@2.10", "none@2.9"]
    assert calendars.business_calendar("none", tmp_path).version == "2.10"
    assert calendars.business_calendar("none@2.9", tmp_path).version == "2.9"


@pytest.mark.parametrize(
    "text", ["name = ", 'name = "x"', 'name="x"\nversion="1"\ntitle=""\nsource=""\nweekend=["soon"]']
)
def test_a_broken_calendar_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "broken.toml").write_text(text, encoding="utf-8")
    with pytest.raises(Invalid, match=r"broken\.toml"):
        calendars.calendars(tmp_path)
