"""Filing evidence, using it for controls, accepting and rejecting each use."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from tickmark.controls.models import Control
from tickmark.evidence import filings, queries, uploads
from tickmark.evidence.models import Acceptance, Evidence, EvidenceKind, Rejection, Support
from tickmark.kernel import clock, files
from tickmark.kernel.access import Actor
from tickmark.kernel.action import action, need
from tickmark.kernel.arguments import Upload
from tickmark.kernel.errors import Conflict


@action("evidence.file")
def file(
    actor: Actor,
    upload: Upload,
    kind: EvidenceKind,
    source: str,
    description: str = "",
    covers_from: date | None = None,
    covers_to: date | None = None,
    observed_at: datetime | None = None,
    control: Control | None = None,
    occurrence: str = "",
    performed_on: date | None = None,
    replaces: Evidence | None = None,
) -> Evidence:
    """File a document as evidence: where it comes from, which days it covers, when it was observed.

    A time of observation without a zone is the company's own time.
    """
    if observed_at is not None and observed_at.tzinfo is None:
        observed_at = observed_at.replace(tzinfo=ZoneInfo(queries.place(clock.today()).zone))
    filings.check_days(covers_from, covers_to, observed_at, clock.now())
    _check_file(upload, replaces)
    filings.check_source(source)
    row = Evidence(
        name=uploads.label(upload.name),
        media_type=upload.media_type[:100],
        sha256=upload.sha256,
        size=upload.size,
        kind=kind,
        description=description,
        source=source.strip(),
        covers_from=covers_from,
        covers_to=covers_to,
        observed_at=observed_at,
        collected_at=clock.now(),
        replaces=replaces,
    )
    row.save()
    if control is not None:
        _use(row, control, occurrence, performed_on)
    return row


def _check_file(upload: Upload, replaces: Evidence | None) -> None:
    filings.check_size(upload.size)
    uploads.refuse_disguise(uploads.label(upload.name), _head(upload))
    twin = Evidence.objects.filter(sha256=upload.sha256).order_by("pk").first()
    corrects = replaces is not None and replaces.sha256 == upload.sha256
    if twin is not None and not corrects:
        raise Conflict(
            f"This file is filed already as {twin.ref}.",
            "Its content is the same to the last byte.",
            f"Use {twin.ref} for further controls; to correct its dates, file it as replacing {twin.ref}.",
            "upload",
        )


def _head(upload: Upload) -> bytes:
    """The first bytes of a kept file, as they were remembered when it was kept or as they stand."""
    if upload.head:
        return upload.head
    with files.local(upload.sha256) as path, path.open("rb") as stream:
        return stream.read(uploads.HEAD)


def _use(evidence: Evidence, control: Control, occurrence: str, performed_on: date | None) -> Support:
    occurrence = occurrence.strip()
    day = queries.place(clock.today()).local_day(clock.now())
    queries.check_use(control, occurrence, performed_on, evidence.observed_at, day)
    if Support.objects.filter(
        evidence=evidence, control=control, occurrence=occurrence, rejection=None
    ).exists():
        raise Conflict(
            f"{evidence.ref} supports {control.code} already.",
            "The same use stands.",
            "Nothing is left to do.",
            "control",
        )
    row = Support(evidence=evidence, control=control, occurrence=occurrence, performed_on=performed_on)
    row.save()
    return row


@action("evidence.support")
def support(
    actor: Actor, evidence: Evidence, control: Control, occurrence: str = "", performed_on: date | None = None
) -> Support:
    """Use a piece of evidence for a control, and for one occurrence if the control is periodic."""
    return _use(evidence, control, occurrence, performed_on)


@action("evidence.accept")
def accept(actor: Actor, support: Support, note: str = "") -> Acceptance:
    """Accept evidence as sufficient for this use. The second pair of eyes is never the filer's or the owner's."""
    _check_undecided(support)
    row = Acceptance(support=support, note=note)
    row.save()
    return row


@action("evidence.reject")
def reject(actor: Actor, support: Support, reason: str) -> Rejection:
    """Reject evidence for this use, with the reason."""
    need(
        reason.strip(),
        "The reason is empty.",
        "The owner needs to know what is missing.",
        "Write it.",
        "reason",
    )
    _check_undecided(support)
    row = Rejection(support=support, reason=reason)
    row.save()
    return row


def _check_undecided(support: Support) -> None:
    for word, decision in (
        ("rejected", getattr(support, "rejection", None)),
        ("accepted", getattr(support, "acceptance", None)),
    ):
        if decision is not None:
            who = f"{decision.by} decided on {decision.recorded_at:%Y-%m-%d}."
            raise Conflict(
                f"{support.ref} was {word} already.", who, "File better or newer evidence instead.", "support"
            )
