"""The acknowledgements check, case by case (domain.md POP-16 and 10, cases 1, 14, 15)."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.given import causes, judge
from tickmark.kernel.tables import read

POLICY = {
    "policy": "code",
    "version": "1",
    "digest": "d1",
    "published_on": "2026-02-02",
    "must_acknowledge": True,
}


def person(key: str, **other: Any) -> dict[str, Any]:
    return {"person": key, "spell": "1", "state": "active", "joined_on": "2020-01-06"} | other


def given(who: str, day: str | None, **other: Any) -> dict[str, Any]:
    return {"person": who, "policy": "code", "version": "1", "digest": "d1", "acknowledged_on": day} | other


# Published on 2 February: due on 16 February; who joins later has fourteen days from joining.
CASES: dict[str, tuple[dict[str, Any], dict[str, Any] | None, str]] = {
    "in-time": ({}, {"acknowledged_on": "2026-02-16"}, "in_time"),
    "late": ({}, {"acknowledged_on": "2026-02-17"}, "late"),
    "never": ({}, None, "missing"),
    "other-text": ({}, {"acknowledged_on": "2026-02-10", "digest": "d0"}, "other_text"),
    "joiner": ({"joined_on": "2026-06-01"}, {"acknowledged_on": "2026-06-15"}, "in_time"),
    "late-joiner": ({"joined_on": "2026-06-01"}, {"acknowledged_on": "2026-06-16"}, "late"),
    "joined-yesterday": ({"joined_on": "2026-11-15"}, None, "not_due"),
    "joined-yesterday-and-quick": ({"joined_on": "2026-11-15"}, {"acknowledged_on": "2026-11-16"}, "in_time"),
    "left-before-due": ({"left_on": "2026-02-10", "state": "left"}, None, "left_before_due"),
    "left-after-due": ({"left_on": "2026-02-20", "state": "left"}, None, "missing"),
    "left-before-publication": ({"left_on": "2026-02-01", "state": "left"}, None, "not_asked"),
    "no-joining-day": ({"joined_on": None}, {"acknowledged_on": "2026-02-10"}, "joined_unknown"),
    "no-day": ({}, {"acknowledged_on": None}, "day_unknown"),
    "no-text": ({}, {"acknowledged_on": "2026-02-10", "digest": None}, "text_unknown"),
    "too-early-to-be-true": ({}, {"acknowledged_on": "2026-01-10"}, "before_publication"),
    "contractor": ({"kind": "contractor"}, None, "missing"),
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    lists = {
        "people": [person(case, **about) for case, (about, _, _) in CASES.items()],
        "policies": [POLICY],
        "acknowledgements": [
            given(case, None, **row) for case, (_, row, _) in CASES.items() if row is not None
        ],
    }
    result = judge(tmp_path_factory.mktemp("cases"), "policies_acknowledged", lists, day=date(2026, 11, 16))
    return {row["subject"].partition("/")[0]: row["cause"] for row in read(result.path)}


@pytest.mark.parametrize("case", CASES)
def test_one_person_and_one_text(case: str, found: dict[str, str]) -> None:
    assert found[case] == CASES[case][2]


def policies(**second: Any) -> list[dict[str, Any]]:
    return [
        POLICY | {"superseded_on": "2026-05-04"},
        POLICY | {"version": "2", "digest": "d2", "published_on": "2026-05-04"} | second,
    ]


def test_a_new_version_asks_again_and_the_old_one_is_not_asked_of_later_joiners(tmp_path: Path) -> None:
    lists = {
        "people": [person("old"), person("new", joined_on="2026-05-04")],
        "policies": policies(),
        "acknowledgements": [
            given("old", "2026-02-10"),
            given("new", "2026-05-05", version="2", digest="d2"),
        ],
    }
    result = judge(tmp_path, "policies_acknowledged", lists)
    assert causes(result) == {"old/1/code/2": "missing"}
    assert dict(result.causes) == {"in_time": 2, "missing": 1}


def test_a_version_that_was_replaced_before_it_was_due_is_not_asked_for(tmp_path: Path) -> None:
    lists = {"people": [person("p", joined_on="2026-05-01")], "policies": policies(), "acknowledgements": []}
    result = judge(tmp_path, "policies_acknowledged", lists)
    assert dict(result.causes) == {"missing": 1, "superseded_before_due": 1}


def test_what_was_due_and_done_before_the_period_belongs_to_the_period_before(tmp_path: Path) -> None:
    lists = {
        "people": [person("late-then"), person("never")],
        "policies": [POLICY | {"published_on": "2025-02-03"}],
        "acknowledgements": [given("late-then", "2025-06-01")],
    }
    result = judge(tmp_path, "policies_acknowledged", lists)
    assert dict(result.causes) == {"earlier_period": 1, "missing": 1}


@pytest.mark.parametrize(
    ("about", "cause"),
    [
        ({"published_on": None}, "published_unknown"),
        ({"must_acknowledge": None}, "duty_unknown"),
        ({"must_acknowledge": False}, "not_asked"),
        ({"digest": None}, "text_unknown"),
    ],
)
def test_what_is_unknown_of_the_policy_is_unknown_of_the_person(
    about: dict[str, Any], cause: str, tmp_path: Path
) -> None:
    lists = {
        "people": [person("p")],
        "policies": [POLICY | about],
        "acknowledgements": [given("p", "2026-02-10")],
    }
    assert dict(judge(tmp_path, "policies_acknowledged", lists).causes) == {cause: 1}


def test_without_any_policy_nobody_passes(tmp_path: Path) -> None:
    lists = {"people": [person("p")], "policies": [], "acknowledgements": []}
    assert causes(judge(tmp_path, "policies_acknowledged", lists)) == {"p/1": "no_policy"}


def test_an_incomplete_list_of_acknowledgements_decides_only_what_was_late(tmp_path: Path) -> None:
    lists = {
        "people": [person("good"), person("late"), person("never")],
        "policies": [POLICY],
        "acknowledgements": [given("good", "2026-02-10"), given("late", "2026-03-10")],
    }
    result = judge(tmp_path, "policies_acknowledged", lists, incomplete={"acknowledgements": "cut"})
    assert causes(result) == {
        "good/1/code/1": "incomplete",
        "late/1/code/1": "late",
        "never/1/code/1": "incomplete",
    }
