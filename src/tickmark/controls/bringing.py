"""Other people's files beside the books: what is known when they are read, and what bringing them in would change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import IO, Any

from tickmark.controls.importers import Given, LeftOut, Names, Problem, Reading, read
from tickmark.kernel import clock
from tickmark.kernel.access import Actor, require, visible
from tickmark.kernel.dated import Version
from tickmark.kernel.errors import Invalid
from tickmark.people.models import Side, User
from tickmark.scope.actions import ItemIn, preview
from tickmark.scope.models import System
from tickmark.scope.programme import PARTS, Change, Item, Key, Part, fingerprint, standing

VERB = "scope.apply"
Files = Sequence[tuple[str, bytes | IO[bytes]]]


@dataclass(frozen=True)
class Asked:
    """How somebody wants files read: what a table lists, where its columns go, and what the files do not say."""

    kind: str = ""
    mapping: Mapping[str, str] = field(default_factory=dict)
    system: str = ""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    first_day: date | None = None


@dataclass(frozen=True)
class Brought:
    """What bringing files in would do: what the files say, and what of it differs from the books."""

    reading: Reading
    changes: Sequence[Change] = ()
    first_day: date | None = None

    @property
    def new(self) -> list[Change]:
        """What does not stand yet and can be recorded."""
        return [one for one in self.changes if one.what == "new" and not one.refused]

    @property
    def changed(self) -> list[Change]:
        """What stands otherwise and can be recorded."""
        return [one for one in self.changes if one.what == "changed" and not one.refused]

    @property
    def same(self) -> int:
        """How many items stand already as the files say."""
        return len(self.reading.items) - len(self.reading.incomplete) - len(self.changes)

    @property
    def refused(self) -> list[Problem]:
        """What cannot be taken: first what could not be read, then what its action refuses."""
        told = [
            Problem(
                one.item.where,
                one.refused.what.removeprefix(f"{one.item.where}: "),
                one.refused.why,
                one.refused.remedy,
            )
            for one in self.changes
            if one.refused
        ]
        return [*self.reading.problems, *told]

    @property
    def left_out(self) -> list[LeftOut]:
        """What the files hold and nobody takes."""
        return self.reading.left_out

    @property
    def seen(self) -> str:
        """The fingerprint by which exactly this is recorded."""
        return fingerprint(self.changes, self.first_day)

    @property
    def fits(self) -> bool:
        """Whether there is something to record and nothing that stands against it."""
        return bool(self.changes) and not self.refused


def brought(actor: Actor, files: Files, asked: Asked) -> Brought:
    """What `scope.apply` would do with the files, found by doing it and undoing it.

    Raises Refused for somebody who may not apply, and Invalid for files that cannot be read at all.
    """
    found = reading(actor, files, asked)
    changes = preview(actor, items_of(found), asked.first_day, reason=reason_of(files))
    return Brought(found, changes, asked.first_day)


def arguments(actor: Actor, files: Files, asked: Asked, seen: str) -> dict[str, Any]:
    """The arguments of `scope.apply` for the files. Raises Invalid where a row cannot be read: nothing is recorded."""
    found = reading(actor, files, asked)
    if found.problems:
        more = f" {len(found.problems) - 1:,} more follow." if len(found.problems) > 1 else ""
        first = found.problems[0]
        raise Invalid(
            "Nothing was recorded: something cannot be read.",
            f"{first.where}: {first.what}{more}",
            first.remedy,
            "files",
        )
    given: dict[str, Any] = {
        "items": [one.model_dump(mode="json") for one in items_of(found)],
        "source": source_of(found, files),
        "reason": reason_of(files),
        "seen": seen,
    }
    return given | ({"effective_from": asked.first_day.isoformat()} if asked.first_day else {})


def reading(actor: Actor, files: Files, asked: Asked) -> Reading:
    """The files as items, read with what the books know."""
    require(actor, VERB, {})
    return read(files, asked.kind, asked.mapping, given(actor, asked))


def items_of(found: Reading) -> list[ItemIn]:
    """The items as `scope.apply` takes them, without those that lack something."""
    return [ItemIn.of(one) for one in found.items if one.key not in found.incomplete]


def reason_of(files: Files) -> str:
    """Why what stands already is written anew, as its version says."""
    return f"Brought in from {_names(files)}"[:300]


def source_of(found: Reading, files: Files) -> str:
    """Where the items come from, as the import says."""
    return f"{_names(files)} ({found.format})"[:200]


def _names(files: Files) -> str:
    first = files[0][0] if files else "nothing"
    return first if len(files) < 2 else f"{first} and {len(files) - 1} more"


def given(actor: Actor, asked: Asked) -> Given:
    """What the books know: accounts of the company, systems that the actor sees, what stands today and what it was."""
    now, newest, last = standing(clock.today()), standing(date.max), _last()
    systems = set(visible(actor, System).values_list("code", flat=True))
    if asked.system and asked.system not in systems:
        raise Invalid(f"There is no system {asked.system[:40]}.", "", "Choose one of the list.", "system")
    return Given(
        defaults={name: value for name, value in asked.defaults.items() if value},
        system=asked.system,
        people=_people(actor),
        names=_called({**now, **newest}.values(), asked.system),
        held=frozenset(now),
        spent=frozenset((part.kind, code) for part, code, _ in last),
        foreign=_foreign(last),
        components={key: one.fields for key, one in newest.items() if one.kind == "component"},
    )


def _last() -> list[tuple[Part, str, Version]]:
    """What was written last of each that keeps foreign ids: what has ended or begins later is still known."""
    found: dict[Key, tuple[Part, str, Version]] = {}
    for part in PARTS.values():
        if "foreign_ids" in part.fields:
            for row in part.model.objects.select_related(*part.joins).order_by("effective_from", "pk"):
                found[part.kind, part.code(row)] = part, part.code(row), row
    return list(found.values())


def _foreign(last: Iterable[tuple[Part, str, Any]]) -> dict[Key, str]:
    """The code by kind and foreign id; where several have an id, that of one which has not ended."""
    found: dict[Key, str] = {}
    for part, code, row in sorted(last, key=lambda one: one[2].withdrawn):
        for elsewhere in row.foreign_ids:
            found.setdefault((part.kind, elsewhere), code)
    return found


def _people(actor: Actor) -> dict[str, str]:
    """Address by address and by name; nothing for a name that several have."""
    rows = visible(actor, User).filter(side=Side.COMPANY, is_active=True)
    pairs = list(rows.values_list("name", "email"))
    times = Counter(" ".join(name.split()).casefold() for name, _ in pairs)
    named = {" ".join(name.split()).casefold(): email for name, email in pairs}
    return {
        **{name: email if times[name] == 1 else "" for name, email in named.items() if name},
        **{email.casefold(): email for _, email in pairs},
    }


def _called(items: Iterable[Item], system: str) -> Names:
    """What vendors and kinds of data are called, and the components of the system; planned ones included."""
    found = []
    for one in items:
        owner, _, code = one.code.rpartition("/")
        name = str(one.fields.get("name") or "")
        kinds = {
            "vendor": one.kind == "vendor",
            "component": one.kind == "component" and owner == system,
            "data": one.fields.get("kind") == "data" and owner == system,
            "any data": one.fields.get("kind") == "data",
        }
        found += [(kind, code, name) for kind, holds in kinds.items() if holds]
    return Names(found)
