"""Forms from action signatures: what a page posts becomes raw arguments; a refused form becomes its fields again."""

from __future__ import annotations

import inspect
import typing
from datetime import date, datetime
from enum import Enum
from typing import Any

from django.http import HttpRequest
from pydantic import SecretStr

from tickmark.kernel.action import Action, one_of
from tickmark.kernel.arguments import Incoming, Upload, base
from tickmark.kernel.errors import TickmarkError

LONG = frozenset("text statement reason note detail fact services boundary plan".split())
"""Parameters that people write whole paragraphs into."""


def raw(action: Action[..., Any], request: HttpRequest) -> dict[str, Any]:
    """The fields of a posted form that the action takes; files are not kept yet (`kernel.arguments` does it last)."""
    found: dict[str, Any] = {}
    for name, kind in action.types.items():
        if name in request.FILES:
            files = [_incoming(item) for item in request.FILES.getlist(name)]
            found[name] = files if base(kind) is list else files[-1]
        elif name in request.POST:
            found[name] = _value(kind, request.POST.getlist(name))
        elif kind is bool:
            found[name] = False
    return found


def _incoming(upload: Any) -> Incoming:
    return Incoming(str(upload.name or ""), str(upload.content_type or ""), upload)


def _value(kind: Any, values: list[str]) -> Any:
    model, many = one_of(kind)
    if base(kind) is list and (many or len(values) > 1):
        return [value for value in values if value]
    value = values[-1].strip()
    return None if model is not None and not value else value


def fields(
    action: Action[..., Any], values: dict[str, Any], error: TickmarkError | None = None
) -> list[dict[str, Any]]:
    """The action's form as a list of fields for `do.html`, with what was typed and the error at its field."""
    return [_field(action, name, kind, values, error) for name, kind in action.types.items()]


def _field(
    action: Action[..., Any], name: str, kind: Any, values: dict[str, Any], error: TickmarkError | None
) -> dict[str, Any]:
    default = action.signature.parameters[name].default
    given = values.get(name, "" if default is inspect.Parameter.empty or default is None else default)
    shape = _kind(name, kind)
    return {
        "name": name,
        "label": name.replace("_", " ").capitalize(),
        "kind": shape,
        "required": default is inspect.Parameter.empty and shape != "checkbox",
        "choices": choices(kind),
        "value": "" if shape in ("file", "password") else _shown(given),
        "error": str(error) if error is not None and error.field == name else "",
        "help": "",
    }


def _shown(given: Any) -> Any:
    return ", ".join(map(str, given)) if isinstance(given, list) else given


_KINDS: dict[Any, str] = {
    Upload: "file",
    date: "date",
    datetime: "datetime",
    bool: "checkbox",
    SecretStr: "password",
}


def _kind(name: str, kind: Any) -> str:
    inner = [base(kind), *typing.get_args(kind)]
    found = next((_KINDS[one] for one in inner if one in _KINDS), "")
    if found:
        return found
    if choices(kind):
        return "select"
    return "textarea" if name in LONG else "text"


def choices(kind: Any) -> list[tuple[str, str]]:
    """The values of an enumeration with their words; empty for anything else."""
    found = base(kind)
    if typing.get_origin(found) is typing.Literal:
        return [(str(item), str(item)) for item in typing.get_args(found)]
    if isinstance(found, type) and issubclass(found, Enum):
        return [(str(item.value), str(getattr(item, "label", item.value))) for item in found]
    return []
