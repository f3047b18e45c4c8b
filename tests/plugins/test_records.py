"""Exports of the systems that keep records of people, accounts, tickets and devices, each read by its recipe."""

# ruff: noqa: DTZ001 - tables keep instants in UTC without a zone

from __future__ import annotations

import csv
import io
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.given import run
from tickmark.kernel.collecting import Run
from tickmark.kernel.errors import Invalid
from tickmark.kernel.tables import read

ENROLLMENT = {
    "Enrollment ID": "E-1", "User ID": "P1", "Full Name": "Ann Ost", "Email": "Ann@Firm.example", "Course Code": "SEC-101",
    "Course Title": "Security awareness", "Course Version": "2026", "Category": "Security awareness", "Status": "Completed",
    "Assigned": "06/01/2026", "Due": "07/01/2026", "Completed At": "2026-06-09T10:00:00-04:00", "Score": "90",
    "Delivery": "Online",
}  # fmt: skip
ISSUE: dict[str, Any] = {
    "key": "INC-7",
    "fields": {
        "project": {"key": "INC"}, "issuetype": {"name": "Incident"}, "summary": "Imports late",
        "customfield_10051": {"value": "Sev 2"}, "status": {"name": "Closed"}, "created": "2026-06-18T09:25:00.000-0400",
        "customfield_10060": "2026-06-18T09:20:00.000-0400", "customfield_10061": None,
        "resolutiondate": "2026-06-18T11:05:00.000-0400", "reporter": {"name": "alarm"}, "assignee": {"name": "P2"},
        "customfield_10071": "An expired certificate", "customfield_10072": None, "customfield_10075": None,
        "customfield_10080": None,
    },
}  # fmt: skip
FINDING: dict[str, Any] = {
    "Scanner": "images", "ID": "V-1", "Target": "ledger image", "VulnerabilityID": "EX-1", "PkgName": "zlib",
    "Title": "Overflow", "Severity": "HIGH", "Status": "accepted", "FirstSeen": "2026-03-02T07:00:00Z",
    "LastSeen": "2026-10-30T07:00:00Z", "FixedAt": None,
    "Exception": {"ID": "X-1", "ApprovedOn": "2026-03-30", "ApprovedBy": "P1", "Until": "2027-03-31", "Reason": "Not reachable"},
    "DismissedBy": None, "DismissedReason": None, "Ticket": "OPS-1",
}  # fmt: skip
DEVICE = {
    "Device ID": "d1", "Serial Number": "S1", "Asset Tag": "LT-1", "Assigned User": "P1", "User Email": "Ann@Firm.example",
    "Model Type": "Laptop", "Ownership": "Unknown", "Status": "Managed", "OS": "macOS", "OS Version": "15.1",
    "Enrolled": "2024-05-06", "Retired": "", "Last Check-in": "2026-11-13T14:00:00Z", "Disk Encryption": "On",
    "Screen Lock": "On", "Malware Protection": "Unknown", "Auto Update": "Off",
}  # fmt: skip

USER = {
    "id": "00u1", "login": "Ann@Firm.example", "email": "ann@firm.example", "userType": "Break glass", "employeeNumber": "",
    "accountOwner": "P1", "status": "ACTIVE", "created": "2022-05-04T20:00:00Z", "deactivated": "", "lastLogin": "",
    "mfaFactors": "", "mfaExempt": "true",
}  # fmt: skip
AGENT = {
    "id": 7, "external_id": "P1", "email": "a@firm.example", "role": "agent", "active": False,
    "created_at": "2020-01-06T09:00:00Z", "deactivated_at": None, "last_login_at": None,
    "two_factor_auth_enabled": True, "two_factor_exempt": False,
}  # fmt: skip

EXPORTS: dict[str, tuple[str, list[dict[str, Any]], dict[str, Any]]] = {
    "accounts-idp-factors-csv": (
        "users.csv", [USER, USER | {"id": "00u2", "status": "DEPROVISIONED", "mfaFactors": "push;totp"}],
        {
            "system": "idp", "account": "00u1", "login": "ann@firm.example", "person": "P1", "kind": "breakglass",
            "state": "active", "created_on": None, "created_at": datetime(2022, 5, 4, 20), "disabled_on": None,
            "disabled_at": None, "enabled_again_at": None, "last_login_at": None, "mfa": False, "mfa_exempt": True,
            "privileged": None, "email": "ann@firm.example",
        },
    ),
    "accounts-factors-json-lines": (
        "agents.jsonl", [AGENT],
        {
            "system": "support", "account": "7", "login": "a@firm.example", "person": "P1", "kind": "person",
            "state": "disabled", "created_on": None, "created_at": datetime(2020, 1, 6, 9), "disabled_on": None,
            "disabled_at": None, "enabled_again_at": None, "last_login_at": None, "mfa": True, "mfa_exempt": False,
            "privileged": False, "email": "a@firm.example",
        },
    ),
    "trainings-lms-csv": (
        "enrollments.csv", [ENROLLMENT],
        {
            "record": "E-1", "person": "P1", "course": "SEC-101", "version": "2026", "title": "Security awareness",
            "topic": "awareness", "state": "completed", "assigned_on": date(2026, 6, 1), "due_on": date(2026, 7, 1),
            "completed_on": None, "completed_at": datetime(2026, 6, 9, 14), "score": 90, "means": "Online",
            "email": "ann@firm.example",
        },
    ),
    "tickets-jira-json": (
        "issues.json", [ISSUE],
        {
            "project": "INC", "ticket": "INC-7", "number": 7, "kind": "incident", "title": "Imports late", "category": None,
            "severity": "high", "state": "closed", "detected_at": datetime(2026, 6, 18, 13, 20),
            "opened_at": datetime(2026, 6, 18, 13, 25), "contained_at": None, "resolved_at": datetime(2026, 6, 18, 15, 5),
            "closed_at": None, "reporter": "alarm", "owner": "P2", "cause": "An expired certificate", "lessons": "",
            "duplicate_of": None, "told_at": None,
        },
    ),
    "findings-scanner-json": (
        "findings.json", [FINDING, FINDING | {"ID": "V-2", "Status": "fixed", "Severity": "UNKNOWN", "Exception": None}],
        {
            "scanner": "images", "finding": "V-1", "asset": "ledger image", "vulnerability": "EX-1", "package": "zlib",
            "title": "Overflow", "severity": "high", "state": "excepted", "first_seen_on": None,
            "first_seen_at": datetime(2026, 3, 2, 7), "last_seen_at": datetime(2026, 10, 30, 7), "fixed_on": None,
            "fixed_at": None, "exception": "X-1", "exception_on": date(2026, 3, 30), "exception_until": date(2027, 3, 31),
            "exception_by": "P1", "reason": "Not reachable", "ticket": "OPS-1",
        },
    ),
    "devices-mdm-csv": (
        "devices.csv", [DEVICE, DEVICE | {"Device ID": "d2", "Status": "Retired", "Retired": "2026-02-03"}],
        {
            "manager": "mdm", "device": "d1", "serial": "S1", "name": "LT-1", "person": "P1", "kind": "laptop",
            "owned_by": None, "state": "active", "platform": "macOS", "platform_version": "15.1",
            "enrolled_on": date(2024, 5, 6), "retired_on": None, "seen_on": None, "seen_at": datetime(2026, 11, 13, 14),
            "encrypted": True, "screen_lock": True, "anti_malware": None, "updates": False, "email": "ann@firm.example",
        },
    ),
}  # fmt: skip


def text(rows: list[dict[str, Any]], name: str) -> str:
    if name.endswith("jsonl"):
        return "".join(json.dumps(row) + "\n" for row in rows)
    if name.endswith("json"):
        return json.dumps({"issues" if name == "issues.json" else "Findings": rows})
    target = io.StringIO()
    writer = csv.DictWriter(target, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return target.getvalue()


def collected(folder: Path, recipe: str, content: str, declared: int | None = None) -> Run:
    name = EXPORTS[recipe][0]
    (folder / name).write_text(content)
    if declared is not None:
        (folder / name).with_suffix(".manifest.json").write_text(json.dumps({"rows": declared}))
    collector = f"files.{recipe.partition('-')[0]}"
    return run(folder / "run", collector, recipe=recipe, path=str(folder / name))


@pytest.mark.parametrize("recipe", EXPORTS)
def test_an_export_becomes_rows(recipe: str, tmp_path: Path) -> None:
    name, rows, expected = EXPORTS[recipe]
    found = collected(tmp_path, recipe, text(rows, name), len(rows))
    assert [problem.sentence for problem in found.problems] == []
    assert (found.complete, found.reconciled, found.rows) == (True, True, len(rows))
    assert read(found.table)[0] == expected


@pytest.mark.parametrize("recipe", EXPORTS)
def test_a_row_less_than_declared_is_no_whole_list(recipe: str, tmp_path: Path) -> None:
    name, rows, _ = EXPORTS[recipe]
    found = collected(tmp_path, recipe, text(rows, name), len(rows) + 1)
    assert not found.complete and "count_disagrees" in {problem.code for problem in found.problems}


@pytest.mark.parametrize("recipe", EXPORTS)
def test_a_word_that_the_recipe_does_not_know_is_no_guess(recipe: str, tmp_path: Path) -> None:
    name, rows, _ = EXPORTS[recipe]
    strange = text(rows, name)
    for word in ("Completed", "Closed", "accepted", "Managed", "ACTIVE", "false"):
        strange = strange.replace(word, '"Paused"' if word == "false" else "Paused")
    found = collected(tmp_path, recipe, strange, len(rows))
    assert "unreadable" in {problem.code for problem in found.problems}
    assert read(found.table)[0]["state"] is None


def test_a_field_inside_of_json_that_no_record_has_is_missed(tmp_path: Path) -> None:
    fields = {name: value for name, value in ISSUE["fields"].items() if name != "customfield_10071"}
    found = collected(tmp_path, "tickets-jira-json", text([ISSUE | {"fields": fields}], "issues.json"), 1)
    assert [problem.sentence for problem in found.problems] == [
        "cause is unknown: the export has no column fields.customfield_10071."
    ]
    assert read(found.table)[0]["cause"] is None


@pytest.mark.parametrize(
    "content", ['{"errorMessages": ["rate limit"]}', '{"message": "rate limit"}', "[[]]"]
)
def test_an_answer_without_issues_is_an_error(content: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        collected(tmp_path, "tickets-jira-json", content)
