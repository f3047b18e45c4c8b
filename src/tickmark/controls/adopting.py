"""The adoption interview, without Django: a proposal in pieces, what is covered with what was ticked, where to go next.

Coverage is judged at the criterion (domain.md 0.4 rule 2). What somebody ticks counts here at once, so that they see
where it leads; in the books it counts once it is recorded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tickmark.controls.library import BLANK, StarterControl


@dataclass(frozen=True)
class Piece:
    """A piece of a proposed statement: words, or a number that the company sets (`name` is empty for words)."""

    text: str
    name: str = ""


def pieces(item: StarterControl) -> list[Piece]:
    """The statement cut at its numbers, so that each can be set where it stands."""
    cut = BLANK.split(item.control)
    return [Piece(text, text) if at % 2 else Piece(text) for at, text in enumerate(cut) if text]


@dataclass(frozen=True)
class Tally:
    """The criteria to be met, by id: those that stand already, those that the ticks add, those that are left."""

    covered: tuple[str, ...]
    added: tuple[str, ...]
    left: tuple[str, ...]

    @property
    def all(self) -> int:
        """How many criteria are to be met."""
        return len(self.covered) + len(self.added) + len(self.left)


def tally(standing: Mapping[str, bool], ticked: Iterable[StarterControl]) -> Tally:
    """What the ticks add. `standing` says of each criterion in scope whether something is behind it already."""
    served = {code for item in ticked for code in item.criteria}
    covered = tuple(code for code, stands in standing.items() if stands)
    added = tuple(code for code, stands in standing.items() if not stands and code in served)
    left = tuple(code for code, stands in standing.items() if not stands and code not in served)
    return Tally(covered, added, left)


def closes(items: Iterable[StarterControl], left: Collection[str]) -> list[str]:
    """Those of the criteria that are left which these proposals would close."""
    served = {code for item in items for code in item.criteria}
    return [code for code in left if code in served]


def next_area(
    open_in: Mapping[str, Sequence[StarterControl]], left: Collection[str], looked_at: Collection[str] = ()
) -> str:
    """The area whose open proposals close the most of what is left; the earlier one where two are equal.

    Empty if nothing that is left can be closed by a proposal of an area that was not looked at yet.
    """
    worth = {area: len(closes(items, left)) for area, items in open_in.items() if area not in looked_at}
    best = max(worth.values(), default=0)
    return next((area for area, number in worth.items() if number == best), "") if best else ""
