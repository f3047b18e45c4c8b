"""What a document must say of itself to be filed: a source, days that go together, content that fits its name.

The same for one document and for a thousand; nothing here asks the books.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from tickmark.evidence import uploads
from tickmark.kernel.errors import Invalid

LONGEST_SOURCE = 200


@dataclass(frozen=True)
class Filing:
    """A document on its way in: the file as it is, and what is said of it. `control` is a code or a reference."""

    name: str
    media_type: str
    sha256: str
    size: int
    head: bytes
    kind: str
    source: str
    description: str = ""
    covers_from: date | None = None
    covers_to: date | None = None
    observed_at: datetime | None = None
    control: str = ""
    occurrence: str = ""
    performed_on: date | None = None


def check(filing: Filing, now: datetime) -> None:
    """Raise Invalid, with the field at fault, for what cannot be filed."""
    check_days(filing.covers_from, filing.covers_to, filing.observed_at, now)
    check_size(filing.size)
    uploads.refuse_disguise(uploads.label(filing.name), filing.head)
    check_source(filing.source)


def check_days(
    covers_from: date | None, covers_to: date | None, observed_at: datetime | None, now: datetime
) -> None:
    """Raise Invalid for days that do not go together, and for an observation that nobody can have made yet."""
    if (covers_from is None) != (covers_to is None):
        what = "One end of the covered period is missing."
        raise Invalid(what, "Both days belong to it.", "Give both, or none.", "covers_to")
    if covers_from and covers_to and covers_from > covers_to:
        why = f"{covers_to} is before {covers_from}."
        raise Invalid("The covered period ends before it starts.", why, "Swap the days.", "covers_to")
    if observed_at is not None and observed_at > now:
        what = "It would have been observed in the future."
        raise Invalid(what, "Nobody can have seen it yet.", "Correct the time.", "observed_at")


def check_size(size: int) -> None:
    """Raise Invalid for a file of 0 bytes."""
    if not size:
        remedy = "Check the export and send the file again."
        raise Invalid("The file is empty.", "It has 0 bytes.", remedy, "upload")


def check_source(source: str) -> None:
    """Raise Invalid for a source that is empty or too long to be one."""
    if not source.strip():
        why = "The auditor asks where it comes from."
        raise Invalid("The source is empty.", why, "Name the system or the person.", "source")
    if len(source) > LONGEST_SOURCE:
        why = f"It has {len(source)} letters; {LONGEST_SOURCE} fit."
        raise Invalid("The source is too long.", why, "Say the rest in the description.", "source")
