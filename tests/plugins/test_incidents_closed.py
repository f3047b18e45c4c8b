"""The check of incidents, case by case (domain.md POP-09, INC-02 and 10, cases 22, 50, 54)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.plugins.given import causes, judge
from tickmark.kernel.tables import read

CLOSED = {
    "kind": "incident",
    "severity": "high",
    "state": "closed",
    "detected_at": "2026-06-18T13:20:00Z",
    "opened_at": "2026-06-18T13:25:00Z",
    "resolved_at": "2026-06-19T15:05:00Z",
    "cause": "An expired certificate",
    "lessons": "Reminders go to the on-call channel",
}

CASES: dict[str, tuple[dict[str, Any], str]] = {
    "grave": ({}, "closed_with_cause"),
    "gravest": ({"severity": "critical"}, "closed_with_cause"),
    "slight": ({"severity": "low", "cause": "", "lessons": ""}, "closed"),
    "slight-and-unseen": ({"severity": "medium", "cause": None, "lessons": None}, "closed"),
    "no-cause": ({"cause": ""}, "no_cause"),
    "blank-cause": ({"cause": "  "}, "no_cause"),
    "no-lessons": ({"lessons": ""}, "no_lessons"),
    "cause-unseen": ({"cause": None}, "cause_unknown"),
    "lessons-unseen": ({"lessons": None}, "lessons_unknown"),
    "cause-unseen-and-no-lessons": ({"cause": None, "lessons": ""}, "no_lessons"),
    "never-classified": ({"severity": None}, "severity_unknown"),
    "open": ({"state": "open", "resolved_at": None}, "still_open"),
    "opened-again": ({"state": "open"}, "still_open"),
    "no-incident-after-all": ({"state": "dropped", "cause": "A drill"}, "dropped"),
    "dropped-without-a-word": ({"state": "dropped", "cause": ""}, "dropped_silently"),
    "double": ({"state": "dropped", "cause": "", "duplicate_of": "grave"}, "double"),
    "double-of-nothing": ({"state": "dropped", "duplicate_of": "gone"}, "double_unknown"),
    "double-of-itself": ({"state": "dropped", "duplicate_of": "double-of-itself"}, "double_unknown"),
    "double-of-a-dropped-one": ({"state": "dropped", "duplicate_of": "double"}, "double_unknown"),
    "double-of-a-request": ({"state": "dropped", "duplicate_of": "a-request"}, "double_unknown"),
    "kind-unknown": ({"kind": None}, "kind_unknown"),
    "noticed-when": ({"detected_at": None}, "detected_unknown"),
    "state-unknown": ({"state": None}, "state_unknown"),
    "ended-when": ({"resolved_at": None}, "end_unknown"),
    "closed-only": ({"resolved_at": None, "closed_at": "2026-06-30T12:00:00Z"}, "closed_with_cause"),
    "resolved-before-noticed": ({"resolved_at": "2026-06-17T12:00:00Z"}, "times_disagree"),
    "noticed-before-resolved-after": (
        {"detected_at": "2026-12-31T23:30:00Z", "resolved_at": "2027-01-05T12:00:00Z"},
        "closed_with_cause",
    ),
}
ELSEWHERE = {
    "a-request": {"kind": "request"},
    "an-alert": {"kind": "alert"},
    "of-the-year-before": {"detected_at": "2025-12-31T23:59:59Z"},
    "of-the-year-after": {"detected_at": "2027-01-01T00:00:00Z"},
}


def ticket(name: str, **other: Any) -> dict[str, Any]:
    return {"project": "INC", "ticket": name, **CLOSED, **other}


def test_one_incident_at_a_time_and_no_other_ticket(tmp_path: Path) -> None:
    rows = [ticket(case, **about) for case, (about, _) in CASES.items()]
    rows += [ticket(name, **about) for name, about in ELSEWHERE.items()]
    result = judge(tmp_path, "incidents_closed", {"tickets": rows})
    found = {row["item"].removeprefix("INC/"): row["cause"] for row in read(result.path)}
    assert found == {case: cause for case, (_, cause) in CASES.items()}
    assert set(result.counts) == {"pass", "fail", "not_applicable", "undetermined"} and all(
        result.counts.values()
    )
    assert result.driven == len(CASES)


def test_the_days_of_the_period_are_those_of_its_zone(tmp_path: Path) -> None:
    rows = [
        ticket("eve", detected_at="2026-01-01T04:59:00Z"),
        ticket("new-year", detected_at="2026-01-01T05:00:00Z"),
    ]
    result = judge(tmp_path, "incidents_closed", {"tickets": rows}, zone="America/New_York")
    assert [row["item"] for row in read(result.path)] == ["INC/new-year"]


def test_the_control_may_ask_a_cause_of_slighter_ones(tmp_path: Path) -> None:
    rows = [ticket("slight", severity="low", cause=""), ticket("medium", severity="medium", cause="")]
    for number, (asked, expected) in enumerate(
        {"critical": {}, "medium": {"INC/medium": "no_cause"}}.items()
    ):
        result = judge(tmp_path / str(number), "incidents_closed", {"tickets": rows}, {"causes_from": asked})
        assert causes(result) == expected


def test_a_ticket_that_is_missing_between_two_shows(tmp_path: Path) -> None:
    def numbered(number: int, day: str, **other: Any) -> dict[str, Any]:
        about = {"number": number, "opened_at": f"{day}T12:00:00Z", "kind": "task"}
        return ticket(f"INC-{number}", **(about | other))

    rows = [
        numbered(3, "2025-10-01"),
        numbered(5, "2025-12-01"),  # 4 was made before the period
        numbered(8, "2026-02-01"),  # 6 and 7 perhaps in it
        numbered(9, "2026-03-01"),
        ticket("IT-1", project="IT", number=1, kind="task", opened_at="2026-12-30T12:00:00Z"),
        ticket("IT-3", project="IT", number=3, kind="task", opened_at="2027-01-03T12:00:00Z"),
        ticket("unnumbered", kind="task"),
    ]
    result = judge(tmp_path, "incidents_closed", {"tickets": rows})
    assert causes(result) == {"missing/INC/6": "number_missing", "missing/IT/2": "number_missing"}
    assert result.exceptions[0].detail == "2 missing after number 5 of INC"


def test_no_incident_is_neither_a_pass_nor_a_fail(tmp_path: Path) -> None:
    result = judge(tmp_path, "incidents_closed", {"tickets": []})
    assert (result.items, result.verdict) == (0, "not_applicable")
