"""Marks, deviations, conclusions and signatures (domain.md 0.4 rules 13 to 21, 4.9, 5, 8.3, 11)."""

from __future__ import annotations

import pytest

from tests.audit import world as w
from tickmark.audit import actions as audit
from tickmark.audit import queries
from tickmark.audit.actions.marking import MarkIn
from tickmark.audit.actions.testing import AttributeIn
from tickmark.audit.models import (
    Deviation,
    Mark,
    MarkSheet,
    ProcedureKind,
    Response,
    Result,
    SampleItem,
    SampleMethod,
    Share,
    SignOff,
    SignOffStage,
    Stance,
)
from tickmark.audit.results import Result as Word
from tickmark.evidence import actions as evidence
from tickmark.kernel.access import visible
from tickmark.kernel.errors import Conflict, Invalid, NotFound, Refused

PREPARED, REVIEWED, PARTNER = SignOffStage.PREPARED, SignOffStage.REVIEWED, SignOffStage.PARTNER


def drawn(program, size=8, method=SampleMethod.RANDOM, **more):
    one = w.locked(program, **more)
    nonce = w.NONCE if method != SampleMethod.CENSUS else ""
    one.sample = audit.draw(program.actor("staff"), one.procedure, method, nonce, size=size)
    one.items = list(SampleItem.objects.filter(sample=one.sample))
    one.letters = {row.letter: row for row in one.procedure.attributes.all()}
    return one


def cells(items, letters="BC", verdict="met", note=""):
    return [
        MarkIn(item=item.key, letter=letter, verdict=verdict, note=note)
        for item in items
        for letter in letters
    ]


def concluded(program, **more):
    one = drawn(program, **more)
    staff = program.actor("staff")
    audit.mark_many(staff, one.procedure, cells(one.items))
    audit.conclude(staff, one.procedure, Result.NO_EXCEPTIONS, "Nothing deviates.")
    return one


# -- the grid


def test_nothing_is_marked_in_silence(program):
    one = drawn(program)
    staff, item, b = program.actor("staff"), one.items[0], one.letters["B"]
    for verdict in ("deviation", "not_applicable"):
        with pytest.raises(Invalid, match="needs a note"):
            audit.mark(staff, item, b, verdict)
    audit.mark(staff, item, b, "deviation", "Nobody approved.")
    with pytest.raises(Invalid, match="was a deviation; another verdict needs a note"):
        audit.mark(staff, item, b, "met")
    audit.mark(staff, item, b, "met", "The approval is in the ticket, EV-1.")
    assert list(Mark.objects.values_list("verdict", flat=True).order_by("pk")) == ["deviation", "met"]
    assert queries.grid(one.procedure).verdict(item.key, "B") == "met"


def test_many_marks_are_all_or_none(program):
    one = drawn(program)
    staff = program.actor("staff")
    for bad, what in (
        ([*cells(one.items), MarkIn(item="app/CHG-9999", letter="B", verdict="met")], "not in the grid"),
        ([*cells(one.items), MarkIn(item=one.items[0].key, letter="Z", verdict="met")], "not in the grid"),
        (cells(one.items, verdict="deviation"), "needs a note"),
        ([], "No cell is marked"),
    ):
        before = w.entries()
        with pytest.raises(Invalid, match=what):
            audit.mark_many(staff, one.procedure, bad)
        assert (w.entries(), Mark.objects.count(), MarkSheet.objects.count()) == (before, 0, 0)


def test_nobody_marks_but_those_who_test(program):
    one = drawn(program)
    for name in ("lead", "founder", "quality", "stranger"):
        with pytest.raises((Refused, NotFound)):
            audit.mark(program.actor(name), one.items[0], one.letters["B"], "met")
    assert not Mark.objects.exists() and not MarkSheet.objects.exists()


def check_run(program, one, populations=None, parameters=None, check="changes_reviewed", **days):
    period = program.period
    return evidence.run_check(
        w.JOB, check=check, control=program.control, populations=populations or [one.population],
        start=days.get("start", period.start), end=days.get("end", period.end), parameters=parameters or {},
    )  # fmt: skip


def pulls(program, approved=1, connection=None):
    """Pull requests for some changes: those approved by another, one approved by its author alone, one nobody can see."""

    def one(number, **more):
        return {"repository": "app", "pull": number, "merge_commit": f"CHG-{number:04}", "author": "ada", "state": "merged",
                "merged_at": "2026-01-05T15:00:00+00:00", "head": f"h{number}", "merged_by": "bob", **more}  # fmt: skip

    approval = {
        "reviewer": "bob",
        "reviewer_bot": False,
        "state": "APPROVED",
        "given_at": "2026-01-05T14:00:00+00:00",
    }
    rows = [one(n, reviews=[{**approval, "head": f"h{n}"}]) for n in range(1, approved + 1)]
    rows += [
        one(approved + 1, reviews=[{**approval, "reviewer": "ada", "head": f"h{approved + 1}"}]),
        one(approved + 2, reviews=None),
    ]
    return w.population(connection or w.connect(program, "forge", "files.pulls"), rows, shape="pulls")


def census(program, changes, approved):
    """All of some changes, and a run of the check over them that finds so many of them approved."""
    rows = [w.change(f"CHG-{n:04}", head=None, kind="squash") for n in range(1, changes + 1)]
    one = drawn(program, rows=rows, method=SampleMethod.CENSUS, items_of="changes_reviewed")
    return one, check_run(program, one, [one.population, pulls(program, approved)])


def test_a_check_marks_what_it_could_decide_and_leaves_the_rest_open(program):
    one, run = census(program, 4, 1)
    staff, b = program.actor("staff"), one.letters["B"]
    audit.mark_by_check(staff, one.procedure, b, run)
    table = queries.grid(one.procedure)
    verdicts = {item.key: table.verdict(item.key, "B") for item in table.items}
    assert verdicts["app/CHG-0002"] == "deviation"
    assert verdicts["app/CHG-0003"] == "pending", "what nobody could see is never met"
    assert {mark.check_run_id for mark in table.marks.values()} == {run.pk}
    by_hand = next(item for item in table.items if item.key == "app/CHG-0003")
    audit.mark(staff, by_hand, b, "met", "Seen in the forge, live.")
    audit.mark_by_check(staff, one.procedure, b, run)
    assert queries.grid(one.procedure).verdict(by_hand.key, "B") == "met", "a person's word stays"


def test_a_run_over_another_list_or_other_days_or_numbers_marks_nothing(program):
    one = drawn(program)
    staff, b = program.actor("staff"), one.letters["B"]
    second = w.population(w.connect(program, "git-2"), [w.change("CHG-0001")])
    refused = {
        "did not read exactly": check_run(program, one, [one.population, second]),
        "covers": check_run(program, one, start=program.period.start, end=program.period.start),
        "used other numbers": check_run(program, one, parameters={"skew_seconds": 999}),
    }
    for what, run in refused.items():
        with pytest.raises(Invalid, match=what):
            audit.mark_by_check(staff, one.procedure, b, run)
    with pytest.raises(Invalid, match="is not computed by"):
        audit.mark_by_check(staff, one.procedure, one.letters["C"], check_run(program, one))
    assert not Mark.objects.exists() and not MarkSheet.objects.exists()


# -- results


def test_an_item_with_two_deviating_attributes_counts_once(program):
    one = drawn(program)
    staff = program.actor("staff")
    audit.mark_many(
        staff,
        one.procedure,
        cells(one.items[1:]) + cells(one.items[:1], verdict="deviation", note="Neither."),
    )
    counted = queries.counts(one.procedure)
    assert (counted.tested, counted.deviations, counted.pending) == (8, 1, 0)


def test_a_fact_that_no_control_states_is_told_and_not_counted(program):
    one = drawn(program)
    staff = program.actor("staff")
    audit.mark_many(staff, one.procedure, cells(one.items) + cells(one.items[:1], "D", "deviation", "Late."))
    assert queries.counts(one.procedure).deviations == 0
    assert queries.admissible(one.procedure).results == (Word.NO_EXCEPTIONS,)


@pytest.mark.parametrize("result", list(Result))
def test_no_result_while_a_cell_is_open(program, result):
    one = drawn(program)
    audit.mark_many(program.actor("staff"), one.procedure, cells(one.items[1:]))
    with pytest.raises(Conflict, match="cannot be concluded"):
        audit.conclude(program.actor("staff"), one.procedure, result, "Enough.")


def test_no_exceptions_is_never_said_over_a_deviation_nor_without_a_reason(program):
    one = drawn(program)
    staff = program.actor("staff")
    audit.mark_many(
        staff,
        one.procedure,
        cells(one.items[1:]) + cells(one.items[:1], "C") + cells(one.items[:1], "B", "deviation", "None."),
    )
    with pytest.raises(Conflict, match="cannot be concluded"):
        audit.conclude(staff, one.procedure, Result.NO_EXCEPTIONS, "One of eight is fine.")
    with pytest.raises(Invalid, match="not told as deviations"):
        audit.conclude(staff, one.procedure, Result.EXCEPTIONS, "One of eight.")
    audit.deviate(staff, one.procedure, ["B"], "For 1 of 8 changes nobody approved.", one.items[0])
    with pytest.raises(Invalid, match="reason is empty"):
        audit.conclude(staff, one.procedure, Result.EXCEPTIONS, "  ")
    row = audit.conclude(staff, one.procedure, Result.EXCEPTIONS, "One of eight.")
    assert (row.result, row.by) == ("exceptions", program.cast.staff)


def test_missing_proof_is_a_deviation_and_the_item_stays(program):
    one = drawn(program)
    audit.mark(program.actor("staff"), one.items[0], one.letters["B"], "deviation", "No proof was kept.")
    audit.extend(program.actor("staff"), one.sample, 2, "plan")
    table = queries.grid(one.procedure)
    assert (len(table.items), [item.key for item in table.deviating_items]) == (10, [one.items[0].key])


def test_no_occurrence_is_neither_passed_nor_failed(program):
    one = w.locked(program, rows=[w.change("CHG-0001", w.date(2020, 1, 1))])
    assert one.lock.count == 0
    assert queries.admissible(one.procedure).results == (Word.DID_NOT_OPERATE,)
    row = audit.conclude(
        program.actor("staff"), one.procedure, Result.DID_NOT_OPERATE, "Nil, and the forge says so too."
    )
    assert row.result == "did_not_operate"


def test_inquiry_alone_supports_nothing(program):
    one = drawn(program, kind=ProcedureKind.INQUIRY)
    audit.mark_many(program.actor("staff"), one.procedure, cells(one.items))
    assert queries.admissible(one.procedure).results == (Word.NOT_TESTED,)


def test_a_badly_designed_control_is_not_tested_for_operation(program):
    one = drawn(program)
    staff = program.actor("staff")
    audit.mark_many(staff, one.procedure, cells(one.items))
    audit.walk_through(staff, one.procedure, "The lead", w.date(2026, 10, 1), "One change.", False, True)
    assert queries.admissible(one.procedure).results == (Word.NOT_TESTED,)


def test_a_test_without_a_list_stands_in_its_walkthroughs(program):
    staff = program.actor("staff")
    procedure = w.prepared(program, shape="", attributes=[])
    assert queries.admissible(procedure).results == (Word.NOT_TESTED,)
    audit.walk_through(
        staff, procedure, "The lead", w.date(2026, 10, 1), "The setting in production.", True, True
    )
    assert queries.admissible(procedure).results == (Word.NO_EXCEPTIONS, Word.DID_NOT_OPERATE)
    audit.deviate(staff, procedure, [], "The setting was off for five days.")
    assert queries.admissible(procedure).results == (Word.EXCEPTIONS,)


# -- deviations


def test_a_deviation_is_what_the_grid_says(program):
    one = drawn(program)
    staff = program.actor("staff")
    with pytest.raises(Invalid, match="not marked as a deviation"):
        audit.deviate(staff, one.procedure, ["B"], "Nobody approved.", one.items[0])
    audit.mark(staff, one.items[0], one.letters["B"], "deviation", "None.")
    for letters, fact, what in (
        (["Z"], "x", "not attributes"), ([], "x", "not attributes"), (["B"], " ", "fact is empty"),
        (["B"], "ada@northlight.example merged it", "e-mail address"),
    ):  # fmt: skip
        with pytest.raises(Invalid, match=what):
            audit.deviate(staff, one.procedure, letters, fact, one.items[0])
    audit.deviate(staff, one.procedure, ["B"], "Nobody approved.", one.items[0])
    with pytest.raises(Conflict, match="told as a deviation already"):
        audit.deviate(staff, one.procedure, ["B"], "Again.", one.items[0])


def test_the_company_reads_a_deviation_once_it_is_told_and_cannot_change_it(program):
    one = drawn(program)
    staff, lead = program.actor("staff"), program.actor("lead")
    audit.mark(staff, one.items[0], one.letters["B"], "deviation", "None.")
    row = audit.deviate(staff, one.procedure, ["B"], "For 1 of 8 changes nobody approved.", one.items[0])
    assert not visible(lead, Deviation).exists()
    with pytest.raises(NotFound):
        audit.respond(lead, row, Stance.CONFIRM, "A slip.")
    with pytest.raises(Refused):
        audit.publish_deviation(staff, row)
    audit.publish_deviation(program.actor("auditor"), row)
    with pytest.raises(Conflict, match="published already"):
        audit.publish_deviation(program.actor("auditor"), row)
    with pytest.raises(Invalid, match="A dispute needs evidence"):
        audit.respond(lead, row, Stance.DISPUTE, "It was approved.")
    shown = w.population(w.connect(program, "more"), [w.change("CHG-0001")]).evidence
    answer = audit.respond(lead, row, Stance.DISPUTE, "It was approved by word.", shown)
    assert Share.objects.get(response=answer).evidence == shown, (
        "the auditor can read what the dispute rests on"
    )
    assert [one.pk for one in queries.standing_deviations(one.procedure)] == [row.pk], (
        "a dispute changes nothing by itself"
    )
    assert Deviation.objects.get().fact == "For 1 of 8 changes nobody approved."
    with pytest.raises(Refused):
        audit.respond(program.actor("auditor"), row, Stance.CONFIRM, "We")
    assert Response.objects.count() == 1


def test_a_dispute_that_convinces_is_a_new_mark_and_history_stays(program):
    one = drawn(program)
    staff = program.actor("staff")
    audit.mark_many(
        staff,
        one.procedure,
        cells(one.items[1:]) + cells(one.items[:1], "C") + cells(one.items[:1], "B", "deviation", "None."),
    )
    row = audit.deviate(staff, one.procedure, ["B"], "Nobody approved.", one.items[0])
    audit.mark(staff, one.items[0], one.letters["B"], "met", "The approval stands in EV-9.")
    assert queries.standing_deviations(one.procedure) == []
    assert list(Deviation.objects.all()) == [row]
    assert queries.admissible(one.procedure).results == (Word.NO_EXCEPTIONS,)


def test_a_redraw_erases_no_deviation(program):
    one = drawn(program)
    staff = program.actor("staff")
    audit.mark(staff, one.items[0], one.letters["B"], "deviation", "None.")
    row = audit.deviate(staff, one.procedure, ["B"], "Nobody approved.", one.items[0])
    second = w.population(w.connect(program, "git-2"), [w.change(f"CHG-{n:04}") for n in range(1, 46)])
    w.shared(program, second, "R-50b")
    audit.lock(staff, one.procedure, second, "A page was missing.")
    audit.draw(staff, one.procedure, SampleMethod.RANDOM, w.NONCE, redraws=one.sample, reason="incomplete")
    assert queries.standing_deviations(one.procedure) == [row]
    assert queries.counts(one.procedure).findings == 1
    with pytest.raises(Invalid, match="was drawn from a list that was replaced"):
        audit.mark(staff, one.items[0], one.letters["B"], "met", "no")


# -- signatures


def test_signatures_go_in_order_and_never_by_the_same_hand(program):
    one = concluded(program)
    staff, lead, partner = program.actor("staff"), program.actor("auditor"), program.actor("partner")
    with pytest.raises(Invalid, match="not signed as prepared"):
        audit.sign_off(lead, one.procedure, REVIEWED)
    audit.sign_off(staff, one.procedure, PREPARED)
    with pytest.raises(Conflict, match="is signed as prepared"):
        audit.sign_off(staff, one.procedure, PREPARED)
    for name in ("staff", "quality", "lead", "stranger"):
        with pytest.raises((Refused, NotFound)):
            audit.sign_off(program.actor(name), one.procedure, REVIEWED)
    audit.sign_off(lead, one.procedure, REVIEWED)
    with pytest.raises(Refused, match="It is for partner"):
        audit.sign_off(lead, one.procedure, PARTNER)
    audit.sign_off(partner, one.procedure, PARTNER)
    assert set(queries.workpaper(one.procedure).standing) == {"prepared", "reviewed", "partner"}
    assert queries.progress(type(one.procedure).objects.all())[0].state == "signed_partner"


def test_a_lead_who_worked_on_the_test_does_not_review_it(program):
    one = concluded(program)
    audit.mark(program.actor("auditor"), one.items[0], one.letters["B"], "met")
    audit.conclude(program.actor("staff"), one.procedure, Result.NO_EXCEPTIONS, "Still.")
    audit.sign_off(program.actor("staff"), one.procedure, PREPARED)
    with pytest.raises(Refused, match="worked on this paper"):
        audit.sign_off(program.actor("auditor"), one.procedure, REVIEWED)
    audit.sign_off(program.actor("partner"), one.procedure, REVIEWED)


def test_a_change_clears_every_signature_by_itself(program):
    one = concluded(program)
    audit.sign_off(program.actor("staff"), one.procedure, PREPARED)
    audit.sign_off(program.actor("auditor"), one.procedure, REVIEWED)
    audit.mark(program.actor("staff"), one.items[0], one.letters["D"], "met")
    paper = queries.workpaper(one.procedure)
    assert (paper.standing, len(paper.cleared), paper.next_stage) == ({}, 2, "prepared")
    assert queries.standing_stages([one.procedure.pk]) == {one.procedure.pk: frozenset()}
    audit.sign_off(program.actor("staff"), one.procedure, PREPARED)
    assert queries.standing_stages([one.procedure.pk]) == {one.procedure.pk: frozenset({"prepared"})}
    assert SignOff.objects.count() == 3, "cleared signatures stay readable"


def test_open_notes_and_open_tests_are_not_signed(program):
    one = drawn(program)
    staff, lead = program.actor("staff"), program.actor("auditor")
    with pytest.raises(Invalid, match="not concluded"):
        audit.sign_off(staff, one.procedure, PREPARED)
    audit.mark_many(staff, one.procedure, cells(one.items))
    audit.conclude(staff, one.procedure, Result.NO_EXCEPTIONS, "Fine.")
    note = audit.note(lead, one.procedure, "Which approver?")
    with pytest.raises(Invalid, match="1 review notes are open"):
        audit.sign_off(staff, one.procedure, PREPARED)
    with pytest.raises(Refused):
        audit.clear_note(program.actor("quality"), note, "ok")
    with pytest.raises(Invalid, match="answer is empty"):
        audit.clear_note(staff, note, " ")
    audit.clear_note(staff, note, "The one in the row.")
    with pytest.raises(Conflict, match="cleared already"):
        audit.clear_note(staff, note, "Again.")
    audit.sign_off(staff, one.procedure, PREPARED)


def test_the_quality_reviewer_leaves_notes_and_nothing_else(program):
    one = concluded(program)
    quality = program.actor("quality")
    audit.note(quality, one.procedure, "Why eight?")
    request = audit.ask(program.actor("staff"), program.engagement, "Q-1", "policy", "Policy", w.DUE)
    for call in (
        lambda: audit.conclude(quality, one.procedure, Result.NO_EXCEPTIONS, "x"),
        lambda: audit.sign_off(quality, one.procedure, PREPARED),
        lambda: audit.ask(quality, program.engagement, "Q-2", "policy", "Policy", w.DUE),
        lambda: audit.say(quality, request, "Hello"),
        lambda: audit.deviate(quality, one.procedure, ["B"], "x"),
        lambda: audit.opine(
            quality, program.engagement, "unmodified", "unmodified", "x", w.DUE, "Boston", "unmodified"
        ),
        lambda: audit.conclude_criterion(quality, program.engagement, "CC8.1", True, "x"),
    ):
        before = w.entries()
        with pytest.raises(Refused):
            call()
        assert w.entries() == before


# -- criteria and opinion


def test_a_criterion_is_a_decision_of_its_own(program):
    lead = program.actor("auditor")
    with pytest.raises(Invalid, match="not in the scope"):
        audit.conclude_criterion(lead, program.engagement, "A1.1", True, "x")
    with pytest.raises(Invalid, match="reason is empty"):
        audit.conclude_criterion(lead, program.engagement, "CC8.1", True, "")
    with pytest.raises(Refused):
        audit.conclude_criterion(program.actor("staff"), program.engagement, "CC8.1", True, "x")
    row = audit.conclude_criterion(lead, program.engagement, "CC8.1", False, "The misses share a cause.")
    assert (row.met, row.reason) == (False, "The misses share a cause.")
    assert not visible(program.actor("founder"), type(row)).exists()


def test_only_the_partner_supplies_the_opinion_and_nothing_is_drafted(program):
    given = {
        "description": "unmodified",
        "design": "unmodified",
        "text": "In our opinion …",
        "dated": w.date(2026, 11, 20),
        "signed_at_city": "Boston",
    }
    partner = program.actor("partner")
    with pytest.raises(Refused):
        audit.opine(program.actor("auditor"), program.engagement, **given, operation="unmodified")
    with pytest.raises(Invalid, match="does not fit the type"):
        audit.opine(partner, program.engagement, **given)
    with pytest.raises(Invalid, match="Section I is empty"):
        audit.opine(partner, program.engagement, **{**given, "text": " "}, operation="qualified")
    with pytest.raises(Invalid, match="before the period ends"):
        audit.opine(
            partner, program.engagement, **{**given, "dated": w.date(2026, 10, 30)}, operation="qualified"
        )
    assert audit.opine(partner, program.engagement, **given, operation="qualified").operation == "qualified"


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"text": " "}, "not described"),
        ({"risk": "none"}, "no risk"),
        ({"shape": "stars"}, "no list of stars"),
        ({"shape": "people", "items_of": "changes_reviewed"}, "cannot be those"),
        ({"attributes": []}, "no attribute that counts"),
        ({"attributes": [AttributeIn(letter="A", text="x", counts=False)]}, "no attribute that counts"),
        (
            {"attributes": [AttributeIn(letter="A", text="x"), AttributeIn(letter="A", text="y")]},
            "have one letter",
        ),
        ({"attributes": [AttributeIn(letter="a", text="x")]}, "no letter"),
        ({"attributes": [AttributeIn(letter="A", text=" ")]}, "says nothing"),
        ({"attributes": [AttributeIn(letter="A", text="x", check_name="nope")]}, "no check nope"),
        ({"shape": ""}, "this test has no list"),
    ],
)
def test_a_test_that_could_not_be_followed_is_not_prepared(program, given, what):
    before = w.entries()
    with pytest.raises(Invalid, match=what):
        w.prepared(program, **given)
    assert w.entries() == before


def test_a_test_is_published_once_and_a_walkthrough_is_past(program):
    procedure = w.prepared(program)
    audit.publish(program.actor("auditor"), procedure)
    with pytest.raises(Conflict, match="published already"):
        audit.publish(program.actor("auditor"), procedure)
    with pytest.raises(Invalid, match="future"):
        audit.walk_through(program.actor("staff"), procedure, "x", w.date(2099, 1, 1), "x", True, True)
    with pytest.raises(Invalid, match="empty"):
        audit.walk_through(program.actor("staff"), procedure, " ", w.date(2026, 1, 1), "x", True, True)


def test_the_ledger_shows_that_the_conclusion_came_after_its_evidence(program):
    from tickmark.audit.models import Conclusion
    from tickmark.kernel.ledger.seal import seal

    one = concluded(program)
    facts = [one.lock, one.sample, MarkSheet.objects.last(), Conclusion.objects.get()]
    assert set(queries.positions(facts).values()) == {None}
    seal()
    places = queries.positions(facts)
    order = [places[fact.entry] for fact in facts]
    assert order == sorted(order) and len(set(order)) == 4
