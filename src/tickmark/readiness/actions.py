"""Verbs of the readiness step: what people decide about gaps. A gap itself is computed and never written."""

from __future__ import annotations

from datetime import date
from typing import Literal

from tickmark.kernel import clock
from tickmark.kernel.access import Actor
from tickmark.kernel.action import action, need
from tickmark.kernel.errors import Conflict, NotFound
from tickmark.people.models import Side, User
from tickmark.readiness import queries
from tickmark.readiness.gaps import Gap
from tickmark.readiness.models import GapAcceptance, Recheck, Remedy, RemedyDone

SeverityWord = Literal["", "low", "medium", "high", "critical"]
LONGEST_ACCEPTANCE = 366
"""Days for which a gap may be accepted in writing; then somebody decides again."""


@action("readiness.plan_remedy")
def plan_remedy(
    actor: Actor,
    gap: str,
    action: str,
    owner: User,
    due_on: date,
    severity: SeverityWord = "",
    reason: str = "",
) -> Remedy:
    """Plan what closes a gap: what is done, by whom, until when; another severity than the computed one says why."""
    found = _standing(gap)
    need(action.strip(), "The remedy is empty.", "The owner needs to know what to do.", "Write it.", "action")
    need(
        owner.side == Side.COMPANY and owner.is_active,
        f"{owner} cannot own it.",
        "It is for active people of the company.",
        "Pick another.",
        "owner",
    )
    need(
        due_on >= clock.today(),
        "The day has passed.",
        f"{due_on} is before today.",
        "Agree on a day that can be kept.",
        "due_on",
    )
    other = severity not in ("", found.word)
    need(
        not other or reason.strip(),
        f"The gap is {found.word} by its score.",
        "Another severity is explained.",
        "Give the reason.",
        "reason",
    )
    words = f"{action.strip()}\n\nSeverity set to {severity}: {reason.strip()}" if other else action.strip()
    row = Remedy(
        gap=found.key,
        fact=f"{found.title}. {found.fact}",
        severity=severity if other else "",
        action=words,
        owner=owner,
        due_on=due_on,
    )
    row.save()
    return row


@action("readiness.finish_remedy")
def finish_remedy(actor: Actor, remedy: Remedy, note: str = "") -> RemedyDone:
    """Say that a remedy of yours is done; somebody else looks again."""
    if getattr(remedy, "done", None) is not None:
        raise Conflict(
            f"{remedy.ref} is done already.",
            "It waits for a second look.",
            "Nothing is left to do.",
            "remedy",
        )
    row = RemedyDone(remedy=remedy, note=note)
    row.save()
    return row


@action("readiness.recheck")
def recheck(actor: Actor, remedy: Remedy, holds: bool, note: str) -> Recheck:
    """Look again at a finished remedy of somebody else: does it hold, and how did you see it?"""
    need(
        note.strip(), "The note is empty.", "Others must be able to follow what you saw.", "Write it.", "note"
    )
    if getattr(remedy, "done", None) is None:
        raise Conflict(
            f"{remedy.ref} is not done yet.", f"{remedy.owner} is on it.", "Look again afterwards.", "remedy"
        )
    row = Recheck(remedy=remedy, holds=holds, note=note.strip())
    row.save()
    return row


@action("readiness.accept_gap")
def accept_gap(actor: Actor, gap: str, reason: str, until: date) -> GapAcceptance:
    """Accept a gap in writing until a day: it stays open and stays listed, for the auditor too."""
    found = _standing(gap)
    need(reason.strip(), "The reason is empty.", "Whoever accepts a risk says why.", "Write it.", "reason")
    today = clock.today()
    need(until >= today, "The day has passed.", f"{until} is before today.", "Pick a later one.", "until")
    need(
        (until - today).days <= LONGEST_ACCEPTANCE,
        "The day is too far away.",
        "What is accepted is looked at again within a year.",
        "Pick a nearer one.",
        "until",
    )
    row = GapAcceptance(
        gap=found.key, fact=f"{found.title}. {found.fact}", reason=reason.strip(), until=until
    )
    row.save()
    return row


def _standing(key: str) -> Gap:
    """The gap with this key as it stands today. Raises NotFound for one that is not (any more) there."""
    found = queries.gap_of(key, clock.today())
    if found is None:
        raise NotFound(
            f"There is no gap {key[:120]}.", "It may have been closed.", "Open the list of gaps again."
        )
    return found
