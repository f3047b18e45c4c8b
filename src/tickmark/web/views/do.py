"""The one door through which pages write: POST /do/<action>.

A form's field names are the action's parameters. On success it goes to `next`; on an error the form's fragment is
shown (htmx) or the whole form again with what was typed (without script), so nothing typed is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from tickmark.kernel.action import ACTIONS, Action
from tickmark.kernel.arguments import call, has_files
from tickmark.kernel.errors import NotFound, TickmarkError
from tickmark.web import errors, forms, limited
from tickmark.web.recording import looked_at, onward


@require_POST
def do(request: HttpRequest, name: str) -> HttpResponse:
    """Do the action `name` with the form's fields."""
    action = ACTIONS.get(name)
    if action is None:
        raise NotFound(f"There is no action {name[:60]}.", "", "Start again from the page.")
    raw: dict[str, Any] = {}
    if request.actor.user is None:  # type: ignore[attr-defined]
        limited.count(request, "stranger's form")
    try:
        raw = forms.raw(action, request)
        with looked_at(request):
            result = call(action, request.actor, raw)  # type: ignore[attr-defined]
    except TickmarkError as error:
        return _refused(request, action, raw, error)
    return _done(request, result)


def do_with(request: HttpRequest, name: str, more: Mapping[str, str]) -> HttpResponse:
    """Do the action `name` with the form's fields and those that the page knows."""
    post = request.POST.copy()
    for field, value in more.items():
        post[field] = value
    request.POST = post  # type: ignore[assignment]
    return do(request, name)


def _refused(
    request: HttpRequest, action: Action[..., Any], raw: dict[str, Any], error: TickmarkError
) -> HttpResponse:
    if getattr(request, "htmx", False):
        return errors.fragment(request, error)
    try:
        return _again(request, action, raw, error)
    except (OperationalError, InterfaceError):
        return errors.answer(
            request, error
        )  # without the books there is no form; what was refused is still said


def _again(
    request: HttpRequest, action: Action[..., Any], raw: dict[str, Any], error: TickmarkError
) -> HttpResponse:
    context = {
        "action": {"name": action.name, "says": action.says},  # a template would call the action itself
        "fields": forms.fields(action, raw, error),
        "upload": has_files(action),
        "error": error,
        "next": _next(request),
    }
    return render(request, "do.html", context, status=error.status)


def _done(request: HttpRequest, result: Any) -> HttpResponse:
    secret = getattr(result, "link", None) or getattr(result, "secret", None)
    messages.success(request, request.POST.get("say") or f"Recorded: {getattr(result, 'ref', 'done')}.")
    if secret:
        messages.info(request, f"Shown once, copy it now: {secret}")
    target = _next(request).replace("{ref}", str(getattr(result, "ref", "")))
    return onward(request, target)


def _next(request: HttpRequest) -> str:
    return local(request.POST.get("next", "/"))


def local(target: str) -> str:
    """An address of this installation, or the home page for any other."""
    safe = target.startswith("/") and url_has_allowed_host_and_scheme(target, allowed_hosts=None)
    return target if safe else "/"
