"""The first page of the audit: what waits for whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tickmark.audit import queries
from tickmark.audit.models import Engagement, PopulationLock, Procedure
from tickmark.kernel.access import may, visible
from tickmark.kernel.answers import due
from tickmark.people.queries import last_visit
from tickmark.scope.models import Period
from tickmark.web import shell
from tickmark.web.views.audit.events import events, news
from tickmark.web.views.audit.finding import actor_of

STAGES = (
    "planned",
    "locked",
    "drawn",
    "marked",
    "concluded",
    "signed_prepared",
    "signed_reviewed",
    "signed_partner",
)
WORDS = {
    "planned": "Planned",
    "locked": "Locked",
    "drawn": "Drawn",
    "marked": "Marked",
    "concluded": "Concluded",
    "signed_prepared": "Prepared",
    "signed_reviewed": "Reviewed",
    "signed_partner": "Partner signed",
}


def home(request: HttpRequest) -> HttpResponse:
    """Engagements with what waits; for the company also who owes what."""
    actor, day = actor_of(request), shell.day_of(request)
    rows = list(visible(actor, Engagement).select_related("period", "system", "followed_by").order_by("-pk"))
    asked = queries.lines_for(actor, day)
    tests = queries.progress(visible(actor, Procedure)) if actor.side == "auditor" else []
    tasks = [task for task in due(actor, day) if task.step in {"audit", "followup"}]
    periods = _periods(actor)
    visit = last_visit(actor.user) if actor.user else None
    size = visit.log_size if visit else None
    context = {
        "auditor": actor.side == "auditor",
        "engagements": [_card(row, asked, tests) for row in rows],
        "tasks": tasks[:12],
        "more": max(0, len(tasks) - 12),
        "owes": _owes(asked),
        "locks": visible(actor, PopulationLock).select_related(
            "procedure__control_version__control", "procedure__engagement", "population"
        )[:8],
        "events": events(actor, rows, log_size=size),
        "visit": visit,
        "news": [] if size is None else news(actor, rows, size),
        "may_open": may(actor, "audit.open"),
        "periods": [
            (row.ref, f"{row.system.code}: Type {row.type}, {row.start} to {row.end}") for row in periods
        ],
        "draft": _draft(periods, rows, request.GET.get("follows", "")),
        "followable": [
            (row.ref, f"{row.code} by {row.firm}") for row in rows if not hasattr(row, "followed_by")
        ],
        "systems": sorted({(row.system.code, row.system.code) for row in periods}),
        "day_now": day,
    }
    return render(request, "audit/home.html", context)


def _draft(periods: list[Period], rows: list[Engagement], asked: str) -> dict[str, Any]:
    """What a next engagement would take over from the one before: a draft that a person adopts or changes."""
    open_ended = [row for row in rows if not hasattr(row, "followed_by")]
    before = next((row for row in open_ended if row.code == asked), open_ended[0] if open_ended else None)
    taken = {row.period_id for row in rows}
    free = [one for one in periods if one.pk not in taken]
    period = min((one for one in free if before and one.start >= before.period.end), key=_start, default=None)
    return {
        "before": before,
        "firm": before.firm if before else "",
        "follows": before.ref if before and period else "",
        "period": period.ref if period else "",
        "code": f"soc2-{period.end.year}" if period else "",
    }


def _start(period: Period) -> Any:
    return period.start


def _periods(actor: Any) -> list[Period]:
    rows = visible(actor, Period).filter(replaced_by=None).select_related("system")
    return list(rows.order_by("-start"))


def _card(
    row: Engagement, asked: Sequence[queries.RequestLine], tests: list[queries.Progress]
) -> dict[str, Any]:
    mine = [one for one in asked if one.engagement == row.pk]
    states = Counter(one.state.name for one in mine)
    waits = Counter(one.state.waits_for for one in mine)
    stages = Counter(one.state for one in tests if one.procedure.engagement_id == row.pk)
    return {
        "row": row,
        "states": [
            (name, states[name])
            for name in ("open", "returned", "reopened", "submitted", "accepted")
            if states[name]
        ],
        "asked": len(mine),
        "overdue": sum(one.overdue for one in mine),
        "waits_company": waits["company"],
        "waits_auditor": waits["auditor"],
        "stages": [(WORDS[name], stages[name]) for name in STAGES if stages[name]],
        "tests": sum(stages.values()),
    }


def _owes(asked: Sequence[queries.RequestLine]) -> list[tuple[str, int]]:
    """How many open requests each owner has; those without a control are nobody's yet."""
    found: Counter[str] = Counter()
    for row in asked:
        if row.state.waits_for == "company":
            found.update(row.owner_names or ["No owner: whoever leads"])
    return found.most_common(10)
