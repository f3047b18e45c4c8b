"""The planted exceptions are in the raw records, and nothing else is: an independent reading finds the answers."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.examples import oracle, records

KEYS = {
    "changes_reviewed": ("change",),
    "leavers_disabled": ("person", "spell", "system", "account"),
    "policies_acknowledged": ("person", "spell", "policy", "version"),
    "joiners_trained": ("person", "spell", "record"),
    "second_factor": ("system", "account"),
    "incidents_closed": ("number",),
    "findings_fixed": ("finding",),
    "devices_encrypted": ("device", "without"),
}
JUDGES = {
    "changes_reviewed": oracle.judge_changes,
    "leavers_disabled": oracle.judge_leavers,
    "joiners_trained": records.judge_trainings,
    "second_factor": records.judge_factors,
    "incidents_closed": records.judge_incidents,
    "findings_fixed": records.judge_findings,
    "devices_encrypted": records.judge_devices,
}


@pytest.fixture(scope="session")
def answers(larkspur: Path) -> dict[str, Any]:
    return tomllib.loads((larkspur / "answers.toml").read_text(encoding="utf-8"))


def listed(rows: list[dict[str, Any]], check: str) -> oracle.Found:
    return {tuple(row[key] for key in KEYS[check]): row["verdict"] for row in rows if row["check"] == check}


def judged(home: Path, larkspur: Path, check: str) -> oracle.Found:
    if check == "policies_acknowledged":
        return oracle.judge_acknowledgements(home, larkspur)
    return JUDGES[check](home)


@pytest.mark.parametrize("check", KEYS)
def test_an_independent_reading_finds_exactly_the_listed_exceptions(
    home: Path, larkspur: Path, answers: dict[str, Any], check: str
) -> None:
    found = judged(home, larkspur, check)
    assert oracle.problems(found) == listed(answers["exception"], check)


@pytest.mark.parametrize("check", KEYS)
def test_what_only_looks_odd_is_judged_as_listed(
    home: Path, larkspur: Path, answers: dict[str, Any], check: str
) -> None:
    found = judged(home, larkspur, check)
    odd = listed([row for row in answers["not_an_exception"] if row["inside"]], check)
    assert {key: found[key] for key in odd} == odd


def test_what_lies_outside_of_the_period_is_no_item(
    home: Path, larkspur: Path, answers: dict[str, Any]
) -> None:
    outside = [row for row in answers["not_an_exception"] if not row["inside"]]
    assert {row["id"] for row in outside} == {
        "eve-of-period", "after-period", "scheduled", "before-period", "incident-before-period", "incident-after-period",
        "fixed-before-period", "retired-before-period",
    }  # fmt: skip
    for row in outside:
        key = tuple(row[name] for name in KEYS[row["check"]])
        assert key not in judged(home, larkspur, row["check"])


def test_every_kind_asked_for_is_planted(answers: dict[str, Any]) -> None:
    exceptions = {
        check: sorted(r["id"] for r in answers["exception"] if r["check"] == check) for check in KEYS
    }
    assert exceptions == {
        "changes_reviewed": [
            "author-deleted", "bot-approval", "bot-for-bot", "dismissed", "late-approval", "no-review", "push-after-approval-merge",
            "push-after-approval-squash", "push-alarm", "push-cash-rounding", "push-readme", "record-missing", "self-approval",
        ],
        "leavers_disabled": ["late-in-identity-provider", "no-account-found", "no-termination-date", "still-active-in-support"],
        "policies_acknowledged": ["late", "never", "older-version"],
        "joiners_trained": ["contractor-never-asked", "trained-late", "training-not-matched", "training-of-nobody"],
        "second_factor": ["factor-not-told", "kind-not-told", "weekend-agent-without"],
        "incidents_closed": ["closed-without-cause", "never-classified", "open-at-the-end", "ticket-missing"],
        "findings_fixed": ["exception-ran-out", "fixed-late", "never-rated"],
        "devices_encrypted": ["encryption-not-told", "encryption-off", "laptop-of-nobody", "nothing-enrolled", "silent-on-leave"],
    }  # fmt: skip


def test_each_list_has_every_verdict(home: Path, larkspur: Path) -> None:
    for check in list(KEYS)[3:]:
        assert set(judged(home, larkspur, check).values()) == {
            "pass",
            "fail",
            "not_applicable",
            "undetermined",
        }, check


def test_counts(home: Path, larkspur: Path, answers: dict[str, Any]) -> None:
    changes = [landed for landed in oracle.line(home) if oracle.inside(landed)]
    ways = {"merge": 0, "squash": 0, "direct": 0}
    for landed in changes:
        forge = landed.committer == "noreply@github.com"
        ways["merge" if len(landed.parents) == 2 else "squash" if forge else "direct"] += 1
    assert ways | {"changes": len(changes)} == answers["changes_in_period"]
    assert 380 <= len(changes) <= 440
    assert oracle.tally(oracle.judge_changes(home)) == {
        "pass": len(changes) - 13,
        "fail": 11,
        "undetermined": 2,
    }
    at_work = [s for s in oracle.spells(home) if not s.gone and s.joined <= oracle.TODAY]
    assert 55 <= len(at_work) <= 66


def test_utc_days_would_mislead(home: Path, answers: dict[str, Any]) -> None:
    by_id = {row["id"]: row for row in answers["not_an_exception"]}
    assert by_id["eve-of-period"]["reached_at"].startswith("2025-11-01")
    assert by_id["last-evening"]["reached_at"].startswith("2026-11-01")
    account = next(r for r in oracle.rows(home / "idp" / "accounts.csv") if r["employeeNumber"] == "LL-1040")
    assert account["deactivated"] == "2026-04-16T02:30:00Z"


def test_a_contractor_is_in_no_hr_row_and_a_former_name_is_on_an_account(home: Path) -> None:
    assert "C-0007" not in {r["Employee ID"] for r in oracle.rows(home / "hris" / "people.csv")}
    assert "C-0007" in {r["employeeNumber"] for r in oracle.rows(home / "idp" / "accounts.csv")}
    former = next(a for a in oracle.agents(home) if a["external_id"] == "LL-1039")
    current = next(r for r in oracle.rows(home / "hris" / "people.csv") if r["Employee ID"] == "LL-1039")
    assert (former["email"], current["Work Email"]) == (
        "tamsin.ashby@larkspur.example",
        "tamsin.roe@larkspur.example",
    )


def test_the_five_surprises_name_planted_things(larkspur: Path, answers: dict[str, Any]) -> None:
    known = {row["id"] for row in answers["exception"]}
    documents = tomllib.loads((larkspur / "documents" / "plan.toml").read_text(encoding="utf-8"))["document"]
    assert len(answers["surprise"]) == 5
    for surprise in answers["surprise"]:
        assert surprise.get("exception") in known or surprise["document"] in {d["key"] for d in documents}
