"""The four errors as pages and fragments, and the pages for what the frame itself turns away."""

from __future__ import annotations

import sys

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string

from tickmark import __version__
from tickmark.kernel import faults
from tickmark.kernel.errors import Invalid, NotFound, Refused, TickmarkError, Unavailable
from tickmark.kernel.incoming import UploadTooBig, too_big
from tickmark.kernel.limits import TooMany
from tickmark.kernel.logs import request_id


def page(request: HttpRequest, error: TickmarkError, status: int = 0) -> HttpResponse:
    """An error as a whole page with its status; without the shell where the books may be what does not answer."""
    status = status or error.status
    if isinstance(error, Unavailable):
        return _plain("errors/error.html", error, status)
    return _waiting(
        error, render(request, "errors/error.html", {"error": error, "status": status}, status=status)
    )


def _waiting(error: TickmarkError, answer: HttpResponse) -> HttpResponse:
    if isinstance(error, TooMany):
        answer["Retry-After"] = str(error.wait)
    return answer


def fragment(request: HttpRequest, error: TickmarkError, status: int = 0) -> HttpResponse:
    """An error as the fragment that a form shows above its fields."""
    shown = render_to_string("components/_refusal.html", {"error": error})
    return HttpResponse(shown, status=status or error.status)


def answer(request: HttpRequest, error: TickmarkError, status: int = 0) -> HttpResponse:
    """An error as whoever asked can show it: a fragment for the script, else a page."""
    return (fragment if getattr(request, "htmx", False) else page)(request, error, status)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """No such address."""
    return page(
        request,
        NotFound("There is no such page.", "The address may be mistyped.", "Start again from the home page."),
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What the frame refuses to read: too much text, too many fields, an address of another host."""
    if isinstance(exception, UploadTooBig):
        return answer(request, too_big(), 413)
    if isinstance(exception, RequestDataTooBig):
        from django.conf import settings

        most = filesizeformat(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        why = f"A form may hold {most} of text beside its files."
        return answer(request, Invalid("The form is too large.", why, "Send long texts as a file."), 413)
    if isinstance(exception, TooManyFieldsSent | TooManyFilesSent):
        why = "One form may hold a limited number of fields and files."
        return answer(request, Invalid("The form has too many parts.", why, "Send it in several parts."), 413)
    why = "The request is not one that a browser sends to this address."
    return _plain(
        "errors/error.html", Invalid("The request was not understood.", why, "Open the page again."), 400
    )


def refused(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Refused by the frame itself."""
    return answer(
        request, Refused("You may not do this.", "The program refused it.", "Start again from the home page.")
    )


def expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose token is missing or too old: nothing was recorded."""
    if not getattr(request, "htmx", False):
        return render(request, "errors/refused.html", {}, status=403)
    why = "Nothing was recorded. The page was open in another session, or this browser keeps no cookies."
    return fragment(
        request, Refused("The form expired before it was sent.", why, "Load the page again and send it.")
    )


def broken(request: HttpRequest) -> HttpResponse:
    """What the program did not expect: a part beneath it that fails is named, anything else is its own mistake."""
    error = sys.exc_info()[1]
    found = error if isinstance(error, TickmarkError) else faults.told(error) if error else None
    if request.path.startswith("/api/"):
        said = found or Mistake()
        return JsonResponse(said.as_dict(), status=said.status)
    return answer(request, found) if found else _plain("errors/broken.html", None, 500)


class Mistake(TickmarkError):
    """A fault of the program, for a caller that expects JSON. It says no more: the log has the rest."""

    def __init__(self) -> None:
        super().__init__(
            "The program failed.",
            "Whether anything was recorded is not known.",
            f"Look before you send it again. Its log has more under the request {request_id.get()}.",
        )


def _plain(template: str, error: TickmarkError | None, status: int) -> HttpResponse:
    """A page without the shell, which would ask the books."""
    shown = {"error": error, "status": status, "version": __version__, "request_id": request_id.get()}
    return HttpResponse(render_to_string(template, shown), status=status)
