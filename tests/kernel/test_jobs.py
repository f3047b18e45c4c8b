"""Slots: done once, taken again when nobody finished them, given up with a reason."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.kernel.moments import Moments
from tickmark.kernel import jobs
from tickmark.kernel.errors import Conflict, Unavailable
from tickmark.kernel.jobs import LIMIT, PAUSE, TRIES, Slot


@pytest.fixture
def time(monkeypatch):
    return Moments(monkeypatch)


@pytest.fixture
def done(monkeypatch):
    """The register with one job, `count`; what it worked on."""
    seen: list[str] = []
    monkeypatch.setattr(jobs, "JOBS", {"count": lambda row: seen.append(row.slot)})
    return seen


def seen_as(row):
    row.refresh_from_db()
    return row.state, row.tries, row.error


def test_a_slot_is_made_once_and_done_once(db, time, done):
    first = jobs.enqueue("count", "2026-03-02", {"n": 1})
    assert jobs.enqueue("count", "2026-03-02", {"n": 2}) == first
    assert jobs.find("count", "2026-03-02").arguments == {"n": 1}
    assert (jobs.work(), jobs.work(), done) == (1, 0, ["2026-03-02"])
    assert jobs.enqueue("count", "2026-03-02").finished_at == time.at
    assert jobs.work() == 0


def test_slots_are_done_in_the_order_they_became_due(db, time, done):
    for slot in "bca":
        jobs.enqueue("count", slot)
        time.pass_by(seconds=1)
    jobs.work()
    assert done == ["b", "c", "a"]


def test_a_slot_is_not_done_before_it_is_due_nor_by_who_does_not_know_it(db, time, done):
    later = jobs.enqueue("count", "later")
    Slot.objects.filter(pk=later.pk).update(due_at=time.at + timedelta(hours=1))
    jobs.enqueue("unknown", "a")
    assert jobs.work() == 0
    time.pass_by(hours=1)
    assert (jobs.work(), done) == (1, ["later"])


@pytest.mark.parametrize("minutes", [1, 59, 61, 24 * 60])
def test_what_is_put_off_for_however_long_waits_until_then(db, time, done, minutes):
    jobs.enqueue("count", "a", due_at=time.at + timedelta(minutes=minutes))
    time.pass_by(minutes=minutes, seconds=-1)
    assert jobs.work() == 0
    time.pass_by(seconds=1)
    assert (jobs.work(), done) == (1, ["a"])


def test_what_a_clock_put_off_that_was_set_back_does_not_wait_for_it(db, time, done):
    jobs.enqueue("count", "a", due_at=time.at + timedelta(minutes=5))
    time.pass_by(hours=-1)
    assert (jobs.work(), done) == (1, ["a"])


def test_many_slots_are_made_once(db, time, done):
    jobs.enqueue("count", "a", {"n": 1})
    for _ in range(2):
        jobs.enqueue_all("count", {"a": {"n": 2}, "b": {"n": 3}})
    assert [(row.slot, row.arguments) for row in Slot.objects.order_by("slot")] == [
        ("a", {"n": 1}),
        ("b", {"n": 3}),
    ]
    jobs.forget(jobs.find("count", "b"), "n")
    assert jobs.find("count", "b").arguments == {}


def test_a_refusal_of_the_books_is_final(db, time, monkeypatch):
    def refuse(row):
        raise Conflict("It was closed.", "Somebody did.", "Nothing to do.")

    monkeypatch.setattr(jobs, "JOBS", {"count": refuse})
    row = jobs.enqueue("count", "a")
    assert jobs.work() == 1
    assert seen_as(row) == ("given up", 1, "It was closed. Somebody did. Nothing to do.")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("odd"), "ValueError: odd"),
        (Unavailable("No answer.", "The source is down."), "No answer. The source is down."),
    ],
)
def test_what_may_work_later_is_tried_three_times_with_pauses(db, time, monkeypatch, error, said):
    tries: list[timedelta] = []

    def fail(row):
        tries.append(time.at - start)
        raise error

    start = time.at
    monkeypatch.setattr(jobs, "JOBS", {"count": fail})
    row = jobs.enqueue("count", "a")
    assert jobs.work() == 1 and seen_as(row) == ("waiting", 1, said)
    for _ in range(20):
        time.pass_by(minutes=1)
        jobs.work()
    assert tries == [timedelta(), PAUSE, 3 * PAUSE]
    assert seen_as(row) == ("given up", TRIES, said)


def test_a_slot_that_nobody_finished_is_taken_again_and_given_up_after_three_times(db, time, done):
    row = jobs.enqueue("count", "a")
    for tries in (1, 2, 3):
        assert jobs.claim() == row
        assert jobs.claim() is None
        assert jobs.give_up() == []
        assert seen_as(row) == ("running", tries, "")
        time.pass_by(minutes=LIMIT.total_seconds() / 60 + 1)
    assert jobs.claim() is None
    assert jobs.give_up() == [row]
    assert seen_as(row) == ("given up", 3, "It was started 3 times and never finished.")
    assert jobs.give_up() == []


def test_who_was_too_slow_no_longer_ends_the_slot(db, time, done, monkeypatch):
    row = jobs.enqueue("count", "a")

    def slow(row):
        time.pass_by(hours=1)
        assert jobs.claim() is not None  # another worker has it now
        raise ValueError("too late")

    monkeypatch.setattr(jobs, "JOBS", {"count": slow})
    jobs.work_one()
    assert seen_as(row) == ("running", 2, "")


def test_work_that_a_command_does_is_left_to_it(db, time, done):
    row = jobs.enqueue("demo", "year")
    jobs.begin(row)
    row.progress("Living March", 3, 12)
    time.pass_by(days=300)
    assert (jobs.claim(), jobs.give_up()) == (None, [])
    row.refresh_from_db()
    assert (row.state, row.doing, row.done, row.total) == ("running", "Living March", 3, 12)
    jobs.end(row)
    assert seen_as(row) == ("done", 1, "")


def test_two_workers_never_share_a_slot(own_books, monkeypatch):
    seen: list[str] = []
    monkeypatch.setattr(jobs, "JOBS", {"count": lambda row: seen.append(row.slot)})
    names = [f"{n:02}" for n in range(24)]
    for name in names:
        jobs.enqueue("count", name)

    def worker():
        return sum(jobs.work_one() for _ in range(2 * len(names)))

    assert sum(own_books(*[worker] * 4)) == len(names)
    assert sorted(seen) == names
    assert set(Slot.objects.values_list("tries", flat=True)) == {1}


def test_two_that_enqueue_at_once_make_one_slot(own_books):
    rows = own_books(*[lambda: jobs.enqueue("count", "a").pk] * 4)
    assert len(set(rows)) == Slot.objects.count() == 1
