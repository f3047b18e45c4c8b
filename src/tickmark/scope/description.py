"""DC 1 to DC 9: what the description of the system holds, what is still missing, and who could say it.

Whether the description is fair is judged by a person who reads it (domain.md 2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tickmark.scope import pieces
from tickmark.scope.pieces import MISSING, Piece, View
from tickmark.scope.queries import Scope


@dataclass(frozen=True)
class Criterion:
    """A description criterion: what looks for its pieces, and what it asks; of a Type 2 only where that differs."""

    code: str
    title: str
    look: Callable[[View], Iterator[Piece]]
    asks: str
    of_type_2: str = ""


@dataclass(frozen=True)
class Asked:
    """One description criterion: what it asks of this type of report, and the pieces that answer it."""

    code: str
    title: str
    asks: str
    pieces: tuple[Piece, ...]

    def count(self, state: str) -> int:
        """How many of its pieces are in a state."""
        return sum(one.state == state for one in self.pieces)

    @property
    def missing(self) -> int:
        """How many of its pieces are missing."""
        return self.count(MISSING)


CRITERIA = (
    Criterion(
        "DC 1",
        "Services",
        pieces.services,
        "What is provided, as of the date.",
        "What was provided in the period.",
    ),
    Criterion(
        "DC 2",
        "Commitments and requirements",
        pieces.promises,
        "The principal promises to customers, and what the system needs to keep them.",
    ),
    Criterion(
        "DC 3",
        "Components",
        pieces.components,
        "Infrastructure, software, people, procedures and data, and where they end.",
    ),
    Criterion(
        "DC 4",
        "Incidents",
        pieces.incidents,
        "Those known as of the date that came from controls badly designed, or that broke a commitment.",
        "Those of the period that came from controls badly designed or not working, or that broke a commitment.",
    ),
    Criterion(
        "DC 5",
        "Criteria and controls",
        pieces.criteria,
        "The criteria, and the controls designed and in place to meet them.",
        "The criteria, and the controls that met them throughout the period.",
    ),
    Criterion(
        "DC 6",
        "Controls of customers",
        pieces.cuecs,
        "What customers must do so that the criteria are met, if anything.",
    ),
    Criterion(
        "DC 7",
        "Subservice organisations",
        pieces.subservice,
        "Those whose controls are needed, and what is assumed there.",
    ),
    Criterion(
        "DC 8",
        "Criteria not relevant",
        pieces.not_relevant,
        "Those that do not apply to the system, with the reason.",
    ),
    Criterion(
        "DC 9",
        "Significant changes",
        pieces.changes,
        "Not asked of a Type 1.",
        "What changed in the period and matters to users.",
    ),
)


def description(scope: Scope, more: Mapping[str, Sequence[Piece]] | None = None) -> list[Asked]:
    """Every description criterion on the day, in order; `more` are pieces that later steps hold, by criterion.

    Nothing before the system is described.
    """
    if scope.version is None:
        return []
    view = View(scope, scope.version)
    return [_asked(one, view, (more or {}).get(one.code, ())) for one in CRITERIA]


def _asked(one: Criterion, view: View, more: Sequence[Piece]) -> Asked:
    asks = one.asks if view.type_1 else one.of_type_2 or one.asks
    return Asked(one.code, one.title, asks, (*one.look(view), *more))
