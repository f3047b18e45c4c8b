"""What the people step's nouns say to search."""

from __future__ import annotations

from tickmark.kernel.search.said import Said, joined, searched
from tickmark.people.models import (
    AccountEnd,
    Departure,
    DirectoryEntry,
    Employment,
    FactorRule,
    Invitation,
    Person,
    RoleEnd,
    RoleGrant,
    User,
)


def _account(user: User) -> str:
    return f"/people/accounts/{user.ref}"


@searched(User)
def account(row: User) -> Said:
    """An account by name and address."""
    return Said(row.name, row.email, _account(row), code=row.email)


@searched(RoleGrant, "user")
def role(row: RoleGrant) -> Said:
    """A role by its title and holder."""
    return Said(f"{row.get_role_display()}: {row.user.name}", address=_account(row.user))


@searched(RoleEnd, "grant__user", echo=True)
def role_end(row: RoleEnd) -> Said:
    """The end of a role, with its reason."""
    title = f"End of {row.grant.get_role_display()}: {row.grant.user.name}"
    return Said(title, row.reason, _account(row.grant.user))


@searched(AccountEnd, "user")
def account_end(row: AccountEnd) -> Said:
    """The end of an account, with its reason. By reference: not everybody who sees the end sees the account."""
    return Said(f"End of the account {row.user.ref}", row.reason, _account(row.user))


@searched(Invitation)
def invitation(row: Invitation) -> Said:
    """An invitation by name and address; never its link."""
    return Said(f"Invitation of {row.name}", row.email, "/people/")


@searched(Person)
def person(row: Person) -> Said:
    """A person by name, key and address."""
    return Said(row.name, joined(row.key, row.email), f"/people/persons/{row.key}", code=row.key)


@searched(Employment, "person")
def employment(row: Employment) -> Said:
    """A spell by title and person."""
    text = joined(row.title, row.get_kind_display())
    return Said(f"{row.person.name} from {row.starts_on}", text, f"/people/persons/{row.person.key}")


@searched(Departure, "employment__person", echo=True)
def departure(row: Departure) -> Said:
    """The end of a spell."""
    who = row.employment.person
    return Said(f"Departure of {who.name} on {row.ends_on}", address=f"/people/persons/{who.key}")


@searched(DirectoryEntry, "person")
def directory_entry(row: DirectoryEntry) -> Said:
    """What the directory says of a person."""
    text = joined(row.user_name, row.email, row.title)
    return Said(f"{row.name} in the directory", text, f"/people/persons/{row.person.key}")


@searched(FactorRule)
def factor_rule(row: FactorRule) -> Said:
    """Whether everybody needs a second factor, and why."""
    title = "A second factor is required" if row.required else "A second factor is not required"
    return Said(title, row.reason, "/people/")
