"""Status logic of domain.md 11 and rules 16 to 20 of 0.4: what the counts allow, never a choice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickmark.audit import results
from tickmark.audit.results import AttributeCount, ControlCount, Counts, Mark, Result
from tickmark.kernel.errors import Conflict, Invalid

LEAVERS = {"A": ["HR-08"], "B": ["AC-04"], "C": ["AC-04"], "D": ["AC-04"], "E": ["HR-08", "PHY-01"], "F": []}

counts = st.builds(
    lambda tested, rest, deviations, pending: Counts(
        tested + rest, tested, min(deviations, tested), min(pending, tested)
    ),
    st.integers(0, 50),
    st.integers(0, 50),
    st.integers(0, 5),
    st.integers(0, 5),
)


def all_met(*items: str) -> dict[tuple[str, str], str]:
    return {(item, attribute): "met" for item in items for attribute in LEAVERS}


@pytest.mark.parametrize(
    ("tested", "expected"),
    [
        (Counts(0, 0, 0), (Result.DID_NOT_OPERATE,)),
        (Counts(180, 25, 0), (Result.NO_EXCEPTIONS,)),
        (Counts(180, 25, 2), (Result.EXCEPTIONS,)),
        (Counts(180, 180, 2, census=True), (Result.EXCEPTIONS,)),
        (Counts(180, 25, 0, pending=1), ()),
        (Counts(180, 25, 2, pending=1), ()),
        (Counts(180, 25, 0, findings=1), (Result.EXCEPTIONS,)),
        (Counts(0, 0, 0, findings=1), (Result.EXCEPTIONS,)),
        (Counts(180, 0, 0), (Result.NOT_TESTED,)),
        (Counts(None, 25, 0), (Result.NOT_TESTED,)),
        (Counts(None, 25, 2), (Result.EXCEPTIONS,)),
        (Counts(6, 0, 0, not_applicable=6), (Result.DID_NOT_OPERATE, Result.NOT_TESTED)),
        (Counts(6, 0, 0, not_applicable=5), (Result.NOT_TESTED,)),
        (Counts(180, 25, 0, procedures=frozenset(results.PROCEDURES)), (Result.NO_EXCEPTIONS,)),
        (Counts(180, 25, 0, procedures=frozenset({"inquiry"})), (Result.NOT_TESTED,)),
        (Counts(180, 25, 0, procedures=frozenset({"inquiry", "observation"})), (Result.NO_EXCEPTIONS,)),
    ],
)
def test_admissible_results(tested: Counts, expected: tuple[Result, ...]) -> None:
    assert results.admissible(tested).results == expected


def test_a_type_1_report_has_no_results() -> None:
    assert results.admissible(Counts(180, 25, 0), report_type=1).results == ()


@given(counts)
def test_no_exceptions_is_never_open_beside_a_deviation_or_an_open_item(tested: Counts) -> None:
    allowed = results.admissible(tested).results
    clean = tested.tested > 0 and tested.deviations == 0 and tested.pending == 0
    assert (Result.NO_EXCEPTIONS in allowed) is clean
    assert results.admissible(tested).why


def test_a_result_outside_of_what_the_counts_allow_is_a_conflict() -> None:
    with pytest.raises(Conflict, match="“No exceptions noted” cannot be concluded"):
        results.require_admissible(Result.NO_EXCEPTIONS, Counts(180, 25, 2))
    with pytest.raises(Conflict, match="Finish the test first"):
        results.require_admissible(Result.NO_EXCEPTIONS, Counts(180, 25, 0, pending=3))
    with pytest.raises(Conflict, match="Conclude “Did not operate during the period” or “Not tested”"):
        results.require_admissible(Result.NO_EXCEPTIONS, Counts(6, 0, 0, not_applicable=6))
    results.require_admissible(Result.EXCEPTIONS, Counts(180, 25, 2))


def test_not_tested_needs_a_reason() -> None:
    with pytest.raises(Invalid, match="needs a reason"):
        results.require_admissible(Result.NOT_TESTED, Counts(180, 0, 0), "  ")
    results.require_admissible(Result.NOT_TESTED, Counts(180, 0, 0), "The system was retired.")


@pytest.mark.parametrize(
    "tested",
    [
        Counts(10, 11, 0),
        Counts(10, 5, 6),
        Counts(10, 5, 0, pending=6),
        Counts(10, 5, -1),
        Counts(10, 5, 0, census=True),
        Counts(None, 5, 0, census=True),
        Counts(10, 8, 0, not_applicable=3),
        Counts(10, 5, 0, procedures=frozenset({"guess"})),
    ],
)
def test_counts_that_cannot_be_are_refused(tested: Counts) -> None:
    with pytest.raises(Invalid):
        results.admissible(tested)


def test_a_census_counts_items_the_control_does_not_apply_to() -> None:
    assert results.admissible(Counts(10, 8, 0, not_applicable=2, census=True)).results == (
        Result.NO_EXCEPTIONS,
    )


def test_a_device_not_returned_is_a_deviation_of_one_control_only() -> None:
    marks = all_met("L-1") | {("L-1", "E"): "deviation"}
    found = {
        control: results.count_control(control, ["L-1"], LEAVERS, marks) for control in ("HR-08", "AC-04")
    }
    assert {control: count.deviations for control, count in found.items()} == {"HR-08": 1, "AC-04": 0}


def test_two_deviating_attributes_are_one_item_and_two_counts() -> None:
    marks = all_met("L-1", "L-2") | {
        ("L-1", "B"): "deviation",
        ("L-1", "C"): "deviation",
        ("L-2", "D"): "pending",
    }
    assert results.count_control("AC-04", ["L-1", "L-2"], LEAVERS, marks) == ControlCount(
        control="AC-04",
        tested=2,
        deviations=1,
        pending=1,
        not_applicable=0,
        deviating=("L-1",),
        attributes=(
            AttributeCount("B", 1, 1, 0, 0),
            AttributeCount("C", 1, 1, 0, 0),
            AttributeCount("D", 1, 0, 0, 1),
        ),
    )


def test_a_missing_mark_is_pending_never_met() -> None:
    found = results.count_control("AC-04", ["L-1"], LEAVERS, {})
    assert (found.tested, found.deviations, found.pending) == (1, 0, 1)


def test_an_item_the_control_does_not_apply_to_was_not_tested() -> None:
    marks = all_met("L-1", "L-2") | {("L-2", attribute): "not_applicable" for attribute in "BCD"}
    found = results.count_control("AC-04", ["L-1", "L-2"], LEAVERS, marks)
    assert (found.tested, found.not_applicable) == (1, 1)


def test_a_fact_is_told_and_counted_against_nobody() -> None:
    marks = all_met("L-1") | {("L-1", "F"): "deviation"}
    assert results.count_facts(["L-1"], LEAVERS, marks) == (AttributeCount("F", 0, 1, 0, 0),)
    controls = ("HR-08", "AC-04", "PHY-01")
    assert [results.count_control(control, ["L-1"], LEAVERS, marks).deviations for control in controls] == [
        0,
        0,
        0,
    ]


@pytest.mark.parametrize(
    "marks",
    [
        {("L-9", "A"): "met"},
        {("L-1", "Z"): "met"},
        {("L-1", "A"): "ok"},
    ],
)
def test_marks_that_do_not_belong_are_refused(marks: dict[tuple[str, str], str]) -> None:
    with pytest.raises(Invalid):
        results.count_control("AC-04", ["L-1"], LEAVERS, marks)


def test_a_grid_without_sense_is_refused() -> None:
    with pytest.raises(Invalid, match="states none"):
        results.count_control("CHG-02", ["L-1"], LEAVERS, {})
    with pytest.raises(Invalid, match="twice"):
        results.count_control("AC-04", ["L-1", "L-1"], LEAVERS, {})


@given(st.lists(st.lists(st.sampled_from(list(Mark)), min_size=6, max_size=6), max_size=20))
def test_counts_agree_with_each_other(grid: list[list[Mark]]) -> None:
    items = [f"L-{number}" for number in range(len(grid))]
    marks = {
        (item, name): mark
        for item, row in zip(items, grid, strict=True)
        for name, mark in zip(LEAVERS, row, strict=True)
    }
    found = results.count_control("AC-04", items, LEAVERS, marks)
    per_attribute = [count.deviations for count in found.attributes]
    assert max(per_attribute, default=0) <= found.deviations <= sum(per_attribute)
    assert found.tested + found.not_applicable == len(items)
    assert all(
        one.met + one.deviations + one.not_applicable + one.pending == len(items) for one in found.attributes
    )


def test_pieces_of_sentences() -> None:
    assert [results.share(n, 5) for n in (0, 2, 5)] == ["0 of 5", "2 of 5", "5 of 5"]
    assert results.share(2, 25) == "2 of 25"
    assert results.share(1 + 2, 25 + 15) == "3 of 40"
    assert results.tested_items(180, 180, "leavers") == "For all 180 leavers"
    assert results.tested_items(25, 180, "leavers") == "For a sample of 25 leavers"
    assert results.exception_items(2, 25, 180, "leavers") == "For 2 of 25 leavers sampled"
    assert results.exception_items(2, 180, 180, "leavers") == "For 2 of 180 leavers"


def test_headings() -> None:
    assert [results.heading(result) for result in Result] == [
        "No exceptions noted.",
        "Exceptions noted.",
        "Did not operate during the period.",
        "Not tested.",
    ]
    assert results.heading(Result.EXCEPTIONS, 1) == "Exception noted."


@pytest.mark.parametrize(
    "call",
    [
        lambda: results.share(3, 2),
        lambda: results.tested_items(0, 5, "leavers"),
        lambda: results.tested_items(6, 5, "x"),
    ],
)
def test_sentences_that_cannot_be_true_are_refused(call) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Invalid):
        call()
