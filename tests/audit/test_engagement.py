"""The engagement and its team: who opens it, who staffs it, who never is on both sides (domain.md 8.3, 8.4)."""

from __future__ import annotations

from datetime import date

import pytest
from pydantic import SecretStr

from tests.audit import world as w
from tickmark.audit import actions as audit
from tickmark.audit import queries
from tickmark.audit.models import Engagement, SeedRule, TeamMember, TeamRole
from tickmark.evidence import sampling
from tickmark.kernel.errors import Conflict, Invalid, NotFound, Refused
from tickmark.people import actions as people
from tickmark.people.models import Invitation, Side, User
from tickmark.scope import actions as scope
from tickmark.web.middleware import VISITOR


def secret(invitation):
    """What stands at the end of an invitation's link."""
    return SecretStr(invitation.link.rsplit("/", 1)[-1])


def opened(program, code="2027", **more):
    return audit.open_engagement(
        program.actor("founder"), code, program.system, program.period, "Oake LLP", **more
    )


def test_an_engagement_pins_what_it_examines(program):
    row = opened(program)
    assert (row.categories, row.criteria_set, row.method, row.seed_rule) == (
        ["security"],
        "tsc-2017-2022",
        "default-2026",
        "committed",
    )


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"code": "two words"}, "is no code"), ({"code": ""}, "is no code"), ({"code": "2026"}, "There is an engagement 2026"),
        ({"method": "unknown"}, "no methods file"), ({"firm": "  "}, "no name"),
    ],
)  # fmt: skip
def test_an_engagement_that_nobody_could_name_is_not_opened(program, given, what):
    values = {"code": "2027", "firm": "Oake LLP", **given}
    with pytest.raises((Invalid, Conflict), match=what):
        audit.open_engagement(program.actor("lead"), system=program.system, period=program.period, **values)
    assert Engagement.objects.count() == 1


def test_a_period_that_was_replaced_is_not_examined(program):
    scope.set_period(
        program.actor("founder"),
        program.system,
        2,
        date(2025, 11, 1),
        date(2026, 9, 30),
        replaces=program.period,
    )
    with pytest.raises(Invalid, match="was replaced"):
        opened(program)


def test_only_the_company_opens_and_only_the_firm_plans(program):
    for name in ("owner", "employee"):
        with pytest.raises((Refused, NotFound)):
            audit.open_engagement(program.actor(name), "x", program.system, program.period, "Oake")
    with pytest.raises(Refused):
        audit.open_engagement(program.actor("auditor"), "x", program.system, program.period, "Oake")
    for name in ("founder", "staff", "quality"):
        with pytest.raises(Refused):
            audit.plan(program.actor(name), program.engagement, "a" * 64)


def test_the_company_invites_the_first_auditor_and_then_the_firm_its_own(program):
    row, founder = opened(program), program.actor("founder")
    first = audit.invite(founder, row, "lead@oake.example", "Lee", TeamRole.LEAD)
    use = people.join(VISITOR, secret(first), "Lee Oake", SecretStr("a-long-pass-phrase"))
    assert [(one.user, one.role) for one in queries.members(row)] == [(use.user, "lead")]
    with pytest.raises(Refused, match="until the first of them has joined|You may not do audit.invite"):
        audit.invite(founder, row, "friend@oake.example", "Friend", TeamRole.STAFF)
    with pytest.raises(Refused, match="staffs its own team"):
        people.invite(founder, "friend@oake.example", "Friend", Side.AUDITOR, "staff", row.ref)
    lee = w.actor_for(use.user)
    second = audit.invite(lee, row, "sam@oake.example", "Sam", TeamRole.STAFF)
    sam = people.join(VISITOR, secret(second), "Sam Oake", SecretStr("a-long-pass-phrase")).user
    assert (sam.side, [one.role for one in queries.members(row)]) == ("auditor", ["lead", "staff"])
    with pytest.raises(Refused):
        audit.invite(w.actor_for(sam), row, "x@oake.example", "X", TeamRole.STAFF)
    with pytest.raises(NotFound):
        audit.invite(lee, program.engagement, "x@oake.example", "X", TeamRole.STAFF)
    with pytest.raises(Refused):
        people.invite(lee, "x@northlight.example", "X", Side.COMPANY, "employee")


def test_an_invitation_to_the_firm_names_an_engagement_that_exists(program):
    before = w.entries()
    for engagement, error in (("", Invalid), ("EN-999", NotFound)):
        with pytest.raises(error):
            people.invite(program.actor("founder"), "x@oake.example", "X", Side.AUDITOR, "lead", engagement)
    assert (w.entries(), Invitation.objects.count()) == (before, 0)


def test_the_lead_staffs_and_a_quality_reviewer_does_nothing_else(program):
    lead, stranger = program.actor("auditor"), program.cast.stranger
    with pytest.raises(NotFound):
        audit.add_member(lead, program.engagement, stranger, TeamRole.STAFF)
    for user, role in ((program.cast.quality, TeamRole.STAFF), (program.cast.staff, TeamRole.QUALITY)):
        with pytest.raises(Invalid, match="does nothing else"):
            audit.add_member(lead, program.engagement, user, role)
    with pytest.raises(Conflict, match="has this role already"):
        audit.add_member(lead, program.engagement, program.cast.staff, TeamRole.STAFF)
    with pytest.raises(Invalid, match="company's side"):
        audit.add_member(lead, program.engagement, program.cast.owner, TeamRole.STAFF)
    audit.add_member(lead, program.engagement, program.cast.staff, TeamRole.SPECIALIST)
    with pytest.raises(Refused):
        audit.add_member(program.actor("staff"), program.engagement, program.cast.staff, TeamRole.LEAD)


def test_who_left_the_team_sees_nothing_more_and_somebody_leads_on(program):
    lead = program.actor("auditor")
    members = {one.role: one for one in queries.members(program.engagement)}
    audit.end_member(lead, members["staff"])
    with pytest.raises(NotFound):
        w.prepared(program)
    with pytest.raises(Conflict, match="left the team already"):
        audit.end_member(lead, members["staff"])
    audit.end_member(lead, members["partner"])
    with pytest.raises(Invalid, match="Nobody would lead"):
        audit.end_member(lead, members["lead"])
    assert TeamMember.objects.filter(engagement=program.engagement).count() == 4


def test_independence_is_confirmed_once_by_oneself(program):
    members = {one.role: one for one in queries.members(program.engagement)}
    with pytest.raises(Refused):
        audit.confirm_independence(program.actor("auditor"), members["staff"], "He is.")
    with pytest.raises(Invalid, match="statement is empty"):
        audit.confirm_independence(program.actor("staff"), members["staff"], " ")
    audit.confirm_independence(program.actor("staff"), members["staff"], "I am.")
    with pytest.raises(Conflict, match="confirmed it already"):
        audit.confirm_independence(program.actor("staff"), members["staff"], "I am.")


def test_a_derived_seed_needs_no_nonce_and_can_be_worked_out(program):
    from types import SimpleNamespace

    world = SimpleNamespace(**vars(program))
    world.engagement = opened(program, seed_rule=SeedRule.DERIVED)
    from tests.deeds import writing

    with writing(program.cast.founder):
        for name, role in (("staff", "staff"), ("auditor", "lead")):
            TeamMember(engagement=world.engagement, user=getattr(program.cast, name), role=role).save()
    procedure = w.prepared(world)
    found = w.population(w.connect(world), [w.change(key) for key in w.KEYS])
    w.shared(world, found)
    lock = audit.lock(world.actor("staff"), procedure, found)
    sample = audit.draw(world.actor("staff"), procedure, "random")
    assert (sample.nonce, sample.seed) == ("", sampling.derived_seed("2027", "CHG-02", lock.key_hash))


def test_nobody_is_on_both_sides(program):
    with pytest.raises(Conflict, match="There is an account"):
        audit.invite(
            program.actor("founder"), opened(program), program.cast.owner.email, "Owner", TeamRole.LEAD
        )
    assert User.objects.get(email=program.cast.owner.email).side == "company"
