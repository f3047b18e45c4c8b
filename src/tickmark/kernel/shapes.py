"""Shapes: the narrow waist between sources and checks, each a TOML file of typed columns."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from tickmark.kernel.errors import Invalid

type_names = ("text", "integer", "number", "boolean", "date", "instant", "list")

SQL_TYPES = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "instant": "TIMESTAMP",
}


class NotThatType(ValueError):
    """A value that is not of its column's type; the text says why."""


@dataclass(frozen=True)
class Column:
    """One column: `of` holds the element type of a list, or the columns of its records."""

    name: str
    type: str
    says: str = ""
    among: tuple[str, ...] = ()
    of: tuple[Column, ...] | str = ""

    @property
    def sql_type(self) -> str:
        """The type in DuckDB; instants are UTC without a zone."""
        if self.type != "list":
            return SQL_TYPES[self.type]
        if isinstance(self.of, str):
            return SQL_TYPES[self.of] + "[]"
        return "STRUCT(" + ", ".join(f'"{part.name}" {part.sql_type}' for part in self.of) + ")[]"

    def read(self, value: Any) -> Any:
        """The value in JSON terms, or None where unknown. Raises NotThatType."""
        if value is None:
            return None
        if self.type == "list":
            return self._read_list(value)
        plain = READERS[self.type](value)
        if self.among and plain not in self.among:
            raise NotThatType(f"{plain!r} is not one of {', '.join(self.among)}")
        return plain

    def _read_list(self, value: Any) -> list[Any]:
        if not isinstance(value, list | tuple):
            raise NotThatType(f"{value!r} is not a list")
        if isinstance(self.of, str):
            return [READERS[self.of](item) for item in value]
        return [self._read_record(item, self.of) for item in value]

    def _read_record(self, item: Any, parts: tuple[Column, ...]) -> dict[str, Any]:
        if not isinstance(item, Mapping):
            raise NotThatType(f"{item!r} is not a record")
        strange = set(item) - {part.name for part in parts}
        if strange:
            raise NotThatType(f"it has the unknown field {', '.join(sorted(strange))}")
        return {part.name: part.read(item.get(part.name)) for part in parts}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise NotThatType(f"{value!r} is not text")
    if "\x00" in value or any(0xD800 <= ord(letter) <= 0xDFFF for letter in value):
        raise NotThatType("the text holds a letter that no file can keep")
    return value


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise NotThatType(f"{value!r} is not a whole number")
    if not -(2**63) <= value < 2**63:
        raise NotThatType(f"{value!r} is too large")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise NotThatType(f"{value!r} is not a number")
    if abs(value) == float("inf"):
        raise NotThatType("an endless number cannot be kept")
    return float(value)


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise NotThatType(f"{value!r} is neither true nor false")
    return value


def _date(value: Any) -> str:
    if isinstance(value, datetime):
        raise NotThatType(f"{value.isoformat()} is a moment, not a day")
    if isinstance(value, date):
        return value.isoformat()
    try:
        return date.fromisoformat(_text(value)).isoformat()
    except ValueError as error:
        raise NotThatType(f"{value!r} is not a day such as 2026-01-31") from error


def _instant(value: Any) -> str:
    moment = value if isinstance(value, datetime) else _moment(_text(value))
    if moment.tzinfo is None:
        raise NotThatType(f"{value!r} has no offset from UTC")
    try:
        return moment.astimezone(UTC).replace(tzinfo=None).isoformat()
    except OverflowError as error:
        raise NotThatType(f"{value!r} lies outside of the calendar") from error


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise NotThatType(f"{text!r} is not a moment such as 2026-01-31T12:00:00Z") from error
    if len(text) <= 10:
        raise NotThatType(f"{text!r} is a day, not a moment")
    return moment


READERS: dict[str, Callable[[Any], Any]] = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
    "instant": _instant,
}


@dataclass(frozen=True)
class Shape:
    """A vendor-neutral table: its key columns must be known, every other column may be unknown.

    `dates` names the date columns that may decide whether a row lies in a period; `sequence` is the
    column that counts 1, 2, 3 … `within` another one, so that a hole shows; `grows` says that rows
    are events, which never become fewer.
    """

    name: str
    version: int
    says: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    dates: tuple[tuple[str, str], ...] = ()
    sequence: str = ""
    within: str = ""
    grows: bool = False

    def column(self, name: str) -> Column | None:
        """The column of that name, if there is one."""
        return next((column for column in self.columns if column.name == name), None)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns in their order."""
        return tuple(column.name for column in self.columns)


def parse_shape(text: str, where: str = "a shape") -> Shape:
    """Read a shape from TOML. Raises Invalid with what is wrong in it."""
    try:
        data = tomllib.loads(text)
        columns = tuple(_column(name, about) for name, about in data["columns"].items())
        proof = data.get("proof", {})
        shape = Shape(
            name=data["name"],
            version=int(data.get("version", 1)),
            says=data["says"],
            key=tuple(data["key"]),
            columns=columns,
            dates=tuple(data.get("dates", {}).items()),
            sequence=proof.get("sequence", ""),
            within=proof.get("within", ""),
            grows=bool(data.get("grows", False)),
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise Invalid(f"{where} cannot be read.", f"{error}.", "Compare it with library/shapes.") from error
    _check_names(shape, where)
    return shape


def load_shape(path: Path) -> Shape:
    """Read the shape in a TOML file."""
    return parse_shape(path.read_text("utf-8"), str(path.name))


def _column(name: str, about: Mapping[str, Any]) -> Column:
    if about["type"] not in type_names:
        raise ValueError(f"column {name} has the unknown type {about['type']}")
    return Column(name, about["type"], about.get("says", ""), tuple(about.get("among", ())), _of(about))


def _of(about: Mapping[str, Any]) -> tuple[Column, ...] | str:
    if about["type"] != "list":
        return ""
    inner = about["of"]
    if isinstance(inner, str):
        SQL_TYPES[inner]
        return inner
    return tuple(_column(name, part) for name, part in inner.items())


def _check_names(shape: Shape, where: str) -> None:
    named = {*shape.key, *(column for _, column in shape.dates)} | {shape.sequence, shape.within} - {""}
    missing = sorted(named - set(shape.names))
    odd = sorted(name for name in shape.names if not name.isidentifier() or name == "row_key")
    if missing or odd or not shape.key:
        why = f"It names {', '.join(missing + odd) or 'no key'}."
        raise Invalid(f"{where} does not fit together.", why, "Name only columns that the shape has.")
