"""The API as a page for people: every operation by step, who may, and how to call it with curl and with the CLI."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tickmark.api.catalogue import beside, steps
from tickmark.api.problems import MEANINGS


def page(request: HttpRequest) -> HttpResponse:
    """List the operations. It tells no row of the books, so it needs no sign-in."""
    context = {
        "catalogue": steps(),
        "beside": beside(),
        "meanings": MEANINGS.items(),
        "base": f"{request.scheme}://{request.get_host()}",
    }
    return render(request, "api/docs.html", context)
