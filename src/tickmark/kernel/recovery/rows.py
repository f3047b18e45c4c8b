"""The rows of the books as lines of JSON, the same from either engine, and back into either.

A line holds one row by its columns: instants in UTC and days as ISO text, UUIDs and decimals as text, bytes as base64.
Whoever dumps what was loaded gets the same bytes, and that is how a load is proven.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

from django.core.management.color import no_style
from django.db import connection
from django.db.models import JSONField, Model, QuerySet

from tickmark.kernel.errors import Invalid

PAGE = 2000
LEFT_OUT = {
    "sessions": "people sign in again",
    "contenttypes": "made anew by the migrations",
    "auth": "made anew by the migrations",
}
"""Apps of others that no archive carries, with the reason. What points at their rows is left out too.

A table of ours says it itself: its class has a line `NOT_CARRIED` with the reason.
"""

BEGIN = {"postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "sqlite": "BEGIN DEFERRED"}


@contextmanager
def snapshot() -> Iterator[None]:
    """All reads in here see the books of one moment; writers are not held up (WAL, MVCC)."""
    with connection.cursor() as cursor:
        cursor.execute(BEGIN[connection.vendor])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ROLLBACK")


def carried(apps: Any) -> list[type[Model]]:
    """The tables that an archive carries, by name."""
    without = left_out(apps)
    return [model for model in _every(apps) if label(model) not in without]


def left_out(apps: Any) -> dict[str, str]:
    """The tables that no archive carries, each with the reason."""
    found = {label(model): why for model in _every(apps) if (why := _why(model))}
    while dangling := [
        model for model in _every(apps) if label(model) not in found and _targets(model) & found.keys()
    ]:
        found |= {label(model): "it points at one that is left out" for model in dangling}
    return found


def _every(apps: Any) -> list[type[Model]]:
    """Every table, by name; `apps` are the program's own, or those of an older state of it."""
    models = apps.get_models(include_auto_created=True)
    return sorted((one for one in models if one._meta.managed and not one._meta.proxy), key=label)


def _why(model: type[Model]) -> str:
    return LEFT_OUT.get(model._meta.app_label) or str(getattr(model, "NOT_CARRIED", ""))


def _targets(model: type[Model]) -> set[str]:
    targets = [field.related_model for field in model._meta.concrete_fields if field.is_relation]
    return {label(target) for target in targets if target}


def label(model: type[Model]) -> str:
    """The name of a table in an archive, such as `kernel.entry`."""
    return str(model._meta.label_lower)


def lines(model: type[Model]) -> Iterator[bytes]:
    """Every row as a line, by primary key; a page at a time, so that memory does not follow the size of the books."""
    names = [field.attname for field in model._meta.concrete_fields]
    rows: QuerySet[Any] = QuerySet(model).order_by("pk")
    at, last = names.index(str(model._meta.pk.attname)), None
    while True:
        page = list((rows if last is None else rows.filter(pk__gt=last)).values_list(*names)[:PAGE])
        for row in page:
            yield line(dict(zip(names, row, strict=True)))
        if len(page) < PAGE:
            return
        last = page[-1][at]


def line(row: dict[str, Any]) -> bytes:
    """One row as its line."""
    plain = {name: _plain(value) for name, value in row.items()}
    return json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def _plain(value: Any) -> Any:
    """A value as JSON; what one engine gives back as 1.0 and the other as 1 reads alike."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat() if value.tzinfo else value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(bytes(value)).decode()
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    raise TypeError(f"A {type(value).__name__} has no form in an archive.")


def load(model: type[Model], given: Iterable[bytes]) -> int:
    """Insert the rows of these lines as they are, past every default; gives how many. Within a transaction."""
    quote, fields = connection.ops.quote_name, model._meta.concrete_fields
    columns = ", ".join(quote(str(field.column)) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    statement = f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({marks})"
    source, count = iter(given), 0
    while page := [_values(fields, text) for text in islice(source, PAGE)]:
        with connection.cursor() as cursor:
            cursor.executemany(statement, page)
        count += len(page)
    return count


def _values(fields: Any, text: bytes) -> list[Any]:
    try:
        row = json.loads(text)
        return [_value(field, row[field.attname]) for field in fields]
    except (ValueError, KeyError, TypeError) as error:
        raise Invalid(
            "A row of the archive cannot be read.", f"{error!r}.", "Take another backup."
        ) from error


def _value(field: Any, value: Any) -> Any:
    if value is None and isinstance(field, JSONField) and not field.null:
        return field.get_db_prep_value(None, connection)  # the JSON null, which is not the missing value
    return field.get_db_prep_save(field.to_python(value), connection)


def after_load(models: list[type[Model]]) -> None:
    """Look whether every reference leads somewhere, and let the next row come after the last."""
    connection.check_constraints()
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)
