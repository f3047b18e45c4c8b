"""Which characters the vendored fonts can print, and text made ready for them.

A PDF/A file must carry a shape for each of its characters; one that has none stops the setting without
saying where it stands. So texts are looked through first, and the offending place is named.
"""

from __future__ import annotations

import struct
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path

FONTS = Path(__file__).parent.parent / "fonts"

INVISIBLE = dict.fromkeys((0xFEFF, 0x2060, 0x200C, 0x200D))
"""Joiners and byte-order marks: they mean nothing in the scripts printed here, and are left out."""

BIDI = frozenset((0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))
"""Marks that turn the order of what is read: never printed, because text could then say two things."""

WIDE_SPACES = (0x0009, *range(0x2000, 0x2007), 0x2008, 0x2009, 0x200A, 0x205F, 0x3000)
SUBSTITUTES = dict.fromkeys(WIDE_SPACES, " ") | {
    0x2007: "\u00a0",
    0x202F: "\u00a0",
    0x2011: "-",
    0x2028: "\n",
    0x2029: "\n",
}
"""Spaces and hyphens of fixed width become the ordinary ones: same reading, always printable."""

NEEDS_NO_GLYPH = frozenset((0x0A, 0x200B))
BEFORE, AFTER = 24, 12


def font_files() -> list[Path]:
    """The vendored fonts, in the order of their names."""
    return sorted(FONTS.glob("*.otf"))


@cache
def coverage() -> frozenset[int]:
    """Every code point that at least one vendored font can print."""
    return frozenset().union(*(code_points(path.read_bytes()) for path in font_files()))


def code_points(font: bytes) -> frozenset[int]:
    """The code points that the `cmap` of an OpenType font maps to a shape (formats 4 and 12)."""
    start = _table(font, b"cmap")
    (count,) = struct.unpack_from(">H", font, start + 2)
    found: set[int] = set()
    for record in range(count):
        (offset,) = struct.unpack_from(">I", font, start + 4 + 8 * record + 4)
        (kind,) = struct.unpack_from(">H", font, start + offset)
        if kind == 4:
            found.update(_format_4(font, start + offset))
        elif kind == 12:
            found.update(_format_12(font, start + offset))
    return frozenset(found)


def _table(font: bytes, tag: bytes) -> int:
    (count,) = struct.unpack_from(">H", font, 4)
    for entry in range(12, 12 + 16 * count, 16):
        if font[entry : entry + 4] == tag:
            return int(struct.unpack_from(">I", font, entry + 8)[0])
    raise ValueError(f"the font has no {tag.decode()} table")


def _format_4(font: bytes, at: int) -> Iterator[int]:
    """Segments of the basic plane; glyph 0 means the font has no shape."""
    double = struct.unpack_from(">H", font, at + 6)[0]
    ends, starts, deltas, offsets = (
        struct.unpack_from(f">{double // 2}H", font, at + base)
        for base in (14, 16 + double, 16 + 2 * double, 16 + 3 * double)
    )
    for index, (first, last) in enumerate(zip(starts, ends, strict=True)):
        for code in range(first, min(last, 0xFFFE) + 1):
            glyph = code
            if offsets[index]:
                place = at + 16 + 3 * double + 2 * index + offsets[index] + 2 * (code - first)
                (glyph,) = struct.unpack_from(">H", font, place)
            if glyph and (glyph + deltas[index]) & 0xFFFF:
                yield code


def _format_12(font: bytes, at: int) -> Iterator[int]:
    (groups,) = struct.unpack_from(">I", font, at + 12)
    for group in range(groups):
        first, last, glyph = struct.unpack_from(">III", font, at + 16 + 12 * group)
        yield from range(first + (glyph == 0), last + 1)


def tidy(text: str) -> str:
    """The same words in one canonical spelling: NFC, plain spaces and line ends, no invisible joiners."""
    composed = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return composed.translate(INVISIBLE).translate(SUBSTITUTES)


def offences(text: str) -> list[str]:
    """Each kind of character in tidied text that cannot be printed, with the words around its first place."""
    known = coverage()
    found: dict[str, int] = {}
    for place, character in enumerate(text):
        code = ord(character)
        if (code not in known and code not in NEEDS_NO_GLYPH) or code in BIDI:
            found.setdefault(character, place)
    return [f"{_name(character)} in “{_around(text, place)}”" for character, place in found.items()]


def printable(text: str) -> bool:
    """Whether a document can print every character of the text."""
    return not offences(tidy(text))


def _name(character: str) -> str:
    nameless = "a control character" if ord(character) < 0xA0 else "an unassigned one"
    kind = unicodedata.name(character, nameless)
    return f"U+{ord(character):04X} {kind}"


def _around(text: str, place: int) -> str:
    """The words about a place; what cannot be shown on a terminal or a page is spelt out."""
    before, after = text[max(0, place - BEFORE) : place], text[place + 1 : place + 1 + AFTER]
    middle = text[place] if text[place].isprintable() else f"\\u{ord(text[place]):04x}"
    shown = "".join(sign if sign.isprintable() else " " for sign in before + middle + after)
    return f"{'…' if place > BEFORE else ''}{shown}{'…' if place + 1 + AFTER < len(text) else ''}"
