"""Who asks, as every page and action sees it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import nullcontext
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from tickmark.kernel.access import Actor
from tickmark.kernel.action import request_id
from tickmark.kernel.errors import TickmarkError
from tickmark.kernel.grown import one_moment
from tickmark.people.queries import actor_for, is_empty
from tickmark.web import errors
from tickmark.web.views import demo

OPEN = ("/account/", "/static/", "/healthz", "/api/", "/join/", "/copies/", "/ledger/checkpoint")
VISITOR = Actor.visitor()


class ActorMiddleware:
    """Sets `request.actor`; sends strangers to sign in, and the first visitor of empty books to set them up.

    In a demo home strangers pick a character instead, and while its year is lived every page waits for it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve the request as its actor."""
        token = request_id.set(uuid.uuid4().hex)
        try:
            request.actor = actor_for(request.user) if request.user.is_authenticated else VISITOR  # type: ignore[attr-defined]
            with one_moment() if request.method in ("GET", "HEAD") else nullcontext():
                return self._turned_away(request) or self.get_response(request)
        finally:
            request_id.reset(token)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """One of the four errors becomes a page that says what, why and the remedy."""
        return errors.answer(request, error) if isinstance(error, TickmarkError) else None

    def _turned_away(self, request: HttpRequest) -> HttpResponse | None:
        if settings.DEMO and (waiting := demo.waiting(request)) is not None:
            return waiting
        if request.user.is_authenticated or request.path.startswith(OPEN):
            return None
        if settings.DEMO:
            return None if request.path.startswith("/demo") else _to("/demo", request)
        if is_empty():
            return None if request.path in ("/welcome", "/do/people.set_up") else redirect("/welcome")
        return None if request.path == "/do/people.join" else _to("/account/login/", request)


def _to(address: str, request: HttpRequest) -> HttpResponse:
    """Send to an address that comes back to where the visitor wanted to go, if that was a page."""
    wanted = request.get_full_path() if request.method == "GET" else "/"
    return redirect(f"{address}?{urlencode({'next': wanted})}")
