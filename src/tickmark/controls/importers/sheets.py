"""Tables out of CSV, spreadsheets and JSON: headings and rows by number, or a refusal that says what to do.

A person's spreadsheet has a title above its table, a hidden sheet, a formula. What of it is read is said; a table that
cannot be told apart from what stands around it is refused.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any
from xml.parsers import expat

import python_calamine

from tickmark.controls.importers.kinds import HEADINGS, plain
from tickmark.controls.importers.told import LeftOut
from tickmark.kernel import formats
from tickmark.kernel.errors import Invalid
from tickmark.kernel.workbooks import checked_workbook

MOST_ROWS = 20_000
"""Rows of one table, as many as a programme takes at once."""
MOST_COLUMNS = 200
LARGEST = 32 << 20
"""Bytes of one file."""
DELIMITERS = ",;\t|"
HEAD = 12
"""Lines among which the headings are looked for."""
DEEPEST = 4
"""How deep the list of an answer may lie, and how far objects in a row are taken apart."""
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")


@dataclass
class Table:
    """Headings, and rows by their number in the file; `left_out` is what of the file was not looked at.

    `saved` are the places of cells that hold a formula: what is read of them is the value that was saved with it.
    `slipped` are rows with more cells than there are headings.
    """

    format: str
    headings: list[str]
    rows: list[tuple[int, list[Any]]]
    left_out: list[LeftOut] = field(default_factory=list)
    saved: dict[tuple[int, int], None] = field(default_factory=dict)
    slipped: list[int] = field(default_factory=list)


def refuse_size(name: str, content: bytes) -> None:
    """Raise Invalid for a file that is empty or too large."""
    if not content.strip():
        raise Invalid(f"{name!r} is empty.", f"It has {len(content)} bytes.", "Export it again.", "files")
    if len(content) > LARGEST:
        why = f"It has {len(content):,} bytes; {LARGEST >> 20} MiB are read."
        raise Invalid(f"{name!r} is too large.", why, "Split it.", "files")


def _table(name: str, format: str, lines: Iterable[tuple[int, Sequence[Any]]]) -> Table:
    """The table under the line, among the first twelve, that has the most headings people use."""
    rest = iter(lines)
    head = list(islice(rest, HEAD))
    at = _heading_line(head)
    if at is None:
        why = f"None of its first {HEAD} rows has two filled cells."
        raise Invalid(f"{name!r} holds no table.", why, "Put the headings into the first row.", "files")
    found = Table(format, _headings(name, head[at][1]), [])
    for number, cells in head[:at]:
        if any(map(_filled, cells)):
            why = f"It stands above the table: {_words(cells)}."
            found.left_out.append(LeftOut(f"Row {number} of {name}", why))
    for number, cells in chain(head[at + 1 :], rest):
        _row(name, found, number, cells)
    return found


def _heading_line(head: Sequence[tuple[int, Sequence[Any]]]) -> int | None:
    """The first of the lines with the most known headings; with none, the first that has several filled cells."""
    known = [sum(plain(str(cell)) in HEADINGS for cell in cells) for _, cells in head]
    if max(known, default=0) >= 2:
        return known.index(max(known))
    filled = [sum(map(_filled, cells)) for _, cells in head]
    return next((at for at, count in enumerate(filled) if count >= 2 or count == len(head[at][1]) == 1), None)


def _row(name: str, table: Table, number: int, cells: Sequence[Any]) -> None:
    if not any(map(_filled, cells)):
        return
    if len(table.rows) + len(table.slipped) >= MOST_ROWS:
        why = f"It has more than {MOST_ROWS:,} rows."
        raise Invalid(f"{name!r} is too long.", why, "Split it.", "files")
    wide = len(table.headings)
    if any(map(_filled, cells[wide:])):
        table.slipped.append(number)
    else:
        table.rows.append((number, [*cells[:wide], *[""] * (wide - len(cells))]))


def _headings(name: str, cells: Sequence[Any]) -> list[str]:
    """A name for each column: one without a heading, or with the heading of another, is told by its letter too."""
    named = [" ".join(str(cell).split())[:120] for cell in cells]
    while named and not named[-1]:
        named.pop()
    if len(named) > MOST_COLUMNS:
        why = f"It has {len(named):,} columns; {MOST_COLUMNS} are read."
        raise Invalid(f"{name!r} is too wide.", why, "Delete the columns that are not needed.", "files")
    times = Counter(named)
    first = {one: named.index(one) for one in times}
    return [
        f"(column {letters(at)})" if not one else f"{one} (column {letters(at)})" if first[one] < at else one
        for at, one in enumerate(named)
    ]


def letters(at: int) -> str:
    """The letters of a column, from 0: A, B, … Z, AA."""
    found = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        found = chr(65 + rest) + found
    return found


def _filled(cell: Any) -> bool:
    return cell is not None and bool(str(cell).strip())


def _words(cells: Sequence[Any]) -> str:
    return " ".join(str(cell).strip() for cell in cells if _filled(cell))[:80]


# -- CSV ------------------------------------------------------------------------------------------------------------


def of_csv(name: str, content: bytes) -> Table:
    """A CSV with any of the usual delimiters, in UTF-8, UTF-16 with its mark, or as Windows writes it."""
    text = formats.decoded(name, content, ("utf-8", "cp1252"))
    if "\0" in text:
        raise Invalid(f"{name!r} is no text.", "It holds a NUL.", "Export it as CSV in UTF-8.", "files")
    delimiter = delimiter_of(text)
    table = _table(name, f"CSV, split by {NAMES[delimiter]}", _lines(name, text, delimiter))
    if not _is_unicode(content):
        table.left_out.append(
            LeftOut(f"The encoding of {name}", "It is not UTF-8 and was read as Windows-1252.")
        )
    return table


def _is_unicode(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return content.startswith(tuple(formats.MARKS))
    return True


NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


def delimiter_of(text: str) -> str:
    """The delimiter that splits the first lines into the most columns, and all of them into about as many."""
    head = "".join(islice(_physical(text[: 1 << 16]), HEAD))

    def columns(delimiter: str) -> tuple[int, int]:
        try:
            widths = [len(row) for row in csv.reader(_physical(head), delimiter=delimiter) if row]
        except csv.Error:
            return 0, 0
        width, times = Counter(widths).most_common(1)[0] if widths else (0, 0)
        return (times if width > 1 else 0), width

    return max(DELIMITERS, key=columns)


def _physical(text: str) -> Iterator[str]:
    return (match[0] for match in _LINE.finditer(text) if match[0])


def _lines(name: str, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(formats.LONGEST_FIELD)
    rows = csv.reader(_physical(text), delimiter=delimiter, strict=True)
    try:
        yield from enumerate(rows, 1)
    except csv.Error as error:
        why = f"Near line {rows.line_num}: {error}."
        raise Invalid(f"{name!r} is broken or cut off.", why, "Export it again.", "files") from None


# -- spreadsheets ---------------------------------------------------------------------------------------------------


def of_workbook(name: str, content: bytes) -> Table:
    """The first visible sheet with something in it. Hidden sheets are never read, further ones are told."""
    checked = checked_workbook(name, content)
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(checked))
        sheets = list(book.sheets_metadata)
        left = [LeftOut(f"Sheet {one.name}", "It is hidden.") for one in sheets if not _visible(one)]
        filled = [
            one
            for one in sheets
            if _visible(one) and _is_sheet(one) and book.get_sheet_by_name(one.name).height
        ]
        sheet = book.get_sheet_by_name(filled[0].name) if filled else None
        lines = [] if sheet is None else sheet.to_python(skip_empty_area=False)
    except Exception as error:  # the reader's errors share no other base
        why = f"{error}."
        raise Invalid(
            f"{name!r} is no readable spreadsheet.", why, "Save it again, or as CSV.", "files"
        ) from error
    if sheet is None:
        raise Invalid(
            f"{name!r} is empty.", "No visible sheet holds anything.", "Show the sheet to read.", "files"
        )
    table = _table(f"{name}, sheet {sheet.name}", f"spreadsheet, sheet {sheet.name}", enumerate(lines, 1))
    further = [LeftOut(f"Sheet {one.name}", "One sheet is read at a time.") for one in filled[1:]]
    table.left_out += [*left, *further]
    table.saved = formulas(checked, sheet.name)
    return table


def _visible(sheet: Any) -> bool:
    return bool(sheet.visible == python_calamine.SheetVisibleEnum.Visible)


def _is_sheet(sheet: Any) -> bool:
    return bool(sheet.typ == python_calamine.SheetTypeEnum.WorkSheet)


def formulas(content: bytes, sheet: str) -> dict[tuple[int, int], None]:
    """Row (from 1) and column (from 0) of the cells of a checked workbook's sheet that hold a formula."""
    found: dict[tuple[int, int], None] = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = {one.casefold(): one for one in archive.namelist()}
        ids = {
            one.get("name"): one.get("r:id", "")
            for tag, one in _tags(archive, names, "xl/workbook.xml")
            if tag == "sheet"
        }
        parts = {
            one.get("Id"): one.get("Target", "")
            for _, one in _tags(archive, names, "xl/_rels/workbook.xml.rels")
        }
        target = parts.get(ids.get(sheet), "")
        place = ""
        for tag, one in _tags(
            archive, names, target.removeprefix("/") if target[:1] == "/" else f"xl/{target}"
        ):
            place = one.get("r", "") if tag == "c" else place
            if tag == "f" and (match := _PLACE.fullmatch(place)):
                found[int(match[2]), number_of(match[1])] = None
    return found


_PLACE = re.compile(r"([A-Z]{1,3})(\d{1,7})")


def number_of(column: str) -> int:
    """The number of a column by its letters, from 0."""
    found = 0
    for letter in column:
        found = found * 26 + ord(letter) - 64
    return found - 1


def _tags(archive: zipfile.ZipFile, names: dict[str, str], part: str) -> list[tuple[str, dict[str, str]]]:
    """The elements of a part, each with its attributes, without namespaces before the tag."""
    found: list[tuple[str, dict[str, str]]] = []
    if part.casefold() in names:
        parser = expat.ParserCreate()
        parser.StartElementHandler = lambda tag, attributes: found.append(
            (tag.rpartition(":")[2], attributes)
        )
        parser.Parse(archive.read(names[part.casefold()]), True)
    return found


# -- JSON -----------------------------------------------------------------------------------------------------------


def of_json(name: str, data: Any) -> Table:
    """A list of objects, or an answer in which one such list lies. Objects in a row become `owner.emailAddress`."""
    rows = _records(data)
    if not rows:
        why = "It is no list of objects, and no answer in which one lies."
        raise Invalid(f"{name!r} holds no table.", why, "Export a list of objects.", "files")
    if len(rows) > MOST_ROWS:
        raise Invalid(
            f"{name!r} is too long.",
            f"It has {len(rows):,} rows; {MOST_ROWS:,} are read.",
            "Split it.",
            "files",
        )
    flat = [dict(_flat(row)) for row in rows]
    headings = list(dict.fromkeys(key for row in flat for key in row))
    if len(headings) > MOST_COLUMNS or not headings:
        why = f"Its objects have {len(headings):,} names; {MOST_COLUMNS} are read."
        raise Invalid(f"{name!r} is too wide.", why, "Leave out what is not needed.", "files")
    return Table(
        "JSON", headings, [(at, [row.get(key, "") for key in headings]) for at, row in enumerate(flat, 1)]
    )


def _records(data: Any, depth: int = 0) -> list[dict[str, Any]]:
    if isinstance(data, list):
        return data if data and all(isinstance(one, dict) for one in data) else []
    if not isinstance(data, dict) or depth > DEEPEST:
        return []
    found = [rows for one in data.values() if (rows := _records(one, depth + 1))]
    return found[0] if len(found) == 1 else []


def _flat(row: dict[str, Any], before: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    for key, value in row.items():
        name = f"{before}{key}"[:120]
        if isinstance(value, dict) and depth < DEEPEST:
            yield from _flat(value, f"{name}.", depth + 1)
        elif isinstance(value, list):
            yield name, "\n".join(str(one) for one in value if not isinstance(one, dict | list))
        else:
            yield name, value
