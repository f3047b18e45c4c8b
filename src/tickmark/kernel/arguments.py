"""How the doors turn text and JSON into an action's arguments: parsed and checked by its signature, once.

Models travel by reference (`EV-412`, `AC-04`) and are fetched through `visible`; files are kept before the action runs.
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from pydantic import BaseModel, TypeAdapter, ValidationError

from tickmark.kernel.access import Actor, not_found, visible
from tickmark.kernel.action import Action, one_of
from tickmark.kernel.errors import Invalid
from tickmark.kernel.references import resolve


@dataclass(frozen=True)
class Upload:
    """A file that came through a door: its name as given, its bytes' digest and size, already kept."""

    name: str
    media_type: str
    sha256: str
    size: int


def call(action: Action[..., Any], actor: Actor, raw: Mapping[str, Any]) -> Any:
    """Parse `raw` by the action's signature and do it."""
    return action(actor, **parse(action, actor, raw))


def parse(action: Action[..., Any], actor: Actor, raw: Mapping[str, Any]) -> dict[str, Any]:
    """The action's arguments from text or JSON.

    Raises Invalid (with `field`) for what does not fit, NotFound for what the actor may not see.
    """
    strange = sorted(set(raw) - set(action.types))
    if strange:
        raise Invalid(
            f"{action.name} takes no '{strange[0]}'.", f"It takes {', '.join(action.types) or 'nothing'}.", "", strange[0]
        )
    return {name: value for name, kind in action.types.items() if (value := _one(action, actor, name, kind, raw)) is not _LEFT_OUT}


_LEFT_OUT = object()


def _one(action: Action[..., Any], actor: Actor, name: str, kind: Any, raw: Mapping[str, Any]) -> Any:
    value = raw.get(name, _LEFT_OUT)
    default = action.signature.parameters[name].default
    if value is _LEFT_OUT or (value == "" and default is not inspect.Parameter.empty and _base(kind) is not str):
        if default is inspect.Parameter.empty:
            raise Invalid(f"'{name}' is missing.", f"{action.name} needs it.", f"Give {name}.", name)
        return _LEFT_OUT
    model, many = one_of(kind)
    if model is not None:
        return _fetch(actor, model, many, value, name)
    return _scalar(kind, value, name)


def _fetch(actor: Actor, model: type[Model], many: bool, value: Any, name: str) -> Any:
    if many:
        items = value if isinstance(value, list | tuple) else [item for item in str(value).replace(",", " ").split() if item]
        return [_fetch(actor, model, False, item, name) for item in items]
    if value is None:
        return None
    found = resolve(visible(actor, model), str(value)) if isinstance(value, str) else None
    if found is None:
        error = not_found(model, str(value))
        error.field = name
        raise error
    return found


def _scalar(kind: Any, value: Any, name: str) -> Any:
    if isinstance(value, Upload):
        return value
    if _base(kind) is Upload:
        raise Invalid(f"'{name}' is not a file.", "It came as text.", "Send the file itself.", name)
    if _base(kind) is list and isinstance(value, str):
        value = [item.strip() for item in value.replace("\n", ",").split(",") if item.strip()]
    if isinstance(value, str) and "\x00" in value:
        raise Invalid(f"'{name}' holds a NUL character.", "No text has one.", "Remove it.", name)
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join([name, *(str(part) for part in first["loc"])])
        raise Invalid(f"'{where}' cannot be taken.", first["msg"] + ".", "Correct it and send it again.", name) from error


def _base(kind: Any) -> Any:
    if typing.get_origin(kind) in (types.UnionType, typing.Union):
        inner = [item for item in typing.get_args(kind) if item is not types.NoneType]
        return _base(inner[0]) if inner else kind
    return typing.get_origin(kind) if typing.get_origin(kind) is list else kind


def body_model(action: Action[..., Any]) -> type[BaseModel]:
    """The pydantic model of the action's JSON body, models as references: what the API publishes."""
    from pydantic import create_model

    fields: dict[str, Any] = {}
    for name, kind in action.types.items():
        default = action.signature.parameters[name].default
        fields[name] = (_wire(kind), ... if default is inspect.Parameter.empty else default)
    return create_model("".join(part.title() for part in action.name.replace("_", ".").split(".")) + "Body", **fields)


def _wire(kind: Any) -> Any:
    model, many = one_of(kind)
    if model is not None:
        optional = types.NoneType in typing.get_args(kind)
        return list[str] if many else (str | None if optional else str)
    return str if _base(kind) is Upload else kind


def has_files(action: Action[..., Any]) -> bool:
    """Whether the action takes files, and so a multipart body."""
    return any(_base(kind) is Upload or Upload in typing.get_args(kind) for kind in action.types.values())
