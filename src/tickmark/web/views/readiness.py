"""Readiness: the summary with its date, the map, the gaps, what people decided, and the document to hand over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from tickmark.evidence import queries as evidence
from tickmark.kernel.access import Actor, may, visible
from tickmark.kernel.errors import NotFound
from tickmark.people.queries import colleagues
from tickmark.readiness import assessment as document
from tickmark.readiness import queries
from tickmark.readiness.gaps import ASKS, Gap, Level, State
from tickmark.readiness.models import GapAcceptance, Recheck, Remedy
from tickmark.scope.models import Exclusion
from tickmark.web.forming import must_see, people_choices
from tickmark.web.lists import Column, Filter, Listing, list_paths
from tickmark.web.shell import day_of
from tickmark.web.templatetags._lists import Query

COLUMNS = (
    Column("Gap", "title"),
    Column("Severity", "severity", lambda gap: gap.severity),
    Column("Level", "level", lambda gap: gap.level.value),
    Column("Control", "control"),
    Column("Owner", "owner", lambda gap: gap.decisions.owner or gap.owner),
    Column("Due", "due", lambda gap: gap.decisions.due),
    Column("State", "state", "where"),
)
SEVERITIES = ("critical", "high", "medium", "low")
STATES = [(state.value, word) for state, word in (
    (State.OPEN, "open"), (State.PLANNED, "planned"), (State.LATE, "past its day"), (State.DONE, "done, not looked at"),
    (State.FAILED, "looked at, not closed"), (State.HOLDS, "closed"), (State.ACCEPTED, "accepted in writing"),
)]  # fmt: skip
WORDS = dict(STATES)
MAPPED = 20
"""Controls in one part of the map; what each day shows takes some 20 kB a control."""
SIGNS = {
    "open": "open",
    "planned": "in_progress",
    "late": "overdue",
    "done": "submitted",
    "failed": "returned",
    "holds": "closed",
    "accepted": "accepted",
}


class Shown:
    """A gap as a row of the list: its attributes, and where it stands on the page's day."""

    def __init__(self, gap: Gap, day: Any) -> None:
        self._gap, self.where = gap, gap.state(day).value
        self.sign, self.words = SIGNS[self.where], WORDS[self.where]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._gap, name)


def index(request: HttpRequest) -> HttpResponse:
    """Ready or not, the expected day with its arithmetic, the map of control and day, and every gap."""
    actor, day = _actor(request), day_of(request)
    if actor.side != "company":
        return _for_auditors(request, actor)
    must_see(actor, Remedy)
    summary = queries.summary(day)
    rows = [Shown(gap, day) for gap in summary.gaps]
    listing = Listing(
        request,
        rows,
        COLUMNS,
        filters=[
            Filter("severity", "Severity", SEVERITIES, lambda row, value: row.word == value),
            Filter("level", "Level", [level.value for level in Level], lambda row, value: row.level == value),
            Filter("state", "State", STATES, lambda row, value: row.where == value),
            Filter("verdict", "Kind", (("fail", "seen"), ("undetermined", "cannot be decided")), "verdict"),
        ],
    )
    if listing.wants_csv:
        return listing.csv("gaps")
    first, last, lines = queries.heat_map(day)
    shown = Paginator(lines, MAPPED).get_page(request.GET.get("map"))
    context = {
        "summary": summary,
        "list": listing,
        "first": first,
        "last": last,
        "lines": [_line(line) for line in shown],
        "map": shown,
        "map_pages": list(_beside(request, shown)),
        "levels": [(level.value, ASKS[level], counts) for level, counts in queries.levels(summary.gaps, day)],
        "window": evidence.window(day),
    }
    return render(request, "readiness/index.html", context)


def _beside(request: HttpRequest, part: Page[Any]) -> Iterator[tuple[str, str, str]]:
    """Word, relation and address of the parts before and after this one; all else on the page stays as it is."""
    query = Query(request.GET)
    if part.has_previous():
        yield "Controls before", "prev", f"{query.url(map=part.previous_page_number())}#map"
    if part.has_next():
        yield "Further controls", "next", f"{query.url(map=part.next_page_number())}#map"


def _line(line: Any) -> dict[str, Any]:
    return {"label": line.code, "name": line.title, "url": f"/controls/{line.code}/", "states": line.drawn}


def _for_auditors(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The company's own review is not the auditor's; what it accepted or left out, the auditor sees unfiltered."""
    must_see(actor, GapAcceptance)
    context = {
        "accepted": visible(actor, GapAcceptance).select_related("by").order_by("-pk"),
        "exclusions": visible(actor, Exclusion).select_related("by").order_by("-pk"),
    }
    return render(request, "readiness/auditor.html", context)


def gap(request: HttpRequest, key: str) -> HttpResponse:
    """One gap: the fact, its severity with the score, the recommendation, and what people decided about it."""
    actor, day = _actor(request), day_of(request)
    must_see(actor, Remedy)
    found = queries.gap_of(key, day)
    remedies = list(
        visible(actor, Remedy).filter(gap=key).select_related("owner", "by", "done__by").order_by("-pk")
    )
    accepted = list(visible(actor, GapAcceptance).filter(gap=key).select_related("by").order_by("-pk"))
    if found is None and not remedies and not accepted:
        raise NotFound(
            f"There is no gap {key[:60]}.", "It may have been closed.", "Open the list of gaps again."
        )
    rechecks = visible(actor, Recheck).filter(remedy__gap=key).select_related("by", "remedy").order_by("-pk")
    newest = remedies[0] if remedies else None
    done = newest is not None and getattr(newest, "done", None) is not None
    context = {
        "key": key,
        "title": found.title if found else (newest.fact if newest else accepted[0].fact),
        "gap": Shown(found, day) if found else None,
        "asks": ASKS[found.level] if found else "",
        "remedies": remedies,
        "rechecks": rechecks,
        "accepted": accepted,
        "newest": newest,
        "people": people_choices(colleagues()),
        "severities": SEVERITIES,
        "found": (("true", "It holds"), ("false", "It does not hold")),
        "may_plan": found is not None and may(actor, "readiness.plan_remedy"),
        "may_accept": found is not None and may(actor, "readiness.accept_gap"),
        "may_finish": newest is not None
        and not done
        and may(actor, "readiness.finish_remedy", remedy=newest),
        "may_recheck": newest is not None and done and may(actor, "readiness.recheck", remedy=newest),
    }
    return render(request, "readiness/gap.html", context)


def assessment(request: HttpRequest) -> HttpResponse:
    """The gap assessment as one document to print and hand over (domain.md 7.4)."""
    must_see(_actor(request), Remedy)
    day = day_of(request)
    context = {"document": document.assessment(day), "levels": [level.value for level in Level]}
    return render(request, "readiness/assessment.html", context)


def _actor(request: HttpRequest) -> Actor:
    found: Actor = request.actor  # type: ignore[attr-defined]
    return found


routes = [
    *list_paths("readiness/", index, "readiness"),
    path("readiness/assessment", assessment, name="assessment"),
    path("readiness/gaps/<str:key>/", gap, name="gap"),
]
