"""The check of weaknesses, case by case (domain.md POP-10, OPS-02 and 10, cases 20, 59, 63)."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from tests.plugins.given import END, causes, judge
from tickmark.kernel.tables import read

DAY = date(2027, 1, 16)
FIXED = {"severity": "high", "state": "fixed", "first_seen_at": "2026-03-02T12:00:00Z", "reason": ""}
"""Due on 1 April."""
EXCEPTED = {
    "state": "excepted",
    "exception": "X-1",
    "exception_on": "2026-03-30",
    "exception_until": "2027-03-31",
}

CASES: dict[str, tuple[dict[str, Any], str]] = {
    "on-the-last-day": ({"fixed_at": "2026-04-01T12:00:00Z"}, "in_time"),
    "a-day-late": ({"fixed_at": "2026-04-02T12:00:00Z"}, "late"),
    "that-evening": ({"fixed_at": "2026-04-02T03:00:00Z"}, "in_time"),
    "days-only": ({"first_seen_at": None, "first_seen_on": "2026-03-02", "fixed_on": "2026-04-01"}, "in_time"),
    "critical": ({"severity": "critical", "fixed_on": "2026-03-18"}, "late"),
    "medium": ({"severity": "medium", "fixed_on": "2026-05-31"}, "in_time"),
    "low": ({"severity": "low", "state": "open"}, "no_limit"),
    "open": ({"state": "open"}, "overdue"),
    "came-back": ({"state": "open", "fixed_on": "2026-03-20"}, "overdue"),
    "found-long-before": ({"first_seen_at": "2025-03-02T12:00:00Z", "state": "open"}, "overdue"),
    "found-at-the-end": ({"first_seen_at": "2026-12-02T12:00:00Z", "state": "open"}, "not_due"),
    "fixed-after-the-end": ({"first_seen_at": "2026-12-01T12:00:00Z", "fixed_on": "2027-01-09"}, "late"),
    "excepted": (EXCEPTED, "excepted"),
    "excepted-then-fixed": (EXCEPTED | {"state": "fixed", "fixed_on": "2026-09-01"}, "excepted"),
    "excepted-too-late": (EXCEPTED | {"exception_on": "2026-04-02"}, "excepted_late"),
    "exception-ran-out": (EXCEPTED | {"exception_until": "2026-12-30"}, "ran_out"),
    "fixed-before-it-ran-out": (
        EXCEPTED | {"state": "fixed", "fixed_on": "2026-09-01", "exception_until": "2026-09-01"},
        "excepted",
    ),
    "exception-without-end": (EXCEPTED | {"exception_until": None}, "exception_unknown"),
    "exception-without-beginning": (EXCEPTED | {"exception_on": None}, "exception_unknown"),
    "no-weakness": ({"state": "dismissed", "reason": "Not in use", "exception_by": "ann"}, "dismissed"),
    "dismissed-by-nobody": ({"state": "dismissed", "reason": "Not in use"}, "dismissed_silently"),
    "dismissed-without-a-word": ({"state": "dismissed", "exception_by": "ann"}, "dismissed_silently"),
    "never-rated": ({"severity": None, "fixed_on": "2026-03-03"}, "severity_unknown"),
    "found-when": ({"first_seen_at": None, "fixed_on": "2026-03-03"}, "found_unknown"),
    "fixed-when": ({}, "fixed_unknown"),
    "state-unknown": ({"state": None, "fixed_on": "2026-03-03"}, "state_unknown"),
    "fixed-before-found": ({"fixed_on": "2026-03-01"}, "times_disagree"),
}  # fmt: skip
ELSEWHERE = {
    "fixed-last-year": {"first_seen_at": "2025-03-02T12:00:00Z", "fixed_on": "2025-12-31"},
    "found-next-year": {"first_seen_at": "2027-01-01T05:00:00Z", "state": "open"},
    "found-next-day": {"first_seen_at": None, "first_seen_on": "2027-01-01", "state": "open"},
}


def finding(name: str, **other: Any) -> dict[str, Any]:
    return {"scanner": "scan", "finding": name, "asset": "image", **FIXED, **other}


def test_one_weakness_at_a_time(tmp_path: Path) -> None:
    rows = [finding(case, **about) for case, (about, _) in CASES.items()]
    rows += [finding(name, **about) for name, about in ELSEWHERE.items()]
    result = judge(tmp_path, "findings_fixed", {"findings": rows}, day=DAY, zone="America/New_York")
    found = {row["item"].removeprefix("scan/"): row["cause"] for row in read(result.path)}
    assert found == {case: cause for case, (_, cause) in CASES.items()}
    assert set(result.counts) == {"pass", "fail", "not_applicable", "undetermined"} and all(
        result.counts.values()
    )
    assert result.driven == len(CASES)


def test_the_control_sets_the_days(tmp_path: Path) -> None:
    rows = [finding("a", fixed_on="2026-03-12")]
    for days, expected in ((10, {}), (9, {"scan/a": "late"})):
        result = judge(
            tmp_path / str(days), "findings_fixed", {"findings": rows}, {"high_days": days}, day=DAY
        )
        assert causes(result) == expected


def test_half_way_through_the_period_nothing_is_overdue_that_has_time_left(tmp_path: Path) -> None:
    rows = [finding("a", state="open")]
    result = judge(tmp_path, "findings_fixed", {"findings": rows}, day=date(2026, 3, 31), end=END)
    assert dict(result.causes) == {"not_due": 1}
