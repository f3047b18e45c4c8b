"""Rows of a kept table, a page at a time, narrowed by what one column holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tickmark.kernel.errors import Invalid
from tickmark.kernel.tables import quoted, trusted


@dataclass(frozen=True)
class Rows:
    """One page of a table: its columns, the rows in the table's own order, and how many fit in all."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    total: int


def page_of(path: Path, column: str = "", needle: str = "", limit: int = 50, offset: int = 0) -> Rows:
    """`limit` rows from `offset` on whose `column` (any, if empty) holds `needle`, in any case.

    Raises Invalid for a column that the table lacks.
    """
    with trusted() as con:
        source = f"from read_parquet({quoted(path)})"
        names = tuple(row[0] for row in con.execute(f"describe select * {source}").fetchall())
        if column and column not in names:
            raise Invalid(
                f"The table has no column {column[:60]}.", f"It has {', '.join(names)}.", "", "column"
            )
        where, values = _where(names, column, needle)
        found = con.execute(f"select count(*) {source} {where}", values).fetchone()
        rows = con.execute(f"select * {source} {where} limit ? offset ?", [*values, limit, offset]).fetchall()
    return Rows(names, tuple(rows), int(found[0]) if found else 0)


def _where(names: tuple[str, ...], column: str, needle: str) -> tuple[str, list[Any]]:
    if not needle:
        return "", []
    searched = [column] if column else list(names)
    parts = [f'contains(lower(cast("{name}" as varchar)), ?)' for name in searched]
    return f"where {' or '.join(parts)}", [needle.lower()] * len(parts)
