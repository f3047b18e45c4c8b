"""Controls and policies: each verb once done, each refusal, each bad input with its field."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta

import pytest

from tickmark.controls import actions
from tickmark.controls.library import starter_controls, starter_policies
from tickmark.controls.models import Acknowledgement, Control, ControlVersion, Policy, PolicyVersion
from tickmark.kernel import clock, files
from tickmark.kernel.action import ACTIONS
from tickmark.kernel.arguments import call
from tickmark.kernel.errors import Conflict, Invalid, NotFound, Refused

DAY = date(2025, 11, 1)
LATER = date(2026, 3, 2)


@pytest.fixture
def lead(program):
    return program.actor("lead")


@pytest.fixture
def founder(program):
    return program.actor("founder")


def write(actor, owner, **changed):
    given = {
        "code": "AC-99",
        "title": "Doors",
        "statement": "The porter locks the doors each evening.",
        "criteria": ["CC6.4"],
        "nature": "M",
        "purpose": "P",
        "frequency": "daily",
        "owner": owner,
        "effective_from": DAY,
    }
    return actions.write(actor, **{**given, **changed})


# -- writing ------------------------------------------------------------------------------------------------------


def test_a_change_is_a_new_version_with_a_reason(program, lead):
    first = write(lead, program.cast.owner)
    second = write(
        lead, program.cast.owner, statement="Twice.", effective_from=LATER, reason="A second door."
    )
    assert (second.control, second.reason) == (first.control, "A second door.")
    assert ControlVersion.objects.as_of(LATER - timedelta(days=1)).get(control=first.control) == first
    assert ControlVersion.objects.as_of(LATER).get(control=first.control) == second


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"code": ""}, "code"),
        ({"code": "library"}, "code"),
        ({"code": "new-"}, "code"),
        ({"code": "AC 1"}, "code"),
        ({"code": "AC-1/../2"}, "code"),
        ({"code": "A" * 19 + "-1"}, "code"),
        ({"title": " "}, "title"),
        ({"title": "t" * 201}, "title"),
        ({"title": "Doors\u2066x"}, "title"),
        ({"statement": "\n"}, "statement"),
        ({"criteria": []}, "criteria"),
        ({"criteria": ["CC6.4", "CC6.44"]}, "criteria"),
        ({"policy": "p" * 21}, "policy"),
        ({"reason": "r" * 301}, "reason"),
    ],
)
def test_bad_controls(program, lead, changed, field):
    with pytest.raises(Invalid) as error:
        write(lead, program.cast.owner, **changed)
    assert error.value.field == field
    assert error.value.remedy
    assert not Control.objects.filter(code="AC-99").exists()


@pytest.mark.parametrize("who", ["auditor", "former"])
def test_a_control_is_owned_by_somebody_who_works_here(program, lead, who):
    version = write(lead, program.cast.owner)
    for attempt in (
        lambda user: write(lead, user, code="AC-98"),
        lambda user: actions.adopt(lead, "AC-04", user, DAY),
        lambda user: actions.hand_over(lead, version.control, user, LATER),
        lambda user: actions.write_policy(lead, "POL-77", "T", "1", "Text", user, DAY),
    ):
        with pytest.raises(Invalid) as error:
            attempt(getattr(program.cast, who))
        assert error.value.field == "owner"


def test_a_change_says_why_and_does_not_rewrite_the_past(program, lead):
    write(lead, program.cast.owner, effective_from=LATER)
    with pytest.raises(Invalid) as error:
        write(lead, program.cast.owner, effective_from=LATER)
    assert error.value.field == "reason"
    with pytest.raises(Invalid) as error:
        write(lead, program.cast.owner, reason="x", effective_from=LATER - timedelta(days=1))
    assert error.value.field == "effective_from"


def test_hostile_text_is_kept_as_it_is(program, lead):
    text = "<script>alert(1)</script> שלום {{ x }} {% y %} ' \" & \\ 漢字"
    version = write(lead, program.cast.owner, title=text, statement=text * 50)
    version.refresh_from_db()
    assert (version.title, version.statement) == (text, text * 50)


# -- the library --------------------------------------------------------------------------------------------------


def test_every_control_of_the_library_can_be_adopted(program, lead):
    Control.objects.exclude(code="CHG-02")
    for item in starter_controls():
        if item.id != "CHG-02":
            version = actions.adopt(lead, item.id, program.cast.owner, DAY)
            assert version.statement == item.statement()
            assert "{" not in version.statement
            assert version.parameters == dict(item.parameters)


def test_the_companys_number_stands_in_the_statement(program, lead):
    version = actions.adopt(lead, "AC-04", program.cast.owner, DAY, {"days": 3})
    assert version.parameters == {"days": 3}
    assert "business day 3 after" in version.statement


@pytest.mark.parametrize(
    ("starter", "parameters", "field"),
    [
        ("AC-404", {}, "starter"),
        ("AC-04", {"hours": 3}, "parameters"),
        ("AC-04", {"days": 1, "<b>": 1}, "parameters"),
        ("AC-04", {"days": -1}, "parameters"),
        ("CRY-01", {"days": 1}, "parameters"),
    ],
)
def test_bad_adoptions(program, lead, starter, parameters, field):
    with pytest.raises(Invalid) as error:
        actions.adopt(lead, starter, program.cast.owner, DAY, parameters)
    assert error.value.field == field


def test_through_a_door_a_number_is_a_number(program, lead):
    raw = {"starter": "AC-04", "owner": program.cast.owner.ref, "effective_from": "2025-11-01"}
    for wrong in ({"days": "many"}, {"days": 1.5}, {"days": None}):
        with pytest.raises(Invalid) as error:
            call(ACTIONS["controls.adopt"], lead, {**raw, "parameters": wrong})
        assert error.value.field == "parameters.days"
    assert call(ACTIONS["controls.adopt"], lead, {**raw, "parameters": {"days": "2"}}).parameters == {
        "days": 2
    }


def test_a_control_is_adopted_once(program, lead):
    actions.adopt(lead, "AC-04", program.cast.owner, DAY)
    with pytest.raises(Conflict, match="stands already"):
        actions.adopt(lead, "AC-04", program.cast.owner, DAY)


# -- owners and ends ----------------------------------------------------------------------------------------------


def test_a_control_is_handed_over_and_retired(program, lead):
    version = write(lead, program.cast.owner)
    handed = actions.hand_over(lead, version.control, program.cast.reviewer, LATER, "Moved on")
    assert (handed.owner, handed.statement, handed.reason) == (
        program.cast.reviewer,
        version.statement,
        "Moved on",
    )
    ended = actions.retire(lead, version.control, LATER + timedelta(days=30), "No doors any more")
    assert not ControlVersion.objects.as_of(ended.effective_from).filter(control=version.control).exists()
    with pytest.raises(Conflict, match="retired"):
        actions.hand_over(lead, version.control, program.cast.owner, LATER + timedelta(days=60))
    again = write(lead, program.cast.owner, effective_from=LATER + timedelta(days=90), reason="Doors again")
    assert ControlVersion.objects.as_of(again.effective_from).get(control=version.control) == again


def test_bad_ends(program, lead):
    version = write(lead, program.cast.owner, effective_from=LATER)
    with pytest.raises(Invalid, match="reason is empty"):
        actions.retire(lead, version.control, LATER, " ")
    with pytest.raises(Invalid, match="before the newest"):
        actions.retire(lead, version.control, LATER - timedelta(days=1), "x")
    with pytest.raises(Invalid, match="before the newest"):
        actions.hand_over(lead, version.control, program.cast.reviewer, LATER - timedelta(days=1))


@pytest.mark.parametrize("who", ["owner", "reviewer", "auditor"])
def test_others_do_not_write_controls(program, lead, who):
    version = write(lead, program.cast.owner)
    for attempt in (
        lambda actor: write(actor, program.cast.owner, code="AC-98"),
        lambda actor: actions.adopt(actor, "AC-04", program.cast.owner, DAY),
        lambda actor: actions.hand_over(actor, version.control, program.cast.reviewer, LATER),
        lambda actor: actions.retire(actor, version.control, LATER, "x"),
        lambda actor: actions.adopt_policy(actor, "POL-04", program.cast.owner, DAY),
    ):
        with pytest.raises(Refused):
            attempt(program.actor(who))


def test_an_employee_finds_no_control(program, lead):
    version = write(lead, program.cast.owner)
    with pytest.raises(NotFound):
        actions.retire(program.actor("employee"), version.control, LATER, "x")


# -- policies -----------------------------------------------------------------------------------------------------


def policy(actor, owner, **changed):
    given = {"code": "POL-77", "title": "Doors", "label": "1", "text": "Lock them.", "owner": owner}
    return actions.write_policy(actor, **{**given, "effective_from": DAY, **changed})


def test_every_policy_of_the_library_can_be_adopted(program, lead):
    for item in starter_policies():
        version = actions.adopt_policy(lead, item.id, program.cast.owner, DAY)
        assert (version.title, version.label, version.criteria) == (item.title, "1", list(item.criteria))
        assert "{" not in version.text


def test_a_policy_takes_its_numbers_from_the_controls_in_force(program, lead):
    actions.adopt(lead, "AC-04", program.cast.owner, DAY, {"days": 3})
    version = actions.adopt_policy(lead, "POL-04", program.cast.owner, DAY, {"password_length": 20})
    assert "by the end of business day 3 after" in version.text
    assert "at least 20 characters" in version.text


def test_a_policy_cites_the_number_of_a_control_that_is_not_adopted(program, lead):
    proposed = actions.adopt_policy(lead, "POL-03", program.cast.owner, DAY)
    assert "no longer needed is removed within 5 business days" in proposed.text
    given = actions.adopt_policy(lead, "POL-15", program.cast.owner, DAY, {"OPS-03.months": 13})
    assert "are kept for at least 13 months" in given.text
    actions.adopt(lead, "AC-05", program.cast.owner, DAY, {"days": 3})
    with pytest.raises(Invalid, match="AC-05.days is 3 in the control that is in force") as error:
        actions.adopt_policy(lead, "POL-04", program.cast.owner, DAY, {"AC-05.days": 7})
    assert error.value.field == "answers"
    stands = actions.adopt_policy(lead, "POL-04", program.cast.owner, DAY, {"AC-05.days": 3})
    assert "rights no longer needed are removed within 3 business days" in stands.text


@pytest.mark.parametrize(
    ("starter", "answers", "field"),
    [
        ("POL-99", {}, "starter"),
        ("POL-04", {"colour": "blue"}, "answers"),
        ("POL-04", {"password_length": ""}, "password_length"),
    ],
)
def test_bad_policy_adoptions(program, lead, starter, answers, field):
    with pytest.raises(Invalid) as error:
        actions.adopt_policy(lead, starter, program.cast.owner, DAY, answers)
    assert error.value.field == field
    assert not Policy.objects.exists()


def test_a_policy_is_adopted_once(program, lead):
    actions.adopt_policy(lead, "POL-04", program.cast.owner, DAY)
    with pytest.raises(Conflict):
        actions.adopt_policy(lead, "POL-04", program.cast.owner, DAY)


def test_a_version_is_kept_as_a_file_under_its_digest(program, lead):
    version = policy(lead, program.cast.owner, text="Lock\r\nthem.")
    assert version.text == "Lock\nthem."
    assert version.digest == hashlib.sha256(b"Lock\nthem.").hexdigest()
    with files.local(version.digest) as path:
        assert path.read_bytes() == b"Lock\nthem."


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"code": "library"}, "code"),
        ({"title": ""}, "title"),
        ({"label": " "}, "label"),
        ({"label": "1" * 21}, "label"),
        ({"text": " "}, "text"),
        ({"text": "x\x00"}, "text"),
        ({"criteria": ["nope"]}, "criteria"),
    ],
)
def test_bad_policies(program, lead, changed, field):
    with pytest.raises(Invalid) as error:
        policy(lead, program.cast.owner, **changed)
    assert error.value.field == field
    assert not PolicyVersion.objects.exists()


def test_a_label_is_used_once(program, lead):
    policy(lead, program.cast.owner)
    with pytest.raises(Invalid) as error:
        policy(lead, program.cast.owner)
    assert error.value.field == "label"


def test_written_approved_published_acknowledged_in_this_order(program, lead, founder):
    version = policy(lead, program.cast.owner)
    employee = program.actor("employee")
    with pytest.raises(Invalid, match="not approved"):
        actions.publish_policy(lead, version)
    with pytest.raises(NotFound):
        actions.acknowledge(employee, version, version.digest)
    with pytest.raises(Refused, match="written by somebody else"):
        actions.approve_policy(lead, version)
    actions.approve_policy(founder, version)
    with pytest.raises(Conflict, match="approved already"):
        actions.approve_policy(founder, version)
    with pytest.raises(Invalid, match="not published"):
        actions.acknowledge(lead, version, version.digest)
    publication = actions.publish_policy(lead, version)
    assert (publication.published_on, publication.must_acknowledge) == (clock.today(), True)
    with pytest.raises(Conflict, match="published already"):
        actions.publish_policy(lead, version)
    row = actions.acknowledge(employee, version, version.digest)
    assert (row.user, row.digest) == (program.cast.employee, version.digest)
    with pytest.raises(Conflict, match="acknowledged"):
        actions.acknowledge(employee, version, version.digest)


@pytest.mark.parametrize("digest", ["", "0" * 64, "x" * 10_000])
def test_an_acknowledgement_names_the_text_that_was_shown(program, lead, founder, digest):
    version = policy(lead, program.cast.owner)
    actions.approve_policy(founder, version)
    actions.publish_policy(lead, version)
    with pytest.raises(Invalid) as error:
        actions.acknowledge(program.actor("employee"), version, digest)
    assert error.value.field == "digest"


def test_publishing_anew_wipes_no_acknowledgement(program, lead, founder):
    first = policy(lead, program.cast.owner)
    actions.approve_policy(founder, first)
    actions.publish_policy(lead, first)
    actions.acknowledge(program.actor("employee"), first, first.digest)
    second = policy(lead, program.cast.owner, label="2", text="Lock them twice.")
    actions.approve_policy(founder, second)
    actions.publish_policy(lead, second)
    assert [(row.version, row.user) for row in Acknowledgement.objects.all()] == [
        (first, program.cast.employee)
    ]


def test_the_auditor_acknowledges_and_approves_nothing(program, lead, founder):
    version = policy(lead, program.cast.owner)
    actions.approve_policy(founder, version)
    actions.publish_policy(lead, version)
    with pytest.raises(Refused):
        actions.acknowledge(program.actor("auditor"), version, version.digest)
    draft = policy(lead, program.cast.owner, label="2", text="More")
    with pytest.raises(Refused):
        actions.approve_policy(program.actor("auditor"), draft)
    with pytest.raises(Refused):
        policy(program.actor("auditor"), program.cast.owner, label="3")
