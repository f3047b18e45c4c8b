"""Forms from action signatures: what a page posts becomes raw arguments; a refused form becomes its fields again."""

from __future__ import annotations

import inspect
import json
import typing
from datetime import date, datetime
from enum import Enum
from typing import Any

from django.http import HttpRequest

from tickmark.kernel import files
from tickmark.kernel.action import Action, one_of
from tickmark.kernel.arguments import Upload
from tickmark.kernel.errors import Invalid, TickmarkError


def raw(action: Action[..., Any], request: HttpRequest) -> dict[str, Any]:
    """The fields of a posted form that the action takes; files are kept first."""
    found: dict[str, Any] = {}
    for name, kind in action.types.items():
        if name in request.FILES:
            found[name] = (
                [keep(item) for item in request.FILES.getlist(name)]
                if _many(kind)
                else keep(request.FILES[name])
            )
        elif name in request.POST:
            found[name] = _value(kind, request.POST.getlist(name), name)
        elif kind is bool:
            found[name] = False
    return found


def keep(upload: Any) -> Upload:
    """Keep an uploaded file under its digest; its name is only a label, stripped of paths."""
    kept = files.keep(upload)
    name = str(upload.name or "file").replace("\\", "/").rsplit("/", 1)[-1].strip()[:200] or "file"
    return Upload(
        "".join(c for c in name if c.isprintable()),
        str(upload.content_type or "application/octet-stream")[:100],
        kept.sha256,
        kept.size,
    )


def _many(kind: Any) -> bool:
    return typing.get_origin(kind) is list


def _value(kind: Any, values: list[str], name: str) -> Any:
    model, many = one_of(kind)
    if _many(kind) and (many or len(values) > 1):
        return [value for value in values if value]
    value = values[-1].strip() if isinstance(values[-1], str) else values[-1]
    if _structured(kind) and value[:1] in "[{":
        try:
            return json.loads(value)
        except ValueError as error:
            raise Invalid(f"'{name}' is not JSON.", f"{error}.", "Correct it.", name) from None
    if model is not None and not value:
        return None
    return value


def _structured(kind: Any) -> bool:
    return typing.get_origin(kind) in (dict, list)


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
    return {
        "name": name,
        "label": name.replace("_", " ").capitalize(),
        "kind": _kind(name, kind),
        "required": default is inspect.Parameter.empty,
        "choices": choices(kind),
        "value": ", ".join(map(str, given)) if isinstance(given, list) else given,
        "error": str(error) if error is not None and error.field == name else "",
        "help": "",
    }


def _kind(name: str, kind: Any) -> str:
    plain = [item for item in typing.get_args(kind) if item is not type(None)]
    base = plain[0] if plain and not _many(kind) else kind
    if base is Upload or Upload in plain:
        return "file"
    if base is date:
        return "date"
    if base is datetime:
        return "datetime"
    if base is bool:
        return "checkbox"
    if choices(kind):
        return "select"
    if name == "password":
        return "password"
    return (
        "textarea"
        if name in {"text", "statement", "reason", "note", "detail", "fact", "services", "boundary", "plan"}
        else "text"
    )


def choices(kind: Any) -> list[tuple[str, str]]:
    """The values of an enumeration with their words; empty for anything else."""
    plain = [item for item in typing.get_args(kind) if item is not type(None)]
    base = plain[0] if plain and typing.get_origin(kind) is not typing.Literal else kind
    if typing.get_origin(base) is typing.Literal:
        return [(str(item), str(item)) for item in typing.get_args(base)]
    if isinstance(base, type) and issubclass(base, Enum):
        return [(str(item.value), str(getattr(item, "label", item.value))) for item in base]
    return []
