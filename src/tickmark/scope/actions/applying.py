"""Recording a whole programme at once: from files, a spreadsheet, another program or the interview."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction
from pydantic import BaseModel

from tickmark.kernel import clock
from tickmark.kernel.access import Actor, require
from tickmark.kernel.action import ACTIONS, bulk, need, told, trial
from tickmark.kernel.arguments import Found, parse
from tickmark.kernel.errors import Conflict, Invalid, TickmarkError
from tickmark.kernel.references import resolve
from tickmark.people.actions import put
from tickmark.people.models import User
from tickmark.scope.models import ProgrammeImport
from tickmark.scope.programme import (
    PARTS,
    Change,
    Item,
    Key,
    Part,
    difference,
    ended,
    fingerprint,
    same,
    standing,
)

MOST = 20_000
"""Items of one programme: more is no programme that people run."""
VERB = "scope.apply"
OWNERS = ("owner", "backup_owner")


class ItemIn(BaseModel):
    """One thing of a programme: its kind, its code, what is said of it by the arguments of its action."""

    kind: str
    code: str
    fields: dict[str, Any]
    since: date | None = None
    where: str = ""

    @classmethod
    def of(cls, item: Item) -> ItemIn:
        """An item as the action takes it."""
        return cls(
            kind=item.kind, code=item.code, fields=dict(item.fields), since=item.since, where=item.where
        )

    def recorded(self) -> str:
        """How an entry names it: what was said of it stands in the facts."""
        return f"{self.kind} {self.code}"[:120]


@bulk(VERB)
def apply(
    actor: Actor,
    items: list[ItemIn],
    effective_from: date | None = None,
    whole: bool = False,
    withdraw: bool = False,
    reason: str = "",
    source: str = "",
    seen: str = "",
) -> ProgrammeImport:
    """Record what differs between a programme and the books: all of it or nothing.

    `whole` says that the items are the whole programme; with `withdraw`, what is not among them is withdrawn. What
    changes holds from `effective_from` (today, if none is given); what is new from its own `since`. `seen` is the
    fingerprint of the preview that was agreed to. Each part is checked, allowed and reacted to as by its own action.
    """
    day = effective_from or clock.today()
    changes = planned(items, whole=whole, withdraw=withdraw)
    need(
        any(change.writes for change in changes),
        "Nothing would change.",
        "The books say the same already.",
        "There is nothing to do.",
        "items",
    )
    if seen and seen != fingerprint(changes, effective_from):
        raise Conflict(
            "The books have changed since you looked.",
            "What would be recorded now is not what the preview showed.",
            "Look at the preview again.",
            "seen",
        )
    found: Found = {}
    for change in changes:
        if change.writes:
            _write(actor, change, day, reason, found)
    counts = Counter(change.what for change in changes)
    return put(
        ProgrammeImport(
            source=source.strip() or "items",
            new=counts["new"],
            changed=counts["changed"],
            withdrawn=counts["withdrawn"],
            fingerprint=fingerprint(changes, effective_from),
        )
    )


def preview(
    actor: Actor,
    items: Sequence[ItemIn],
    effective_from: date | None = None,
    whole: bool = False,
    withdraw: bool = False,
    reason: str = "",
) -> list[Change]:
    """What `scope.apply` would do, found by doing it and undoing it: each change, with why it is refused if it is.

    Raises Refused for somebody who may not apply, and Invalid for items that name no part.
    """
    require(actor, VERB, {})
    changes = planned(items, whole=whole, withdraw=withdraw)
    day = effective_from or clock.today()
    found: Found = {}
    with trial(VERB, actor):
        return [_tried(actor, change, day, reason, found) for change in changes]


def _tried(actor: Actor, change: Change, day: date, reason: str, found: Found) -> Change:
    if not change.writes:
        return change
    try:
        with transaction.atomic():
            _write(actor, change, day, reason, found)
    except TickmarkError as error:
        return replace(change, refused=error)
    except (DataError, IntegrityError, ValidationError) as error:
        return replace(change, refused=told(change.part.action, error))
    return change


def planned(items: Iterable[ItemIn], *, whole: bool = False, withdraw: bool = False) -> list[Change]:
    """The difference to the books as they stand today. Raises Invalid for an item that names no part, or one twice."""
    wanted = [Item(one.kind, one.code.strip(), one.fields, one.since, one.where) for one in items]
    need(
        len(wanted) <= MOST,
        f"These are {len(wanted)} items.",
        f"At once it takes {MOST}.",
        "Split them.",
        "items",
    )
    seen: dict[tuple[str, str], Item] = {}
    for item in wanted:
        _check(item)
        if item.key in seen:
            raise Invalid(
                f"{item.kind.capitalize()} {item.code} is named twice.",
                f"First in {seen[item.key].where or 'the list'}, then in {item.where or 'the list'}.",
                "Keep one of them.",
                "items",
            )
        seen[item.key] = item
    now, newest, gone = standing(clock.today()), standing(date.max), ended(seen.keys())
    wanted = [
        _back(_by_address(item), gone) if item.key not in newest else _by_address(item) for item in wanted
    ]
    return difference(wanted, now, newest, whole=whole, withdraw=withdraw)


def _back(item: Item, gone: Mapping[Key, date]) -> Item:
    """An item that was withdrawn comes back from the day of the recording on, not from its own first day."""
    until = gone.get(item.key)
    return replace(item, since=None) if until and item.since and item.since < until else item


def _by_address(item: Item) -> Item:
    """An item whose owners are named by address, as the books name them."""
    given = {name: item.fields[name] for name in OWNERS if str(item.fields.get(name) or "").startswith("US-")}
    found = {name: resolve(User.objects.all(), value) for name, value in given.items()}
    return replace(item, fields={**item.fields, **{name: row.email for name, row in found.items() if row}})


def _check(item: Item) -> None:
    part = PARTS.get(item.kind)
    if part is None:
        raise _fault(item, f"A programme has no '{item.kind[:40]}'.", f"It has: {', '.join(PARTS)}.")
    strange = [name for name in item.fields if name not in part.fields]
    if strange:
        raise _fault(item, f"{part.title} has no '{strange[0][:60]}'.", f"It has: {', '.join(part.fields)}.")
    if part.scoped != ("/" in item.code):
        form = "system/code" if part.scoped else "a code without a slash"
        raise _fault(item, f"'{item.code[:60]}' is no code of a {part.kind}.", f"It is written as {form}.")


def _fault(item: Item, what: str, why: str) -> Invalid:
    return Invalid(f"{item.where}: {what}" if item.where else what, why, "Correct it and try again.", "items")


def _write(actor: Actor, change: Change, day: date, reason: str, found: Found) -> None:
    """Record one change as its own action would. Its errors name where the item stands."""
    part, item = change.part, change.item
    ends = change.what == "withdrawn" and part.ending
    verb = ACTIONS[part.ending if ends else part.action]
    raw = _end(part, change, day, reason) if ends else _raw(part, change, day, reason)
    try:
        written = verb.within(actor, parse(verb, actor, raw, found), parsed=True)
        if change.what in ("new", "changed"):
            _kept(part, item, written)
    except TickmarkError as error:
        error.what = f"{item.where or f'{item.kind} {item.code}'}: {error.what}"
        error.args = (" ".join(filter(None, (error.what, error.why, error.remedy))),)
        error.field = error.field or "items"
        raise


def _raw(part: Part, change: Change, day: date, reason: str) -> dict[str, Any]:
    """The arguments of the part's action: what stood, what is wanted, and from when."""
    item, before = change.item, change.before
    said = {**(before.fields if before else {}), **item.fields}
    given = {name: value for name, value in said.items() if value is not None}
    system, _, code = item.code.rpartition("/")
    given[part.named] = code
    if part.scoped:
        given["system"] = system
    if before is None:
        given["effective_from"] = item.since or day
    else:
        own = item.since if item.since and before.since and item.since > before.since else None
        given["effective_from"] = own or day
    if change.what == "withdrawn":
        given["withdrawn"] = True
    if "reason" in part.unsaid:
        given["reason"] = reason or "Applied from files"
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in given.items()}


def _kept(part: Part, item: Item, written: Any) -> None:
    """Raise Invalid for something wanted that the action did not keep: it would be wanted again at each import."""
    stored = part.item(written)
    lost = [name for name, value in item.fields.items() if not same(Item(*item.key, {name: value}), stored)]
    need(
        not lost,
        f"'{lost[0] if lost else ''}' would not be kept.",
        f"With what else is said of this {part.title.lower()} it has no place.",
        "Leave it out, or say what it needs (a vendor has criteria and a method as a subservice organisation).",
        lost[0] if lost else "",
    )


def _end(part: Part, change: Change, day: date, reason: str) -> dict[str, Any]:
    return {
        part.kind: change.item.code,
        "effective_from": day.isoformat(),
        "reason": reason or "Not in the programme any more",
    }
