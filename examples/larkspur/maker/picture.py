"""Draws a settings page as a small PNG.

Python's zlib may pack the same pixels differently on another machine, so the few lines of DEFLATE needed for the
same bytes everywhere are written out: fixed codes, runs, and copies of the row above (RFC 1951, RFC 2083).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from itertools import pairwise

WIDTH, HEIGHT, SCALE = 760, 400, 2
PAPER, INK, BAR, LINE = 0, 1, 2, 3
PALETTE = bytes((255, 255, 255, 34, 38, 46, 28, 74, 112, 206, 212, 220))

# Seven rows of five pixels for each letter, two hexadecimal digits a row.
GLYPHS = {
    "A": "0E11111F111111", "B": "1E11111E11111E", "C": "0E11101010110E", "D": "1E11111111111E", "E": "1F10101E10101F",
    "F": "1F10101E101010", "G": "0E11101713110F", "H": "1111111F111111", "I": "0E04040404040E", "J": "0702020202120C",
    "K": "11121418141211", "L": "1010101010101F", "M": "111B1515111111", "N": "11191513111111", "O": "0E11111111110E",
    "P": "1E11111E101010", "Q": "0E11111115120D", "R": "1E11111E141211", "S": "0F10100E01011E", "T": "1F040404040404",
    "U": "1111111111110E", "V": "11111111110A04", "W": "11111115151B11", "X": "11110A040A1111", "Y": "11110A04040404",
    "Z": "1F01020408101F", "0": "0E11131519110E", "1": "040C040404040E", "2": "0E11010608101F", "3": "1F02040201110E",
    "4": "02060A121F0202", "5": "1F101E0101110E", "6": "0608101E11110E", "7": "1F010204080808", "8": "0E11110E11110E",
    "9": "0E11110F01020C", ".": "00000000000C0C", ",": "000000000C0408", ":": "000C0C000C0C00", "-": "0000001F000000",
    "/": "01010204081010", "(": "02040808080402", ")": "08040202020408", "_": "0000000000001F", "@": "0E11171517100E",
    "[": "0E08080808080E", "]": "0E02020202020E", "*": "0004150E150400", "+": "0004041F040400", "'": "0C040800000000",
}  # fmt: skip

# First value of each bucket of the fixed code (RFC 1951, 3.2.5).
LENGTHS = (
    3,
    4,
    5,
    6,
    7,
    8,
    9,
    10,
    *range(11, 19, 2),
    *range(19, 35, 4),
    *range(35, 67, 8),
    *range(67, 131, 16),
    131,
    163,
    195,
    227,
)
DISTANCES = (1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385)


class _Bits:
    def __init__(self) -> None:
        self.value, self.size = 0, 0

    def add(self, value: int, size: int) -> None:
        """Append bits, lowest first."""
        self.value |= value << self.size
        self.size += size

    def code(self, value: int, size: int) -> None:
        """Append a Huffman code, highest bit first."""
        self.add(int(f"{value:0{size}b}"[::-1], 2), size)

    def symbol(self, value: int) -> None:
        """Append a literal or length symbol in the fixed code."""
        if value < 144:
            self.code(0x30 + value, 8)
        elif value < 256:
            self.code(0x190 + value - 144, 9)
        elif value < 280:
            self.code(value - 256, 7)
        else:
            self.code(0xC0 + value - 280, 8)


def _bucket(value: int, starts: Sequence[int]) -> tuple[int, int, int]:
    """The bucket a value falls in, its offset there, and the bits that offset takes."""
    place = max(index for index, start in enumerate(starts) if start <= value)
    widths = [(later - start).bit_length() - 1 for start, later in pairwise(starts)]
    return place, value - starts[place], [*widths, widths[-1]][place]


def _match(data: bytes, at: int, distance: int) -> int:
    length = 0
    if at >= distance:
        while length < 257 and at + length < len(data) and data[at + length] == data[at + length - distance]:
            length += 1
    return length


def pack(data: bytes, stride: int) -> bytes:
    """A zlib stream of one block with fixed codes; copies look back one byte or one row."""
    rows: list[bytes] = []
    bits = _Bits()
    bits.add(0b011, 3)
    at = 0
    while at < len(data):
        length, distance = max((_match(data, at, back), back) for back in (1, stride))
        if length < 3:
            bits.symbol(data[at])
            at += 1
        else:
            place, offset, width = _bucket(length, LENGTHS)
            bits.symbol(257 + place)
            bits.add(offset, width)
            place, offset, width = _bucket(distance, DISTANCES)
            bits.code(place, 5)
            bits.add(offset, width)
            at += length
        whole = bits.size // 8
        if whole >= 64:
            rows.append((bits.value & ((1 << 8 * whole) - 1)).to_bytes(whole, "little"))
            bits.value >>= 8 * whole
            bits.size -= 8 * whole
    bits.symbol(256)
    rows.append(bits.value.to_bytes((bits.size + 7) // 8, "little"))
    return b"\x78\x01" + b"".join(rows) + struct.pack(">I", zlib.adler32(data))


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


class Page:
    """A sheet of four colours to write on in capitals."""

    def __init__(self) -> None:
        self.rows = [bytearray(WIDTH) for _ in range(HEIGHT)]

    def box(self, left: int, top: int, width: int, height: int, colour: int) -> None:
        """Fill a rectangle."""
        for row in self.rows[top : top + height]:
            row[left : left + width] = bytes([colour]) * width

    def write(self, left: int, top: int, text: str, colour: int = INK) -> None:
        """Write one line of text, twelve pixels a letter; a letter without a picture is an error."""
        for place, letter in enumerate(text.upper()):
            if letter != " ":
                self._letter(left + place * 6 * SCALE, top, bytes.fromhex(GLYPHS[letter]), colour)

    def _letter(self, left: int, top: int, glyph: bytes, colour: int) -> None:
        for y, row in enumerate(glyph):
            for x in range(5):
                if row >> (4 - x) & 1:
                    self.box(left + x * SCALE, top + y * SCALE, SCALE, SCALE, colour)

    def png(self) -> bytes:
        """The page as a PNG of two bits a pixel."""
        data = b"".join(
            b"\0" + bytes(r[x] << 6 | r[x + 1] << 4 | r[x + 2] << 2 | r[x + 3] for x in range(0, WIDTH, 4))
            for r in self.rows
        )
        head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 2, 3, 0, 0, 0)
        body = pack(data, WIDTH // 4 + 1)
        chunks = ((b"IHDR", head), (b"PLTE", PALETTE), (b"IDAT", body), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, part) for kind, part in chunks)


def settings_page(address: str, clock: str, title: str, settings: Sequence[tuple[str, str]]) -> bytes:
    """A settings page with its address, account and clock in sight, as an auditor asks for."""
    page = Page()
    page.box(0, 0, WIDTH, 34, LINE)
    page.write(12, 10, address)
    page.box(0, 34, WIDTH, 44, BAR)
    page.write(12, 49, title, PAPER)
    for place, (name, value) in enumerate(settings):
        top = 96 + 30 * place
        page.write(12, top, name)
        page.write(440, top, value)
        page.box(12, top + 20, WIDTH - 24, 1, LINE)
    page.box(0, HEIGHT - 30, WIDTH, 30, LINE)
    page.write(12, HEIGHT - 22, f"{clock}  signed in: R. Achterberg  fictional")
    return page.png()
