"""Recipes: how a file of some system becomes rows of a shape. Its text is the query of the run."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tickmark.kernel.errors import Invalid

FORMATS = ("csv", "xlsx", "json", "jsonl")


class NotReadable(ValueError):
    """A value that the recipe does not know how to read; the text says why."""


@dataclass(frozen=True)
class Field:
    """Where a column comes from: a name in the source (dots go into JSON), or a constant.

    `format` is how a day or moment is written (strptime; ISO if empty); `map` turns the source's words
    into the shape's, and to nothing where the word says that nobody knows; `as_` is text, integer, boolean,
    date, instant, or filled: whether the source has anything there. `default` stands for a value that the
    source leaves empty; without one, empty is unknown. Where the column itself is missing, all is unknown.
    Of several names the first that has a value counts; with `every` each of them must be a column of the
    export.
    """

    name: str
    from_: tuple[str, ...] = ()
    constant: Any = None
    format: str = ""
    map: Mapping[str, Any] | None = None
    as_: str = "text"
    default: Any = None
    lower: bool = False
    pattern: str = ""
    every: bool = False


@dataclass(frozen=True)
class Child:
    """A list inside of each row, read from files beside: `file` names them with `{number}`."""

    name: str
    file: str
    by: str
    fields: tuple[Field, ...]
    pages: tuple[int, ...] = ()


@dataclass(frozen=True)
class Recipe:
    """A recipe as its file says; `text` is the query text of the record, `digest` its SHA-256."""

    name: str
    version: str
    says: str
    shape: str
    system: str
    format: str
    zone: str
    text: str
    digest: str
    fields: tuple[Field, ...]
    children: tuple[Child, ...] = ()
    glob: str = ""
    page_size: int = 0
    encodings: tuple[str, ...] = ("utf-8",)
    delimiter: str = ","
    sheet: str = ""
    rows_at: str = ""
    count_file: str = ""
    count_field: str = ""
    left_out: Mapping[str, str] | None = None
    expect: Mapping[str, tuple[str, ...]] | None = None
    limits: tuple[str, ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        """The columns of the source that the recipe reads."""
        return tuple(dict.fromkeys(field.from_[0] for field in self.fields if field.from_))


def load_recipe(path: Path) -> Recipe:
    """Read the recipe in a TOML file. Raises Invalid with what is wrong in it."""
    return parse_recipe(path.read_text("utf-8"), path.name)


def parse_recipe(text: str, where: str = "the recipe") -> Recipe:
    """Read a recipe from TOML."""
    try:
        data = tomllib.loads(text)
        recipe = _recipe(data, text)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise Invalid(f"{where} cannot be read.", f"{error}.", "Compare it with library/recipes.") from error
    if recipe.format not in FORMATS:
        raise Invalid(f"{where} has the unknown format {recipe.format}.", "", f"Use {', '.join(FORMATS)}.")
    zone_of(recipe.zone)
    return recipe


def zone_of(name: str) -> ZoneInfo:
    """The time zone of that name. Raises Invalid if there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Invalid(
            f"There is no time zone {name}.", "", "Use a name such as Europe/Berlin.", "zone"
        ) from error


def _recipe(data: Mapping[str, Any], text: str) -> Recipe:
    pages, count, children = data.get("pages", {}), data.get("count", {}), data.get("children", {})
    return Recipe(
        name=data["name"],
        version=str(data.get("version", 1)),
        says=data["says"],
        shape=data["shape"],
        system=data.get("system", ""),
        format=data["format"],
        zone=data.get("zone", "UTC"),
        text=text,
        digest=hashlib.sha256(text.encode()).hexdigest(),
        fields=_fields(data["columns"]),
        children=tuple(_child(name, about) for name, about in children.items()),
        glob=pages.get("files", ""),
        page_size=int(pages.get("size", 0)),
        encodings=tuple(data.get("encodings", ("utf-8",))),
        delimiter=data.get("delimiter", ","),
        sheet=data.get("sheet", ""),
        rows_at=data.get("rows_at", ""),
        count_file=count.get("file", ""),
        count_field=count.get("field", ""),
        left_out=data.get("left_out", {}),
        expect={name: tuple(values) for name, values in data.get("expect", {}).items()},
        limits=tuple(data.get("limits", ())),
    )


def _child(name: str, about: Mapping[str, Any]) -> Child:
    return Child(name, about["file"], about["by"], _fields(about["columns"]), tuple(about.get("pages", ())))


def _fields(columns: Mapping[str, Mapping[str, Any]]) -> tuple[Field, ...]:
    return tuple(_field(name, about) for name, about in columns.items())


def _field(name: str, about: Mapping[str, Any]) -> Field:
    origin = about.get("from", ())
    return Field(
        name=name,
        from_=(origin,) if isinstance(origin, str) else tuple(origin),
        constant=about.get("constant"),
        format=about.get("format", ""),
        map=about.get("map"),
        as_=about.get("as", "text"),
        default=about.get("default"),
        lower=bool(about.get("lower", False)),
        pattern=about.get("pattern", ""),
        every=bool(about.get("every", False)),
    )


def apply(field: Field, row: Mapping[str, Any], zone: ZoneInfo) -> Any:
    """The value of one column for one row of the source. Raises NotReadable; None is unknown."""
    if field.constant is not None:
        return field.constant
    value = next((found for path in field.from_ if (found := reach(row, path)) not in (None, "")), None)
    if isinstance(value, str):
        value = value.strip()
    if value in (None, "", []):
        return _empty(field) if any(there(row, path) is not False for path in field.from_) else None
    if field.map is not None:
        return _mapped(field, value)
    return _typed(field, _matched(field, value), zone)


def reach(row: Mapping[str, Any], path: str) -> Any:
    """The value under a name, or under a path of names with dots."""
    if path in row:
        return row[path]
    value: Any = row
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def there(row: Mapping[str, Any], path: str) -> bool | None:
    """Whether a row has the column at all, empty or not; None where it would lie inside of a null."""
    if path in row:
        return True
    value: Any = row
    for part in path.split("."):
        if value is None:
            return None
        if not isinstance(value, Mapping) or part not in value:
            return False
        value = value[part]
    return True


def _empty(field: Field) -> Any:
    return False if field.as_ == "filled" else field.default


def _mapped(field: Field, value: Any) -> Any:
    known = {word.casefold(): meaning for word, meaning in (field.map or {}).items()}
    word = str(value).casefold()
    if word not in known:
        raise NotReadable(f"{value!r} is none of {', '.join(field.map or {})}")
    return None if known[word] == "" else known[word]


def _matched(field: Field, value: Any) -> Any:
    if not field.pattern:
        return value
    found = re.search(field.pattern, str(value))
    if not found:
        raise NotReadable(f"{value!r} does not look like {field.pattern}")
    return found[1]


def _typed(field: Field, value: Any, zone: ZoneInfo) -> Any:
    return {
        "text": _as_text,
        "integer": _as_integer,
        "boolean": _as_boolean,
        "date": _as_date,
        "instant": _as_instant,
        "filled": _as_filled,
    }[field.as_](field, value, zone)


def _as_text(field: Field, value: Any, zone: ZoneInfo) -> str:
    # A spreadsheet keeps the number 1042 as 1042.0; as a key it is 1042.
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    return text.lower() if field.lower else text


def _as_filled(field: Field, value: Any, zone: ZoneInfo) -> bool:
    return True


def _as_integer(field: Field, value: Any, zone: ZoneInfo) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise NotReadable(f"{value!r} is not a whole number")
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise NotReadable(f"{value!r} is not a whole number") from error


def _as_boolean(field: Field, value: Any, zone: ZoneInfo) -> bool:
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    word = str(value).lower()
    if word not in words:
        raise NotReadable(f"{value!r} is neither true nor false")
    return words[word]


def _as_date(field: Field, value: Any, zone: ZoneInfo) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, datetime):
        return _whole_day(value)
    text = str(value)
    try:
        if field.format:
            return datetime.strptime(text, field.format).date()
        return date.fromisoformat(text) if len(text) <= 10 else _day_of(datetime.fromisoformat(text), zone)
    except ValueError as error:
        raise NotReadable(f"{value!r} is not a day written as {field.format or '2026-01-31'}") from error


def _day_of(moment: datetime, zone: ZoneInfo) -> date:
    """The local day of a moment; without an offset it is local already."""
    return moment.date() if moment.tzinfo is None else moment.astimezone(zone).date()


def _whole_day(value: datetime) -> date:
    """A spreadsheet keeps a day as its midnight."""
    if value.time() != time():
        raise NotReadable(f"{value.isoformat()} is a moment, not a day")
    return value.date()


def _as_instant(field: Field, value: Any, zone: ZoneInfo) -> datetime:
    moment = value if isinstance(value, datetime) else _moment(field, value)
    if moment.tzinfo is None:
        moment = _placed(moment, zone)
    return moment.astimezone(UTC)


def _moment(field: Field, value: Any) -> datetime:
    if isinstance(value, int | float) and field.format in ("seconds", "milliseconds"):
        return datetime.fromtimestamp(value / (1000 if field.format == "milliseconds" else 1), UTC)
    text = str(value)
    try:
        moment = datetime.strptime(text, field.format) if field.format else datetime.fromisoformat(text)
    except ValueError as error:
        raise NotReadable(
            f"{text!r} is not a moment written as {field.format or '2026-01-31T12:00:00Z'}"
        ) from error
    if not field.format and len(text) <= 10:
        raise NotReadable(f"{text!r} is a day, not a moment")
    return moment


def _placed(moment: datetime, zone: ZoneInfo) -> datetime:
    """A local time put into its zone; one that the clock showed twice, or never, is unknown."""
    placed = moment.replace(tzinfo=zone)
    if placed.utcoffset() != placed.replace(fold=1).utcoffset():
        raise NotReadable(f"{moment.isoformat()} came twice or never in {zone.key}")
    return placed
