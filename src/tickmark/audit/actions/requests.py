"""Verbs of the request list: ask, answer, send back, close, and talk (domain.md 8.1, 8.2)."""

from __future__ import annotations

from datetime import date

from tickmark.audit import queries
from tickmark.audit.models import (
    Answer,
    Engagement,
    Message,
    Move,
    Publishing,
    Request,
    RequestControl,
    RequestKind,
    RequestMove,
    Sample,
    Share,
    Visibility,
)
from tickmark.audit.queries import Opening
from tickmark.controls.models import Control
from tickmark.evidence.models import Evidence
from tickmark.kernel.access import Actor
from tickmark.kernel.action import action, bulk, need
from tickmark.kernel.errors import Conflict


@action("audit.ask")
def ask(
    actor: Actor,
    engagement: Engagement,
    code: str,
    kind: RequestKind,
    title: str,
    due_on: date,
    detail: str = "",
    controls: list[Control] | None = None,
    wave: int = 1,
    needs: Sample | None = None,
) -> Request:
    """Ask the company for something. A sample request names the draw that it needs."""
    need(
        title.strip(), "The request has no title.", "The owner reads it first.", "Say what you need.", "title"
    )
    need(
        1 <= len(code.strip()) <= 12,
        "The code does not fit.",
        "It has 1 to 12 characters, like R-50.",
        "",
        "code",
    )
    if Request.objects.filter(engagement=engagement, code=code.strip()).exists():
        raise Conflict(f"There is a request {code} already.", "", "Give this one another code.", "code")
    need(
        1 <= wave <= 5,
        "The wave is not 1 to 5.",
        "Planning, populations, documents, samples, wrap-up.",
        "",
        "wave",
    )
    _check_draw(engagement, kind, needs)
    return _asked(
        engagement, Opening(code.strip(), kind, wave, title, detail, tuple(controls or ()), needs), due_on
    )


def _check_draw(engagement: Engagement, kind: RequestKind, needs: Sample | None) -> None:
    need(
        kind != RequestKind.SAMPLE or needs,
        "A sample request needs its draw.",
        "It opens after population and draw.",
        "Draw first.",
        "needs",
    )
    if needs is None:
        return
    need(
        needs.procedure.engagement_id == engagement.pk,
        f"{needs.ref} belongs to another engagement.",
        "",
        "",
        "needs",
    )
    need(
        Publishing.objects.filter(procedure=needs.procedure).exists(),
        f"The company cannot see the items of {needs.ref}.",
        "The test is not published.",
        "Publish it first.",
        "needs",
    )


def _asked(engagement: Engagement, opening: Opening, due_on: date) -> Request:
    row = Request(
        engagement=engagement,
        code=opening.code,
        kind=opening.kind,
        title=opening.title[:200],
        detail=opening.detail,
        due_on=due_on,
        wave=opening.wave,
        needs=opening.needs,
    )
    row.save()
    served = {control.pk: control for control in opening.controls}
    RequestControl.objects.bulk_create(
        RequestControl(request=row, control=control) for control in served.values()
    )
    return row


@bulk("audit.ask_list")
def ask_list(actor: Actor, engagement: Engagement, due_on: date, list: str = "") -> Engagement:
    """Ask for everything on a list that can be asked now: lists first, proof of the drawn items once they are drawn.

    Without a name it is the usual list of the engagement's type.
    """
    ready = queries.openable(engagement, list or queries.usual_list(engagement))
    need(
        ready,
        "Nothing on this list can be asked now.",
        "It is asked for, or waits for a list or a draw.",
        "",
        "list",
    )
    for opening in ready:
        _asked(engagement, opening, due_on)
    return engagement


@bulk("audit.ask_again")
def ask_again(actor: Actor, engagement: Engagement, due_on: date) -> Engagement:
    """Ask for what was asked in the engagement that this one follows; what waits for a draw is asked after it."""
    ready = queries.repeatable(engagement)
    need(
        ready,
        "There is nothing to ask again.",
        "It follows no engagement of its type, or everything is asked for.",
        "Ask from the list.",
        "engagement",
    )
    for opening in ready:
        _asked(engagement, opening, due_on)
    return engagement


@action("audit.answer")
def answer(
    actor: Actor, request: Request, text: str = "", evidence: list[Evidence] | None = None, nil: bool = False
) -> Answer:
    """Answer a request: the evidence named here becomes visible to the engagement's team."""
    need(
        queries.state(request).open,
        f"{request.code} is closed.",
        "The auditor closed it.",
        "Write in its thread.",
        "request",
    )
    need(
        text.strip() or evidence,
        "The answer is empty.",
        "It has neither text nor evidence.",
        "Add one of them.",
        "text",
    )
    need(
        not nil or text.strip(),
        "A nil answer needs its explanation.",
        "How do you know that there is nothing?",
        "Explain it.",
        "text",
    )
    row = Answer(request=request, text=text, nil=nil)
    row.save()
    for item in evidence or []:
        Share(engagement=request.engagement, evidence=item, answer=row).save()
    return row


@action("audit.say")
def say(actor: Actor, request: Request, text: str, visibility: Visibility = Visibility.SHARED) -> Message:
    """Write in a request's thread, to both sides or to your own only."""
    need(text.strip(), "The message is empty.", "", "Write something.", "text")
    row = Message(request=request, side=actor.side, visibility=visibility, text=text)
    row.save()
    return row


def _move(request: Request, move: Move, reason: str, allowed: bool, why: str) -> RequestMove:
    need(
        allowed,
        f"{request.code} cannot be {Move(move).label.lower()} now.",
        why,
        "Load the page again.",
        "request",
    )
    row = RequestMove(request=request, move=move, reason=reason, answer=queries.newest_answer(request))
    row.save()
    return row


@action("audit.send_back")
def send_back(actor: Actor, request: Request, reason: str) -> RequestMove:
    """Return an answer with the reason why it does not do."""
    need(
        reason.strip(),
        "The reason is empty.",
        "The owner needs to know what is missing.",
        "Write it.",
        "reason",
    )
    return _move(
        request,
        Move.RETURNED,
        reason,
        queries.state(request).name == "submitted",
        "There is no answer to return.",
    )


@action("audit.close")
def close(actor: Actor, request: Request, note: str = "") -> RequestMove:
    """Accept the answer. This is not a test result."""
    return _move(
        request,
        Move.ACCEPTED,
        note,
        queries.state(request).name == "submitted",
        "There is no answer to accept.",
    )


@action("audit.withdraw")
def withdraw(actor: Actor, request: Request, reason: str) -> RequestMove:
    """Withdraw a request, with the reason."""
    need(reason.strip(), "The reason is empty.", "The list shows it.", "Write it.", "reason")
    return _move(request, Move.WITHDRAWN, reason, queries.state(request).open, "It is closed already.")


@action("audit.reopen")
def reopen(actor: Actor, request: Request, reason: str) -> RequestMove:
    """Open an accepted request again, with the reason."""
    need(reason.strip(), "The reason is empty.", "The owner needs to know why.", "Write it.", "reason")
    return _move(
        request,
        Move.REOPENED,
        reason,
        queries.state(request).name == "accepted",
        "Only an accepted one is reopened.",
    )
