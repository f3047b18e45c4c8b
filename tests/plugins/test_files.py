"""Exports as files, and the faults of product.md 5 that a file can show: incomplete or an error, never a whole list."""

# ruff: noqa: DTZ001 - tables keep instants in UTC without a zone

from __future__ import annotations

import json
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.given import NOW, registers, run
from tickmark.kernel.collecting import Run, collect
from tickmark.kernel.errors import Invalid
from tickmark.kernel.register import load
from tickmark.kernel.tables import read

HEADER = (
    "Employee ID,Employment No,Last Name,Work Email,Employment Type,Department,Manager ID,Location,"
    "Hire Date,Termination Date,Termination Type,Status,Termination Entered At"
)
ANN = "P1,1,Bérard,Ann@Firm.example,Full-Time,IT,,Lyon,2020-01-06,,,Active,"
BOB = "P2,1,Ost,bob@firm.example,Part-time,IT,P1,Lyon,2021-02-01,2026-03-31,Voluntary,Inactive,2026-03-02T23:30:00+01:00"


def people(folder: Path, content: str | bytes, name: str = "people.csv", **settings: Any) -> Run:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return run(folder / "run", "files.people", recipe="people-hris-csv", path=str(path), **settings)


def csv(*lines: str) -> str:
    return "\n".join((HEADER, *lines)) + "\n"


def codes(found: Run) -> list[str]:
    return sorted(problem.code for problem in found.problems)


def error(folder: Path, content: str | bytes, name: str = "people.csv") -> Invalid:
    with pytest.raises(Invalid) as caught:
        people(folder, content, name)
    assert not (folder / "run").exists()
    return caught.value


def test_a_sound_export_becomes_rows_with_its_whole_record(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"rows": 2}')
    found = people(tmp_path, csv(ANN, BOB))
    assert (found.complete, found.reconciled, found.rows, found.rows_at_source) == (True, True, 2, 2)
    row = {
        name: value
        for name, value in read(found.table, where={"person": "P2"})[0].items()
        if value is not None
    }
    assert {name: str(value) for name, value in row.items()} == {
        "person": "P2", "spell": "1", "kind": "employee", "state": "left", "joined_on": "2021-02-01",
        "left_on": "2026-03-31", "end_recorded_on": "2026-03-02", "involuntary": "False", "name": "Ost",
        "email": "bob@firm.example", "manager": "P1", "department": "IT", "location": "Lyon",
    }  # fmt: skip
    assert found.zone_data == "America/New_York" and 'name = "people-hris-csv"' in found.query
    assert [file.name for file in found.raw] == ["people.csv", "manifest.json"]
    assert found.raw[0].path.read_text() == csv(ANN, BOB)


def test_the_record_can_be_kept_as_json(tmp_path: Path) -> None:
    found = people(tmp_path, csv(ANN, BOB))
    again = json.loads(json.dumps(found.as_dict()))
    assert again["raw"] == [
        {"name": "people.csv", "size": len(csv(ANN, BOB).encode()), "digest": found.raw[0].digest}
    ]
    assert str(tmp_path) not in json.dumps(again["raw"] + again["problems"])


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [("utf-8", "Bérard"), ("utf-8-sig", "Bérard"), ("cp1252", "Bérard"), ("utf-16", "Bérard")],
)
def test_encodings_are_told_apart(encoding: str, expected: str, tmp_path: Path) -> None:
    found = people(tmp_path, csv(ANN, BOB).encode(encoding))
    assert read(found.table)[0]["name"] == expected


UNREADABLE = {
    "0 bytes": (b"", "'people.csv' is empty.", "It has 0 bytes."),
    "blanks": (b" \n\n", "'people.csv' is empty.", "It has 3 bytes."),
    "mixed": (csv(ANN).encode() + BOB.replace("Ost", "Öst").encode("cp1252"), "'people.csv' mixes encodings.", "Line 3 is not UTF-8, while other lines are."),
    "undecodable": (csv(BOB).encode() + b"P9,\x81", "'people.csv' cannot be decoded.", "Line 3 holds the byte 0x81, which is not cp1252."),
    "spreadsheet": (b"PK\x03\x04....", "'people.csv' is no csv file.", "It is a zip or a spreadsheet."),
    "picture": (b"\x89PNG\r\n", "'people.csv' is no csv file.", "It is a picture."),
    "log-in page": (b"<!DOCTYPE html><p>Sign in", "'people.csv' is no csv file.", "It is a web page, perhaps a log-in page."),
    "cut in a quote": (csv(ANN) + 'P2,1,"Os', "'people.csv' is broken or cut off.", "Near line 3: unexpected end of data."),
    "column twice": (HEADER + ",Status\n", "'people.csv' cannot be read.", "The column 'Status' is there twice."),
}  # fmt: skip


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_cannot_be_read_is_an_error_that_says_why(case: str, tmp_path: Path) -> None:
    content, what, why = UNREADABLE[case]
    found = error(tmp_path, content)
    assert (found.what, found.why) == (what, why) and found.remedy


def test_a_missing_key_column_is_an_error(tmp_path: Path) -> None:
    found = error(tmp_path, csv(ANN).replace("Employee ID", "Staff"))
    assert found.what == "The column Employee ID is missing." and "Staff" in found.why


def test_a_missing_column_is_unknown_and_the_run_incomplete(tmp_path: Path) -> None:
    found = people(tmp_path, csv(ANN, BOB).replace("Termination Date", "Was removed"))
    assert codes(found) == ["column_unknown"]
    assert found.columns_unknown == {"left_on": "the export has no column Termination Date."}
    assert found.columns_left_out == {"Was removed": "the recipe does not read it"}
    assert [row["left_on"] for row in read(found.table)] == [None, None]


def test_extra_columns_are_kept_out_and_listed(tmp_path: Path) -> None:
    lines = [line + ",x" for line in (ANN, BOB)]
    found = people(tmp_path, f"{HEADER},First Name\n" + "\n".join(lines))
    assert found.columns_left_out == {"First Name": "personal data that no check needs"} and found.complete


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((ANN, BOB, "P3,1,Cut"), ["ragged"]),
        ((ANN, BOB + ",shifted,by two"), ["ragged"]),
        ((ANN, BOB, ANN), ["duplicate_key"]),
        ((ANN, BOB, BOB.replace("P2", "")), ["no_key"]),
        ((ANN, BOB.replace("2021-02-01", "01/02/2021")), ["unreadable"]),
        ((ANN, BOB.replace("Inactive", "Gone"), BOB.replace("P2", "P3")), ["unreadable"]),
        ((ANN,), ["never_seen"]),
    ],
)
def test_rows_that_are_not_whole_make_the_list_incomplete(
    lines: tuple[str, ...], expected: list[str], tmp_path: Path
) -> None:
    found = people(tmp_path, csv(*lines))
    assert (codes(found), found.complete) == (expected, False)


def test_a_value_that_cannot_be_read_is_unknown_and_its_row_stays(tmp_path: Path) -> None:
    found = people(tmp_path, csv(ANN, BOB, BOB.replace("P2", "P3").replace("2026-03-31", "soon")))
    assert read(found.table, where={"person": "P3"})[0]["left_on"] is None
    assert [(one.code, one.column, one.count, one.rows) for one in found.problems] == [
        ("unreadable", "left_on", 1, (3,))
    ]


@pytest.mark.parametrize("declared", [1, 3])
def test_a_declared_count_that_disagrees_makes_the_list_incomplete(declared: int, tmp_path: Path) -> None:
    (tmp_path / "people.manifest.json").write_text(json.dumps({"rows": declared}))
    found = people(tmp_path, csv(ANN, BOB))
    assert (codes(found), found.rows_at_source, found.reconciled) == (["count_disagrees"], declared, False)


def test_a_round_number_of_rows_without_a_declared_count_may_be_cut(tmp_path: Path) -> None:
    lines = [BOB.replace("P2", f"P{number}") for number in range(1000)]
    assert codes(people(tmp_path, csv(*lines))) == ["maybe_capped"]


def test_an_empty_list_after_a_full_one_is_incomplete_and_a_first_nil_return_is_not(tmp_path: Path) -> None:
    (tmp_path / "after").mkdir()
    assert codes(people(tmp_path / "after", HEADER + "\n", previous_rows=500)) == ["empty_now"]
    first = people(tmp_path, HEADER + "\n")
    assert (first.rows, first.complete, first.reconciled) == (0, True, False)


def test_a_state_that_never_comes_may_be_filtered_unless_somebody_confirms_it(tmp_path: Path) -> None:
    found = people(tmp_path, csv(ANN), confirmed_none="nobody has left so far, says the HR lead")
    assert found.complete and "Confirmed: nobody has left" in found.limits[-1]


def test_a_hostile_file_name_stays_inside_of_the_folder(tmp_path: Path) -> None:
    found = people(tmp_path, csv(ANN, BOB), name="..\\..;rm -rf $HOME\n'\".csv")
    assert [file.path.parent for file in found.raw] == [tmp_path / "run" / "raw"]
    assert found.raw[0].path.name == "0000-_.._rm_-rf__HOME___.csv"


def spreadsheet(path: Path, rows: list[list[str | float]]) -> None:
    """The smallest workbook that readers take, its texts inline."""
    cells = "".join("<row>" + "".join(map(_cell, row)) + "</row>" for row in rows)
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" ContentType="{MAIN}.sheet.main+xml"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>',
        "_rels/.rels": _link(f"{OFFICE}/relationships/officeDocument", "xl/workbook.xml"),
        "xl/_rels/workbook.xml.rels": _link(f"{OFFICE}/relationships/worksheet", "worksheets/sheet1.xml"),
        "xl/workbook.xml": f'<workbook xmlns="{SHEET}" xmlns:r="{OFFICE}/relationships"><sheets>'
        '<sheet name="People" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{SHEET}"><sheetData>{cells}</sheetData></worksheet>',
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}')


PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
MAIN = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def _cell(value: str | float) -> str:
    return (
        f'<c t="inlineStr"><is><t>{value}</t></is></c>'
        if isinstance(value, str)
        else f"<c><v>{value}</v></c>"
    )


def _link(kind: str, target: str) -> str:
    return f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" Type="{kind}" Target="{target}"/></Relationships>'


def xlsx(folder: Path, content: bytes | None = None) -> Run:
    """A run over a spreadsheet by a recipe from a drop-in folder."""
    path = folder / "people.xlsx"
    if content is not None:
        path.write_bytes(content)
    recipe = (
        registers().recipes["people-hris-csv"].text.replace('"csv"', '"xlsx"').replace("-hris-csv", "-xlsx")
    )
    (folder / "plugins" / "recipes").mkdir(parents=True)
    (folder / "plugins" / "recipes" / "people.toml").write_text(recipe)
    settings = {"recipe": "people-xlsx", "path": str(path)}
    return collect(
        "files.people", settings, workdir=folder / "run", now=NOW, registers=load(folder / "plugins")
    )


def test_a_spreadsheet_gives_the_same_rows_as_the_csv(tmp_path: Path) -> None:
    rows: list[list[str | float]] = [list(line.split(",")) for line in (HEADER, ANN, BOB, "," * 12)]
    rows[1][1] = 1.0
    spreadsheet(tmp_path / "people.xlsx", rows)
    found = xlsx(tmp_path)
    (tmp_path / "csv").mkdir()
    assert found.complete and found.table_digest == people(tmp_path / "csv", csv(ANN, BOB)).table_digest


@pytest.mark.parametrize("content", [b"PK\x03\x04 cut", b"Employee ID,Status"])
def test_a_spreadsheet_that_is_none_is_an_error(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"people\.xlsx"):
        xlsx(tmp_path, content)


def lines(*rows: dict[str, Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


AGENT = {
    "id": 7, "external_id": "P1", "email": "A@firm.example", "role": "admin", "active": False,
    "created_at": "2020-01-06T09:00:00Z", "deactivated_at": "2026-03-31T18:00:00+02:00", "last_login_at": None,
    "two_factor_auth_enabled": True,
}  # fmt: skip


def accounts(folder: Path, content: str) -> Run:
    path = folder / "accounts.jsonl"
    path.write_text(content)
    return run(folder / "run", "files.accounts", recipe="accounts-json-lines", path=str(path))


def test_json_lines_become_rows(tmp_path: Path) -> None:
    found = accounts(tmp_path, lines(AGENT))
    row = {name: value for name, value in read(found.table)[0].items() if value is not None}
    assert found.complete and row == {
        "system": "support", "account": "7", "login": "a@firm.example", "person": "P1", "state": "disabled",
        "created_at": datetime(2020, 1, 6, 9), "disabled_at": datetime(2026, 3, 31, 16), "mfa": True,
        "privileged": True, "email": "a@firm.example",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (lines(AGENT) + '{"id": 8, "acti', "'accounts.jsonl' is broken or cut off."),
        (
            '{"message": "API rate limit exceeded"}\n',
            "'line 1 of accounts.jsonl' holds an error instead of rows.",
        ),
        ("[1]\n", "'line 1 of accounts.jsonl' is not a list of records."),
        ('{"id": NaN}\n', "'accounts.jsonl' is broken or cut off."),
    ],
)
def test_json_that_is_cut_or_an_error_is_an_error(content: str, what: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid) as caught:
        accounts(tmp_path, content)
    assert caught.value.what == what and not (tmp_path / "run").exists()


def pull(number: int, **other: Any) -> dict[str, Any]:
    return {
        "number": number, "state": "closed", "title": "Work", "user": {"login": "ann", "type": "User"},
        "created_at": "2026-03-09T09:00:00Z", "merged_at": "2026-03-10T12:00:00Z", "merged_by": {"login": "bob"},
        "base": {"ref": "main", "repo": {"full_name": "firm/app"}}, "head": {"sha": "h"}, "merge_commit_sha": "c",
        "commits": 1,
    } | other  # fmt: skip


REVIEW = {
    "user": {"login": "bob", "type": "User"}, "state": "APPROVED", "submitted_at": "2026-03-10T11:00:00Z",
    "commit_id": "h",
}  # fmt: skip


def export(
    folder: Path, pages: dict[int, list[dict[str, Any]]], reviews: dict[int, Any], rows: int | None = None
) -> Path:
    place = folder / "github"
    (place / "reviews").mkdir(parents=True)
    for page, rows_of_page in pages.items():
        (place / f"pulls-{page:04}.json").write_text(json.dumps(rows_of_page))
    for number, items in reviews.items():
        (place / "reviews" / f"{number}.json").write_text(
            items if isinstance(items, str) else json.dumps(items)
        )
    if rows is not None:
        (place / "pulls.manifest.json").write_text(json.dumps({"rows": rows}))
    return place


def pulls(folder: Path, place: Path) -> Run:
    return run(folder / "run", "files.pulls", recipe="pulls-github", path=str(place))


def test_pull_requests_carry_their_reviews(tmp_path: Path) -> None:
    found = pulls(
        tmp_path,
        export(tmp_path, {1: [pull(1), pull(2, user=None, merged_by=None)]}, {1: [REVIEW], 2: []}, 2),
    )
    assert found.complete and found.reconciled
    assert [file.name for file in found.raw] == ["github.zip"]
    assert read(found.table) == [
        {
            "repository": "firm/app", "pull": number, "state": "closed", "title": "Work", "author": author,
            "author_bot": False if author else None, "opened_at": datetime(2026, 3, 9, 9),
            "merged_at": datetime(2026, 3, 10, 12), "merged_by": "bob" if author else None, "target": "main",
            "head": "h", "merge_commit": "c", "commits": 1, "reviews": reviews,
        }
        for number, author, reviews in (
            (1, "ann", [{"reviewer": "bob", "reviewer_bot": False, "state": "APPROVED",
                         "given_at": datetime(2026, 3, 10, 11), "dismissed_at": None, "head": "h"}]),
            (2, None, []),
        )
    ]  # fmt: skip


def test_a_zip_of_the_folder_gives_the_same_rows(tmp_path: Path) -> None:
    place = export(tmp_path, {1: [pull(1)]}, {1: [REVIEW]}, 1)
    with zipfile.ZipFile(tmp_path / "github.zip", "w") as archive:
        for path in place.rglob("*.json"):
            archive.write(path, f"github/{path.relative_to(place)}")
    packed = run(tmp_path / "packed", "files.pulls", recipe="pulls-github", path=str(tmp_path / "github.zip"))
    assert packed.complete and packed.table_digest == pulls(tmp_path, place).table_digest


FULL = [pull(number) for number in range(1, 101)]
NONE = {number: [] for number in range(1, 251)}

PAGES: dict[str, tuple[dict[int, list[dict[str, Any]]], dict[int, Any], int | None, list[str]]] = {
    "last page dropped": ({1: FULL}, NONE, None, ["page_full"]),
    "last page dropped, count declared": ({1: FULL}, NONE, 150, ["count_disagrees", "page_full"]),
    "page in the middle dropped": ({1: FULL, 3: [pull(201)]}, NONE, None, ["page_missing"]),
    "page in the middle short": ({1: FULL[:99], 2: [pull(101)]}, NONE, None, ["page_short"]),
    "row doubled while pages moved": ({1: FULL, 2: [pull(100)]}, NONE, None, ["duplicate_key"]),
    "reviews of one missing": ({1: [pull(1), pull(2)]}, {1: []}, None, ["child_missing"]),
    "reviews cut after a page": ({1: [pull(1)]}, {1: [REVIEW] * 30}, None, ["child_cut"]),
    "column dropped": ({1: [{k: v for k, v in pull(1).items() if k != "merged_by"}]}, {1: []}, None, ["column_unknown"]),
    "a number that leads out of the folder": ({1: [pull(1), pull("../../1")]}, NONE, None, ["child_missing", "no_key", "unreadable"]),  # type: ignore[arg-type]
}  # fmt: skip


@pytest.mark.parametrize("case", PAGES)
def test_pages_that_do_not_fit_together_are_incomplete(case: str, tmp_path: Path) -> None:
    pages, reviews, rows, expected = PAGES[case]
    found = pulls(tmp_path, export(tmp_path, pages, reviews, rows))
    assert (codes(found), found.complete) == (expected, False)


@pytest.mark.parametrize("content", ['[{"state": "APPR', '{"message": "Not Found"}', "{}"])
def test_reviews_that_are_cut_or_an_error_are_an_error(content: str, tmp_path: Path) -> None:
    place = export(tmp_path, {1: [pull(1)]}, {1: content})
    with pytest.raises(Invalid, match=r"reviews/1\.json"):
        pulls(tmp_path, place)
    assert not (tmp_path / "run").exists()


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    place = export(tmp_path, {1: [pull(1)]}, {})
    (tmp_path / "elsewhere.json").write_text(json.dumps([REVIEW]))
    (place / "reviews" / "1.json").symlink_to(tmp_path / "elsewhere.json")
    assert codes(pulls(tmp_path, place)) == ["child_missing"]


def test_a_recipe_of_another_shape_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="does not fit"):
        run(tmp_path / "run", "files.pulls", recipe="people-hris-csv", path=str(tmp_path))
