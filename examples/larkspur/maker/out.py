"""Writes exports the way systems do: UTF-8, line feeds, and a manifest that says how the file was made."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from .days import export_moment

NOTICE = "Fictional data of Larkspur Ledger, Inc. (fictional). No real person, company or event."


def put(path: Path, text: str) -> None:
    """Write a text file, making its folder."""
    if not path.parent.is_dir():
        path.parent.mkdir(parents=True)
    path.write_bytes(text.encode())


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV; None becomes an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def line(value: object) -> str:
    """One JSON value on one line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def array(values: Sequence[object]) -> str:
    """A JSON array with one element on each line, so that two exports can be compared by eye."""
    return "[\n" + ",\n".join(line(value) for value in values) + "\n]\n" if values else "[]\n"


def manifest(path: Path, day: date, rows: int, **facts: object) -> None:
    """The sidecar `<name>.manifest.json` of an export: source, filters, count and clock, as its run log prints them."""
    content = {
        **facts,
        "rows": rows,
        "exported_at": export_moment(day).isoformat(),
        "exported_by": "svc-export (read only)",
        "time_zone": "America/New_York",
        "notice": NOTICE,
    }
    put(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
