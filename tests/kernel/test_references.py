"""How rows are named: by two letters and a number always, by a code where there is one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.deeds import writing
from tickmark.controls.models import Control
from tickmark.kernel.references import number, prefixes, reference, resolve, storable


def test_every_noun_has_two_letters_of_its_own() -> None:
    found = prefixes()
    assert all(len(prefix) == 2 and prefix.isupper() for prefix in found)
    assert len({model._meta.label for model in found.values()}) == len(found) > 70


def test_a_reference_names_its_row(program: Any) -> None:
    rows = Control.objects.all()
    assert resolve(rows, reference(program.control)) == program.control
    assert resolve(rows, "CHG-02") == program.control
    assert [
        resolve(rows, text) for text in ("CHG-03", "EV-1", "CT-0", "", "CT-" + "9" * 18, "CT-" + "9" * 40)
    ] == [None] * 6


def test_nobody_steps_before_a_row_by_giving_something_its_reference_as_a_code(program: Any) -> None:
    with writing(program.cast.founder):
        posing = Control(code=program.control.ref)
        posing.save()
    assert resolve(Control.objects.all(), program.control.ref) == program.control
    assert resolve(Control.objects.all(), posing.ref) == posing


def test_only_rows_of_the_question_are_found(program: Any) -> None:
    assert resolve(Control.objects.none(), "CHG-02") is None
    assert resolve(Control.objects.none(), program.control.ref) is None


@pytest.mark.parametrize("text", ["CT-1\n", " CT-1", "ct-1", "CT-+1", "CT-1.0", "CT-١", "CT--1", "EV-1"])
def test_what_only_looks_like_a_reference_is_none(text: str) -> None:
    assert number(Control, text) is None


@given(st.integers(min_value=0, max_value=10**18 - 1))
def test_a_number_is_read_back(value: int) -> None:
    assert number(Control, f"CT-{value}") == value


@pytest.mark.parametrize(
    ("text", "found"), [("", True), ("ä€😀", True), ("a\x00", False), ("\udc00", False), ("\ud83d", False)]
)
def test_what_the_books_can_hold(text: str, found: bool) -> None:
    assert storable(text) is found
