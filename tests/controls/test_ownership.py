"""Who answers for what, who goes with what they own, and everything handed over at once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.web.pages import fill
from tickmark.controls import actions, ownership, queries
from tickmark.kernel import clock
from tickmark.kernel.access import visible
from tickmark.kernel.answers import due
from tickmark.kernel.errors import Invalid, Refused
from tickmark.kernel.ledger.entry import Entry
from tickmark.people import actions as people
from tickmark.scope.models import Component, VendorVersion

DAY, LAST = date(2026, 3, 1), date(2026, 3, 31)
NEXT = LAST + timedelta(days=1)


@pytest.fixture
def leaving(program):
    """The owner is a person who left a month ago."""
    made = fill(program)
    spell = people.add(program.actor("lead"), "P-9", "Owner", date(2024, 1, 1), user=program.cast.owner)
    people.depart(program.actor("lead"), spell, gone_since())
    return made


def gone_since():
    return clock.today() - timedelta(days=30)


def things(program, day):
    return {
        one.code: (one.kind, one.owner and one.owner.name, one.backup and one.backup.name)
        for one in ownership.held(program.actor("lead"), day)
    }


def test_everything_with_an_owner_is_told_with_who_has_none(program):
    fill(program)
    assert things(program, clock.today()) == {
        "AC-06": ("control", "Owner", None),
        "CHG-02": ("control", "Owner", None),
        "GOV-05": ("control", "Owner", None),
        "POL-04": ("policy", "Owner", None),
        "POL-99": ("policy", "Owner", None),
        "hosting": ("vendor", None, None),
        "db": ("component", "Owner", None),
    }


def test_an_owner_who_leaves_is_the_leads_duty_until_somebody_else_answers(program, leaving):
    today = clock.today()
    (found,) = [one for one in ownership.successions(program.actor("lead"), today) if one.going.ends_on]
    assert (found.going.user, found.going.ends_on, found.going.closed) == (
        program.cast.owner,
        gone_since(),
        False,
    )
    assert len(found.owns) == 6
    left = f"Owner left on {gone_since().day} {gone_since():%b %Y}"
    tasks = [task for task in due(program.actor("lead"), today) if "new owner" in task.title]
    assert [(task.title, task.url, task.due_on) for task in tasks] == [
        (
            f"{left}: 6 things need a new owner",
            f"/controls/owners/{program.cast.owner.ref}",
            gone_since(),
        )
    ]
    assert not [task for task in due(program.actor("owner"), today) if "new owner" in task.title]
    actions.hand_over_all(program.actor("lead"), program.cast.owner, program.cast.reviewer, today)
    tasks = [task for task in due(program.actor("lead"), today) if "new owner" in task.title]
    assert [task.title for task in tasks] == [f"{left}: 2 things need a new owner"]  # policies


def test_what_is_handed_over_from_the_first_day_without_them_is_no_duty_before(program, leaving):
    later = clock.today() + timedelta(days=40)
    spell = people.add(
        program.actor("lead"), "P-10", "Reviewer", date(2024, 1, 1), user=program.cast.reviewer
    )
    actions.hand_over_all(program.actor("lead"), program.cast.owner, program.cast.reviewer, clock.today())
    people.depart(program.actor("lead"), spell, later)
    held = [one.going.user for one in ownership.successions(program.actor("lead"), clock.today())]
    assert program.cast.reviewer in held
    actions.hand_over_all(
        program.actor("lead"), program.cast.reviewer, program.cast.lead, later + timedelta(days=1)
    )
    held = [one.going.user for one in ownership.successions(program.actor("lead"), clock.today())]
    assert program.cast.reviewer not in held


def test_all_of_it_changes_hands_in_one_entry_and_keeps_everything_else(program):
    made = fill(program)
    lead, cast = program.actor("lead"), program.cast
    actions.hand_over(lead, program.control, cast.owner, DAY, backup_owner=cast.reviewer)
    actions.hand_over(lead, made.gov.control, cast.reviewer, DAY, backup_owner=cast.owner)
    before, entries = visible(lead, Component).get(pk=made.component.pk), Entry.objects.count()
    actions.hand_over_all(lead, cast.owner, cast.reviewer, NEXT, "He leaves")
    assert Entry.objects.count() == entries + 1
    found = {row.control.code: row for row in queries.in_force(NEXT)}
    assert {code: (row.owner, row.backup_owner, row.reason) for code, row in found.items()} == {
        "AC-06": (cast.reviewer, None, "He leaves"),
        "CHG-02": (cast.reviewer, None, "He leaves"),
        "GOV-05": (cast.reviewer, None, "He leaves"),
    }
    assert found["GOV-05"].parameters == {"days": 10}
    after = Component.objects.as_of(NEXT).get(code="db")
    kept = ("name", "kind", "description", "inside", "data", "flows", "supplier")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    assert after.owner == cast.reviewer
    assert VendorVersion.objects.count() == 1
    assert things(program, NEXT - timedelta(days=1))["AC-06"] == ("control", "Owner", None)


def test_what_cannot_be_handed_over(program):
    fill(program)
    lead, cast = program.actor("lead"), program.cast
    cases = [
        (cast.owner, cast.owner, "stay where it is"),
        (cast.owner, cast.former, "is closed"),
        (cast.owner, cast.auditor, "not of the company"),
        (cast.auditor, cast.owner, "not of the company"),
        (cast.employee, cast.owner, "answers for nothing"),
    ]
    for user, to, says in cases:
        with pytest.raises(Invalid) as found:
            actions.hand_over_all(lead, user, to, NEXT)
        assert says in found.value.what
    actions.hand_over(lead, program.control, cast.owner, NEXT + timedelta(days=9))
    with pytest.raises(Invalid, match="CHG-02") as found:
        actions.hand_over_all(lead, cast.owner, cast.reviewer, NEXT)
    assert things(program, NEXT)["AC-06"][1] == "Owner"


@pytest.mark.parametrize("who", ["owner", "reviewer", "employee", "auditor"])
def test_only_sponsor_and_lead_hand_over(program, who):
    with pytest.raises(Refused):
        actions.hand_over_all(program.actor(who), program.cast.owner, program.cast.lead, NEXT)


def test_a_rehire_and_a_closed_account(program):
    lead, cast = program.actor("lead"), program.cast
    spell = people.add(lead, "P-9", "Owner", date(2024, 1, 1), user=cast.owner)
    people.depart(lead, spell, LAST)
    today = clock.today()
    assert ownership.going([cast.owner, cast.former], today)[cast.former.pk].closed
    assert ownership.going([cast.owner], today)[cast.owner.pk].words(DAY) == "leaves on 31 Mar 2026"
    people.add(lead, "P-9", "Owner", date(2026, 5, 1))
    assert ownership.going([cast.owner], today) == {}
    people.end_account(program.actor("founder"), cast.owner, "Gone")
    cast.owner.refresh_from_db()
    assert ownership.going([cast.owner], today)[cast.owner.pk].words(today) == "account closed"
    assert ownership.going([cast.owner], DAY) == {}
