"""Rows out of CSV, XLSX, JSON and JSON lines, strict about everything that could lose one."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import python_calamine

from tickmark.kernel.errors import Invalid
from tickmark.kernel.recipes import Recipe, reach
from tickmark.kernel.tables import Faults
from tickmark.kernel.workbooks import checked_workbook

LONGEST_FIELD = 16 << 20
MOST_COLUMNS = 16_384
"""As many as the widest spreadsheet has."""
LARGEST_DOCUMENT = 32 << 20
"""Bytes of one JSON document: each pair of brackets becomes twenty times its size. JSON lines have no such limit."""

SIGNATURES = {
    b"PK\x03\x04": "a zip or a spreadsheet",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a gzip file",
    b"\xd0\xcf\x11\xe0": "an old Office file",
    b"PAR1": "a Parquet file",
    b"SQLite format": "a database",
    b"\x7fELF": "a program",
}

MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}

SourceRow = Mapping[str, Any]


def rows_of(name: str, content: bytes, recipe: Recipe, faults: Faults) -> Iterator[SourceRow]:
    """The rows in a file as its format has them. Raises Invalid when the file cannot be trusted to be whole."""
    if not content.strip():
        raise Invalid(f"{name!r} is empty.", f"It has {len(content)} bytes.", "Export it again.")
    _refuse_other_types(name, content, recipe.format)
    reader = {"csv": _csv, "xlsx": _xlsx, "json": _json, "jsonl": _json_lines}[recipe.format]
    return reader(name, content, recipe, faults)


def _refuse_other_types(name: str, content: bytes, format: str) -> None:
    found = next((words for start, words in SIGNATURES.items() if content.startswith(start)), "")
    if content.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html")):
        found = "a web page, perhaps a log-in page"
    wanted = "a zip or a spreadsheet" if format == "xlsx" else ""
    if found != wanted:
        why = f"It is {found}." if found else "It does not begin like one."
        raise Invalid(f"{name!r} is no {format} file.", why, "Export it again in the recipe's format.")


def decoded(name: str, content: bytes, encodings: tuple[str, ...]) -> str:
    """The text of a file: by its byte order mark, else UTF-8, else the recipe's other encodings, strictly.

    A file in which some lines are UTF-8 and others are not is mixed: any reading of it would be a guess.
    """
    for mark, encoding in MARKS.items():
        if content.startswith(mark):
            return _strictly(name, content, encoding)
    if _is(content, "utf-8") or set(encodings) <= {"utf-8"}:
        return _strictly(name, content, "utf-8")
    odd = _lines_not_utf8(content)
    if _has_utf8_letters(content, odd):
        why = f"Line {odd[0]} is not UTF-8, while other lines are."
        raise Invalid(f"{name!r} mixes encodings.", why, "Export it in one encoding, best UTF-8.")
    return _strictly(name, content, next(encoding for encoding in encodings if encoding != "utf-8"))


def _strictly(name: str, content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        why = f"Line {line} holds the byte 0x{content[error.start]:02x}, which is not {encoding}."
        raise Invalid(f"{name!r} cannot be decoded.", why, "Export it as UTF-8.") from error


def _lines_not_utf8(content: bytes) -> list[int]:
    return [number for number, line in enumerate(content.split(b"\n"), 1) if not _is(line, "utf-8")]


def _has_utf8_letters(content: bytes, odd: list[int]) -> bool:
    bad = set(odd)
    return any(not line.isascii() for number, line in enumerate(content.split(b"\n"), 1) if number not in bad)


def _is(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _csv(name: str, content: bytes, recipe: Recipe, faults: Faults) -> Iterator[SourceRow]:
    text = decoded(name, content, recipe.encodings)
    csv.field_size_limit(LONGEST_FIELD)
    reader = csv.reader(_lines(text), delimiter=recipe.delimiter, strict=True)
    try:
        yield from _under_header(name, iter(reader), faults)
    except csv.Error as error:
        why = f"Near line {reader.line_num}: {error}."
        raise Invalid(f"{name!r} is broken or cut off.", why, "Export it again.") from error


def _lines(text: str) -> Iterator[str]:
    """The lines of a text with their ends, one after the other: a text stream would hold four bytes a letter."""
    return (match[0] for match in _LINE.finditer(text) if match[0])


_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")


def _xlsx(name: str, content: bytes, recipe: Recipe, faults: Faults) -> Iterator[SourceRow]:
    checked = checked_workbook(name, content)
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(checked))
        sheet = recipe.sheet or book.sheet_names[0]
        table = book.get_sheet_by_name(sheet).to_python()
    except Exception as error:  # the reader's errors share no other base
        why = f"{error}."
        raise Invalid(
            f"{name!r} is no readable spreadsheet.", why, "Export it again, or name its sheet."
        ) from error
    yield from _under_header(name, iter(table), faults)


def _under_header(name: str, lines: Iterator[list[Any]], faults: Faults) -> Iterator[SourceRow]:
    header = [str(cell).strip() for cell in next(lines, [])]
    while header and not header[-1]:
        header.pop()
    if len(header) > MOST_COLUMNS:
        why = f"It has {len(header):,} columns; {MOST_COLUMNS:,} are read."
        raise Invalid(f"{name!r} is too wide.", why, "Export the columns that the recipe reads.")
    twice = sorted(cell for cell, times in Counter(header).items() if times > 1)
    if not header or twice:
        why = f"The column {twice[0]!r} is there twice." if twice else "It has no header."
        raise Invalid(f"{name!r} cannot be read.", why, "Export it again with one name for each column.")
    yield dict.fromkeys(header)
    number = 0
    for cells in lines:
        if any(str(cell).strip() for cell in cells):
            number += 1
            yield _fitted(header, cells, number, faults)


def _fitted(header: list[str], cells: list[Any], number: int, faults: Faults) -> SourceRow:
    surplus = any(str(cell).strip() for cell in cells[len(header) :])
    if len(cells) < len(header) or surplus:
        sentence = f"Row {number} has {len(cells)} fields under {len(header)} columns: it is cut or shifted."
        faults.note("ragged", "", sentence, number)
    return dict(zip(header, cells, strict=False))


def _json(name: str, content: bytes, recipe: Recipe, faults: Faults) -> Iterator[SourceRow]:
    if len(content) > LARGEST_DOCUMENT:
        why = f"It holds {len(content):,} bytes in one document; {LARGEST_DOCUMENT >> 20} MiB are read."
        raise Invalid(f"{name!r} is too large.", why, "Export it in pages, or as JSON lines.")
    data = parsed(name, decoded(name, content, recipe.encodings))
    if recipe.rows_at and isinstance(data, dict):
        data = reach(data, recipe.rows_at)
    yield from records(name, data)


def _json_lines(name: str, content: bytes, recipe: Recipe, faults: Faults) -> Iterator[SourceRow]:
    heads = {path.partition(".")[0] for path in recipe.sources}
    for number, line in enumerate(decoded(name, content, recipe.encodings).split("\n"), 1):
        if line.strip():
            row = parsed(name, line, number)
            # Any tool may have a column named message; an error has nothing that the recipe reads.
            is_error = isinstance(row, dict) and "message" in row and not heads & row.keys()
            yield from records(f"line {number} of {name}", row if is_error else [row])


def parsed(name: str, text: str, line: int = 0) -> Any:
    """JSON read strictly. Raises Invalid that names the line at which it breaks."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        at = line or getattr(error, "lineno", 1)
        why = f"It breaks in line {at}: {getattr(error, 'msg', error)}."
        raise Invalid(f"{name!r} is broken or cut off.", why, "Export it again.") from error


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is not JSON")


def records(name: str, data: Any) -> list[SourceRow]:
    """The list of objects that an answer must be. An object with a message is an error that came as a success."""
    if isinstance(data, dict) and "message" in data:
        why = f"The source answered: {str(data['message'])[:200]}."
        raise Invalid(f"{name!r} holds an error instead of rows.", why, "Ask the source again.")
    if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
        raise Invalid(
            f"{name!r} is not a list of records.", "Another shape of JSON was found.", "Check the recipe."
        )
    return data
