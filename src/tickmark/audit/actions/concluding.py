"""Verbs that end a test: deviations as fact, responses, conclusions, notes, signatures, the opinion (4.6, 8.3)."""

from __future__ import annotations

import re
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
    Share,
    SignOff,
    SignOffStage,
    Stance,
)
from tickmark.evidence.models import Evidence
from tickmark.kernel.access import Actor
from tickmark.kernel.action import action, need
from tickmark.kernel.errors import Conflict, Refused
from tickmark.scope.criteria import applicable

ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


@action("audit.deviate")
def deviate(
    actor: Actor,
    procedure: Procedure,
    letters: list[str],
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
    need(
        not ADDRESS.search(fact),
        "The fact holds an e-mail address.",
        "The report names no person.",
        "Say it without.",
        "fact",
    )
    table = queries.grid(procedure)
    named = (
        "".join(letters).replace(" ", "") if all(len(a.letter) == 1 for a in table.attributes) else letters
    )
    known = {attribute.letter for attribute in table.attributes}
    need(
        set(named) <= known and (named or not known),
        f"'{' '.join(letters)}' are not attributes of this test.",
        f"It has {', '.join(sorted(known)) or 'none'}.",
        "Name those that deviate.",
        "letters",
    )
    if item is not None:
        _check_item(table, item, set(named))
    row = Deviation(
        procedure=procedure, item=item, letters=" ".join(sorted(set(named))), fact=fact, nature=nature
    )
    row.save()
    return row


def _check_item(table: queries.Grid, item: SampleItem, named: set[str]) -> None:
    need(
        item in table.items,
        "The item is not in the grid of this test.",
        "",
        "Name one that was drawn.",
        "item",
    )
    marked = {a.letter for a in table.attributes if table.verdict(item.key, a.letter) == "deviation"}
    need(
        named <= marked,
        f"{item.key} is not marked as a deviation of {', '.join(sorted(named - marked))}.",
        "What is printed must stand in the grid.",
        "Mark it first.",
        "letters",
    )
    told = {letter for row in Deviation.objects.filter(item=item) for letter in row.letters.split()}
    if named <= told:
        raise Conflict(f"{item.key} is told as a deviation already.", "", "", "item")


@action("audit.publish_deviation")
def publish_deviation(actor: Actor, deviation: Deviation) -> DeviationPublishing:
    """Put a deviation before the company as a statement of fact, to confirm, dispute or respond to."""
    if DeviationPublishing.objects.filter(deviation=deviation).exists():
        raise Conflict(f"{deviation.ref} is published already.", "", "", "deviation")
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
    if evidence is not None:
        Share(engagement=deviation.procedure.engagement, evidence=evidence, response=row).save()
    return row


@action("audit.conclude")
def conclude(actor: Actor, procedure: Procedure, result: Result, reason: str, text: str = "") -> Conclusion:
    """Conclude the test. You choose; the counts only say which results they allow."""
    need(reason.strip(), "The reason is empty.", "A conclusion is a judgement.", "Write it.", "reason")
    table = queries.grid(procedure)
    results.require(results.Result[Result(result).name], queries.admissible(procedure, table), reason)
    untold = queries.unexplained(procedure, table)
    need(
        not untold,
        f"{len(untold)} deviating items are not told as deviations.",
        "Each flagged item is looked at by a person and confirmed as fact first.",
        "Record them, or mark them otherwise with the reason.",
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
    need(
        text.strip(), "The answer is empty.", "The file keeps how the note was settled.", "Write it.", "text"
    )
    if NoteCleared.objects.filter(note=note).exists():
        raise Conflict(f"{note.ref} is cleared already.", "", "", "note")
    row = NoteCleared(note=note, text=text)
    row.save()
    return row


@action("audit.sign_off")
def sign_off(actor: Actor, procedure: Procedure, stage: SignOffStage) -> SignOff:
    """Sign the working paper as it stands. A later change clears the signature by itself."""
    paper = queries.workpaper(procedure)
    need(
        paper.finished,
        "The test is not concluded." if procedure.engagement.of_type_2 else "The control has no walkthrough.",
        "A signature covers the whole paper.",
        "Conclude it first." if procedure.engagement.of_type_2 else "Record the walkthrough first.",
        "procedure",
    )
    need(
        not paper.open_notes,
        f"{len(paper.open_notes)} review notes are open.",
        "They are cleared before signing.",
        "Clear them.",
        "procedure",
    )
    stage = SignOffStage(stage)
    _check_order(stage, paper)
    _check_signer(actor, stage, paper)
    row = SignOff(procedure=procedure, stage=stage, digest=paper.digest, facts=len(paper.facts))
    row.save()
    return row


def _check_order(stage: SignOffStage, paper: queries.Workpaper) -> None:
    """Prepared, then reviewed, then partner; each once over the same paper (domain.md 8.3)."""
    if stage in paper.standing:
        signed = paper.standing[stage]
        raise Conflict(
            f"The paper is signed as {stage.label.lower()}.",
            f"By {signed.by}; it has not changed since.",
            "",
            "stage",
        )
    before = SignOffStage.values[: SignOffStage.values.index(stage)]
    missing = [SignOffStage(one).label.lower() for one in before if one not in paper.standing]
    need(not missing, f"It is not signed as {' and '.join(missing)}.", "Sign-offs go in order.", "", "stage")


SIGNERS = {SignOffStage.REVIEWED: ("lead", "partner"), SignOffStage.PARTNER: ("partner",)}


def _check_signer(actor: Actor, stage: SignOffStage, paper: queries.Workpaper) -> None:
    """Whoever worked on the test never reviews it, and a review is for those who lead (rule 15)."""
    roles = SIGNERS.get(stage)
    if roles is None:
        return
    held = [actor.holds("engagement", role) for role in roles]
    if paper.procedure.engagement_id not in frozenset().union(*held):
        raise Refused(
            f"You may not sign as {stage.label.lower()}.", f"It is for {' or '.join(roles)}.", "", "stage"
        )
    if actor.user is None or actor.user.pk in paper.preparers:
        raise Refused(
            "You worked on this paper.",
            "Preparer and reviewer are never the same person.",
            "Let another sign.",
            "stage",
        )


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
    need(
        operation in Opinion.Form.values if engagement.of_type_2 else not operation,
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
