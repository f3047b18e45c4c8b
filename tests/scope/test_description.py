"""DC 1 to DC 9 on small books: what is said, what is missing and who could say it, by type of report."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tickmark.kernel import clock
from tickmark.people import actions as people
from tickmark.scope import actions
from tickmark.scope.actions.parts import Flow
from tickmark.scope.description import description
from tickmark.scope.details import DETAILS
from tickmark.scope.models import ReportType
from tickmark.scope.pieces import ELSEWHERE, MISSING, NONE, SAID, Piece
from tickmark.scope.queries import Scope

DAY = date(2025, 11, 1)
NOW = date(2026, 10, 1)


@pytest.fixture
def lead(program):
    return program.actor("lead")


RECORDS = {
    "source": "customers",
    "encryption": "at rest",
    "retention": "the contract",
    "deletion": "by a job",
    "access": "support",
    "personal": "yes",
    "role": "processor",
}
OF_PEOPLE = "People: head count, contractors"
OF_DATA = (
    "Data: where it comes from, encryption, kept for, how it is deleted, who may see it, personal data, role"
)


def told(program, day=NOW):
    return {one.code: one for one in description(Scope(program.system, day))}


def lacking(program, day=NOW):
    return {(one.code, piece.what): piece for one in description(Scope(program.system, day)) for piece in one.pieces
            if piece.state == MISSING}  # fmt: skip


def complete(program, lead):
    """Everything that the books can hold, said."""
    system, owner = program.system, program.cast.owner
    actions.add_vendor(lead, "host", "Host, Inc.", "Cloud", DAY, True, "carve-out", ["CC6.4"], "VND-03",
                       "SOC 2 Type 2", date(2026, 3, 31), owner)  # fmt: skip
    vendor = (
        actions.commit(lead, system, "C-1", "commitment", "security", "Safe", "Terms", DAY, "72 h") and "host"
    )
    actions.commit(
        lead, system, "R-1", "requirement", "security", "Locked", "Policy", DAY, criteria=["CC6.1"]
    )
    for kind in ("infrastructure", "software", "people", "procedures"):
        more = {one.name: next(iter(one.choices), "said") for one in DETAILS.get(kind, ())}
        actions.place(
            lead, system, kind, kind, kind.title(), DAY, "What it is for", owner=owner, details=more
        )
    actions.place(lead, system, "records", "data", "Records", DAY, "Books", owner=owner, classification="secret",
                  details=RECORDS)  # fmt: skip
    actions.place(lead, system, "db", "infrastructure", "Database", DAY, "Keeps", owner=owner, data=["records"],
                  flows=[Flow(to=vendor, what="volumes")])  # fmt: skip
    from tickmark.scope.models import Vendor

    actions.assume(lead, system, "S-1", "csoc", "Locks", ["CC6.4"], DAY, Vendor.objects.get(code="host"))
    actions.assume(lead, system, "U-1", "cuec", "Remove users", ["CC6.2"], DAY, why="Only they know")


def test_whole_books_miss_nothing_and_still_say_what_they_do_not_hold(program, lead):
    complete(program, lead)
    assert lacking(program) == {}
    found = told(program)
    assert {code: [one.count(state) for state in (SAID, NONE, ELSEWHERE)] for code, one in found.items()} == {
        "DC 1": [3, 1, 1],
        "DC 2": [5, 0, 0],
        "DC 3": [14, 1, 1],
        "DC 4": [0, 1, 0],
        "DC 5": [1, 0, 0],
        "DC 6": [2, 0, 0],
        "DC 7": [5, 0, 0],
        "DC 8": [0, 1, 0],
        "DC 9": [0, 1, 0],
    }


def test_bare_books_name_what_is_missing_and_who_could_say_it(program):
    found = lacking(program)
    assert list(found) == [
        ("DC 2", "Principal service commitments"),
        ("DC 2", "A commitment behind each category"),
        ("DC 2", "System requirements"),
        ("DC 3", "Infrastructure"),
        ("DC 3", "Software"),
        ("DC 3", "People"),
        ("DC 3", "Procedures"),
        ("DC 3", "Data"),
        ("DC 3", "What passes from where to where"),
        ("DC 3", "The boundary drawn"),
    ]
    assert {piece.who for piece in found.values()} == {"Compliance lead (Lead)"}


def test_each_thing_that_is_taken_away_is_missed(program, lead):
    complete(program, lead)
    system, owner = program.system, program.cast.owner
    actions.commit(lead, system, "R-1", "requirement", "security", "Locked", "Policy", DAY)
    actions.place(lead, system, "software", "software", "Software", DAY, owner=owner)
    actions.place(lead, system, "people", "people", "People", DAY, "Do it")
    actions.place(lead, system, "records", "data", "Records", DAY, "Books", owner=owner)
    actions.place(lead, system, "db", "infrastructure", "Database", DAY, "Keeps", owner=owner)
    actions.add_vendor(lead, "host", "Host, Inc.", "Cloud", DAY, True, "carve-out", ["CC6.4"], owner=owner)
    actions.assume(lead, system, "U-1", "cuec", "Remove users", ["CC6.2"], DAY)
    actions.assume(lead, system, "S-1", "csoc", "Locks", ["CC6.4"], DAY,
                   actions.parts.Vendor.objects.get(code="host"), withdrawn=True)  # fmt: skip
    happened = date(2026, 6, 18)
    actions.report_event(lead, system, "incident", happened, "Outage", "All down")
    found = lacking(program)
    assert {key: (piece.told, piece.who) for key, piece in found.items()} == {
        ("DC 2", "Criteria that each requirement supports"): (
            "None named for R-1.",
            "Compliance lead (Lead)",
        ),
        ("DC 3", "Software"): ("1 inside; no purpose for Software.", "Owner"),
        ("DC 3", "An owner for each"): ("Nobody who can sign in for People.", "Compliance lead (Lead)"),
        ("DC 3", "A class for each kind of data"): ("None for Records.", "Owner"),
        ("DC 3", "Where each kind of data is held"): ("Nothing says where to find Records.", "Owner"),
        ("DC 3", OF_PEOPLE): (
            "Not said: head count (People), contractors (People).",
            "Compliance lead (Lead)",
        ),
        ("DC 3", OF_DATA): (
            (
                "Not said: where it comes from (Records), encryption (Records), kept for (Records), how it is deleted (Records), "
                "who may see it (Records), personal data (Records)."
            ),
            "Owner",
        ),
        ("DC 3", "What passes from where to where"): ("No flow is named.", "Owner"),
        ("DC 4", "Their cause"): ("Not said of Outage.", "Compliance lead (Lead)"),
        ("DC 4", "What became of them"): ("Not said of Outage.", "Compliance lead (Lead)"),
        ("DC 6", "Why each is needed"): ("Not said of U-1.", "Compliance lead (Lead)"),
        ("DC 7", "Controls assumed there (CSOC)"): ("Not said of Host, Inc. (CC6.4).", "Owner"),
        ("DC 7", "The control that monitors each"): ("Not said of Host, Inc.", "Owner"),
        ("DC 7", "Its own report"): ("Not said of Host, Inc.", "Owner"),
        ("DC 7", "The last day that its report covers"): ("Not said of Host, Inc.", "Owner"),
    }


def test_who_supplies_what_is_told_and_that_nobody_is_named_is_told_too(program, lead):
    complete(program, lead)

    def supplied():
        pieces = told(program)["DC 3"].pieces
        return next(one for one in pieces if one.what == "Who supplies infrastructure and software")

    assert (supplied().state, supplied().told) == (
        NONE,
        "No supplier named for Database, Infrastructure, Software, and the report says so.",
    )
    for code, kind in {
        "db": "infrastructure",
        "infrastructure": "infrastructure",
        "software": "software",
    }.items():
        actions.place(lead, program.system, code, kind, code.title(), DAY, "What it is for", supplier="host")
    assert (supplied().state, supplied().told) == (SAID, "Named for each.")


def test_the_role_is_asked_of_personal_data_alone(program, lead):
    complete(program, lead)

    def asked(**details):
        actions.place(lead, program.system, "records", "data", "Records", NOW, "Books", owner=program.cast.owner,
                      classification="secret", details={**RECORDS, "role": "", **details})  # fmt: skip
        return next(piece for piece in told(program)["DC 3"].pieces if piece.what == OF_DATA)

    assert asked(personal="yes").told == "Not said: role (Records)."
    assert asked(personal="no").state == SAID
    assert asked(personal="yes", role="both").state == SAID


def test_a_type_1_asks_for_no_changes_and_for_every_incident_known_by_its_day(program, lead):
    before = DAY - timedelta(days=30)
    for kind in ("incident", "change"):
        actions.report_event(lead, program.system, kind, before, "Before", "x", cause="y", disposition="z")
    type_2 = told(program)
    assert (type_2["DC 4"].pieces[0].state, type_2["DC 9"].pieces[0].state) == (NONE, NONE)
    actions.set_period(lead, program.system, ReportType.TYPE_1, NOW, NOW, replaces=program.period)
    type_1 = told(program)
    assert type_1["DC 4"].pieces[0].told == "1 incident of 1 disclosed."
    assert type_1["DC 9"].pieces == ()
    assert type_1["DC 9"].asks == "Not asked of a Type 1."
    assert type_1["DC 1"].asks == "What is provided, as of the date."


def test_one_csoc_speaks_for_no_other_criterion(program, lead):
    complete(program, lead)
    actions.add_vendor(lead, "host", "Host, Inc.", "Cloud", DAY, True, "carve-out", ["CC6.4", "CC6.5", "CC7.5", "A1.2"],
                       "VND-03", "SOC 2 Type 2", date(2026, 3, 31), program.cast.owner)  # fmt: skip
    actions.set_aside(lead, program.system, "CC7.5", "Nothing is restored.", DAY)
    expected = {("DC 7", "Controls assumed there (CSOC)"): "Not said of Host, Inc. (CC6.5)."}
    assert {key: piece.told for key, piece in lacking(program).items()} == expected
    host = actions.parts.Vendor.objects.get(code="host")
    actions.assume(lead, program.system, "S-2", "csoc", "Wipes", ["CC6.5"], DAY, host)
    assert lacking(program) == {}


def test_versions_of_the_description_count_up_to_the_end_of_the_period(program, lead):
    def counted(day):
        return [one.told.split(" of ")[0] for one in told(program, day)["DC 9"].pieces[1:]]

    end = program.period.end
    held = Scope(program.system, DAY).version
    for day in (DAY + timedelta(days=9), end, end + timedelta(days=1)):
        actions.describe(
            lead, program.system.code, held.name, held.company, f"As of {day}.", held.categories, day
        )
    assert (counted(DAY), counted(NOW), counted(end), counted(end + timedelta(days=30))) == (
        [], ["1 version"], ["2 versions"], ["2 versions"],
    )  # fmt: skip


def test_an_owner_who_is_gone_is_asked_nothing(program, lead):
    actions.place(lead, program.system, "app", "software", "App", DAY, owner=program.cast.employee)
    today = clock.today()
    assert lacking(program, today)["DC 3", "Software"].who == "Employee"
    people.end_account(program.actor("founder"), program.cast.employee, "Left")
    assert lacking(program, today)["DC 3", "Software"].who == "Compliance lead (Lead)"


def test_later_steps_add_what_they_hold_and_nothing_is_said_before_the_system_is(program):
    more = {"DC 5": [Piece("Controls", SAID, "One.")]}
    found = description(Scope(program.system, NOW), more)
    assert [piece.what for piece in found[4].pieces] == ["Applicable criteria", "Controls"]
    assert description(Scope(program.system, DAY - timedelta(days=1))) == []


def test_a_vendor_that_reaches_data_is_nothing_to_pass_over_in_silence(program, lead):
    assert ("DC 7", "Subservice organisations") not in lacking(program)
    actions.place(lead, program.system, "records", "data", "Records", DAY)
    actions.add_vendor(lead, "desk", "Desk, Inc.", "Tickets", DAY, data=["records"])
    found = lacking(program)["DC 7", "Subservice organisations"].told
    assert found == (
        "No vendor is marked as one. Not decided, though data or a promise rests there: Desk, Inc."
    )
