"""The driving rows of a check: the list that must come out whole, before anybody draws from it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from tickmark.kernel.checking import _prepare, _values, driven
from tickmark.kernel.checks import Check
from tickmark.kernel.questions import read_only
from tickmark.kernel.shapes import Shape
from tickmark.kernel.tables import sealed


def driving(
    check: Check, path: Path, shapes: Mapping[str, Shape], start: date, end: date, zone: str
) -> list[tuple[str, date | None]]:
    """Key and day of each row that the check must judge in the period, ordered by key; an unknown day is None."""
    values = _values(check, {}, start, end, end, ZoneInfo(zone))
    with sealed([path]) as con:
        _prepare(con, check, {check.drives: [path]}, shapes, (), zone)
        query, used = read_only(check.name, driven(check, shapes[check.drives]), {check.drives})
        rows = con.execute(f"{query} order by 1", {name: values[name] for name in used}).fetchall()
    return [(str(key), found) for key, found in rows]
