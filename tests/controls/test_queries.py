"""Controls and policies on a day: owners, coverage, what is in force, who has read what, what is owed."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.deeds import writing
from tickmark.controls import actions, queries
from tickmark.controls.models import ControlVersion, Policy, PolicyApproval, PolicyVersion
from tickmark.kernel import clock
from tickmark.kernel.answers import due, steps_state
from tickmark.people import actions as people
from tickmark.scope import actions as scope
from tickmark.scope.queries import Scope

DAY = date(2025, 11, 1)
LATER = date(2026, 3, 2)


@pytest.fixture
def lead(program):
    return program.actor("lead")


@pytest.fixture
def founder(program):
    return program.actor("founder")


@pytest.fixture
def at(monkeypatch):
    """Move the clock: `at(date)`."""

    def move(day):
        from datetime import UTC

        instant = datetime.combine(day, time(12), UTC)
        monkeypatch.setattr(clock, "now", lambda: instant)
        monkeypatch.setattr(clock, "today", lambda: day)

    return move


# -- controls -----------------------------------------------------------------------------------------------------


def test_the_owner_of_a_day(program, lead):
    actions.hand_over(lead, program.control, program.cast.reviewer, LATER)
    actions.retire(lead, program.control, date(2026, 6, 1), "Gone")
    days = (
        DAY - timedelta(days=1),
        DAY,
        LATER - timedelta(days=1),
        LATER,
        date(2026, 5, 31),
        date(2026, 6, 1),
    )
    owners = [queries.owner_on(program.control, day) for day in days]
    cast = program.cast
    assert owners == [None, cast.owner, cast.owner, cast.reviewer, cast.reviewer, None]


def test_a_control_that_changes_in_a_period_is_two_controls_in_time(program, lead):
    plain = {
        "title": "Review",
        "criteria": ["CC8.1"],
        "nature": "M",
        "purpose": "D",
        "owner": program.cast.owner,
    }
    actions.write(lead, "GOV-90", statement="Monthly.", frequency="monthly", effective_from=DAY, **plain)
    version = actions.write(
        lead,
        "GOV-90",
        statement="Quarterly.",
        frequency="quarterly",
        effective_from=date(2026, 2, 1),
        reason="x",
        **plain,
    )
    spans = queries.parts_in(version.control, program.period)
    assert [(span.start, span.end) for span in spans] == [
        (date(2025, 11, 1), date(2026, 1, 31)), (date(2026, 2, 1), date(2026, 10, 31))]  # fmt: skip
    actions.hand_over(lead, version.control, program.cast.reviewer, date(2026, 5, 1))
    spans = queries.parts_in(version.control, program.period)
    assert [span.start for span in spans] == [DAY, date(2026, 2, 1)], "A new owner is no new wording."
    assert spans[-1].version.owner == program.cast.reviewer
    numbered = {**plain, "owner": program.cast.reviewer, "frequency": "quarterly", "reason": "x"}
    actions.write(
        lead,
        "GOV-90",
        statement="Quarterly.",
        effective_from=date(2026, 7, 1),
        parameters={"days": 3},
        **numbered,
    )
    actions.retire(lead, version.control, date(2026, 8, 1), "Gone")
    actions.write(
        lead,
        "GOV-90",
        statement="Quarterly.",
        effective_from=date(2026, 9, 1),
        parameters={"days": 3},
        **numbered,
    )
    starts = [span.start for span in queries.parts_in(version.control, program.period)]
    assert starts == [DAY, date(2026, 2, 1), date(2026, 7, 1), date(2026, 9, 1)], (
        "Another number; a month without it."
    )


# -- coverage -----------------------------------------------------------------------------------------------------


def line(program, code, day=DAY):
    return next(one for one in queries.coverage(program.system, day) if one.criterion.id == code)


def test_what_a_criterion_rests_on(program, lead):
    assert {one.state for one in queries.coverage(program.system, DAY)} == {"covered", "bare"}
    assert len(queries.coverage(program.system, DAY)) == 33
    assert line(program, "CC8.1").controls == (program.control_version,)
    vendor = scope.add_vendor(lead, "host", "Host", "Cloud", DAY, True, "carve-out", ["CC6.4"]).vendor
    scope.assume(lead, program.system, "S-1", "csoc", "Locks", ["CC6.4"], DAY, vendor)
    scope.set_aside(lead, program.system, "CC3.3", "No money", DAY)
    states = {code: line(program, code).state for code in ("CC8.1", "CC6.4", "CC3.3", "CC1.1")}
    assert states == {"CC8.1": "covered", "CC6.4": "assumed", "CC3.3": "set aside", "CC1.1": "bare"}
    assert line(program, "CC8.1", DAY - timedelta(days=1) + timedelta(days=400)).state == "covered"


def test_a_category_that_is_not_chosen_asks_for_nothing(program, lead):
    scope.describe(lead, "ledger", "L", "N", "Books", ["security", "availability"], LATER)
    assert len(queries.coverage(program.system, LATER - timedelta(days=1))) == 33
    assert len(queries.coverage(program.system, LATER)) == 36


def test_findings_between_scope_and_controls(program, lead):
    def codes():
        found = [one.code for one in queries.findings(Scope(program.system, DAY))]
        return [code for code in found if code != "criterion-without-control"]

    assert codes() == []
    scope.add_vendor(lead, "host", "Host", "Cloud", DAY, True, "carve-out", ["CC6.4"], "VND-03")
    scope.set_aside(lead, program.system, "CC8.1", "No changes", DAY)
    actions.adopt(lead, "BCP-06", program.cast.reviewer, DAY)
    people.end_account(program.actor("founder"), program.cast.reviewer, "left")
    assert codes() == [
        "set-aside-with-control",
        "control-without-criterion",
        "owner-gone",
        "monitoring-not-in-force",
        "policy-not-in-force",
    ]


# -- policies -----------------------------------------------------------------------------------------------------


def policy(actor, owner, label="1", effective_from=DAY, text="Lock the doors."):
    return actions.write_policy(actor, "POL-77", "Doors", label, f"{text} {label}", owner, effective_from)


def test_a_draft_hides_nothing(program, lead, founder, at):
    at(date(2026, 1, 10))
    first = policy(lead, program.cast.owner, effective_from=date(2026, 1, 15))
    actions.approve_policy(founder, first)
    at(date(2026, 2, 10))
    second = policy(lead, program.cast.owner, "2", date(2026, 2, 10))
    at(date(2026, 3, 10))
    actions.approve_policy(founder, second)
    held = {day: queries.policies_in_force(day) for day in (
        date(2026, 1, 9), date(2026, 1, 14), date(2026, 1, 15), date(2026, 2, 20), date(2026, 3, 9), date(2026, 3, 10))}  # fmt: skip
    assert list(held.values()) == [[], [], [first], [first], [first], [second]]
    (waiting,) = queries.policies(date(2026, 2, 20))
    assert (waiting.current, waiting.draft, waiting.published, waiting.state) == (
        first,
        second,
        None,
        "approved",
    )


def test_who_has_read_a_version_and_who_is_missing(program, lead, founder, at):
    at(date(2026, 1, 10))
    actions.adopt(lead, "GOV-05", program.cast.owner, DAY, {"days": 10})
    people.add(lead, "P-9", "No Account", date(2025, 1, 1))
    people.add(lead, "P-8", "Gone", date(2025, 1, 1))
    version = policy(lead, program.cast.owner)
    actions.approve_policy(founder, version)
    actions.publish_policy(founder, version)
    actions.acknowledge(program.actor("employee"), version, version.digest)
    at(date(2026, 1, 25))
    actions.acknowledge(program.actor("owner"), version, version.digest)
    day = date(2026, 1, 25)
    found = {one.name: one.state(day) for one in acknowledgements_of(program, version, day)}
    assert found == {
        "Employee": "acknowledged",
        "Founder": "overdue",
        "Lead": "overdue",
        "Owner": "late",
        "Reviewer": "overdue",
        "No Account": "no account",
        "Gone": "no account",
    }
    before = {
        one.name: one.state(date(2026, 1, 20))
        for one in acknowledgements_of(program, version, date(2026, 1, 20))
    }
    assert (before["Owner"], before["Founder"]) == ("due", "due")


def acknowledgements_of(program, version, day):
    """As of a day; the cast's accounts were made at the real clock's time, so they are put before the day here."""
    from tickmark.people.models import User

    User.objects.update(created_at=datetime.fromisoformat("2025-01-01T00:00:00Z"))
    return queries.acknowledgements(version, day)


def test_without_a_control_nobody_is_late(program, lead, founder, at):
    at(date(2026, 1, 10))
    version = policy(lead, program.cast.owner)
    actions.approve_policy(founder, version)
    actions.publish_policy(founder, version)
    assert queries.acknowledgement_days(date(2026, 1, 10)) is None
    states = {one.state(date(2027, 1, 1)) for one in acknowledgements_of(program, version, date(2027, 1, 1))}
    assert states == {"due"}


# -- tasks and the road -------------------------------------------------------------------------------------------


def tasks(program, who, day=None):
    found = due(program.actor(who), day or clock.today())
    return [(task.title, task.due_on) for task in found if task.step == "controls"]


def test_everybody_is_asked_to_read_until_they_have(program, lead, founder):
    today = clock.today()
    actions.adopt(lead, "GOV-05", program.cast.owner, DAY, {"days": 10})
    version = policy(lead, program.cast.owner)
    quiet = actions.write_policy(lead, "POL-78", "Quiet", "1", "Text", program.cast.owner, DAY)
    for one, asked in ((version, True), (quiet, False)):
        actions.approve_policy(founder, one)
        actions.publish_policy(founder, one, must_acknowledge=asked)
    expected = [("Read and acknowledge “Doors”", today + timedelta(days=10))]
    everybody = ("founder", "lead", "owner", "reviewer", "employee")
    assert {who: tasks(program, who) for who in everybody} == dict.fromkeys(everybody, expected)
    assert tasks(program, "auditor") == []
    actions.acknowledge(program.actor("employee"), version, version.digest)
    assert tasks(program, "employee") == []


def test_a_joiner_has_the_days_from_the_first_day(program, lead, founder):
    today = clock.today()
    actions.adopt(lead, "GOV-05", program.cast.owner, DAY, {"days": 10})
    version = policy(lead, program.cast.owner)
    actions.approve_policy(founder, version)
    actions.publish_policy(founder, version)
    people.add(lead, "P-1", "Employee", today + timedelta(days=20), user=program.cast.employee)
    assert tasks(program, "employee", today + timedelta(days=20))[0][1] == today + timedelta(days=30)


def test_approvals_and_reviews_are_owed(program, lead, founder):
    today = clock.today()
    version = policy(lead, program.cast.owner, effective_from=today)
    assert tasks(program, "founder") == [("Approve “Doors” 1", today)]
    assert [tasks(program, who) for who in ("lead", "owner", "employee")] == [[], [], []]
    actions.approve_policy(founder, version)
    assert tasks(program, "founder") == []
    year = queries.policies(today)[0].review_on
    assert (year - today).days in (365, 366)
    assert tasks(program, "owner", year - timedelta(days=31)) == []
    assert tasks(program, "owner", year - timedelta(days=30)) == [("Review “Doors”", year)]


def test_the_step_is_done_when_all_is_covered_and_approved(program, lead, founder):
    today = clock.today()
    assert steps_state(lead, today)["controls"] == "current"
    version = scope.describe(lead, "ledger", "L", "N", "Books", ["security"], today)
    scope.approve(founder, version)
    bare = [one.criterion.id for one in queries.coverage(program.system, today) if one.state == "bare"]
    plain = {"title": "All", "statement": "x", "nature": "M", "purpose": "P", "frequency": "event"}
    actions.write(lead, "GOV-90", criteria=bare, owner=program.cast.owner, effective_from=today, **plain)
    held = policy(lead, program.cast.owner)
    assert steps_state(lead, today)["controls"] == "current"
    actions.approve_policy(founder, held)
    assert steps_state(lead, today)["controls"] == "done"
    scope.set_aside(lead, program.system, "CC1.1", "x", today)
    actions.retire(lead, program.control, today, "gone")
    assert steps_state(lead, today)["controls"] == "current"


def test_without_any_control_it_is_next(cast):
    assert steps_state(cast.actor("founder"), clock.today())["controls"] == "next"


# -- a replay as judge --------------------------------------------------------------------------------------------

DEED = st.tuples(
    st.sampled_from(["write", "approve"]), st.integers(0, 3), st.integers(0, 40), st.integers(0, 40)
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds=st.lists(DEED, max_size=10), offsets=st.lists(st.integers(-1, 42), min_size=1, max_size=4))
def test_policies_of_a_day_are_a_replay_of_the_facts(program, monkeypatch, deeds, offsets):
    """Which version is in force follows from who approved what when, in whatever order it was written."""
    from django.db import transaction

    written = sorted(deeds, key=lambda deed: deed[2])
    with transaction.atomic():
        rows, log = [], []
        policy = None
        for what, which, recorded, effective in written:
            instant = datetime.fromisoformat("2026-01-01T12:00:00Z") + timedelta(days=recorded)
            monkeypatch.setattr(clock, "now", lambda instant=instant: instant)
            with writing(program.cast.lead):
                if what == "write":
                    policy = policy or _policy()
                    row = PolicyVersion(
                        policy=policy, title="T", label=str(len(rows)), text="x", digest="0" * 64,
                        owner=program.cast.owner, effective_from=date(2026, 1, 1) + timedelta(days=effective),
                    )  # fmt: skip
                    row.save()
                    rows.append(row)
                    log.append(("write", len(rows) - 1, recorded, effective))
                elif which < len(rows) and ("approve", which) not in [entry[:2] for entry in log]:
                    PolicyApproval(version=rows[which]).save()
                    log.append(("approve", which, recorded, 0))
        monkeypatch.undo()
        for offset in offsets:
            found = queries.policies_in_force(date(2026, 1, 1) + timedelta(days=offset))
            assert [int(one.label) for one in found] == replay(log, offset)
        transaction.set_rollback(True)


def _policy():
    row = Policy(code="POL-77")
    row.save()
    return row


def replay(log, offset):
    """Read the facts recorded by the day: of the approved versions whose day has come, the one with the latest day."""
    known = [entry for entry in log if entry[2] <= offset]
    approved = {which for what, which, _, _ in known if what == "approve"}
    begun = [
        (effective, which) for what, which, _, effective in known if what == "write" and effective <= offset
    ]
    standing = [pair for pair in sorted(begun) if pair[1] in approved]
    return [standing[-1][1]] if standing else []


def test_versions_of_a_control_hold_for_their_days(program):
    assert list(ControlVersion.objects.as_of(DAY)) == [program.control_version]
    assert queries.version_on(program.control, DAY - timedelta(days=1)) is None
