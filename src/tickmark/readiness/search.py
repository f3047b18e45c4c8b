"""What the readiness step's nouns say to search."""

from __future__ import annotations

from urllib.parse import quote

from tickmark.kernel.search.said import Said, joined, searched
from tickmark.readiness.models import GapAcceptance, Recheck, Remedy, RemedyDone


def _gap(key: str) -> str:
    return f"/readiness/gaps/{quote(key, safe='')}/"


@searched(Remedy, "owner")
def remedy(row: Remedy) -> Said:
    """What will be done about a gap."""
    text = joined(row.fact, row.severity, f"Owner: {row.owner.name}")
    return Said(row.action, text, _gap(row.gap))


@searched(RemedyDone, "remedy", echo=True)
def done(row: RemedyDone) -> Said:
    """What was done."""
    return Said(f"Done: {row.remedy.action}", row.note, _gap(row.remedy.gap))


@searched(Recheck, "remedy", echo=True)
def recheck(row: Recheck) -> Said:
    """Somebody looked again."""
    word = "holds" if row.holds else "does not hold"
    return Said(f"Looked again, {word}: {row.remedy.action}", row.note, _gap(row.remedy.gap))


@searched(GapAcceptance)
def accepted_gap(row: GapAcceptance) -> Said:
    """A gap that stays open, with the reason."""
    return Said(f"Gap accepted until {row.until}", joined(row.fact, row.reason), _gap(row.gap))
