"""A clock that was set back, and a worker that woke up too late: the log keeps the order, and nothing is done twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tests.deeds import writing
from tests.kernel.moments import Moments
from tickmark.kernel import health, jobs
from tickmark.kernel.errors import Conflict
from tickmark.kernel.jobs import LIMIT, SILENCE, Slot
from tickmark.kernel.ledger.entry import Entry, Leaf
from tickmark.kernel.ledger.seal import seal

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Moments:
    return Moments(monkeypatch, AT)


def count(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A register with one job, and what it worked on."""
    seen: list[str] = []
    monkeypatch.setattr(jobs, "JOBS", {"count": lambda row: seen.append(row.slot)})
    return seen


def part(name: str) -> health.Part:
    return next(one for one in health.look() if one.name == name)


def test_an_hour_back_keeps_the_order_and_is_said(
    db: None, time: Moments, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = count(monkeypatch)
    with writing():
        pass
    later = jobs.enqueue("count", "not before tomorrow", due_at=time.at + timedelta(days=1))
    Slot.objects.filter(pk=jobs.enqueue("count", "paused").pk).update(
        due_at=time.at + timedelta(minutes=1), tries=1
    )
    jobs.enqueue("count", "killed")
    assert jobs.claim() is not None
    assert part("clock").ok
    before = list(Entry.objects.values())

    time.pass_by(hours=-2)
    with writing():
        pass
    assert [one for one in Entry.objects.values() if one["uid"] == before[0]["uid"]] == before
    assert seal().size == 2  # type: ignore[union-attr]
    places = Leaf.objects.order_by("position").values_list("entry__recorded_at", flat=True)
    assert list(places) == [AT, AT - timedelta(hours=2)]
    said = part("clock")
    assert said.ok is False and said.says == "This host's clock is 2 h behind what was recorded last."
    assert (jobs.work(), sorted(seen)) == (2, ["killed", "paused"])
    assert Slot.objects.get(pk=later.pk).state == "waiting"


# -- a worker that falls silent ---------------------------------------------------------------------------------------


def test_a_silent_worker_loses_its_slot_after_a_minute_and_a_living_one_keeps_it(
    db: None, time: Moments, monkeypatch: pytest.MonkeyPatch
) -> None:
    count(monkeypatch)
    jobs.enqueue("count", "a")
    row = jobs.claim()
    assert row is not None
    monkeypatch.setattr(jobs, "_held", {(row.pk, row.tries)})
    for _ in range(20):
        time.pass_by(seconds=30)
        jobs.stay()
        assert jobs.claim() is None
    time.pass_by(seconds=SILENCE.total_seconds() + 1)
    again = jobs.claim()
    assert again is not None and (again.pk, again.tries) == (row.pk, 2)


def test_a_job_that_hangs_is_not_waited_for_however_alive_its_worker_is(
    db: None, time: Moments, monkeypatch: pytest.MonkeyPatch
) -> None:
    count(monkeypatch)
    jobs.enqueue("count", "a")
    row = jobs.claim()
    assert row is not None
    monkeypatch.setattr(jobs, "_held", {(row.pk, row.tries)})
    time.pass_by(seconds=LIMIT.total_seconds() + 1)
    jobs.stay()
    assert jobs.claim() is not None


def test_a_part_is_recorded_once_over_all_tries(
    db: None, time: Moments, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[int] = []
    crash = [True]

    def work(row: Slot) -> None:
        for number in (1, 2):
            jobs.once(row, f"part {number}", lambda number=number: done.append(number))  # type: ignore[misc]
            if crash:
                crash.clear()
                raise ValueError("killed after the first part")

    monkeypatch.setattr(jobs, "JOBS", {"count": work})
    row = jobs.enqueue("count", "a")
    jobs.work()
    time.pass_by(minutes=5)
    jobs.work()
    row.refresh_from_db()
    assert (done, row.parts, row.state, row.tries) == ([1, 2], ["part 1", "part 2"], "done", 2)


def test_who_was_replaced_records_nothing(db: None, time: Moments, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker is stopped for two minutes; meanwhile another one takes its slot and does the work."""
    done: list[str] = []

    def work(row: Slot) -> None:
        if row.tries == 1:
            time.pass_by(minutes=2)
            other = jobs.claim()
            assert other is not None
            jobs.run(other)
        jobs.once(row, "record", lambda: done.append(f"try {row.tries}"))

    monkeypatch.setattr(jobs, "JOBS", {"count": work})
    row = jobs.enqueue("count", "a")
    assert jobs.work_one()
    row.refresh_from_db()
    assert (done, row.state, row.tries, row.error) == (["try 2"], "done", 2, "")
    with pytest.raises(Conflict, match="was taken over"):
        jobs.once(SimpleNamespace(pk=row.pk, tries=1), "record", lambda: done.append("late"))  # type: ignore[arg-type]
    assert done == ["try 2"]


def test_a_store_that_is_lost_while_collecting_is_tried_again_and_is_no_fault_of_the_source(
    program: Any, time: Moments, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tickmark.evidence import actions
    from tickmark.evidence import jobs as evidence_jobs
    from tickmark.evidence.models import Collection
    from tickmark.kernel.faults import full

    def lost(*_: Any, **__: Any) -> Any:
        raise full()

    time.at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    version = actions.connect(
        program.actor("lead"), "policies", "Policies", "books.policies", "own books", {}, AT.date()
    )
    actions.collect(program.actor("lead"), version.connection)
    with monkeypatch.context() as patched:
        patched.setattr(evidence_jobs.files, "keep", lost)
        jobs.work()
    slot = Slot.objects.get(what="collect")
    assert (slot.state, slot.error.split(".")[0], Collection.objects.count()) == (
        "waiting",
        "There is no space left",
        0,
    )
    time.pass_by(minutes=5)
    jobs.work()
    slot.refresh_from_db()
    assert (slot.state, slot.parts, Collection.objects.count()) == ("done", ["recorded"], 1)
