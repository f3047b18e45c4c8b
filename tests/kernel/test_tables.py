"""Tables: what stands in them, what is wrong with rows, and that the same rows give the same bytes."""

# ruff: noqa: DTZ001 - tables keep instants in UTC without a zone

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tickmark.kernel import tables
from tickmark.kernel.errors import Invalid
from tickmark.kernel.shapes import parse_shape

SHAPE = parse_shape(
    """
name = "things"
says = "One row a thing."
key = ["house", "thing"]
dates = { made = "made_at" }
proof = { sequence = "place", within = "house" }

[columns]
house = { type = "text" }
thing = { type = "text" }
place = { type = "integer" }
weight = { type = "number" }
whole = { type = "boolean" }
color = { type = "text", among = ["red", "blue"] }
bought_on = { type = "date" }
made_at = { type = "instant" }
tags = { type = "list", of = "text" }
[columns.parts]
type = "list"
[columns.parts.of]
name = { type = "text" }
since = { type = "date" }
"""
)

FULL: dict[str, Any] = {
    "house": "a",
    "thing": "x",
    "place": 1,
    "weight": 1.5,
    "whole": True,
    "color": "red",
    "bought_on": date(2026, 2, 28),
    "made_at": datetime(2026, 3, 1, 0, 30, tzinfo=timezone(timedelta(hours=2))),
    "tags": ["q", "r"],
    "parts": [{"name": "leg", "since": "2026-01-01"}, {"name": None}],
}


def row(number: int, **other: Any) -> dict[str, Any]:
    return {"house": "a", "thing": f"t{number}", "place": number} | other


def problems(info: tables.TableInfo) -> list[tuple[str, str, int, tuple[int, ...]]]:
    return [(one.code, one.column, one.count, one.rows) for one in info.problems]


def test_a_row_comes_back_as_it_went_in_with_instants_in_utc(tmp_path: Path) -> None:
    info = tables.write_rows([FULL], SHAPE, tmp_path / "t.parquet")
    assert info.whole and tables.read(info.path) == [
        FULL
        | {
            "made_at": datetime(2026, 2, 28, 22, 30),
            "parts": [{"name": "leg", "since": date(2026, 1, 1)}, {"name": None, "since": None}],
        }
    ]


def test_what_is_left_away_is_unknown_and_counted(tmp_path: Path) -> None:
    info = tables.write_rows([FULL, row(2)], SHAPE, tmp_path / "t.parquet")
    assert (info.given, info.rows, info.whole) == (2, 2, True)
    assert {name for name, count in info.unknown.items() if count} == {
        "weight", "whole", "color", "bought_on", "made_at", "tags", "parts",
    }  # fmt: skip
    assert (dict(info.first), dict(info.last)) == ({"made_at": "2026-02-28 22:30:00"},) * 2


WRONG = {
    "place": "one", "weight": "heavy", "whole": "yes", "color": "green", "bought_on": "28.2.2026",
    "made_at": "2026-02-28T22:30:00", "tags": "q", "parts": [{"name": "leg", "size": 3}], "thing": None,
}  # fmt: skip


@pytest.mark.parametrize("column", [name for name in WRONG if name != "thing"])
def test_a_value_of_another_type_is_unknown_and_a_problem(column: str, tmp_path: Path) -> None:
    info = tables.write_rows([FULL, row(2) | {column: WRONG[column]}], SHAPE, tmp_path / "t.parquet")
    assert ("wrong_type", column, 1, (2,)) in problems(info)
    assert tables.read(info.path, where={"thing": "t2"})[0][column] is None


@pytest.mark.parametrize(
    "value",
    [True, 1.0, 2**63, "1"],
)
def test_only_whole_numbers_are_whole_numbers(value: object, tmp_path: Path) -> None:
    info = tables.write_rows([FULL | {"place": value}], SHAPE, tmp_path / "t.parquet")
    assert problems(info)[0][:2] == ("wrong_type", "place")


@pytest.mark.parametrize("value", ["2026-02-28", datetime(2026, 2, 28), "0001-01-01T00:00:00+14:00", "now"])
def test_only_moments_with_an_offset_are_instants(value: object, tmp_path: Path) -> None:
    info = tables.write_rows([FULL | {"made_at": value}], SHAPE, tmp_path / "t.parquet")
    assert problems(info) == [("wrong_type", "made_at", 1, (1,))]


def test_rows_that_cannot_be_told_apart_are_kept_out_and_named(tmp_path: Path) -> None:
    rows = [row(1), row(2, thing=None), row(2, thing=" "), row(2), row(2), row(2, thing="t2 ")]
    info = tables.write_rows(rows, SHAPE, tmp_path / "t.parquet")
    assert problems(info) == [("no_key", "thing", 2, (2, 3)), ("duplicate_key", "", 2, (5, 6))]
    assert (info.given, info.rows) == (6, 2)


def test_a_column_that_the_shape_lacks_is_a_problem(tmp_path: Path) -> None:
    info = tables.write_rows([row(1, smell="sweet")], SHAPE, tmp_path / "t.parquet")
    assert problems(info) == [("unknown_column", "smell", 1, (1,))]


@pytest.mark.parametrize(
    ("places", "whole"),
    [((1, 2, 3), True), ((2, 3), False), ((1, 3), False), ((1, 1, 2), False), ((1, None), False)],
)
def test_a_hole_in_the_sequence_is_a_problem(
    places: tuple[int | None, ...], whole: bool, tmp_path: Path
) -> None:
    rows = [row(number) | {"place": place} for number, place in enumerate(places)]
    info = tables.write_rows(rows, SHAPE, tmp_path / "t.parquet")
    assert [one.code for one in info.problems] == ([] if whole else ["hole"])


def test_problems_name_the_first_rows_and_count_all(tmp_path: Path) -> None:
    info = tables.write_rows([row(n, color="green") for n in range(1, 101)], SHAPE, tmp_path / "t.parquet")
    assert problems(info) == [("wrong_type", "color", 100, tuple(range(1, 21)))]


def test_the_same_rows_give_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    rows = [row(number, tags=[str(number)]) for number in range(1, 3001)]
    infos = [
        tables.write_rows(given, SHAPE, tmp_path / f"{n}.parquet")
        for n, given in enumerate((rows, rows[::-1]))
    ]
    assert infos[0].digest == infos[1].digest == tables.file_digest(tmp_path / "1.parquet")
    assert infos[0].key_hash == infos[1].key_hash


def test_an_empty_list_is_a_table_too(tmp_path: Path) -> None:
    info = tables.write_rows([], SHAPE, tmp_path / "t.parquet")
    assert (info.rows, info.whole, tables.read(info.path), tables.keys(info.path, SHAPE)) == (0, True, [], [])


def test_a_table_is_never_overwritten_and_an_error_leaves_nothing(tmp_path: Path) -> None:
    tables.write_rows([FULL], SHAPE, tmp_path / "t.parquet")
    with pytest.raises(Invalid, match="exists already"):
        tables.write_rows([], SHAPE, tmp_path / "t.parquet")

    def broken() -> Iterator[dict[str, Any]]:
        yield FULL
        raise OSError("the line went dead")

    with pytest.raises(OSError, match="dead"):
        tables.write_rows(broken(), SHAPE, tmp_path / "u.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["t.parquet"]


def test_the_key_hash_is_the_one_of_the_reference() -> None:
    keys = [f"CHG-{number:04}" for number in range(1, 41)]
    assert tables.key_hash(keys).startswith("53087a538754ece0")  # domain.md 11


def test_keys_are_cleaned_and_sorted_as_bytes(tmp_path: Path) -> None:
    names = ["b", "a\u0301", "Z", "\U0001f600", "\uffee"]
    info = tables.write_rows(
        [row(n, thing=name) for n, name in enumerate(names, 1)], SHAPE, tmp_path / "t.parquet"
    )
    assert tables.keys(info.path, SHAPE) == ["a/Z", "a/b", "a/á", "a/\uffee", "a/\U0001f600"]
    assert tables.key_hash(tables.keys(info.path, SHAPE)) == info.key_hash


def test_reading_pages_filters_and_orders(tmp_path: Path) -> None:
    rows = [row(number, whole=number % 2 == 0 or None) for number in range(1, 10)]
    path = tables.write_rows(rows, SHAPE, tmp_path / "t.parquet").path
    found = tables.read(path, limit=2, offset=1, where={"whole": None}, order=["place"])
    assert ([one["place"] for one in found], tables.count(path)) == ([3, 5], 9)
    with pytest.raises(Invalid, match="no column smell"):
        tables.read(path, where={"smell": 1})
    assert tables.find(path, "thing", ["t3", "t9", "none"], ["place"]) == {
        "t3": {"place": 3},
        "t9": {"place": 9},
    }


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
ROW = st.fixed_dictionaries(
    {"house": TEXT, "thing": TEXT, "tags": st.none() | st.lists(TEXT, max_size=3), "place": st.none() | st.integers(-(2**63), 2**63 - 1)}
)  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(rows=st.lists(ROW, max_size=8))
def test_every_text_and_number_survives(
    rows: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    info = tables.write_rows(rows, SHAPE, tmp_path_factory.mktemp("t") / "t.parquet")
    kept = {(one["house"], one["thing"]): (one["tags"], one["place"]) for one in tables.read(info.path)}
    expected: dict[tuple[str, str], Any] = {}
    seen: set[str] = set()
    for one in rows:
        key = tables.clean_key(f"{one['house']}/{one['thing']}")
        if one["house"].strip() and one["thing"].strip() and key not in seen:
            seen.add(key)
            expected[one["house"], one["thing"]] = (one["tags"], one["place"])
    assert kept == expected


def test_a_sealed_connection_touches_the_named_files_alone(tmp_path: Path) -> None:
    path = tables.write_rows([FULL], SHAPE, tmp_path / "t.parquet").path
    (tmp_path / "secret.csv").write_text("a\n1\n")
    refused = (
        f"select * from '{tmp_path}/secret.csv'", f"select * from read_text('{tmp_path}/secret.csv')",
        f"select * from glob('{tmp_path}/*')", f"copy (select 1) to '{tmp_path}/new.csv'",
        f"attach '{tmp_path}/new.db'", "install httpfs", "load httpfs", "set memory_limit = '9GB'",
        "set enable_external_access = true", "reset lock_configuration", "select * from 'https://example.org/x.csv'",
        f"export database '{tmp_path}/all'", f"set allowed_paths = ['{tmp_path}/secret.csv']",
    )  # fmt: skip
    with tables.sealed([path]) as con:
        for statement in refused:
            with pytest.raises(Exception, match=r"(?i)permission|cannot|disabled|locked|not allowed"):
                con.execute(statement)
        assert con.execute(f"select count(*) from '{path}'").fetchone() == (1,)
    assert sorted(found.name for found in tmp_path.iterdir()) == ["secret.csv", "t.parquet"]


def test_shapes_that_do_not_fit_together_are_refused() -> None:
    good = 'name = "n"\nsays = "s"\nkey = ["a"]\n[columns]\na = { type = "text" }\n'
    assert parse_shape(good).names == ("a",)
    for bad in (
        good.replace('["a"]', '["b"]'),
        good.replace('["a"]', "[]"),
        good.replace('"text"', '"prose"'),
        good.replace("says", "tells"),
        good.replace("a = {", '"a b" = {'),
        "name =",
    ):
        with pytest.raises(Invalid):
            parse_shape(bad)


def test_a_moment_in_utc_is_the_same_moment(tmp_path: Path) -> None:
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    info = tables.write_rows(
        [row(1, made_at=at), row(2, made_at="2026-03-01T12:00:00Z")], SHAPE, tmp_path / "t.parquet"
    )
    assert {one["made_at"] for one in tables.read(info.path)} == {at.replace(tzinfo=None)}
