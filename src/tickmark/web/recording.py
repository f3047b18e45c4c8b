"""Recording from a page whose form is no list of an action's fields; after a refusal what was typed stands there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django_htmx.http import HttpResponseClientRedirect

from tickmark.kernel.action import Action, based_on
from tickmark.kernel.arguments import call
from tickmark.kernel.errors import TickmarkError
from tickmark.web import errors


@contextmanager
def looked_at(request: HttpRequest) -> Iterator[None]:
    """Within, no version is written over one that the posted form has not looked at (its fields `base`)."""
    token = based_on.set(frozenset(filter(None, request.POST.getlist("base"))))
    try:
        yield
    finally:
        based_on.reset(token)


def record(
    request: HttpRequest,
    action: Action[..., Any],
    raw: Mapping[str, Any],
    then: str,
    say: str,
    again: Callable[[TickmarkError], HttpResponse],
) -> HttpResponse:
    """Do the action and go to `then`, saying `say`. A refusal is shown above the form by script, else by `again`."""
    try:
        with looked_at(request):
            call(action, request.actor, raw)  # type: ignore[attr-defined]
    except TickmarkError as error:
        return errors.fragment(request, error) if getattr(request, "htmx", False) else again(error)
    messages.success(request, say)
    return onward(request, then)


def onward(request: HttpRequest, where: str) -> HttpResponse:
    """Go to an address, whether a script asked or the browser itself.

    A browser that is to go to another place of the page that it shows only scrolls: it is told to load it anew.
    """
    if not getattr(request, "htmx", False):
        return HttpResponseRedirect(where)
    answer = HttpResponseClientRedirect(where)
    shown = urlsplit(request.htmx.current_url or "")  # type: ignore[attr-defined]
    to = urlsplit(where)
    if to.fragment and (to.path, to.query) == (shown.path, shown.query):
        answer["HX-Refresh"] = "true"
    return answer
