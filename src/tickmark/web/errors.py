"""The four errors as pages and fragments, and the pages for addresses that are not there."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tickmark.kernel.errors import NotFound, TickmarkError


def page(request: HttpRequest, error: TickmarkError) -> HttpResponse:
    """An error as a whole page with its status."""
    return render(request, "errors/error.html", {"error": error}, status=error.status)


def fragment(request: HttpRequest, error: TickmarkError) -> HttpResponse:
    """An error as the fragment that a form shows above its fields."""
    return render(request, "components/_refusal.html", {"error": error}, status=error.status)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """No such address."""
    return page(
        request,
        NotFound("There is no such page.", "The address may be mistyped.", "Start again from the home page."),
    )


def refused(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """Refused by the frame itself, such as a form whose token is too old."""
    return render(request, "errors/refused.html", {}, status=403)


def broken(request: HttpRequest) -> HttpResponse:
    """A mistake in the program."""
    return render(request, "errors/broken.html", {}, status=500)
