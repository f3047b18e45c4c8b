"""The next period: on the day after the last, carried by versions, adopted by a named person (domain.md 7.5, 9.2, 9.3)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.deeds import writing
from tickmark.controls import actions as controls
from tickmark.controls.models import ControlVersion
from tickmark.evidence import actions as evidence
from tickmark.kernel.errors import Conflict, Invalid, NotFound, Refused
from tickmark.kernel.ledger.entry import Entry
from tickmark.scope import actions as scope
from tickmark.scope.models import Period, ReportType
from tickmark.scope.queries import Scope
from tickmark.upkeep import actions
from tickmark.upkeep.models import RollForward
from tickmark.upkeep.rolling import upcoming

pytestmark = pytest.mark.database
NEXT = date(2026, 11, 1)


def test_the_next_period_begins_on_the_day_after_and_names_what_goes_on(program: Any) -> None:
    lead = program.actor("lead")
    promise = scope.commit(
        lead, program.system, "C-1", "commitment", "security", "Kept.", "Terms", program.period.start
    )
    row = actions.roll_forward(program.actor("founder"), program.period, note="As last year")
    made = row.period
    assert (made.type, made.start, made.end, made.time_zone, made.system) == (
        2,
        NEXT,
        date(2027, 10, 31),
        "America/New_York",
        program.system,
    )
    assert (row.before, row.criteria_set, row.note, row.by) == (
        program.period,
        "tsc-2017-2022",
        "As last year",
        program.cast.founder,
    )
    assert row.carried == {
        "system": [program.system_version.ref],
        "commitments": [promise.ref],
        "components": [],
        "vendors": [],
        "complements": [],
        "set-aside": [],
        "controls": [program.control_version.ref],
    }
    entry = Entry.objects.get(uid=row.entry)
    assert (entry.verb, sorted(fact["ref"] for fact in entry.facts)) == (
        "upkeep.roll_forward",
        sorted([made.ref, row.ref]),
    )


def test_nothing_is_copied_and_a_version_of_the_next_period_is_the_one_carried(program: Any) -> None:
    lead, before = program.actor("lead"), ControlVersion.objects.count()
    retired = controls.write(
        lead, "AC-01", "Matrix", "The matrix is reviewed.", ["CC6.1"], "M", "P", "annual", program.cast.owner,
        date(2025, 12, 1),
    )  # fmt: skip
    controls.retire(lead, retired.control, NEXT, "Replaced")
    changed = scope.describe(lead, "ledger", "Ledger", "Northlight, Inc.", "Also payroll", ["security"], NEXT)
    row = actions.roll_forward(program.actor("lead"), program.period)
    assert row.carried["system"] == [changed.ref]
    assert row.carried["controls"] == [program.control_version.ref]
    assert ControlVersion.objects.count() == before + 2


def test_only_the_last_period_goes_on_and_only_once(program: Any) -> None:
    founder = program.actor("founder")
    first = actions.roll_forward(founder, program.period)
    with pytest.raises(Conflict, match="The next period is open: 2026-11-01 to 2027-10-31"):
        actions.roll_forward(founder, program.period)
    longer = scope.set_period(
        founder, program.system, ReportType.TYPE_2, NEXT, date(2027, 12, 31), replaces=first.period
    )
    with pytest.raises(Conflict, match=f"was replaced by {longer.ref}"):
        actions.roll_forward(founder, Period.objects.get(pk=first.period.pk))
    assert actions.roll_forward(founder, longer).period.start == date(2028, 1, 1)
    assert [one.code for one in Scope(program.system, NEXT).findings if "between" in one.code] == []


@pytest.mark.parametrize(
    ("end", "fits"),
    [
        (date(2027, 1, 30), False),
        (date(2027, 1, 31), True),
        (date(2028, 1, 31), True),
        (date(2028, 2, 1), False),
        (date(2026, 10, 1), False),
    ],
)
def test_a_changed_end_makes_a_period_of_three_to_fifteen_months(program: Any, end: date, fits: bool) -> None:
    founder = program.actor("founder")
    if fits:
        assert actions.roll_forward(founder, program.period, end).period.end == end
        return
    with pytest.raises(Invalid) as error:
        actions.roll_forward(founder, program.period, end)
    assert (error.value.field, RollForward.objects.count(), Period.objects.count()) == ("end", 0, 1)


def test_a_type_1_is_followed_by_a_type_2_from_the_next_day(program: Any) -> None:
    system = scope.describe(
        program.actor("lead"),
        "second",
        "Second",
        "Northlight, Inc.",
        "Payroll",
        ["security"],
        date(2026, 1, 1),
    ).system
    day = date(2026, 3, 31)
    period = scope.set_period(program.actor("founder"), system, ReportType.TYPE_1, day, day)
    made = actions.roll_forward(program.actor("founder"), period).period
    assert (made.type, made.start, made.end) == (2, date(2026, 4, 1), date(2027, 3, 31))


def test_management_decides(program: Any) -> None:
    for name in ("owner", "reviewer", "auditor", "employee"):
        with pytest.raises((Refused, NotFound)):
            actions.roll_forward(program.actor(name), program.period)
    assert RollForward.objects.count() == 0


def test_what_is_not_carried_is_said(program: Any) -> None:
    scope.exclude(program.actor("lead"), program.system, "The beta", "Pilots only")
    with writing(program.cast.founder):
        from tickmark.scope.models import Exclusion

        Exclusion(
            system=program.system, what="The shop", reason="No records", until=date(2026, 10, 31)
        ).save()
    coming = upcoming(program.system)
    assert coming is not None
    assert (coming.start, coming.made, coming.engagement) == (NEXT, None, program.engagement)
    assert [one.what for one in coming.left] == [
        "The exclusion “The shop”",
        "Evidence, lists and samples",
        "Conclusions and signatures",
        "Independence and the nonce",
    ]
    made = actions.roll_forward(program.actor("founder"), program.period)
    again = upcoming(program.system)
    assert again is not None
    assert (again.before, again.made) == (program.period, made)


def test_performances_are_filed_for_occurrences_of_the_next_period_too(program: Any) -> None:
    actions.roll_forward(program.actor("founder"), program.period)
    control = controls.write(
        program.actor("lead"), "AC-06", "Reviews", "Reviewed each quarter.", ["CC6.2"], "M", "D", "quarterly",
        program.cast.owner, date(2025, 11, 1),
    ).control  # fmt: skip
    keys = [item.key for item in evidence.filing.queries.keys_of(control, date(2026, 12, 1))]
    assert keys == ["2025-Q4", *(f"2026-Q{n}" for n in (1, 2, 3, 4)), *(f"2027-Q{n}" for n in (1, 2, 3))]
