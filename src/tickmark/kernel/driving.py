"""The driving rows of a check: the list that must come out whole, before anybody draws from it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from tickmark.kernel.checking import _in_period, _prepare, _values
from tickmark.kernel.checks import Check
from tickmark.kernel.questions import read_only
from tickmark.kernel.shapes import Shape
from tickmark.kernel.tables import sealed


def driving(
    check: Check, path: Path, shapes: Mapping[str, Shape], start: date, end: date, zone: str
) -> list[tuple[str, date | None]]:
    """Key and day of each row that the check must judge in the period, ordered by key; an unknown day is None."""
    shape = shapes[check.drives]
    column = shape.column(check.by)
    day = (
        "null::date"
        if column is None
        else (f"local_day({check.by})" if column.type == "instant" else check.by)
    )
    values = _values(check, {}, start, end, end, ZoneInfo(zone))
    with sealed([path]) as con:
        _prepare(con, check, {check.drives: [path]}, shapes, (), zone)
        listed = f"select row_key, {day} from {check.drives} where {_in_period(check, shape)} order by 1"
        query, used = read_only(con, check.name, listed)
        rows = con.execute(query, {name: values[name] for name in used}).fetchall()
    return [(str(key), found) for key, found in rows]
