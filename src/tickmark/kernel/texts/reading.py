"""Text out of PDF, Office files, web pages, mail and plain text. Runs in the child (child.py): no Django, no books.

Every function takes untrusted bytes. Nothing is unpacked to a disk, run or fetched; what is too large is read as far
as there is room, and that is said. An error of a library is no accident here but an answer: the file is not readable.
"""

from __future__ import annotations

import email
import email.policy
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable
from email.message import Message
from html.parser import HTMLParser
from typing import IO
from xml.parsers import expat

MOST_TEXT = 256 << 10
"""Bytes of text that are kept of one file."""
CHUNK = 64 << 10
DEEPEST = 4
"""How many mails may lie within each other."""
MOST_PARTS = 2_000
"""Parts of an archive or a mail that are looked at."""

BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, IndexError)
PLAIN = frozenset("txt md csv tsv json jsonl ndjson log yaml yml toml ini conf sql ics".split())
MARKUP = frozenset("html htm xhtml xml svg".split())
PICTURES = frozenset("png jpg jpeg gif webp bmp tif tiff heic".split())
MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


class Unreadable(Exception):
    """Why no text can be read, as a sentence."""


class Enough(Exception):
    """There is no room for more text."""


class Text:
    """The text of a file as it grows, up to MOST_TEXT bytes, with what was left out."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.room = MOST_TEXT
        self.left_out = ""

    def add(self, text: str) -> None:
        """Add a piece. Raises Enough when the room is full."""
        encoded = text.encode("utf-8", "ignore")[: self.room + 1]
        if len(encoded) > self.room:
            self.parts.append(encoded[: self.room].decode("utf-8", "ignore"))
            self.room = 0
            self.left_out = f"Only its first {MOST_TEXT >> 10} KiB of text are searched."
            raise Enough
        self.parts.append(encoded.decode("utf-8", "ignore"))
        self.room -= len(encoded)

    def all(self) -> str:
        """What was gathered, without NUL."""
        return "".join(self.parts).replace("\x00", " ").strip()


def read(name: str, content: bytes) -> tuple[str, str]:
    """The text of a file, and a sentence about what of it is not searched: empty when all of it is."""
    text = Text()
    try:
        _into(text, name, content, 0)
    except Enough:
        pass
    except Unreadable as error:
        text.left_out = str(error)
    except MemoryError:
        text.left_out = "It needs more memory than a file may."
    except RecursionError:
        text.left_out = "It is nested too deep."
    found = text.all()
    return found, text.left_out or ("" if found else "It holds no text.")


def _into(text: Text, name: str, content: bytes, depth: int) -> None:
    reader = _reader(name.rpartition(".")[2].lower() if "." in name else "", content)
    if reader is None:
        raise Unreadable("It is of a kind that holds no text that can be read here.")
    reader(text, content, depth)


def _reader(ending: str, content: bytes) -> Callable[[Text, bytes, int], None] | None:
    """By content first: a name only decides between texts."""
    if content.startswith(b"%PDF-"):
        return _pdf
    if content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _archive
    if content.startswith(b"PAR1"):
        return _table
    if ending in PICTURES:
        return _picture
    if ending in MARKUP:
        return _markup
    if ending == "eml":
        return _mail
    looks_like_text = (
        ending in PLAIN or b"\x00" not in content[:4096] or content.startswith((b"\xff\xfe", b"\xfe\xff"))
    )
    return _plain if looks_like_text else None


# -- texts ----------------------------------------------------------------------------------------------------------


def _decoded(content: bytes) -> str:
    """By its mark, else UTF-8, else as Windows writes it: for finding words a guess is better than nothing."""
    part = content[: 4 * MOST_TEXT]
    for mark, encoding in MARKS:
        if part.startswith(mark):
            return part.decode(encoding, "replace")
    try:
        return part.decode("utf-8", "strict" if len(part) == len(content) else "ignore")
    except UnicodeDecodeError:
        return part.decode("cp1252", "replace")


def _plain(text: Text, content: bytes, depth: int) -> None:
    text.add(_decoded(content))


class _Page(HTMLParser):
    """The words of a page, without its scripts and styles."""

    SILENT = frozenset({"script", "style", "template", "noscript"})

    def __init__(self, text: Text) -> None:
        super().__init__(convert_charrefs=True)
        self.text, self.silent = text, ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent = self.silent or (tag if tag in self.SILENT else "")
        self.text.add(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag == self.silent:
            self.silent = ""
        self.text.add(" ")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.text.add(data)

    def parse_marked_section(self, i: int, report: int = 1) -> int:
        """`<![…`: a comment, as browsers take it; Python's parser gives up where no name follows."""
        return self.parse_bogus_comment(i, False)


def _markup(text: Text, content: bytes, depth: int) -> None:
    page = _Page(text)
    page.feed(_decoded(content))
    page.close()


def _picture(text: Text, content: bytes, depth: int) -> None:
    raise Unreadable("It is a picture.")


def _table(text: Text, content: bytes, depth: int) -> None:
    raise Unreadable("It is a table: its rows are searched on its own page.")


# -- PDF ------------------------------------------------------------------------------------------------------------


def _pdf(text: Text, content: bytes, depth: int) -> None:
    import pypdfium2 as pdfium

    try:
        document = pdfium.PdfDocument(content)
        for number in range(len(document)):
            page = document[number].get_textpage()
            text.add(page.get_text_bounded() + "\n")
            page.close()
    except pdfium.PdfiumError as error:
        why = "It is locked with a password." if "assword" in str(error) else "It is no readable PDF."
        raise Unreadable(why) from None
    if not text.all():
        raise Unreadable("Its pages are pictures without text.")


# -- archives: Office files are some --------------------------------------------------------------------------------


def _archive(text: Text, content: bytes, depth: int) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [part.filename for part in archive.infolist()[:MOST_PARTS]]
            parts = [name for name in names if _wanted(name)] if "[Content_Types].xml" in names else []
            if "content.xml" in names and "mimetype" in names:
                parts = ["content.xml"]
            if not parts:
                _names(text, names)
            for name in parts:
                with archive.open(name) as stream:
                    _Office(text).read(stream)
    except RecursionError:
        raise
    except expat.ExpatError:
        raise Unreadable("A part of it is no readable XML.") from None
    except (*BROKEN, NotImplementedError, RuntimeError, EOFError, KeyError, ValueError, OSError):
        raise Unreadable("It is no readable archive.") from None


def _wanted(name: str) -> bool:
    """The parts of an Office file in which text stands."""
    folder, _, rest = name.partition("/")
    if not rest.endswith(".xml") or "_rels/" in rest:
        return False
    starts = {
        "word": ("document", "header", "footer", "footnotes", "endnotes", "comments"),
        "xl": ("sharedStrings", "worksheets/", "comments"),
        "ppt": ("slides/slide", "notesSlides/", "comments/"),
    }
    return rest.startswith(starts.get(folder, ("\0",)))


def _names(text: Text, names: list[str]) -> None:
    """Of an archive only the names of its files are searched."""
    text.add("\n".join(names))
    text.left_out = "It is an archive: only the names of the files in it are searched."


class _Office:
    """Text of one XML part: `t` of Word, Excel and PowerPoint, numbers of Excel, everything of OpenDocument.

    A document type is refused: no Office program writes one, and entities could grow or reach out of the file.
    """

    BREAKS = frozenset({"p", "tab", "br", "cr", "row", "si", "c", "h"})

    def __init__(self, text: Text) -> None:
        self.text, self.heard, self.shared = text, 0, False
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self.refuse
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.data

    def read(self, stream: IO[bytes]) -> None:
        while chunk := stream.read(CHUNK):
            self.parser.Parse(chunk, False)
        self.parser.Parse(b"", True)

    def refuse(self, *_: object) -> None:
        raise Unreadable("A part of it declares a document type, which no Office program writes.")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        space, _, tag = name.rpartition(" ")
        if tag == "c":
            self.shared = attributes.get("t") == "s"
        self.heard += self._speaks(space, tag)

    def end(self, name: str) -> None:
        space, _, tag = name.rpartition(" ")
        self.heard -= self._speaks(space, tag)
        if tag in self.BREAKS:
            self.text.add("\n" if tag in ("p", "row", "si", "h") else " ")

    def _speaks(self, space: str, tag: str) -> bool:
        if space.startswith("urn:oasis:names:tc:opendocument"):
            return tag in ("p", "h")
        return tag == "t" or (tag == "v" and not self.shared)

    def data(self, data: str) -> None:
        if self.heard:
            self.text.add(data)


# -- mail -----------------------------------------------------------------------------------------------------------


def _mail(text: Text, content: bytes, depth: int) -> None:
    if depth > DEEPEST:
        raise Unreadable("Mails lie within mails too deep.")
    try:
        message = email.message_from_bytes(content, policy=email.policy.compat32)
    except (ValueError, LookupError, TypeError, AttributeError):
        raise Unreadable("It is no readable mail.") from None
    for name in ("subject", "from", "to", "cc", "date"):
        text.add(f"{_header(message, name)}\n")
    unread: list[str] = []
    for number, part in enumerate(message.walk()):
        if number >= MOST_PARTS:
            unread.append("parts after the first 2,000")
            break
        if not part.is_multipart():
            _part(text, part, depth, unread)
    if unread:
        text.left_out = f"Not read in it: {', '.join(unread[:5])}."


def _part(text: Text, part: Message, depth: int, unread: list[str]) -> None:
    name = _header_value(part.get_filename() or "")
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return
    text.add(f"{name}\n")
    ending = {"text/html": "part.html", "text/plain": "part.txt"}.get(part.get_content_type(), "part.bin")
    try:
        _into(text, name or ending, content, depth + 1)
    except Unreadable:
        unread.append(name[:60] or part.get_content_type())
    text.add("\n")


def _header(message: Message, name: str) -> str:
    return _header_value(str(message.get(name, "")))


def _header_value(value: object) -> str:
    from email.errors import HeaderParseError
    from email.header import decode_header

    try:
        pieces = decode_header(str(value))
    except (HeaderParseError, ValueError):
        return str(value)
    words = (piece if isinstance(piece, str) else piece.decode("utf-8", "replace") for piece, _ in pieces)
    return " ".join(" ".join(words).split())
