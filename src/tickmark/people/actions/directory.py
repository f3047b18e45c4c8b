"""What the company's directory sends by SCIM, as facts: who there is, who began, who left."""

from __future__ import annotations

from datetime import date, timedelta

from tickmark.kernel import clock
from tickmark.kernel.access import Actor
from tickmark.kernel.action import action, need
from tickmark.kernel.errors import Conflict
from tickmark.people import queries
from tickmark.people.actions.accounts import check_email, close_account, put
from tickmark.people.models import (
    Departure,
    DirectoryEntry,
    Employment,
    EmploymentKind,
    Person,
    Side,
    User,
)

LEFT = "The company's directory says that the person is no longer active."


@action("people.provision")
def provision(
    actor: Actor,
    user_name: str,
    name: str,
    entry: DirectoryEntry | None = None,
    email: str = "",
    title: str = "",
    external_id: str = "",
    active: bool = True,
    removed: bool = False,
) -> DirectoryEntry:
    """Take what the directory says of a person: a spell begins or ends today, and a leaver's account is closed."""
    need(user_name.strip(), "The user name is empty.", "It names the person.", "Give one.", "user_name")
    need(name.strip(), "The name is empty.", "A person has one.", "Give a name.", "name")
    if email:
        check_email(email)
    _unique(user_name, entry.person if entry else None)
    found = entry.person if entry else _person(user_name.strip(), external_id.strip(), name.strip(), email)
    here = active and not removed
    _spell(found, title, clock.today()) if here else _leave(actor, found, clock.today())
    return put(
        DirectoryEntry(
            person=found,
            user_name=user_name.strip(),
            external_id=external_id.strip(),
            name=name.strip(),
            email=email,
            title=title,
            active=active,
            removed=removed,
        )
    )


def _unique(user_name: str, person: Person | None) -> None:
    other = queries.directory_named(user_name.strip())
    if other is not None and (person is None or other.person != person):
        raise Conflict(
            f"The user name {user_name.strip()[:60]} is taken.",
            "Each stands for one person.",
            "Change the entry that has it.",
            "user_name",
        )


def _person(user_name: str, external_id: str, name: str, email: str) -> Person:
    """The person under this key, whoever wrote it down first, else a new one."""
    key = (external_id or user_name)[:60]
    found: Person | None = Person.objects.filter(key=key).first()
    if found is None:
        return put(Person(key=key, name=name, email=email, user=_account(email)))
    if queries.directory_of(found) is not None:
        raise Conflict(
            f"The directory has an entry for {key}.",
            "One person, one entry.",
            "Change that one.",
            "external_id",
        )
    return found


def _account(email: str) -> User | None:
    """The company's account with this address, if it belongs to no person yet."""
    user = queries.by_email(email) if email else None
    free = user is not None and user.side == Side.COMPANY and not hasattr(user, "person")
    return user if free else None


def _spell(person: Person, title: str, today: date) -> None:
    """Begin a spell unless one is open; after a last day it begins on the next."""
    last = Employment.objects.filter(person=person).order_by("-starts_on", "-pk").first()
    until = queries.ends_on(last) if last else None
    if last is None or until is not None:
        first = max(today, until + timedelta(days=1)) if until else today
        put(Employment(person=person, kind=EmploymentKind.EMPLOYEE, title=title, starts_on=first))


def _leave(actor: Actor, person: Person, today: date) -> None:
    """End the open spell, and close the account that the person has."""
    if person.user is not None and person.user.is_active:
        if person.user == actor.user:
            raise Conflict(
                f"The account of {person.name} holds this token.",
                "Closing it would end the provisioning itself.",
                "Give the directory a token of somebody else first.",
            )
        close_account(person.user, LEFT)
    for spell in Employment.objects.filter(person=person, departure=None):
        put(Departure(employment=spell, ends_on=max(today, spell.starts_on)))
