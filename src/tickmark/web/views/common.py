"""Pages that belong to no step: the gallery, the ledger, downloads."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from tickmark.kernel import files
from tickmark.kernel.access import visible
from tickmark.kernel.errors import NotFound
from tickmark.kernel.ledger.entry import Entry
from tickmark.kernel.ledger.epoch import epochs
from tickmark.kernel.ledger.seal import latest, verifier_key
from tickmark.kernel.references import prefixes, resolve
from tickmark.people.models import User
from tickmark.web.lists import Column, Listing, list_paths

DOWNLOADS = {"EV": ("sha256", "name", "media_type"), "RP": ("pdf", "", "")}
SANDBOX = "sandbox; default-src 'none'"
ENTRIES = (
    Column("Place", "place", "leaf.position", order="leaf__position", number=True),
    Column("Recorded", "at", "recorded_at", order="recorded_at"),
    Column("What", "what", "verb", order="verb"),
    Column("About", "about", "subject", order="subject"),
    Column("By", "by", "who", order="actor"),
)


def gallery(request: HttpRequest) -> HttpResponse:
    """Every component in every state."""
    return render(request, "gallery.html")


def ledger(request: HttpRequest) -> HttpResponse:
    """What the log is, its newest checkpoint and how to keep a copy, and what the reader's own side recorded."""
    actor: Any = request.actor  # type: ignore[attr-defined]
    rows = visible(actor, Entry).select_related("leaf").order_by("-pk")
    search = ("verb", "subject")
    listed = Listing(request, rows, ENTRIES, search=search, prepare=lambda page: _named(actor, page))
    if listed.wants_csv:
        return listed.csv("ledger")
    shown = {"list": listed, "newest": latest(), "vkey": verifier_key(), "epochs": epochs()}
    return render(request, "ledger.html", shown)


def _named(actor: Any, entries: list[Any]) -> list[Any]:
    """The entries with the name of who acted, as `who`; a job or a visitor keeps its reference."""
    names = {user.ref: user.name for user in visible(actor, User).filter(pk__in=_numbers(entries))}
    for entry in entries:
        entry.who = names.get(entry.actor, entry.actor)
    return entries


def _numbers(entries: list[Any]) -> set[str]:
    return {entry.actor.removeprefix("US-") for entry in entries if entry.actor.startswith("US-")}


def checkpoint(request: HttpRequest) -> HttpResponse:
    """The newest signed checkpoint as a file to keep elsewhere."""
    newest = latest()
    if newest is None:
        raise NotFound("There is no checkpoint yet.", "Nothing was sealed so far.", "Wait a minute.")
    answer = HttpResponse(newest.note, content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="checkpoint-{newest.size}.txt"'
    return answer


def download(request: HttpRequest, reference: str) -> FileResponse:
    """A kept file that the actor may see, always as an attachment; its bytes are checked first."""
    model = prefixes().get(reference[:2])
    missing = NotFound(f"There is no file {reference[:20]}.", "", "Check the reference.")
    if reference[:2] not in DOWNLOADS or model is None:
        raise missing
    row = resolve(visible(request.actor, model), reference)  # type: ignore[attr-defined]
    if row is None:
        raise missing
    digest, name, media_type = DOWNLOADS[reference[:2]]
    kind = getattr(row, media_type) if media_type else "application/pdf"
    answer = FileResponse(
        _opened(getattr(row, digest)),
        as_attachment=True,
        filename=getattr(row, name) if name else f"{reference}.pdf",
        content_type=kind if "/" in kind and kind.isprintable() else "application/octet-stream",
    )
    answer["Content-Security-Policy"] = SANDBOX  # whoever opens it here nonetheless opens it with no rights
    return answer


def _opened(sha256: str) -> Any:
    """The file, open: it can still be read when a fetched copy is removed."""
    with files.local(sha256) as path:
        return path.open("rb")


routes = [
    path("gallery", gallery, name="gallery"),
    *list_paths("ledger", ledger, "ledger"),
    path("ledger/checkpoint", checkpoint, name="checkpoint"),
    path("files/<str:reference>", download, name="download"),
]
