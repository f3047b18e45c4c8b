"""The manifest of a bulk intake: one line for each file, as CSV with a header or as JSON lines.

It only says what `evidence.file` would be told of each file; whether that is taken is judged elsewhere. A line that
cannot be read is kept with its fault, so that the file it names is refused by name and none is lost in silence.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from tickmark.kernel.errors import Invalid

COLUMNS = ("name", "kind", "source", "description", "covers_from", "covers_to", "observed_at", "control",
           "occurrence", "performed_on")  # fmt: skip
LONGEST = 16 * 1024 * 1024
"""Bytes of a manifest."""


class Told(BaseModel):
    """What a line says of its file; what it leaves empty is as told for all of them. Days are ISO days."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: str
    kind: str = ""
    source: str = ""
    description: str = ""
    covers_from: date | None = None
    covers_to: date | None = None
    observed_at: datetime | None = None
    control: str = ""
    occurrence: str = ""
    performed_on: date | None = None


@dataclass(frozen=True)
class Line:
    """A line by its number in the manifest, the header of a CSV included; `fault` says why it cannot be read."""

    number: int
    name: str
    told: Told | None
    fault: str = ""


def lines(content: bytes) -> list[Line]:
    """The lines of a manifest. Raises Invalid (field `manifest`) for what is none."""
    if len(content) > LONGEST:
        raise _no_manifest("It is too long.", f"At most {LONGEST >> 20} MiB are read.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _no_manifest("It is not UTF-8 text.", "Save it as CSV in UTF-8.") from None
    if "\0" in text:
        raise _no_manifest("It holds a NUL.", "Save it as CSV in UTF-8.")
    found = _of_json(text) if text.lstrip().startswith("{") else _of_csv(text)
    return [_line(number, row) for number, row in found]


def _of_json(text: str) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError) as error:
                raise _no_manifest(f"Line {number} is no JSON: {error}.", "Correct it.") from None


def _of_csv(text: str) -> Iterator[tuple[int, Any]]:
    try:
        rows = csv.DictReader(io.StringIO(text, newline=""), restkey="", strict=True)
        header = [name.strip() for name in rows.fieldnames or ()]
        strange = ", ".join(sorted(set(header) - set(COLUMNS))[:5])
        if "name" not in header or strange or len(set(header)) < len(header):
            strangers = f"It has a column {strange[:60]}."
            why = strangers if strange else "Its first line names no column `name`, or one twice."
            raise _no_manifest(why, f"The columns are {', '.join(COLUMNS)}.")
        rows.fieldnames = header
        for row in rows:
            yield rows.line_num, row
    except csv.Error as error:
        raise _no_manifest(f"It is no CSV: {error}.", "Save it anew.") from None


def _line(number: int, row: Any) -> Line:
    """A row as a line; an empty value counts as left out."""
    if not isinstance(row, Mapping) or not isinstance(row.get("name"), str) or not row["name"].strip():
        return Line(number, "", None, "It names no file.")
    name = row["name"].strip()
    if "" in row:
        return Line(number, name, None, "It has more values than the header has columns.")
    try:
        return Line(
            number, name, Told(**{key: value for key, value in row.items() if value not in (None, "")})
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part)[:40] for part in first["loc"])
        return Line(number, name, None, f"{where}: {first['msg']}.")


def _no_manifest(why: str, remedy: str) -> Invalid:
    return Invalid("The manifest cannot be read.", why, remedy, "manifest")
