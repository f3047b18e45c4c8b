"""The training check, case by case (domain.md POP-15 and 10, cases 1, 2, 6, 7, 14, 15, 16)."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.given import END, causes, judge
from tickmark.kernel.tables import read

DAY = date(2027, 1, 16)


def person(key: str, **other: Any) -> dict[str, Any]:
    return {"person": key, "spell": "1", "state": "active", "joined_on": "2026-06-01"} | other


def training(who: str | None, record: str = "", **other: Any) -> dict[str, Any]:
    about = {"record": record or f"of-{who}", "person": who, "topic": "awareness", "state": "completed"}
    return about | {"assigned_on": "2026-06-01"} | other


# Joined on 1 June: due on 1 July.
CASES: dict[str, tuple[dict[str, Any], list[dict[str, Any]], str]] = {
    "in-time": ({}, [{"completed_on": "2026-07-01"}], "in_time"),
    "late": ({}, [{"completed_on": "2026-07-02"}], "late"),
    "evening-of-the-last-day": ({}, [{"completed_at": "2026-07-02T03:30:00Z"}], "in_time"),
    "taken-before-the-first-day": ({}, [{"completed_on": "2026-05-28"}], "in_time"),
    "taken-long-ago": ({}, [{"completed_on": "2024-05-28"}], "long_before"),
    "late-then-again": ({}, [{"completed_on": "2026-08-01"}, {"completed_on": "2026-06-20"}], "in_time"),
    "never-assigned": ({}, [], "not_assigned"),
    "another-course": ({}, [{"topic": "privacy", "completed_on": "2026-06-09"}], "not_assigned"),
    "waiting": ({}, [{"state": "started"}], "not_completed"),
    "failed": ({}, [{"state": "failed", "completed_on": "2026-06-09"}], "failed"),
    "failed-then-passed": (
        {},
        [{"state": "failed", "completed_on": "2026-06-09"}, {"completed_on": "2026-06-10"}],
        "in_time",
    ),
    "taken-back": ({}, [{"state": "withdrawn"}], "taken_back"),
    "contractor": ({"kind": "contractor"}, [], "not_assigned"),
    "left-before-due": ({"left_on": "2026-06-30", "state": "left"}, [], "left_before_due"),
    "left-on-the-last-day": ({"left_on": "2026-07-01", "state": "left"}, [], "left_before_due"),
    "left-after-due": ({"left_on": "2026-07-02", "state": "left"}, [{"state": "started"}], "not_completed"),
    "due-after-the-period": ({"joined_on": "2026-12-02"}, [], "not_due"),
    "due-on-its-last-day": ({"joined_on": "2026-12-01"}, [], "not_assigned"),
    "due-after-it-and-quick": ({"joined_on": "2026-12-02"}, [{"completed_on": "2026-12-03"}], "in_time"),
    "on-leave": ({"state": "leave"}, [{"state": "assigned"}], "on_leave"),
    "on-leave-and-late": ({"state": "leave"}, [{"completed_on": "2026-08-01"}], "late"),
    "no-first-day": ({"joined_on": None}, [{"completed_on": "2026-06-09"}], "joined_unknown"),
    "no-day": ({}, [{}], "day_unknown"),
    "no-topic": ({}, [{"topic": None, "completed_on": "2026-06-09"}], "course_unknown"),
    "no-topic-and-too-late-anyway": ({}, [{"topic": None, "completed_on": "2026-07-09"}], "not_assigned"),
    "no-state": ({}, [{"state": None, "completed_on": "2026-06-09"}], "state_unknown"),
}


def lists() -> dict[str, list[dict[str, Any]]]:
    return {
        "people": [person(case, **about) for case, (about, _, _) in CASES.items()],
        "trainings": [
            training(case, f"{case}-{number}", **row)
            for case, (_, rows, _) in CASES.items()
            for number, row in enumerate(rows)
        ],
    }


def test_one_joiner_at_a_time(tmp_path: Path) -> None:
    result = judge(tmp_path, "joiners_trained", lists(), day=DAY, zone="America/New_York")
    found = {row["item"].removesuffix("/1"): row["cause"] for row in read(result.path)}
    assert found == {case: cause for case, (_, _, cause) in CASES.items()}
    assert set(result.counts) == {"pass", "fail", "not_applicable", "undetermined"} and all(
        result.counts.values()
    )


def test_who_was_hired_again_joins_again_and_needs_it_again(tmp_path: Path) -> None:
    earlier = {"joined_on": "2020-01-06", "left_on": "2025-12-19", "state": "left"}
    people = [
        person("trained-then", **earlier),
        person("trained-then", spell="2"),
        person("trained-now", **earlier),
        person("trained-now", spell="2"),
        person("first-spell-unknown", **(earlier | {"left_on": None})),
        person("first-spell-unknown", spell="2"),
        person("became-employee", kind="contractor", left_on="2026-05-31", joined_on="2020-01-06", state="left"),
        person("became-employee", spell="2"),
    ]  # fmt: skip
    trainings = [
        training("trained-then", assigned_on="2025-01-05", completed_on="2025-01-09"),
        training("trained-now", completed_on="2026-06-04"),
    ]
    result = judge(tmp_path, "joiners_trained", {"people": people, "trainings": trainings})
    assert {row["item"]: row["cause"] for row in read(result.path)} == {
        "trained-then/2": "not_assigned",
        "trained-now/2": "in_time",
        "first-spell-unknown/2": "history_unknown",
        "became-employee/2": "no_break",
    }


def test_who_joined_before_the_period_and_falls_due_in_it_is_nobody_s_blind_spot(tmp_path: Path) -> None:
    people = [person("carried-over", joined_on="2025-12-15"), person("of-last-year", joined_on="2025-11-15")]
    result = judge(tmp_path, "joiners_trained", {"people": people, "trainings": []})
    assert causes(result) == {"carried-over/1": "not_assigned"} and result.driven == 0


def test_a_training_that_belongs_to_nobody_shows_and_may_be_a_joiner_s(tmp_path: Path) -> None:
    people = [person("ann", email="ann@firm.example"), person("bob", email="bob@firm.example")]
    trainings = [
        training(None, "T1", completed_on="2026-06-09", email="ann@firm.example"),
        training("stranger", "T2", completed_on="2026-06-09"),
        training("stranger", "T3", assigned_on="2025-06-01", completed_on="2025-06-09"),
    ]
    result = judge(tmp_path, "joiners_trained", {"people": people, "trainings": trainings})
    assert causes(result) == {
        "ann/1": "not_matched",
        "bob/1": "not_assigned",
        "nobody/T1": "no_person",
        "nobody/T2": "no_person",
    }


@pytest.mark.parametrize("whole", [True, False])
def test_a_list_that_is_cut_decides_only_what_was_late(whole: bool, tmp_path: Path) -> None:
    people = [person("good"), person("late"), person("never")]
    trainings = [training("good", completed_on="2026-06-09"), training("late", completed_on="2026-08-09")]
    cut = {} if whole else {"trainings": "cut"}
    result = judge(tmp_path, "joiners_trained", {"people": people, "trainings": trainings}, incomplete=cut)
    assert causes(result) == (
        {"late/1": "late", "never/1": "not_assigned"}
        if whole
        else {"good/1": "incomplete", "late/1": "late", "never/1": "incomplete"}
    )


def test_half_way_through_the_period_nobody_is_late_who_has_time_left(tmp_path: Path) -> None:
    options = {"day": date(2026, 6, 20), "end": END}
    result = judge(tmp_path, "joiners_trained", {"people": [person("p")], "trainings": []}, **options)
    assert dict(result.causes) == {"not_due": 1}
