"""What issuing needs, what it freezes, and how a report is issued anew."""

from __future__ import annotations

import hashlib
import json
from datetime import date, timedelta

import pytest
import time_machine

from tests.deeds import writing
from tests.report.build import DAY, FACT, NOW, examined, issued, letter, opined, reviewed
from tickmark.controls import actions as controls
from tickmark.controls.models import Frequency, Nature, Purpose
from tickmark.kernel import files
from tickmark.kernel.errors import Conflict, Invalid, NotFound, Refused
from tickmark.kernel.ledger.entry import Entry
from tickmark.report import actions as report
from tickmark.report.models import LetterKind, Report
from tickmark.report.queries import number, problems, superseded
from tickmark.report.template_check import check_report_data

pytestmark = pytest.mark.database


def data_of(row: Report) -> dict:
    return json.loads(files.read(row.data))


def rows_of(row: Report, ref: str) -> list[dict]:
    return next(one for one in data_of(row)["testing"]["controls"] if one["ref"] == ref)["tests"]


def rewrite(world, code: str, effective_from: date, statement: str = "Another wording.") -> None:
    """A new version of a control."""
    controls.write(
        world.actor("lead"), code, "Renamed", statement, ["CC8.1"], Nature.MANUAL, Purpose.PREVENTIVE, Frequency.EVENT,
        world.cast.owner, effective_from, reason="A better one",
    )  # fmt: skip


# -- what is issued


def test_nothing_blocks_a_finished_examination(world):
    made = examined(world)
    assert problems(made.engagement, DAY) == []


def test_the_issued_data_are_whole_and_checked(world):
    _, row = issued(world)
    data = data_of(row)
    assert check_report_data(data) == []
    assert data["cover"] == {
        "reference": "2026-R1",
        "company": "Northlight, Inc.",
        "system": "Ledger",
        "categories": ["security"],
        "type": 2,
        "start": "2025-11-01",
        "end": "2026-10-31",
        "as_of": None,
        "firm": "Fennimore & Oake LLP",
        "firm_place": "Portland, Oregon",
        "report_date": "2026-12-11",
        "issued": True,
        "fictional": False,
        "restricted_use": "Only readers who know the system may use this report.",
    }
    assert [part["key"] for part in data["auditor_report"]["parts"]] == [
        "scope", "company_responsibilities", "auditor_responsibilities", "inherent_limitations", "tests", "opinion",
        "restricted_use",
    ]  # fmt: skip
    assert data["assertion"]["signatories"] == [{"name": "Fay Founder", "title": "Chief executive officer"}]


def test_a_deviation_becomes_a_row_of_section_iv_and_its_response_one_of_section_v(world):
    made, row = issued(world)
    (test,) = rows_of(row, "CHG-02")
    (exception,) = test["exceptions"]
    response = made.deviation.responses.get()
    assert (test["result"], exception["deviations"], exception["census"]) == ("exceptions", 1, False)
    assert exception["text"] == f"{FACT}."
    assert exception["response"] == response.ref
    assert data_of(row)["other_information"]["responses"] == [
        {"ref": response.ref, "control": "CHG-02", "text_md": "A bypass was open; it is closed."}
    ]
    assert rows_of(row, "GOV-01") == [
        {"text": "Inspected the minutes.", "result": "no_exceptions", "detail": "", "exceptions": []}
    ]


def test_the_count_of_an_exception_is_that_of_the_marks(world):
    from tickmark.audit.queries import counts

    made, row = issued(world)
    (exception,) = rows_of(row, "CHG-02")[0]["exceptions"]
    found = counts(made.procedures["CHG-02"])
    assert (exception["deviations"], exception["tested"]) == (found.deviations, found.tested)


def test_what_others_operate_and_what_is_left_out_is_printed(world):
    _, row = issued(world)
    about = data_of(row)["description"]
    assert [(one["ref"], one["criteria"]) for one in about["cuecs"]] == [("CUEC-01", ["CC6.2"])]
    assert [
        (one["name"], one["method"], [c["ref"] for c in one["csocs"]]) for one in about["subservices"]
    ] == [("Northern Cloud", "carve_out", ["CSOC-01"])]
    assert [(one["what"], one["until"]) for one in about["exclusions"]] == [("The beta", None)]
    assert [one["nature"] for one in about["incidents"]] == ["Outage"]
    physical = next(one for one in data_of(row)["testing"]["criteria"] if one["id"] == "CC6.4")
    assert (physical["controls"], physical["csocs"]) == ([], ["CSOC-01"])


def test_the_kept_files_are_those_that_are_cited(world):
    _, row = issued(world)
    content = files.read(row.pdf)
    assert content[:5] == b"%PDF-" and hashlib.sha256(content).hexdigest() == row.pdf
    cited = set(Entry.objects.get(verb="report.issue").files)
    assert cited == {row.pdf, row.data, row.versions["template"], row.versions["house"]}
    assert {"typst", "template", "house", "fonts", "tickmark", "criteria_set", "method"} <= set(row.versions)


def test_the_same_data_give_the_same_pdf(world):
    from tickmark.report.render import render

    _, row = issued(world)
    assert render(data_of(row), row.dated).content == files.read(row.pdf)


def test_a_report_dated_earlier_than_today_is_released_today(world):
    with time_machine.travel(NOW):
        made = examined(world)
    with time_machine.travel(NOW + timedelta(days=3)):
        row = report.issue(made.actor("partner"), made.engagement, DAY)
    assert (row.dated, row.recorded_at.date()) == (DAY, DAY + timedelta(days=3))


# -- frozen


def test_what_happens_after_the_issue_does_not_change_it(world):
    made, row = issued(world)
    before = files.read(row.data), files.read(row.pdf)
    with writing(made.cast.lead):  # the action would refuse a day that the report covers
        controls.write.function(
            made.actor("lead"), "CHG-02", "Renamed", "Another wording.", ["CC8.1"], Nature.MANUAL, Purpose.PREVENTIVE,
            Frequency.EVENT, made.cast.owner, date(2026, 5, 1), reason="A better one",
        )  # fmt: skip
    letter(made, LetterKind.ASSERTION, "Something else.")
    opined(made, "# Independent\n\nAll\n\n## Opinion\nAnother one.")
    report.describe(made.actor("lead"), made.engagement, "overview", "Another text.")
    row.refresh_from_db()
    assert (files.read(row.data), files.read(row.pdf)) == before


def test_it_is_issued_once(world):
    made, row = issued(world)
    with pytest.raises(Conflict, match="is issued"):
        report.issue(made.actor("partner"), made.engagement, DAY)
    assert list(Report.objects.all()) == [row]


def test_a_reissue_says_why_and_keeps_the_old(world):
    made, row = issued(world)
    partner = made.actor("partner")
    with pytest.raises(Invalid, match="no reason"):
        report.issue(partner, made.engagement, DAY, "  ", row)
    newer = report.issue(partner, made.engagement, DAY, "The cover named the wrong city.", row)
    assert (number(row), number(newer), superseded(row), superseded(newer)) == (1, 2, newer, None)
    assert (
        data_of(newer)["cover"]["reference"] == "2026-R2" and data_of(row)["cover"]["reference"] == "2026-R1"
    )
    with pytest.raises(Invalid, match="is not the newest"):
        report.issue(partner, made.engagement, DAY, "Again", row)


# -- who and when


@pytest.mark.parametrize("name", ["founder", "lead", "auditor", "staff", "quality"])
def test_only_the_partner_issues(world, name):
    made = examined(world)
    with pytest.raises(Refused):
        report.issue(made.actor(name), made.engagement, DAY)
    assert not Report.objects.exists()


@pytest.mark.parametrize("name", ["stranger", "employee"])
def test_strangers_find_no_engagement(world, name):
    made = examined(world)
    with pytest.raises(NotFound):
        report.issue(made.actor(name), made.engagement, DAY)


def test_a_problem_stops_the_issue_and_is_named(world):
    made = examined(world, without={"represented", "reviewed"})
    with pytest.raises(Conflict, match="Representation letter is not signed"):
        report.issue(made.actor("partner"), made.engagement, DAY)
    assert not Report.objects.exists() and not Entry.objects.filter(verb="report.issue").exists()


def test_it_bears_the_date_of_section_i(world):
    made = examined(world)
    with pytest.raises(Invalid, match="is not the date of Section I"):
        report.issue(made.actor("partner"), made.engagement, DAY - timedelta(days=1))
    with pytest.raises(Invalid, match="to come"):
        report.issue(made.actor("partner"), made.engagement, DAY + timedelta(days=1))


# -- a control that changed in the period is two controls in time (rule 23)


def test_a_control_worded_anew_stands_twice_and_each_part_needs_its_test(world):
    made = examined(
        world, without={"sampled", "closed", "judged", "asserted", "represented", "opined", "reviewed"}
    )
    rewrite(made, "CHG-02", date(2026, 5, 1))
    found = [one.what for one in problems(made.engagement, DAY) if one.kind == "test"]
    assert found == ["CHG-02/1 has no test.", "CHG-02/2 has no test."]
    from tickmark.report.sections import report_data

    rows = report_data(made.engagement, draft=True, day=DAY)["testing"]["controls"]
    assert [(one["ref"], one["text"], one["in_force"]) for one in rows if one["ref"].startswith("CHG")] == [
        ("CHG-02/1", "Changes are reviewed before merge.", {"start": "2025-11-01", "end": "2026-04-30"}),
        ("CHG-02/2", "Another wording.", {"start": "2026-05-01", "end": "2026-10-31"}),
    ]


def test_a_new_owner_makes_no_second_row_and_a_later_version_none_at_all(world):
    made = examined(world)
    controls.hand_over(made.actor("founder"), made.control, made.cast.lead, date(2026, 5, 1))
    rewrite(made, "GOV-01", date(2026, 11, 5))
    from tickmark.report.sections import report_data

    rows = report_data(made.engagement, draft=True, day=DAY)["testing"]["controls"]
    assert [(one["ref"], one["title"], one["in_force"]) for one in rows] == [
        ("CHG-02", "Peer review", None),
        ("GOV-01", "Governance", None),
    ]


def test_section_iii_is_as_of_the_period_not_as_of_today(world):
    from tickmark.report.sections import report_data
    from tickmark.scope import actions as scope
    from tickmark.scope.models import Commitment

    made = examined(world)
    for day, text in ((date(2026, 5, 1), "Data are protected well."), (date(2026, 11, 20), "Data are safe.")):
        scope.commit(
            made.actor("lead"),
            made.system,
            "SC-01",
            Commitment.Kind.COMMITMENT,
            "security",
            text,
            "Terms 7",
            day,
        )
    about = report_data(made.engagement, draft=True, day=DAY)["description"]
    assert [one["text"] for one in about["commitments"]] == ["Data are protected well."]
    assert about["changes"] == [
        {
            "date": "2026-05-01",
            "before": "Data are protected.",
            "after": "Data are protected well.",
            "why": "SC-01 changed",
            "controls": [],
        }
    ]


# -- letters, texts and the review


def test_a_letter_is_not_dated_ahead_nor_before_the_period_ends(world):
    made = examined(world, without={"asserted", "represented", "opined", "reviewed"})
    with pytest.raises(Invalid, match="to come"):
        letter(made, LetterKind.ASSERTION, dated=DAY + timedelta(days=1))
    with pytest.raises(Invalid, match="before the period ends"):
        letter(made, LetterKind.ASSERTION, dated=date(2026, 10, 30))
    with pytest.raises(Invalid, match="empty"):
        letter(made, LetterKind.ASSERTION, text=" ")
    with pytest.raises(Refused):
        report.sign_letter(
            made.actor("lead"), made.engagement, LetterKind.ASSERTION, "We.", DAY, "Lea Lead, Lead"
        )
    with pytest.raises(Invalid, match="Nobody signs"):
        report.sign_letter(made.actor("founder"), made.engagement, LetterKind.ASSERTION, "We.", DAY, " ; ")


def test_a_description_is_no_advertisement(world):
    made = examined(world, without={"described"})
    with pytest.raises(Invalid, match="advertising"):
        report.describe(made.actor("lead"), made.engagement, "overview", "A best-in-class ledger.")
    with pytest.raises(Refused):
        report.describe(made.actor("staff"), made.engagement, "overview", "A ledger.")


def test_who_worked_on_it_does_not_review_its_quality(world):
    from tests.deeds import writing
    from tickmark.audit.models import TeamMember

    made = examined(world, without={"reviewed"})
    with writing(made.cast.partner, "auditor"):
        TeamMember(engagement=made.engagement, user=made.cast.staff, role="quality").save()
    with pytest.raises(Invalid, match="You worked on this engagement"):
        report.review_quality(made.actor("staff"), made.engagement, "Fine.")
    with pytest.raises(Invalid, match="empty"):
        report.review_quality(made.actor("quality"), made.engagement, " ")
    with pytest.raises(Refused):
        report.review_quality(made.actor("auditor"), made.engagement, "Fine.")
    assert reviewed(made).note


def test_a_paper_changed_behind_the_books_is_not_issued_on(world):
    from django.db import connection

    from tests.tampering import without_triggers

    made = examined(world)
    without_triggers("audit_walkthrough")
    with connection.cursor() as cursor:
        cursor.execute("update audit_walkthrough set text = 'Read nothing.'")
    with pytest.raises(Conflict, match="is not the paper that was signed"):
        report.issue(made.actor("partner"), made.engagement, DAY)
