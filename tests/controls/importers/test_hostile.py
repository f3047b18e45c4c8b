"""Bad input: refused with the remedy before it costs anything, and whatever comes, one of the four errors."""

from __future__ import annotations

import json
import random
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bench.fuzz import mutated
from tests.controls.importers.test_libraries import CATALOG, LIBRARY, definition
from tests.controls.importers.test_policies import p, word
from tests.hostile import files
from tickmark.controls.importers import KINDS, Given, read, yamls
from tickmark.controls.importers.docx import markdown_of
from tickmark.controls.importers.sheets import MOST_ROWS
from tickmark.kernel.errors import Invalid, TickmarkError

GIVEN = Given(system="main")


def of(content: bytes, name: str = "a.csv", kind: str = "") -> int:
    return len(read([(name, content)], kind, given=GIVEN).items)


def test_20_001_rows_are_too_many() -> None:
    head, row = b"Vendor ID,Vendor,Service\n", b"v%d,V,S\n"
    assert of(head + b"".join(row % n for n in range(MOST_ROWS))) == MOST_ROWS
    with pytest.raises(Invalid, match="It has more than 20,000 rows. Split it"):
        of(head + b"".join(row % n for n in range(MOST_ROWS + 1)))
    rows = [{"Vendor ID": str(n), "Vendor": "V", "Service": "S"} for n in range(MOST_ROWS + 1)]
    with pytest.raises(Invalid, match="It has 20,001 rows"):
        of(json.dumps(rows).encode(), "a.json")


def test_a_yaml_of_50_mb_is_refused_at_once() -> None:
    line = b"  a: b\n"
    for size, why in ((50_000_000, "32 MiB are read"), (6_000_000, "5 MiB of YAML are read")):
        began = time.process_time()
        with pytest.raises(Invalid, match=why):
            of(b"urn: x\nobjects:\n" + line * (size // len(line)), "a.yaml")
        assert time.process_time() - began < 1


LAUGHS = "urn: x\na: &a [x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 10)}]\n" for n in range(10)
)
YAMLS = {
    "anchors that explode": (LAUGHS, "An anchor or alias"),
    "a tag": ("urn: !!python/object/apply:os.system [id]\n", "A tag asks for more"),
    "a name twice": ("urn: x\nobjects: {a: 1, a: 2}\n", "there twice"),
    "a name that is a list": ("urn: x\n? [a]\n: b\n", "no text"),
    "a merge": ("urn: x\nobjects: {<<: {a: 1}}\n", "holds no controls"),
    "too deep": ("urn: " + "[" * 40 + "]" * 40, "nested too deep"),
    "several": ("urn: x\n---\nurn: y\n", "several documents"),
    "cut off": ("urn: 'x\n", "Line"),
    "a tab": ("urn:\n\t- x\n", "Line"),
}


@pytest.mark.parametrize("name", sorted(YAMLS))
def test_a_yaml_is_plain_data_or_refused(name: str) -> None:
    text, why = YAMLS[name]
    with pytest.raises(Invalid, match=why):
        of(text.encode(), "a.yaml")


def test_days_and_marks_in_yaml_stay_as_they_were_written() -> None:
    assert yamls.parsed("a", b"day: 2026-01-05\nequal: =\nyes: no\n") == {
        "day": "2026-01-05",
        "equal": "=",
        True: False,
    }


FOREIGN = {
    "a.pdf": (b"%PDF-1.4", "It is a PDF"),
    "a.doc": (b"\xd0\xcf\x11\xe0\xa1", "It is an old Office file. Save it as .docx or .xlsx"),
    "a.csv": (b"<!DOCTYPE html><p>Log in", "It is a web page, perhaps a log-in page"),
    "b.csv": (b"", "is empty"),
    "c.csv": (b"Vendor,Service\n\x00,x\n", "It holds a NUL"),
    "d.csv": ("Vendor,Service\nÄ,Ä\n".encode() + b"\xe4,x\n", "mixes encodings"),
    "e.csv": (b"Vendor,Service\n\x81\x8d,x\n", "cannot be decoded"),
    "f.csv": (b'Vendor,Service\n"x,y\n', "broken or cut off"),
    "g.csv": (b"," * 300_000, "no table"),
    "h.csv": (b"Vendor,Service," + b"x," * 300 + b"x", "301 columns|303 columns; 200 are read"),
    "i.json": (b'[{"Vendor": NaN}]', "broken or cut off"),
    "j.json": (b"[" * 100_000, "broken or cut off"),
    "k.json": (b"[1, 2]", "holds no table"),
    "l.json": (b'{"a": [{"b": 1}], "c": [{"d": 1}]}', "holds no table"),
    "m.xlsx": (files.workbook("", files.LAUGHS), "cannot be trusted|no readable spreadsheet"),
    "n.xlsx": (files.workbook(f'<row r="1">{files.inline("A1", "x")}</row><row r="1048576">{files.inline("XFD1048576", "x")}</row>'), "too large"),
    "o.xlsx": (files.workbook(""), "No visible sheet holds anything"),
    "p.xlsx": (b"PK\x03\x04" + b"\x00" * 40, "no readable zip"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(FOREIGN))
def test_what_is_no_list_is_refused_with_the_remedy(name: str) -> None:
    content, why = FOREIGN[name]
    with pytest.raises(Invalid, match=why) as told:
        of(content, name)
    assert told.value.remedy


def test_a_cell_that_no_book_can_hold_is_told() -> None:
    [told] = read([("a.json", b'[{"Vendor": "\\ud800", "Service": "x"}]')], given=GIVEN).problems
    assert (told.where, told.what) == ("a.json, row 1, Vendor", "It holds a NUL or half a character.")


def test_too_many_files_are_refused() -> None:
    with pytest.raises(Invalid, match="500 files and 64 MiB are read at once"):
        read([(f"{n}.md", b"x") for n in range(501)])
    with pytest.raises(Invalid, match="There is no file"):
        read([])


def test_a_word_table_is_counted_with_the_cells_that_fill_its_short_rows() -> None:
    table = "<w:tbl><w:tr>{}</w:tr>{}</w:tbl>".format
    at_most = word(table("<w:tc/>" * 300, "<w:tr/>" * 330))
    assert markdown_of("a.docx", at_most).count("|") == 332 * 301
    for body in (
        table("<w:tc/>" * 1_000, "<w:tr/>" * 1_000),
        table("<w:tc/>" * 200, "<w:tr/>" * 200) * 3,
        table("", "<w:tr/>" * 100_001),
    ):
        with pytest.raises(Invalid, match="Its tables have more than 100,000 rows and cells"):
            markdown_of("a.docx", word(body))


NUMBERS = "".join(f'<w:num w:numId="{n}"><w:abstractNumId w:val="0"/></w:num>' for n in range(8_000))
LEVELS = "".join(f'<w:lvl w:ilvl="{n}"><w:numFmt w:val="decimal"/></w:lvl>' for n in range(8_000))
LONG = {
    "spaces in a heading": ("a.md", b"# a" + b" " * 60_000 + b"b", ""),
    "an owner of one word": ("a.csv", b"Vendor ID,Vendor,Service,Owner\nv,V,S," + b"a" * 90_000, "vendor"),
    "lists and levels": ("a.docx", word(p("x"), "", f'<w:abstractNum w:abstractNumId="0">{LEVELS}</w:abstractNum>{NUMBERS}'), ""),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(LONG))
def test_what_is_long_costs_no_more_than_its_length(name: str) -> None:
    file, content, kind = LONG[name]
    began = time.process_time()
    of(content, file, kind)
    assert time.process_time() - began < 2


NAMES = ("a.csv", "a.json", "a.yaml", "a.md", "a.docx", "a.xlsx", "a.zip", "a")
SEEDS = [
    b"Vendor ID;Vendor;Service\nv;V;S\n",
    b'[{"Vendor": "a", "owner": {"emailAddress": "x@y"}}]',
    json.dumps(CATALOG).encode(),
    json.dumps(definition()).encode(),
    json.dumps(LIBRARY).encode(),
    LAUGHS.encode(),
    b"---\ntitle: A\n---\n# B\n",
    word(p("x")),
    files.workbook(f'<row r="1">{files.inline("A1", "Vendor")}{files.inline("B1", "Service")}</row>'),
    files.archive({"a.md": "# A", "b.docx": word(p("x"))}),
]


@given(st.binary(max_size=400), st.sampled_from(NAMES), st.sampled_from(["", *KINDS]))
@example(b"PK\x05\x06" + bytes(18), "a.zip", "")
@settings(max_examples=150)
def test_no_bytes_raise_anything_but_one_of_the_four(content: bytes, name: str, kind: str) -> None:
    try:
        of(content, name, kind)
    except TickmarkError as error:
        assert error.what and error.remedy


@pytest.mark.parametrize("seed", range(len(SEEDS)))
def test_nor_do_files_that_are_nearly_right(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(80):
        for name in ("a", "a.yaml"):
            try:
                of(mutated(chance, [SEEDS[seed]]), name)
            except TickmarkError as error:
                assert error.what
