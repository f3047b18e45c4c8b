"""Filing many documents as one: one transaction, one entry, one sync of each folder."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from tickmark.controls.models import Control
from tickmark.evidence import queries, uploads
from tickmark.evidence.filings import Filing
from tickmark.evidence.manifest import Line, lines
from tickmark.evidence.models import Evidence, EvidenceKind, Intake, Support
from tickmark.evidence.queries import Common, Planned
from tickmark.kernel import clock
from tickmark.kernel import files as store
from tickmark.kernel.access import Actor
from tickmark.kernel.action import bulk, need
from tickmark.kernel.arguments import Upload
from tickmark.kernel.errors import Invalid

MOST = 10_000
"""Files of one intake: an entry is one moment, and more would hold the books for seconds."""
NAMED = 20
"""Refused files that an error names; its count tells the rest."""


@bulk("evidence.file_many")
def file_many(
    actor: Actor,
    files: list[Upload],
    manifest: Upload | None = None,
    kind: EvidenceKind | None = None,
    source: str = "",
    description: str = "",
    covers_from: date | None = None,
    covers_to: date | None = None,
    observed_at: datetime | None = None,
    control: Control | None = None,
    leave_out: bool = False,
) -> Intake:
    """File many documents at once, by a manifest (CSV or JSON lines) or with the same words for all of them.

    The manifest has a line for each file: name, kind, source, description, covers_from, covers_to, observed_at,
    control, occurrence, performed_on. What a line leaves empty is taken from the arguments. All files are filed or
    none; with `leave_out` those that cannot be filed are left out, and the intake says which and why.
    """
    need(files, "No file was sent.", "", "Choose at least one.", "files")
    need(
        len(files) <= MOST,
        f"{len(files):,} files are too many at once.",
        f"An intake takes {MOST:,}.",
        "Send them in parts.",
        "files",
    )
    common = Common(kind or "", source, description, covers_from, covers_to, observed_at, control)
    planned = queries.plan(actor, files, _lines(manifest), common)
    refused = [one for one in planned if one.refused is not None]
    if refused and not (leave_out and len(refused) < len(planned)):
        raise _refused(refused, len(planned))
    return _filed([one for one in planned if one.refused is None], refused, manifest)


def _lines(manifest: Upload | None) -> Sequence[Line]:
    return lines(store.read(manifest.sha256)) if manifest else []


def _refused(refused: Sequence[Planned], number: int) -> Invalid:
    """One error that names each file with its reason: the first ones in full, the rest by number."""
    told = [f"{one.name}: {one.refused}" for one in refused[:NAMED]]
    more = [f"… and {len(refused) - NAMED} more."] if len(refused) > NAMED else []
    return Invalid(
        f"{len(refused)} of {number} files cannot be filed, so none was.",
        " ".join([*told, *more]),
        "Correct them, or file the others and leave these out.",
        "files",
    )


def _filed(fit: Sequence[Planned], refused: Sequence[Planned], manifest: Upload | None) -> Intake:
    now = clock.now()
    rows = Evidence.objects.bulk_create([_row(one.filing, now) for one in fit if one.filing], batch_size=2000)
    uses = [_use(row, one) for row, one in zip(rows, fit, strict=True) if one.control is not None]
    Support.objects.bulk_create(uses, batch_size=2000)
    left_out = [{"name": one.name, **one.refused.as_dict()} for one in refused if one.refused]
    intake = Intake(
        manifest=manifest.sha256 if manifest else None, filed=len(rows), used=len(uses), left_out=left_out
    )
    intake.save()
    return intake


def _row(filing: Filing, now: datetime) -> Evidence:
    return Evidence(
        name=uploads.label(filing.name),
        media_type=filing.media_type[:100],
        sha256=filing.sha256,
        size=filing.size,
        kind=filing.kind,
        description=filing.description,
        source=filing.source,
        covers_from=filing.covers_from,
        covers_to=filing.covers_to,
        observed_at=filing.observed_at,
        collected_at=now,
    )


def _use(row: Evidence, one: Planned) -> Support:
    filing = one.filing
    assert filing is not None
    return Support(
        evidence=row,
        control=one.control,
        occurrence=filing.occurrence.strip(),
        performed_on=filing.performed_on,
    )
