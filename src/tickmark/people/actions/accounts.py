"""Accounts, invitations, roles, tokens, and the persons of the company."""

from __future__ import annotations

import secrets
from datetime import date, timedelta
from typing import Literal

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from pydantic import SecretStr

from tickmark.kernel import clock
from tickmark.kernel.access import Actor, require
from tickmark.kernel.action import ACTIONS, action, need
from tickmark.kernel.errors import Conflict, Invalid
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
from tickmark.people.rows import F, check_text, fitting

INVITATION_DAYS = 14
COMPANY_ROLES = (*Role.values, "employee")
AUDITOR_ROLES = ("staff", "lead", "partner", "quality", "specialist")
"""What an invitation may offer on each side; auditors hold their role on an engagement (domain.md 8.3)."""


def put(row: F) -> F:
    """Insert a fact whose texts fit, and return it: how the actions of these steps write."""
    fitting(row).save()
    return row


def make_account(email: str, name: str, side: str, password: str | None) -> User:
    """An account with its address confirmed by the way it came; None leaves it without a password."""
    need(name.strip(), "The name is empty.", "People see it beside what you do.", "Give a name.", "name")
    check_text(name.strip(), User._meta.get_field("name"))
    check_address(email)
    user = User(email=email.strip().lower(), name=name.strip(), side=side, created_at=clock.now())
    user.set_password(password)
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def check_address(email: str) -> None:
    """Raise Invalid for what is no e-mail address, Conflict for one that has an account."""
    check_email(email)
    if User.objects.filter(email__iexact=email.strip()).exists():
        raise Conflict(
            f"There is an account for {email.strip()}.",
            "One address, one account.",
            "Sign in with it.",
            "email",
        )


def check_email(email: str) -> None:
    """Raise Invalid for what is no e-mail address."""
    try:
        validate_email(email.strip())
    except ValidationError:
        raise Invalid(
            f"'{email[:60]}' is not an e-mail address.",
            "One looks like name@company.example.",
            "Correct it.",
            "email",
        ) from None


@action("people.set_up")
def set_up(actor: Actor, name: str, email: str, password: SecretStr) -> RoleGrant:
    """Make the first account of empty books: the executive sponsor, who leads and administers until others join."""
    if not queries.is_empty():
        raise Conflict(
            "The books have accounts already.",
            "The first-run page works once.",
            "Sign in, or ask for an invitation.",
        )
    check_password(password.get_secret_value(), name, email)
    user = make_account(email, name, Side.COMPANY, password.get_secret_value())
    grants = [put(RoleGrant(user=user, role=role)) for role in (Role.SPONSOR, Role.LEAD, Role.ADMIN)]
    return grants[0]


def check_password(password: str, name: str, email: str) -> None:
    """Raise Invalid, with every reason, for a password that is too weak."""
    try:
        validate_password(password, User(name=name, email=email))
    except ValidationError as error:
        raise Invalid(
            "The password is too weak.", " ".join(error.messages), "Choose a longer one.", "password"
        ) from None


@action("people.invite")
def invite(actor: Actor, email: str, name: str, side: Side, role: str, engagement: str = "") -> Invitation:
    """Invite somebody to one side, by a link that works once and expires. The link is shown to the inviter only."""
    known = COMPANY_ROLES if side == Side.COMPANY else AUDITOR_ROLES
    need(
        role in known,
        f"There is no role '{role[:40]}' on the {side.label.lower()}'s side.",
        f"Roles: {', '.join(known)}.",
        "Choose one of them.",
        "role",
    )
    if side == Side.COMPANY and role in (Role.SPONSOR, Role.ADMIN):
        require(actor, "people.grant", {})
    need(name.strip(), "The name is empty.", "The invitation greets by name.", "Give a name.", "name")
    check_address(email)
    secret = secrets.token_urlsafe(24)
    row = put(
        Invitation(
            email=email.strip().lower(),
            name=name.strip(),
            side=side,
            role=role,
            engagement=engagement,
            token_digest=queries.digest_of(secret),
            expires_at=clock.now() + timedelta(days=INVITATION_DAYS),
        )
    )
    row.link = f"{settings.ADDRESS}/join/{secret}"  # type: ignore[attr-defined]
    return row


@action("people.join")
def join(actor: Actor, link: SecretStr, name: str, password: SecretStr) -> InvitationUse:
    """Take up an invitation: make the account with the role that it offers."""
    invitation = queries.open_invitation(link.get_secret_value(), clock.now())
    if invitation is None:
        raise Invalid(
            "This invitation does not work.",
            "It was used, it expired, or the link was cut.",
            "Ask the person who invited you for a new one.",
            "link",
        )
    check_password(password.get_secret_value(), name, invitation.email)
    user = make_account(invitation.email, name, invitation.side, password.get_secret_value())
    if invitation.side == Side.COMPANY and invitation.role in Role.values:
        put(RoleGrant(user=user, role=invitation.role))
    return put(InvitationUse(invitation=invitation, user=user))


@action("people.grant")
def grant(actor: Actor, user: User, role: Role) -> RoleGrant:
    """Give an account of the company a role."""
    need(
        user.side == Side.COMPANY,
        f"{user} is on the auditor's side.",
        "Auditors have roles on an engagement.",
        "Ask the lead of the engagement's team.",
        "user",
    )
    need(
        user.is_active,
        f"The account of {user} is closed.",
        "It cannot sign in.",
        "Invite the person anew.",
        "user",
    )
    if RoleGrant.objects.filter(user=user, role=role, end=None).exists():
        raise Conflict(f"{user} has the role {role.label} already.", "", "", "role")
    return put(RoleGrant(user=user, role=role))


@action("people.end_role")
def end_role(actor: Actor, grant: RoleGrant, reason: str = "") -> RoleEnd:
    """End a role. The last administrator stays."""
    _once(grant, "end", f"{grant.user} no longer has this role.")
    others = RoleGrant.objects.filter(role=Role.ADMIN, end=None, user__is_active=True).exclude(pk=grant.pk)
    need(
        grant.role != Role.ADMIN or others.exists(),
        "This is the last administrator.",
        "Nobody could give roles any more.",
        "Name another first.",
        "grant",
    )
    return put(RoleEnd(grant=grant, reason=reason))


@action("people.end_account")
def end_account(actor: Actor, user: User, reason: str) -> AccountEnd:
    """Close an account: it can no longer sign in; everything it wrote stays under its name."""
    need(
        actor.user != user,
        "You cannot close your own account.",
        "Somebody must be left to answer for it.",
        "Ask another administrator.",
        "user",
    )
    need(
        reason.strip(), "The reason is empty.", "It stands beside the closed account.", "Write it.", "reason"
    )
    _once(user, "end", f"The account of {user} is closed already.")
    return close_account(user, reason)


def close_account(user: User, reason: str) -> AccountEnd:
    """Shut every door of an account at once: no sign-in, no session, no token."""
    user.is_active = False
    user.save(update_fields=["is_active"])
    for session in UserSession.objects.filter(user=user):
        session.end()
    return put(AccountEnd(user=user, reason=reason))


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
    need(
        key.strip(),
        "The key is empty.",
        "It names the person when name and address change.",
        "Give one.",
        "key",
    )
    person = Person.objects.filter(key=key.strip()).first()
    if person is None:
        need(name.strip(), "The name is empty.", "A person has one.", "Give a name.", "name")
        person = put(Person(key=key.strip(), name=name.strip(), email=email, user=user))
    _after_last_spell(person, starts_on)
    return put(Employment(person=person, kind=kind, title=title, starts_on=starts_on))


def _after_last_spell(person: Person, starts_on: date) -> None:
    """A rehire is a spell of its own, after the one before (domain.md 10, case 1)."""
    last = Employment.objects.filter(person=person).order_by("-starts_on", "-pk").first()
    if last is None:
        return
    until = queries.ends_on(last)
    need(
        until is not None,
        f"{person.name} has an open spell.",
        "A rehire follows a departure.",
        "Record the departure first.",
        "key",
    )
    need(
        until is not None and starts_on > until,
        "The new spell begins before the last one ended.",
        f"That one ended on {until}.",
        "Give a later day.",
        "starts_on",
    )


@action("people.depart")
def depart(actor: Actor, employment: Employment, ends_on: date) -> Departure:
    """Record the last day of a spell."""
    _once(employment, "departure", f"The departure of {employment.person.name} is recorded already.")
    need(
        ends_on >= employment.starts_on,
        "The last day lies before the first.",
        f"The spell began on {employment.starts_on}.",
        "Correct the day.",
        "ends_on",
    )
    return put(Departure(employment=employment, ends_on=ends_on))


@action("people.make_token")
def make_token(
    actor: Actor, name: str, scopes: list[str], days: Literal["1", "7", "30", "90"] = "30"
) -> Token:
    """Make an API token for yourself, limited to the actions it names. The secret is shown once."""
    need(name.strip(), "The name is empty.", "It tells later what the token is for.", "Give a name.", "name")
    strange = sorted(set(scopes) - set(ACTIONS) - {queries.READ, queries.SCIM})
    need(
        not strange,
        f"There is no action '{strange[0][:60] if strange else ''}'.",
        "A scope is the name of an action, or read, or scim.",
        "Correct it.",
        "scopes",
    )
    need(scopes, "The token would have no right.", "It names no action.", "Name at least 'read'.", "scopes")
    secret = f"tm_{secrets.token_urlsafe(32)}"
    row = put(
        Token(
            user=actor.user,
            name=name.strip(),
            digest=queries.digest_of(secret),
            scopes=sorted(set(scopes)),
            expires_at=clock.system_now() + timedelta(days=int(days)),
        )
    )
    row.secret = secret  # type: ignore[attr-defined]
    return row


@action("people.end_token")
def end_token(actor: Actor, token: Token) -> TokenEnd:
    """End a token of yours before its time."""
    _once(token, "end", "This token has ended already.")
    return put(TokenEnd(token=token))


def _once(row: object, end: str, what: str) -> None:
    """Raise Conflict if the fact that ends the row is written already."""
    if getattr(row, end, None) is not None:
        raise Conflict(what, "It happens once.", "Load the page again.")
