"""Many marks at once: one sheet of what was met, a row for each exception, and the same grid as mark by mark."""

from __future__ import annotations

import json

import pytest
from django.conf import settings as conf
from hypothesis import given
from hypothesis import strategies as st

from tests.audit import world as w
from tests.audit.test_concluding import census, check_run, drawn, pulls
from tests.deeds import writing
from tickmark.audit import actions as audit
from tickmark.audit import queries
from tickmark.audit.actions.marking import MarkIn
from tickmark.audit.models import Mark, MarkSheet, MarkVerdict, TeamMember
from tickmark.audit.ranges import packed, spread
from tickmark.evidence.models import Connection
from tickmark.kernel import clock
from tickmark.kernel.errors import Invalid
from tickmark.report import actions as report
from tickmark.report.disclosure import Disclosure
from tickmark.report.models import BundleContents, Report
from tickmark.report.papers import Paper


@given(st.sets(st.integers(0, 400)))
def test_ranges_give_back_what_was_packed_and_are_as_few_as_can_be(numbers: set[int]) -> None:
    ranges = packed(numbers)
    assert list(spread(ranges)) == sorted(numbers)
    assert len(ranges) == sum(number - 1 not in numbers for number in numbers)
    assert json.loads(json.dumps(ranges)) == ranges


def cell(item, letter, verdict="met", note=""):
    return MarkIn(item=item.key, letter=letter, verdict=verdict, note=note)


def judged(procedure):
    """The verdict of every cell that was marked, as the grid, the paper in the report, and the list's counts have them."""
    table = queries.grid(procedure)
    verdicts = {place: mark.verdict for place, mark in table.marks.items()}
    paper = Paper(procedure, queries.workpaper(procedure))
    assert {place: mark.verdict for place, mark in paper.grid.marks.items()} == verdicts
    assert paper.tested == queries.counts(procedure)
    (line,) = queries.progress(type(procedure).objects.filter(pk=procedure.pk))
    counting = {a.letter for a in table.attributes if a.counts}
    waiting = sum(table.verdict(item.key, letter) == "pending" for item in table.items for letter in counting)
    assert (line.cells, line.open_cells) == (len(table.items) * len(counting), waiting)
    return verdicts


def test_what_is_met_is_one_row_and_what_needs_a_word_has_its_own(program):
    one = drawn(program)
    staff, items = program.actor("staff"), one.items
    marks = [cell(item, letter) for item in items for letter in "BC"]
    marks[0] = cell(items[0], "B", "deviation", "Nobody approved.")
    marks[3] = cell(items[1], "C", "met", "Seen live.")
    audit.mark_many(staff, one.procedure, marks)
    sheet = MarkSheet.objects.get()
    places = [item.position for item in items]
    assert sheet.met == {"B": packed(places[1:]), "C": packed([places[0], *places[2:]])}
    rows = list(Mark.objects.order_by("pk").values_list("item__key", "attribute__letter", "verdict", "note"))
    assert rows == [
        (items[0].key, "B", "deviation", "Nobody approved."),
        (items[1].key, "C", "met", "Seen live."),
    ]
    expected = {(mark.item, mark.letter): mark.verdict for mark in marks}
    assert judged(one.procedure) == expected
    assert {mark.by for mark in queries.grid(one.procedure).marks.values()} == {program.cast.staff}


def test_whoever_marks_anew_is_counted_and_the_earlier_mark_stays_readable(program, client):
    one = drawn(program)
    staff, item = program.actor("staff"), one.items[0]
    audit.mark_many(staff, one.procedure, [cell(row, "B") for row in one.items])
    audit.mark(staff, item, one.letters["B"], "deviation", "The approval came after the merge.")
    assert judged(one.procedure)[item.key, "B"] == "deviation"
    with pytest.raises(Invalid, match="was a deviation; another verdict needs a note"):
        audit.mark_many(staff, one.procedure, [cell(item, "B")])
    audit.mark_many(staff, one.procedure, [cell(item, "B", note="The clock of the forge was an hour ahead.")])
    assert judged(one.procedure)[item.key, "B"] == "met"
    audit.mark_many(staff, one.procedure, [cell(row, "B") for row in one.items])
    assert MarkSheet.objects.count() == 2
    assert Mark.objects.filter(item=item).count() == 3, "a cell with marks of its own gets another one"
    text = w.page(
        client, program.cast.staff, f"/audit/{program.engagement.code}/tests/{one.procedure.ref}/{item.ref}"
    )
    told = [text.count(words) for words in ("<b>Met</b>", "before: met", "before: deviation")]
    assert told == [1, 2, 1]


@pytest.mark.parametrize("seed", range(12))
def test_any_order_of_marks_gives_the_verdicts_that_one_by_one_would(program, seed):
    import random

    chance, one = random.Random(seed), drawn(program)
    staff, expected = program.actor("staff"), {}
    verdicts = [str(verdict) for verdict in MarkVerdict]
    for _ in range(6):
        cells = {}
        for item in chance.sample(one.items, chance.randint(1, len(one.items))):
            letter, verdict = chance.choice("BC"), chance.choice(["met", *verdicts, "met"])
            plain = verdict in ("met", "pending") and expected.get((item.key, letter)) != "deviation"
            cells[item.key, letter] = (
                item,
                letter,
                verdict,
                "" if plain and chance.random() < 0.8 else "A word.",
            )
        if chance.random() < 0.3:
            item, letter, verdict, note = chance.choice(list(cells.values()))
            audit.mark(staff, item, one.letters[letter], verdict, note)
            expected[item.key, letter] = verdict
        else:
            audit.mark_many(staff, one.procedure, [cell(*line) for line in cells.values()])
            expected |= {place: line[2] for place, line in cells.items()}
        assert judged(one.procedure) == expected
    deviating = {key for (key, _), verdict in expected.items() if verdict == "deviation"}
    assert {item.key for item in queries.grid(one.procedure).deviating_items} == deviating


def test_a_sheet_is_work_and_clears_a_signature(program):
    one = drawn(program)
    staff = program.actor("staff")
    before = queries.workpaper(one.procedure).digest
    audit.mark_many(staff, one.procedure, [cell(item, "B") for item in one.items])
    file = queries.workpaper(one.procedure)
    assert file.digest != before
    assert program.cast.staff.pk in file.preparers
    assert one.procedure.pk in queries.worked_on(program.cast.staff, [one.procedure.pk])


def test_a_check_that_finds_all_met_leaves_a_sheet_that_names_its_run(program, client):
    one, run = census(program, 3, 3)
    audit.mark_by_check(program.actor("staff"), one.procedure, one.letters["B"], run)
    assert not Mark.objects.exists()
    assert MarkSheet.objects.get().check_run == run
    address = f"/audit/{program.engagement.code}/tests/{one.procedure.ref}/{one.items[1].ref}"
    assert "Approved by another person" in w.page(client, program.cast.staff, address), (
        "in the words of the run"
    )
    (conf.HOME / "files" / run.verdicts_file[:2] / run.verdicts_file).unlink()
    text = w.page(client, program.cast.staff, address)
    assert f"The words of {run.ref} cannot be read" in text and "Record the mark" in text
    issued = Report(engagement=program.engagement, recorded_at=clock.now())
    assert Disclosure(issued, BundleContents.FILE).check_runs() == [run], "the firm's file shows what decided"
    assert Disclosure(issued, BundleContents.REPORT).check_runs() == []


def test_a_second_run_that_overturns_the_first_says_why_in_the_mark(program):
    one, run = census(program, 3, 1)
    staff, letter = program.actor("staff"), one.letters["B"]
    audit.mark_by_check(staff, one.procedure, letter, run)
    before = {item.key: queries.grid(one.procedure).verdict(item.key, "B") for item in one.items}
    assert sorted(before.values()) == ["deviation", "met", "pending"]
    forge = Connection.objects.get(code="forge")  # read again, and it shows more
    better = check_run(program, one, [one.population, pulls(program, 3, forge)])
    audit.mark_by_check(staff, one.procedure, letter, better)
    rows = {mark.item.key: mark for mark in Mark.objects.filter(check_run=better).select_related("item")}
    assert sorted(rows) == sorted(key for key, verdict in before.items() if verdict != "met")
    assert {mark.verdict for mark in rows.values()} == {"met"}
    assert all("Approved by another person" in mark.note for mark in rows.values())


def test_whoever_only_marked_a_sheet_does_not_review_the_quality(program):
    one, lead = drawn(program), program.cast.auditor
    with writing(program.cast.partner, "auditor"):
        TeamMember(engagement=program.engagement, user=lead, role="quality").save()
    assert not queries.worked_on(lead, [one.procedure.pk])
    audit.mark_many(program.actor("auditor"), one.procedure, [cell(item, "B") for item in one.items])
    with pytest.raises(Invalid, match="You worked on this engagement"):
        report.review_quality(program.actor("auditor"), program.engagement, "Fine.")
