"""What the evidence pages share: the tabs, a row by its reference, the file card."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import Model
from django.http import HttpRequest

from tickmark.controls.models import Control
from tickmark.evidence import queries
from tickmark.evidence.models import Evidence
from tickmark.kernel import clock
from tickmark.kernel.access import Actor, not_found, visible, which
from tickmark.kernel.references import resolve

M = TypeVar("M", bound=Model)

LATE = 7
"""Days between what is shown and its record from which the card says so aloud; the page always says it."""

TABS = (
    ("filed", "Filed", "/evidence/"),
    ("sources", "Sources", "/evidence/sources/"),
    ("lists", "Lists", "/evidence/populations/"),
    ("checks", "Checks", "/evidence/checks/"),
)


def actor_of(request: HttpRequest) -> Actor:
    """Who asks."""
    found: Actor = request.actor  # type: ignore[attr-defined]
    return found


def tabs(current: str) -> list[dict[str, Any]]:
    """The four parts of the step."""
    return [{"label": label, "url": url, "current": name == current} for name, label, url in TABS]


def found(request: HttpRequest, model: type[M], reference: str, *related: str) -> M:
    """The row of that reference that the actor may see, with its relations. Raises NotFound."""
    rows = visible(actor_of(request), model)
    row = resolve(rows.select_related(*related) if related else rows, reference)
    if row is None:
        raise not_found(model, reference[:40])
    return row


def own_controls(actor: Any) -> list[tuple[str, str]]:
    """The controls for which the actor may file, with their titles."""
    rows = which(actor, "evidence.file", "control", visible(actor, Control)).order_by("code")
    return [(row.code, row.code) for row in rows]


def card(row: Evidence, state: str = "") -> dict[str, Any]:
    """A piece of evidence as the file card takes it, with its three dates apart."""
    return {
        "ref": row.ref,
        "name": row.name,
        "kind": row.get_kind_display(),
        "size": row.size,
        "digest": row.sha256,
        "observed": row.observed_at,
        "collected": row.collected_at if row.collection_id else None,
        "filed": row.recorded_at,
        "covers": (row.covers_from, row.covers_to),
        "url": f"/evidence/{row.ref}",
        "state": state,
        "late": days_after(row) > LATE,
    }


def days_after(row: Evidence) -> int:
    """Days between what is shown and its record, in the company's zone; 0 where it was collected or nobody knows."""
    if row.observed_at is None or row.collection_id:
        return 0
    where = queries.place(clock.today())
    return (where.local_day(row.recorded_at) - where.local_day(row.observed_at)).days
