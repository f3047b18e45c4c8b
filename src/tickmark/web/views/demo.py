"""Pages that exist in demo homes alone: the year while it is lived, the characters, the surprises to look for."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect

from tickmark.kernel import jobs
from tickmark.kernel.errors import NotFound
from tickmark.people.queries import character
from tickmark.web import navigation
from tickmark.web.views.do import local

OPEN_MEANWHILE = ("/healthz", "/static/", "/demo", "/api/")
ANSWERS = Path(__file__).resolve().parents[4] / "examples" / "larkspur" / "answers.toml"


def _only_here() -> None:
    if not settings.DEMO:
        raise NotFound(
            "There is no such page.", "The address may be mistyped.", "Start again from the home page."
        )


# -- the year while it is lived -------------------------------------------------------------------------------------


def waiting(request: HttpRequest) -> HttpResponse | None:
    """The loading page in place of any other, until the demo's year has been lived; None afterwards."""
    if request.method != "GET" or request.path.startswith(OPEN_MEANWHILE):
        return None
    year = jobs.find("demo", "year")
    if year is not None and year.finished_at is not None:
        return None
    context = _progress(year, request.get_full_path())
    return render(request, "demo/living.html", context)


def progress(request: HttpRequest) -> HttpResponse:
    """How far the year is; once it is lived, on to where the visitor wanted to go."""
    _only_here()
    year, wanted = jobs.find("demo", "year"), local(request.GET.get("next", "/"))
    if year is not None and year.state == "done":
        if getattr(request, "htmx", False):
            return HttpResponseClientRedirect(wanted)
        return HttpResponseRedirect(wanted)
    return render(request, "demo/_progress.html", _progress(year, wanted))


def _progress(year: jobs.Slot | None, wanted: str) -> dict[str, Any]:
    failed = year is not None and year.state == "given up"
    address = f"{reverse('demo-progress')}?{urlencode({'next': wanted})}"
    said = year.error if year else ""
    return {"year": year, "address": address, "state": "failed" if failed else "running", "said": said}


# -- the characters -------------------------------------------------------------------------------------------------


def enter(request: HttpRequest) -> HttpResponse:
    """Everybody whom a visitor can be, on both sides."""
    _only_here()
    people = navigation.demo(getattr(request, "actor", None))["people"]
    cast = [one for one in people if one["role"] != navigation.PLAIN]
    sides = [(side, [one for one in cast if one["side"] == side]) for side in ("company", "auditor")]
    others = [one for one in people if one["role"] == navigation.PLAIN]
    wanted = local(request.GET.get("next", "/"))
    return render(request, "demo/enter.html", {"sides": sides, "others": others, "wanted": wanted})


@require_POST
def see_as(request: HttpRequest) -> HttpResponse:
    """Enter as another character."""
    _only_here()
    user = character(request.POST.get("who", ""))
    if user is None:
        raise NotFound("There is no such character.", "", "Pick one from the list.")
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return HttpResponseRedirect(local(request.POST.get("next", "/")))


# -- the surprises --------------------------------------------------------------------------------------------------


def surprises(request: HttpRequest) -> HttpResponse:
    """What is hidden in the example, and on which page each piece shows."""
    _only_here()
    return render(request, "demo/surprises.html", {"surprises": planted()})


def planted() -> list[dict[str, Any]]:
    """The surprises of the example: title, where, why, and the page they show on."""
    if not ANSWERS.exists():
        return []
    found: list[dict[str, Any]] = tomllib.loads(ANSWERS.read_text(encoding="utf-8")).get("surprise", [])
    return found


routes = [
    path("demo", enter, name="demo"),
    path("demo/progress", progress, name="demo-progress"),
    path("demo/see-as", see_as, name="see-as"),
    path("surprises", surprises, name="surprises"),
]
