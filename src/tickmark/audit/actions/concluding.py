"""Verbs that end a test: deviations as fact, responses, conclusions, notes, signatures, the opinion (domain.md 3, 4.6)."""

from __future__ import annotations

from datetime import date

from tickmark.audit import queries, results
from tickmark.audit.models import (
    Conclusion,
    CriterionConclusion,
    Deviation,
    DeviationPublishing,
    Engagement,
    NoteCleared,
    Opinion,
    Procedure,
    Response,
    Result,
    ReviewNote,
    SampleItem,
    SignOff,
    SignOffStage,
    Stance,
)
from tickmark.evidence.models import Evidence
from tickmark.kernel.access import Actor
from tickmark.kernel.action import action, need
from tickmark.kernel.errors import Conflict
from tickmark.scope.criteria import applicable
from tickmark.scope.models import ReportType


@action("audit.deviate")
def deviate(
    actor: Actor,
    procedure: Procedure,
    letters: str,
    fact: str,
    item: SampleItem | None = None,
    nature: str = "",
) -> Deviation:
    """Confirm a deviation as fact. It stays, whatever is done about it afterwards."""
    need(
        fact.strip(),
        "The fact is empty.",
        "Section IV will print it.",
        "Say what was found, without names.",
        "fact",
    )
    known = {attribute.letter for attribute in procedure.attributes.all()}
    need(
        letters and set(letters) <= known,
        f"'{letters}' are not attributes of this test.",
        f"It has {', '.join(sorted(known))}.",
        "",
        "letters",
    )
    need(
        item is None or item.sample.procedure_id == procedure.pk,
        "The item belongs to another test.",
        "",
        "",
        "item",
    )
    row = Deviation(procedure=procedure, item=item, letters=letters, fact=fact, nature=nature)
    row.save()
    return row


@action("audit.publish_deviation")
def publish_deviation(actor: Actor, deviation: Deviation) -> DeviationPublishing:
    """Put a deviation before the company as a statement of fact, to confirm, dispute or respond to."""
    row = DeviationPublishing(deviation=deviation)
    row.save()
    return row


@action("audit.respond")
def respond(
    actor: Actor, deviation: Deviation, stance: Stance, text: str, evidence: Evidence | None = None
) -> Response:
    """Respond for management: cause, remedy, date. The deviation's text is not changed by it."""
    need(
        text.strip(), "The response is empty.", "Section V prints it.", "Say cause, remedy and date.", "text"
    )
    need(
        stance != Stance.DISPUTE or evidence,
        "A dispute needs evidence.",
        "The fact stands otherwise.",
        "Name the evidence.",
        "evidence",
    )
    row = Response(deviation=deviation, stance=stance, text=text, evidence=evidence)
    row.save()
    return row


@action("audit.conclude")
def conclude(actor: Actor, procedure: Procedure, result: Result, reason: str, text: str = "") -> Conclusion:
    """Conclude the test. You choose; the counts only say which results they allow."""
    need(reason.strip(), "The reason is empty.", "A conclusion is a judgement.", "Write it.", "reason")
    counts = queries.counts(procedure)
    kind: int = procedure.engagement.period.type
    results.require_admissible(
        results.Result[result.name], counts, reason, 1 if kind == ReportType.TYPE_1 else 2
    )
    deviating = queries.unexplained(procedure)
    need(
        not deviating,
        f"{len(deviating)} deviating items are not told as deviations.",
        "Each is confirmed as fact first.",
        "Record them.",
        "result",
    )
    row = Conclusion(procedure=procedure, result=result, reason=reason, text=text)
    row.save()
    return row


@action("audit.conclude_criterion")
def conclude_criterion(
    actor: Actor, engagement: Engagement, criterion: str, met: bool, reason: str
) -> CriterionConclusion:
    """Conclude on a criterion: a decision of its own, with its own reason."""
    known = [item.id for item in applicable(engagement.categories, engagement.criteria_set)]
    need(
        criterion in known,
        f"{criterion} is not in the scope of {engagement.code}.",
        "",
        "Pick one of the list.",
        "criterion",
    )
    need(reason.strip(), "The reason is empty.", "It is a separate decision.", "Write it.", "reason")
    row = CriterionConclusion(engagement=engagement, criterion=criterion, met=met, reason=reason)
    row.save()
    return row


@action("audit.note")
def note(actor: Actor, procedure: Procedure, text: str) -> ReviewNote:
    """Leave a review note on a working paper."""
    need(text.strip(), "The note is empty.", "", "Write it.", "text")
    row = ReviewNote(procedure=procedure, text=text)
    row.save()
    return row


@action("audit.clear_note")
def clear_note(actor: Actor, note: ReviewNote, text: str) -> NoteCleared:
    """Answer a review note and clear it."""
    row = NoteCleared(note=note, text=text)
    row.save()
    return row


@action("audit.sign_off")
def sign_off(actor: Actor, procedure: Procedure, stage: SignOffStage) -> SignOff:
    """Sign the working paper as it stands. A later change clears the signature by itself."""
    paper = queries.workpaper(procedure)
    need(
        paper.conclusion is not None,
        "The test is not concluded.",
        "A signature covers the whole paper.",
        "Conclude it first.",
        "procedure",
    )
    need(
        not paper.open_notes,
        f"{len(paper.open_notes)} review notes are open.",
        "They are cleared before signing.",
        "Clear them.",
        "procedure",
    )
    _in_order(actor, procedure, stage, paper)
    row = SignOff(procedure=procedure, stage=stage, digest=paper.digest)
    row.save()
    return row


def _in_order(actor: Actor, procedure: Procedure, stage: SignOffStage, paper: queries.Workpaper) -> None:
    engagement = procedure.engagement_id
    standing = paper.standing
    if stage in standing:
        raise Conflict(
            f"The paper is signed as {stage.label.lower()}.", f"By {standing[stage].by}.", "", "stage"
        )
    if stage == SignOffStage.PREPARED:
        return
    before = SignOffStage.PREPARED if stage == SignOffStage.REVIEWED else SignOffStage.REVIEWED
    need(
        before in standing,
        f"It is not signed as {SignOffStage(before).label.lower()}.",
        "Sign-offs go in order.",
        "",
        "stage",
    )
    mine = [row for row in standing.values() if row.by == actor.user]
    prepared = (
        standing[SignOffStage.PREPARED].by == actor.user
        if stage == SignOffStage.REVIEWED
        else bool(mine and mine[0].stage == SignOffStage.PREPARED)
    )
    need(
        not prepared and actor.user not in paper.preparers,
        "You prepared this paper.",
        "Preparer and reviewer are never the same person.",
        "Let another sign.",
        "stage",
    )
    roles = ("lead", "partner") if stage == SignOffStage.REVIEWED else ("partner",)
    fits = any(engagement in actor.holds("engagement", role) for role in roles)
    need(fits, f"Signing as {stage.label.lower()} is for {' or '.join(roles)}.", "", "", "stage")


@action("audit.opine")
def opine(
    actor: Actor,
    engagement: Engagement,
    description: Opinion.Form,
    design: Opinion.Form,
    text: str,
    dated: date,
    signed_at_city: str,
    operation: str = "",
) -> Opinion:
    """Supply Section I in your own words, with the form of each part of the opinion. Nothing is drafted for you."""
    type_2 = engagement.period.type == ReportType.TYPE_2
    need(
        (operation in Opinion.Form.values) == type_2,
        "The opinion on operation does not fit the type.",
        "A Type 2 has one, a Type 1 has none.",
        "",
        "operation",
    )
    need(text.strip(), "Section I is empty.", "The auditor writes it.", "Paste the firm's text.", "text")
    need(
        dated >= engagement.period.end,
        "The report would be dated before the period ends.",
        f"It ends on {engagement.period.end}.",
        "",
        "dated",
    )
    row = Opinion(
        engagement=engagement,
        description=description,
        design=design,
        operation=operation,
        text=text,
        dated=dated,
        signed_at_city=signed_at_city,
    )
    row.save()
    return row
