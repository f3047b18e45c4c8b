"""Who asks, as every page and action sees it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from requests import RequestException

from tickmark.kernel import faults, logs
from tickmark.kernel.access import Actor
from tickmark.kernel.errors import Invalid, Refused, TickmarkError, Unavailable
from tickmark.kernel.grown import one_moment
from tickmark.people.queries import actor_for, has_second_factor, is_empty, needs_second_factor
from tickmark.web import errors, sessions
from tickmark.web.views import demo

OPEN = (
    "/account/",
    "/static/",
    "/healthz",
    "/metrics",
    "/api/",
    "/scim/",
    "/join/",
    "/copies/",
    "/calendar/",
    "/ledger/checkpoint",
)
OBSERVED = ("/healthz", "/metrics")
WITHOUT_FACTOR = ("/account/2fa/", "/account/logout/", "/account/reauthenticate/", "/static/")
"""What an account that needs a second factor and has none comes to, until it has one."""
NEEDS_FACTOR = Refused(
    "Your account needs a second factor.",
    "A password alone may not open it: auditors always need one, and the company may decide so for its own.",
    "Set one up under Second factor.",
)
SILENT = Unavailable(
    "The identity provider does not answer.",
    "Whether you may enter cannot be asked of it now.",
    "Try again in a moment, or sign in with your password or passkey.",
)
LENGTHLESS = Invalid(
    "The request does not say how long it is.",
    "It comes in chunks and without Content-Length, so it would be read as if it were empty.",
    "Send it with its length: put a proxy that waits for the whole request in front, or send a file that has its end.",
)
VISITOR = Actor.visitor()


class ActorMiddleware:
    """Sets `request.actor`; sends strangers to sign in, and the first visitor of empty books to set them up.

    In a demo home strangers pick a character instead, and while its year is lived every page waits for it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve the request as its actor."""
        if request.path.startswith(OBSERVED):  # they answer without the books, which may be what is wrong
            request.actor = VISITOR  # type: ignore[attr-defined]
            return self.get_response(request)
        if request.user.is_authenticated:
            sessions.keep(request)
        request.actor = actor_for(request.user) if request.user.is_authenticated else VISITOR  # type: ignore[attr-defined]
        logs.acting.set(request.actor.ref)  # type: ignore[attr-defined]
        with one_moment() if request.method in ("GET", "HEAD") else nullcontext():
            return self._turned_away(request) or self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """One of the four errors becomes a page with what, why and the remedy; so does a part that fails beneath."""
        if isinstance(error, RequestException) and request.path.startswith("/account/oidc/"):
            return errors.page(request, SILENT)
        found = error if isinstance(error, TickmarkError) else faults.told(error)
        return errors.answer(request, found) if found is not None else None

    def _turned_away(self, request: HttpRequest) -> HttpResponse | None:
        if "HTTP_TRANSFER_ENCODING" in request.META and not request.META.get("CONTENT_LENGTH"):
            return _told(request, LENGTHLESS, 411)
        if settings.DEMO and (waiting := demo.waiting(request)) is not None:
            return waiting
        if request.user.is_authenticated:
            return self._without_factor(request)
        if request.path.startswith(OPEN):
            return None
        if settings.DEMO:
            return None if request.path.startswith("/demo") else _to("/demo", request)
        if is_empty():
            return None if request.path in ("/welcome", "/do/people.set_up") else redirect("/welcome")
        return None if request.path == "/do/people.join" else _to("/account/login/", request)

    def _without_factor(self, request: HttpRequest) -> HttpResponse | None:
        """Lead an account that lacks the second factor it needs to where one is set up."""
        if (
            settings.DEMO
            or request.session.get(sessions.HAS_FACTOR)
            or request.path.startswith(WITHOUT_FACTOR)
        ):
            return None
        if has_second_factor(request.user):  # type: ignore[arg-type]
            request.session[sessions.HAS_FACTOR] = True
            return None
        if not needs_second_factor(request.user):  # type: ignore[arg-type]
            return None
        if request.path.startswith("/api/") or request.method != "GET":
            return _told(request, NEEDS_FACTOR, NEEDS_FACTOR.status)
        messages.warning(request, f"{NEEDS_FACTOR.what} {NEEDS_FACTOR.why}")
        return redirect("mfa_index")


def _told(request: HttpRequest, error: TickmarkError, status: int) -> HttpResponse:
    """An error to a program or a person, before the door that would tell it."""
    if request.path.startswith(("/api/", "/scim/")):
        return JsonResponse(error.as_dict(), status=status)
    return errors.answer(request, error, status)


def _to(address: str, request: HttpRequest) -> HttpResponse:
    """Send to an address that comes back to where the visitor wanted to go, if that was a page."""
    wanted = request.get_full_path() if request.method == "GET" else "/"
    return redirect(f"{address}?{urlencode({'next': wanted})}")
