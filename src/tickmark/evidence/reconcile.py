"""Does our list agree with a second one? Differences by key, differences by count, holes in a run of ids.

A list that was not reconciled may not be sampled (domain.md 4.8). A difference that somebody explained is
still listed: the explanation stands beside it, never in its place.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from tickmark.evidence.sampling import clean_key

_NUMBERED = re.compile(r"(?P<prefix>.*?)(?P<number>[0-9]+)", re.DOTALL)


@dataclass(frozen=True)
class Reconciliation:
    """What two lists say of each other.

    `ours` and `theirs` are row counts (None: not known), `only_ours` and `only_theirs` the keys one side
    lacks, `repeated` the keys that stand more than once on a side. `agrees` is None when it cannot be known.
    """

    ours: int
    theirs: int | None
    only_ours: tuple[str, ...]
    only_theirs: tuple[str, ...]
    agrees: bool | None
    sentence: str
    repeated: tuple[str, ...] = ()
    explained: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Hole:
    """A stretch of ids that is missing: `first` to `last`, `count` of them."""

    first: str
    last: str
    count: int


@dataclass(frozen=True)
class IdSequence:
    """The runs of numbered ids in a list: the holes in them, and the keys that carry no number."""

    holes: tuple[Hole, ...]
    unnumbered: tuple[str, ...]
    sentence: str

    @property
    def missing(self) -> int:
        """How many ids are missing in all."""
        return sum(hole.count for hole in self.holes)


def reconcile(
    ours: Iterable[str],
    theirs: Iterable[str],
    explained: Mapping[str, str] | None = None,
    names: tuple[str, str] = ("the list", "the second source"),
) -> Reconciliation:
    """Compare two lists by key. They agree when every difference carries a reason and no key stands twice.

    `explained` maps a key that only one side has to the reason. Keys are cleaned as for a draw; raises
    Invalid for an unusable key.
    """
    left, right = [clean_key(key) for key in ours], [clean_key(key) for key in theirs]
    only_left, only_right = _without(left, right), _without(right, left)
    repeated = tuple(sorted({*duplicates(left), *duplicates(right)}))
    reasons = {clean_key(key): reason for key, reason in (explained or {}).items() if reason.strip()}
    used = {key: reasons[key] for key in (*only_left, *only_right) if key in reasons}
    agrees = not repeated and len(used) == len(only_left) + len(only_right)
    sentence = _sentence(
        names, (len(left), len(right)), (len(only_left), len(only_right)), len(used), len(repeated)
    )
    return Reconciliation(len(left), len(right), only_left, only_right, agrees, sentence, repeated, used)


def reconcile_counts(
    ours: int, theirs: int | None, names: tuple[str, str] = ("the list", "the second source")
) -> Reconciliation:
    """Compare row counts when the second source gives no keys. An unknown count leaves the answer unknown."""
    if theirs is None:
        sentence = f"{_upper(names[0])} holds {_rows(ours)}; how many {names[1]} holds is not known."
        return Reconciliation(ours, None, (), (), None, sentence)
    verb = "which agrees" if ours == theirs else f"a difference of {abs(ours - theirs)}"
    sentence = f"{_upper(names[0])} holds {_rows(ours)}, {names[1]} {theirs}: {verb}."
    return Reconciliation(ours, theirs, (), (), ours == theirs, sentence)


def duplicates(keys: Iterable[str]) -> dict[str, int]:
    """The keys that stand more than once after cleaning, with how often, sorted."""
    counts = Counter(clean_key(key) for key in keys)
    return {key: counts[key] for key in sorted(counts) if counts[key] > 1}


def sequence(keys: Iterable[str], expected: Iterable[str] = ()) -> IdSequence:
    """Holes in runs of numbered ids, such as CHG-0007 between CHG-0006 and CHG-0008 (deleted? hidden?).

    Ids run together when they differ only in their last number. `expected` names ids that must lie inside the
    run (the counter of the source at both ends of the period), so that a missing beginning or end shows too.
    A hole is no verdict: it is listed and somebody explains it.
    """
    cleaned = {clean_key(key) for key in keys}
    matches = {key: _NUMBERED.fullmatch(key) for key in cleaned | {clean_key(key) for key in expected}}
    runs: dict[str, dict[int, str]] = {}
    present: dict[str, set[int]] = {}
    for key, match in matches.items():
        if match:
            number = int(match["number"])
            runs.setdefault(match["prefix"], {})[number] = key
            present.setdefault(match["prefix"], set()).update({number} if key in cleaned else ())
    holes = tuple(hole for prefix in sorted(runs) for hole in _holes(prefix, runs[prefix], present[prefix]))
    unnumbered = tuple(sorted(key for key in cleaned if not matches[key]))
    return IdSequence(holes, unnumbered, _sequence_sentence(holes, unnumbered))


def _holes(prefix: str, run: Mapping[int, str], present: set[int]) -> list[Hole]:
    # One before the first and one after the last bound the run without standing in it.
    bounds = [min(run) - 1, *sorted(present), max(run) + 1]
    width = min(len(key) - len(prefix) for key in run.values())
    return [
        Hole(f"{prefix}{low + 1:0{width}}", f"{prefix}{high - 1:0{width}}", high - low - 1)
        for low, high in pairwise(bounds)
        if high - low > 1
    ]


def _without(one: Iterable[str], other: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(one) - set(other)))


def _sentence(
    names: tuple[str, str], counts: tuple[int, int], only: tuple[int, int], explained: int, repeated: int
) -> str:
    parts = [f"{_upper(names[0])} holds {_rows(counts[0])}, {names[1]} {counts[1]}"]
    if not any(only):
        parts.append("the same keys" if not repeated else "the same keys, some of them more than once")
    else:
        parts.append(
            f"{only[0]} only in {names[0]}, {only[1]} only in {names[1]}, {explained} of these explained"
        )
    if repeated:
        parts.append(f"{_count(repeated, 'key')} repeated")
    return "; ".join(parts) + "."


def _sequence_sentence(holes: tuple[Hole, ...], unnumbered: tuple[str, ...]) -> str:
    missing = sum(hole.count for hole in holes)
    said = (
        f"{_count(missing, 'id')} missing in {_count(len(holes), 'place')}" if missing else "No id is missing"
    )
    return f"{said}; {_count(len(unnumbered), 'key')} without a number." if unnumbered else f"{said}."


def _rows(count: int) -> str:
    return _count(count, "row")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
