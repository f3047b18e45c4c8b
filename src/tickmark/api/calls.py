"""One operation for each action that people may do, made from its signature and its line of the permission table."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from ninja import Router, Status, UploadedFile
from ninja.params.functions import Body, File, Form

from tickmark.api.auth import writer
from tickmark.api.problems import MEANINGS, WRITING, Problem
from tickmark.api.schemas import done_model, fact_of
from tickmark.kernel.access import Grant, table, who
from tickmark.kernel.action import ACTIONS, Action
from tickmark.kernel.arguments import Incoming, base, body_model, file_fields, perform

UNATTENDED = frozenset({"job", "visitor"})
"""Roles that no account has: what only they may do has no place in the API."""


def offered() -> dict[str, Action[..., Any]]:
    """The actions that an account may do, by name."""
    may: dict[str, Grant] = table().MAY
    return {
        name: action
        for name, action in sorted(ACTIONS.items())
        if name in may and not (may[name].roles and may[name].roles <= UNATTENDED)
    }


def router() -> Router:
    """POST /<step>/<verb> for every action that is offered."""
    routes = Router()
    for action in offered().values():
        routes.add_api_operation(
            f"/{action.step}/{action.verb}",
            ["POST"],
            _view(action),
            response={201: done_model(_given(action)), WRITING: Problem},
            operation_id=action.name,
            summary=action.says,
            description=_description(action),
            tags=[action.step],
            openapi_extra=openapi_extra(WRITING),
        )
    return routes


def openapi_extra(codes: frozenset[int]) -> dict[str, Any]:
    """What each status of an operation means."""
    return {"responses": {code: {"description": MEANINGS[code]} for code in sorted(codes)}}


def _given(action: Action[..., Any]) -> type[Model] | None:
    return action.gives if isinstance(action.gives, type) and issubclass(action.gives, Model) else None


def who_may(name: str) -> str:
    """Who may do an action, with what its arguments must fulfil."""
    grant: Grant = table().MAY[name]
    rules = [f"{parameter}: {rule.says}" for parameter, rule in grant.rules.items()]
    return "; ".join([f"For {who(grant)}", *rules]) + "."


def _description(action: Action[..., Any]) -> str:
    rest = inspect.cleandoc(action.__doc__ or "").partition("\n")[2].strip()
    return "\n\n".join(part for part in (rest, who_may(action.name)) if part)


def _view(action: Action[..., Any]) -> Callable[..., Any]:
    files = file_fields(action)

    def view(request: HttpRequest, **given: Any) -> Status[dict[str, Any]]:
        body = given.pop("arguments", None)
        raw = body.model_dump(mode="json", exclude_unset=True) if body is not None else {}
        raw |= {name: _files(value) for name, value in given.items() if value}
        if files:  # the frame drops form fields that it does not know
            raw |= dict.fromkeys({*request.POST, *request.FILES} - set(action.types), "")
        done = perform(action, writer(request), raw)
        return Status(201, answer(done.result, done.entry))

    view.__signature__ = _signature(action, files)  # type: ignore[attr-defined]
    view.__name__ = action.name.replace(".", "_")
    return view


def answer(result: Any, entry: Any) -> dict[str, Any]:
    """The answer to a done action."""
    once = getattr(result, "link", None) or getattr(result, "secret", None)
    return {"ref": getattr(result, "ref", ""), "entry": str(entry), "fact": fact_of(result), "once": once}


def _signature(action: Action[..., Any], files: dict[str, bool]) -> inspect.Signature:
    model = body_model(action)
    parameters = [_parameter("request", HttpRequest, inspect.Parameter.empty)]
    if model.model_fields:
        parameters.append(_parameter("arguments", model, Form(...) if files else Body(...)))
    for name, needed in files.items():
        one: Any = list[UploadedFile] if base(action.types[name]) is list else UploadedFile
        kind = one if needed else one | None
        parameters.append(_parameter(name, kind, File(...) if needed else File(None)))
    return inspect.Signature(parameters)


def _parameter(name: str, kind: Any, default: Any) -> inspect.Parameter:
    where = inspect.Parameter.POSITIONAL_OR_KEYWORD if name == "request" else inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, where, default=default, annotation=kind)


def _files(given: Any) -> Any:
    return [incoming(one) for one in given] if isinstance(given, list) else incoming(given)


def incoming(upload: Any) -> Incoming:
    """A file of a multipart body, not kept yet."""
    return Incoming(str(upload.name or ""), str(upload.content_type or ""), upload.file)
