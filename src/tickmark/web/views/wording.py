"""How the controls are worded: every remark in one list, by rule, with why it matters and what to do."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tickmark.controls import lint, queries
from tickmark.controls.models import Control, ControlVersion
from tickmark.controls.wording import Looked, look, worded
from tickmark.kernel import clock
from tickmark.kernel.access import visible
from tickmark.people.queries import sees
from tickmark.readiness.models import Remedy
from tickmark.readiness.queries import contradicted
from tickmark.web.control_pages import AREAS, here, tabs
from tickmark.web.forming import can, must_see
from tickmark.web.lists import Column, Filter, Listing, list_paths
from tickmark.web.shell import day_of, known_of

COLUMNS = (
    Column("Control", "code", "version.control.code"),
    Column("Title", value="version.title"),
    Column("What", "what", "remark.what"),
    Column("Rule", "rule", "remark.rule.title"),
    Column("Owner", "owner", "version.owner.name"),
    Column("Why", value="remark.rule.why"),
    Column("Remedy", value="remark.rule.remedy"),
)
SHOWN = ("Control", "What", "Rule", "Owner")


@dataclass(frozen=True)
class Line:
    """One remark about one control, as a row of the list."""

    version: ControlVersion
    remark: lint.Remark


def wording(request: HttpRequest) -> HttpResponse:
    """Every remark; notes are shown where somebody asks for them."""
    actor: Any = request.actor  # type: ignore[attr-defined]
    must_see(actor, Control)
    seen = set(visible(actor, Control).values_list("pk", flat=True))
    records = recorded_against(request)
    found = [
        one.held_against(records.get(one.version.control.code, ()))
        for one in worded(day_of(request), known_of(request))
        if one.version.control_id in seen
    ]
    lines = [Line(one.version, remark) for one in found for remark in one.remarks]
    asked = request.GET.get("rule") or request.GET.get("kind")
    rows = [line for line in lines if asked or not line.remark.rule.note]
    listing = Listing(request, rows, COLUMNS, filters=_filters(lines))
    if listing.wants_csv:
        return listing.csv("wording")
    context = {
        "list": listing,
        "shown": [column for column in listing.columns if column["label"] in SHOWN],
        "rules": [(rule, number, here(request, rule=rule.id)) for rule, number in _counted(lines)],
        "notes_url": here(request, kind="note"),
        "controls": len(found),
        "faulty": sum(one.badly_worded for one in found),
        "contradicted": sum(one.contradicted for one in found),
        "notes": len(lines) - sum(not line.remark.rule.note for line in lines),
        "asked": asked,
        "may_change": can(request, "controls.write"),
        "tabs": tabs(request),
    }
    return render(request, "controls/wording.html", context)


def recorded_against(request: HttpRequest) -> Mapping[str, tuple[str, ...]]:
    """What the company's records say against its controls, by code, for those who see its gaps; of today's log only."""
    if known_of(request) is not None or not sees(request.actor, Remedy):  # type: ignore[attr-defined]
        return {}
    return contradicted(day_of(request))


def _filters(lines: list[Line]) -> list[Filter]:
    held = {line.remark.rule.id for line in lines}
    areas = sorted({queries.area(line.version.control.code) for line in lines})
    owners = sorted(
        {(str(line.version.owner_id), line.version.owner.name) for line in lines}, key=lambda one: one[1]
    )
    return [
        Filter(
            "rule", "Rule", [(one.id, one.title) for one in lint.rules() if one.id in held], "remark.rule.id"
        ),
        Filter("kind", "Kind", [("fault", "faults"), ("note", "notes")], _is_kind),
        Filter("area", "Area", [(one, AREAS.get(one, one)) for one in areas], _in_area),
        Filter("owner", "Owner", owners, "version.owner_id"),
    ]


def _is_kind(line: Line, kind: str) -> bool:
    return line.remark.rule.note is (kind == "note")


def _in_area(line: Line, area: str) -> bool:
    return queries.area(line.version.control.code) == area


def _counted(lines: list[Line]) -> list[tuple[lint.Rule, int]]:
    counts = Counter(line.remark.rule.id for line in lines)
    return [(rule, counts[rule.id]) for rule in lint.rules() if counts[rule.id]]


def typed_wording(request: HttpRequest) -> Looked:
    """What a tester would stumble over in the fields of a form that writes a control."""
    given = request.POST
    numbers = {name: value for name, value in json.loads(given["parameters"]).items() if type(value) is int}
    return look(
        given.get("code", "").strip(),
        given.get("statement", ""),
        given.get("frequency", ""),
        given.get("nature", ""),
        given.get("policy", "").strip(),
        numbers,
        given.get("evidence_wanted", ""),
        given.get("performed_by", ""),
        clock.today(),
    )


routes = list_paths("controls/wording", wording, "control-wording")
