"""Hostile files, made small: each is what its name says."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping

CONTENT_TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
LAUGHS = (
    '<!DOCTYPE a [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(10))
    + "]>"
)
OUTSIDE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


def archive(parts: Mapping[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return target.getvalue()


def workbook(cells: str, head: str = "", **parts: str) -> bytes:
    """A workbook of one sheet."""
    rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return archive(
        {
            "[Content_Types].xml": CONTENT_TYPES,
            "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f'<Relationship Id="r1" Type="{rel}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{rel}"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f'<Relationship Id="r1" Type="{rel}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
            "xl/worksheets/sheet1.xml": head + SHEET.format(cells),
            **parts,
        }
    )


def inline(place: str, text: str) -> str:
    """A cell with its text in it."""
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def document(text: str, head: str = "") -> bytes:
    """A Word file of one paragraph."""
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = (
        f'<w:document xmlns:w="{space}"><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>'
    )
    return archive({"[Content_Types].xml": CONTENT_TYPES, "word/document.xml": head + body})


def bomb(size: int, name: str = "rows.csv") -> bytes:
    """A zip of one file of `size` bytes of zeros; a thousandth of that itself."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed,
        packed.open(name, "w") as part,
    ):
        for _ in range(size >> 20):
            part.write(bytes(1 << 20))
    return target.getvalue()


def lying(content: bytes, name: str = "rows.csv") -> bytes:
    """A zip whose headers say that the file in it holds ten bytes."""
    packed = bytearray(archive({name: content}))
    packed[22:26] = struct.pack("<I", 10)
    at = packed.rindex(b"PK\x01\x02")
    packed[at + 24 : at + 28] = struct.pack("<I", 10)
    return bytes(packed)


def linked(name: str, target: str) -> bytes:
    """A zip with a symbolic link in it."""
    part = zipfile.ZipInfo(name)
    part.create_system, part.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as out:
        out.writestr(part, target)
    return packed.getvalue()


def renamed(before: str, after: bytes, content: bytes = b"id\n1\n") -> bytes:
    """A zip in which the bytes of a name are changed to others of the same length."""
    return archive({before: content}).replace(before.encode(), after)


def nameless() -> bytes:
    """A zip whose file has a name of no letters."""
    crc = zlib.crc32(b"id")
    own = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 0, 0, 0x21, crc, 2, 2, 0, 0) + b"id"
    listed = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, 20, 0, 0, 0, 0x21, crc, 2, 2, 0, 0, 0, 0, 0, 0, 0)
    return own + listed + struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1, 1, len(listed), len(own), 0)


def pdf(text: str, squeezed: bytes = b"") -> bytes:
    """A PDF of one page with a text, and a stream of what `squeezed` unpacks to."""
    show = f"BT /F1 12 Tf 50 700 Td ({text}) Tj ET".encode()
    stream = squeezed or zlib.compress(show, 9)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % table
    return bytes(out)


def squeezed(size: int, byte: bytes = b" ") -> bytes:
    """`size` times the same byte, compressed without ever being whole in memory."""
    packer = zlib.compressobj(9)
    parts = [packer.compress(byte * (1 << 20)) for _ in range(size >> 20)]
    return b"".join([*parts, packer.flush()])
