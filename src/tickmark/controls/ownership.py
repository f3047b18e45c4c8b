"""Who answers for what on a day: controls, policies, vendors and components; and which of their owners go."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from tickmark.controls.queries import policies, versions_on
from tickmark.kernel.access import Actor, visible
from tickmark.kernel.answers import Task, duty
from tickmark.kernel.remembered import LARGE, remember
from tickmark.people.models import AccountEnd, Employment, Side, User
from tickmark.people.queries import after
from tickmark.scope.models import Component, VendorVersion

KINDS = ("control", "policy", "vendor", "component")
"""What has an owner, in the order in which it is told."""
NEEDS_OWNER = frozenset({"lead"})
"""The role that is told when an owner goes."""


@dataclass(frozen=True)
class Held:
    """One thing with an owner: what it is, who owns it and who stands in, and in words who does and who reviews it.

    `row` is the version that says so; of a vendor or a component only what is told here is read.
    """

    kind: str
    code: str
    title: str
    url: str
    owner: User | None
    backup: User | None
    does: str
    reviews: str
    row: Any

    @property
    def name(self) -> str:
        """How it is called in a sentence."""
        return f"{self.code} {self.title}" if self.kind in ("control", "policy") else self.title


@dataclass(frozen=True)
class Going:
    """An account whose holder leaves or is gone: the last day, if one is known, and whether the account is closed."""

    user: User
    ends_on: date | None
    closed: bool

    def gone(self, day: date) -> bool:
        """Whether nobody answers under this name on the day."""
        return self.closed or (self.ends_on is not None and self.ends_on < day)

    def words(self, day: date) -> str:
        """What stands beside the name: when they leave or left, or that the account is closed."""
        if self.closed or self.ends_on is None:
            return "account closed"
        return f"{'left' if self.ends_on < day else 'leaves'} on {self.ends_on.day} {self.ends_on:%b %Y}"

    def from_day(self, day: date) -> date:
        """The first day on which somebody else must answer, the day itself at the earliest."""
        return max(day, self.ends_on + timedelta(days=1)) if self.ends_on and not self.closed else day


def held(
    actor: Actor, day: date, known: int | None = None, of: Collection[int] | None = None
) -> Sequence[Held]:
    """Everything that has or should have an owner on the day, by kind and code, as far as the actor may see it.

    `of` narrows it to what these accounts (by key) own or stand in for. Whoever gets it changes nothing of it.
    """
    found = _held_on(actor, day) if known is None else _held(actor, day, known)
    if of is None:
        return found
    return [one for one in found if one.row.owner_id in of or one.row.backup_owner_id in of]


@remember(LARGE)
def _held_on(actor: Actor, day: date) -> tuple[Held, ...]:
    return tuple(_held(actor, day, None))


def _held(actor: Actor, day: date, known: int | None) -> list[Held]:
    users = {user.pk: user for user in User.objects.filter(side=Side.COMPANY)}
    found = [*_controls(day, known), *_policies(day, known), *_vendors(actor, day, known)]
    found += _components(actor, day, known)
    return [
        Held(
            kind, code, title, url, users.get(row.owner_id), users.get(row.backup_owner_id), *_hands(row), row
        )
        for kind, code, title, url, row in found
    ]


Found = tuple[str, str, str, str, Any]


def _controls(day: date, known: int | None) -> Iterator[Found]:
    for row in versions_on(day, known):
        yield "control", row.control.code, row.title, f"/controls/{row.control.code}/", row


def _policies(day: date, known: int | None) -> Iterator[Found]:
    for line in policies(day, known):
        yield "policy", line.policy.code, line.shown.title, f"/policies/{line.policy.code}/", line.shown


def _vendors(actor: Actor, day: date, known: int | None) -> Iterator[Found]:
    rows = _standing(actor, VendorVersion, day, known, "name", "vendor__code")
    for row in sorted(rows, key=lambda one: one.name):
        yield "vendor", row.vendor.code, row.name, f"/scope/vendors/{row.ref}", row


def _components(actor: Actor, day: date, known: int | None) -> Iterator[Found]:
    rows = _standing(actor, Component, day, known, "kind", "name")
    for row in sorted(rows, key=lambda one: (one.system_id, one.kind, one.name)):
        yield "component", row.code, row.name, f"/scope/components/{row.ref}", row


OWNERS = ("owner", "backup_owner", "withdrawn", "effective_from")


def _standing(actor: Actor, model: Any, day: date, known: int | None, *columns: str) -> list[Any]:
    """The newest version of each subject on the day, withdrawn ones left out, with these columns, in one pass.

    `as_of` looks a subject up for each row, which thousands of components of one system make slow.
    """
    rows: Any = visible(actor, model).filter(effective_from__lte=day)
    rows = rows.known(known)
    joined = {name.split("__")[0] for name in columns if "__" in name}
    rows = (rows.select_related(*joined) if joined else rows).only(*model.SUBJECT, *OWNERS, *columns)
    newest = {
        tuple(getattr(row, model._meta.get_field(name).attname) for name in model.SUBJECT): row
        for row in rows.order_by("effective_from", "pk")
    }
    return [row for row in newest.values() if not row.withdrawn]


def _hands(row: Any) -> tuple[str, str]:
    return getattr(row, "performed_by", ""), getattr(row, "reviewed_by", "")


def owned_by(things: Iterable[Held], user: User) -> list[Held]:
    """What somebody owns."""
    return [one for one in things if one.owner == user]


def backed_by(things: Iterable[Held], user: User) -> list[Held]:
    """What somebody stands in for."""
    return [one for one in things if one.backup == user]


# -- who goes -------------------------------------------------------------------------------------------------------


def going(users: Iterable[User], day: date) -> dict[int, Going]:
    """Those of the accounts whose holder leaves or is gone, as it was known by the end of the day."""
    held_by = {user.pk: user for user in users}
    ended = dict(AccountEnd.objects.filter(user__in=held_by).values_list("user", "recorded_at"))
    leaves = _last_days(list(held_by), day)
    found = [Going(user, leaves.get(pk), _closed(user, ended.get(pk), day)) for pk, user in held_by.items()]
    return {one.user.pk: one for one in found if one.closed or one.ends_on is not None}


def _closed(user: User, at: Any, day: date) -> bool:
    return not user.is_active if at is None else bool(at < after(day))


def _last_days(users: Sequence[int], day: date) -> dict[int, date]:
    """The last day of the newest spell of each account's person, where one is known; a rehire is a newer spell."""
    rows = Employment.objects.filter(person__user__in=users, recorded_at__lt=after(day))
    rows = rows.select_related("departure", "person").order_by("starts_on", "pk")
    newest = {row.person.user_id: row for row in rows}
    found = {}
    for pk, row in newest.items():
        departure = getattr(row, "departure", None)
        if pk is not None and departure is not None and departure.recorded_at < after(day):
            found[pk] = departure.ends_on
    return found


@dataclass(frozen=True)
class Succession:
    """Somebody who goes, and what has no other owner or stand-in on the first day without them."""

    going: Going
    owns: tuple[Held, ...]
    backs: tuple[Held, ...]


def successions(actor: Actor, day: date) -> list[Succession]:
    """Everybody who goes and still answers for something on the first day without them; who is gone longest first."""
    leaving = going(User.objects.filter(side=Side.COMPANY), day)
    on: dict[date, Sequence[Held]] = {}
    found = []
    for one in leaving.values():
        first = one.from_day(day)
        if first not in on:
            on[first] = held(actor, first, of=frozenset(leaving))
        owns, backs = owned_by(on[first], one.user), backed_by(on[first], one.user)
        found += [Succession(one, tuple(owns), tuple(backs))] if owns or backs else []
    return sorted(found, key=lambda one: (one.going.from_day(day), one.going.user.name))


@duty
def successions_owed(actor: Actor, day: date) -> Iterator[Task]:
    """Things whose owner leaves or is gone: somebody else must answer for them (domain.md 10 case 12)."""
    if actor.side != Side.COMPANY or not actor.roles & NEEDS_OWNER:
        return
    for one in successions(actor, day):
        if one.owns:
            number = len(one.owns)
            things = f"{number} thing{'s need' if number > 1 else ' needs'} a new owner"
            yield Task(
                "controls",
                f"{said(one.going, day)}: {things}",
                f"/controls/owners/{one.going.user.ref}",
                one.going.ends_on or day,
                "Whatever is due would be asked of nobody.",
            )


def said(one: Going, day: date) -> str:
    """Who goes, in words."""
    name = one.user.name
    if one.ends_on is not None and not one.closed:
        return f"{name} {one.words(day)}"
    return f"The account of {name} is closed"
