"""The plain-Python auditor on trainings, second factors, incidents, weaknesses and devices: raw exports only.

Rules, as the controls state them, on the demo's day for the period:
HR-06   whoever joins completes security awareness within 30 days; due after the period's end is not yet due;
AC-02   an open account of a human has a second factor;
INC-02  an incident is classified and closed; a grave one (Sev 1, Sev 2) with its cause and what was learned;
OPS-02  a weakness is fixed in 15, 30 or 90 days, or excepted before that, the exception not run out;
AST-02  a company device in use is encrypted and reported in the last 30 days; everybody at work has one.
"""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.examples.oracle import END, START, TODAY, Found, agents, local_day, rows, spells

DAYS = {"CRITICAL": 15, "HIGH": 30, "MEDIUM": 90}


def _day(text: str) -> date:
    return datetime.strptime(text, "%m/%d/%Y").date()


def enrollments(home: Path) -> list[dict[str, str]]:
    """Enrolments in security awareness."""
    found = rows(home / "lms" / "enrollments.csv")
    return [row for row in found if row["Category"] == "Security awareness"]


def judge_trainings(home: Path) -> Found:
    """HR-06 for every joining of the period, by (person, spell, record of nobody)."""
    found: Found = {}
    taken = enrollments(home)
    people = rows(home / "hris" / "people.csv")
    addresses = {r["Employee ID"]: r["Work Email"] for r in people}
    for spell in spells(home):
        due = spell.joined + timedelta(days=30)
        if spell.joined > END or due < START:
            continue
        done = [
            local_day(row["Completed At"])
            for row in taken
            if row["User ID"] == spell.person and row["Status"] == "Completed"
        ]
        done = [day for day in done if day >= spell.joined]
        loose = [r for r in taken if not r["User ID"] and r["Email"] == addresses.get(spell.person)]
        if done and min(done) <= due:
            verdict = "pass"
        elif (spell.left and spell.left <= due) or due > END:
            verdict = "not_applicable"
        else:
            verdict = "undetermined" if loose else "fail"
        found[(spell.person, spell.number, "")] = verdict
    known = {spell.person for spell in spells(home)}
    for row in taken:
        if row["User ID"] not in known and START <= _day(row["Assigned"]) <= END:
            found[("", 0, row["Enrollment ID"])] = "undetermined"
    return found


def judge_factors(home: Path) -> Found:
    """AC-02 for every account, by (system, account)."""
    found: Found = {}
    for row in rows(home / "idp" / "accounts.csv"):
        human = row["userType"] in ("Employee", "Contractor")
        if row["status"] in ("DEPROVISIONED", "SUSPENDED", "STAGED") or row["userType"] in (
            "Service",
            "Break glass",
        ):
            verdict = "not_applicable"
        elif not row["userType"]:
            verdict = "undetermined"
        else:
            verdict = "pass" if human and row["mfaFactors"] and row["mfaExempt"] == "false" else "fail"
        found[("idp", row["id"])] = verdict
    for agent in agents(home):
        factor = {True: "pass", False: "fail", None: "undetermined"}[agent["two_factor_auth_enabled"]]
        found[("support", str(agent["id"]))] = factor if agent["active"] else "not_applicable"
    return found


def issues(home: Path) -> list[dict[str, Any]]:
    """The issues of the incident project."""
    found: list[dict[str, Any]] = json.loads((home / "tracker" / "incidents.json").read_bytes())["issues"]
    return found


def _incident(fields: dict[str, Any]) -> str:
    state, severity = fields["status"]["name"], fields["customfield_10051"]
    if state == "Dropped":
        return (
            "not_applicable" if fields["customfield_10075"] or fields["customfield_10071"] else "undetermined"
        )
    if state != "Closed" or severity is None:
        return "undetermined"
    grave = severity["value"] in ("Sev 1", "Sev 2")
    return "fail" if grave and not (fields["customfield_10071"] and fields["customfield_10072"]) else "pass"


def judge_incidents(home: Path) -> Found:
    """INC-02 for every incident noticed in the period and every number missing in it, by (number,)."""
    found: Found = {}
    made: dict[int, date] = {}
    for issue in issues(home):
        number, fields = int(issue["key"].split("-")[1]), issue["fields"]
        made[number] = local_day(fields["created"])
        noticed = local_day(fields["customfield_10060"] or fields["created"])
        if fields["issuetype"]["name"] == "Incident" and START <= noticed <= END:
            found[(number,)] = _incident(fields)
    for number in range(min(made), max(made)):
        if number not in made and made[min(n for n in made if n > number)] >= START:
            found[(number,)] = "undetermined"
    return found


def findings(home: Path) -> list[dict[str, Any]]:
    """What the scanner's console keeps."""
    found: list[dict[str, Any]] = json.loads((home / "scanner" / "findings.json").read_bytes())["Findings"]
    return found


def judge_findings(home: Path) -> Found:
    """OPS-02 for every weakness open at some time of the period, by (finding,)."""
    found: Found = {}
    for row in findings(home):
        seen = local_day(row["FirstSeen"])
        fixed = local_day(row["FixedAt"]) if row["Status"] == "fixed" else None
        if seen <= END and not (fixed and fixed < START):
            found[(row["ID"],)] = _finding(row, seen, fixed)
    return found


def _finding(row: dict[str, Any], seen: date, fixed: date | None) -> str:
    if row["Status"] == "dismissed":
        return "not_applicable"
    if row["Severity"] not in DAYS:
        return "not_applicable" if row["Severity"] == "LOW" else "undetermined"
    due = seen + timedelta(days=DAYS[row["Severity"]])
    if fixed and fixed <= due:
        return "pass"
    if due > END:
        return "not_applicable"
    granted = row["Exception"]
    holds = granted and date.fromisoformat(granted["ApprovedOn"]) <= due
    return "pass" if holds and date.fromisoformat(granted["Until"]) >= min(fixed or TODAY, END) else "fail"


def judge_devices(home: Path) -> Found:
    """AST-02 for every device in use in the period, and everybody at work without one, by (device, person if none)."""
    found: Found = {}
    there = rows(home / "mdm" / "devices.csv")
    known = {spell.person for spell in spells(home)}
    for row in there:
        if not (row["Retired"] and date.fromisoformat(row["Retired"]) < START):
            found[(row["Device ID"], "")] = _device(row, known)
    held = {row["Assigned User"] for row in there if row["Status"] != "Retired"}
    for spell in spells(home):
        at_work = spell.joined <= END and not spell.gone and (spell.left is None or spell.left >= END)
        if at_work and spell.person not in held:
            found[("", spell.person)] = "undetermined"
    return found


def _device(row: dict[str, str], known: set[str]) -> str:
    if row["Status"] in ("Retired", "In stock") or row["Ownership"] == "Personal":
        return "not_applicable"
    if row["Disk Encryption"] != "On":
        return "fail" if row["Disk Encryption"] == "Off" else "undetermined"
    silent = TODAY - local_day(row["Last Check-in"]) > timedelta(days=30)
    if row["Status"] == "Managed" and (silent or row["Assigned User"] not in known):
        return "undetermined"
    return "pass"
