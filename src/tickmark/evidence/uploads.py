"""What an uploaded file says of itself: a name that is only a label, and content that is what its name says.

Nothing is opened or run here; the first bytes decide. A file whose name promises another kind of content is
refused, because nobody could read it later; a program is refused whatever it is called.
"""

from __future__ import annotations

import unicodedata

from tickmark.kernel.errors import Invalid

LONGEST_NAME = 200
HEAD = 4096
"""Bytes that `refuse_disguise` wants to see."""

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OLE = (b"\xd0\xcf\x11\xe0",)
BEGINNINGS: dict[str, tuple[bytes, ...]] = {
    "pdf": (b"%PDF-",),
    "png": (b"\x89PNG\r\n",),
    "jpg": (b"\xff\xd8\xff",),
    "jpeg": (b"\xff\xd8\xff",),
    "gif": (b"GIF87a", b"GIF89a"),
    "webp": (b"RIFF",),
    "zip": _ZIP,
    "docx": _ZIP,
    "xlsx": _ZIP,
    "pptx": _ZIP,
    "odt": _ZIP,
    "ods": _ZIP,
    "doc": _OLE,
    "xls": _OLE,
    "ppt": _OLE,
    "msg": _OLE,
    "gz": (b"\x1f\x8b",),
    "parquet": (b"PAR1",),
}
TEXTS = frozenset("txt md csv tsv json jsonl log yaml yml toml xml html htm svg eml sql ini conf".split())
PROGRAMS = (b"MZ", b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
_TEXT_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")


def label(name: str) -> str:
    """A hostile name as a label of one line: no folders, no control or direction marks, at most 200 letters."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    plain = "".join(letter for letter in last if letter.isprintable()).strip()
    if len(plain) > LONGEST_NAME:
        stem, dot, ending = plain.rpartition(".")
        tail = f"{dot}{ending}" if stem and len(ending) <= 10 else ""
        plain = (stem if tail else plain)[: LONGEST_NAME - len(tail)] + tail
    return plain if plain.strip(". ") else "file"


def refuse_disguise(name: str, head: bytes) -> None:
    """Raise Invalid (field `upload`) if the first bytes are not what the name's ending promises."""
    if head.startswith(PROGRAMS):
        raise _refused(name, "It is a program.", "File what the program showed, not the program.")
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    expected = BEGINNINGS.get(ending)
    if expected and not head.startswith(expected):
        raise _refused(
            name,
            f"Its content is not that of a .{ending} file.",
            "Export it again, or give it its true ending.",
        )
    if ending in TEXTS and b"\0" in head and not head.startswith(_TEXT_MARKS):
        raise _refused(
            name,
            f"A .{ending} file is text, and this is not.",
            "Export it again, or give it its true ending.",
        )


def _refused(name: str, why: str, remedy: str) -> Invalid:
    return Invalid(f"{name!r} is not what its name says.", why, remedy, "upload")
