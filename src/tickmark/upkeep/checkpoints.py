"""Checkpoints leave the host: after each change of an engagement its lead gets the newest one, at most once an hour.

The host could rewrite what lies before the first checkpoint that somebody else holds; so this mail is the real control,
and it is never skipped in silence. The slot that promises it is written in the transaction of the change itself. What
did not leave stands as a gap, on the pages of both sides and among their tasks, until one that covers it has left.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.db.models import Model, OuterRef, QuerySet, Subquery

from tickmark.audit.models import Engagement, TeamMember, TeamRole
from tickmark.kernel import clock, jobs
from tickmark.kernel.access import Actor
from tickmark.kernel.answers import Task, duty
from tickmark.kernel.jobs import Slot
from tickmark.kernel.ledger.entry import Checkpoint
from tickmark.kernel.ledger.seal import verifier_key
from tickmark.kernel.references import prefixes
from tickmark.people.models import User
from tickmark.upkeep.letters import Letter
from tickmark.upkeep.models import Delivery, NoticeKind

HOUR = timedelta(hours=1)
SETTLED = timedelta(minutes=2)
"""After the hour: whatever was under way within it is committed by then."""
STEPS = ("audit", "report")


def slot_of(engagement: int, moment: datetime) -> tuple[str, datetime]:
    """The slot that covers an hour's changes, and when it is due."""
    hour = moment.replace(minute=0, second=0, microsecond=0)
    return f"EN-{engagement}:{hour:%Y-%m-%dT%H}", hour + HOUR + SETTLED


def promise(engagement: int, moment: datetime) -> Slot:
    """Promise the lead a checkpoint that covers everything up to this moment."""
    key, due_at = slot_of(engagement, moment)
    slot = jobs.enqueue("checkpoint", key, {"engagement": engagement}, due_at)
    if slot.finished_at is None and slot.started_at is None:
        return slot
    return promise(engagement, moment + HOUR)  # that one has gone already: it does not cover this change


def try_again(engagement: int, moment: datetime) -> Slot:
    """Promise one more attempt within the hour to those leads who lack theirs."""
    key, due_at = slot_of(engagement, moment)
    return jobs.enqueue("checkpoint", f"{key}:again", {"engagement": engagement, "again": True}, due_at)


# -- of which engagement -----------------------------------------------------------------------------------------


def engagement_of(references: Iterable[str]) -> int | None:
    """The engagement that facts belong to, given their references: the first that leads to one."""
    known = prefixes()
    for one in references:
        prefix, _, number = one.partition("-")
        model = known.get(prefix)
        path = _path(model) if model is not None else None
        if model is not None and path is not None:
            found: int | None = model._default_manager.filter(pk=number).values_list(path, flat=True).first()
            return found
    return None


@cache
def _path(model: type[Model]) -> str | None:
    """The shortest way from a noun of the audit or the report to its engagement; None if there is none."""
    waiting: deque[tuple[Any, str]] = deque([(model, "")])
    seen = {model}
    while waiting:
        current, path = waiting.popleft()
        if current is Engagement:
            return f"{path}pk"
        for column in current._meta.concrete_fields if current._meta.app_label in STEPS else ():
            if column.is_relation and column.related_model not in seen:
                seen.add(column.related_model)
                waiting.append((column.related_model, f"{path}{column.name}__"))
    return None


# -- who holds one ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """How it stands with one lead of one engagement: the newest checkpoint that left, and what went wrong since."""

    member: TeamMember
    left: Delivery | None
    problem: str

    @property
    def engagement(self) -> Engagement:
        """The engagement."""
        return self.member.engagement

    @property
    def user(self) -> User:
        """The lead."""
        return self.member.user


def leads(engagement: Engagement) -> list[User]:
    """Who gets the checkpoints: the leads of the team, else its partners."""
    return [one.user for one in _leading(TeamMember.objects.filter(engagement=engagement))]


def _leading(rows: QuerySet[TeamMember]) -> list[TeamMember]:
    steering = rows.filter(end=None, user__is_active=True, role__in=(TeamRole.LEAD, TeamRole.PARTNER))
    found = list(steering.select_related("user", "engagement").order_by("engagement", "user", "pk"))
    led = {one.engagement_id for one in found if one.role == TeamRole.LEAD}
    return [one for one in found if one.role == TeamRole.LEAD or one.engagement_id not in led]


def standing(rows: QuerySet[TeamMember] | None = None, now: datetime | None = None) -> list[Standing]:
    """How it stands with the leads of every engagement, or of these members', in a fixed number of queries."""
    moment = now or clock.now()
    members = _leading(TeamMember.objects.all() if rows is None else rows)
    tried = Delivery.objects.filter(
        kind=NoticeKind.CHECKPOINT, engagement__in=[m.engagement_id for m in members]
    )
    newest = {(row.engagement_id, row.user_id): row for row in _newest(tried)}
    left = {(row.engagement_id, row.user_id): row for row in _newest(tried.filter(error=""))}
    late = _late(moment)
    found = []
    for member in members:
        key = (member.engagement_id, member.user_id)
        last = newest.get(key)
        problem = last.error if last else ""
        found.append(Standing(member, left.get(key), problem or late.get(member.engagement_id, "")))
    return found


def _newest(rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
    same: Any = rows.filter(engagement=OuterRef("engagement"), user=OuterRef("user"))
    return rows.filter(pk=Subquery(same.order_by("-pk").values("pk")[:1]))


def _late(moment: datetime) -> dict[int, str]:
    """Engagements whose promised checkpoint waits longer than an hour: nobody works on it."""
    rows = Slot.objects.filter(what="checkpoint", finished_at=None, due_at__lt=moment - HOUR)
    words = "It was promised and has not been sent: no worker runs, or it hangs."
    return {slot.arguments["engagement"]: words for slot in rows}


def gaps(day: date | None = None) -> list[Standing]:
    """Leads who do not hold what they should."""
    return [one for one in standing() if one.problem]


@duty
def checkpoints_owed(actor: Actor, day: date) -> Iterator[Task]:
    """A checkpoint that did not leave: the company's to mend, the auditor's to fetch."""
    if actor.user is None or not (actor.side == "auditor" or actor.roles & {"admin", "lead"}):
        return
    for one in gaps():
        code = one.engagement.code
        if actor.side == "auditor" and one.user == actor.user:
            yield Task(
                "audit",
                f"Take the checkpoint of {code} yourself: the mail failed",
                "/ledger",
                None,
                one.problem,
            )
        elif actor.side == "company":
            title = f"Let the checkpoint of {code} leave this host"
            yield Task("upkeep", title, "/upkeep/notices#checkpoints", None, one.problem)


def letter(user: User, engagement: Engagement, point: Checkpoint) -> Letter:
    """The mail that carries a checkpoint."""
    return Letter(
        f"Tickmark: checkpoint {point.size} of {engagement.code}",
        user.name,
        (
            f"{engagement.code} has changed. Here is the newest signed checkpoint of the ledger, below and as a file.",
            f"It fixes {point.size:,} entries: with it you can prove later whether one of them was changed.",
            "Keep this mail where the company cannot reach it. The verifier that comes with each bundle takes it.",
            f"The verifier key of this log: {verifier_key()}",
            f"What it is good for: {settings.ADDRESS}/ledger",
        ),
        f"You get this because you lead {engagement.code}: after each change, at most once an hour.",
        "It cannot be switched off: a checkpoint that stays on the company's host proves nothing.",
        verbatim=point.note,
    )
