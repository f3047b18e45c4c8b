"""Lists: what may become a population, its rows, its reconciliations, and why it may or may not be locked."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from tickmark.evidence import queries
from tickmark.evidence.models import Population, Reconciliation
from tickmark.evidence.rows import Rows, page_of
from tickmark.kernel import files
from tickmark.kernel.access import may, visible
from tickmark.web.forming import must_see
from tickmark.web.lists import Column, Filter, Listing, list_paths
from tickmark.web.shell import day_of
from tickmark.web.views.evidence.parts import actor_of, found, tabs

COLUMNS = (
    Column("List", value="ref"),
    Column("Of", "shape", "shape", order="shape"),
    Column("Source", "source", "collection.connection.code", order="collection__connection__code"),
    Column("Rows", "count", "count", order="count", number=True),
    Column(
        "First and last day",
        value=lambda row: f"{row.covers_from} to {row.covers_to}" if row.covers_from else "",
    ),
    Column("Taken", "taken", "collection.started_at", order="collection__started_at"),
    Column("Lockable", value=lambda row: "yes" if row.standing.lockable else f"no: {row.standing.why}"),
)
PAGE = 50


def index(request: HttpRequest) -> HttpResponse:
    """Every list that came in, the newest first, each with whether it may be locked."""
    actor, day = actor_of(request), day_of(request)
    must_see(actor, Population)
    rows = visible(actor, Population).filter(collection__started_at__lt=queries.end_of(day))
    rows = rows.select_related("collection__connection").order_by("-pk")
    shapes = sorted(entry.name for entry in queries.registers().shapes)
    listing = Listing(
        request,
        rows,
        COLUMNS,
        filters=[Filter("shape", "List of", shapes, "shape")],
        search=("shape", "collection__connection__code"),
        prepare=_with_standing,
    )
    if listing.wants_csv:
        return listing.csv("lists")
    return render(request, "evidence/populations.html", {"list": listing, "tabs": tabs("lists")})


def _with_standing(rows: list[Any]) -> list[Any]:
    standing = queries.standings(rows)
    for row in rows:
        row.standing = standing[row.pk]
    return rows


def one(request: HttpRequest, reference: str) -> HttpResponse:
    """One list: its rows in pages, both hashes, what it was held against, and whether it may be locked."""
    actor = actor_of(request)
    row = found(request, Population, reference, "collection__connection", "evidence")
    column, needle = request.GET.get("column", ""), request.GET.get("q", "").replace("\x00", "")[:200]
    number = request.GET.get("page", "1")
    at = max(int(number), 1) if number.isdigit() and len(number) < 9 else 1
    rows = _page(row, column, needle, (at - 1) * PAGE)
    context = {
        "row": row,
        "rows": rows,
        "page": Paginator(range(rows.total), PAGE).get_page(at),
        "column": column,
        "q": needle,
        "standing": queries.standing_of(row),
        "held": visible(actor, Reconciliation).filter(population=row).select_related("by").order_by("-pk"),
        "others": _others(actor, row),
        "may_reconcile": may(actor, "evidence.reconcile", population=row),
    }
    return render(request, "evidence/population.html", context)


def _page(row: Population, column: str, needle: str, offset: int) -> Rows:
    with files.local(row.content_hash) as place:
        return page_of(place, column, needle, PAGE, offset)


def _others(actor: Any, row: Population) -> list[tuple[str, str]]:
    """Newest lists of the same shape from other sources: what it may be held against."""
    seen = {population.pk for population, _ in queries.newest_lists(row.shape)}
    rows = visible(actor, Population).filter(pk__in=seen).select_related("collection__connection")
    rows = rows.exclude(collection__connection=row.collection.connection_id)
    return [(one.ref, f"{one.ref} of {one.collection.connection.code}, {one.count:,} rows") for one in rows]


routes = [
    *list_paths("evidence/populations/", index, "populations"),
    path("evidence/populations/<str:reference>/", one, name="population"),
]
