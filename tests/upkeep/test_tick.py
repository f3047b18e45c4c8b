"""Each minute what is due becomes slots, once; what was written is sealed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from tests.deeds import writing
from tests.kernel.moments import Moments
from tickmark.evidence.models import Connection, ConnectionVersion
from tickmark.kernel import jobs
from tickmark.kernel.jobs import Slot
from tickmark.kernel.ledger.entry import Entry
from tickmark.kernel.ledger.seal import latest
from tickmark.upkeep.tick import slot_of, tick

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def time(monkeypatch):
    return Moments(monkeypatch, MONDAY)


def connect(code, every, since=MONDAY.date(), **more):
    with writing():
        source = Connection.objects.filter(code=code).first()
        if source is None:
            source = Connection(code=code, collector="files.people")
            source.save()
        row = ConnectionVersion(
            connection=source, title=code, source="a", settings={}, every=every, effective_from=since, **more
        )
        row.save()
    return source


def slots():
    return sorted(Slot.objects.values_list("slot", flat=True))


def test_each_rhythm_has_its_slot_and_a_repeat_is_harmless(db, time):
    days, weeks, months = connect("days", "day"), connect("weeks", "week"), connect("months", "month")
    connect("by-hand", "")
    tick()
    expected = ["days:2026-03-02", "months:2026-03", "weeks:2026-W10"]
    assert slots() == expected
    time.pass_by(minutes=1)
    tick()
    assert slots() == expected
    assert [slot.arguments for slot in Slot.objects.order_by("slot")] == [
        {"connection": source.pk, "by": "job:tick"} for source in (days, months, weeks)
    ]


def test_a_quarter_of_a_year_has_one_slot_a_day_a_week_and_a_month(db, time):
    for every in ("day", "week", "month"):
        connect(every, every)
    for _ in range(30):
        tick()
        time.pass_by(days=1)
    counts = {
        every: Slot.objects.filter(slot__startswith=f"{every}:").count() for every in ("day", "week", "month")
    }
    assert counts == {"day": 30, "week": 5, "month": 1}


def test_the_setting_of_the_day_counts(db, time):
    connect("later", "day", since=date(2026, 3, 4))
    connect("ended", "day")
    connect("ended", "day", since=date(2026, 3, 3), withdrawn=True)
    connect("slower", "day")
    connect("slower", "week", since=date(2026, 3, 3))
    for _ in range(3):
        tick()
        time.pass_by(days=1)
    assert slots() == ["ended:2026-03-02", "later:2026-03-04", "slower:2026-03-02", "slower:2026-W10"]


def test_what_was_written_is_sealed(db, time):
    connect("days", "day")
    tick()
    assert latest().size == Entry.objects.count() > 0


def test_what_nobody_finished_is_given_up(db, time, monkeypatch):
    monkeypatch.setattr(jobs, "JOBS", {"collect": lambda row: None})
    connect("days", "day")
    (slot,) = tick()
    Slot.objects.filter(pk=slot.pk).update(started_at=MONDAY - timedelta(hours=2), tries=jobs.TRIES)
    tick()
    slot.refresh_from_db()
    assert (slot.state, slot.error) == ("given up", "It was started 3 times and never finished.")


def test_two_that_tick_at_once_make_each_slot_once(own_books):
    for code in ("a", "b"):
        connect(code, "day")
    own_books(tick, tick, tick)
    assert Slot.objects.count() == 2


def test_asking_what_is_due_costs_the_same_for_one_source_and_for_many(db, time):
    """Beyond the slot of each: looked up, and made within a savepoint when it is new."""

    def reads():
        with CaptureQueriesContext(connection) as queries:
            tick()
        return [one["sql"] for one in queries if "evidence_connection" in one["sql"]]

    connect("a", "day")
    assert len(reads()) == 1
    for code in "bcd":
        connect(code, "day")
    assert len(reads()) == 1


@given(day=st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_neighbouring_days_share_a_slot_exactly_within_their_week_and_month(day):
    after = day + timedelta(days=1)
    assert (slot_of("week", day) == slot_of("week", after)) == (after.weekday() != 0)
    assert (slot_of("month", day) == slot_of("month", after)) == (after.day != 1)
    assert slot_of("day", day) == day.isoformat()
