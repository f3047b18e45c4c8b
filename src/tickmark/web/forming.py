"""Form pages: the fields of an action with words, help and choices for people; and pages that do not exist for some."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Model
from django.http import HttpRequest, QueryDict

from tickmark.kernel import clock
from tickmark.kernel.access import Actor, may, visible
from tickmark.kernel.action import ACTIONS
from tickmark.kernel.dated import Version
from tickmark.kernel.errors import NotFound
from tickmark.people.models import User
from tickmark.people.queries import sees
from tickmark.scope.criteria import Criterion
from tickmark.web import forms
from tickmark.web.shell import day_of, known_of

Field = dict[str, Any]
LISTS = {"checks", "criteria"}


def specs(name: str, values: Mapping[str, Any] | None = None, /, **words: Mapping[str, Any]) -> list[Field]:
    """The fields of action `name` filled with `values`; `words` changes label, kind, help or choices of a field.

    Fields stand in the order of `words` first, then as in the action. `kind="hidden"` hides one, `leave=True` leaves
    it out.
    """
    given = dict(values or {})
    plain = {field["name"]: field for field in forms.fields(ACTIONS[name], given)}
    ordered = [*words, *(one for one in plain if one not in words)]
    found = [{**plain.get(one, {"name": one}), **words.get(one, {})} for one in ordered]
    return [_listed(field, given) for field in found if not field.get("leave")]


def _listed(field: Field, given: Mapping[str, Any]) -> Field:
    if field.get("kind") in LISTS and isinstance(given.get(field["name"]), list | tuple):
        return {**field, "value": list(given[field["name"]])}
    return field


def values_of(name: str, row: Any) -> dict[str, Any]:
    """What a row holds of the action's fields: what a new version starts from."""
    return {field: _plain(getattr(row, field)) for field in ACTIONS[name].types if hasattr(row, field)}


def base_of(actor: Actor, version: Version | None) -> str:
    """The version of the same subject that was written last: what a form for a new one has looked at."""
    if version is None:
        return ""
    same = {name: getattr(version, name) for name in version.SUBJECT}
    newest: Any = visible(actor, type(version)).filter(**same).order_by("-pk").first()
    return newest.ref if newest else ""


def _plain(value: Any) -> Any:
    return value.ref if isinstance(value, Model) and hasattr(value, "ref") else value


def kept(name: str, values: Mapping[str, Any]) -> Field:
    """A list that a form carries on unseen, whole whatever its items hold."""
    held = values.get(name) or []
    return {"kind": "hidden", "value": held if isinstance(held, str) else json.dumps(list(held))}


def people_choices(users: Iterable[User]) -> list[tuple[str, str]]:
    """Accounts as choices of a field."""
    return [(user.ref, user.name) for user in users]


def criteria_groups(inside: Iterable[Criterion], chosen: Iterable[str]) -> list[dict[str, Any]]:
    """Criteria in groups by series for a field that ticks them; a group with a tick is open."""
    ticked, groups = set(chosen), {}  # type: ignore[var-annotated]
    for one in inside:
        group = groups.setdefault(one.series.id, {"series": one.series, "choices": [], "ticked": 0})
        group["choices"].append((one.id, f"{one.id} {one.title}"))
        group["ticked"] += one.id in ticked
    return list(groups.values())


def must_see(actor: Actor, model: type[Model]) -> None:
    """Raise NotFound where the table shows no row of this model to such an actor: the page does not exist for them."""
    if not sees(actor, model):
        raise NotFound(
            "There is no such page.", "", "Check the address, and the account you are signed in with."
        )


def must_may(request: HttpRequest, name: str) -> None:
    """Raise NotFound for somebody who may not do the action that a page is there for."""
    if not may(request.actor, name):  # type: ignore[attr-defined]
        raise NotFound(
            "There is no such page.", "", "Check the address, and the account you are signed in with."
        )


def can(request: HttpRequest, name: str, **objects: Any) -> bool:
    """Whether the page offers the action: the actor may do it, and the page shows today as it is known now.

    From another day nothing is recorded: what stands on the page is not what the action would meet.
    """
    present = day_of(request) == clock.today() and known_of(request) is None
    return present and may(request.actor, name, **objects)  # type: ignore[attr-defined]


def gathered(request: HttpRequest, name: str) -> HttpRequest:
    """The request with its fields `name.x` and the lines `x = 1` of field `name` as one JSON field `name`.

    An empty field is left out, so that the proposed value stands.
    """
    post: QueryDict = request.POST.copy()
    found = numbers_of(post.pop(name, [""])[-1])
    for field in [key for key in post if key.startswith(f"{name}.")]:
        if said := post.pop(field)[-1].strip():
            found[field.removeprefix(f"{name}.")] = as_number(said)
    post[name] = json.dumps(found)
    request.POST = post  # type: ignore[assignment]
    return request


def numbers_of(text: str) -> dict[str, int | str | None]:
    """The lines `days = 1` of a field by their names; None where a line gives no value, which the actions refuse."""
    lines = [line.partition("=") for line in text.splitlines() if line.strip()]
    return {name.strip(): as_number(value.strip()) if value.strip() else None for name, _, value in lines}


def lines_of(numbers: Mapping[str, Any]) -> str:
    """The lines that `numbers_of` reads, in the order of the names."""
    return "\n".join(f"{name} = {value}" for name, value in sorted(numbers.items()))


def as_number(text: str) -> int | str:
    """A whole number where the text is one, else the text."""
    return int(text) if text.removeprefix("-").isdecimal() and len(text) < 16 else text
