"""Verbs of the people step."""

from __future__ import annotations

import secrets
from datetime import date, timedelta
from typing import Literal

from allauth.account.models import EmailAddress

from tickmark.kernel import clock
from tickmark.kernel.access import Actor
from tickmark.kernel.action import action, need
from tickmark.kernel.errors import Conflict
from tickmark.people import queries
from tickmark.people.models import (
    AccountEnd,
    Departure,
    Employment,
    EmploymentKind,
    Invitation,
    InvitationUse,
    Person,
    Role,
    RoleEnd,
    RoleGrant,
    Side,
    Token,
    TokenEnd,
    User,
)

INVITATION_DAYS = 14


def make_account(email: str, name: str, side: str, password: str | None) -> User:
    """An account with its address confirmed by the way it came; None leaves it without a password."""
    need(name.strip(), "The name is empty.", "People see it beside what you do.", "Give a name.", "name")
    if User.objects.filter(email__iexact=email).exists():
        raise Conflict(
            f"There is an account for {email}.", "One address, one account.", "Sign in with it.", "email"
        )
    user = User(email=email.strip().lower(), name=name.strip(), side=side, created_at=clock.now())
    user.set_password(password)
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


@action("people.set_up")
def set_up(actor: Actor, name: str, email: str, password: str) -> RoleGrant:
    """Make the first account of empty books: the executive sponsor, who also leads and administers until others join."""
    if not queries.is_empty():
        raise Conflict(
            "The books have accounts already.",
            "The first-run page works once.",
            "Sign in, or ask for an invitation.",
        )
    _check_password(password)
    user = make_account(email, name, Side.COMPANY, password)
    grants = [RoleGrant(user=user, role=role) for role in (Role.SPONSOR, Role.LEAD, Role.ADMIN)]
    for grant in grants:
        grant.save()
    return grants[0]


def _check_password(password: str) -> None:
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError

    try:
        validate_password(password)
    except ValidationError as error:
        need(False, "The password is too weak.", " ".join(error.messages), "Choose a longer one.", "password")


@action("people.invite")
def invite(actor: Actor, email: str, name: str, side: Side, role: str, engagement: str = "") -> Invitation:
    """Invite somebody to one side, by a link that works once and expires. The link is shown to the inviter only."""
    known = (
        {item.value for item in Role} | {"employee"}
        if side == Side.COMPANY
        else {"staff", "lead", "partner", "quality", "specialist"}
    )
    need(
        role in known,
        f"There is no role '{role}' on the {side} side.",
        f"Roles: {', '.join(sorted(known))}.",
        "",
        "role",
    )
    need("@" in email, f"'{email}' is not an e-mail address.", "It has no @.", "Correct it.", "email")
    link = secrets.token_urlsafe(24)
    row = Invitation(
        email=email.strip().lower(),
        name=name,
        side=side,
        role=role,
        engagement=engagement,
        token_digest=queries.digest_of(link),
        expires_at=clock.now() + timedelta(days=INVITATION_DAYS),
    )
    row.save()
    row.link = link  # type: ignore[attr-defined]
    return row


@action("people.join")
def join(actor: Actor, link: str, name: str, password: str) -> InvitationUse:
    """Take up an invitation: make the account with the role that it offers."""
    invitation = queries.open_invitation(link, clock.now())
    need(
        invitation,
        "This invitation does not work.",
        "It was used, it expired, or the link was cut.",
        "Ask for a new one.",
    )
    assert invitation is not None
    _check_password(password)
    user = make_account(invitation.email, name, invitation.side, password)
    if invitation.role in Role.values:
        RoleGrant(user=user, role=invitation.role).save()
    use = InvitationUse(invitation=invitation, user=user)
    use.save()
    return use


@action("people.grant")
def grant(actor: Actor, user: User, role: Role) -> RoleGrant:
    """Give an account of the company a role."""
    need(
        user.side == Side.COMPANY,
        f"{user} is on the auditor's side.",
        "Auditors have roles on an engagement.",
        "",
        "user",
    )
    if RoleGrant.objects.filter(user=user, role=role, end=None).exists():
        raise Conflict(f"{user} has the role {role.label} already.", "", "", "role")
    row = RoleGrant(user=user, role=role)
    row.save()
    return row


@action("people.end_role")
def end_role(actor: Actor, grant: RoleGrant, reason: str = "") -> RoleEnd:
    """End a role. The last administrator stays."""
    admins = RoleGrant.objects.filter(role=Role.ADMIN, end=None).exclude(pk=grant.pk)
    need(
        grant.role != Role.ADMIN or admins.exists(),
        "This is the last administrator.",
        "Nobody could invite any more.",
        "Name another first.",
    )
    row = RoleEnd(grant=grant, reason=reason)
    row.save()
    return row


@action("people.end_account")
def end_account(actor: Actor, user: User, reason: str) -> AccountEnd:
    """Close an account: it can no longer sign in; everything it wrote stays under its name."""
    need(
        actor.user != user,
        "You cannot close your own account.",
        "Somebody must be left to answer for it.",
        "Ask another administrator.",
    )
    user.is_active = False
    user.save(update_fields=["is_active"])
    row = AccountEnd(user=user, reason=reason)
    row.save()
    return row


@action("people.add")
def add(
    actor: Actor,
    key: str,
    name: str,
    starts_on: date,
    kind: EmploymentKind = EmploymentKind.EMPLOYEE,
    email: str = "",
    title: str = "",
    user: User | None = None,
) -> Employment:
    """Add a person of the company, or a new spell of one who comes back."""
    person = Person.objects.filter(key=key).first()
    if person is None:
        person = Person(key=key, name=name, email=email, user=user)
        person.save()
    open_spell = Employment.objects.filter(person=person, departure=None).exists()
    need(
        not open_spell,
        f"{name} has an open spell.",
        "A rehire follows a departure.",
        "Record the departure first.",
        "key",
    )
    row = Employment(person=person, kind=kind, title=title, starts_on=starts_on)
    row.save()
    return row


@action("people.depart")
def depart(actor: Actor, employment: Employment, ends_on: date) -> Departure:
    """Record the last day of a spell."""
    need(
        ends_on >= employment.starts_on,
        "The last day lies before the first.",
        f"The spell began on {employment.starts_on}.",
        "",
        "ends_on",
    )
    row = Departure(employment=employment, ends_on=ends_on)
    row.save()
    return row


@action("people.make_token")
def make_token(actor: Actor, name: str, scopes: list[str], days: Literal[1, 7, 30, 90] = 30) -> Token:
    """Make an API token for yourself, limited to the actions it names. The secret is shown once."""
    from tickmark.kernel.action import ACTIONS

    strange = sorted(set(scopes) - set(ACTIONS) - {"read"})
    need(
        not strange,
        f"There is no action '{strange[0] if strange else ''}'.",
        "A scope is the name of an action, or read.",
        "",
        "scopes",
    )
    need(scopes, "The token would have no right.", "It names no action.", "Name at least 'read'.", "scopes")
    secret = f"tm_{secrets.token_urlsafe(32)}"
    row = Token(
        user=actor.user,
        name=name,
        digest=queries.digest_of(secret),
        scopes=sorted(set(scopes)),
        expires_at=clock.system_now() + timedelta(days=days),
    )
    row.save()
    row.secret = secret  # type: ignore[attr-defined]
    return row


@action("people.end_token")
def end_token(actor: Actor, token: Token) -> TokenEnd:
    """End a token of yours before its time."""
    row = TokenEnd(token=token)
    row.save()
    return row
