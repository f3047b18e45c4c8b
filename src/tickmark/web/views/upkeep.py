"""Upkeep: the year as a calendar, and the work that this installation does by itself."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from tickmark.audit.models import Engagement
from tickmark.kernel.access import Actor, may, visible
from tickmark.kernel.calendars import add_months
from tickmark.kernel.jobs import Slot
from tickmark.people.queries import sees
from tickmark.scope import queries as scope
from tickmark.scope.models import Period, System
from tickmark.upkeep import queries
from tickmark.upkeep.models import Delivery, Webhook
from tickmark.upkeep.rolling import upcoming
from tickmark.web.forming import must_see
from tickmark.web.lists import Column, Filter, Listing, list_paths
from tickmark.web.pictures import Bar
from tickmark.web.shell import day_of
from tickmark.web.templatetags._lists import Query

COLUMNS = (
    Column("Work", "what", "what", order="what"),
    Column("For", value="slot"),
    Column("Due", "due", "due_at", order="due_at"),
    Column("State", value="state"),
    Column("Tries", "tries", "tries", order="tries", number=True),
    Column("Reason", value="error"),
)
STATES: dict[str, dict[str, Any]] = {
    "waiting": {"finished_at": None, "started_at": None},
    "running": {"finished_at": None, "started_at__isnull": False},
    "done": {"finished_at__isnull": False, "error": ""},
}
SIGNS = {"waiting": "queued", "running": "running", "done": "complete", "given up": "failed"}
KINDS = {
    "control": "Control",
    "policy": "Policy",
    "period": "Period",
    "scope": "Scope",
    "remedy": "Gap",
    "source": "Source",
}


def index(request: HttpRequest) -> HttpResponse:
    """Twelve months of what recurs, and every piece of work with its state."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    day = day_of(request)
    must_see(actor, System)
    company = actor.side == "company"
    listing = Listing(
        request,
        queries.slots() if company else queries.slots().none(),
        COLUMNS,
        filters=[Filter("state", "State", [*STATES, "given up"], _in_state)],
        search=("what", "slot", "error"),
        size=20,
    )
    if listing.wants_csv:
        return listing.csv("work")
    months = queries.calendar(day) if company else []
    system = scope.systems(actor).first()
    context = {
        "coming": upcoming(system) if system else None,
        "months": [_month(request, month) for month in months],
        "lanes": _lanes(months),
        "first": months[0].first if months else day,
        "last": add_months(months[-1].first, 1) - timedelta(days=1) if months else day,
        "day_now": day,
        "kinds": KINDS,
        "list": listing,
        "signs": SIGNS,
        "given_up": queries.given_up(day) if company else [],
        "anything": any(month.events for month in months),
        "company": company,
        "tabs": upkeep_tabs(request),
    }
    return render(request, "upkeep/index.html", context)


LINES = 12
"""Lines that a month shows until somebody asks for all of it."""


def _month(request: HttpRequest, month: queries.Month) -> dict[str, Any]:
    key = f"{month.first:%Y-%m}"
    whole = len(month.events) <= LINES or request.GET.get("month") == key
    return {
        "id": f"m-{key}",
        "first": month.first,
        "events": month.events if whole else month.events[:LINES],
        "more": "" if whole else f"{Query(request.GET).url(month=key)}#m-{key}",
        "number": len(month.events),
    }


def _lanes(months: list[queries.Month]) -> list[tuple[str, str, list[Bar]]]:
    """The year's events by their kind, as the time table draws them; the start of what lasts is part of its bar."""
    events = [event for month in months for event in month.events]
    lasting = {event.since for event in events if event.kind == "period"}
    drawn = [event for event in events if event.since or event.kind != "period" or event.day not in lasting]
    return [
        (word, "", _bars(event for event in drawn if event.kind == kind))
        for kind, word in KINDS.items()
        if any(event.kind == kind for event in drawn)
    ]


NAMED = 3


def _bars(events: Iterable[queries.Event]) -> list[Bar]:
    """What is on the same days in the same state is one bar: it would be drawn over itself."""
    same: dict[tuple[date, date, str], list[str]] = {}
    for event in events:
        same.setdefault((event.since or event.day, event.day, event.state), []).append(event.title)
    return [Bar(first, last, state, _named(titles)) for (first, last, state), titles in same.items()]


def _named(titles: list[str]) -> str:
    rest = len(titles) - NAMED
    return "; ".join(titles[:NAMED]) + (f" and {rest} more" if rest > 0 else "")


def following(request: HttpRequest) -> HttpResponse:
    """The next period: when it begins, what it takes over, what it does not; one button opens it."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    must_see(actor, Period)
    rows, wanted = list(scope.systems(actor)), request.GET.get("system", "")
    system = next((one for one in rows if one.code == wanted), rows[0] if rows else None)
    coming = upcoming(system) if system else None
    made, before = (coming.made, coming.engagement) if coming else (None, None)
    engagements = visible(actor, Engagement).filter(period=made.period) if made else ()
    context = {
        "coming": coming,
        "systems": _tabs(rows, system),
        "breaks": [
            one for one in scope.Scope(system, day_of(request)).findings if "between-periods" in one.code
        ]
        if system
        else [],
        "engagements": engagements,
        "last_day": coming.days.end if coming else None,
        "may_roll": bool(coming and not made and may(actor, "upkeep.roll_forward", period=coming.before)),
        "may_open": bool(made and before and not engagements and may(actor, "audit.open")),
    }
    return render(request, "upkeep/next.html", context)


def _tabs(rows: list[System], here: System | None) -> list[dict[str, Any]]:
    if len(rows) < 2:
        return []
    return [{"label": row.code, "url": f"?system={row.code}", "current": row == here} for row in rows]


def upkeep_tabs(request: HttpRequest) -> list[dict[str, Any]]:
    """The pages of upkeep that the reader has."""
    pages = (
        ("The year", "/upkeep/", System),
        ("Notifications", "/upkeep/notices", Webhook),
        ("Webhooks", "/upkeep/webhooks", Webhook),
        ("Deliveries", "/upkeep/deliveries", Delivery),
    )
    return [
        {"label": label, "url": url, "current": request.path == url}
        for label, url, model in pages
        if sees(request.actor, model)  # type: ignore[attr-defined]
    ]


def _in_state(rows: QuerySet[Slot], state: str) -> QuerySet[Slot]:
    if state == "given up":
        return rows.filter(finished_at__isnull=False).exclude(error="")
    return rows.filter(**STATES[state])


routes = [
    *list_paths("upkeep/", index, "upkeep"),
    path("upkeep/next", following, name="upkeep-next"),
]
