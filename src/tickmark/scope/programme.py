"""The programme as data: what the books say it is on a day, what somebody wants it to be, and the difference.

Files, spreadsheets, other programs' exports and the scope interview all become `Item`s; what is written is the
difference between them and the books. Each step registers its parts here; every value is checked by the action that
records it.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Model
from pydantic import BaseModel

from tickmark.kernel import canonical
from tickmark.kernel.access import Actor, visible
from tickmark.kernel.action import ACTIONS
from tickmark.kernel.dated import Version
from tickmark.kernel.errors import TickmarkError

Key = tuple[str, str]
"""Kind and code of an item; what belongs to a system has the system's code before a slash: `ledger/C-1`."""
UNSAID = frozenset({"effective_from", "withdrawn"})
"""Arguments that say how something is recorded, not what it is."""


@dataclass(frozen=True)
class Item:
    """One thing of a programme: its kind (`control`), its code, what is said of it by the arguments of its action.

    A field that is left out stays as it is. `since` is the day from which it holds, where that is told; `where` names
    file and row for whoever has to correct it.
    """

    kind: str
    code: str
    fields: Mapping[str, Any]
    since: date | None = None
    where: str = field(default="", compare=False)

    @property
    def key(self) -> Key:
        """Kind and code."""
        return self.kind, self.code


@dataclass(frozen=True)
class Part:
    """A kind of thing that a programme has: the action that records it and the versions that say how it stands.

    `named` is the argument that holds its own code, `code` gives that of a version; `scoped` says that it belongs to
    a system. Parts are written in the order in which they were registered; `rank` orders items of one kind. `ending`
    is the action that takes one out of force, where its own cannot; `unsaid` are arguments about the recording alone.
    In a folder it stands in `file`, with `body` as the text below its fields if it has a file of its own; `spelled`
    gives the words for what the books keep as letters.
    """

    kind: str
    title: str
    action: str
    model: type[Version]
    file: str
    code: Callable[[Any], str]
    named: str = "code"
    scoped: bool = False
    joins: tuple[str, ...] = ()
    rank: Callable[[Mapping[str, Any]], int] = lambda fields: 0
    ending: str = ""
    unsaid: frozenset[str] = frozenset()
    body: str = ""
    spelled: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def fields(self) -> tuple[str, ...]:
        """What is said of an item, in the order of the action."""
        left = UNSAID | self.unsaid | {self.named} | ({"system"} if self.scoped else set())
        return tuple(name for name in ACTIONS[self.action].types if name not in left)

    @property
    def ends(self) -> bool:
        """Whether one can be withdrawn."""
        return bool(self.ending) or "withdrawn" in ACTIONS[self.action].types

    def standing(self, day: date, known: int | None = None, actor: Actor | None = None) -> Iterator[Item]:
        """How each stands on the day, of what an actor may see if one is named."""
        rows: Any = visible(actor, self.model) if actor else self.model.objects
        for row in rows.as_of(day, known).select_related(*self.joins):
            yield self.item(row)

    def item(self, version: Any) -> Item:
        """A version as an item."""
        code = self.code(version)
        name = f"{version.system.code}/{code}" if self.scoped else code
        said = {one: plain(getattr(version, one)) for one in self.fields}
        return Item(self.kind, name, said, version.effective_from)

    def defaults(self) -> dict[str, Any]:
        """What a new item says where its fields are left out."""
        given = ACTIONS[self.action].signature.parameters
        return {
            name: plain(given[name].default)
            for name in self.fields
            if given[name].default is not inspect.Parameter.empty
        }


PARTS: dict[str, Part] = {}


def register(part: Part) -> Part:
    """Make a kind of thing part of every programme."""
    if part.kind in PARTS:
        raise RuntimeError(f"Two parts are called {part.kind}.")
    PARTS[part.kind] = part
    return part


def plain(value: Any) -> Any:
    """A value as files hold it: a row by its code (an account by its address), a day as text, names in their order."""
    if isinstance(value, Model):
        return getattr(value, getattr(type(value), "CODE", None) or "ref")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, BaseModel):
        return value.model_dump()
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in sorted(value.items())}
    return str(value) if isinstance(value, str) else value


def standing(day: date, known: int | None = None, actor: Actor | None = None) -> dict[Key, Item]:
    """The whole programme as it stood on a day, by kind and code, in the order of kinds; or what an actor may see."""
    found = (sorted(part.standing(day, known, actor), key=lambda item: item.code) for part in PARTS.values())
    return {item.key: item for items in found for item in items}


def ended(wanted: Iterable[Key]) -> dict[Key, date]:
    """The last day on which each of these was withdrawn, for those that ever were."""
    found: dict[Key, date] = {}
    keys = set(wanted)
    for part in PARTS.values():
        for row in part.model.objects.filter(withdrawn=True).select_related(*part.joins):
            item = part.item(row)
            if item.key in keys:
                found[item.key] = max(row.effective_from, found.get(item.key, row.effective_from))
    return found


# -- the difference -----------------------------------------------------------------------------------------------


ONLY_HELD, ONLY_THE_DAY = "only in the books", "only the day differs"


@dataclass(frozen=True)
class Change:
    """What would become of one item: `new`, `changed` or `withdrawn`, and the fields that differ.

    Or why nothing becomes of it: it stands `only in the books`, or says the same as they from a later day on (`only
    the day differs`), and what stands is never dated anew. `refused` is why it cannot be recorded; the whole is
    recorded or nothing.
    """

    what: str
    item: Item
    before: Item | None
    fields: tuple[tuple[str, Any, Any], ...]
    refused: TickmarkError | None = None

    @property
    def writes(self) -> bool:
        """Whether something is recorded for it."""
        return self.what not in (ONLY_HELD, ONLY_THE_DAY)

    @property
    def part(self) -> Part:
        """What kind of thing it is."""
        return PARTS[self.item.kind]

    @property
    def title(self) -> str:
        """What people call it, beside its code."""
        said = {**(self.before.fields if self.before else {}), **self.item.fields}
        return str(said.get("title") or said.get("name") or said.get("text") or said.get("reason") or "")

    @property
    def short(self) -> str:
        """Its code without the system's."""
        return self.item.code.rpartition("/")[2]

    def as_dict(self) -> dict[str, Any]:
        """The change as JSON."""
        return {
            "what": self.what,
            "writes": self.writes,
            "kind": self.item.kind,
            "code": self.item.code,
            "title": self.title,
            "where": self.item.where,
            "fields": [
                {"name": name, "before": before, "after": after} for name, before, after in self.fields
            ],
            "refused": self.refused.as_dict() if self.refused else None,
        }


def difference(
    wanted: Iterable[Item],
    now: Mapping[Key, Item],
    newest: Mapping[Key, Item] | None = None,
    *,
    whole: bool = False,
    withdraw: bool = False,
) -> list[Change]:
    """What must be recorded so that the books say what is wanted, in an order in which it can be.

    `newest` is what was written last, planned for later days included (the same as `now` if left out): what is wanted
    as it stands leaves it alone, anything else follows it. `whole` says that what is not named is not wanted: it is
    told as `only in the books`, or, with `withdraw`, as withdrawn; and a later day alone is told. Otherwise what is not
    named stays as it is.
    """
    items, last = list(wanted), now if newest is None else newest
    moved = [item for item in items if not (item.key in now and same(item, now[item.key]))]
    found = [change for item in moved if (change := _change(item, last.get(item.key))) is not None]
    order = list(PARTS)
    found.sort(key=lambda one: (order.index(one.item.kind), one.part.rank(one.item.fields)))
    if whole:
        named = {item.key for item in items}
        word = "withdrawn" if withdraw else ONLY_HELD
        left = [item for key, item in {**now, **last}.items() if key not in named]
        left.sort(key=lambda item: -order.index(item.kind))
        found += [Change(word if PARTS[item.kind].ends else ONLY_HELD, item, item, ()) for item in left]
        found += _later_days(items, now, last)
    return found


def _later_days(
    items: Iterable[Item], now: Mapping[Key, Item], newest: Mapping[Key, Item]
) -> Iterator[Change]:
    """What says the same as the books from a later day on: an earlier one is where the file was written."""
    for item in items:
        held = [
            there[item.key] for there in (now, newest) if item.key in there and same(item, there[item.key])
        ]
        days = [one.since for one in held if one.since]
        if days and item.since and item.since > max(days):
            yield Change(
                ONLY_THE_DAY, item, held[0], (("in_force_from", str(held[0].since), str(item.since)),)
            )


def _change(item: Item, before: Item | None) -> Change | None:
    if before is None:
        defaults = PARTS[item.kind].defaults()
        fields = [
            (name, None, value) for name, value in item.fields.items() if value != defaults.get(name, None)
        ]
        return Change("new", item, None, tuple(fields))
    changed = [
        (name, before.fields.get(name), value)
        for name, value in item.fields.items()
        if _told(before.fields.get(name)) != _told(value)
    ]
    return Change("changed", item, before, tuple(changed)) if changed else None


def same(wanted: Item, held: Item) -> bool:
    """Whether what is held says all that is wanted."""
    return all(_told(held.fields.get(name)) == _told(value) for name, value in wanted.fields.items())


def _told(value: Any) -> Any:
    """A value as it is compared: space around a text, the order of names and a name for nothing say nothing."""
    if isinstance(value, str):
        return value.replace("\r\n", "\n").strip()
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return sorted(set(map(_told, value)))
    if isinstance(value, Mapping):
        return {name: told for name, item in value.items() if (told := _told(item)) != ""}
    return value


def fingerprint(changes: Sequence[Change], day: date | None = None) -> str:
    """SHA-256 of what would change and from when, hex: who agrees to a preview agrees to this and to nothing else."""
    told: list[Any] = [str(day)] + [
        [
            one.what,
            *one.item.key,
            str(one.item.since),
            [[name, plain(before), plain(after)] for name, before, after in one.fields],
        ]
        for one in changes
        if one.writes
    ]
    return hashlib.sha256(canonical.dumps(told)).hexdigest()
