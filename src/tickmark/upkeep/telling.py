"""Answers about telling: who wants what, where it goes, what was told last."""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import OuterRef, QuerySet, Subquery
from django.template.loader import render_to_string

from tickmark.audit import queries as audit
from tickmark.audit.models import Engagement, Request
from tickmark.kernel import secrets
from tickmark.kernel.access import Actor, visible
from tickmark.kernel.answers import due
from tickmark.people.models import User
from tickmark.people.queries import actor_for, digest_of, sees, with_role
from tickmark.scope.models import System
from tickmark.upkeep import queries
from tickmark.upkeep.digest import Digest, digest
from tickmark.upkeep.feed import Item
from tickmark.upkeep.letters import Letter, day, of_tasks
from tickmark.upkeep.models import (
    CalendarFeed,
    Delivery,
    DigestChoice,
    NoticeKind,
    Rhythm,
    WebhookVersion,
)

SETTINGS_PAGE = "/account/notifications"
URGENT_DAYS = 2
"""A request due within so many days is told at once, not with the next digest."""


def silent() -> bool:
    """Whether nothing is told by itself: a demo home's people are invented."""
    return bool(settings.DEMO)


def mail_leaves() -> bool:
    """Whether mail leaves this host at all. Without a server it is written to the terminal and reaches nobody."""
    return bool(settings.MAIL_SERVER)


def html(letter: Letter) -> str:
    """The letter's HTML twin."""
    return render_to_string("mail/letter.html", {"letter": letter})


# -- the digest ---------------------------------------------------------------------------------------------------


def rhythms(users: Collection[int]) -> dict[int, Rhythm]:
    """How often each of these accounts gets a digest; who never chose gets it each working day."""
    newest = DigestChoice.objects.filter(user=OuterRef("user")).order_by("-pk").values("pk")[:1]
    rows = DigestChoice.objects.filter(user__in=users, pk=Subquery(newest)).values_list("user", "every")
    chosen = {user: Rhythm(every) for user, every in rows}
    return {user: chosen.get(user, Rhythm.DAY) for user in users}


def rhythm(user: User) -> Rhythm:
    """How often one account gets it."""
    return rhythms([user.pk])[user.pk]


def last_digest(user: User) -> Delivery | None:
    """The newest digest that was taken."""
    rows = Delivery.objects.filter(user=user, kind=NoticeKind.DIGEST, error="")
    found: Delivery | None = rows.order_by("-pk").first()
    return found


def digest_for(user: User, on: date) -> tuple[Digest, list[Any]]:
    """What is worth telling somebody on the day, and everything that they owe."""
    last = last_digest(user)
    owed = due(actor_for(user), on)
    told, since = (last.told, last.recorded_at.date()) if last else ([], None)
    return digest(owed, told, since, on), owed


def digest_letter(user: User, found: Digest, every: Rhythm, owed: int) -> Letter:
    """The mail of a digest; `owed` counts what was told before, too."""
    how = {Rhythm.WEEK: "once a week"}.get(every, "each working day")
    return Letter(
        f"Tickmark: {found.subject}",
        user.name,
        (f"This is overdue, due soon or new. In all you owe {owed}: {settings.ADDRESS}/tasks",),
        f"You get this {how}, and only if something is new, due soon or overdue.",
        f"Change it: {settings.ADDRESS}{SETTINGS_PAGE}",
        of_tasks(found, settings.ADDRESS),
    )


# -- what cannot wait ---------------------------------------------------------------------------------------------


def urgent(request: Request, on: date) -> bool:
    """Whether a request waits for the company and is due too soon for the next digest."""
    return (request.due_on - on).days <= URGENT_DAYS and audit.state(request).waits_for == "company"


def asked(request: Request, on: date) -> list[User]:
    """Who owes a request on the day: the owners of its controls, else whoever leads (as in the list of tasks)."""
    [row] = audit.request_rows(Request.objects.filter(pk=request.pk), on)
    owners = User.objects.filter(pk__in=row.owner_ids, is_active=True).order_by("pk")
    return list(owners) or list(with_role("sponsor", "lead", "adviser"))


def request_letter(user: User, request: Request, reason: str) -> Letter:
    """The mail of a request that cannot wait."""
    engagement = request.engagement
    address = f"{settings.ADDRESS}/audit/{engagement.code}/requests/{request.code}"
    said = (f"The auditor says: {reason}",) if reason else ()
    return Letter(
        f"Tickmark: {request.code} is due {day(request.due_on)}",
        user.name,
        (f"{engagement.firm} asks for {request.code}: {request.title}", *said, f"Answer it: {address}"),
        f"You get this at once because it is yours and due within {URGENT_DAYS} days.",
        f"Everything else comes with the digest: {settings.ADDRESS}{SETTINGS_PAGE}",
    )


# -- webhooks -----------------------------------------------------------------------------------------------------


def webhooks_on(on: date) -> QuerySet[WebhookVersion]:
    """Webhooks in force on the day."""
    rows: QuerySet[WebhookVersion] = WebhookVersion.objects.as_of(on)
    return rows.select_related("webhook").order_by("webhook__code")


def secret_of(version: WebhookVersion) -> str:
    """What signs the notices of a webhook: it follows from the home's secrets and stands in no book."""
    derived = secrets.derived("webhooks", Path(settings.HOME), version.key)
    return f"whsec_{base64.b64encode(derived).decode()}"


# -- calendars ----------------------------------------------------------------------------------------------------


def live_feed(user: User) -> CalendarFeed | None:
    """The calendar address of an account that answers now."""
    found: CalendarFeed | None = CalendarFeed.objects.filter(user=user, end=None).order_by("-pk").first()
    return found


def feed_user(secret: str) -> User | None:
    """The account behind a calendar address, while both live."""
    rows = CalendarFeed.objects.filter(token_digest=digest_of(secret), end=None, user__is_active=True)
    found = rows.select_related("user").first()
    return found.user if found else None


def feed_items(actor: Actor, on: date) -> Iterator[Item]:
    """What stands in somebody's calendar: their tasks, the year for those who see it, an auditor's open requests."""
    for task in due(actor, on):
        if task.due_on is not None:
            yield Item(task.due_on, "Task", task.title, f"{settings.ADDRESS}{task.url}", task.why)
    if actor.side == "company":
        yield from _year(actor, on)
    else:
        yield from _examinations(actor)


def _year(actor: Actor, on: date) -> Iterator[Item]:
    if not sees(actor, System):
        return
    for month in queries.calendar(on):
        for event in month.events:
            title = f"{event.title} ({event.state.replace('_', ' ')})" if event.state else event.title
            yield Item(event.day, event.kind.capitalize(), title, f"{settings.ADDRESS}{event.url}")


def _examinations(actor: Actor) -> Iterator[Item]:
    """Open requests by the day on which the company owes them, and the ends of the periods."""
    rows = audit.still_open(visible(actor, Request)).select_related("engagement").order_by("pk")
    for row in rows:
        address = f"{settings.ADDRESS}/audit/{row.engagement.code}/requests/{row.code}"
        yield Item(row.due_on, "Request", f"{row.code}: {row.title}", address)
    for one in visible(actor, Engagement).select_related("period").order_by("pk"):
        address = f"{settings.ADDRESS}/audit/{one.code}/"
        yield Item(one.period.end, "Period", f"Period of {one.code} ends", address)


def recorded(delivery: Delivery | None) -> datetime | None:
    """When a delivery was recorded, if there is one."""
    return delivery.recorded_at if delivery else None
