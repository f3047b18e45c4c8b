"""What is wrong with a home or an archive: each with its reason and its remedy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

LISTED = 20
"""So many of a kind are told one by one; the others are counted."""


@dataclass(frozen=True)
class Finding:
    """One finding. `kind` is stable; a `problem` is something that is wrong, the rest is worth knowing."""

    kind: str
    what: str
    why: str
    remedy: str
    problem: bool = True

    def as_dict(self) -> dict[str, object]:
        """The finding as JSON shows it."""
        return asdict(self)


def shortened(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings, at most `LISTED` of a kind; then one line for the rest of each kind."""
    counts: Counter[str] = Counter()
    last: dict[str, Finding] = {}
    for finding in findings:
        counts[finding.kind] += 1
        last[finding.kind] = finding
        if counts[finding.kind] <= LISTED:
            yield finding
    for kind, count in counts.items():
        if count > LISTED:
            one = last[kind]
            yield Finding(kind, f"And {count - LISTED} more of this kind.", one.why, one.remedy, one.problem)


def holds(findings: Iterable[Finding]) -> bool:
    """Whether nothing is wrong."""
    return not any(finding.problem for finding in findings)
