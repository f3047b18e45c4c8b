"""Telling: digests, requests, invitations and checkpoints by mail, events by webhook; each attempt is recorded.

A mail is never sent twice in doubt: before it is handed over its slot says so, and a slot that is taken up again and
says so ends as *not known*. A checkpoint is the exception: it is sent again, since a missing one costs more than two.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from tickmark.audit.models import Engagement, Request
from tickmark.evidence.queries import registers
from tickmark.kernel import clock, jobs, secrets
from tickmark.kernel.access import Actor
from tickmark.kernel.errors import Invalid, TickmarkError, Unavailable
from tickmark.kernel.jobs import Slot, job
from tickmark.kernel.ledger.entry import Entry
from tickmark.kernel.ledger.seal import seal
from tickmark.kernel.register import Notice, Receipt
from tickmark.people.models import Invitation, User
from tickmark.upkeep import actions, checkpoints, telling
from tickmark.upkeep.actions import Tried
from tickmark.upkeep.digest import key
from tickmark.upkeep.letters import Letter, day
from tickmark.upkeep.models import Delivery, NoticeKind, Rhythm, Way, Webhook, WebhookVersion

WORKER = Actor.job("notify", "company")
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 2 * 60, 6 * 60, 12 * 60, 24 * 60))
"""Between the attempts to reach a webhook: eight in all, over not quite two days."""
GONE = 410
UNKNOWN = "It is not known whether it left: the work was broken off while the mail server had it."
STAYED = "It did not leave this host: TICKMARK_MAIL names no mail server."


# -- mail ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Parcel:
    """A letter on its way to somebody, and what is recorded of it."""

    kind: NoticeKind
    letter: Letter
    address: str
    about: str = ""
    user: User | None = None
    engagement: Engagement | None = None
    files: tuple[tuple[str, str], ...] = ()
    size: int | None = None
    told: tuple[str, ...] = ()


def _send(slot: Slot, parcel: Parcel) -> None:
    """Hand a letter over, once, and record how that went. Raises if the server did not take it."""
    who = parcel.user.ref if parcel.user else parcel.about
    message = f"{slot.what}.{slot.slot}.{who}".replace(":", ".")
    if Delivery.objects.filter(message=message, error="").exists():
        return
    handing = f"Handing the mail for {who} over"
    if slot.doing == handing and parcel.kind != NoticeKind.CHECKPOINT:
        _record(slot, parcel, message, Receipt(problem=UNKNOWN))
        raise Invalid(
            UNKNOWN, "It is not sent again, so that nobody gets it twice.", "Ask whether it arrived."
        )
    slot.progress(handing)
    try:
        receipt = registers().notifiers["mail"].send(_notice(parcel, message))
    except TickmarkError as error:
        slot.progress("")
        _record(slot, parcel, message, Receipt(problem=str(error)))
        raise
    _record(slot, parcel, message, receipt)


def _notice(parcel: Parcel, message: str) -> Notice:
    letter = parcel.letter
    subject = " ".join(letter.subject.split())
    return Notice(
        parcel.address, subject, letter.text, message, clock.now(), telling.html(letter), parcel.files
    )


def _record(slot: Slot, parcel: Parcel, message: str, receipt: Receipt) -> None:
    stayed = parcel.kind == NoticeKind.CHECKPOINT and not telling.mail_leaves() and not receipt.problem
    tried = Tried(
        kind=parcel.kind,
        way=Way.MAIL if telling.mail_leaves() else Way.TERMINAL,
        message=message,
        receipt=Receipt(problem=STAYED) if stayed else receipt,
        attempt=slot.tries,
        about=parcel.about,
        size=parcel.size,
        told=parcel.told,
    )
    actions.record_delivery(WORKER, tried=tried, user=parcel.user, engagement=parcel.engagement)


def _each(slot: Slot, parcels: list[Parcel]) -> None:
    """Send to everybody; one who cannot be reached keeps nobody else from it, and has the slot tried again."""
    failed: TickmarkError | None = None
    for parcel in parcels:
        try:
            _send(slot, parcel)
        except TickmarkError as error:
            failed = error
    if failed is not None:
        raise failed


@job("digest")
def digest(slot: Slot) -> None:
    """Tell somebody what they owe, if anything is worth a mail today."""
    user = User.objects.get(pk=slot.arguments["user"])
    every, today = telling.rhythm(user), clock.today()
    if not user.is_active or every == Rhythm.OFF:
        return
    found, owed = telling.digest_for(user, today)
    if found:
        letter = telling.digest_letter(user, found, every, len(owed))
        told = tuple(sorted(map(key, owed)))
        _send(slot, Parcel(NoticeKind.DIGEST, letter, user.email, user=user, told=told))


@job("request")
def request(slot: Slot) -> None:
    """Tell whoever owes a request that cannot wait, unless it was settled meanwhile."""
    row = Request.objects.select_related("engagement").get(pk=slot.arguments["request"])
    today = clock.today()
    if not telling.urgent(row, today):
        return
    _each(
        slot,
        [
            Parcel(
                NoticeKind.REQUEST,
                telling.request_letter(user, row, slot.arguments["reason"]),
                user.email,
                row.ref,
                user,
                row.engagement,
            )
            for user in telling.asked(row, today)
        ],
    )


@job("invitation")
def invitation(slot: Slot) -> None:
    """Send the link to whom it invites."""
    row = Invitation.objects.select_related("by").get(pk=slot.arguments["invitation"])
    if "sealed" not in slot.arguments or row.expires_at <= clock.now():
        return
    link = secrets.opened(slot.arguments["sealed"], Path(settings.HOME))
    inviter = row.by.name if row.by else "Somebody"
    letter = Letter(
        f"{inviter} invites you to Tickmark",
        row.name,
        (
            f"{inviter} ({row.by.email if row.by else ''}) invites you to the company's SOC 2 workbench.",
            f"Make your account: {link}",
            f"It works once, until {day(row.expires_at.date())}. Whoever has it can use it: pass it on to nobody.",
        ),
        "You get this because you were invited by name, with this address.",
        "If you expected no invitation, leave it alone: nothing more is sent here.",
    )
    _send(slot, Parcel(NoticeKind.INVITATION, letter, row.email, row.ref))
    jobs.forget(slot, "sealed")


@job("test_mail")
def test_mail(slot: Slot) -> None:
    """The mail that somebody asked for, to see whether mail leaves."""
    user = User.objects.get(pk=slot.arguments["user"])
    letter = Letter(
        "Tickmark: a test mail",
        user.name,
        ("Mail from this installation reaches you.",),
        "You get this because you asked for it on the page of notifications.",
        f"What else you get: {settings.ADDRESS}{telling.SETTINGS_PAGE}",
    )
    _send(slot, Parcel(NoticeKind.TEST, letter, user.email, user=user))


@job("checkpoint")
def checkpoint(slot: Slot) -> None:
    """Seal what was written and send the checkpoint to the engagement's leads."""
    engagement = Engagement.objects.get(pk=slot.arguments["engagement"])
    point = seal()
    if point is None:
        raise Unavailable("Nothing is sealed yet.", "The log is empty.", "It is tried again.")
    lacking = {one.user for one in checkpoints.gaps() if one.engagement == engagement}
    name, again = f"checkpoint-{point.size}.txt", slot.arguments.get("again", False)
    _each(
        slot,
        [
            Parcel(
                NoticeKind.CHECKPOINT,
                checkpoints.letter(user, engagement, point),
                user.email,
                engagement.ref,
                user,
                engagement,
                ((name, point.note),),
                point.size,
            )
            for user in checkpoints.leads(engagement)
            if user in lacking or not again
        ],
    )


# -- webhooks -----------------------------------------------------------------------------------------------------


@job("webhook")
def webhook(slot: Slot) -> None:
    """Make one attempt to tell a webhook of an event; after a failure the next attempt is a slot of its own."""
    given = slot.arguments
    target = Webhook.objects.get(pk=given["webhook"])
    version = telling.webhooks_on(clock.today()).filter(webhook=target).first()
    if version is None:
        return  # it has ended: what waited for it is dropped
    entry = Entry.objects.get(uid=given["entry"])
    message, attempt = f"msg_{entry.uid.hex}", int(given["attempt"])
    receipt = _posted(version, entry, message)
    tried = Tried(NoticeKind.EVENT, Way.WEBHOOK, message, receipt, attempt, entry.subject or entry.verb)
    pause = None if given["once"] or receipt.status == GONE else next(iter(PAUSES[attempt - 1 :]), None)

    def record() -> None:
        """The attempt and the promise of the next one stand together, once."""
        actions.record_delivery(WORKER, tried=tried, webhook=target)
        if receipt.problem and pause is not None:
            key, later = f"{target.ref}:{entry.uid}:{attempt + 1}", {**given, "attempt": attempt + 1}
            jobs.enqueue("webhook", key, later, due_at=clock.now() + pause)

    jobs.once(slot, "recorded", record)
    if receipt.problem and pause is None:
        raise Invalid(
            f"{target.code} was not told of {entry.verb}.",
            f"{attempt} attempts failed; the last one: {receipt.problem}",
            "Look at its deliveries, mend the receiver, and ask it for what it missed.",
        )


def _posted(version: WebhookVersion, entry: Entry, message: str) -> Receipt:
    """The receipt of one attempt; whatever kept it from going out is its problem."""
    notice = Notice(
        version.url,
        entry.verb,
        json.dumps(payload(entry)),
        message,
        clock.now(),
        secret=telling.secret_of(version),
    )
    try:
        return registers().notifiers["webhook"].send(notice)
    except TickmarkError as error:
        return Receipt(problem=str(error))


def payload(entry: Entry) -> dict[str, Any]:
    """What a webhook is told: which verb, of what, when, under which entry. No content, and nobody's name."""
    return {
        "type": entry.verb,
        "timestamp": entry.recorded_at.isoformat(),
        "data": {"subject": entry.subject, "entry": str(entry.uid)},
    }
