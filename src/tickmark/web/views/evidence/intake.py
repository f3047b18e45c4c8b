"""Many files at once: the form, what would happen to each, and an intake as it was."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_POST

from tickmark.evidence.manifest import COLUMNS
from tickmark.evidence.models import Evidence, EvidenceKind, Intake
from tickmark.evidence.preview import VERB, preview
from tickmark.kernel.access import may, visible
from tickmark.kernel.action import ACTIONS
from tickmark.kernel.errors import NotFound
from tickmark.web import forms
from tickmark.web.forming import specs
from tickmark.web.lists import Column, Listing, list_paths
from tickmark.web.views.evidence.parts import actor_of, found, own_controls

FILED = (
    Column("Evidence", "name", order="name"),
    Column("Reference", value="ref", hidden_label=True),
    Column("Kind", "kind", lambda row: row.get_kind_display(), order="kind"),
    Column("Source", "source", order="source"),
    Column("SHA-256", value="sha256"),
)
SHOWN = 10
"""Earlier intakes that stand on the form's page."""


def form(request: HttpRequest) -> HttpResponse:
    """File many documents: choose them, and say of all at once, or line by line, what they are."""
    actor = actor_of(request)
    _must_file(actor)
    context = {
        "fields": _fields(actor),
        "columns": COLUMNS,
        "kinds": EvidenceKind.choices,
        "before": visible(actor, Intake).select_related("by").order_by("-pk")[:SHOWN],
    }
    return render(request, "evidence/file_many.html", context)


def _must_file(actor: Any) -> None:
    if not may(actor, VERB):
        why = "Check the address, and the account you are signed in with."
        raise NotFound("There is no such page.", "", why)


def _fields(actor: Any) -> list[dict[str, Any]]:
    return specs(
        VERB,
        {},
        files={"label": "Files", "multiple": True, "placeholder": "Choose files, or drop them here."},
        manifest={
            "label": "Manifest",
            "accept": ".csv,.jsonl,.ndjson,text/csv,application/x-ndjson",
            "help": "A line for each file, as CSV or JSON lines. What it leaves empty is taken from the fields below.",
        },
        kind={"label": "What they are"},
        source={"label": "Where they come from", "help": "The system, or the person who made them."},
        description={"label": "What they show", "kind": "text"},
        control={"label": "For the control", "kind": "select", "choices": own_controls(actor)},
        covers_from={"label": "Cover from"},
        covers_to={"label": "Cover to"},
        observed_at={"label": "Observed", "help": "In the company's time."},
        leave_out={
            "label": "File the others if some cannot be filed",
            "help": "Otherwise all are filed or none. What is left out is listed with its reason.",
        },
    )


@require_POST
def look(request: HttpRequest) -> HttpResponse:
    """What would happen to each of the chosen files. Nothing is kept or written."""
    actor = actor_of(request)
    _must_file(actor)
    planned = preview(actor, forms.raw(ACTIONS[VERB], request))
    refused = sum(one.refused is not None for one in planned)
    part = "evidence/_preview.html" if getattr(request, "htmx", False) else "evidence/preview.html"
    context = {"planned": planned, "refused": refused, "fit": len(planned) - refused}
    return render(request, part, context)


def one(request: HttpRequest, reference: str) -> HttpResponse:
    """One intake: what was filed, and what was left out with its reason."""
    actor = actor_of(request)
    row = found(request, Intake, reference, "by")
    rows = visible(actor, Evidence).filter(entry=row.entry).order_by("pk")
    listing = Listing(request, rows, FILED, search=("name", "sha256"))
    if listing.wants_csv:
        return listing.csv(row.ref)
    shown = [column for column in listing.columns if column["label"] not in ("Reference", "SHA-256")]
    return render(request, "evidence/intake.html", {"row": row, "list": listing, "shown": shown})


routes = [
    path("evidence/file-many", form, name="evidence-file-many"),
    path("evidence/file-many/preview", look, name="evidence-file-many-preview"),
    *list_paths("evidence/intakes/<str:reference>/", one, "intake"),
]
