"""The list of tests, what nobody tests yet, and the page on which a test is prepared."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tickmark.audit import queries
from tickmark.audit.methods import RISKS, Method
from tickmark.audit.methods import method as firm_method
from tickmark.audit.models import Engagement, Procedure, ProcedureKind
from tickmark.controls.models import ControlVersion
from tickmark.evidence.queries import registers
from tickmark.kernel.access import may, visible
from tickmark.kernel.errors import Refused
from tickmark.web.lists import Column, Filter, Listing
from tickmark.web.views.audit.finding import actor_of, context, engagement_of, found
from tickmark.web.views.audit.home import STAGES, WORDS

COLUMNS = (
    Column("Control", "control", "procedure.control_version.control.code"),
    Column("Test", "test", "procedure.ref"),
    Column("Kind", "kind", lambda row: row.procedure.get_kind_display()),
    Column("Items", "items", "drawn", number=True),
    Column("Open cells", "open", "open_cells", number=True),
    Column("Deviations", "deviations", "deviations", number=True),
    Column("State", "state", lambda row: WORDS[row.state]),
)
TYPE_1_COLUMNS = tuple(one for one in COLUMNS if one.key not in ("items", "open", "deviations"))
"""A Type 1 draws nothing and prints no results."""
COMPANY_COLUMNS = (
    Column("Control", "control", "control_version.control.code", order="control_version__control__code"),
    Column("Test", "test", "ref", order="pk"),
    Column("Kind", "kind", "get_kind_display", order="kind"),
)
ONLY = {"deviations": "with deviations", "open_cells": "with open cells", "open_notes": "with open notes"}
FILTERS = (
    Filter("state", "State", [(name, WORDS[name]) for name in STAGES], "state"),
    Filter("only", "Only", list(ONLY.items()), lambda row, value: bool(getattr(row, value))),
)


def index(request: HttpRequest, code: str) -> HttpResponse:
    """The tests of an engagement: how far each is, and which parts of the period have none."""
    row, actor = engagement_of(request, code), actor_of(request)
    rows = visible(actor, Procedure).filter(engagement=row)
    if actor.side == "company":
        seen = rows.select_related("control_version__control").order_by(
            "control_version__control__code", "pk"
        )
        listing = Listing(request, seen, COMPANY_COLUMNS, search=("control_version__control__code", "text"))
        more: dict[str, Any] = {"list": listing}
    else:
        columns = COLUMNS if row.of_type_2 else TYPE_1_COLUMNS
        filters = FILTERS if row.of_type_2 else FILTERS[:1]
        listing = Listing(request, queries.progress(rows), columns, filters=filters, sort="control")
        more = {
            "list": listing,
            "untested": _untested(row, rows),
            "untested_note": "each part of a control's time needs its own" if row.of_type_2 else "",
            "words": WORDS,
            "may_prepare": may(actor, "audit.prepare", engagement=row),
        }
    if listing.wants_csv:
        return listing.csv(f"tests-{row.code}")
    return render(request, "audit/tests.html", context(request, row, "tests", **more))


def _untested(row: Engagement, rows: Any) -> list[dict[str, Any]]:
    """Parts of a control's time in the period without a test: each part is tested by its own (rule 23)."""
    tested = set(rows.values_list("control_version", flat=True))
    whole = (row.period.start, row.period.end)
    return [
        {"span": span, "whole": (span.start, span.end) == whole}
        for span in sorted(
            queries.untested(row, tested), key=lambda one: (one.version.control.code, one.start)
        )
    ]


def new(request: HttpRequest, code: str) -> HttpResponse:
    """Prepare a test: the method proposes what is looked at, the auditor decides and writes."""
    row, actor = engagement_of(request, code), actor_of(request)
    if not may(actor, "audit.prepare", engagement=row):
        raise Refused("You may not prepare tests here.", "It is for those who test on this engagement.", "")
    parts = queries.parts(row.period)
    chosen = request.GET.get("control_version", "")
    version = (
        found(visible(actor, ControlVersion).select_related("control", "owner"), chosen) if chosen else None
    )
    rule = firm_method(row.method)
    more: dict[str, Any] = {
        "parts": [
            (
                span.version.ref,
                f"{span.version.control.code} {span.version.title}, {span.start} to {span.end}",
            )
            for span in sorted(parts, key=lambda one: (one.version.control.code, one.start))
        ],
        "written": version,
        "part": queries.part_of(version, row.period) if version else None,
        "kinds": ProcedureKind.choices,
        "risks": RISKS,
        "shapes": [(one.name, f"{one.name}: {one.thing.says}") for one in registers().shapes],
        "checks": [(one.name, f"{one.name}: {one.thing.says}") for one in registers().checks],
        "rule": rule,
        **(_proposal(rule, version.control.code, request.GET.get("population", "")) if version else {}),
    }
    return render(request, "audit/test_new.html", context(request, row, "tests", **more))


def _proposal(rule: Method, control: str, wish: str) -> dict[str, Any]:
    """Lines for the attributes that the method names for the control; what one check computes is one attribute."""
    populations = [one for one in rule.populations.values() if one.attributes_of(control)]
    chosen = next((one for one in populations if one.id == wish), populations[0] if populations else None)
    check = next((one.thing for one in registers().checks if control in one.thing.supports), None)
    own = chosen.attributes_of(control) if chosen else ()
    facts = [one for one in chosen.attributes if not one.controls] if chosen else []
    computed = [one for one in own if one.computed and check]
    lines = (
        [f"{computed[0].letter}: {'; '.join(one.text for one in computed)} [{check.name}]"]
        if computed and check
        else []
    )
    lines += [f"{one.letter}: {one.text}" for one in own if one not in computed]
    lines += [f"{one.letter}: {one.text} (fact only)" for one in facts]
    return {
        "populations": populations,
        "population": chosen,
        "lines": [*sorted(lines), "", ""],
        "criteria_of": own,
        "check": check,
        "shape": check.drives if check else "",
    }
