"""GET for every noun of the permission table: a page of a list, and one row. All rows come through `visible`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import Field, Model, QuerySet
from django.http import HttpRequest
from ninja import Router
from ninja.params.functions import Query

from tickmark.api.auth import reader
from tickmark.api.calls import openapi_extra
from tickmark.api.problems import READING, Problem
from tickmark.api.schemas import columns, page_model, row_model, row_of
from tickmark.kernel.access import Actor, not_found, table, visible
from tickmark.kernel.arguments import EARLIEST, LARGEST, LATEST
from tickmark.kernel.dated import Fact, Version
from tickmark.kernel.errors import Invalid
from tickmark.kernel.references import number, reference, resolve, storable

LONGEST_PAGE = 200
EMPTY = inspect.Parameter.empty


def nouns() -> list[type[Model]]:
    """Every noun that the permission table names and that has a reference."""
    found = (apps.get_model(label) for label in table().SEES)
    return [model for model in found if hasattr(model, "PREFIX")]


def address(model: type[Model]) -> str:
    """The path of a noun's list: `evidence/populations`."""
    return f"{model._meta.app_label}/{plural(model)}"


def plural(model: type[Model]) -> str:
    """The noun's plural with hyphens, as it stands in addresses."""
    name = str(model._meta.verbose_name_plural).replace(" ", "-")
    return f"{name[:-2]}ies" if name.endswith("ys") and name[-3:-2] not in "aeiou" else name


def router() -> Router:
    """The two reading operations of every noun."""
    routes = Router()
    for model in nouns():
        path, name = f"/{address(model)}", str(model._meta.verbose_name)
        extra = {**openapi_extra(READING), "x-prefix": model.PREFIX}  # type: ignore[attr-defined]
        common: dict[str, Any] = {"tags": [model._meta.app_label], "openapi_extra": extra}
        routes.add_api_operation(
            path, ["GET"], _list(model), response={200: page_model(model), READING: Problem},
            operation_id=f"{address(model).replace('/', '.')}.list", summary=f"List {plural(model).replace('-', ' ')}.",
            description=_says(model), **common,
        )  # fmt: skip
        routes.add_api_operation(
            path + "/{ref}", ["GET"], _one(model), response={200: row_model(model), READING: Problem},
            operation_id=f"{address(model).replace('/', '.')}.show", summary=f"Show one {name}.",
            description=_says(model), **common,
        )  # fmt: skip
    return routes


def _says(model: type[Model]) -> str:
    return inspect.cleandoc(model.__doc__ or "")


def _one(model: type[Model]) -> Callable[..., Any]:
    def view(request: HttpRequest, ref: str) -> dict[str, Any]:
        row = resolve(visible(reader(request), model), ref)
        if row is None:
            raise not_found(model, ref[:60])
        return row_of(row)

    view.__signature__ = inspect.Signature([_given("request", HttpRequest, EMPTY), _given("ref", str, EMPTY)])  # type: ignore[attr-defined]
    return view


def _list(model: type[Model]) -> Callable[..., Any]:
    takes = parameters(model)

    def view(request: HttpRequest, **given: Any) -> dict[str, Any]:
        _no_strangers(request, takes)
        rows = _filtered(reader(request), model, given)
        limit: int = given["limit"]
        found = list(_after(model, rows, given["after"]).order_by("pk")[: limit + 1])
        more = reference(found[limit - 1]) if len(found) > limit else None
        return {"items": [row_of(row) for row in found[:limit]], "next": more}

    view.__signature__ = inspect.Signature([_given("request", HttpRequest, EMPTY), *takes.values()])  # type: ignore[attr-defined]
    return view


def _no_strangers(request: HttpRequest, takes: dict[str, inspect.Parameter]) -> None:
    """A filter that is not understood is an error: a longer list than was meant would read as the answer."""
    for name in request.GET:
        if name not in takes:
            raise Invalid(
                f"This list takes no '{name[:40]}'.",
                f"It takes {', '.join(takes)}.",
                "Leave it out.",
                name[:40],
            )


def parameters(model: type[Model]) -> dict[str, inspect.Parameter]:
    """What a noun's list can be asked for."""
    found = [
        _given("limit", int, Query(50, ge=1, le=LONGEST_PAGE, description="Rows of a page.")),
        _given("after", str | None, Query(None, description="The `next` of the page before.")),
    ]
    if issubclass(model, Version):
        found.append(
            _given("day", date | None, Query(None, description="Only what is in force on this day."))
        )
    if issubclass(model, Fact):
        sealed = Query(None, ge=0, lt=LARGEST, description="Only what the log held at this size.")
        found += [
            _given("known", int | None, sealed),
            _given("entry", UUID | None, Query(None, description="Only what this ledger entry wrote.")),
        ]
    if code_of(model):
        found.append(_given("code", str | None, Query(None, description="Part of the code.")))
    found += [
        _given(f"of_{column.name}", str | None, Query(None, alias=column.name, description=about(column)))
        for column in _filters(model)
    ]
    return {item.name.removeprefix("of_"): item for item in found}


def code_of(model: type[Model]) -> str | None:
    """The column that holds a noun's code, if it has one."""
    named: str | None = getattr(model, "CODE", None)
    return named or next((column.name for column in columns(model) if column.name == "code"), None)


def _filters(model: type[Model]) -> Iterator[Field[Any, Any]]:
    for column in columns(model):
        refers = column.is_relation and hasattr(column.related_model, "PREFIX")
        if refers or (column.choices and column.get_internal_type() == "CharField"):
            yield column


def about(column: Field[Any, Any]) -> str:
    """What a filter compares with."""
    if column.is_relation:
        return f"Only those of this {column.related_model._meta.verbose_name}."  # type: ignore[union-attr]
    return "One of: " + ", ".join(str(value) for value, _ in column.flatchoices) + "."


def _given(name: str, kind: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)


def _filtered(actor: Actor, model: type[Model], given: dict[str, Any]) -> QuerySet[Any]:
    rows: Any = visible(actor, model)
    day, known = given.get("day"), given.get("known")
    if day is not None:
        _check_day(day)
        rows = rows.as_of(day, known)
    elif known is not None:
        rows = rows.known(known)
    if given.get("entry") is not None:
        rows = rows.filter(entry=given["entry"])
    if given.get("code") is not None:
        rows = rows.filter(**{f"{code_of(model)}__icontains": _text("code", given["code"])})
    for column in _filters(model):
        wanted = given.get(f"of_{column.name}")
        if wanted is not None:
            rows = rows.filter(**{column.name: _wanted(actor, column, wanted)})
    return rows  # type: ignore[no-any-return]


def _check_day(day: date) -> None:
    if not EARLIEST <= day.year <= LATEST:
        raise Invalid(
            f"{day} is too far away.", f"Years run from {EARLIEST} to {LATEST}.", "Correct the day.", "day"
        )


def _text(name: str, value: str) -> str:
    if not storable(value):
        raise Invalid(
            f"'{name}' cannot be taken.", "It holds a NUL or half a character.", "Correct it.", name
        )
    return value


def _wanted(actor: Actor, column: Any, value: str) -> Any:
    if not column.is_relation:
        return _text(column.name, value)
    found = resolve(visible(actor, column.related_model), value)
    if found is None:
        error = not_found(column.related_model, value[:60])
        error.field = column.name
        raise error
    return found


def _after(model: type[Model], rows: QuerySet[Any], after: str | None) -> QuerySet[Any]:
    if after is None:
        return rows
    position = number(model, after)
    if position is None:
        raise Invalid(
            f"'{after[:40]}' is no place in this list.",
            "It is not the `next` of a page.",
            "Start at the beginning.",
            "after",
        )
    return rows.filter(pk__gt=position)
