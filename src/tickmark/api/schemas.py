"""What rows look like on the wire: their reference, their ledger entry, and the fact as the ledger digests it."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Annotated, Any

from django.db import models
from ninja import Schema
from pydantic import BaseModel, Field, create_model

from tickmark.kernel.dated import Fact
from tickmark.people.models import User

Day = Annotated[str, Field(json_schema_extra={"format": "date"})]
Instant = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Uid = Annotated[str, Field(json_schema_extra={"format": "uuid"})]
KINDS: tuple[tuple[type[models.Field[Any, Any]], Any], ...] = (
    (models.DateTimeField, Instant),
    (models.DateField, Day),
    (models.UUIDField, Uid),
    (models.BooleanField, bool),
    (models.IntegerField, int),
    (models.JSONField, Any),
)
ACCOUNT = ("email", "name", "side", "is_active")
"""What is told of an account: never its password or when it last came."""


class Page(Schema):
    """A part of a list, oldest first; `next` is what to send as `after` for the rows that follow, if any do."""

    next: str | None


def columns(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    """The columns of a noun that are shown."""
    names = ACCOUNT if model is User else [column.name for column in model._meta.concrete_fields]
    return [model._meta.get_field(name) for name in names]  # type: ignore[misc]


@cache
def fact_model(model: type[models.Model]) -> type[BaseModel]:
    """The fact of a noun: every column, keys by reference, days and instants as ISO text."""
    fields: dict[str, Any] = {column.name: (_kind(column), Field(...)) for column in columns(model)}
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", UserWarning
        )  # a column may be called `copy`, as BaseModel's old method is
        return create_model(model.__name__, **fields)


def _kind(column: models.Field[Any, Any]) -> Any:
    kind = (
        str if column.is_relation else next((kind for field, kind in KINDS if isinstance(column, field)), str)
    )
    if isinstance(column, models.AutoField):
        kind = int
    return kind | None if column.null and kind is not Any else kind


@cache
def row_model(model: type[models.Model]) -> type[BaseModel]:
    """A row of a noun."""
    return create_model(
        f"{model.__name__}Row", ref=(str, ...), entry=(Uid | None, ...), fact=(fact_model(model), ...)
    )


@cache
def page_model(model: type[models.Model]) -> type[BaseModel]:
    """A page of rows of a noun."""
    rows: Any = list[row_model(model)]  # type: ignore[misc]
    return create_model(f"{model.__name__}Page", __base__=Page, items=(rows, ...))


@cache
def done_model(model: type[models.Model] | None) -> type[BaseModel]:
    """What a done action answers: the row it gave, under the entry that records the action."""
    fact: Any = fact_model(model) if model else dict[str, Any]
    once: Any = (
        str | None,
        Field(None, description="A secret that is shown this once, such as a new token."),
    )
    name = f"{model.__name__ if model else 'Something'}Recorded"
    return create_model(name, ref=(str, ...), entry=(Uid, ...), fact=(fact, ...), once=once)


def fact_of(row: Any) -> dict[str, Any]:
    """The fact of a row as JSON."""
    if isinstance(row, Fact):
        return row.columns()
    return {name: getattr(row, name) for name in ACCOUNT} if isinstance(row, User) else {}


def row_of(row: Any) -> dict[str, Any]:
    """A row as JSON."""
    entry = getattr(row, "entry", None)
    return {"ref": row.ref, "entry": str(entry) if entry else None, "fact": fact_of(row)}
