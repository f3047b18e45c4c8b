"""Checks: what each says of each control, and every verdict of one run."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from tickmark.evidence import queries
from tickmark.evidence.models import CheckInput, CheckRun
from tickmark.evidence.rows import page_of
from tickmark.kernel import files
from tickmark.kernel.access import Actor, visible
from tickmark.web.forming import must_see
from tickmark.web.lists import Column, Filter, Listing, list_paths
from tickmark.web.shell import day_of
from tickmark.web.terms import VERDICTS
from tickmark.web.views.evidence.parts import actor_of, found, tabs

VERDICT_COLUMNS = (
    Column("Item", "item"),
    Column("Verdict", "verdict"),
    Column("Why", "sentence"),
    Column("What was seen", "detail"),
    Column("Cause", "cause"),
)
MOST_ROWS = 200_000
"""Verdicts that one page or export reads; a larger run says so and offers its file."""


def index(request: HttpRequest) -> HttpResponse:
    """For each control and check what stands today: four verdicts, each part of the control's time by itself."""
    actor, day = actor_of(request), day_of(request)
    must_see(actor, CheckRun)
    window = queries.window(day)
    standing = {run.pk for run in queries.standing_runs(window.start, window.until(day))}
    runs = list(
        visible(actor, CheckRun)
        .filter(pk__in=standing)
        .select_related("control")
        .order_by("control__code", "start")
    )
    context = {
        "runs": [{"run": run, "says": _says(run), "items": sum(run.counts.values())} for run in runs],
        "window": window,
        "tabs": tabs("checks"),
        "rules": _idle(runs),
    }
    return render(request, "evidence/checks.html", context)


def _says(run: CheckRun) -> str:
    entry = queries.registers().checks.entries.get(run.check_name)
    return entry.thing.says if entry else run.check_name


def _idle(runs: list[CheckRun]) -> list[dict[str, Any]]:
    """Checks that have not spoken, with the lists they wait for."""
    spoken = {run.check_name for run in runs}
    drives = {
        queries.registers().checks[name].drives for name in spoken if name in queries.registers().checks
    }
    found = []
    for entry in queries.registers().checks:
        rule = entry.thing
        if entry.name not in spoken and rule.drives not in drives:
            lists = [(shape, queries.unseen(shape)) for shape in rule.reads if shape not in rule.optional]
            found.append({"rule": rule, "lists": lists})
    return found


def one(request: HttpRequest, reference: str) -> HttpResponse:
    """One run: what failed and what nobody could decide with its cause, every verdict, and which lists it read."""
    actor = actor_of(request)
    run = found(request, CheckRun, reference, "control", "by")
    rows = _verdicts(run)
    causes = sorted({str(row["cause"]) for row in rows})
    filters = [Filter("verdict", "Verdict", list(VERDICTS.items())), Filter("cause", "Cause", causes)]
    order = {"fail": 0, "undetermined": 1, "pass": 2, "not_applicable": 3}
    rows.sort(key=lambda row: (order[str(row["verdict"])], str(row["item"])))
    listing = Listing(request, rows, VERDICT_COLUMNS, filters=filters)
    if listing.wants_csv:
        return listing.csv(f"{run.ref}-verdicts")
    entry = queries.registers().checks.entries.get(run.check_name)
    inputs = visible(actor, CheckInput).filter(run=run).select_related("population__collection__connection")
    context = {
        "run": run,
        "says": _says(run),
        "items": sum(run.counts.values()),
        "list": listing,
        "inputs": inputs.order_by("pk"),
        "sql": entry.thing.sql if entry and entry.digest == run.check_digest else "",
        "changed": bool(entry and entry.digest != run.check_digest),
        "newer": _newer(actor, run),
        "more": sum(run.counts.values()) > MOST_ROWS,
    }
    return render(request, "evidence/check.html", context)


def _verdicts(run: CheckRun) -> list[dict[str, Any]]:
    with files.local(run.verdicts_file) as place:
        page = page_of(place, limit=MOST_ROWS)
    return [dict(zip(page.columns, row, strict=True)) for row in page.rows]


def _newer(actor: Actor, run: CheckRun) -> CheckRun | None:
    rows = visible(actor, CheckRun).filter(
        control=run.control, check_name=run.check_name, start=run.start, pk__gt=run.pk
    )
    return rows.order_by("-pk").first()


routes = [
    path("evidence/checks/", index, name="checks"),
    *list_paths("evidence/checks/<str:reference>/", one, "check"),
]
