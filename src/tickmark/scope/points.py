"""Points of focus as a thinking aid: how each was weighed for a system (domain.md 0.4 rule 2).

They are counted so that somebody sees how far the thinking has come. None is required and none can fail: coverage is
judged at the criterion alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from tickmark.scope.criteria import Category, Criterion, PointOfFocus
from tickmark.scope.models import PointView, System


@dataclass(frozen=True)
class Weighed:
    """How far the points of a criterion have been thought through: how many there are, and what was found of each."""

    points: int
    addressed: int = 0
    not_relevant: int = 0
    gaps: int = 0

    @property
    def thought(self) -> int:
        """How many were weighed at all."""
        return self.addressed + self.not_relevant + self.gaps

    def __str__(self) -> str:
        said = f"{self.thought} of {self.points}"
        return f"{said}, {self.gaps} gap{'s' if self.gaps > 1 else ''}" if self.gaps else said


def weighings(system: System, day: date, known: int | None = None) -> dict[str, PointView]:
    """How each point of focus was weighed by the end of the day, by the id of the point."""
    rows = PointView.objects.as_of(day, known).filter(system=system).select_related("by")
    return {row.point: row for row in rows}


def in_play(criterion: Criterion, chosen: Iterable[Category]) -> list[PointOfFocus]:
    """The points of a criterion that matter with these categories."""
    categories = set(chosen)
    return [one for one in criterion.points if one.only_with is None or one.only_with in categories]


def weighed(points: Iterable[PointOfFocus], views: Mapping[str, PointView]) -> Weighed:
    """The counts of some points."""
    held = list(points)
    states = [views[one.id].state for one in held if one.id in views]
    return Weighed(
        len(held),
        states.count(PointView.State.ADDRESSED),
        states.count(PointView.State.NOT_RELEVANT),
        states.count(PointView.State.GAP),
    )
