"""Two lists against each other, and holes in runs of ids (domain.md 4.8; 10 cases 50 and 54)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tickmark.evidence.reconcile import (
    Hole,
    IdSequence,
    Reconciliation,
    duplicates,
    reconcile,
    reconcile_counts,
    sequence,
)

numbers = st.sets(st.integers(0, 300), min_size=1, max_size=60)


def test_lists_that_agree() -> None:
    assert reconcile(["A", "B"], ["B ", "A"]) == Reconciliation(
        2, 2, (), (), True, "The list holds 2 rows, the second source 2; the same keys."
    )


def test_each_side_names_what_the_other_lacks() -> None:
    assert reconcile(["A", "B"], ["B", "C", "D"], names=("the HR list", "payroll")) == Reconciliation(
        2,
        3,
        ("A",),
        ("C", "D"),
        False,
        "The HR list holds 2 rows, payroll 3; "
        "1 only in the HR list, 2 only in payroll, 0 of these explained.",
    )


def test_equal_counts_of_different_keys_do_not_agree() -> None:
    assert reconcile(["A"], ["B"]).agrees is False


def test_an_explained_difference_stays_listed() -> None:
    found = reconcile(["A", "T"], ["A"], {"T": "test record", "Z": "never differed"})
    assert (found.agrees, found.only_ours, found.explained) == (True, ("T",), {"T": "test record"})


def test_an_empty_reason_explains_nothing() -> None:
    assert reconcile(["A", "T"], ["A"], {"T": "  "}).agrees is False


def test_a_repeated_key_never_agrees() -> None:
    found = reconcile(["A", "A", "B"], ["A", "B"])
    assert (found.agrees, found.repeated) == (False, ("A",))
    assert found.sentence == (
        "The list holds 3 rows, the second source 2; "
        "the same keys, some of them more than once; 1 key repeated."
    )


def test_counts_agree_differ_or_are_unknown() -> None:
    assert reconcile_counts(412, 412).agrees is True
    assert reconcile_counts(200, 412).sentence == (
        "The list holds 200 rows, the second source 412: a difference of 212."
    )
    unknown = reconcile_counts(412, None)
    assert (unknown.agrees, unknown.theirs) == (None, None)
    assert unknown.sentence == "The list holds 412 rows; how many the second source holds is not known."


def test_duplicates_are_counted_after_cleaning() -> None:
    found = duplicates(["B", "A", "A ", "C", "B", "B"])
    assert list(found.items()) == [("A", 2), ("B", 3)]


def test_holes_are_listed_by_run() -> None:
    keys = ["CHG-0001", "CHG-0002", "CHG-0005", "CHG-0007", "INC-9", "INC-11", "hotfix"]
    assert sequence(keys) == IdSequence(
        (Hole("CHG-0003", "CHG-0004", 2), Hole("CHG-0006", "CHG-0006", 1), Hole("INC-10", "INC-10", 1)),
        ("hotfix",),
        "4 ids missing in 3 places; 1 key without a number.",
    )


def test_a_missing_beginning_and_end_show_when_the_bounds_are_known() -> None:
    found = sequence(["T-3", "T-4"], expected=["T-1", "T-6"])
    assert found.holes == (Hole("T-1", "T-2", 2), Hole("T-5", "T-6", 2))


def test_a_run_that_is_wholly_missing_shows() -> None:
    assert sequence(["T-8", "T-11"]).holes == (Hole("T-9", "T-10", 2),)
    assert sequence([], expected=["T-1", "T-3"]).holes == (Hole("T-1", "T-3", 3),)


@given(numbers, numbers)
def test_the_two_sides_account_for_every_key(ours: set[int], theirs: set[int]) -> None:
    found = reconcile(map(str, ours), map(str, theirs))
    assert {int(key) for key in found.only_ours} == ours - theirs
    assert {int(key) for key in found.only_theirs} == theirs - ours
    assert found.agrees is (ours == theirs)


@given(numbers)
def test_holes_and_keys_fill_the_run(present: set[int]) -> None:
    missing = set(range(min(present), max(present) + 1)) - present
    found = sequence(f"A-{number:04}" for number in present)
    listed = {n for hole in found.holes for n in range(int(hole.first[2:]), int(hole.last[2:]) + 1)}
    assert (listed, found.missing) == (missing, len(missing))
