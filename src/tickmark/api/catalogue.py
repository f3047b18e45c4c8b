"""The operations as the page for people shows them, made from the same actions and nouns as the API itself."""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.apps import apps

from tickmark.api import answers, finding, lists
from tickmark.api.calls import offered, who_may
from tickmark.kernel.action import Action, one_of
from tickmark.kernel.arguments import body_model, file_fields

ORDER = ("people", "scope", "controls", "evidence", "readiness", "audit", "report", "upkeep")


@dataclass(frozen=True)
class Argument:
    """One argument: its name, what it is in words, and whether it may be left out."""

    name: str
    kind: str
    about: str
    needed: bool


@dataclass(frozen=True)
class Operation:
    """One operation of the page."""

    anchor: str
    method: str
    path: str
    says: str
    who: str
    arguments: tuple[Argument, ...]
    curl: str
    command: str


@dataclass(frozen=True)
class Step:
    """The operations of one step: its verbs, then its nouns."""

    name: str
    about: str
    verbs: tuple[Operation, ...]
    nouns: tuple[Operation, ...]


@lru_cache(maxsize=1)
def steps() -> tuple[Step, ...]:
    """Every step with its operations."""
    verbs = [(action.step, _verb(action)) for action in offered().values()]
    nouns = [(model._meta.app_label, _noun(model)) for model in lists.nouns()]
    return tuple(
        Step(
            name,
            _about(name),
            tuple(o for s, o in verbs if s == name),
            tuple(o for s, o in nouns if s == name),
        )
        for name in ORDER
        if any(step == name for step, _ in verbs + nouns)
    )


def beside() -> tuple[Operation, ...]:
    """The operations that belong to no step: who one is, what one owes, the log, files, search."""
    routers = (answers.routes, finding.routes)
    found = [(path, view.operations[0]) for one in routers for path, view in one.path_operations.items()]
    return tuple(
        Operation(
            str(one.operation_id), "GET", path, str(one.summary), str(one.description), (),
            f'curl -H "Authorization: Bearer $TICKMARK_TOKEN" "$TICKMARK_ADDRESS/api{path}"', "",
        )
        for path, one in found
    )  # fmt: skip


def _about(step: str) -> str:
    module = apps.get_app_config(step).module
    return inspect.cleandoc(module.__doc__ or "").split("\n")[0] if module else ""


def _verb(action: Action[..., Any]) -> Operation:
    arguments = arguments_of(action)
    path = f"/{action.step}/{action.verb}"
    return Operation(
        action.name, "POST", path, action.says, who_may(action.name), arguments,
        _curl(action, path, arguments), _command(action, arguments),
    )  # fmt: skip


def _noun(model: Any) -> Operation:
    takes = lists.parameters(model)
    arguments = tuple(
        Argument(shown, "", str(item.default.description or ""), False) for shown, item in takes.items()
    )
    name = lists.address(model)
    return Operation(
        name, "GET", f"/{name}", inspect.cleandoc(model.__doc__ or "").split("\n")[0],
        "Whoever may see them; each row by itself.", arguments,
        f'curl -H "Authorization: Bearer $TICKMARK_TOKEN" \\\n  "$TICKMARK_ADDRESS/api/{name}?limit=50"',
        f"tickmark list {name.split('/')[1]} --json",
    )  # fmt: skip


def arguments_of(action: Action[..., Any]) -> tuple[Argument, ...]:
    """The arguments of an action in the words of its schema."""
    model = body_model(action)
    schema = model.model_json_schema()
    files = [
        Argument(name, "file", "The file itself.", needed) for name, needed in file_fields(action).items()
    ]
    plain = [
        Argument(
            name,
            _kind(item, schema.get("$defs", {}))
            if one_of(action.types[name])[0] is None
            else _names(action, name),
            item.get("description", ""),
            name in schema.get("required", ()),
        )
        for name, item in schema["properties"].items()
    ]
    return (*files, *plain)


def _names(action: Action[..., Any], name: str) -> str:
    return "list of references" if one_of(action.types[name])[1] else "reference"


def _kind(item: dict[str, Any], known: dict[str, Any]) -> str:
    """The kind of a value in words: `date`, `one of met, deviation`, `list of text`."""
    if "$ref" in item:
        return _kind(known[item["$ref"].rsplit("/", 1)[-1]], known)
    if "anyOf" in item:
        return " or ".join(_kind(one, known) for one in item["anyOf"] if one.get("type") != "null")
    if "enum" in item:
        return "one of " + ", ".join(
            json.dumps(value) if value == "" else str(value) for value in item["enum"]
        )
    if item.get("type") == "array":
        return f"list of {_kind(item.get('items', {}), known)}"
    if item.get("type") == "object" and "properties" in item:
        return "object of " + ", ".join(item["properties"])
    words = {"string": "text", "integer": "whole number", "boolean": "true or false", "object": "object"}
    return str(item.get("format") or words.get(item.get("type", ""), "value"))


SAMPLE: dict[str, Any] = {
    "date": "2026-03-31",
    "date-time": "2026-03-31T12:00:00Z",
    "true or false": True,
    "whole number": 1,
    "object": {},
}


def _sample(argument: Argument) -> Any:
    kind = argument.kind.split(" or ")[0] if argument.kind != "true or false" else argument.kind
    if kind.startswith("one of "):
        return kind.removeprefix("one of ").split(", ")[0].strip('"')
    if kind.startswith("list of "):
        return [] if "object" in kind else ["…"]
    return SAMPLE.get(kind, "…")


def _curl(action: Action[..., Any], path: str, arguments: tuple[Argument, ...]) -> str:
    needed = [item for item in arguments if item.needed]
    head = f'curl -H "Authorization: Bearer $TICKMARK_TOKEN" "$TICKMARK_ADDRESS/api{path}"'
    if any(item.kind == "file" for item in arguments):
        fields = [f"-F {i.name}=@file" if i.kind == "file" else f"-F '{i.name}={_sample(i)}'" for i in needed]
        return " \\\n  ".join([head, *fields])
    body = json.dumps({item.name: _sample(item) for item in needed}, ensure_ascii=False)
    return f"{head} \\\n  --json '{body}'"


def _command(action: Action[..., Any], arguments: tuple[Argument, ...]) -> str:
    words = [f"tickmark do {action.name}"]
    for item in arguments:
        if item.needed:
            value = _sample(item)
            shown = (
                "@file"
                if item.kind == "file"
                else value
                if isinstance(value, str)
                else json.dumps(value, ensure_ascii=False)
            )
            words.append(f"'{item.name}={shown}'" if "[" in shown or "{" in shown else f"{item.name}={shown}")
    return " ".join(words)
