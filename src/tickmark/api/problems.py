"""The four errors as JSON, each with its status; what the frame refuses takes the same form."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError

from tickmark.kernel import faults
from tickmark.kernel.errors import Invalid, NotFound, Refused, TickmarkError
from tickmark.kernel.incoming import UploadTooBig, too_big
from tickmark.kernel.limits import TooMany


class Problem(Schema):
    """Why a call was not done: what happened, why, the remedy, and the argument at fault if there is one."""

    error: str
    what: str
    why: str
    remedy: str
    field: str


class SignedOut(Refused):
    """Nobody is signed in, or the token is not a live one."""

    status = 401


MEANINGS = {
    401: "Nobody is signed in, or the token ended or expired.",
    403: "You may not do this, or the token has no scope for it.",
    404: "There is no such thing, or you may not see it.",
    409: "The books have moved on or already say otherwise.",
    422: "The input cannot be taken as it is.",
    429: "The same was asked too often; the header Retry-After says when to come again.",
    503: "A part that is needed does not answer; try again later.",
}
READING = frozenset({401, 403, 404, 422, 429})
WRITING = frozenset(MEANINGS)


def add_to(api: NinjaAPI) -> None:
    """Answer every error of a call in one form."""
    api.add_exception_handler(TickmarkError, lambda request, error: _answer(api, request, error))
    api.add_exception_handler(AuthenticationError, lambda request, error: _answer(api, request, signed_out()))
    api.add_exception_handler(ValidationError, lambda request, error: _answer(api, request, _unfit(error)))
    api.add_exception_handler(
        RequestDataTooBig, lambda request, error: _answer(api, request, _too_big(error), 413)
    )
    api.add_exception_handler(HttpError, lambda request, error: _answer(api, request, _frame(error)))
    for kind in (OperationalError, InterfaceError, OSError):
        api.add_exception_handler(kind, lambda request, error: _beneath(api, request, error))


def _beneath(api: NinjaAPI, request: HttpRequest, error: Any) -> HttpResponse:
    """A part beneath the program that fails is told; anything else is its own mistake and stays one."""
    found = faults.told(error)
    if found is None:
        raise error
    return _answer(api, request, found)


def signed_out() -> SignedOut:
    """The error of a call without a live token or session."""
    return SignedOut(
        "You are not signed in.",
        "There is no session and no token that works.",
        "Send `Authorization: Bearer …` with a token from your account page.",
    )


def _answer(api: NinjaAPI, request: HttpRequest, error: Any, status: int = 0) -> HttpResponse:
    kind = error.as_dict() | ({"error": "Refused"} if error.status in (401, 429) else {})
    response = api.create_response(request, kind, status=status or error.status)
    if isinstance(error, TooMany):
        response["Retry-After"] = str(error.wait)
    if error.status == 401:
        response["WWW-Authenticate"] = "Bearer"
    return response


def _too_big(error: object) -> Invalid:
    if isinstance(error, UploadTooBig):
        return too_big()
    most = filesizeformat(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    return Invalid("The call is too large.", f"It may hold {most} beside its files.", "Send it in parts.")


def _unfit(error: Any) -> Invalid:
    first = error.errors[0]
    place = [str(part) for part in first["loc"] if part not in ("body", "query", "path", "form", "file")]
    field = ".".join(place[1:] if place[:1] == ["arguments"] else place)[:80]
    what = f"'{field or 'the body'}' cannot be taken."
    return Invalid(what, f"{first['msg']}.", "Correct it and send it again.", field)


def _frame(error: Any) -> TickmarkError:
    """What the frame found wrong with a call before it was looked at."""
    kinds: dict[int, type[TickmarkError]] = {401: SignedOut, 403: Refused, 404: NotFound}
    why = "It is not JSON in UTF-8." if "parse" in str(error).lower() else f"{error}."
    return kinds.get(error.status_code, Invalid)(
        "The call cannot be read.", why, "Correct it and send it again."
    )
