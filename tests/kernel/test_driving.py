"""The driving rows are exactly those that the check would judge: in the period, or with a day that nobody knows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tickmark.kernel import tables
from tickmark.kernel.checks import parse_check
from tickmark.kernel.driving import driving
from tickmark.kernel.shapes import parse_shape

DOORS = """
name = "doors"
says = "One row a door."
key = ["door"]
dates = {{ locked = "locked" }}
[columns]
door = {{ type = "text" }}
locked = {{ type = "{type}" }}
floor = {{ type = "number" }}
"""
CHECK = """-- says: Doors are locked.
-- supports: X-1
-- reads: doors
-- drives: doors {drives}
-- pass locked []: It is locked.
select door as item, 'locked' as cause from doors
"""
START, END = date(2026, 1, 1), date(2026, 3, 31)


def rows_of(folder, doors, *, kind="date", drives="by locked", zone="UTC", start=START, end=END):
    shape = parse_shape(DOORS.format(type=kind).replace("number", "integer"))
    folder.mkdir(exist_ok=True)
    path = tables.write_rows(doors, shape, folder / "doors.parquet").path
    check = parse_check("doors_locked", CHECK.format(drives=drives).encode())
    return driving(check, path, {"doors": shape}, start, end, zone)


def test_days_of_the_period_with_both_ends_and_unknown_ones(tmp_path):
    days = {"a": "2025-12-31", "b": "2026-01-01", "c": "2026-03-31", "d": "2026-04-01", "e": None}
    found = rows_of(tmp_path, [{"door": door, "locked": day} for door, day in days.items()])
    assert found == [("b", START), ("c", END), ("e", None)]


def test_instants_count_on_the_day_of_the_place(tmp_path):
    late = {"door": "a", "locked": "2026-01-01T03:00:00Z"}  # still the year before in New York
    later = {"door": "b", "locked": "2026-04-01T03:59:59Z"}
    past = {"door": "c", "locked": "2026-04-01T04:00:00Z"}
    rows = [late, later, past]
    new_york = rows_of(tmp_path / "ny", rows, kind="instant", zone="America/New_York")
    assert new_york == [("b", date(2026, 3, 31))]
    assert rows_of(tmp_path / "utc", rows, kind="instant") == [("a", date(2026, 1, 1))]


def test_the_checks_own_condition_narrows_the_list(tmp_path):
    rows = [
        {"door": "a", "locked": "2026-01-05", "floor": 1},
        {"door": "b", "locked": "2026-01-05", "floor": 2},
    ]
    assert rows_of(tmp_path, rows, drives="by locked where floor = 2") == [("b", date(2026, 1, 5))]


def test_an_empty_list_is_an_empty_list(tmp_path):
    assert rows_of(tmp_path, []) == []


@settings(max_examples=25, deadline=None)
@given(offsets=st.lists(st.none() | st.integers(-5, 100), max_size=12), length=st.integers(0, 95))
def test_as_a_loop_would_find_them(tmp_path_factory, offsets, length):
    days = [None if one is None else START + timedelta(days=one) for one in offsets]
    doors = [{"door": f"{n:02}", "locked": day and day.isoformat()} for n, day in enumerate(days)]
    end = START + timedelta(days=length)
    expected = [(f"{n:02}", day) for n, day in enumerate(days) if day is None or START <= day <= end]
    assert rows_of(tmp_path_factory.mktemp("doors"), doors, end=end) == expected


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Pacific/Kiritimati"])
def test_the_day_given_is_the_local_one(tmp_path, zone):
    from zoneinfo import ZoneInfo

    instant = datetime(2026, 2, 10, 11, tzinfo=UTC)
    (found,) = rows_of(tmp_path, [{"door": "a", "locked": instant.isoformat()}], kind="instant", zone=zone)
    assert found == ("a", instant.astimezone(ZoneInfo(zone)).date())
