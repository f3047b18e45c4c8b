"""A reading as a table that can be filled in and brought in: what a library does not say is said there."""

from __future__ import annotations

from collections import Counter

from tickmark.controls.importers import values
from tickmark.controls.importers.kinds import KINDS, SINCE
from tickmark.controls.importers.told import Reading


def sheet_of(reading: Reading) -> tuple[str, list[list[str]]]:
    """The kind of most of the items, and headings with a row for each item of it."""
    counts = Counter(one.kind for one in reading.items)
    kind = KINDS[counts.most_common(1)[0][0]] if counts else KINDS["control"]
    fields = [one for one in kind.fields if one.name not in ("code", SINCE)]
    rows = [["Code", *(one.title for one in fields), "In force from"]]
    for one in reading.items:
        if one.kind == kind.name:
            said = [_cell(one.fields.get(field.name)) for field in fields]
            rows.append([one.code.rpartition("/")[2], *said, one.since.isoformat() if one.since else ""])
    return kind.name, rows


def _cell(value: object) -> str:
    return "" if value in (None, [], "") else values.shown(value)
