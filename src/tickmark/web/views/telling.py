"""Notifications: what one is told and how, where mail and webhooks go, what became of each attempt, the calendar."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.cache import never_cache

from tickmark.audit.models import TeamMember
from tickmark.kernel import clock
from tickmark.kernel.access import Actor, visible
from tickmark.kernel.action import ACTIONS
from tickmark.kernel.errors import NotFound
from tickmark.people.queries import actor_for
from tickmark.upkeep import checkpoints, events, feed, telling
from tickmark.upkeep.letters import of_tasks
from tickmark.upkeep.models import Delivery, NoticeKind, Rhythm, Way, Webhook, WebhookVersion
from tickmark.web.forming import can, must_see
from tickmark.web.lists import Column, Filter, Listing, list_paths
from tickmark.web.shell import day_of
from tickmark.web.views.people import people_tabs
from tickmark.web.views.upkeep import upkeep_tabs

FEW = 5


def _way(request: HttpRequest) -> dict[str, Any]:
    """Whether mail leaves this host, for every page that speaks of it."""
    return {
        "demo_home": settings.DEMO,
        "server": settings.MAIL_SERVER,
        "sender": settings.DEFAULT_FROM_EMAIL,
        "tls": settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL,
    }


@never_cache
def mine(request: HttpRequest) -> HttpResponse:
    """What the visitor is told, how often, and the address of the own calendar."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if actor.user is None:
        return redirect(f"{reverse('account_login')}?next={request.path}")
    found, owed = telling.digest_for(actor.user, day_of(request))
    led = checkpoints.standing(_led(actor)) if actor.side == "auditor" else []
    context = {
        **_way(request),
        "rhythm": telling.rhythm(actor.user).value,
        "rhythms": Rhythm.choices,
        "preview": found,
        "parts": of_tasks(found, ""),
        "owed": len(owed),
        "feed": telling.live_feed(actor.user),
        "led": [one for one in led if one.user == actor.user],
        "sent": _sent(actor)[:FEW],
        "tabs": people_tabs(request),
    }
    return render(request, "telling/mine.html", context)


def _led(actor: Actor) -> QuerySet[TeamMember]:
    return visible(actor, TeamMember).filter(engagement__in=actor.holds("engagement"))


def _sent(actor: Actor) -> QuerySet[Delivery]:
    rows = visible(actor, Delivery).filter(user=actor.user)
    return rows.select_related("webhook", "user", "engagement").order_by("-pk")


def notices(request: HttpRequest) -> HttpResponse:
    """Where mail goes, and whether the checkpoints reach the auditors."""
    must_see(request.actor, Webhook)  # type: ignore[attr-defined]
    context = {
        **_way(request),
        "standing": checkpoints.standing(),
        "may_test": can(request, "upkeep.test_mail"),
        "urgent_days": telling.URGENT_DAYS,
        "tabs": upkeep_tabs(request),
    }
    return render(request, "telling/notices.html", context)


@never_cache
def webhooks(request: HttpRequest) -> HttpResponse:
    """Programs outside that are told of events."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    must_see(actor, Webhook)
    day = day_of(request)
    versions = _webhooks(actor, day)
    context = {
        **_way(request),
        "webhooks": [(version, _newest(actor, version)) for version in versions],
        "groups": _groups(),
        "may": can(request, "upkeep.add_webhook"),
        "tabs": upkeep_tabs(request),
    }
    return render(request, "telling/webhooks.html", context)


def _webhooks(actor: Actor, day: date) -> QuerySet[WebhookVersion]:
    rows: Any = visible(actor, WebhookVersion)
    found: QuerySet[WebhookVersion] = rows.as_of(day).select_related("webhook").order_by("webhook__code")
    return found


def _newest(actor: Actor, version: WebhookVersion) -> Delivery | None:
    found: Delivery | None = visible(actor, Delivery).filter(webhook=version.webhook).order_by("-pk").first()
    return found


def _groups() -> list[dict[str, Any]]:
    """The events by step, each with what its action does."""
    names = events.offered()
    steps = dict.fromkeys(name.split(".")[0] for name in names)
    return [
        {"step": step, "choices": [(n, n, ACTIONS[n].says) for n in names if n.startswith(f"{step}.")]}
        for step in steps
    ]


# -- what became of it --------------------------------------------------------------------------------------------

COLUMNS = (
    Column("Recorded", "recorded", "recorded_at", order="pk"),
    Column("What", "kind", "get_kind_display", order="kind"),
    Column("To", value=lambda row: whom(row)),
    Column("About", value="about"),
    Column("Attempt", "attempt", "attempt", order="attempt", number=True),
    Column("Outcome", value=lambda row: outcome(row)),
    Column("Answer", value=lambda row: " ".join(filter(None, (str(row.answered or ""), row.head)))),
    Column("Reason", value="error"),
)


def whom(row: Delivery) -> str:
    """Who was to be told: an account, a webhook, or whom an invitation invites."""
    if row.webhook is not None:
        return row.webhook.code
    return str(row.user.name if row.user is not None else row.about)


def outcome(row: Delivery) -> str:
    """In one word: failed, terminal only, or taken."""
    if row.error:
        return "failed"
    return "terminal only" if row.way == Way.TERMINAL else "taken"


def _of_outcome(rows: QuerySet[Delivery], value: str) -> QuerySet[Delivery]:
    if value == "failed":
        return rows.exclude(error="")
    taken = rows.filter(error="")
    return taken.filter(way=Way.TERMINAL) if value == "terminal only" else taken.exclude(way=Way.TERMINAL)


def deliveries(request: HttpRequest) -> HttpResponse:
    """Every attempt to tell somebody something, newest first: the visitor's own, or all for those who keep house."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    listing = Listing(
        request,
        visible(actor, Delivery).select_related("webhook", "user").order_by("-pk"),
        COLUMNS,
        filters=[
            Filter("kind", "What", NoticeKind.choices),
            Filter("outcome", "Outcome", ["taken", "terminal only", "failed"], _of_outcome),
        ],
        search=("about", "webhook__code", "user__name", "error", "message"),
        prepare=_shown,
    )
    if listing.wants_csv:
        return listing.csv("deliveries")
    context = {"list": listing, "tabs": upkeep_tabs(request), "demo_home": settings.DEMO}
    return render(request, "telling/deliveries.html", context)


def _shown(rows: list[Delivery]) -> list[Delivery]:
    for row in rows:
        row.to, row.outcome = whom(row), outcome(row)  # type: ignore[attr-defined]
    return rows


# -- the calendar -------------------------------------------------------------------------------------------------


@never_cache
def calendar(request: HttpRequest, secret: str) -> HttpResponse:
    """The calendar of whoever made this address: what they see, as it stands today."""
    user = telling.feed_user(secret)
    if user is None:
        raise NotFound("There is no such calendar.", "Its address ended, or was cut.", "Make a new one.")
    actor = actor_for(user)
    file = feed.ics("Tickmark", telling.feed_items(actor, clock.today()), clock.system_now())
    answer = HttpResponse(file, content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = 'inline; filename="tickmark.ics"'
    return answer


routes = [
    path("account/notifications", mine, name="notifications"),
    path("upkeep/notices", notices, name="notices"),
    path("upkeep/webhooks", webhooks, name="webhooks"),
    *list_paths("upkeep/deliveries", deliveries, "deliveries"),
    path("calendar/<str:secret>.ics", calendar, name="calendar"),
]
