"""The year as a calendar, what was given up, and who owes what."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest

from tests.deeds import writing
from tickmark.controls.models import Control, ControlVersion
from tickmark.evidence import actions as evidence
from tickmark.kernel import clock, jobs
from tickmark.kernel.jobs import Slot
from tickmark.readiness import actions as readiness
from tickmark.upkeep import queries

NOW = datetime(2026, 8, 3, 15, tzinfo=UTC)
TODAY = NOW.date()


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock stands."""
    monkeypatch.setattr(clock, "now", lambda: NOW)


def control(program: SimpleNamespace, code: str, frequency: str) -> Control:
    """A recurring control in force since the period's first day."""
    with writing(program.cast.founder):
        made = Control(code=code)
        made.save()
        ControlVersion(
            control=made, effective_from=date(2025, 11, 1), title="It", statement="It.", criteria=["CC6.3"], nature="M", purpose="D",
            frequency=frequency, owner=program.cast.owner, parameters={"grace_days": 15},
        ).save()  # fmt: skip
    return made


def titles(day: date = TODAY) -> dict[str, list[str]]:
    """Month and titles of what falls into it."""
    return {
        f"{month.first:%Y-%m}": [event.title for event in month.events] for month in queries.calendar(day)
    }


def test_the_months_of_the_period_hold_what_falls_due(program: SimpleNamespace) -> None:
    control(program, "AC-06", "quarterly")
    control(program, "BCP-03", "daily")
    found = titles()
    assert list(found) == [
        *(f"2025-{number}" for number in (11, 12)),
        *(f"2026-{number:02}" for number in range(1, 11)),
    ]
    assert found["2026-01"] == ["AC-06 It, 2025-Q4", "BCP-03 It, 31 times"]
    assert found["2026-10"] == [
        "AC-06 It, 2026-Q3",
        "BCP-03 It, 31 times, 31 open",
        "Type 2 period ends; lists are taken within three days",
    ]
    assert found["2025-11"][0] == "Type 2 period begins"


def test_after_the_last_period_the_year_begins_with_today(program: SimpleNamespace) -> None:
    control(program, "AC-06", "quarterly")
    months = queries.calendar(date(2026, 11, 16))
    assert [months[0].first, months[-1].first] == [date(2026, 11, 1), date(2027, 10, 1)]
    assert [event.title for month in months for event in month.events if event.kind == "control"] == [
        "AC-06 It, 2026-Q4", "AC-06 It, 2027-Q1", "AC-06 It, 2027-Q2", "AC-06 It, 2027-Q3",
    ]  # fmt: skip


def test_sources_and_remedies_stand_in_it(program: SimpleNamespace) -> None:
    lead = program.actor("lead")
    evidence.connect(
        lead, "git", "Repository", "git.changes", "git", {"path": "/x"}, date(2026, 8, 1), "week"
    )
    readiness.plan_remedy(
        lead, "implementation:nothing:CHG-02", "File the settings", program.cast.owner, date(2026, 9, 9)
    )
    found = titles()
    assert found["2026-08"] == ["Collect Repository, then each week"]
    assert found["2026-09"] == ["Remedy: File the settings"]


def test_work_that_was_given_up_stands_with_its_reason(program: SimpleNamespace) -> None:
    slot = jobs.enqueue("check", "CL-1", {})
    Slot.objects.filter(pk=slot.pk).update(
        finished_at=NOW, error="It was started 3 times and never finished.", tries=3
    )
    assert [(row.pk, row.state) for row in queries.given_up(TODAY)] == [(slot.pk, "given up")]
    assert queries.given_up(TODAY - timedelta(days=1)) == []
    assert [task.title for task in queries.repairs_owed(program.actor("lead"), TODAY)] == [
        "See why 1 pieces of work were given up"
    ]
    assert list(queries.repairs_owed(program.actor("owner"), TODAY)) == []
    assert list(queries.repairs_owed(program.actor("auditor"), TODAY)) == []


def test_who_owes_what_names_those_with_most_past_its_day_first(program: SimpleNamespace) -> None:
    control(program, "AC-06", "quarterly")
    rows = {one.user.name: one for one in queries.who_owes(TODAY)}
    assert next(iter(rows)) == "Owner" and rows["Owner"].overdue(TODAY) == 1
    assert "File AC-06 for 2026-Q2" in [task.title for task in rows["Owner"].tasks]
    assert not {"Auditor", "Employee", "Former"} & set(rows)


def test_the_step_goes_on_from_the_first_day_of_a_period(program: SimpleNamespace) -> None:
    lead = program.actor("lead")
    assert queries.state(lead, date(2025, 10, 31)) == "later"
    assert queries.state(lead, date(2025, 11, 1)) == queries.state(lead, date(2027, 1, 1)) == "current"
