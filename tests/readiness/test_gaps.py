"""What a gap is, where it stands, and which word the open ones give together."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickmark.readiness.arithmetic import OpenGap, Severity
from tickmark.readiness.gaps import (
    CONDITIONS,
    NOT_READY,
    READY,
    Decisions,
    Gap,
    Level,
    State,
    decided,
    key_of,
    open_gaps,
    ordered,
    word_of,
)
from tickmark.readiness.heat import Cell, Piece, line, outside, uncovered

DAY = date(2026, 6, 1)
LATER, BEFORE = DAY + timedelta(days=10), DAY - timedelta(days=10)


def gap(**given: Any) -> Gap:
    """A grave gap of a state that stands, unless something else is given."""
    plain = {
        "key": "coverage:x", "level": Level.COVERAGE, "title": "x", "fact": "x", "recommendation": "x", "impact": 3,
        "likelihood": 3, "url": "/",
    }  # fmt: skip
    return Gap(**{**plain, **given})


@pytest.mark.parametrize(
    ("decisions", "newest", "state"),
    [
        (Decisions(), None, State.OPEN),
        (Decisions(due=LATER), None, State.PLANNED),
        (Decisions(due=DAY), None, State.PLANNED),
        (Decisions(due=BEFORE), None, State.LATE),
        (Decisions(due=BEFORE, done_on=DAY), None, State.DONE),
        (Decisions(due=BEFORE, done_on=BEFORE, rechecked=False, rechecked_on=DAY), BEFORE, State.FAILED),
        (Decisions(due=BEFORE, done_on=BEFORE, rechecked=True, rechecked_on=DAY), BEFORE, State.HOLDS),
        (Decisions(due=BEFORE, done_on=BEFORE, rechecked=True, rechecked_on=BEFORE), DAY, State.FAILED),
        (Decisions(due=BEFORE, done_on=BEFORE, rechecked=True, rechecked_on=DAY), None, State.FAILED),
        (Decisions(accepted_until=DAY), None, State.ACCEPTED),
        (Decisions(accepted_until=BEFORE), None, State.OPEN),
    ],
)
def test_where_a_gap_stands(decisions: Decisions, newest: date | None, state: State) -> None:
    assert gap(decisions=decisions, newest=newest).state(DAY) == state


def test_a_recheck_closes_what_happened_but_never_what_still_stands() -> None:
    told = Decisions(done_on=BEFORE, rechecked=True, rechecked_on=DAY)
    assert not gap(decisions=told, newest=BEFORE).holds(DAY)
    assert gap(decisions=told).holds(DAY)
    assert gap(decisions=told, newest=LATER).holds(DAY)


@pytest.mark.parametrize(
    ("gaps", "word"),
    [
        ([], READY),
        ([gap()], NOT_READY),
        ([gap(impact=2, likelihood=3, verdict="undetermined")], NOT_READY),
        ([gap(impact=2, likelihood=2)], CONDITIONS),
        ([gap(decisions=Decisions(accepted_until=DAY))], CONDITIONS),
        ([gap(decisions=Decisions(accepted_until=BEFORE))], NOT_READY),
        ([gap(decisions=Decisions(due=LATER))], NOT_READY),
        ([gap(newest=BEFORE, decisions=Decisions(done_on=BEFORE, rechecked=True, rechecked_on=DAY))], READY),
    ],
)
def test_the_word(gaps: list[Gap], word: str) -> None:
    assert word_of(gaps, DAY) == word


def test_a_person_may_set_the_severity_and_the_arithmetic_follows() -> None:
    lowered = gap(decisions=Decisions(severity=Severity.LOW, due=LATER))
    assert (gap().severity, lowered.severity, lowered.word) == (Severity.CRITICAL, Severity.LOW, "low")
    assert open_gaps([lowered, gap(decisions=Decisions(accepted_until=DAY))], DAY) == [
        OpenGap("x", Severity.LOW, LATER)
    ]


def test_gravest_first_then_by_level_and_title() -> None:
    rows = [gap(title="b", impact=1), gap(title="z", level=Level.PEOPLE), gap(title="c"), gap(title="a")]
    assert [row.title for row in ordered(rows)] == ["a", "c", "z", "b"]
    assert decided([gap()], {"coverage:x": Decisions(due=LATER)})[0].decisions.due == LATER


@given(st.lists(st.text(max_size=60), max_size=5))
def test_a_key_fits_an_address_and_a_column(parts: list[str]) -> None:
    key = key_of(Level.SCOPE, *parts)
    assert len(key) <= 120 and key.startswith("scope")
    assert all(letter.isascii() and (letter.isalnum() or letter in ".-:") for letter in key)


# -- the map ----------------------------------------------------------------------------------------------------------

FIRST, LAST = date(2026, 1, 1), date(2026, 1, 6)


def cells(*pieces: Piece) -> str:
    """The first letters of the days."""
    return "".join(cell.value[0] for cell in line("x", "x", FIRST, LAST, pieces).cells)


def test_the_graver_of_two_shows() -> None:
    met = Piece(FIRST, LAST, Cell.MET)
    failed = Piece(date(2026, 1, 3), date(2026, 1, 3), Cell.FAILED)
    unknown = Piece(date(2026, 1, 2), date(2026, 1, 4), Cell.UNDETERMINED)
    assert cells(met, failed, unknown) == cells(unknown, failed, met) == "mufumm"


def test_days_out_of_the_window_are_left_away() -> None:
    assert (
        cells(
            Piece(date(2025, 12, 1), date(2026, 1, 2), Cell.MET),
            Piece(date(2026, 1, 6), date(2026, 2, 1), Cell.FAILED),
        )
        == "mmqqqf"
    )
    assert cells(Piece(date(2025, 1, 1), date(2025, 2, 1), Cell.MET)) == "qqqqqq"


def test_what_no_version_and_what_no_evidence_covers() -> None:
    spans = [(date(2026, 1, 4), date(2026, 1, 4)), (date(2026, 1, 2), date(2026, 1, 2))]
    assert cells(*outside(FIRST, LAST, spans)) == "nqnqnn"
    assert [piece.cell for piece in uncovered(FIRST, LAST, spans)] == [Cell.NO_EVIDENCE] * 3


@given(
    st.lists(
        st.tuples(
            st.dates(date(2025, 12, 25), date(2026, 1, 12)), st.integers(0, 9), st.sampled_from(list(Cell))
        )
    )
)
def test_nothing_unseen_is_drawn_as_a_pass(pieces: list[tuple[date, int, Cell]]) -> None:
    made = [Piece(first, first + timedelta(days=length), cell) for first, length, cell in pieces]
    drawn = line("x", "x", FIRST, LAST, made)
    assert len(drawn.cells) == 6
    for at, word in enumerate(drawn.drawn):
        day = FIRST + timedelta(days=at)
        there = {piece.cell for piece in made if piece.start <= day <= piece.end}
        assert word != "pass" or not there & {Cell.FAILED, Cell.UNDETERMINED, Cell.NO_EVIDENCE}
