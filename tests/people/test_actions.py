"""Accounts, roles, invitations, tokens, persons: each verb once done, once refused, and each bad input."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from pydantic import SecretStr

from tickmark.kernel import clock
from tickmark.kernel.errors import Conflict, Invalid, NotFound, Refused
from tickmark.kernel.ledger.entry import Entry
from tickmark.people import actions, queries
from tickmark.people.models import Invitation, Person, Role, RoleGrant, Side, Token, User
from tickmark.web.middleware import VISITOR

GOOD = SecretStr("a few words that belong together")


@pytest.fixture
def founder(cast):
    return cast.actor("founder")


# -- the first account --------------------------------------------------------------------------------------------


def test_the_first_account_leads_and_administers(db):
    grant = actions.set_up(VISITOR, " Ada ", "Ada@Larch.example", GOOD)
    user = grant.user
    assert (user.email, user.name, user.side) == ("ada@larch.example", "Ada", "company")
    assert queries.actor_for(user).roles == {"sponsor", "lead", "admin", "employee"}
    assert user.check_password(GOOD.get_secret_value())


def test_the_first_account_is_made_once(cast):
    with pytest.raises(Conflict, match="accounts already"):
        actions.set_up(VISITOR, "Eve", "eve@larch.example", GOOD)


def test_nobody_who_is_signed_in_sets_up(cast):
    with pytest.raises(Refused):
        actions.set_up(cast.actor("founder"), "Eve", "eve@larch.example", GOOD)


@pytest.mark.parametrize(
    ("name", "email", "password", "field"),
    [
        ("", "a@b.example", GOOD, "name"),
        ("x" * 201, "a@b.example", GOOD, "name"),
        ("Ada\u202egnp.exe", "a@b.example", GOOD, "name"),
        ("Ada", "nobody", GOOD, "email"),
        ("Ada", "a@b.example", SecretStr("short"), "password"),
        ("Ada", "a@b.example", SecretStr("passwordpassword"[:8]), "password"),
    ],
)
def test_bad_first_accounts(db, name, email, password, field):
    with pytest.raises(Invalid) as error:
        actions.set_up(VISITOR, name, email, password)
    assert error.value.field == field
    assert not User.objects.exists()


def test_no_password_and_no_link_stands_in_the_ledger(db):
    grant = actions.set_up(VISITOR, "Ada", "ada@larch.example", GOOD)
    invitation = actions.invite(
        queries.actor_for(grant.user), "bo@larch.example", "Bo", Side.COMPANY, "owner"
    )
    actions.join(VISITOR, SecretStr(invitation.link), "Bo", GOOD)
    written = " ".join(str(entry.arguments) for entry in Entry.objects.all())
    assert GOOD.get_secret_value() not in written
    assert invitation.link.rsplit("/", 1)[-1] not in written


# -- invitations --------------------------------------------------------------------------------------------------


def test_an_invitation_becomes_an_account_once(founder):
    invitation = actions.invite(founder, "New@northlight.example", "New", Side.COMPANY, "owner")
    use = actions.join(VISITOR, SecretStr(invitation.link), "Newman", GOOD)
    assert (use.user.email, use.user.name, use.user.side) == ("new@northlight.example", "Newman", "company")
    assert queries.actor_for(use.user).roles == {"owner", "employee"}
    with pytest.raises(Invalid, match="does not work"):
        actions.join(VISITOR, SecretStr(invitation.link), "Again", GOOD)


def test_an_invitation_expires(founder, monkeypatch):
    invitation = actions.invite(founder, "new@northlight.example", "New", Side.COMPANY, "employee")
    later = clock.now() + timedelta(days=actions.INVITATION_DAYS, seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    with pytest.raises(Invalid, match="does not work"):
        actions.join(VISITOR, SecretStr(invitation.link), "New", GOOD)


@pytest.mark.parametrize("link", ["", "x", "http://localhost:8000/join/abc", "../../etc/passwd", "\u05d0"])
def test_a_wrong_link_says_no_more_than_that(db, link):
    with pytest.raises(Invalid) as error:
        actions.join(VISITOR, SecretStr(link), "New", GOOD)
    assert error.value.what == "This invitation does not work."


@pytest.mark.parametrize(
    ("email", "name", "side", "role", "kind", "field"),
    [
        ("founder@northlight.example", "X", Side.COMPANY, "owner", Conflict, "email"),
        ("nobody", "X", Side.COMPANY, "owner", Invalid, "email"),
        ("a@b.example\nBcc: c@d.example", "X", Side.COMPANY, "owner", Invalid, "email"),
        ("a@b.example", " ", Side.COMPANY, "owner", Invalid, "name"),
        ("a@b.example", "x" * 300, Side.COMPANY, "owner", Invalid, "name"),
        ("a@b.example", "X", Side.COMPANY, "partner", Invalid, "role"),
        ("a@b.example", "X", Side.AUDITOR, "sponsor", Invalid, "role"),
        ("a@b.example", "X", Side.COMPANY, "<script>", Invalid, "role"),
    ],
)
def test_bad_invitations(founder, email, name, side, role, kind, field):
    with pytest.raises(kind) as error:
        actions.invite(founder, email, name, side, role)
    assert error.value.field == field
    assert not Invitation.objects.exists()


def test_who_may_not_give_a_role_may_not_invite_into_it(cast):
    lead = cast.actor("lead")
    assert actions.invite(lead, "a@northlight.example", "A", Side.COMPANY, "owner").role == "owner"
    for role in ("sponsor", "admin"):
        with pytest.raises(Refused):
            actions.invite(lead, "b@northlight.example", "B", Side.COMPANY, role)


@pytest.mark.parametrize("who", ["owner", "employee", "auditor", "stranger"])
def test_others_invite_nobody(cast, who):
    with pytest.raises(Refused):
        actions.invite(cast.actor(who), "a@northlight.example", "A", Side.COMPANY, "employee")


# -- roles and accounts -------------------------------------------------------------------------------------------


def test_roles_begin_and_end(cast, founder):
    grant = actions.grant(founder, cast.employee, Role.OWNER)
    assert "owner" in cast.actor("employee").roles
    with pytest.raises(Conflict, match="already"):
        actions.grant(founder, cast.employee, Role.OWNER)
    actions.end_role(founder, grant, "moved on")
    assert cast.actor("employee").roles == {"employee"}
    with pytest.raises(Conflict, match="no longer"):
        actions.end_role(founder, grant)


def test_the_last_administrator_stays(cast, founder):
    admin = RoleGrant.objects.get(role=Role.ADMIN)
    with pytest.raises(Invalid, match="last administrator"):
        actions.end_role(founder, admin)
    actions.grant(founder, cast.lead, Role.ADMIN)
    assert actions.end_role(founder, admin).grant == admin


def test_roles_are_of_the_company_and_of_open_accounts(cast, founder):
    for who in ("auditor", "former"):
        with pytest.raises(Invalid) as error:
            actions.grant(founder, getattr(cast, who), Role.OWNER)
        assert error.value.field == "user"


def test_a_closed_account_keeps_what_it_wrote(cast, founder):
    end = actions.end_account(founder, cast.lead, "Left on 28 August")
    cast.lead.refresh_from_db()
    assert (cast.lead.is_active, end.reason) == (False, "Left on 28 August")
    with pytest.raises(Conflict, match="closed already"):
        actions.end_account(founder, cast.lead, "again")


def test_nobody_closes_their_own_account_or_closes_without_a_reason(cast, founder):
    with pytest.raises(Invalid, match="your own"):
        actions.end_account(founder, cast.founder, "x")
    with pytest.raises(Invalid, match="reason"):
        actions.end_account(founder, cast.owner, " ")
    with pytest.raises(Refused):
        actions.end_account(cast.actor("lead"), cast.owner, "x")


# -- persons ------------------------------------------------------------------------------------------------------


def test_a_rehire_is_a_spell_of_its_own(founder):
    first = actions.add(founder, "P-1", "Zoë", date(2024, 1, 1))
    with pytest.raises(Invalid, match="open spell"):
        actions.add(founder, "P-1", "Zoë", date(2025, 1, 1))
    actions.depart(founder, first, date(2024, 6, 30))
    with pytest.raises(Invalid, match="before the last one ended"):
        actions.add(founder, "P-1", "Zoë", date(2024, 6, 30))
    second = actions.add(founder, "P-1", "Zoë", date(2025, 1, 1), title="Again")
    assert Person.objects.count() == 1
    person = queries.persons(Person.objects.all()).get()
    states = {day: queries.spells_of(person, day).state for day in (
        date(2023, 12, 31), date(2024, 1, 1), date(2024, 6, 30), date(2024, 7, 1), date(2025, 1, 1))}  # fmt: skip
    assert list(states.values()) == ["starts later", "active", "active", "starts later", "active"]
    assert queries.spells_of(person, date(2024, 8, 1)).latest == second


def test_a_departure_is_after_the_first_day_and_recorded_once(founder):
    spell = actions.add(founder, "P-1", "Zoë", date(2024, 1, 1))
    with pytest.raises(Invalid, match="before the first"):
        actions.depart(founder, spell, date(2023, 12, 31))
    actions.depart(founder, spell, date(2024, 1, 1))
    with pytest.raises(Conflict, match="recorded already"):
        actions.depart(founder, spell, date(2024, 2, 1))


@pytest.mark.parametrize(
    ("key", "name", "field"),
    [
        ("", "A", "key"),
        ("K" * 61, "A", "key"),
        ("K\x07", "A", "key"),
        ("K", "", "name"),
        ("K", "n" * 201, "name"),
    ],
)
def test_bad_persons(founder, key, name, field):
    with pytest.raises(Invalid) as error:
        actions.add(founder, key, name, date(2024, 1, 1))
    assert error.value.field == field
    assert not Person.objects.exists()


def test_an_employee_adds_nobody_and_sees_nobody(cast, founder):
    spell = actions.add(founder, "P-1", "Zoë", date(2024, 1, 1))
    with pytest.raises(Refused):
        actions.add(cast.actor("employee"), "P-2", "X", date(2024, 1, 1))
    with pytest.raises(NotFound):
        actions.depart(cast.actor("employee"), spell, date(2024, 2, 1))


# -- tokens -------------------------------------------------------------------------------------------------------


def test_a_token_does_what_it_names_until_it_ends(cast, founder):
    token = actions.make_token(founder, "CI", ["people.add", "read"])
    found = queries.token_of(token.secret)
    assert (found.user, found.scopes, queries.is_live(found, clock.system_now())) == (
        cast.founder,
        ["people.add", "read"],
        True,
    )
    limited = queries.actor_for(found.user, frozenset(found.scopes))
    actions.add(limited, "P-1", "Zoë", date(2024, 1, 1))
    with pytest.raises(Refused, match="scopes"):
        actions.grant(limited, cast.owner, Role.LEAD)
    assert Token.objects.get().digest == queries.digest_of(token.secret)
    actions.end_token(founder, token)
    assert not queries.is_live(queries.token_of(token.secret), clock.system_now())
    with pytest.raises(Conflict):
        actions.end_token(founder, token)


@pytest.mark.parametrize(
    ("name", "scopes", "field"),
    [
        ("", ["read"], "name"),
        ("x", [], "scopes"),
        ("x", ["people.rob"], "scopes"),
        ("x" * 101, ["read"], "name"),
    ],
)
def test_bad_tokens(founder, name, scopes, field):
    with pytest.raises(Invalid) as error:
        actions.make_token(founder, name, scopes)
    assert error.value.field == field


def test_nobody_sees_or_ends_the_token_of_another(cast, founder):
    token = actions.make_token(cast.actor("owner"), "mine", ["read"])
    with pytest.raises(NotFound):
        actions.end_token(founder, token)


def test_the_token_of_a_closed_account_is_dead(cast, founder):
    token = actions.make_token(cast.actor("lead"), "CI", ["read"])
    actions.end_account(founder, cast.lead, "left")
    assert not queries.is_live(queries.token_of(token.secret), clock.system_now())


# -- how an account stood -----------------------------------------------------------------------------------------


def test_an_account_on_a_day(cast, founder, monkeypatch):
    today = clock.today()
    grant = actions.grant(founder, cast.employee, Role.OWNER)
    later = clock.now() + timedelta(days=3)
    monkeypatch.setattr(clock, "now", lambda: later)
    actions.end_role(founder, grant)
    actions.end_account(founder, cast.employee, "left")
    user = queries.accounts(User.objects.all()).get(pk=cast.employee.pk)
    found = {day: queries.standing(user, today + timedelta(days=day)) for day in (-1, 0, 2, 3)}
    assert [one.roles for one in found.values()] == [[], ["Control owner"], ["Control owner"], []]
    assert [one.active for one in found.values()] == [True, True, True, False]
