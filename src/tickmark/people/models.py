"""Nouns of the people step: accounts, roles, invitations, tokens, and the persons of the company."""

from __future__ import annotations

from typing import Any, ClassVar

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


# -- how people sign in -------------------------------------------------------------------------------------------


class FactorRule(Fact):
    """Whether the company's accounts need a second factor from this moment on. Auditors always do."""

    PREFIX = "FR"
    required = models.BooleanField()
    reason = models.CharField(max_length=200, blank=True)


class SessionsEnd(Fact):
    """Sessions of an account that somebody ended before their time."""

    PREFIX = "SX"
    user = models.ForeignKey(User, models.PROTECT, related_name="session_ends")
    sessions = models.IntegerField()


class Credential(models.TextChoices):
    """What changed about how an account is entered."""

    FACTOR_ADDED = "factor_added", "Second factor added"
    FACTOR_REMOVED = "factor_removed", "Second factor removed"
    CODES = "codes", "New recovery codes"
    PASSWORD = "password", "Password changed"
    EMAIL = "email", "E-mail address changed"
    PROVIDER = "provider", "Identity provider connected"


class CredentialChange(Fact):
    """A change of how an account is entered: what, never the secret or the address itself."""

    PREFIX = "KC"
    user = models.ForeignKey(User, models.PROTECT, related_name="credential_changes")
    what = models.CharField(max_length=16, choices=Credential.choices)


class SignInKind(models.TextChoices):
    """What happened at the door."""

    ENTERED = "entered", "Signed in"
    LEFT = "left", "Signed out"
    REFUSED = "refused", "Password refused"
    FACTOR_REFUSED = "factor_refused", "Second factor refused"
    HELD_BACK = "held_back", "Too many attempts"
    UNINVITED = "uninvited", "No account for this identity"
    TOKEN_USED = "token_used", "Token used"
    TOKEN_REFUSED = "token_refused", "Token refused"


class SignIn(models.Model):
    """One event at the door: bookkeeping that is pruned, not a fact (docs/decisions/027).

    `stranger` is a keyed digest of an address that no account has, so that repeated attempts show as such. `log_size`
    is how far the log went, so that a next visit knows what came since.
    """

    kind = models.CharField(max_length=16, choices=SignInKind.choices)
    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="sign_ins")
    token = models.ForeignKey(Token, models.PROTECT, null=True, related_name="uses")
    method = models.CharField(max_length=60, blank=True)
    address = models.GenericIPAddressField(null=True)
    device = models.CharField(max_length=80, blank=True)
    stranger = models.CharField(max_length=16, blank=True)
    at = models.DateTimeField(db_index=True)
    log_size = models.BigIntegerField(null=True)

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        indexes = [models.Index(fields=["user", "-at"]), models.Index(fields=["token", "-at"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"


# -- what a directory says ----------------------------------------------------------------------------------------


class DirectoryEntry(Fact):
    """What the company's directory said of a person, by SCIM. The newest stands; `removed` takes it off the list."""

    PREFIX = "DI"
    person = models.ForeignKey(Person, models.PROTECT, related_name="directory")
    user_name = models.CharField(max_length=150, db_index=True)
    external_id = models.CharField(max_length=150, blank=True)
    name = models.CharField(max_length=200)
    email = models.EmailField(blank=True)
    title = models.CharField(max_length=120, blank=True)
    active = models.BooleanField()
    removed = models.BooleanField(default=False)
