"""The criteria set is whole, and scope decides what is in play (check values of the domain reference, section 11)."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickmark.kernel.errors import Invalid
from tickmark.scope.criteria import (
    Category,
    PointOfFocus,
    applicable,
    check_codes,
    criteria,
    points_in_play,
)
from tickmark.scope.library import library_folder

S, A, C, PI, P = "security", "availability", "confidentiality", "processing_integrity", "privacy"

POINTS = {
    "CC1": [5, 4, 6, 7, 6],
    "CC2": [9, 13, 12],
    "CC3": [16, 9, 5, 6],
    "CC4": [8, 3],
    "CC5": [6, 4, 6],
    "CC6": [13, 3, 4, 4, 1, 4, 4, 5],
    "CC7": [5, 4, 7, 14, 6],
    "CC8": [18],
    "CC9": [2, 13],
    "A1": [3, 11, 2],
    "C1": [3, 2],
    "PI1": [3, 3, 5, 4, 4],
    "P1": [7],
    "P2": [6],
    "P3": [4, 2],
    "P4": [1, 2, 3],
    "P5": [5, 4],
    "P6": [4, 1, 1, 3, 2, 2, 3],
    "P7": [2],
    "P8": [6],
}


def test_every_criterion_stands_in_official_order_with_its_number_of_points() -> None:
    expected = {f"{name}.{n}": count for name, row in POINTS.items() for n, count in enumerate(row, 1)}
    found = {row.id: len(row.points) for row in criteria().values()}
    assert list(found.items()) == list(expected.items())
    assert (len(found), sum(found.values())) == (61, 330)


def test_points_are_numbered_from_one_within_their_criterion() -> None:
    for row in criteria().values():
        assert [point.id for point in row.points] == [
            f"{row.id}-{n:02d}" for n in range(1, len(row.points) + 1)
        ]


def test_each_coso_principle_stands_behind_one_criterion_of_the_first_five_series() -> None:
    coso = {row.id: row.coso for row in criteria().values()}
    assert sorted(number for number in coso.values() if number) == list(range(1, 18))
    assert all(
        (number is not None) == (code[:3] in {"CC1", "CC2", "CC3", "CC4", "CC5"})
        for code, number in coso.items()
    )


@pytest.mark.parametrize(
    ("categories", "count", "points"),
    [
        ([S], 33, 208),
        ([S, A], 36, 225),
        ([S, C], 35, 220),
        ([S, A, C], 38, 237),
        ([S, PI], 38, 227),
        ([S, P], 51, 282),
        ([S, A, C, PI], 43, 256),
        ([S, A, C, PI, P], 61, 330),
    ],
)
def test_scope_decides_criteria_and_points(categories: list[str], count: int, points: int) -> None:
    assert (len(applicable(categories)), len(points_in_play(categories))) == (count, points)


def test_security_has_201_general_and_7_system_level_points() -> None:
    assert Counter(point.level for point in points_in_play([S])) == {"company": 201, "system": 7}


def test_one_point_concerns_goods_only() -> None:
    assert len(points_in_play([PI], goods=False)) == 226
    assert [point.id for point in points_in_play([PI]) if point.goods] == ["PI1.1-03"]


def test_marks_of_points_outside_of_the_privacy_series() -> None:
    marked = Counter(point.only_with for row in criteria().values() for point in row.points)
    assert marked == {None: 306, Category.PRIVACY: 16, Category.CONFIDENTIALITY: 7, Category.AVAILABILITY: 1}


def test_privacy_points_name_a_role_and_no_other_point_does() -> None:
    roles = Counter(
        point.role for row in criteria().values() if row.category is Category.PRIVACY for point in row.points
    )
    assert roles == {"both": 40, "controller": 15, "processor": 3}
    assert {point.role for point in points_in_play([S, A, C, PI])} == {""}


def test_one_point_as_a_whole() -> None:
    assert criteria()["CC6.1"].points[11] == PointOfFocus(
        "CC6.1-12", "Confidential information used only for its stated purposes", Category.CONFIDENTIALITY
    )


def test_common_criteria_apply_with_every_category_even_if_security_is_not_named() -> None:
    assert applicable([A]) == applicable([S, A])


@given(st.sets(st.sampled_from(list(Category))), st.sampled_from(list(Category)))
def test_a_wider_scope_never_loses_a_criterion_or_a_point(chosen: set[Category], more: Category) -> None:
    wider = {*chosen, more}
    assert set(applicable(chosen)) <= set(applicable(wider))
    assert set(points_in_play(chosen)) <= set(points_in_play(wider))


def test_labels() -> None:
    assert [category.label for category in Category] == [
        "Security",
        "Availability",
        "Confidentiality",
        "Processing integrity",
        "Privacy",
    ]


def test_codes_that_exist_come_back_as_given() -> None:
    assert check_codes(["CC6.2", "A1.1"]) == ("CC6.2", "A1.1")


def test_every_unknown_code_is_named_with_the_nearest_known() -> None:
    with pytest.raises(Invalid) as caught:
        check_codes(["CC6.2", "CC9.3", "cc6.1"])
    assert caught.value.what == "No such criterion: CC9.3, cc6.1."
    assert caught.value.why == "The set tsc-2017-2022 has 61 criteria, from CC1.1 to P8.1."
    assert "CC9.2" in caught.value.remedy and "CC6.1" in caught.value.remedy
    assert caught.value.field == "criteria"


def test_an_unknown_category_is_refused_with_the_five_names() -> None:
    with pytest.raises(Invalid, match="no category 'integrity'.*security, availability, confidentiality"):
        applicable(["integrity"])


@pytest.mark.parametrize("name", ["tsc-1999", "../controls/x", ""])
def test_an_unknown_set_names_those_that_exist(name: str) -> None:
    with pytest.raises(Invalid, match="tsc-2017-2022"):
        criteria(name)


BASE = """set = "own"
title = "T"
source = "S"
[[series]]
id = "X1"
title = "X"
category = "security"
[[criteria]]
id = "X1.1"
series = "X1"
title = "One"
summary = "Sum"
points = [ { id = "X1.1-01", text = "p" } ]
"""


@pytest.fixture
def own_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "criteria").mkdir()
    monkeypatch.setenv("TICKMARK_LIBRARY", str(tmp_path))
    return tmp_path / "criteria" / "own.toml"


def test_another_library_can_be_named(own_library: Path) -> None:
    own_library.write_text(BASE)
    assert library_folder() == own_library.parents[1]
    assert list(criteria("own")) == ["X1.1"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('set = "own"', 'set = "other"', "own.toml, line 1: field 'set'.*named like its file"),
        ('title = "One"\n', "", "own.toml, criteria no. 1: field 'title'.*missing"),
        ('title = "One"', "title = 1", "field 'title'.*must be a text"),
        ('title = "One"', 'title = ""', "field 'title'.*empty"),
        ('title = "One"', 'title = "One"\ncosso = 3', "field 'cosso'.*No such field"),
        ('"X1.1-01"', '"X1.2-01"', "not a point of X1.1"),
        ('id = "X1.1"', 'id = "Y1.1"', "does not belong to series X1"),
        ('category = "security"', 'category = "secure"', "no category 'secure'"),
        ("points = [ {", 'points = [ { id = "X1.1-01", text = "q" }, {', "X1.1-01 twice"),
        ('text = "p"', 'text = "p", only_with = "P"', "no category 'P'"),
        ('series = "X1"', "series =", r"own.toml is not sound TOML.*line 10"),
    ],
)
def test_a_slip_in_the_file_is_named(own_library: Path, old: str, new: str, message: str) -> None:
    assert old in BASE
    own_library.write_text(BASE.replace(old, new))
    with pytest.raises(Invalid, match=message):
        criteria("own")
