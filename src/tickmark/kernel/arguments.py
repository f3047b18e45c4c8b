"""How the doors turn text and JSON into an action's arguments: parsed and checked by its signature, once.

Models travel by reference (`EV-412`, `AC-04`) and are fetched through `visible`. Files are kept last, once the actor
may do the action: a refused call leaves nothing behind.
"""

from __future__ import annotations

import inspect
import json
import logging
import math
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import IO, Any

from django.db.models import Model
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, create_model

from tickmark.kernel import files
from tickmark.kernel.access import Actor, not_found, require, visible
from tickmark.kernel.action import Action, Done, one_of, optional
from tickmark.kernel.errors import Invalid, Refused
from tickmark.kernel.references import resolve, storable

log = logging.getLogger("tickmark.actions")
EARLIEST, LATEST = 1900, 2200
"""The years that a record can be about: day arithmetic stays far from the ends of the calendar."""
LARGEST = 2**53
"""Beyond it JSON does not keep a whole number."""
DEEPEST = 20
"""How far structures may nest."""


@dataclass(frozen=True)
class Upload:
    """A file that came through a door: its name as given, its bytes' digest and size, already kept."""

    name: str
    media_type: str
    sha256: str
    size: int
    head: bytes = field(default=b"", compare=False, repr=False)


@dataclass(frozen=True)
class Incoming:
    """A file at the door that is not kept yet; `stream` gives its bytes once."""

    name: str
    media_type: str
    stream: IO[bytes]

    def keep(self) -> Upload:
        """Keep it under its digest. The name is only a label: folders and what cannot be printed are left out."""
        return self.told(files.keep(self.stream))

    def told(self, kept: files.Kept) -> Upload:
        """The upload that it becomes, kept or only looked at."""
        name = self.name.replace("\\", "/").rsplit("/", 1)[-1].strip()
        name = "".join(letter for letter in name if letter.isprintable())[:200] or "file"
        media_type = self.media_type[:100] or "application/octet-stream"
        return Upload(name, media_type, kept.sha256, kept.size, kept.head)


def keep_many(many: Sequence[Incoming]) -> list[Upload]:
    """Keep files in one go; those of 0 bytes are told and not kept."""
    kept = files.keep_many([one.stream for one in many])
    return [one.told(found) for one, found in zip(many, kept, strict=True)]


def call(action: Action[..., Any], actor: Actor, raw: Mapping[str, Any]) -> Any:
    """Parse `raw` by the action's signature and do it; gives what the action gives."""
    return perform(action, actor, raw).result


def perform(action: Action[..., Any], actor: Actor, raw: Mapping[str, Any]) -> Done[Any]:
    """Parse `raw` by the action's signature and do it; gives the result with the entry that records it.

    Who may not do it, or names what they may not see, is noted in the program's log.
    """
    try:
        return action.perform(actor, **parse(action, actor, raw))
    except Refused as error:
        log.warning("%s by %s: %s", action.name, actor.ref, type(error).__name__)
        raise


Found = dict[tuple[type[Model], str], Model]
"""Rows that were fetched by reference within one action: for `parse` of many alike."""


def parse(
    action: Action[..., Any], actor: Actor, raw: Mapping[str, Any], found: Found | None = None
) -> dict[str, Any]:
    """The action's arguments from text or JSON. With `found`, a row that was fetched before is not fetched again.

    Raises Invalid (with `field`) for what does not fit, NotFound for what the actor may not see, and Refused before a
    file is kept for somebody who may not do this.
    """
    _no_strangers(action, raw)
    given = _given(action, actor, raw, found)
    if any(_waits(value) for value in given.values()):
        require(actor, action.name, {name: value for name, value in given.items() if not _waits(value)})
    return {name: _kept(value) for name, value in given.items()}


def look(action: Action[..., Any], actor: Actor, raw: Mapping[str, Any]) -> dict[str, Any]:
    """`parse` for a preview: files are told by digest and size, and none is kept."""
    _no_strangers(action, raw)
    return {name: _examined(value) for name, value in _given(action, actor, raw).items()}


def _given(
    action: Action[..., Any], actor: Actor, raw: Mapping[str, Any], found: Found | None = None
) -> dict[str, Any]:
    given = {name: _one(action, actor, name, raw, found) for name in action.types}
    return {name: value for name, value in given.items() if value is not _LEFT_OUT}


def _examined(value: Any) -> Any:
    if isinstance(value, list):
        return [_examined(item) for item in value]
    return value.told(files.examine(value.stream)) if isinstance(value, Incoming) else value


def _waits(value: Any) -> bool:
    return isinstance(value, Incoming) or (isinstance(value, list) and any(map(_waits, value)))


def _kept(value: Any) -> Any:
    if isinstance(value, list) and value and all(isinstance(item, Incoming) for item in value):
        return keep_many(value)
    if isinstance(value, list):
        return [_kept(item) for item in value]
    return value.keep() if isinstance(value, Incoming) else value


_LEFT_OUT = object()


def _no_strangers(action: Action[..., Any], raw: Mapping[str, Any]) -> None:
    for name in sorted(set(raw) - set(action.types)):
        takes = ", ".join(action.types) or "nothing"
        raise Invalid(
            f"{action.name} takes no '{name[:60]}'.", f"It takes {takes}.", "Leave it out.", name[:60]
        )


def _one(
    action: Action[..., Any], actor: Actor, name: str, raw: Mapping[str, Any], found: Found | None = None
) -> Any:
    kind, value = action.types[name], raw.get(name, _LEFT_OUT)
    may_miss = action.signature.parameters[name].default is not inspect.Parameter.empty
    if value is _LEFT_OUT or (value == "" and may_miss and base(kind) is not str):
        if may_miss:
            return _LEFT_OUT
        raise missing(action.name, name)
    model, many = one_of(kind)
    if model is None:
        return _scalar(kind, value, name)
    if value in (None, "") and not many:
        if optional(kind):
            return None
        raise missing(action.name, name)
    if many:
        return _many(actor, model, value, name)
    if found is None or not isinstance(value, str):
        return _fetch(actor, model, value, name)
    if (model, value) not in found:
        found[model, value] = _fetch(actor, model, value, name)
    return found[model, value]


def missing(action: str, name: str) -> Invalid:
    """The error for an argument that an action needs and did not get."""
    return Invalid(f"'{name}' is missing.", f"{action} needs it.", f"Give {name}.", name)


def _many(actor: Actor, model: type[Model], value: Any, name: str) -> list[Model]:
    """The rows that a list of references names, each once, in the order given."""
    items = value if isinstance(value, list | tuple) else str(value or "").replace(",", " ").split()
    return list(dict.fromkeys(_fetch(actor, model, item, name) for item in items))


def _fetch(actor: Actor, model: type[Model], value: Any, name: str) -> Model:
    found = resolve(visible(actor, model), value) if isinstance(value, str) else None
    if found is None:
        error = not_found(model, str(value)[:60])
        error.field = name
        raise error
    return found


def _scalar(kind: Any, value: Any, name: str) -> Any:
    if base(kind) is Upload or _inner(kind) is Upload:
        return _file(value, name)
    try:
        found = _adapter(kind).validate_python(_read(kind, value, name))
    except ValidationError as error:
        raise unfit(error, name) from None
    _check(value, name)
    _check(found, name)
    return found


def unfit(error: ValidationError, *before: str) -> Invalid:
    """The first fault that a validation found, as one of the four errors."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join([*before, *(str(part) for part in first["loc"])])
    return Invalid(
        f"'{where[:80]}' cannot be taken.", f"{first['msg']}.", "Correct it and send it again.", where[:80]
    )


@lru_cache(maxsize=1000)
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _file(value: Any, name: str) -> Any:
    items = value if isinstance(value, list) else [value]
    if not all(isinstance(item, Upload | Incoming) for item in items):
        raise Invalid(f"'{name}' is not a file.", "It came as text.", "Send the file itself.", name)
    return value


def _read(kind: Any, value: Any, name: str) -> Any:
    """What a text stands for where the type is none: JSON, a list with commas, one of a few numbers."""
    if not isinstance(value, str):
        return value
    if base(kind) in (list, dict) and value.lstrip()[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except (ValueError, RecursionError) as error:
            raise Invalid(f"'{name}' is not JSON.", f"{error}.", "Correct it.", name) from None
    if base(kind) is list:
        return [item.strip() for item in value.replace("\n", ",").split(",") if item.strip()]
    if typing.get_origin(kind) is typing.Literal:
        return next((item for item in typing.get_args(kind) if str(item) == value), value)
    return value


def _check(value: Any, name: str, depth: int = 0) -> None:
    """Raise Invalid for what no record can hold: broken text, numbers and days out of all bounds, endless nesting."""
    fault = _fault(value) or ("It nests too deep" if depth > DEEPEST else "")
    if fault:
        raise Invalid(f"'{name}' cannot be taken.", f"{fault}.", "Correct it and send it again.", name)
    if isinstance(value, BaseModel):
        value = dict(value)
    if isinstance(value, Mapping):
        value = [*value.keys(), *value.values()]
    for item in value if isinstance(value, list | tuple) else ():
        _check(item, name, depth + 1)


def _fault(value: Any) -> str:
    if isinstance(value, str) and not storable(value):
        return "It holds a NUL or half a character"
    if isinstance(value, int) and abs(value) >= LARGEST:
        return "The number is too large"
    if isinstance(value, float) and not math.isfinite(value):
        return "It is not a number"
    if isinstance(value, date) and not EARLIEST <= value.year <= LATEST:
        return f"The year is not between {EARLIEST} and {LATEST}"
    return ""


def base(kind: Any) -> Any:
    """The type behind an annotation: `date` for `date | None`, `list` for `list[str]`, itself for most."""
    if typing.get_origin(kind) in (types.UnionType, typing.Union):
        inner = [item for item in typing.get_args(kind) if item is not types.NoneType]
        return base(inner[0]) if len(inner) == 1 else kind
    return typing.get_origin(kind) if typing.get_origin(kind) in (list, dict) else kind


def _inner(kind: Any) -> Any:
    return typing.get_args(kind)[0] if typing.get_origin(kind) is list and typing.get_args(kind) else None


def body_model(action: Action[..., Any]) -> type[BaseModel]:
    """The pydantic model of the action's body, models as references and files left out: what the API publishes."""
    fields: dict[str, Any] = {}
    for name, kind in action.types.items():
        if _is_file(kind):
            continue
        default = action.signature.parameters[name].default
        needed = default is inspect.Parameter.empty
        fields[name] = (_wire(kind), Field(... if needed else default, description=_about(kind)))
    title = "".join(part.title() for part in action.name.replace("_", ".").split("."))
    return create_model(f"{title}Body", __config__=ConfigDict(extra="forbid"), **fields)


def _wire(kind: Any) -> Any:
    model, many = one_of(kind)
    if model is None:
        return kind
    plain: Any = list[str] if many else str
    return plain | None if optional(kind) else plain


def _about(kind: Any) -> str | None:
    model, many = one_of(kind)
    if model is None:
        return None
    code = f" or its {model.CODE}" if getattr(model, "CODE", None) else ""  # type: ignore[attr-defined]
    name = str(model._meta.verbose_name)
    each = f"{'Each: a' if many else 'A'}{'n' if name[0] in 'aeiou' else ''}"
    return f"{each} {name} by its reference ({getattr(model, 'PREFIX', '')}-…){code}."


def _is_file(kind: Any) -> bool:
    return base(kind) is Upload or _inner(kind) is Upload


def file_fields(action: Action[..., Any]) -> dict[str, bool]:
    """The parameters that are files, and whether the action needs them."""
    parameters = action.signature.parameters
    return {
        name: parameters[name].default is inspect.Parameter.empty
        for name, kind in action.types.items()
        if _is_file(kind)
    }


def has_files(action: Action[..., Any]) -> bool:
    """Whether the action takes files, and so a multipart body."""
    return bool(file_fields(action))
