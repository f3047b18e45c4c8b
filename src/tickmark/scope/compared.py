"""The scope of two days side by side: what is new, what changed, what is gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from tickmark.scope.models import Exclusion, System
from tickmark.scope.programme import PARTS, Change, Item, Key, difference
from tickmark.scope.queries import exclusion_state, exclusions

KINDS = ("system", "commitment", "component", "vendor", "complement", "set-aside")
"""The parts of a programme that are the scope, in the order in which they are read."""


@dataclass(frozen=True)
class Left:
    """An exclusion that stood differently on the two days."""

    exclusion: Exclusion
    before: str
    after: str


@dataclass(frozen=True)
class Compared:
    """The scope of a system on two days, the earlier first, as known at a size of the log."""

    system: System
    first: date
    last: date
    known: int | None = None

    @cached_property
    def changes(self) -> list[tuple[str, list[Change]]]:
        """What differs, by kind: its title and the changes in order of their codes."""
        found = difference(
            self._standing(self.last).values(), self._standing(self.first), whole=True, withdraw=True
        )
        kinds = [(kind, [one for one in found if one.item.kind == kind]) for kind in KINDS]
        return [(PARTS[kind].title, rows) for kind, rows in kinds if rows]

    def _standing(self, day: date) -> dict[Key, Item]:
        """The scope's part of the programme on a day."""
        items = (item for kind in KINDS for item in self._of_system(kind, day))
        return {item.key: item for item in sorted(items, key=lambda item: item.code)}

    def _of_system(self, kind: str, day: date) -> Iterator[Item]:
        """Items of one kind that belong to the system; a vendor supplies the whole company."""
        part, code = PARTS[kind], self.system.code
        for item in part.standing(day, self.known):
            if item.code.startswith(f"{code}/") if part.scoped else kind != "system" or item.code == code:
                yield item

    @cached_property
    def exclusions(self) -> list[Left]:
        """What was left out, or no longer, between the days."""
        rows = exclusions(self.system, self.known).order_by("pk")
        told = [
            Left(
                one,
                exclusion_state(one, self.first, self.known),
                exclusion_state(one, self.last, self.known),
            )
            for one in rows
        ]
        return [one for one in told if one.before != one.after]
