"""What an importer is given beside the file, and what it gives: items, and all that it did not take, with the reason.

Nothing is guessed in silence. What cannot be read is a problem with its place and remedy, what was not looked at is
left out by name, and a code that had to be made up is told beside the one that the file has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tickmark.kernel.errors import Invalid
from tickmark.scope.naming import fold
from tickmark.scope.programme import Item, Key


class Names:
    """What things are called: by kind, their codes and their names, compared without case.

    A kind is `vendor`, `component`, `data` (of the system) or `any data` (of every system).
    """

    def __init__(self, things: Iterable[tuple[str, str, str]] = ()) -> None:
        self.things = {(kind, code): name for kind, code, name in things}
        self.names: dict[tuple[str, str], list[str]] = {}
        self.codes: dict[tuple[str, str], list[str]] = {}
        for (kind, code), name in self.things.items():
            self.names.setdefault((kind, fold(name)), []).append(code)
            self.codes.setdefault((kind, fold(code)), []).append(code)

    def __or__(self, other: Names) -> Names:
        """Both; where the other speaks of the same thing, its name counts."""
        every = {**self.things, **other.things}
        return Names((kind, code, name) for (kind, code), name in every.items())

    def called(self, kind: str, name: str) -> list[str]:
        """The codes of the things with this very name."""
        return self.names.get((kind, fold(name)), [])

    def meant(self, kind: str, said: str) -> list[str]:
        """The codes that may be meant: the very code, else those of that name, else codes alike but for case."""
        if (kind, said) in self.things:
            return [said]
        return self.called(kind, said) or self.codes.get((kind, fold(said)), [])


@dataclass(frozen=True)
class Given:
    """What the file does not say, and what the books know.

    `defaults` are values by field for what is new: what stands already keeps its own. `system` is the code of the
    system that components, commitments and complements belong to. `people` gives the address of an account by its
    address or name in small letters, and nothing where two have the same name; `names` are what vendors, components
    and kinds of data are called. `held` are the items that stand, `spent` those whose code is never proposed for
    another, ended ones included; `foreign` is the code by kind and foreign id. `components` is what the books say of
    each component as it was written last: details that a table does not name stay as they are.
    """

    defaults: Mapping[str, Any] = field(default_factory=dict)
    system: str = ""
    people: Mapping[str, str] = field(default_factory=dict)
    names: Names = field(default_factory=Names)
    held: frozenset[Key] = frozenset()
    spent: frozenset[Key] = frozenset()
    foreign: Mapping[Key, str] = field(default_factory=dict)
    components: Mapping[Key, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Problem:
    """Something that cannot be taken as it is: where it stands, what it is, why, and what to do."""

    where: str
    what: str
    why: str = ""
    remedy: str = ""

    def error(self) -> Invalid:
        """The problem as one of the four errors."""
        return Invalid(f"{self.where}: {self.what}", self.why, self.remedy, "files")


@dataclass(frozen=True)
class LeftOut:
    """Something that the file holds and that was not taken."""

    what: str
    why: str


@dataclass(frozen=True)
class Column:
    """A column of a table: its heading, the field it goes into (empty: none), its first values, and what words became.

    `read_as` are pairs of a word of the file and the value it was taken for.
    """

    name: str
    field: str
    samples: tuple[str, ...] = ()
    read_as: tuple[tuple[str, str], ...] = ()


CHOSEN = frozenset({"owner", "nature", "purpose", "frequency"})
"""What somebody can say of all new items at once, where the file does not."""


@dataclass
class Reading:
    """What a file says, as items of a programme.

    `format` is what it is, in words; `kind` what its rows are, if it is a table; `choices` the fields that a column can
    go into. `proposed` gives, for an item whose code had to be made up, what the file calls it; `incomplete` are new
    items that lack what the form could say.
    """

    format: str
    kind: str = ""
    source: str = ""
    items: list[Item] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    columns: list[Column] = field(default_factory=list)
    choices: tuple[tuple[str, str], ...] = ()
    proposed: dict[Key, str] = field(default_factory=dict)
    incomplete: set[Key] = field(default_factory=set)
    lacking: dict[str, list[Item]] = field(default_factory=dict)

    def lack(self, what: str, item: Item) -> None:
        """Note that something new lacks what every such thing needs."""
        self.incomplete.add(item.key)
        self.lacking.setdefault(what, []).append(item)

    def closed(self) -> Reading:
        """The reading with what many items lack told once for all of them."""
        for what, items in self.lacking.items():
            first = items[0].where
            where = first if len(items) == 1 else f"{first} and {len(items) - 1:,} more"
            why = "Only the company can say it."
            self.problem(where, f"It says no {what}.", why, self._remedy(what))
        self.lacking = {}
        return self

    def _remedy(self, what: str) -> str:
        if what in CHOSEN:
            return "Choose it in the form for all of them, or add it to the file."
        if self.columns:
            return "Fill the column in the file, or say which column it is."
        return "Take it as a table, fill the column, and bring in the table."

    def problem(self, where: str, what: str, why: str = "", remedy: str = "") -> None:
        """Note what cannot be taken."""
        self.problems.append(Problem(where, what, why, remedy))

    def only(self, kind: str) -> Reading:
        """The reading with the items of one kind; how many others there are is told."""
        others = [one for one in self.items if kind and one.kind != kind]
        if others:
            self.items = [one for one in self.items if one.kind == kind]
            self.incomplete = {key for key in self.incomplete if key[0] == kind}
            self.lacking = {
                what: kept
                for what, items in self.lacking.items()
                if (kept := [one for one in items if one.kind == kind])
            }
            self.leave(f"{len(others):,} others", f"Only {kind} items were asked for.")
        return self

    def leave(self, what: str, why: str) -> None:
        """Note what was not taken, once."""
        if (one := LeftOut(what, why)) not in self.left_out:
            self.left_out.append(one)
