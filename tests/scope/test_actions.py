"""The verbs of scope: each once done, each bad input named with its field, nothing written when refused."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tickmark.kernel import clock
from tickmark.kernel.action import ACTIONS
from tickmark.kernel.arguments import call
from tickmark.kernel.errors import Conflict, Invalid, NotFound, Refused
from tickmark.kernel.ledger.entry import Entry
from tickmark.scope import actions
from tickmark.scope.models import Commitment, Exclusion, Period, ReportType, SystemEvent, SystemVersion
from tickmark.scope.queries import Scope

DAY = date(2025, 11, 1)
LATER = date(2026, 3, 1)


@pytest.fixture
def lead(program):
    return program.actor("lead")


def describe(actor, **changed):
    given = {
        "code": "second",
        "name": "Second",
        "company": "Northlight, Inc.",
        "services": "Keeps books.",
        "categories": ["security"],
        "effective_from": DAY,
    }
    return actions.describe(actor, **{**given, **changed})


def test_a_description_is_a_new_system_or_a_new_version(program, lead):
    first = describe(lead, categories=["privacy", "security", "availability"], time_zone="Europe/Berlin")
    assert (first.system.code, first.categories) == ("second", ["security", "availability", "privacy"])
    second = describe(lead, services="More.", effective_from=LATER)
    assert (second.system, SystemVersion.objects.filter(system=first.system).count()) == (first.system, 2)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"code": "two words"}, "code"),
        ({"code": ""}, "code"),
        ({"code": "../etc"}, "code"),
        ({"code": "x" * 41}, "code"),
        ({"name": " "}, "name"),
        ({"name": "n" * 121}, "name"),
        ({"name": "Ledger\u202egnp"}, "name"),
        ({"company": ""}, "company"),
        ({"services": "\n"}, "services"),
        ({"services": "x\x00y"}, "services"),
        ({"categories": ["availability"]}, "categories"),
        ({"categories": ["security", "speed"]}, "categories"),
        ({"categories": []}, "categories"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"calendar": "mayan"}, None),
    ],
)
def test_bad_descriptions(program, lead, changed, field):
    before = Entry.objects.count()
    with pytest.raises(Invalid) as error:
        describe(lead, **changed)
    assert field is None or error.value.field == field
    assert error.value.remedy
    assert (SystemVersion.objects.count(), Entry.objects.count()) == (1, before)


def test_no_version_slips_in_before_the_newest(program, lead):
    describe(lead, effective_from=LATER)
    with pytest.raises(Invalid, match="before the newest version"):
        describe(lead, effective_from=LATER - timedelta(days=1))
    assert describe(lead, effective_from=LATER).effective_from == LATER


# -- approval -----------------------------------------------------------------------------------------------------


def test_somebody_else_approves_once(program, lead):
    version = describe(lead)
    for who in ("lead", "owner", "employee", "auditor"):
        with pytest.raises(Refused):
            actions.approve(program.actor(who), version)
    approval = actions.approve(program.actor("founder"), version, "As discussed.")
    assert (approval.version, approval.by) == (version, program.cast.founder)
    with pytest.raises(Conflict, match="approved already"):
        actions.approve(program.actor("founder"), version)


def test_nobody_approves_what_they_wrote(program):
    version = describe(program.actor("founder"))
    with pytest.raises(Refused, match="written by somebody else"):
        actions.approve(program.actor("founder"), version)


def test_a_category_without_a_promise_is_not_approved(program, lead):
    version = describe(lead, categories=["security", "availability"])
    with pytest.raises(Invalid, match="Availability has no commitment"):
        actions.approve(program.actor("founder"), version)
    actions.commit(lead, version.system, "C-1", "commitment", "availability", "Up", "SLA", DAY)
    assert actions.approve(program.actor("founder"), version).pk


def test_a_promise_that_begins_with_the_version_counts_for_it(program, lead):
    future = clock.today() + timedelta(days=30)
    version = describe(lead, categories=["security", "availability"], effective_from=future)
    actions.commit(lead, version.system, "C-1", "commitment", "availability", "Up", "SLA", future)
    assert actions.approve(program.actor("founder"), version).pk


# -- parts --------------------------------------------------------------------------------------------------------


def commit(actor, system, **changed):
    given = {
        "code": "C-1",
        "kind": "commitment",
        "category": "security",
        "text": "Kept safe.",
        "source": "Terms, 7",
    }
    return actions.commit(actor, system, **{**given, "effective_from": DAY, **changed})


def test_a_commitment_is_changed_and_withdrawn_by_versions(program, lead):
    commit(lead, program.system)
    commit(lead, program.system, text="Kept safer.", effective_from=LATER)
    commit(lead, program.system, effective_from=LATER + timedelta(days=9), withdrawn=True)
    days = (DAY - timedelta(days=1), DAY, LATER - timedelta(days=1), LATER, LATER + timedelta(days=9))
    texts = [[one.text for one in Commitment.objects.as_of(day)] for day in days]
    assert texts == [[], ["Kept safe."], ["Kept safe."], ["Kept safer."], []]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"category": "speed"}, "category"),
        ({"text": " "}, "text"),
        ({"source": ""}, "source"),
        ({"source": "s" * 201}, "source"),
        ({"code": "C 1"}, "code"),
        ({"code": "C" * 21}, "code"),
        ({"target": "t" * 201}, "target"),
    ],
)
def test_bad_commitments(program, lead, changed, field):
    with pytest.raises(Invalid) as error:
        commit(lead, program.system, **changed)
    assert error.value.field == field


def test_through_a_door_a_category_is_one_of_five(program, lead):
    raw = {"system": "ledger", "code": "C-1", "kind": "commitment", "category": "speed", "text": "x", "source": "y",
           "effective_from": "2025-11-01"}  # fmt: skip
    with pytest.raises(Invalid) as error:
        call(ACTIONS["scope.commit"], lead, raw)
    assert error.value.field == "category"
    assert call(ACTIONS["scope.commit"], lead, {**raw, "category": "privacy"}).category == "privacy"


def test_a_component_has_an_owner_of_the_company(program, lead):
    placed = actions.place(
        lead, program.system, "db", "data", "Books", DAY, owner=program.cast.owner, inside=False
    )
    assert (placed.owner, placed.inside) == (program.cast.owner, False)
    with pytest.raises(Invalid) as error:
        actions.place(lead, program.system, "db2", "data", "Books", DAY, owner=program.cast.auditor)
    assert error.value.field == "owner"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"subservice": True}, "method"),
        ({"subservice": True, "method": "carve-out"}, "criteria"),
        ({"method": "sideways"}, "method"),
        ({"criteria": ["CC99.1"]}, "criteria"),
        ({"name": ""}, "name"),
        ({"service": ""}, "service"),
        ({"code": "a b"}, "code"),
    ],
)
def test_bad_vendors(program, lead, changed, field):
    given = {"code": "host", "name": "Host", "service": "Cloud", "effective_from": DAY}
    with pytest.raises(Invalid) as error:
        actions.add_vendor(lead, **{**given, **changed})
    assert error.value.field == field


def test_a_plain_vendor_carries_no_method_and_no_criteria(program, lead):
    row = actions.add_vendor(lead, "host", "Host", "Cloud", DAY, False, "carve-out", ["CC6.4"])
    assert (row.method, row.criteria) == ("", [])


def test_complements_have_criteria_and_the_right_other_side(program, lead):
    vendor = actions.add_vendor(lead, "host", "Host", "Cloud", DAY, True, "carve-out", ["CC6.4"]).vendor
    row = actions.assume(lead, program.system, "X-1", "csoc", "Locks", ["CC6.4"], DAY, vendor)
    assert (row.vendor, row.criteria) == (vendor, ["CC6.4"])
    for kind, whose, criteria, field in (
        ("csoc", None, ["CC6.4"], "vendor"),
        ("cuec", vendor, ["CC6.4"], "vendor"),
        ("cuec", None, [], "criteria"),
        ("cuec", None, ["CC6.44"], "criteria"),
    ):
        with pytest.raises(Invalid) as error:
            actions.assume(lead, program.system, "X-2", kind, "Text", criteria, DAY, whose)
        assert error.value.field == field


def test_an_unknown_criterion_is_named_with_the_nearest(program, lead):
    with pytest.raises(Invalid) as error:
        actions.set_aside(lead, program.system, "CC66.1", "No reason", DAY)
    assert (error.value.what, error.value.field) == ("No such criterion: CC66.1.", "criterion")
    assert "Did you mean" in error.value.remedy
    with pytest.raises(Invalid, match="reason is empty"):
        actions.set_aside(lead, program.system, "CC6.1", " ", DAY)


# -- exclusions, events -------------------------------------------------------------------------------------------


def test_an_exclusion_ends_and_stays(program, lead):
    row = actions.exclude(lead, program.system, "Beta", "Not sold", clock.today())
    end = actions.end_exclusion(lead, row, "Sold now")
    assert Exclusion.objects.get().end == end
    with pytest.raises(Conflict, match="ended already"):
        actions.end_exclusion(lead, row, "again")


@pytest.mark.parametrize(
    ("what", "reason", "until", "field"),
    [
        ("", "x", None, "what"),
        ("x", " ", None, "reason"),
        ("x" * 201, "x", None, "what"),
        ("x", "x", date(2020, 1, 1), "until"),
    ],
)
def test_bad_exclusions(program, lead, what, reason, until, field):
    with pytest.raises(Invalid) as error:
        actions.exclude(lead, program.system, what, reason, until)
    assert error.value.field == field


def test_an_undisclosed_event_has_a_reason_and_no_event_is_in_the_future(program, lead):
    today = clock.today()
    assert actions.report_event(lead, program.system, "incident", today, "T", "x", ["CC7.3"]).disclosed
    for given, field in (
        ({"happened_on": today + timedelta(days=1)}, "happened_on"),
        ({"disclosed": False}, "why"),
        ({"title": ""}, "title"),
        ({"text": ""}, "text"),
        ({"criteria": ["X1"]}, "criteria"),
    ):
        plain = {"kind": "incident", "happened_on": today, "title": "T", "text": "x"}
        with pytest.raises(Invalid) as error:
            actions.report_event(lead, program.system, **{**plain, **given})
        assert error.value.field == field


# -- periods ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type", "start", "end", "zone", "field"),
    [
        (ReportType.TYPE_2, date(2027, 3, 1), date(2027, 1, 31), "UTC", "end"),
        (ReportType.TYPE_1, date(2027, 1, 1), date(2027, 1, 2), "UTC", "end"),
        (ReportType.TYPE_2, date(2027, 1, 1), date(2027, 1, 27), "UTC", "end"),
        (ReportType.TYPE_2, date(2027, 1, 1), date(2027, 6, 30), "Mars/Base", "time_zone"),
    ],
)
def test_bad_periods(program, lead, type, start, end, zone, field):
    with pytest.raises(Invalid) as error:
        actions.set_period(lead, program.system, type, start, end, zone)
    assert error.value.field == field
    assert error.value.remedy
    assert Period.objects.count() == 1


def test_both_days_count(program, lead):
    row = actions.set_period(lead, program.system, ReportType.TYPE_2, date(2026, 11, 1), date(2026, 11, 28))
    assert (row.start, row.end) == (date(2026, 11, 1), date(2026, 11, 28))


def test_days_between_two_periods_are_refused_without_their_reason(program, lead):
    days = (program.system, ReportType.TYPE_2, date(2026, 12, 1), date(2027, 11, 30))
    with pytest.raises(Invalid, match="No period covers 2026-11-01 to 2026-11-30") as error:
        actions.set_period(lead, *days)
    assert (error.value.field, "2026-11-01" in error.value.remedy) == ("gap", True)
    row = actions.set_period(lead, *days, gap="Hosting was moved in November.")
    found = next(one for one in Scope(program.system, DAY).findings if one.code == "gap-between-periods")
    assert (row.gap, found.what, found.why) == (
        "Hosting was moved in November.",
        "No period covers 2026-11-01 to 2026-11-30.",
        "Said of it: Hosting was moved in November.",
    )
    assert actions.set_period(lead, program.system, ReportType.TYPE_1, date(2028, 1, 1), date(2028, 1, 1)).pk


def test_what_the_description_asks_of_an_incident_a_vendor_and_a_requirement(program, lead):
    commit(lead, program.system, code="C-1")
    event = actions.report_event(
        lead,
        program.system,
        SystemEvent.Kind.INCIDENT,
        LATER,
        "Outage",
        "71 minutes",
        discovered_on=LATER,
        cause="A certificate had run out.",
        disposition="Renewed; expiry is watched.",
        commitments=["C-1"],
    )
    assert (event.cause, event.disposition, event.commitments, event.discovered_on) == (
        "A certificate had run out.",
        "Renewed; expiry is watched.",
        ["C-1"],
        LATER,
    )
    for field, given in (
        ("commitments", {"commitments": ["C-9"]}),
        ("discovered_on", {"discovered_on": LATER - timedelta(days=1)}),
        ("discovered_on", {"discovered_on": clock.today() + timedelta(days=1)}),
    ):
        with pytest.raises(Invalid) as error:
            actions.report_event(
                lead, program.system, SystemEvent.Kind.INCIDENT, LATER, "Outage", "71 minutes", **given
            )
        assert error.value.field == field
    with pytest.raises(Invalid) as error:
        actions.add_vendor(lead, "cloud", "Cloud", "Hosting", DAY, report_end=LATER)
    assert error.value.field == "report"
    with pytest.raises(Invalid):
        commit(lead, program.system, code="R-1", criteria=["CC99.9"])
    assert commit(lead, program.system, code="R-1", criteria=["CC8.1"]).criteria == ["CC8.1"]


def test_periods_of_one_kind_do_not_overlap_unless_one_replaces_the_other(program, lead):
    old = program.period
    with pytest.raises(Conflict, match="overlaps PR-"):
        actions.set_period(lead, program.system, ReportType.TYPE_2, old.end, date(2027, 10, 31))
    new = actions.set_period(
        lead, program.system, ReportType.TYPE_2, old.start, date(2026, 11, 30), replaces=old
    )
    with pytest.raises(Conflict, match="replaced already"):
        actions.set_period(lead, program.system, ReportType.TYPE_2, old.start, old.end, replaces=old)
    following = actions.set_period(
        lead, program.system, ReportType.TYPE_2, date(2026, 12, 1), date(2027, 11, 30)
    )
    assert actions.set_period(lead, program.system, ReportType.TYPE_1, date(2026, 6, 1), date(2026, 6, 1)).pk
    assert [new.replaces, following.replaces] == [old, None]


def test_a_period_replaces_only_one_of_its_own_system(program, lead):
    other = describe(lead).system
    with pytest.raises(Invalid) as error:
        actions.set_period(
            lead, other, ReportType.TYPE_2, date(2027, 1, 1), date(2027, 6, 30), replaces=program.period
        )
    assert error.value.field == "replaces"


# -- who ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["owner", "reviewer", "auditor"])
def test_others_who_see_the_scope_do_not_write_it(program, who):
    with pytest.raises(Refused):
        commit(program.actor(who), program.system)
    assert not Commitment.objects.exists()


@pytest.mark.parametrize("who", ["employee", "stranger"])
def test_who_does_not_see_the_system_finds_none(program, who):
    with pytest.raises(NotFound):
        commit(program.actor(who), program.system)
