"""The example company's two reports: they render, and differ where domain.md 3 says they must.

The story is lived by its own actions, each at its moment; what the comparison does not need is left out (employees,
acknowledgements, collections and the requests they answer).
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine

from tickmark.cli.demo import fieldwork
from tickmark.cli.demo.living import Event, moment
from tickmark.cli.demo.story import Story
from tickmark.cli.demo.type_1 import FirstReport

pytestmark = [
    pytest.mark.database,
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("pdftotext") is None, reason="pdftotext (poppler-utils) is not installed"
    ),
]
REPORT_DAY = date(2026, 12, 11)
ASSERTION = """We have prepared the description of the system throughout the period 1 November 2025 to 31 October 2026.

We assert that the controls were suitably designed and operated effectively throughout that period, if the complementary
controls that we assumed operated as well."""
SECTION_I = """# Independent service auditor's report

To the management of Larkspur Ledger, Inc. (fictional)

## Scope

We have examined the description of its system throughout the period 1 November 2025 to 31 October 2026, and the
suitability of the design and operating effectiveness of the controls stated in it throughout that period.

## Service organisation's responsibilities

Management is responsible for the description, the assertion and the controls.

## Service auditor's responsibilities

We express an opinion based on our examination.

## Inherent limitations

Controls may not prevent or detect every failure.

## Description of tests of controls

The tests and their results stand in Section IV.

## Opinion

In our opinion, in all material respects, (a) the description presents the system; (b) the controls were suitably designed
throughout the period; (c) the controls operated effectively throughout the period.

## Restricted use

This report is for those who know the system."""


def _events(story: Story) -> Iterator[Event]:
    """The parts of the story that a report stands on."""
    yield Event(moment(date(2025, 10, 1), "08:30"), 1, story.set_up)
    cast = {row["person"] for row in story.cast.values() if "from" in row}
    for event in story.people():
        do: Any = event.do
        if do.func == story._join and do.args[0] in cast:
            yield event
    for part in (story.scope, story.controls, story.filing, FirstReport(story).events):
        yield from part()
    for event in fieldwork.fieldwork(story):
        do = event.do
        if do.func in (fieldwork._open, fieldwork._plan, fieldwork._prepare, fieldwork._test):
            yield event


def _live(story: Story, sealing: Any) -> None:
    for event in sorted(_events(story)):
        with time_machine.travel(event.at, tick=False), sealing(execute=True):
            event.do()


def _finish(story: Story, code: str) -> None:
    """What the Type 2 draft still needs beside its tests: overview, assertion, Section I."""
    dated = REPORT_DAY.isoformat()
    story.act(
        "compliance", "report.describe", engagement=code, part="overview", text="Larkspur Ledger keeps books."
    )
    story.act(
        "founder", "report.sign_letter", engagement=code, kind="assertion", text=ASSERTION, dated=dated,
        signatory="Imogen Tarrow, Chief Executive Officer",
    )  # fmt: skip
    story.act(
        "auditor-partner", "audit.opine", engagement=code, description="unmodified", design="unmodified",
        operation="unmodified", text=SECTION_I, dated=dated, signed_at_city="Providence, Rhode Island",
    )  # fmt: skip


@pytest.fixture
def reports(
    db: None, larkspur: Path, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> SimpleNamespace:
    """Data and text of the issued Type 1, and of the Type 2 as its auditors have it before them."""
    from tickmark.audit.models import Engagement
    from tickmark.kernel import files
    from tickmark.report.models import Report
    from tickmark.report.render import render
    from tickmark.report.sections import report_data

    story = Story(larkspur)
    _live(story, django_capture_on_commit_callbacks)
    first, second = Engagement.objects.order_by("pk")
    with time_machine.travel(moment(REPORT_DAY, "10:00"), tick=False):
        _finish(story, second.code)
        data = report_data(second, draft=False, day=REPORT_DAY, dated=REPORT_DAY)
        pdf = render(data, REPORT_DAY).content
    issued = Report.objects.get(engagement=first)
    return SimpleNamespace(
        story=story,
        engagements=(first, second),
        report=issued,
        one=json.loads(files.read(issued.data)),
        two=data,
        text_one=_text(tmp_path / "one.pdf", files.read(issued.pdf)),
        text_two=_text(tmp_path / "two.pdf", pdf),
    )


def _text(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    found = subprocess.run(
        ["pdftotext", "-layout", str(path), "-"], capture_output=True, check=True, text=True
    )
    return re.sub(r"\s+", " ", found.stdout.replace("\u00ad", ""))


DIFFERENCES: tuple[tuple[str, str, str], ...] = (
    # source in domain.md, only in the Type 1, only in the Type 2
    ("3.1 cover: type", "SOC 2 · TYPE 1 EXAMINATION", "SOC 2 · TYPE 2 EXAMINATION"),
    ("3.1 cover: date or period", "AS OF 31 October 2025", "PERIOD 1 November 2025 to 31 October 2026"),
    ("3.1 title: what the report is on", "suitability of the design of controls relevant", "operating effectiveness of controls relevant"),
    ("3.1, 3.8 Section I: scope", "platform as of 31 October 2025, based on", "system throughout the period 1 November 2025"),
    ("3.1 opinion: parts (a), (b) or (a), (b), (c)", "suitably designed as of 31 October 2025", "(c) the controls operated effectively throughout the period"),
    ("3.1 Section I: pointer to the tests", "", "The tests and their results stand in Section IV."),
    ("3.3 assertion", "We make no assertion about how the controls operated over a period", "operated effectively throughout that period"),
    ("2 DC 4", "No incidents meeting the disclosure test were known as of 31 October 2025", "No incidents meeting the disclosure test were identified during the period"),
    ("2 DC 5", "designed and implemented to meet them", "designed, implemented and operated to meet them"),
    ("2 DC 9", "", "Significant changes during the period (DC 9)"),
    ("3.4 Section IV: title", "Section IV. Criteria and controls", "Section IV. Criteria, controls, tests and results"),
    ("3.4 Section IV: tests and results", "", "No exceptions noted."),
    ("0.4 rule 23: two wordings", "", "A control that was worded anew within the period stands once for each wording"),
    ("3.4 Section IV: whose words", "Section IV. Criteria and controls Supplied by the management", "tests and results by Fennimore & Oake LLP"),
)  # fmt: skip


def texts_differ_where_they_must(reports: SimpleNamespace) -> None:
    one, two = reports.text_one, reports.text_two
    wrong = [
        (source, want, "missing" if want not in here else "in both")
        for source, left, right in DIFFERENCES
        for want, here, other in ((left, one, two), (right, two, one))
        if want and (want not in here or want in other)
    ]
    assert wrong == []
    for both in (  # domain.md 3.1: the same in both
        "Complementary user entity controls (DC 6)",
        "Subservice organisations (DC 7)",
        "Criteria not relevant to the system (DC 8)",
        "User entities decide who may enter their workspace",
        "Section V. Other information provided by management",
        "Carve-out: its controls are not part",
    ):
        assert both in one, both
        assert both in two, both


def data_differ_where_they_must(reports: SimpleNamespace) -> None:
    one, two = reports.one, reports.two
    assert [one["cover"][name] for name in ("type", "start", "end", "as_of")] == [1, None, None, "2025-10-31"]
    assert [two["cover"][name] for name in ("type", "start", "end", "as_of")] == [
        2,
        "2025-11-01",
        "2026-10-31",
        None,
    ]
    assert {len(row["tests"]) for row in one["testing"]["controls"]} == {0}
    assert {len(row["tests"]) for row in two["testing"]["controls"]} == {1}
    assert one["description"]["changes"] == []
    assert len(two["description"]["changes"]) == 1
    # a control worded anew within the period is two (rule 23); as of a day it is one
    refs = [
        [row["ref"] for row in data["testing"]["controls"] if row["ref"].startswith("CHG-02")]
        for data in (one, two)
    ]
    assert refs == [["CHG-02"], ["CHG-02/1", "CHG-02/2"]]
    assert [row["in_force"] for row in one["testing"]["controls"] if row["in_force"]] == []
    # the criteria, the user entity controls and the requirements with their criteria are the same
    for name in ("cuecs", "requirements", "commitments"):
        assert one["description"][name] == two["description"][name], name
    assert [row["id"] for row in one["testing"]["criteria"]] == [
        row["id"] for row in two["testing"]["criteria"]
    ]
    assert all(row["criteria"] for row in one["description"]["requirements"])
    assert all(row["why"] for row in one["description"]["cuecs"])


def subservice_reports_are_those_read_by_then(reports: SimpleNamespace) -> None:
    def own(data: Any) -> dict[str, str]:
        return {row["name"].split(",")[0]: row["report"] for row in data["description"]["subservices"]}

    assert own(reports.one) == {
        "Paperlane Desk": "SOC 2 Type 2, 1 July 2024 to 30 June 2025, unmodified; it ends 123 days before 2025-10-31",
        "Stratocumulus Hosting": "SOC 2 Type 2, 1 April 2024 to 31 March 2025, unmodified; it ends 214 days before 2025-10-31",
    }
    assert own(reports.two) == {
        "Paperlane Desk": "SOC 2 Type 2, 1 July 2025 to 30 June 2026, unmodified; it ends 123 days before 2026-10-31",
        "Stratocumulus Hosting": "SOC 2 Type 2, 1 April 2025 to 31 March 2026, unmodified; it ends 214 days before 2026-10-31",
    }


def the_first_stands_by_itself(reports: SimpleNamespace) -> None:
    from tickmark.kernel.ledger.seal import seal
    from tickmark.kernel.ledger.verify import holds, verify
    from tickmark.report import bundle
    from tickmark.report.models import Bundle

    first, second = reports.engagements
    assert (second.follows, first.firm, first.criteria_set) == (first, second.firm, second.criteria_set)
    with time_machine.travel(moment(REPORT_DAY, "12:00"), tick=False):
        seal()
        given = reports.story.act(
            "compliance",
            "report.give_copy",
            report=reports.report.ref,
            reader="A customer",
            email="c@customer.example",
        )
        assert given.link.startswith("/copies/")
        target = bundle.write(Bundle.objects.get(report=reports.report))
    assert [(one.id, one.where) for one in verify(target) if one.verdict == "fail"] == []
    assert holds(verify(target))


CHECKS = (
    texts_differ_where_they_must,
    data_differ_where_they_must,
    subservice_reports_are_those_read_by_then,
    the_first_stands_by_itself,
)


def test_the_two_reports_of_the_example_company(reports: SimpleNamespace) -> None:
    """The story is lived once for all checks: it is the dear part."""
    for check in CHECKS:
        check(reports)
