"""The scope of two days side by side: what is new, what changed, what is gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from tickmark.scope.models import Exclusion, System
from tickmark.scope.programme import PARTS, Change, Item, Key, difference
from tickmark.scope.queries import exclusion_state, exclusions

KINDS = {
    "system": "The system",
    "commitment": "Commitments and requirements",
    "component": "Components",
    "vendor": "Vendors",
    "complement": "Complementary controls",
    "set-aside": "Criteria set aside",
}
"""The parts of a programme that are the scope, in the order in which they are read, with their titles."""


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
        found = difference(self._after.values(), self._before, whole=True, withdraw=True)
        kinds = [(title, [one for one in found if one.item.kind == kind]) for kind, title in KINDS.items()]
        return [(title, rows) for title, rows in kinds if rows]

    @cached_property
    def called(self) -> dict[str, str]:
        """What components and vendors are called, by code: on the later day, else on the earlier."""
        items = [*self._before.values(), *self._after.values()]
        return {
            one.code.rpartition("/")[2]: one.fields["name"]
            for one in items
            if one.kind in ("component", "vendor")
        }

    @cached_property
    def _before(self) -> dict[Key, Item]:
        return self._standing(self.first)

    @cached_property
    def _after(self) -> dict[Key, Item]:
        return self._standing(self.last)

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
