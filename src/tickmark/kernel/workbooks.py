"""What of a workbook may be given to a spreadsheet reader: how large it is unpacked, and how far its cells reach.

A spreadsheet reader lays a sheet out from its first cell to its last. Two cells in opposite corners take 17 billion
places, so the corners are looked for first, in a stream. Two programs may also find different parts in one archive, so
the reader never gets the archive that came: it gets a new one of the very parts that were looked at.
"""

from __future__ import annotations

import io
import re
import zipfile
from xml.parsers import expat

from tickmark.kernel.bundles import BROKEN
from tickmark.kernel.errors import Invalid

MOST_UNPACKED = 192 << 20
MOST_CELLS = 10_000_000
MOST_PARTS = 10_000
CHUNK = 1 << 18
_PART = re.compile(r"(\[Content_Types\]\.xml|(_rels|xl)/.*\.(xml|rels))", re.I | re.S)
"""The parts that tell of cells: no picture, no macro, and nothing of another format of sheets."""


def checked_workbook(name: str, content: bytes) -> bytes:
    """The workbook packed anew, of the parts that were looked at and nothing else.

    Raises Invalid for one that is none, that declares a document type, or that is too large to be read.
    """
    anew = io.BytesIO()
    try:
        with (
            zipfile.ZipFile(io.BytesIO(content)) as archive,
            zipfile.ZipFile(anew, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as clean,
        ):
            parts = archive.infolist()
            _check_size(name, parts)
            wanted = [part for part in parts if _PART.fullmatch(part.filename)]
            if len({part.filename.lower() for part in wanted}) < len(wanted):
                raise _broken(name, "A part is in it twice, and programs differ in which of them they read.")
            for part in wanted:
                _copy(name, archive, part, clean)
    except expat.ExpatError as error:
        raise _broken(name, f"A part of it is no XML: {error}.") from error
    except (*BROKEN, NotImplementedError, RuntimeError, EOFError, ValueError, OSError) as error:
        raise _broken(name, f"{error}.") from error
    return anew.getvalue()


def _check_size(name: str, parts: list[zipfile.ZipInfo]) -> None:
    size = sum(part.file_size for part in parts)
    if size > MOST_UNPACKED or len(parts) > MOST_PARTS:
        why = f"It holds {size:,} bytes in {len(parts):,} parts; {MOST_UNPACKED >> 20} MiB are read."
        raise Invalid(f"{name!r} is too large.", why, "Export fewer rows, or as CSV.")


def _copy(name: str, archive: zipfile.ZipFile, part: zipfile.ZipInfo, clean: zipfile.ZipFile) -> None:
    """Unpack a part, which fails where it is larger than it says, look at it, and pack it anew."""
    reach = _Reach(name)
    with archive.open(part) as stream, clean.open(zipfile.ZipInfo(part.filename), "w") as copy:
        while chunk := stream.read(CHUNK):
            reach.parser.Parse(chunk, False)
            copy.write(chunk)
    reach.parser.Parse(b"", True)


def _broken(name: str, why: str) -> Invalid:
    return Invalid(f"{name!r} is no readable spreadsheet.", why, "Export it again, or name its sheet.")


class _Reach:
    """How far the cells of a sheet reach."""

    def __init__(self, name: str) -> None:
        self.name, self.row, self.column = name, 0, 0
        self.rows, self.columns = [1 << 62, 0], [1 << 62, 0]
        self.parser = expat.ParserCreate()
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start

    def _refuse(self, *_: object) -> None:
        why = "A part of it declares a document type, which no spreadsheet program writes."
        raise Invalid(f"{self.name!r} cannot be trusted.", why, "Export it again.")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if tag == "row":
            self.row, self.column = _number(attributes.get("r", ""), self.row + 1), 0
        elif tag == "c":
            column, row = _place(attributes.get("r", ""))
            self.row, self.column = row or self.row, column or self.column + 1
            self._reach()

    def _reach(self) -> None:
        for ends, at in ((self.rows, self.row), (self.columns, self.column)):
            ends[0], ends[1] = min(ends[0], at), max(ends[1], at)
        cells = (self.rows[1] - self.rows[0] + 1) * (self.columns[1] - self.columns[0] + 1)
        if cells > MOST_CELLS:
            why = f"Its cells reach over {cells:,} places; {MOST_CELLS:,} are read."
            raise Invalid(f"{self.name!r} is too large.", why, "Export it as CSV, or delete the empty cells.")


def _place(reference: str) -> tuple[int, int]:
    """Column and row of `AB12`, 0 for what is missing."""
    letters = reference.rstrip("0123456789")
    column = 0
    for letter in letters[:7].upper():
        column = column * 26 + ord(letter) - 64
    return max(column, 0), _number(reference[len(letters) :], 0)


def _number(text: str, otherwise: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else otherwise
