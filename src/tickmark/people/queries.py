"""Answers about people: who an account is as an actor, who holds which role, who is active on a day."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.sessions.models import Session
from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Exists, Max, Model, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.utils.functional import LazyObject

from tickmark.kernel.access import Actor, visible
from tickmark.people.models import (
    CredentialChange,
    DirectoryEntry,
    Employment,
    FactorRule,
    Invitation,
    Person,
    Role,
    RoleGrant,
    Side,
    SignIn,
    SignInKind,
    Token,
    User,
)

READ = "read"
"""The scope that lets a token read what its account may see; writing takes the names of actions."""
SCIM = "scim"
"""The scope of a token that a directory holds: it provisions persons by SCIM, and does nothing else."""


def actor_for(user: User, scopes: frozenset[str] | None = None, kind: str = "person") -> Actor:
    """The actor behind an account, with the roles it holds now. Every company account is at least an employee."""
    if isinstance(user, LazyObject):  # it would hold the request that it was made for
        user = user._wrapped if user.pk else user
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


def token_of(secret: str) -> Token | None:
    """The token behind a secret, live or not, with its account and its end."""
    found: Token | None = Token.objects.filter(digest=digest_of(secret)).select_related("user", "end").first()
    return found


def is_live(token: Token, moment: datetime) -> bool:
    """Whether a token still opens anything: not ended, not expired, its account not closed."""
    return getattr(token, "end", None) is None and token.expires_at > moment and token.user.is_active


def open_invitation(link: str, moment: datetime) -> Invitation | None:
    """The invitation behind a link or the secret at its end, if it was not used and has not expired."""
    secret = link.strip().rstrip("/").rsplit("/", 1)[-1]
    found: Invitation | None = Invitation.objects.filter(
        token_digest=digest_of(secret), use=None, expires_at__gt=moment
    ).first()
    return found


def after(day: date) -> datetime:
    """The first instant after the day (UTC, as `clock.today` counts): facts recorded before it were known that day."""
    return datetime.combine(day + timedelta(days=1), time.min, UTC)


def stands(fact: Any, day: date, known: int | None = None) -> bool:
    """Whether a fact was recorded by the end of the day (and, if given, among the first `known` sealed entries)."""
    if fact is None or fact.recorded_at >= after(day):
        return False
    return known is None or bool(type(fact).objects.known(known).filter(pk=fact.pk).exists())


def active_on(day: date) -> QuerySet[Person]:
    """Persons with a spell that holds the day, both ends included."""
    rows: QuerySet[Person] = Person.objects.filter(pk__in=spells_on(day).values("person")).order_by("name")
    return rows


def spells_on(day: date) -> QuerySet[Employment]:
    """The spells that hold the day, both ends included."""
    not_gone = Q(departure=None) | Q(departure__ends_on__gte=day)
    rows: QuerySet[Employment] = Employment.objects.filter(not_gone, starts_on__lte=day)
    return rows


def with_role(*roles: str) -> QuerySet[User]:
    """Active accounts that hold any of these roles now."""
    grants = RoleGrant.objects.filter(role__in=roles, end=None)
    return User.objects.filter(pk__in=grants.values("user"), is_active=True).order_by("name")


def colleagues() -> QuerySet[User]:
    """The company's accounts that can sign in: who may own a control or a component."""
    return User.objects.filter(side=Side.COMPANY, is_active=True).order_by("name")


def is_empty() -> bool:
    """Whether the books have no account yet, so that the first-run page may make the first."""
    return not User.objects.exists()


def sees(actor: Actor, model: type[Model]) -> bool:
    """Whether the table shows rows of this model to such an actor at all, however few there are.

    A page whose rows are hidden from its reader does not exist for them; an empty page is another thing.
    """
    try:
        visible(actor, model).query.get_compiler(DEFAULT_DB_ALIAS).as_sql()
    except EmptyResultSet:
        return False
    return True


# -- accounts -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """An account on a day: the roles it held, whether it could sign in, whether it has a second factor now."""

    user: User
    grants: tuple[RoleGrant, ...]
    active: bool
    second_factor: bool
    ended_at: datetime | None
    reason: str

    @property
    def roles(self) -> list[str]:
        """The titles of its roles."""
        return [Role(grant.role).label for grant in self.grants]


def accounts(rows: QuerySet[User]) -> QuerySet[User]:
    """The accounts with their grants, their end and whether they have a second factor, in a fixed number of queries."""
    grants = RoleGrant.objects.select_related("end", "by").order_by("role", "pk")
    factor = Authenticator.objects.filter(user=OuterRef("pk")).exclude(type=Authenticator.Type.RECOVERY_CODES)
    return (
        rows.select_related("end")
        .annotate(second_factor=Exists(factor))
        .prefetch_related(Prefetch("grants", grants))
    )


def standing(user: Any, day: date) -> Standing:
    """How an account of `accounts` stood at the end of the day."""
    until = after(day)
    held = [g for g in user.grants.all() if g.recorded_at < until and not _ended(g, until)]
    end: Any = getattr(user, "end", None)
    gone = end is not None and end.recorded_at < until
    return Standing(
        user,
        tuple(held),
        user.is_active if end is None else not gone,
        user.second_factor,
        end.recorded_at if gone else None,
        end.reason if gone else "",
    )


def _ended(grant: RoleGrant, until: datetime) -> bool:
    end = getattr(grant, "end", None)
    return end is not None and end.recorded_at < until


def has_second_factor(user: User) -> bool:
    """Whether the account asks for more than a password."""
    rows = Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES)
    return bool(rows.exists())


def factor_rule() -> bool:
    """Whether the company decided that all its accounts need a second factor."""
    newest = FactorRule.objects.order_by("-pk").values_list("required", flat=True).first()
    return bool(newest)


def factor_rules(actor: Actor) -> QuerySet[FactorRule]:
    """The decisions on second factors, newest first."""
    return visible(actor, FactorRule).select_related("by").order_by("-pk")


def needs_second_factor(user: User) -> bool:
    """Whether the account may not be without a second factor: auditors always, the company by its decision."""
    return user.side == Side.AUDITOR or factor_rule()


def is_last_required(authenticator: Authenticator) -> bool:
    """Whether taking it away would leave an account without the second factor that it may not be without."""
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        return False
    others = Authenticator.objects.filter(user=authenticator.user).exclude(pk=authenticator.pk)
    others = others.exclude(type=Authenticator.Type.RECOVERY_CODES)
    return needs_second_factor(authenticator.user) and not others.exists()


def sessions_of(user: User, moment: datetime) -> list[UserSession]:
    """The live sessions of an account, the one that was seen last first."""
    live = Session.objects.filter(expire_date__gt=moment).values("session_key")
    return list(UserSession.objects.filter(user=user, session_key__in=live).order_by("-last_seen_at", "-pk"))


def session_number(session_key: str | None) -> str:
    """The number under which a session is listed; empty for one that is not."""
    found = UserSession.objects.filter(session_key=session_key).values_list("pk", flat=True).first()
    return str(found or "")


def sign_ins(actor: Actor) -> QuerySet[SignIn]:
    """What happened at the door, as far as the actor may see it, newest first."""
    rows: QuerySet[SignIn] = visible(actor, SignIn).select_related("user", "token").order_by("-at", "-pk")
    return rows


def last_visit(user: User) -> SignIn | None:
    """How an account signed in before it did so last; None on its first visit.

    The beginning of that visit, since nobody knows when a person stopped reading: what came during it shows again,
    and so does what was not sealed yet when it began.
    """
    entered = SignIn.objects.filter(user=user, kind=SignInKind.ENTERED).order_by("-at", "-pk")
    return next(iter(entered.exclude(log_size=None)[1:2]), None)


def recent_sign_ins(user: User) -> QuerySet[SignIn]:
    """What happened at the door of one account, newest first."""
    rows: QuerySet[SignIn] = SignIn.objects.filter(user=user).select_related("token").order_by("-at", "-pk")
    return rows


def credential_changes(actor: Actor, user: User) -> QuerySet[CredentialChange]:
    """How the ways into an account changed, newest first."""
    return visible(actor, CredentialChange).filter(user=user).order_by("-pk")


def tokens(actor: Actor) -> QuerySet[Token]:
    """The tokens that the actor sees, newest first, each with `last_used`, to the hour."""
    uses = SignIn.objects.filter(token=OuterRef("pk"), kind=SignInKind.TOKEN_USED).order_by("-at")
    rows = visible(actor, Token).select_related("end").annotate(last_used=Subquery(uses.values("at")[:1]))
    return rows.order_by("-recorded_at", "-pk")


def used_since(token: Token, moment: datetime) -> bool:
    """Whether a use of the token was written down since."""
    return bool(SignIn.objects.filter(token=token, kind=SignInKind.TOKEN_USED, at__gte=moment).exists())


def open_invitations(actor: Actor, moment: datetime) -> QuerySet[Invitation]:
    """Invitations that nobody has taken up and that still work."""
    rows = visible(actor, Invitation).filter(use=None, expires_at__gt=moment)
    return rows.select_related("by").order_by("expires_at")


# -- persons ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Spells:
    """A person with all spells, oldest first, and the one that holds the day."""

    person: Person
    spells: tuple[Employment, ...]
    current: Employment | None
    state: str

    @property
    def latest(self) -> Employment | None:
        """The spell that holds the day, else the last one."""
        return self.current or (self.spells[-1] if self.spells else None)


def persons(rows: QuerySet[Person]) -> QuerySet[Person]:
    """Persons with spells and accounts, in a fixed number of queries."""
    spells = Employment.objects.select_related("departure").order_by("starts_on", "pk")
    return rows.select_related("user").prefetch_related(Prefetch("employments", spells))


def spells_of(person: Any, day: date) -> Spells:
    """The spells of a person of `persons`; the state on the day is active, starts later, left or unknown."""
    spells = tuple(person.employments.all())
    current = next((one for one in spells if one.starts_on <= day and not _left(one, day)), None)
    return Spells(person, spells, current, _state(spells, current, day))


def ends_on(spell: Employment) -> date | None:
    """The last day of a spell, if one is known."""
    departure = getattr(spell, "departure", None)
    return departure.ends_on if departure else None


def _left(spell: Employment, day: date) -> bool:
    last = ends_on(spell)
    return last is not None and last < day


def _state(spells: tuple[Employment, ...], current: Employment | None, day: date) -> str:
    if current is not None:
        return "active"
    if not spells:
        return "unknown"
    return "starts later" if spells[-1].starts_on > day else "left"


# -- what the directory says --------------------------------------------------------------------------------------


def directory(rows: QuerySet[DirectoryEntry]) -> QuerySet[DirectoryEntry]:
    """The newest entry of each person, without those that the directory removed."""
    every: Any = DirectoryEntry.objects
    newest = every.values("person").annotate(newest=Max("pk")).values("newest")
    standing: QuerySet[DirectoryEntry] = rows.filter(pk__in=newest, removed=False)
    return standing.select_related("person__user").order_by("person")


def directory_of(person: Person) -> DirectoryEntry | None:
    """The entry of a person, if the directory has one."""
    every: QuerySet[DirectoryEntry] = DirectoryEntry.objects.all()
    return next((one for one in directory(every) if one.person == person), None)


def directory_named(user_name: str) -> DirectoryEntry | None:
    """The entry that stands under this user name, in any case."""
    return directory(DirectoryEntry.objects.all()).filter(user_name__iexact=user_name).first()


# -- demo homes ---------------------------------------------------------------------------------------------------


def characters() -> list[User]:
    """The accounts of a demo home that one may enter as, company first, each with its grants."""
    rows = User.objects.filter(is_active=True).exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    held = RoleGrant.objects.filter(end=None).order_by("role")
    return list(rows.order_by("-side", "pk").prefetch_related(Prefetch("grants", held, to_attr="held")))


def character(number: str) -> User | None:
    """One of the accounts that one may enter as, by its number."""
    return next((user for user in characters() if str(user.pk) == number), None)


def account(number: int) -> User:
    """The account of this number."""
    return User.objects.get(pk=number)


def by_email(email: str) -> User | None:
    """The account with this address, in any case."""
    return User.objects.filter(email__iexact=email).first()
