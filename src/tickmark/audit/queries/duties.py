"""What each side owes in the audit on a day, and how far the two steps are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import partial

from tickmark.audit.models import (
    Commission,
    Deviation,
    Engagement,
    Procedure,
    Request,
    Response,
    ReviewNote,
    SignOff,
    TeamMember,
)
from tickmark.audit.queries.engagement import STEERING
from tickmark.audit.queries.lines import RequestLine, every_line, lines_for
from tickmark.audit.queries.papers import standing_stages, worked_on
from tickmark.kernel.access import EVERYBODY, Actor, bounds, visible
from tickmark.kernel.answers import Task, duty, step_state
from tickmark.kernel.remembered import LARGE, Pieces, remember, remembered
from tickmark.scope.models import Period

LEADERS = frozenset({"sponsor", "lead", "adviser"})
WORKING = ("staff", "lead", "partner", "specialist")


@remembered
def _open(actor: Actor, day: date) -> list[RequestLine]:
    return [line for line in lines_for(actor, day) if line.state.open]


@duty
def owed(actor: Actor, day: date) -> Iterable[Task]:
    """Company: answers and responses. Auditor: answers to judge, papers to review, notes to clear, confirmations."""
    if actor.user is None:
        return []
    if actor.side == "company":
        return [*_answers(actor, day), *_responses(actor)] if actor.roles - {"employee"} else []
    return [*_judgements(actor, day), *_confirmations(actor), *_reviews(actor), *_notes(actor)]


def _answers(actor: Actor, day: date) -> Iterator[Task]:
    """Requests for the owner of a control on the day; those that serve no control are for whoever leads."""
    waiting = _waiting(day)
    nobodys = waiting.get(None, ()) if actor.roles & LEADERS else ()
    mine = sorted((*waiting.get(actor.user.pk, ()), *nobodys), key=lambda row: (row.due_on, row.pk))
    if mine and bounds(actor, Request) != EVERYBODY:
        seen = {row.pk for row in lines_for(actor, day)}
        mine = [row for row in mine if row.pk in seen]
    yield from (_of_request.ask(row.pk, (row,), partial(_answer, row)) for row in mine)


_of_request: Pieces[Task] = Pieces(20_000)


@remember(LARGE)
def _waiting(day: date) -> Mapping[int | None, list[RequestLine]]:
    """The requests that wait for the company, by the owners of their controls; None for those without."""
    found: dict[int | None, list[RequestLine]] = defaultdict(list)
    for row in every_line(day):
        if row.state.waits_for == "company":
            for owner in row.owner_ids or (None,):
                found[owner].append(row)
    return found


def _answer(row: RequestLine) -> Task:
    returned = row.state.name in {"returned", "reopened"}
    step, why = ("followup", row.state.why) if returned else ("audit", "The auditor asks for it.")
    return Task(step, f"Answer {row.code}: {row.title}", row.address, row.due_on, why)


def _responses(actor: Actor) -> Iterator[Task]:
    if not actor.roles & LEADERS:
        return
    told = visible(actor, Deviation).select_related(
        "procedure__control_version__control", "procedure__engagement"
    )
    for row in told.filter(responses=None).order_by("pk"):
        code = row.procedure.control_version.control.code
        yield Task(
            "followup", f"Respond to {row.ref} of {code}", f"/follow-up/{row.ref}", None, row.fact[:120]
        )


def _judgements(actor: Actor, day: date) -> Iterator[Task]:
    held = frozenset().union(*(actor.holds("engagement", role) for role in WORKING))
    for row in _open(actor, day):
        if row.state.waits_for == "auditor" and row.engagement in held:
            yield Task("audit", f"Judge the answer to {row.code}: {row.title}", row.address)


def _confirmations(actor: Actor) -> Iterator[Task]:
    rows = TeamMember.objects.filter(user=actor.user, end=None).select_related("engagement")
    for row in rows.filter(independence=None).order_by("pk"):
        yield Task(
            "audit", f"Confirm your independence for {row.engagement.code}", f"/audit/{row.engagement.code}/"
        )
    steered = frozenset().union(*(actor.holds("engagement", role) for role in STEERING))
    planned = Commission.objects.filter(engagement__in=steered).values("engagement")
    for engagement in Engagement.objects.filter(pk__in=steered).exclude(pk__in=planned).order_by("pk"):
        yield Task("audit", f"Plan {engagement.code} and commit to a nonce", f"/audit/{engagement.code}/")


def _reviews(actor: Actor) -> Iterator[Task]:
    steered = frozenset().union(*(actor.holds("engagement", role) for role in STEERING))
    signed = SignOff.objects.filter(procedure__engagement__in=steered, stage="prepared")
    ids = sorted(set(signed.values_list("procedure", flat=True)))
    if not ids:
        return
    stages, own = standing_stages(ids), worked_on(actor.user, ids)
    ready = [pk for pk in ids if stages[pk] == {"prepared"} and pk not in own]
    rows = Procedure.objects.filter(pk__in=ready).select_related("control_version__control", "engagement")
    for row in rows.order_by("pk"):
        code = row.control_version.control.code
        yield Task(
            "audit", f"Review the paper {row.ref} of {code}", f"/audit/{row.engagement.code}/tests/{row.ref}"
        )


def _notes(actor: Actor) -> Iterator[Task]:
    held = frozenset().union(*(actor.holds("engagement", role) for role in WORKING))
    rows = ReviewNote.objects.filter(procedure__engagement__in=held, cleared=None).exclude(by=actor.user)
    for row in rows.select_related("procedure__engagement").order_by("pk"):
        address = f"/audit/{row.procedure.engagement.code}/tests/{row.procedure.ref}#notes"
        yield Task("followup", f"Clear {row.ref} on {row.procedure.ref}", address, None, row.text[:120])


@step_state("audit")
def audit_state(actor: Actor, day: date) -> str:
    """Done for the company when every request is settled, for the auditor when every test is reviewed."""
    if not visible(actor, Engagement).exists():
        return "next" if visible(actor, Period).exists() else "later"
    if actor.side == "company":
        asked = visible(actor, Request).exists()
        return "done" if asked and not _open(actor, day) else "current"
    ids = list(visible(actor, Procedure).values_list("pk", flat=True))
    stages = standing_stages(ids)
    return "done" if ids and all("reviewed" in stages[pk] for pk in ids) else "current"


@step_state("followup")
def followup_state(actor: Actor, day: date) -> str:
    """Done when what was put before the company has an answer, once the audit is done."""
    told = visible(actor, Deviation)
    answered = visible(actor, Response).values("deviation")
    waiting = told.exclude(publishing=None).exclude(pk__in=answered).exists()
    back = any(row.state.name in {"returned", "reopened"} for row in _open(actor, day))
    if waiting or back:
        return "current"
    return "done" if audit_state(actor, day) == "done" else "later"
