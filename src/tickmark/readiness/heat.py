"""The gap map: for each control and day whether it was seen to work (product.md 3, number 3). Pure.

Five states: met, failed, undetermined, no evidence, not in force. A day without anything expected is quiet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class Cell(StrEnum):
    """What one day of one control shows."""

    MET = "met"
    FAILED = "failed"
    UNDETERMINED = "undetermined"
    NO_EVIDENCE = "no evidence"
    NOT_IN_FORCE = "not in force"
    QUIET = "quiet"


GRAVITY = (Cell.QUIET, Cell.NOT_IN_FORCE, Cell.MET, Cell.NO_EVIDENCE, Cell.UNDETERMINED, Cell.FAILED)
"""From what outweighs nothing to what outweighs all."""

DRAWN: dict[Cell, str] = {
    Cell.MET: "pass",
    Cell.FAILED: "fail",
    Cell.UNDETERMINED: "undetermined",
    Cell.NO_EVIDENCE: "undetermined",
    Cell.NOT_IN_FORCE: "none",
    Cell.QUIET: "none",
}
"""How the picture draws each; what nobody could see is never drawn as a pass."""


@dataclass(frozen=True)
class Piece:
    """A stretch of days with one state, both ends included."""

    start: date
    end: date
    cell: Cell


@dataclass(frozen=True)
class Line:
    """A control over the window, one state a day from its first day on."""

    code: str
    title: str
    cells: tuple[Cell, ...]

    @property
    def drawn(self) -> list[str]:
        """The days as the picture takes them."""
        return [DRAWN[cell] for cell in self.cells]

    def count(self, cell: Cell) -> int:
        """How many days show it."""
        return self.cells.count(cell)


def line(code: str, title: str, start: date, end: date, pieces: Iterable[Piece]) -> Line:
    """Lay the pieces over the days; where two overlap the graver one shows."""
    days = (end - start).days + 1
    cells = [Cell.QUIET] * days
    for piece in pieces:
        first = max((piece.start - start).days, 0)
        for at in range(first, min((piece.end - start).days + 1, days)):
            if GRAVITY.index(piece.cell) > GRAVITY.index(cells[at]):
                cells[at] = piece.cell
    return Line(code, title, tuple(cells))


def outside(start: date, end: date, spans: Sequence[tuple[date, date]]) -> list[Piece]:
    """The days of the window on which no version was in force."""
    found, at = [], start
    for first, last in sorted(spans):
        if first > at:
            found.append(Piece(at, first - timedelta(days=1), Cell.NOT_IN_FORCE))
        at = max(at, last + timedelta(days=1))
    return [*found, Piece(at, end, Cell.NOT_IN_FORCE)] if at <= end else found


def uncovered(start: date, end: date, covered: Iterable[tuple[date, date]]) -> list[Piece]:
    """The days of a setting's time that no accepted evidence covers: nobody can show how it stood."""
    pieces = outside(start, end, [(max(first, start), last) for first, last in covered if last >= start])
    return [Piece(piece.start, piece.end, Cell.NO_EVIDENCE) for piece in pieces]


WORST: Mapping[str, Cell] = {
    "fail": Cell.FAILED,
    "undetermined": Cell.UNDETERMINED,
    "pass": Cell.MET,
    "not_applicable": Cell.QUIET,
}
"""How one item's verdict shows on its day."""
