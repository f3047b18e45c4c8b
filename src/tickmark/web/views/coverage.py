"""Coverage: what each criterion rests on, as a picture, as criteria × controls, and as a table; and one criterion."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from tickmark.controls import queries
from tickmark.controls.library import starter_controls
from tickmark.controls.models import Control
from tickmark.controls.queries import Covered
from tickmark.kernel.access import Actor, not_found, visible
from tickmark.scope import points
from tickmark.scope.criteria import Category, PointOfFocus, Series, criteria
from tickmark.scope.models import PointView
from tickmark.scope.points import Weighed
from tickmark.scope.queries import Scope
from tickmark.web.control_pages import AREAS, here, scope_of, tabs
from tickmark.web.forming import can, must_see
from tickmark.web.lists import Column, Filter, Listing, list_paths
from tickmark.web.shell import day_of, known_of

COLUMNS_SHOWN = 40
"""Controls that the picture shows side by side; an area with more of them comes in parts."""
CODES_SHOWN = 8
"""Codes of controls in a cell of the table; the criterion and the export have them all."""
STATES = ("covered", "covered by one", "assumed", "set aside", "bare")


@dataclass(frozen=True)
class Line:
    """A criterion in scope as a row: what it rests on, and how far its points of focus have been thought through."""

    covered: Covered
    weighed: Weighed

    def __getattr__(self, name: str) -> Any:
        return getattr(self.covered, name)

    @property
    def standing(self) -> str:
        """Its state, with the criteria told apart that hang on a single control."""
        return "covered by one" if self.covered.single else self.covered.state

    @property
    def first(self) -> list[str]:
        """The codes of its first controls."""
        return [one.control.code for one in self.covered.controls[:CODES_SHOWN]]

    @property
    def others(self) -> int:
        """How many controls it has besides."""
        return len(self.covered.controls) - len(self.first)


COLUMNS = (
    Column("Criterion", "id", "criterion.id"),
    Column("Title", "title", "criterion.title"),
    Column("State", "state", "standing"),
    Column("Controls", "number", lambda line: len(line.controls), number=True),
    Column("Which", value=lambda line: [one.control.code for one in line.controls]),
    Column("CSOC", value=lambda line: [one.code for one in line.csocs]),
    Column("CUEC", value=lambda line: [one.code for one in line.cuecs]),
    Column("Set aside because", value="aside.reason"),
    Column("Points weighed", value=lambda line: str(line.weighed)),
)


def coverage(request: HttpRequest) -> HttpResponse:
    """Criteria against controls: what each criterion in scope rests on."""
    must_see(request.actor, Control)  # type: ignore[attr-defined]
    scope = scope_of(request)
    lines = _lines(scope) if scope else []
    listing = Listing(request, lines, COLUMNS, filters=_filters(scope), size=100)
    if listing.wants_csv:
        return listing.csv("coverage")
    wanted = request.GET.get("category")
    drawn = [line for line in lines if wanted in (None, "", line.criterion.category.value)]
    context = {
        "scope": scope,
        "list": listing,
        "lines": lines,
        "series": _by_series(drawn),
        "matrix": _matrix(request, drawn),
        "cells_url": here(request, category=wanted),
        "areas_url": here(request, category=wanted, by="area"),
        "single_url": here(request, state="covered by one"),
        "bare": [line for line in lines if line.state == "bare"],
        "single": [line for line in lines if line.covered.single],
        "assumed": [line for line in lines if line.state == "assumed"],
        "aside": [line for line in lines if line.state == "set aside"],
        "tabs": tabs(request),
    }
    return render(request, "controls/coverage.html", context)


def _lines(scope: Scope) -> list[Line]:
    views = points.weighings(scope.system, scope.day, scope.known)
    return [
        Line(line, points.weighed(points.in_play(line.criterion, scope.categories), views))
        for line in queries.cover(scope)
    ]


def _filters(scope: Scope | None) -> list[Filter]:
    categories = [(one.value, one.label) for one in scope.categories] if scope else []
    return [
        Filter(
            "category", "Category", categories, lambda line, value: line.criterion.category.value == value
        ),
        Filter("state", "State", STATES, lambda line, value: value in (line.state, line.standing)),
    ]


def _by_series(lines: Sequence[Line]) -> list[tuple[Series, list[Line]]]:
    return [(series, list(held)) for series, held in groupby(lines, key=lambda line: line.criterion.series)]


# -- criteria × controls --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Head:
    """A column of the picture: an area with the address that opens it, or a control."""

    label: str
    name: str
    url: str


@dataclass(frozen=True)
class Matrix:
    """Criteria down, areas or the controls of one area across. A cell is the number of controls, None for none.

    `unserved` counts the criteria that no control across serves; for one area they are left out.
    """

    area: str
    heads: Sequence[Head]
    series: Sequence[tuple[Series, Sequence[tuple[Line, Sequence[int | None]]]]]
    parts: Any = None
    url: str = ""
    unserved: int = 0


def _matrix(request: HttpRequest, lines: Sequence[Line]) -> Matrix | None:
    """The picture that is asked for: `by=area` for all areas, `area=AC` for the controls of one."""
    area = request.GET.get("area", "")
    if area:
        return _of_one_area(request, lines, area)
    return _of_all_areas(request, lines) if request.GET.get("by") == "area" else None


def _of_all_areas(request: HttpRequest, lines: Sequence[Line]) -> Matrix:
    counts = {line.criterion.id: Counter(_area(one) for one in line.controls) for line in lines}
    held = {area for found in counts.values() for area in found} | _proposing(lines)
    areas = [one for one in AREAS if one in held] + sorted(held - AREAS.keys())
    wanted = request.GET.get("category")
    heads = [Head(one, AREAS.get(one, one), here(request, area=one, category=wanted)) for one in areas]
    return Matrix("", heads, _cells(lines, areas, lambda line: counts[line.criterion.id]))


def _proposing(lines: Sequence[Line]) -> set[str]:
    """The areas in which the library has a control for these criteria: one without any of the company's is shown."""
    inside = [line.criterion for line in lines]
    return {queries.area(one.id) for one in starter_controls() if one.fits(inside)}


def _of_one_area(request: HttpRequest, lines: Sequence[Line], area: str) -> Matrix:
    held = {one.control.code: one for line in lines for one in line.controls if _area(one) == area}
    page = Paginator(sorted(held), COLUMNS_SHOWN).get_page(request.GET.get("part"))
    codes = list(page)
    turned = here(request, area=area, category=request.GET.get("category"))
    heads = [Head(code, held[code].title, f"/controls/{code}/") for code in codes]
    serving = {line.criterion.id: Counter(one.control.code for one in line.controls) for line in lines}
    served = [line for line in lines if serving[line.criterion.id].keys() & set(codes)]
    cells = _cells(served, codes, lambda line: serving[line.criterion.id])
    return Matrix(area, heads, cells, page, turned, len(lines) - len(served))


def _cells(lines: Sequence[Line], names: Sequence[str], counts: Any) -> list[tuple[Series, list[Any]]]:
    return [
        (series, [(line, [counts(line)[name] or None for name in names]) for line in held])
        for series, held in _by_series(lines)
    ]


def _area(version: Any) -> str:
    return queries.area(version.control.code)


# -- one criterion --------------------------------------------------------------------------------------------------


def criterion(request: HttpRequest, code: str) -> HttpResponse:
    """One criterion: what it asks, the points to think of, and what it rests on."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    must_see(actor, Control)
    one = criteria().get(code)
    if one is None:
        raise not_found(Control, code[:20])
    scope = scope_of(request)
    line = next((held for held in queries.cover(scope) if held.criterion.id == code), None) if scope else None
    stands = set(visible(actor, Control).values_list("code", flat=True))
    context = {
        "one": one,
        "line": line,
        **_points(request, scope, one.points),
        "proposals": [
            item
            for item in starter_controls()
            if code in item.criteria
            and item.id not in stands
            and (scope is None or line is None or item.fits(scope.criteria))
        ],
        "may_write": can(request, "controls.write"),
        "may_set_aside": can(request, "scope.set_aside"),
    }
    return render(request, "controls/criterion.html", context)


def _points(request: HttpRequest, scope: Scope | None, held: Sequence[PointOfFocus]) -> dict[str, Any]:
    """The points of focus, each with whether it is in play and how it was weighed."""
    chosen = set(scope.categories) if scope else set(Category)
    views = points.weighings(scope.system, day_of(request), known_of(request)) if scope else {}
    playing = [one for one in held if one.only_with is None or one.only_with in chosen]
    return {
        "points": [(one, one in playing, views.get(one.id)) for one in held],
        "weighed": points.weighed(playing, views),
        "system": scope.system if scope else None,
        "states": PointView.State.choices,
        "may_weigh": scope is not None and can(request, "scope.weigh"),
    }


routes = [
    *list_paths("controls/coverage", coverage, "coverage"),
    path("controls/criteria/<str:code>", criterion, name="criterion"),
]
