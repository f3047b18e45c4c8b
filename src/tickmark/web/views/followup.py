"""Follow-up: deviations told as fact, responses and disputes, what was sent back, how long answers take."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from tickmark.audit import queries
from tickmark.audit.models import Deviation, Engagement, RequestKind, Response, ReviewNote, Stance
from tickmark.evidence.models import Evidence
from tickmark.kernel.access import may, visible
from tickmark.kernel.answers import due
from tickmark.web import shell
from tickmark.web.lists import Column, Filter, Listing, list_paths
from tickmark.web.views.audit.finding import actor_of, found

COLUMNS = (
    Column("Deviation", "ref", "ref"),
    Column("Control", "control", "procedure.control_version.control.code"),
    Column("Fact", "fact", "fact"),
    Column("Told", "told", "publishing.recorded_at"),
    Column("Stands", "state", lambda row: standing(row)),
)
SHOWN = 50
"""Requests that wait are told one by one up to here; the list of requests has them all."""
WORDS = {
    "open": "Waits for a response",
    "confirm": "Confirmed",
    "dispute": "Disputed",
    "draft": "Not told yet",
}
FILTERS = (Filter("state", "Stands", list(WORDS.items()), lambda row, value: standing(row) == value),)


def standing(row: Deviation) -> str:
    """draft until it is told; then open, confirm or dispute by the newest response."""
    if not hasattr(row, "publishing"):
        return "draft"
    responses = sorted(row.responses.all(), key=lambda one: one.pk)
    return responses[-1].stance if responses else "open"


def index(request: HttpRequest) -> HttpResponse:
    """What both sides owe each other after the tests."""
    actor, day = actor_of(request), shell.day_of(request)
    rows = visible(actor, Deviation).select_related(
        "procedure__control_version__control", "procedure__engagement", "publishing", "item", "by"
    )
    listing = Listing(
        request,
        list(rows.prefetch_related("responses").order_by("pk")),
        COLUMNS,
        filters=FILTERS,
        sort="control",
    )
    if listing.wants_csv:
        return listing.csv("deviations")
    for row in listing.page:
        row.said = standing(row)
    asked = queries.lines_for(actor, day)
    engagements = visible(actor, Engagement).order_by("-pk")
    context = {
        "auditor": actor.side == "auditor",
        "list": listing,
        "words": WORDS,
        "standing": {row.pk: standing(row) for row in listing.page},
        "returned": _first([row for row in asked if row.state.name in {"returned", "reopened"}]),
        "submitted": _first([row for row in asked if row.state.name == "submitted"]),
        "tasks": [task for task in due(actor, day) if task.step == "followup"],
        "notes": visible(actor, ReviewNote)
        .filter(cleared=None)
        .select_related("by", "procedure__engagement", "procedure__control_version__control"),
        "turnarounds": [
            {
                "engagement": one,
                "rows": [(RequestKind(row.kind).label, row) for row in queries.turnaround(one)],
            }
            for one in engagements[:3]
        ],
        "any": engagements.exists(),
    }
    return render(request, "followup/index.html", context)


def _first(rows: list[queries.RequestLine]) -> dict[str, Any]:
    """The first rows of a list that may be long, and how many there are beside them."""
    return {"rows": rows[:SHOWN], "more": max(0, len(rows) - SHOWN)}


def detail(request: HttpRequest, ref: str) -> HttpResponse:
    """One deviation with its responses; the company answers here."""
    actor = actor_of(request)
    rows = visible(actor, Deviation).select_related(
        "procedure__control_version__control", "procedure__engagement__period", "publishing__by", "item", "by"
    )
    row = found(rows, ref)
    responses = visible(actor, Response).filter(deviation=row).select_related("by", "evidence").order_by("pk")
    answers = may(actor, "audit.respond", deviation=row)
    files: Any = visible(actor, Evidence).filter(supports__control=row.procedure.control_version.control_id)
    context = {
        "row": row,
        "state": standing(row),
        "word": WORDS[standing(row)],
        "responses": responses,
        "may_respond": answers,
        "may_publish": not hasattr(row, "publishing")
        and may(actor, "audit.publish_deviation", deviation=row),
        "stances": Stance.choices,
        "files": [(one.ref, f"{one.ref} {one.name}") for one in files.distinct().order_by("-pk")[:100]]
        if answers
        else [],
        "auditor": actor.side == "auditor",
    }
    return render(request, "followup/deviation.html", context)


routes = [
    *list_paths("follow-up/", index, "follow-up"),
    path("follow-up/<str:ref>", detail, name="deviation"),
]
