"""A full Type 2 report of a company that does not exist, for the tests and for looking at."""

from __future__ import annotations

import json
from pathlib import Path

from tickmark.report.template_data import ReportData, ReportedCriterion
from tickmark.scope.criteria import Criterion, applicable

SAMPLE = Path(__file__).with_name("sample_report.json")
CATEGORIES = ["security", "availability", "confidentiality"]

MEETS = {
    "GOV-01": ["CC1.1", "CC1.5"],
    "GOV-02": ["CC1.2", "CC4.2", "CC2.2"],
    "GOV-03": ["CC1.3", "CC1.4", "CC5.3"],
    "COM-01": ["CC2.1", "CC2.3"],
    "RSK-01": ["CC3.1", "CC3.2", "CC3.3", "CC3.4", "CC5.1", "CC9.1"],
    "MON-01": ["CC4.1", "CC5.2"],
    "AC-01": ["CC6.1", "CC6.6"],
    "AC-04": ["CC6.2", "CC6.3"],
    "AC-06": ["CC6.2", "CC6.3"],
    "CRY-01": ["CC6.7", "C1.1"],
    "AST-02": ["CC6.8", "CC7.1"],
    "OPS-03": ["CC7.2", "CC7.3"],
    "INC-04": ["CC7.4"],
    "INC-05": ["CC7.5"],
    "CHG-02": ["CC8.1"],
    "VND-03": ["CC9.2", "CC6.1"],
    "BCP-01": ["A1.1"],
    "BCP-03": ["A1.2"],
    "BCP-05": ["A1.3"],
    "DAT-02": ["C1.2"],
}
"""Which criteria each control of the sample meets."""

CSOCS = {"CC6.1": ["CSOC-03"], "CC6.4": ["CSOC-01"], "A1.2": ["CSOC-02"]}
"""CC6.4 is met by controls of the subservice organisation alone."""

WORDS_OF_TYPE_1 = (
    ("throughout the period 1 November 2025 to 31 October 2026", "as of 31 October 2026"),
    (" and operating effectiveness", ""),
    (";\n- testing the operating effectiveness of the controls", ""),
    ("; and\n3. the controls operated effectively throughout the period to that end,", ","),
    ("; and\n\nc) the controls operated effectively throughout the period,", ","),
    ("throughout the period", "as of that date"),
)


def sample_report() -> ReportData:
    """An issued Type 2 report for Security, Availability and Confidentiality, each call its own copy."""
    data: ReportData = json.loads(SAMPLE.read_text())
    reasons = {one["criterion"]: one["reason"] for one in data["description"]["not_relevant"]}
    data["testing"]["criteria"] = [_reported(one, reasons.get(one.id)) for one in applicable(CATEGORIES)]
    return data


def _reported(criterion: Criterion, reason: str | None) -> ReportedCriterion:
    return {
        "id": criterion.id,
        "title": criterion.title,
        "text": criterion.summary,
        "series": f"{criterion.series.id} {criterion.series.title}",
        "controls": [ref for ref, met in MEETS.items() if criterion.id in met],
        "csocs": list(CSOCS.get(criterion.id, [])),
        "not_relevant": reason,
    }


def sample_type_1() -> ReportData:
    """The same company as of a date: no tests, no results, no significant changes (domain.md 3.1)."""
    data = sample_report()
    data["cover"].update({"type": 1, "start": None, "end": None, "as_of": "2026-10-31"})
    data["description"]["changes"] = []
    parts = [part for part in data["auditor_report"]["parts"] if part["key"] != "tests"]
    data["auditor_report"]["parts"] = [{**part, "text_md": _as_of(part["text_md"])} for part in parts]
    data["assertion"]["text_md"] = _as_of(data["assertion"]["text_md"])
    data["testing"]["intro_md"] = ""
    for control in data["testing"]["controls"]:
        control["tests"] = []
    data["other_information"]["responses"] = []
    return data


def _as_of(text: str) -> str:
    """The words of a period as words of a day, without what only a Type 2 says."""
    for old, new in WORDS_OF_TYPE_1:
        text = text.replace(old, new)
    return text
