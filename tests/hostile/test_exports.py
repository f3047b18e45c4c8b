"""Hostile exports before the reader of lists: refused with what, why and the remedy, within a second and little memory."""

from __future__ import annotations

import io
import json
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.hostile import files
from tests.plugins.given import NOW, registers
from tickmark.kernel.bundles import MOST_BYTES
from tickmark.kernel.collecting import collect
from tickmark.kernel.errors import Invalid
from tickmark.kernel.formats import rows_of
from tickmark.kernel.recipes import parse_recipe
from tickmark.kernel.tables import Faults
from tickmark.kernel.workbooks import checked_workbook

CSV, XLSX, JSON, LINES = (
    parse_recipe(
        f'name = "x"\nversion = 1\nsays = "x"\nshape = "accounts"\nsystem = "x"\nformat = "{kind}"\nzone = "UTC"\n'
        '[columns]\naccount = { from = "id" }\n'
    )
    for kind in ("csv", "xlsx", "json", "jsonl")
)
ROW = f'<row r="1">{files.inline("A1", "id")}</row>'
FAR = ROW + f'<row r="1048576">{files.inline("XFD1048576", "x")}</row>'


def read(recipe: Any, content: bytes) -> list[Any]:
    """The rows in a file, or what was said instead."""
    return list(rows_of("rows", content, recipe, Faults()))[1 if recipe.format in ("csv", "xlsx") else 0 :]


@pytest.mark.parametrize(
    ("recipe", "content", "what", "why"),
    [
        (CSV, b",".join(b"c%d" % n for n in range(1_000_000)) + b"\n", "'rows' is too wide.", "It has 1,000,000 columns; 16,384 are read."),
        (CSV, b"id\n" + b"x" * (40 << 20), "'rows' is broken or cut off.", "Near line 2: field larger than field limit (16777216)."),
        (CSV, b"id\n\xff\xfe\n", "'rows' cannot be decoded.", "Line 2 holds the byte 0xff, which is not utf-8."),
        (CSV, b'id\n"a\n', "'rows' is broken or cut off.", "Near line 2: unexpected end of data."),
        (CSV, b"PAR1" + bytes(99), "'rows' is no csv file.", "It is a Parquet file."),
        (CSV, files.bomb(1 << 20), "'rows' is no csv file.", "It is a zip or a spreadsheet."),
        (JSON, b"[" * 100_000, "'rows' is broken or cut off.", None),
        (LINES, b"[" * 100_000 + b"\n", "'rows' is broken or cut off.", None),
        (JSON, b"[" + b"[]," * (12 << 20) + b"[]]", "'rows' is too large.", "It holds 37,748,740 bytes in one document; 32 MiB are read."),
        (JSON, b'{"a": NaN}', "'rows' is broken or cut off.", None),
        (XLSX, files.workbook(FAR), "'rows' is too large.", "Its cells reach over 17,179,869,184 places; 10,000,000 are read."),
        (XLSX, files.workbook(ROW, files.LAUGHS), "'rows' cannot be trusted.", None),
        (XLSX, files.workbook(ROW, files.OUTSIDE), "'rows' cannot be trusted.", None),
        (XLSX, files.workbook(ROW)[:-40], "'rows' is no readable spreadsheet.", None),
        (XLSX, files.workbook("<row><c></row>"), "'rows' is no readable spreadsheet.", None),
        (XLSX, files.bomb(300 << 20, "xl/worksheets/sheet1.xml"), "'rows' is too large.", None),
        (XLSX, files.lying(b"<a>" * 9999, "xl/sharedStrings.xml"), "'rows' is no readable spreadsheet.", None),
    ],
    ids=range(17),
)  # fmt: skip
def test_a_hostile_file_is_refused_with_its_reason(
    recipe: Any, content: bytes, what: str, why: str | None
) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(Invalid) as refused:
            read(recipe, content)
        assert tracemalloc.get_traced_memory()[1] < 400 << 20
    finally:
        tracemalloc.stop()
    assert refused.value.what == what and refused.value.remedy
    assert refused.value.why == why if why else refused.value.why


def test_a_workbook_that_points_outside_is_read_without_following(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s")
    link = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" Type="externalLinkPath" Target="file://{secret}" TargetMode="External"/></Relationships>'
    )
    rows = ROW + f'<row r="2">{files.inline("A2", "=cmd()|x")}</row>'
    parts = {"xl/externalLinks/_rels/externalLink1.xml.rels": link}
    assert read(XLSX, files.workbook(rows, **parts)) == [{"id": "=cmd()|x"}]


def test_the_reader_of_sheets_sees_only_what_was_looked_at() -> None:
    """Python finds no part in an archive whose list says that it is empty; the reader of sheets found them all, and
    asked for 512 GiB."""
    hidden = bytearray(files.workbook(FAR))
    hidden[-10:-6] = bytes(4)
    with pytest.raises(Invalid, match="no readable spreadsheet"):
        read(XLSX, bytes(hidden))


def test_a_workbook_with_a_part_twice_is_refused() -> None:
    with pytest.raises(Invalid, match="in it twice"):
        read(XLSX, files.workbook(ROW, **{"xl/Worksheets/Sheet1.xml": "<worksheet/>"}))


def test_a_workbook_is_packed_anew_of_its_cells_alone() -> None:
    came = files.workbook(
        ROW, **{"xl/media/a.png": "picture", "content.xml": "<x/>", "xl/vbaProject.bin": "macro"}
    )
    with zipfile.ZipFile(io.BytesIO(checked_workbook("rows", came))) as packed:
        names = packed.namelist()
    assert "xl/worksheets/sheet1.xml" in names
    assert not {"xl/media/a.png", "content.xml", "xl/vbaProject.bin"} & set(names)


def test_lines_end_as_they_did() -> None:
    assert [row["id"] for row in read(CSV, b'id,x\r\n1,a\r2,b\n3,"c\r\nd"\n')] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (files.bomb(MOST_BYTES + (1 << 20)), "Split it below 192 MiB."),
        (files.lying(b"id\n" * 99_999), "Export it again."),
        (files.archive({"../../outside.csv": "id\n1\n"}), "leads out of the archive"),
        (files.archive({"/etc/rows.csv": "id\n1\n"}), "leads out of the archive"),
        (files.archive({"C:/rows.csv": "id\n1\n"}), "leads out of the archive"),
        (files.renamed("a_b.csv", b"a\\b.csv"), "has a name that programs read differently"),
        (files.renamed("a_b.csv", b"a\x00b.csv"), "has a name that programs read differently"),
        (files.archive({"a\u202evsc.csv": "id\n1\n"}), "has a name that programs read differently"),
        (files.linked("rows.csv", "/etc/passwd"), "is a link"),
        (files.archive({"Rows.csv": "id\n1\n", "rows.csv": "id\n2\n"}), "is in it twice"),
        (files.archive({"a.zip": files.bomb(1 << 20)}), "It is a zip or a spreadsheet."),
        (b"PK\x03\x04" + bytes(200), "is no readable zip"),
        (files.nameless(), "is no readable zip"),
    ],
    ids=range(13),
)  # fmt: skip
def test_a_hostile_archive_is_refused_and_leaves_nothing(tmp_path: Path, content: bytes, says: str) -> None:
    export = tmp_path / "export.zip"
    export.write_bytes(content)
    settings = {"path": str(export), "recipe": "accounts-idp-csv"}
    with pytest.raises(Invalid) as refused:
        collect("files.accounts", settings, workdir=tmp_path / "run", now=NOW, registers=registers())
    assert says in str(refused.value) and refused.value.remedy
    assert sorted(tmp_path.iterdir()) == [export]


def test_a_deep_body_is_no_crash_of_the_api(client: Any, db: None) -> None:
    for body in ("[" * 100_000, '{"a":' * 100_000, json.dumps("x" * 10_000)):
        answer = client.post("/api/scope/exclude", body, content_type="application/json")
        assert answer.status_code in (401, 422) and answer.json()["what"]
