"""Nouns of the people step: accounts, roles, invitations, tokens, and the persons of the company."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from tickmark.kernel.dated import Fact


class Side(models.TextChoices):
    """Whose account it is. Never both, never changed (domain.md 8.3, 8.4)."""

    COMPANY = "company", "Company"
    AUDITOR = "auditor", "Auditor"


class Role(models.TextChoices):
    """Roles of the company's side (domain.md 8.3). Auditors have theirs on an engagement."""

    SPONSOR = "sponsor", "Executive sponsor"
    LEAD = "lead", "Compliance lead"
    OWNER = "owner", "Control owner"
    REVIEWER = "reviewer", "Internal reviewer"
    CONTRIBUTOR = "contributor", "Contributor"
    ADVISER = "adviser", "Adviser"
    ADMIN = "admin", "System administrator"


class UserManager(BaseUserManager["User"]):
    """Makes accounts. Actions call it; nothing else does."""

    def get_by_natural_key(self, username: str | None) -> User:
        """The account with this e-mail address, in any case."""
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """An account. The only row of the books that changes: its password and last login are the login library's."""

    PREFIX: ClassVar[str] = "US"
    CODE: ClassVar[str | None] = "email"

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200)
    side = models.CharField(max_length=10, choices=Side.choices)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[UserManager] = UserManager()

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def ref(self) -> str:
        """The reference of the account."""
        return f"US-{self.pk}"

    @property
    def initials(self) -> str:
        """Up to two letters for the person chip."""
        return "".join(part[0] for part in self.name.split()[:2]).upper() or self.email[:1].upper()


class RoleGrant(Fact):
    """A role that an account has from this moment until it is ended."""

    PREFIX = "RG"
    user = models.ForeignKey(User, models.PROTECT, related_name="grants")
    role = models.CharField(max_length=20, choices=Role.choices)


class RoleEnd(Fact):
    """The end of a role."""

    PREFIX = "RE"
    grant = models.OneToOneField(RoleGrant, models.PROTECT, related_name="end")
    reason = models.CharField(max_length=200, blank=True)


class Invitation(Fact):
    """A link that lets one person make an account. Only the digest of its token is kept."""

    PREFIX = "IN"
    email = models.EmailField()
    name = models.CharField(max_length=200)
    side = models.CharField(max_length=10, choices=Side.choices)
    role = models.CharField(max_length=20)
    engagement = models.CharField(max_length=20, blank=True)
    token_digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()


class InvitationUse(Fact):
    """The account that an invitation became; it works once."""

    PREFIX = "IU"
    invitation = models.OneToOneField(Invitation, models.PROTECT, related_name="use")
    user = models.ForeignKey(User, models.PROTECT, related_name="invited_by")


class AccountEnd(Fact):
    """The end of an account: it can no longer sign in; what it wrote stays."""

    PREFIX = "AE"
    user = models.OneToOneField(User, models.PROTECT, related_name="end")
    reason = models.CharField(max_length=200)


class Token(Fact):
    """An API token with the least right: the actions that it names, until it expires."""

    PREFIX = "TK"
    user = models.ForeignKey(User, models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField()
    expires_at = models.DateTimeField()


class TokenEnd(Fact):
    """The end of a token before its time."""

    PREFIX = "TE"
    token = models.OneToOneField(Token, models.PROTECT, related_name="end")


class Person(Fact):
    """Somebody who works for the company, with or without an account. The key outlives names and addresses."""

    PREFIX = "PE"
    CODE = "key"
    key = models.CharField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    email = models.EmailField(blank=True)
    user = models.OneToOneField(User, models.PROTECT, null=True, blank=True, related_name="person")


class EmploymentKind(models.TextChoices):
    """Kinds of spell (domain.md 10, cases 2, 11)."""

    EMPLOYEE = "employee", "Employee"
    CONTRACTOR = "contractor", "Contractor"
    OTHER = "other", "Other"


class Employment(Fact):
    """A spell of a person with the company; a rehire is a new spell (domain.md 10, case 1)."""

    PREFIX = "EM"
    person = models.ForeignKey(Person, models.PROTECT, related_name="employments")
    kind = models.CharField(max_length=12, choices=EmploymentKind.choices)
    title = models.CharField(max_length=120, blank=True)
    starts_on = models.DateField()


class Departure(Fact):
    """The last day of a spell."""

    PREFIX = "DE"
    employment = models.OneToOneField(Employment, models.PROTECT, related_name="departure")
    ends_on = models.DateField()
