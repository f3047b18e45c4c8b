"""How each planted change is made; what it is and why stands in `planted.toml`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from .changes import Actor, Change, Review, engineer, program
from .data import catalog
from .days import after, instant

GHOST = Actor("", 0, "former contributor", "5512077+former@users.noreply.github.com")
Plan = Callable[[Change, Actor], Change]


def plant(row: dict[str, Any]) -> Change:
    """The change of one row of `planted.toml`."""
    merged = instant(row["at"])
    author = engineer(row["author"]) if "author" in row else GHOST
    reviewer = engineer(row["reviewer"]) if "reviewer" in row else author
    pushes = (after(merged, hours=-27), after(merged, hours=-4))
    paths = next((tuple(a["paths"][:2]) for a in catalog()["areas"] if a["name"] == row.get("area")), ())
    change = Change(
        row.get("how", "squash"), row["title"], author, paths or ("requirements.txt",), pushes,
        _approval(reviewer, after(merged, minutes=-47)), merged, reviewer, planted=row["id"],
    )  # fmt: skip
    return PLANS[row["plan"]](change, reviewer)


def _approval(by: Actor, moment: datetime, push: int = 1) -> tuple[Review, ...]:
    return (Review(by, "APPROVED", moment, push),)


def _merged(change: Change) -> datetime:
    assert change.merged
    return change.merged


def _direct(change: Change, reviewer: Actor) -> Change:
    return replace(change, how="direct", pushes=(_merged(change),), reviews=(), merged_by=None)


def _no_review(change: Change, reviewer: Actor) -> Change:
    return replace(
        change, reviews=(Review(change.author, "COMMENTED", after(_merged(change), minutes=-30), 1),)
    )


def _late(change: Change, reviewer: Actor) -> Change:
    return replace(
        change, reviews=_approval(reviewer, after(_merged(change), minutes=125)), merged_by=change.author
    )


def _stale(change: Change, reviewer: Actor) -> Change:
    return replace(
        change, reviews=_approval(reviewer, after(_merged(change), hours=-9), 0), merged_by=change.author
    )


def _dismissed(change: Change, reviewer: Actor) -> Change:
    given, taken_back = after(_merged(change), minutes=-160), after(_merged(change), minutes=-90)
    return replace(
        change, reviews=(Review(reviewer, "APPROVED", given, 1, taken_back),), merged_by=change.author
    )


def _by_bot(change: Change, reviewer: Actor) -> Change:
    return replace(change, reviews=_approval(program("reviewer"), after(change.pushes[-1], minutes=2)))


def _bot_for_bot(change: Change, reviewer: Actor) -> Change:
    pushes = change.pushes[-1:]
    approval = _approval(program("reviewer"), after(pushes[0], minutes=6), 0)
    return replace(
        change, author=program("dependencies"), pushes=pushes, reviews=approval, merged_by=program("queue")
    )


def _deleted(change: Change, reviewer: Actor) -> Change:
    return replace(change, merged_by=None, account_deleted=True)


def _missing(change: Change, reviewer: Actor) -> Change:
    return replace(change, record_missing=True)


def _approved_again(change: Change, reviewer: Actor) -> Change:
    first = Review(reviewer, "APPROVED", after(_merged(change), hours=-9), 0, change.pushes[1])
    return replace(change, reviews=(first, *change.reviews))


def _asked_first(change: Change, reviewer: Actor) -> Change:
    first = Review(reviewer, "CHANGES_REQUESTED", after(_merged(change), hours=-9), 0)
    return replace(change, reviews=(first, *change.reviews))


def _stale_first(change: Change, reviewer: Actor) -> Change:
    first = Review(reviewer, "APPROVED", after(_merged(change), hours=-9), 0)
    return replace(change, reviews=(first, *change.reviews))


def _queue(change: Change, reviewer: Actor) -> Change:
    return replace(change, merged_by=program("queue"))


def _dependency(change: Change, reviewer: Actor) -> Change:
    pushes = change.pushes[-1:]
    approval = _approval(reviewer, after(_merged(change), minutes=-47), 0)
    return replace(change, author=program("dependencies"), pushes=pushes, reviews=approval)


PLANS: dict[str, Plan] = {
    "ordinary": lambda change, reviewer: change,
    "self-approval": lambda change, reviewer: change,
    "direct-push": _direct,
    "no-review": _no_review,
    "approval-after-merge": _late,
    "head-after-approval": _stale,
    "review-dismissed": _dismissed,
    "bot-approval": _by_bot,
    "bot-for-bot": _bot_for_bot,
    "author-deleted": _deleted,
    "record-missing": _missing,
    "dismissed-then-approved": _approved_again,
    "changes-requested-then-approved": _asked_first,
    "stale-then-approved": _stale_first,
    "merge-queue": _queue,
    "dependency-approved": _dependency,
}
