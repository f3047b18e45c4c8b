"""Word documents as Markdown: headings, paragraphs, lists and tables, and nothing else.

Only the parts that hold text are opened; a document type is refused, since no Office program writes one and its
entities could grow or reach out of the file. What is struck out by a tracked change is left out, what is put in by one
stays: that is how the document reads once its changes are accepted.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from tickmark.kernel.bundles import BROKEN
from tickmark.kernel.errors import Invalid

MOST_UNPACKED = 32 << 20
"""Bytes of one part, unpacked."""
MOST_TEXT = 1 << 20
"""Letters of a document."""
MOST_CELLS = 100_000
"""Rows and cells of its tables together, those included that fill short rows."""
CHUNK = 1 << 16
DEEPEST = 100
_SPACE = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"
_HEADING = re.compile(r"heading ?([1-9])|(title)", re.I)
_MARKS = re.compile(r"([\\`*_\[\]<>#|])")


def markdown_of(name: str, content: bytes) -> str:
    """The text of a document as Markdown. Raises Invalid for what is none, and for what is too large."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            styles, lists = _Styles(), _Lists()
            _read(name, archive, "word/styles.xml", styles)
            _read(name, archive, "word/numbering.xml", lists)
            body = _Body(name, styles.levels, lists)
            if not _read(name, archive, "word/document.xml", body):
                raise _no_document(name, "It has no text in it.")
    except expat.ExpatError as error:
        raise _no_document(name, f"A part of it is no XML: {error}.") from None
    except (*BROKEN, NotImplementedError, RuntimeError, EOFError, KeyError, ValueError, OSError) as error:
        raise _no_document(name, f"{error}.") from None
    return body.markdown()


def _no_document(name: str, why: str) -> Invalid:
    return Invalid(
        f"{name!r} is no readable Word document.", why, "Save it again as .docx, or as text.", "files"
    )


def _read(name: str, archive: zipfile.ZipFile, part: str, into: _Part) -> bool:
    """Read one part in a stream; whether it is there."""
    found = [one for one in archive.infolist() if one.filename == part]
    if len(found) > 1:
        raise _no_document(name, f"{part} is in it twice.")
    if not found:
        return False
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = lambda *_: _refuse(name)
    parser.StartElementHandler, parser.EndElementHandler = into.start, into.end
    parser.CharacterDataHandler = into.data
    read = 0
    with archive.open(found[0]) as stream:
        while chunk := stream.read(CHUNK):
            read += len(chunk)
            if read > MOST_UNPACKED:
                raise _no_document(name, f"{part} unpacks to more than {MOST_UNPACKED >> 20} MiB.")
            parser.Parse(chunk, False)
    parser.Parse(b"", True)
    return True


def _refuse(name: str) -> None:
    raise _no_document(name, "A part of it declares a document type, which no Office program writes.")


class _Part:
    """What is heard of a part: tags and attributes of Word's own namespace by their bare names."""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        space, _, tag = name.rpartition(" ")
        if space in (_SPACE, _STRICT):
            self.opened(tag, {key.rpartition(" ")[2]: value for key, value in attributes.items()})

    def end(self, name: str) -> None:
        space, _, tag = name.rpartition(" ")
        if space in (_SPACE, _STRICT):
            self.closed(tag)

    def opened(self, tag: str, said: Mapping[str, str]) -> None: ...

    def closed(self, tag: str) -> None: ...

    def data(self, text: str) -> None: ...


class _Styles(_Part):
    """The level of each style that is a heading, by its id: names are the same in every language of Word."""

    def __init__(self) -> None:
        self.levels: dict[str, int] = {}
        self.style = ""

    def opened(self, tag: str, said: Mapping[str, str]) -> None:
        if tag == "style":
            self.style = said.get("styleId", "")
        elif tag == "name" and (match := _HEADING.fullmatch(said.get("val", ""))):
            self.levels[self.style] = 1 if match[2] else int(match[1])


class _Lists(_Part):
    """Whether a list counts, by its number and level."""

    def __init__(self) -> None:
        self.kinds: dict[tuple[str, str], str] = {}
        self.abstract: dict[str, str] = {}
        self.at, self.level, self.number = "", "", ""

    def opened(self, tag: str, said: Mapping[str, str]) -> None:
        if tag == "abstractNum":
            self.at = said.get("abstractNumId", "")
        elif tag == "lvl":
            self.level = said.get("ilvl", "")
        elif tag == "numFmt":
            self.kinds.setdefault((self.at, self.level), said.get("val", ""))
        elif tag == "num":
            self.number = said.get("numId", "")
        elif tag == "abstractNumId":
            self.abstract[self.number] = said.get("val", "")

    def counts(self, number: str, level: str) -> bool:
        """Whether items of this list have numbers at this level."""
        kind = self.kinds.get((self.abstract.get(number, ""), level), "")
        return kind not in ("bullet", "none", "")


@dataclass
class _Paragraph:
    """A paragraph as it grows."""

    text: list[str] = field(default_factory=list)
    style: str = ""
    number: str = ""
    level: str = "0"


class _Body(_Part):
    """The text of the document, block by block."""

    def __init__(self, name: str, levels: Mapping[str, int], lists: _Lists) -> None:
        self.name, self.levels, self.lists = name, levels, lists
        self.blocks: list[tuple[str, str]] = []
        self.open: list[_Paragraph] = []
        self.tables: list[list[list[list[str]]]] = []  # paragraphs of cells of rows of the open tables
        self.heard = self.gone = self.size = self.cells = 0

    def opened(self, tag: str, said: Mapping[str, str]) -> None:
        if tag == "p":
            self.open.append(_Paragraph())
        elif tag in ("t", "tbl", "tr", "tc", "del", "moveFrom"):
            self._begin(tag)
        elif self.open:
            self._about(tag, said.get("val", ""))
        if len(self.open) + len(self.tables) > DEEPEST:
            raise _no_document(self.name, "It is nested too deep.")

    def _begin(self, tag: str) -> None:
        if tag == "t":
            self.heard += 1
        elif tag in ("del", "moveFrom"):
            self.gone += 1
        elif tag == "tbl":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self._count(1)
            self.tables[-1].append([])
        elif tag == "tc" and self.tables and self.tables[-1]:
            self._count(1)
            self.tables[-1][-1].append([])

    def _count(self, cells: int) -> None:
        self.cells += cells
        if self.cells > MOST_CELLS:
            raise _no_document(self.name, f"Its tables have more than {MOST_CELLS:,} rows and cells.")

    def _about(self, tag: str, value: str) -> None:
        now = self.open[-1]
        if tag == "pStyle":
            now.style = value
        elif tag == "numId":
            now.number = value
        elif tag == "ilvl":
            now.level = value
        elif tag in ("tab", "br", "cr") and not self.gone:
            now.text.append(" ")

    def closed(self, tag: str) -> None:
        if tag == "t":
            self.heard -= 1
        elif tag in ("del", "moveFrom"):
            self.gone -= 1
        elif tag == "p" and self.open:
            self._paragraph(self.open.pop())
        elif tag == "tbl" and self.tables:
            self._table(self.tables.pop())

    def data(self, text: str) -> None:
        if self.heard and self.open and not self.gone:
            self.size += len(text)
            if self.size > MOST_TEXT:
                raise _no_document(self.name, f"It has more than {MOST_TEXT:,} letters.")
            self.open[-1].text.append(text)

    def _paragraph(self, one: _Paragraph) -> None:
        text = _MARKS.sub(r"\\\1", " ".join("".join(one.text).split()))
        if not text:
            return
        if self.tables:
            cells = self.tables[-1][-1] if self.tables[-1] else []
            if cells:
                cells[-1].append(text)
            return
        level = self.levels.get(one.style, 0)
        if level:
            self.blocks.append(("heading", f"{'#' * min(level, 6)} {text}"))
        elif one.number and one.number != "0":
            mark = "1." if self.lists.counts(one.number, one.level) else "-"
            deep = int(one.level) if one.level.isascii() and one.level.isdigit() and len(one.level) < 2 else 0
            self.blocks.append(("list", f"{'   ' * deep}{mark} {text}"))
        else:
            self.blocks.append(
                ("text", re.sub(r"^(\d{1,9})([.)] )", r"\1\\\2", re.sub(r"^([-+])", r"\\\1", text)))
            )

    def _table(self, rows: list[list[list[str]]]) -> None:
        wide = max((len(row) for row in rows), default=0)
        if not wide:
            return
        self._count(sum(wide - len(row) for row in rows))
        said = [[" ".join(cell) for cell in row] for row in rows]
        if self.tables and self.tables[-1] and self.tables[-1][-1]:
            self.tables[-1][-1][-1] += [cell for row in said for cell in row if cell]
            return
        lines = [f"| {' | '.join([*row, *[''] * (wide - len(row))])} |" for row in said]
        lines.insert(1, f"|{'---|' * wide}")
        self.blocks.append(("table", "\n".join(lines)))

    def markdown(self) -> str:
        """The blocks, items of one list under each other."""
        found: list[str] = []
        for at, (kind, text) in enumerate(self.blocks):
            close = kind == "list" and at > 0 and self.blocks[at - 1][0] == "list"
            found.append(text if close or not at else f"\n{text}")
        return "\n".join(found) + "\n" if found else ""
