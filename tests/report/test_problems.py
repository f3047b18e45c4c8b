"""Each thing that stands in the way of the issue is told while it does, and no longer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine

from tests.audit.world import DUE
from tests.deeds import writing
from tests.report import build
from tests.report.build import DAY, NOW, SECTION_I, examined, letter, opined, reviewed, sign
from tickmark.audit import actions as audit
from tickmark.audit import queries as asked
from tickmark.audit.models import MarkVerdict, Opinion, ProcedureKind, RequestKind, Result, SignOffStage
from tickmark.people.models import Person
from tickmark.report.models import LetterKind
from tickmark.report.papers import papers
from tickmark.report.problems import Problem, problems
from tickmark.report.queries import for_side, owed, state
from tickmark.report.sections import report_data

pytestmark = pytest.mark.database


def kinds(made: Any, day: date = DAY, blocks: bool | None = None) -> list[str]:
    return [one.kind for one in problems(made.engagement, day) if blocks is None or one.blocks is blocks]


def the(made: Any, kind: str) -> Problem:
    (found,) = [one for one in problems(made.engagement, DAY) if one.kind == kind]
    return found


STEP_PROBLEMS = {
    "asserted": ("letter assertion", "company"),
    "represented": ("letter representation", "company"),
    "opined": ("opinion", "auditor"),
    "reviewed": ("quality", "auditor"),
    "judged": ("criteria", "auditor"),
    "closed": ("request", "auditor"),
    "independent": ("independence", "auditor"),
    "walked": ("test", "auditor"),
}


@pytest.mark.parametrize("step", STEP_PROBLEMS)
def test_a_missing_step_is_told_and_clears(world, step):
    kind, side = STEP_PROBLEMS[step]
    late = {step, "reviewed"}
    made = examined(world, without=late)
    found = [one for one in problems(made.engagement, DAY) if one.kind == kind]
    assert [one.side for one in found] == [side] and all(
        one.blocks and one.remedy and one.url for one in found
    )
    for name in [name for name in build.STEPS if name in late]:
        build.STEPS[name](made)
    assert problems(made.engagement, DAY) == []


def test_a_description_that_says_nothing_is_told(world):
    made = examined(world, without={"described"})
    found = problems(made.engagement, DAY)
    told = {one.what for one in found}
    assert "The description has no overview of the company and its services (DC 1)." in told
    assert "No commitment stands behind security." in told
    assert "Nothing meets CC6.4." in told
    assert {one.side for one in found} == {"company"}


def test_the_period_has_ended(world):
    made = examined(world)
    assert "period" in kinds(made, date(2026, 10, 31))
    assert "period" not in kinds(made, date(2026, 11, 1))


def test_an_open_request_waits_for_the_side_whose_move_it_is(world):
    made = examined(world, without={"reviewed"})
    row = audit.ask(made.actor("staff"), made.engagement, "R-99", RequestKind.NARRATIVE, "One more", DUE)
    reviewed(made)
    assert (the(made, "request").side, the(made, "request").url) == ("company", "/audit/2026/requests/R-99")
    audit.answer(made.actor("owner"), row, "Here.")
    assert the(made, "request").side == "auditor"
    audit.close(made.actor("staff"), row)
    assert problems(made.engagement, DAY) == []


# -- working papers


def test_a_signature_must_stand_on_the_paper_as_it_is(world):
    made = examined(world, without={"reviewed"})
    test = made.procedures["GOV-01"]
    audit.walk_through(made.actor("staff"), test, "The chair", DAY, "Once more.", True, True)
    reviewed(made)
    assert "is not signed as prepared or reviewed" in the(made, "signature").what
    sign(made, test)
    reviewed(made)
    assert problems(made.engagement, DAY) == []


def test_an_unsigned_conclusion_is_printed_as_not_tested(world):
    made = examined(world, without={"walked", "reviewed"})
    staff = made.actor("staff")
    test = audit.prepare(
        staff, made.engagement, made.governance, ProcedureKind.INSPECTION, "Inspected the minutes."
    )

    def printed() -> list[tuple[str, str]]:
        data = report_data(made.engagement, draft=True, day=DAY)
        row = next(one for one in data["testing"]["controls"] if one["ref"] == "GOV-01")
        return [(one["result"], one["detail"]) for one in row["tests"]]

    waiting = [("not_tested", "The test is not concluded and signed.")]
    assert printed() == waiting
    audit.walk_through(staff, test, "The chair", DAY, "Read them.", True, True)
    assert printed() == waiting
    audit.conclude(staff, test, Result.NO_EXCEPTIONS, "Four of four.")
    assert printed() == waiting
    audit.sign_off(staff, test, SignOffStage.PREPARED)
    assert printed() == waiting
    audit.sign_off(made.actor("auditor"), test, SignOffStage.REVIEWED)
    assert printed() == [("no_exceptions", "")]


def test_no_exceptions_is_printed_only_where_a_person_concluded_it(world):
    made = examined(world, without={"walked", "sampled", "closed"})
    data = report_data(made.engagement, draft=True, day=DAY)
    assert {test["result"] for control in data["testing"]["controls"] for test in control["tests"]} == {
        "not_tested"
    }


def test_a_result_that_the_marks_no_longer_allow_is_found_although_it_is_signed_again(world):
    made = examined(world, without={"reviewed"})
    test = made.procedures["GOV-01"]
    audit.deviate(made.actor("staff"), test, [], "In one quarter there was no meeting.")
    sign(made, test)
    reviewed(made)
    assert "which its marks do not allow" in the(made, "result").what
    assert "was not put before the company" in the(made, "unpublished").what


def test_an_open_review_note_is_told(world):
    made = examined(world, without={"reviewed"})
    row = audit.note(made.actor("auditor"), made.procedures["GOV-01"], "Which quarter?")
    reviewed(made)
    assert the(made, "note").blocks
    audit.clear_note(made.actor("staff"), row, "All four.")
    assert "note" not in kinds(made)


def test_a_control_that_did_not_operate_needs_words_for_the_report(world):
    made = examined(world, without={"walked", "reviewed"})
    staff = made.actor("staff")
    test = audit.prepare(
        staff, made.engagement, made.governance, ProcedureKind.INSPECTION, "Inspected the register."
    )
    audit.walk_through(staff, test, "The chair", DAY, "No occasion.", True, True)
    audit.conclude(staff, test, Result.DID_NOT_OPERATE, "Nobody asked.")
    sign(made, test)
    assert "has no words for" in the(made, "words").what
    audit.conclude(
        staff, test, Result.DID_NOT_OPERATE, "Nobody asked.", "During the period no occasion arose."
    )
    sign(made, test)
    assert "words" not in kinds(made)
    data = report_data(made.engagement, draft=True, day=DAY)
    row = next(one for one in data["testing"]["controls"] if one["ref"] == "GOV-01")
    assert row["tests"][0]["detail"] == "During the period no occasion arose."


# -- the opinion


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda text: text.replace("# Independent service auditor's report\n", ""), "title"),
        (lambda text: text.replace("To the management of Northlight, Inc.\n", ""), "addressee"),
        (lambda text: text.replace("## Scope\n", ""), "part"),
        (lambda text: text.replace("## Description of tests of controls\n", ""), "part"),
    ],
)
def test_what_section_i_lacks_is_named_and_never_filled_in(world, change: Callable[[str], str], kind):
    made = examined(world, without={"reviewed"})
    opined(made, change(SECTION_I))
    reviewed(made)
    assert kinds(made) == [kind]
    opined(made)
    reviewed(made)
    assert problems(made.engagement, DAY) == []


def test_a_modified_opinion_needs_its_basis_and_is_held_against_the_assertion(world):
    made = examined(world, without={"reviewed"})
    opined(made, operation=Opinion.Form.QUALIFIED)
    reviewed(made)
    assert [(one.kind, one.blocks) for one in problems(made.engagement, DAY)] == [
        ("basis", True),
        ("assertion", False),
    ]
    opined(
        made,
        SECTION_I.replace("## Opinion", "## Basis for qualified opinion\nLeavers.\n\n## Opinion"),
        Opinion.Form.QUALIFIED,
    )
    letter(made, LetterKind.ASSERTION, "Except for the leavers, controls operated effectively.")
    reviewed(made)
    assert problems(made.engagement, DAY) == []


def test_an_unmet_criterion_under_an_unmodified_opinion_is_told_and_left_to_the_partner(world):
    made = examined(world)
    audit.conclude_criterion(made.actor("auditor"), made.engagement, "CC8.1", False, "One of four.")
    assert [(one.kind, one.blocks) for one in problems(made.engagement, DAY)] == [
        ("opinion and criteria", False)
    ]


def test_the_quality_review_comes_after_what_it_reviews(world):
    with time_machine.travel(NOW):
        made = examined(world)
    with time_machine.travel(NOW + timedelta(hours=1)):
        opined(made)
        assert "has changed since" in the(made, "quality").what
    with time_machine.travel(NOW + timedelta(hours=2)):
        reviewed(made)
        assert problems(made.engagement, DAY) == []


# -- dates that must agree


def test_the_representation_letter_bears_the_report_date(world):
    made = examined(world, without={"represented"})
    letter(made, LetterKind.REPRESENTATION, dated=DAY - timedelta(days=1))
    assert "must be the same as the report date" in the(made, "dates").what


def test_the_report_is_not_dated_before_the_last_evidence(world):
    with time_machine.travel(datetime(2026, 12, 14, 9, tzinfo=UTC)):
        made = examined(world)
        told = [one.what for one in problems(made.engagement, date(2026, 12, 14)) if one.kind == "dates"]
    assert any(what.startswith("The last evidence (2026-12-14) must be on or before") for what in told)


# -- deviations, responses, names


def test_a_dispute_and_a_missing_response_are_told_and_hold_nothing_back(world):
    from tickmark.audit.models import Stance

    made = examined(world, without={"reviewed"})
    share = made.lock.population.evidence
    audit.respond(made.actor("lead"), made.deviation, Stance.DISPUTE, "It was approved by phone.", share)
    found = [one for one in problems(made.engagement, DAY) if one.kind == "dispute"]
    assert [(one.side, one.blocks) for one in found] == [("auditor", False)]


def test_a_name_in_an_exception_is_told_until_the_text_does_without(world):
    made = examined(world)
    with writing(made.cast.lead):
        Person(key="P-1", name="Rosa Quint").save()
    staff, test = made.actor("staff"), made.procedures["CHG-02"]
    audit.conclude(staff, test, Result.EXCEPTIONS, "One.", "One change by rosa quint had no approval.")
    sign(made, test)
    assert ("rosa quint" in the(made, "name").what, the(made, "name").blocks) == (True, False)
    audit.conclude(staff, test, Result.EXCEPTIONS, "One.", "One change had no approval.")
    sign(made, test)
    assert "name" not in kinds(made)
    data = report_data(made.engagement, draft=True, day=DAY)
    row = next(one for one in data["testing"]["controls"] if one["ref"] == "CHG-02")
    assert [one["text"] for one in row["tests"][0]["exceptions"]] == ["One change had no approval."]


# -- sides, tasks, state


def test_the_company_reads_nothing_of_the_working_papers(world):
    made = examined(world, without={"walked", "opined", "reviewed", "represented"})
    found = problems(made.engagement, DAY)
    assert {one.side for one in for_side(made.actor("founder"), found)} == {"company"}
    assert for_side(made.actor("partner"), found) == found


def test_who_owes_what(world):
    made = examined(world, without={"described", "asserted", "represented", "opined", "reviewed"})
    tasks = {
        name: [task.title for task in owed(made.actor(name), DAY)]
        for name in ("founder", "lead", "partner", "quality", "owner", "stranger")
    }
    assert tasks == {
        "founder": ["Sign management's assertion (2026)", "Sign the representation letter (2026)"],
        "lead": ["Write the overview of the description (2026)"],
        "partner": ["Supply Section I (2026)"],
        "quality": [],
        "owner": [],
        "stranger": [],
    }
    opined(made)
    assert [task.title for task in owed(made.actor("quality"), DAY)] == ["Do the quality review (2026)"]
    assert list(owed(made.actor("founder"), date(2026, 10, 31))) == []


def test_how_far_the_step_is(world):
    from tickmark.report import actions as report

    made = examined(world)
    founder = made.actor("founder")
    assert (state(founder, date(2026, 10, 31)), state(founder, DAY), state(made.actor("stranger"), DAY)) == (
        "next",
        "current",
        "later",
    )
    report.issue(made.actor("partner"), made.engagement, DAY)
    assert state(founder, DAY) == "done"


# -- one reading for all papers


def test_papers_read_together_say_what_the_audit_step_says_of_each(world):
    made = examined(world)
    extra = audit.prepare(
        made.actor("staff"), made.engagement, made.control_version, ProcedureKind.INQUIRY, "Asked."
    )
    found = {paper.procedure.pk: paper for paper in papers(made.engagement)}
    assert len(found) == 3
    for test in (*made.procedures.values(), extra):
        paper = found[test.pk]
        assert paper.file.digest == asked.workpaper(test).digest
        assert paper.tested == asked.counts(test)
        assert paper.admissible == asked.admissible(test)
        assert paper.deviations == asked.standing_deviations(test)
    assert {stage: paper.missing for stage, paper in zip("abc", found.values(), strict=True)}["c"] == [
        "prepared",
        "reviewed",
    ]


def test_an_item_marked_otherwise_later_is_no_exception_any_more(world):
    made = examined(world)
    test = made.procedures["CHG-02"]
    item = made.deviation.item
    audit.mark(made.actor("staff"), item, test.attributes.get(), MarkVerdict.MET, "The approval was found.")
    (paper,) = [paper for paper in papers(made.engagement) if paper.procedure == test]
    assert paper.deviations == asked.standing_deviations(test) == []
    assert paper.tested == asked.counts(test)


def test_papers_cost_the_same_for_one_test_and_for_three(world):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    made = examined(world, without={"walked"})
    problems(made.engagement, DAY)  # what no paper changes is remembered from here on
    costs = []
    for _ in range(2):
        build.walked(made)
        build.walked(made)
        with CaptureQueriesContext(connection) as seen:
            problems(made.engagement, DAY)
        costs.append(len(seen))
    assert costs[0] == costs[1]
