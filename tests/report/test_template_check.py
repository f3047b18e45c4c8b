"""What is wrong with the data of a report is said before anything is set; each rule is broken once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.report.sample_data import sample_report, sample_type_1
from tickmark.report.template_check import check_report_data

Change = Callable[[Any], Any]


def control(data: Any, ref: str) -> Any:
    return next(one for one in data["testing"]["controls"] if one["ref"] == ref)


def criterion(data: Any, name: str) -> Any:
    return next(one for one in data["testing"]["criteria"] if one["id"] == name)


def found(change: Change, data: Any = None) -> set[tuple[str, str]]:
    data = data or sample_report()
    change(data)
    return {(problem.path, problem.what) for problem in check_report_data(data)}


def test_the_samples_are_sound() -> None:
    assert check_report_data(sample_report()) == []
    assert check_report_data(sample_type_1()) == []


@pytest.mark.parametrize(
    ("change", "path", "what"),
    [
        (lambda d: d.pop("assertion"), "assertion", "The field is missing."),
        (lambda d: d["cover"].update(logo="x"), "cover.logo", "No such field is known."),
        (lambda d: d["cover"].update(type=3), "cover.type", "3 is not in the list."),
        (lambda d: d["cover"].update(type=True), "cover.type", "True is not in the list."),
        (lambda d: d["cover"].update(issued="yes"), "cover.issued", "'yes' is not of the kind bool."),
        (lambda d: d["cover"].update(end=20261031), "cover.end", "20261031 is not of the kind str."),
        (lambda d: d.update(testing=[]), "testing", "An object is expected here."),
        (lambda d: d["testing"].update(criteria={}), "testing.criteria", "A list is expected here."),
        (
            lambda d: d["testing"]["controls"][0]["tests"][0].update(result="pass"),
            "testing.controls.0.tests.0.result",
            "'pass' is not in the list.",
        ),
        (
            lambda d: d["testing"]["criteria"][0]["controls"].append(7),
            "testing.criteria.0.controls.1",
            "7 is not of the kind str.",
        ),
    ],
)
def test_shape(change: Change, path: str, what: str) -> None:
    assert found(change) == {(path, what)}


@pytest.mark.parametrize(
    ("change", "path", "what"),
    [
        (lambda d: d["cover"].update(start=None), "cover.start", "A Type 2 report needs it."),
        (lambda d: d["cover"].update(as_of="2026-10-31"), "cover.as_of", "A Type 2 report has none."),
        (lambda d: d["cover"].update(end="31.10.2026"), "cover.end", "“31.10.2026” is not a date."),
        (lambda d: d["cover"].update(start="2026-11-01"), "cover.end", "The period ends before it starts."),
        (
            lambda d: d["description"]["incidents"][0].update(discovered="soon"),
            "description.incidents.0.discovered",
            "“soon” is not a date.",
        ),
        (
            lambda d: d["assertion"].update(date="2026-12-12"),
            "assertion.date",
            "The assertion is dated 2026-12-12, after the report date 2026-12-11.",
        ),
        (
            lambda d: d["auditor_report"]["signature"].update(date="2026-12-10"),
            "auditor_report.signature.date",
            "The auditor's report is dated 2026-12-10 and the cover 2026-12-11.",
        ),
        (lambda d: d["testing"]["criteria"].reverse(), "testing.criteria", "The criteria are out of order."),
        (
            lambda d: d["testing"]["criteria"].append(criterion(d, "C1.2")),
            "testing.criteria",
            "C1.2 stands there twice.",
        ),
        (
            lambda d: d["testing"]["criteria"].remove(criterion(d, "CC1.3")),
            "testing.criteria",
            "CC1.3 is missing.",
        ),
        (
            lambda d: criterion(d, "CC1.2")["controls"].clear(),
            "testing.criteria.1.controls",
            "Nothing meets CC1.2.",
        ),
        (
            lambda d: criterion(d, "CC6.5").update(not_relevant="Another reason."),
            "testing.criteria.21.not_relevant",
            "Section IV and DC 8 differ about CC6.5.",
        ),
        (
            lambda d: criterion(d, "CC6.5").update(controls=["AC-01"]),
            "testing.criteria.21.not_relevant",
            "CC6.5 is not relevant and yet met.",
        ),
        (
            lambda d: criterion(d, "CC1.2")["controls"].append("GOV-99"),
            "testing.controls",
            "GOV-99 is mapped but not described.",
        ),
        (
            lambda d: criterion(d, "C1.2").update(controls=["CRY-01"]),
            "testing.controls",
            "DAT-02 meets no criterion.",
        ),
        (
            lambda d: d["testing"]["controls"].append(control(d, "DAT-02")),
            "testing.controls",
            "Two controls are called DAT-02.",
        ),
        (
            lambda d: control(d, "DAT-02")["tests"].clear(),
            "testing.controls.19.tests",
            "DAT-02 has no test.",
        ),
        (
            lambda d: control(d, "DAT-02")["tests"][0].update(result="exceptions"),
            "testing.controls.19.tests.0.exceptions",
            "The result of DAT-02 and its exceptions disagree.",
        ),
        (
            lambda d: control(d, "BCP-05")["tests"][0].update(detail=" "),
            "testing.controls.18.tests.0.detail",
            "No reason is given for “not_tested”.",
        ),
        (
            lambda d: control(d, "AC-04")["tests"][0]["exceptions"][0].update(deviations=26),
            "testing.controls.7.tests.0.exceptions.0",
            "26 of 25 cannot be.",
        ),
        (
            lambda d: criterion(d, "CC6.4")["csocs"].append("CSOC-09"),
            "testing.criteria",
            "CSOC-09 has no CSOC in DC 7.",
        ),
        (
            lambda d: d["description"]["incidents"][0]["commitments"].append("SC-09"),
            "description.incidents",
            "SC-09 has no commitment in DC 2.",
        ),
        (
            lambda d: d["description"]["cuecs"][0]["criteria"].append("P1.1"),
            "description",
            "P1.1 has no place in scope (CUEC-01).",
        ),
        (
            lambda d: d["description"]["commitments"].pop(1) and d["description"].update(incidents=[]),
            "description.commitments",
            "No commitment stands behind availability.",
        ),
        (
            lambda d: d["description"]["commitments"][0].update(text="Our best-in-class service."),
            "description.commitments.0.text",
            "“best-in-class” is advertising.",
        ),
        (
            lambda d: d["other_information"]["parts"][0].update(text_md="We are SOC 2 certified."),
            "other_information.parts.0.text_md",
            "There is no “SOC 2 certified”.",
        ),
        (
            lambda d: d["auditor_report"]["parts"].pop(5),
            "auditor_report.parts",
            "The part “opinion” is missing.",
        ),
        (lambda d: d["assertion"].update(text_md=""), "assertion.text_md", "There is no assertion."),
        (
            lambda d: d["assertion"].update(signatories=[]),
            "assertion.signatories",
            "Nobody signs the assertion.",
        ),
        (lambda d: d["assertion"].update(date=None), "assertion.date", "The date is not set."),
    ],
)
def test_each_rule_alone(change: Change, path: str, what: str) -> None:
    assert found(change) == {(path, what)}


def test_a_report_is_not_dated_before_its_last_day() -> None:
    def early(data: Any) -> None:
        data["cover"]["report_date"] = data["assertion"]["date"] = "2026-10-30"
        data["auditor_report"]["signature"]["date"] = "2026-10-30"

    what = "The report would be dated before 2026-10-31, the last day it covers."
    assert found(early) == {("cover.report_date", what)}


def test_a_response_answers_an_exception() -> None:
    gone = found(lambda data: data["other_information"]["responses"].pop(0))
    assert gone == {("testing.controls", "RSP-01 has no response in Section V.")}
    unasked = found(
        lambda data: data["other_information"]["responses"].append(
            {"ref": "RSP-03", "control": "AC-09", "text_md": "Words."}
        )
    )
    assert unasked == {
        ("other_information.responses", "RSP-03 has no exception that points to it."),
        ("other_information.responses", "AC-09 has no control."),
    }


def test_type_1_has_neither_tests_nor_changes() -> None:
    def tested(data: Any) -> None:
        data["testing"]["controls"][0]["tests"] = sample_report()["testing"]["controls"][0]["tests"]
        data["description"]["changes"] = sample_report()["description"]["changes"]

    assert found(tested, sample_type_1()) == {
        ("testing.controls.0.tests", "A Type 1 report has no tests or results."),
        ("description.changes", "A Type 1 report has no DC 9."),
    }


def test_a_category_without_its_criteria_is_noticed() -> None:
    problems = found(lambda data: data["cover"]["categories"].append("processing_integrity"))
    missing = {("testing.criteria", f"PI1.{number} is missing.") for number in range(1, 6)}
    behind = {("description.commitments", "No commitment stands behind processing_integrity.")}
    assert problems == missing | behind


def test_a_draft_forgives_what_is_not_written_yet() -> None:
    data = sample_report()
    data["cover"]["issued"] = False
    data["assertion"].update({"text_md": "", "signatories": [], "date": None})
    data["auditor_report"]["parts"] = []
    data["cover"]["report_date"] = data["auditor_report"]["signature"]["date"] = None
    problems = check_report_data(data)
    assert len(problems) == 12
    assert all(problem.draft for problem in problems)
    assert all(problem.remedy for problem in problems)
