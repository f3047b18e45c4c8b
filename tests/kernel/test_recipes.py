"""Recipes: how single values of a source become values of a shape."""

# ruff: noqa: DTZ001 - tables keep instants in UTC without a zone

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tickmark.kernel.errors import Invalid
from tickmark.kernel.recipes import Field, NotReadable, apply, parse_recipe

BERLIN = ZoneInfo("Europe/Berlin")

READ: dict[str, tuple[Field, Any, Any]] = {
    "text": (Field("x", ("v",)), " a ", "a"),
    "text from a spreadsheet's number": (Field("x", ("v",)), 1042.0, "1042"),
    "lower": (Field("x", ("v",), lower=True), "A@B", "a@b"),
    "empty is unknown": (Field("x", ("v",)), "  ", None),
    "none is unknown": (Field("x", ("v",)), None, None),
    "empty with a default": (Field("x", ("v",), default="1"), "", "1"),
    "empty list with a default": (Field("x", ("v",), default=""), [], ""),
    "map to unknown": (Field("x", ("v",), map={"On": True, "Unknown": ""}), "unknown", None),
    "filled": (Field("x", ("v",), as_="filled"), "totp;push", True),
    "filled list": (Field("x", ("v",), as_="filled"), ["totp"], True),
    "not filled": (Field("x", ("v",), as_="filled"), "", False),
    "nothing inside": (Field("x", ("v",), as_="filled"), None, False),
    "constant": (Field("x", constant="idp"), "other", "idp"),
    "constant false": (Field("x", constant=False), "other", False),
    "the first that is there": (Field("x", ("w", "v")), "a", "a"),
    "map": (Field("x", ("v",), map={"Full-time": "employee"}), "FULL-TIME", "employee"),
    "map of a truth": (Field("x", ("v",), map={"true": "active"}), True, "active"),
    "pattern": (Field("x", ("v",), pattern=r"#(\d+)", as_="integer"), "PR #12", 12),
    "integer": (Field("x", ("v",), as_="integer"), 12.0, 12),
    "boolean": (Field("x", ("v",), as_="boolean"), "Yes", True),
    "boolean no": (Field("x", ("v",), as_="boolean"), False, False),
    "date": (Field("x", ("v",), as_="date"), "2026-02-28", date(2026, 2, 28)),
    "date as written": (Field("x", ("v",), as_="date", format="%d/%m/%Y"), "01/02/2026", date(2026, 2, 1)),
    "date of a spreadsheet": (Field("x", ("v",), as_="date"), datetime(2026, 2, 28), date(2026, 2, 28)),
    "date of a moment is the local day": (Field("x", ("v",), as_="date"), "2026-02-28T23:30:00Z", date(2026, 3, 1)),
    "instant": (Field("x", ("v",), as_="instant"), "2026-07-01T12:00:00Z", datetime(2026, 7, 1, 12, tzinfo=UTC)),
    "instant in the zone": (Field("x", ("v",), as_="instant"), "2026-07-01 12:00", datetime(2026, 7, 1, 10, tzinfo=UTC)),
    "instant in winter": (Field("x", ("v",), as_="instant"), "2026-01-01 12:00", datetime(2026, 1, 1, 11, tzinfo=UTC)),
    "seconds": (Field("x", ("v",), as_="instant", format="seconds"), 0, datetime(1970, 1, 1, tzinfo=UTC)),
    "milliseconds": (Field("x", ("v",), as_="instant", format="milliseconds"), 1500, datetime(1970, 1, 1, 0, 0, 1, 500000, tzinfo=UTC)),
    "as a moment already": (
        Field("x", ("v",), as_="instant"),
        datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=-4))),
        datetime(2026, 7, 1, 16, tzinfo=UTC),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", READ)
def test_a_value_is_read(case: str) -> None:
    part, value, expected = READ[case]
    assert apply(part, {"v": value}, BERLIN) == expected


UNREADABLE: dict[str, tuple[Field, Any]] = {
    "a word that the map lacks": (Field("x", ("v",), map={"a": 1}), "b"),
    "no match": (Field("x", ("v",), pattern=r"#(\d+)"), "12"),
    "half a number": (Field("x", ("v",), as_="integer"), 1.5),
    "a truth as a number": (Field("x", ("v",), as_="integer"), True),
    "a word as a number": (Field("x", ("v",), as_="integer"), "one"),
    "perhaps": (Field("x", ("v",), as_="boolean"), "perhaps"),
    "the other order of day and month": (Field("x", ("v",), as_="date"), "28/02/2026"),
    "a day that does not exist": (Field("x", ("v",), as_="date"), "2026-02-29"),
    "a moment in a column of days": (Field("x", ("v",), as_="date"), datetime(2026, 2, 28, 9)),
    "a day as a moment": (Field("x", ("v",), as_="instant"), "2026-02-28"),
    "an hour that the clock skipped": (Field("x", ("v",), as_="instant"), "2026-03-29 02:30"),
    "an hour that came twice": (Field("x", ("v",), as_="instant"), "2026-10-25 02:30"),
    "soon": (Field("x", ("v",), as_="instant"), "soon"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_value_that_is_not_sure_is_not_guessed(case: str) -> None:
    part, value = UNREADABLE[case]
    with pytest.raises(NotReadable):
        apply(part, {"v": value}, BERLIN)


def test_dots_lead_into_json_unless_a_column_has_that_name() -> None:
    part = Field("x", ("user.login",))
    assert apply(part, {"user": {"login": "ann"}}, BERLIN) == "ann"
    assert apply(part, {"user.login": "bob", "user": {"login": "ann"}}, BERLIN) == "bob"
    assert [apply(part, row, BERLIN) for row in ({"user": None}, {"user": "ann"}, {})] == [None, None, None]


@pytest.mark.parametrize("part", [Field("x", ("a.b",), default="1"), Field("x", ("a.b",), as_="filled")])
def test_only_a_column_that_is_there_can_be_empty(part: Field) -> None:
    expected = False if part.as_ == "filled" else "1"
    rows: list[dict[str, Any]] = [{"a": {"b": None}}, {"a": None}, {"a.b": ""}]
    assert [apply(part, row, BERLIN) for row in rows] == [expected] * 3
    gone: list[dict[str, Any]] = [{}, {"a": {}}, {"a": "text"}]
    assert [apply(part, row, BERLIN) for row in gone] == [None] * 3


GOOD = 'name = "n"\nsays = "s"\nshape = "people"\nformat = "csv"\n[columns]\nperson = { from = "P" }\n'


@pytest.mark.parametrize(
    "text",
    ["name =", GOOD.replace('"csv"', '"pdf"'), GOOD.replace("shape", "form"), GOOD + 'spell = "1"\n',
     'zone = "Mars/Base"\n' + GOOD],
)  # fmt: skip
def test_a_recipe_that_does_not_say_enough_is_refused(text: str) -> None:
    assert parse_recipe(GOOD).sources == ("P",)
    with pytest.raises(Invalid):
        parse_recipe(text)
