"""The description criteria on a day: what the books hold for Section III, what is missing, and who could say it."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from tickmark.controls import queries as controls
from tickmark.scope.advice import some
from tickmark.scope.description import description
from tickmark.scope.pieces import ELSEWHERE, MISSING, SAID, Piece, count
from tickmark.scope.queries import Scope
from tickmark.web.forming import can
from tickmark.web.views.scope import described, tabs_of

VENDORS = "/scope/vendors/?subservice=1"


def page(request: HttpRequest) -> HttpResponse:
    """DC 1 to DC 9, each with its pieces."""
    scope = described(request)
    asked = description(scope, {"DC 5": list(_controls(scope)), "DC 7": list(_monitoring(scope))})
    context = {
        "scope": scope,
        "asked": asked,
        "lacking": [(one, piece) for one in asked for piece in one.pieces if piece.state == MISSING],
        "said": sum(one.count(SAID) for one in asked),
        "elsewhere": sum(one.count(ELSEWHERE) for one in asked),
        "may_describe": can(request, "scope.describe"),
        "tabs": tabs_of(request, "description"),
    }
    return render(request, "scope/description.html", context)


def _controls(scope: Scope) -> list[Piece]:
    """What the controls step holds for DC 5."""
    lines = controls.cover(scope)
    serving = {version.control.code for line in lines for version in line.controls}
    bare = [line.criterion.id for line in lines if line.state == "bare"]
    told = f"{count(len(serving), 'control')}; every criterion has one, a CSOC or a printed reason."
    lacks = f"{count(len(bare), 'criterion', 'criteria')} without a control."
    who = "Whoever owns the practice; the compliance lead adopts it."
    piece = Piece("Controls that meet them", SAID, told, "", "/controls/coverage")
    return [Piece(piece.what, MISSING, lacks, who, piece.url) if bare else piece]


def _monitoring(scope: Scope) -> Iterator[Piece]:
    """What the controls step holds for DC 7: whether the controls that are named there are in force."""
    named = [one for one in scope.subservice if one.monitored_by]
    if not named:
        return
    held = {row.control.code for row in controls.in_force(scope.day, scope.known)}
    gone = [f"{one.name} ({one.monitored_by})" for one in named if one.monitored_by not in held]
    what, who = "Monitoring controls in force", "The compliance lead adopts it, or names another."
    lacks = f"Named, but not in force, for {some(gone)}."
    yield Piece(what, MISSING, lacks, who, VENDORS) if gone else Piece(what, SAID, "Each is.", "", VENDORS)


routes = [path("scope/description", page, name="scope-description")]
