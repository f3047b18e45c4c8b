"""The check of devices, case by case (domain.md POP-28, AST-02 and 10, cases 1, 6, 11, 20)."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from tests.plugins.given import causes, judge
from tickmark.kernel.tables import read

DAY = date(2027, 1, 16)
IN_USE = {
    "person": "ann",
    "kind": "laptop",
    "owned_by": "company",
    "state": "active",
    "enrolled_on": "2024-05-06",
    "seen_at": "2027-01-14T12:00:00Z",
    "encrypted": True,
}
PEOPLE = [
    {"person": "ann", "spell": "1", "state": "active", "joined_on": "2020-01-06"},
    {"person": "gone", "spell": "1", "state": "left", "joined_on": "2020-01-06", "left_on": "2026-11-30"},
    {"person": "again", "spell": "1", "state": "left", "joined_on": "2020-01-06", "left_on": "2025-11-28"},
    {"person": "again", "spell": "2", "state": "active", "joined_on": "2026-05-04"},
    {"person": "nobody-knows-when", "spell": "1", "state": "left", "joined_on": "2020-01-06"},
    {"person": "away", "spell": "1", "state": "leave", "joined_on": "2020-01-06"},
]

CASES: dict[str, tuple[dict[str, Any], str]] = {
    "encrypted": ({}, "encrypted"),
    "seen-by-day-only": ({"seen_at": None, "seen_on": "2026-12-17"}, "encrypted"),
    "not-encrypted": ({"encrypted": False}, "not_encrypted"),
    "not-encrypted-and-silent": ({"encrypted": False, "seen_at": "2026-06-01T12:00:00Z"}, "not_encrypted"),
    "not-encrypted-with-nobody": ({"encrypted": False, "person": None}, "not_encrypted"),
    "phone": ({"kind": "phone", "encrypted": False}, "not_encrypted"),
    "kind-unknown": ({"kind": None, "encrypted": False}, "nature_unknown"),
    "owner-unknown": ({"owned_by": None}, "nature_unknown"),
    "unseen": ({"encrypted": None}, "encryption_unknown"),
    "silent": ({"seen_at": "2026-12-16T12:00:00Z"}, "silent"),
    "silent-while-away": ({"person": "away", "seen_at": "2026-08-16T12:00:00Z"}, "silent"),
    "never-seen": ({"seen_at": None}, "never_seen"),
    "with-nobody": ({"person": None}, "no_holder"),
    "with-a-stranger": ({"person": "stranger"}, "no_holder"),
    "holder-left": ({"person": "gone"}, "holder_left"),
    "holder-left-some-day": ({"person": "nobody-knows-when"}, "holder_left"),
    "holder-hired-again": ({"person": "again"}, "encrypted"),
    "state-unknown": ({"state": None}, "state_unknown"),
    "in-stock": ({"state": "stored", "person": None, "encrypted": False}, "stored"),
    "in-stock-and-held": ({"state": "stored"}, "state_unknown"),
    "lost": ({"state": "lost", "seen_at": "2026-03-01T12:00:00Z"}, "encrypted"),
    "lost-unencrypted": ({"state": "lost", "encrypted": False}, "not_encrypted"),
    "lost-and-unseen": ({"state": "lost", "encrypted": None}, "encryption_unknown"),
    "retired": ({"state": "retired", "retired_on": "2026-03-02"}, "retired"),
    "retired-and-wiped": (
        {"state": "retired", "retired_on": "2026-03-02", "seen_at": "2026-03-02T15:00:00Z", "encrypted": False},
        "retired",
    ),
    "used-unencrypted-till-retired": (
        {"state": "retired", "retired_on": "2026-03-02", "seen_at": "2026-03-01T12:00:00Z", "encrypted": False},
        "not_encrypted",
    ),
    "retired-some-day": ({"state": "retired", "encrypted": False}, "retired_unknown"),
    "own-phone": ({"owned_by": "personal", "kind": "phone", "encrypted": False}, "personal"),
    "server": ({"kind": "server", "encrypted": None}, "server"),
}  # fmt: skip
ELSEWHERE = {
    "retired-last-year": {"state": "retired", "retired_on": "2025-12-31", "encrypted": False},
    "bought-after": {"enrolled_on": "2027-01-04", "encrypted": False},
}


def device(name: str, **other: Any) -> dict[str, Any]:
    return {"manager": "mdm", "device": name, "name": name, **IN_USE, **other}


def test_one_device_at_a_time(tmp_path: Path) -> None:
    rows = [device(case, **about) for case, (about, _) in CASES.items()]
    rows += [device(name, **about) for name, about in ELSEWHERE.items()]
    result = judge(tmp_path, "devices_encrypted", {"devices": rows, "people": PEOPLE}, day=DAY)
    found = {row["item"].removeprefix("mdm/"): row["cause"] for row in read(result.path)}
    assert found == {case: cause for case, (_, cause) in CASES.items()}
    assert set(result.counts) == {"pass", "fail", "not_applicable", "undetermined"} and all(
        result.counts.values()
    )
    assert result.driven == len(CASES)


def test_who_is_at_work_without_a_managed_device_is_named(tmp_path: Path) -> None:
    rows = [
        device("of-ann"),
        device("back", person="again", state="retired", retired_on="2026-03-02"),
        device("own", person="away", owned_by="personal"),
    ]
    people = [*PEOPLE, {"person": "board", "spell": "1", "kind": "board", "state": "active", "joined_on": "2020-01-06"},
              {"person": "next-week", "spell": "1", "state": "scheduled", "joined_on": "2027-01-25"}]  # fmt: skip
    result = judge(tmp_path, "devices_encrypted", {"devices": rows, "people": people}, day=DAY)
    assert causes(result) == {"person/again": "no_device"}


def test_the_control_sets_how_long_a_device_may_be_silent(tmp_path: Path) -> None:
    lists = {"devices": [device("a", seen_at="2027-01-09T12:00:00Z")], "people": PEOPLE[:1]}
    for days, expected in ((7, {}), (6, {"mdm/a": "silent"})):
        result = judge(tmp_path / str(days), "devices_encrypted", lists, {"silent_days": days}, day=DAY)
        assert causes(result) == expected


def test_without_a_whole_list_of_people_no_device_passes(tmp_path: Path) -> None:
    lists = {"devices": [device("a"), device("off", encrypted=False)], "people": PEOPLE[:1]}
    result = judge(tmp_path, "devices_encrypted", lists, day=DAY, incomplete={"people": "cut"})
    assert causes(result) == {"mdm/a": "incomplete", "mdm/off": "not_encrypted"}
