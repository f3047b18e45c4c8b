"""Pages that belong to no step: the gallery, the ledger, downloads, health, and the demo's switch."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import login
from django.db import connection
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from tickmark.kernel import files
from tickmark.kernel.access import visible
from tickmark.kernel.errors import NotFound, Refused
from tickmark.kernel.ledger.seal import latest
from tickmark.kernel.references import prefixes, resolve
from tickmark.people.models import User

DOWNLOADS = {"EV": ("sha256", "name", "media_type"), "RP": ("pdf", None, "application/pdf")}


def gallery(request: HttpRequest) -> HttpResponse:
    """Every component in every state."""
    return render(request, "gallery.html")


def ledger(request: HttpRequest) -> HttpResponse:
    """What the log is, its newest checkpoint, and how to keep a copy of it."""
    return render(request, "ledger.html", {"newest": latest()})


def checkpoint(request: HttpRequest) -> HttpResponse:
    """The newest signed checkpoint as a file to keep elsewhere."""
    newest = latest()
    if newest is None:
        raise NotFound("There is no checkpoint yet.", "Nothing was sealed so far.", "Wait a minute.")
    return HttpResponse(newest.note, content_type="text/plain; charset=utf-8")


def health(request: HttpRequest) -> JsonResponse:
    """Whether the books answer."""
    with connection.cursor() as cursor:
        cursor.execute("select 1")
    return JsonResponse({"ok": True})


def download(request: HttpRequest, reference: str) -> FileResponse:
    """A kept file that the actor may see, always as an attachment."""
    model = prefixes().get(reference[:2])
    if reference[:2] not in DOWNLOADS or model is None:
        raise NotFound(f"There is no file {reference[:20]}.", "", "Check the reference.")
    row = resolve(visible(request.actor, model), reference)  # type: ignore[attr-defined]
    if row is None:
        raise NotFound(f"There is no file {reference[:20]}.", "", "Check the reference.")
    digest, name, media_type = DOWNLOADS[reference[:2]]
    with files.local(getattr(row, digest)) as path:
        stream = path.open("rb")
    return FileResponse(
        stream,
        as_attachment=True,
        filename=getattr(row, name) if name else f"{reference}.pdf",
        content_type=media_type if "/" in media_type else "application/octet-stream",
    )


@require_POST
def see_as(request: HttpRequest) -> HttpResponse:
    """Enter as another character. Demo homes only."""
    if not settings.DEMO:
        raise Refused(
            "Nobody can be seen as another person here.", "These are real books.", "Sign in as yourself."
        )
    who = request.POST.get("who", "")
    user = User.objects.filter(pk=int(who)).first() if who.isdigit() else None
    if user is None:
        raise NotFound("There is no such character.", "", "Pick one from the list.")
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return HttpResponseRedirect("/")
