"""Answers about people: who an account is as an actor, who is active on a day."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet

from tickmark.kernel.access import Actor
from tickmark.people.models import Employment, Invitation, Person, Role, RoleGrant, Side, Token, User


def actor_for(user: User, scopes: frozenset[str] | None = None, kind: str = "person") -> Actor:
    """The actor behind an account, with the roles it holds now. Every company account is at least an employee."""
    roles = set(RoleGrant.objects.filter(user=user, end=None).values_list("role", flat=True))
    roles.add("employee" if user.side == Side.COMPANY else "auditor")
    return Actor(user=user, side=user.side, roles=frozenset(roles), kind=kind, name=user.name, scopes=scopes)


def roles_of(user: User) -> list[str]:
    """The titles of the roles that an account holds now."""
    held = RoleGrant.objects.filter(user=user, end=None).values_list("role", flat=True)
    return [Role(role).label for role in sorted(set(held))]


def digest_of(secret: str) -> str:
    """How a token or an invitation is kept: only as SHA-256, hex."""
    return hashlib.sha256(secret.encode()).hexdigest()


def token_user(secret: str, moment: datetime) -> tuple[User, frozenset[str]] | None:
    """The account and scopes behind a live API token."""
    found = Token.objects.filter(
        digest=digest_of(secret), end=None, expires_at__gt=moment, user__is_active=True
    )
    token: Any = found.select_related("user").first()
    return (token.user, frozenset(token.scopes)) if token else None


def open_invitation(secret: str, moment: datetime) -> Invitation | None:
    """The invitation behind a link, if it was not used and has not expired."""
    found: Invitation | None = Invitation.objects.filter(
        token_digest=digest_of(secret), use=None, expires_at__gt=moment
    ).first()
    return found


def active_on(day: date) -> QuerySet[Person]:
    """Persons with a spell that holds the day, both ends included."""
    not_gone = Q(departure=None) | Q(departure__ends_on__gte=day)
    spells = Employment.objects.filter(not_gone, starts_on__lte=day)
    rows: QuerySet[Person] = Person.objects.filter(pk__in=spells.values("person")).order_by("name")
    return rows


def with_role(*roles: str) -> QuerySet[User]:
    """Active accounts that hold any of these roles now."""
    grants = RoleGrant.objects.filter(role__in=roles, end=None)
    return User.objects.filter(pk__in=grants.values("user"), is_active=True).order_by("name")


def is_empty() -> bool:
    """Whether the books have no account yet, so that the first-run page may make the first."""
    return not User.objects.exists()
