"""The manifest of an intake: what is read of it, and that no line is ever lost."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickmark.evidence.manifest import LONGEST, Told, lines
from tickmark.kernel.errors import Invalid

WHOLE = (
    "name,kind,source,covers_from,covers_to,observed_at,control,occurrence,performed_on\n"
    "a.pdf,REC,Wiki,2026-04-01,2026-06-30,2026-07-01T09:00:00+02:00,AC-06,2026-Q2,2026-07-01\n"
    "b.pdf,,,,,,,,\n"
)


def test_a_line_is_what_it_says() -> None:
    first, second = lines(b"\xef\xbb\xbf" + WHOLE.encode())
    assert (first.number, first.name, first.fault) == (2, "a.pdf", "")
    assert first.told == Told(
        name="a.pdf", kind="REC", source="Wiki", covers_from=date(2026, 4, 1), covers_to=date(2026, 6, 30),
        observed_at=datetime(2026, 7, 1, 7, tzinfo=UTC), control="AC-06", occurrence="2026-Q2",
        performed_on=date(2026, 7, 1),
    )  # fmt: skip
    assert (second.number, second.told) == (3, Told(name="b.pdf"))


def test_json_lines_say_the_same() -> None:
    rows = [json.dumps({k: v for k, v in row.items() if v}) for row in csv.DictReader(io.StringIO(WHOLE))]
    assert [line.told for line in lines("\n\n".join(rows).encode())] == [
        line.told for line in lines(WHOLE.encode())
    ]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\xff\xfename", "It is not UTF-8 text."),
        (b"name\0", "It holds a NUL."),
        (b"file,kind\na,REC\n", "It has a column file."),
        (b"kind\nREC\n", "Its first line names no column `name`, or one twice."),
        (b"name,name\na,b\n", "Its first line names no column `name`, or one twice."),
        (b'name\n"a\n', "It is no CSV: unexpected end of data."),
        (b'{"name": "a"}\nnothing\n', "Line 2 is no JSON: Expecting value: line 1 column 1 (char 0)."),
        (b"n" * (LONGEST + 1), "It is too long."),
        (b"", "Its first line names no column `name`, or one twice."),
    ],
)
def test_what_is_no_manifest_is_refused_whole(content: bytes, why: str) -> None:
    with pytest.raises(Invalid) as refused:
        lines(content)
    assert (refused.value.why, refused.value.field) == (why, "manifest")


@pytest.mark.parametrize(
    ("content", "name", "fault"),
    [
        (b"name,kind\n,REC\n", "", "It names no file."),
        (b"name,kind\na,REC,more\n", "a", "It has more values than the header has columns."),
        (b"name,covers_from\na,yesterday\n", "a", "covers_from: Input should be a valid date or datetime"),
        (b'{"name": "a", "size": 3}\n', "a", "size: Extra inputs are not permitted."),
        (b'{"name": ["a"]}\n', "", "It names no file."),
        (b'{"name": "a", "kind": {"x": 1}}\n', "a", "kind: Input should be a valid string."),
    ],
)
def test_a_line_that_cannot_be_read_keeps_its_name_and_its_fault(
    content: bytes, name: str, fault: str
) -> None:
    (found,) = lines(content)
    assert (found.name, found.told) == (name, None)
    assert found.fault.startswith(fault)


@given(st.lists(st.text(min_size=1), max_size=8))
def test_every_row_becomes_one_line(names: list[str]) -> None:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows([["name"], *([name] for name in names)])
    text = out.getvalue()
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        return
    assert [line.name for line in lines(text.encode())] == [name.strip() for name in names]


@given(st.binary(max_size=300))
def test_no_bytes_break_it(content: bytes) -> None:
    try:
        found = lines(content)
    except Invalid as error:
        assert error.field == "manifest"
    else:
        assert all((line.told is None) == bool(line.fault) for line in found)
