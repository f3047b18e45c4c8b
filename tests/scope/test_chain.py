"""The chain of periods: domain.md 9.3 and the check values of 11."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tickmark.scope.chain import Days, break_between, chain_breaks, next_period

some_days = st.dates(date(2020, 1, 1), date(2030, 12, 31))


def test_the_next_period() -> None:
    assert next_period(date(2026, 6, 30)) == Days(date(2026, 7, 1), date(2027, 6, 30))
    assert next_period(date(2026, 10, 31), 6) == Days(date(2026, 11, 1), date(2027, 4, 30))


def test_gaps_and_overlaps_in_a_chain() -> None:
    one = Days(date(2025, 1, 1), date(2025, 12, 31))
    assert chain_breaks([Days(date(2026, 1, 1), date(2026, 12, 31)), one]) == []
    assert [found.what for found in chain_breaks([one, Days(date(2026, 2, 1), date(2026, 12, 31))])] == [
        "No period covers 2026-01-01 to 2026-01-31."
    ]
    assert [found.what for found in chain_breaks([one, Days(date(2025, 12, 1), date(2026, 11, 30))])] == [
        "Two periods cover 2025-12-01 to 2025-12-31."
    ]


@given(some_days, st.lists(st.integers(1, 15), min_size=1, max_size=6))
def test_periods_made_one_after_the_other_never_break(end: date, lengths: list[int]) -> None:
    chain = [Days(end - timedelta(days=100), end)]
    for months in lengths:
        chain.append(next_period(chain[-1].end, months))
    assert chain_breaks(chain) == []
    assert sum((one.end - one.start).days + 1 for one in chain) == (chain[-1].end - chain[0].start).days + 1


@given(some_days, st.integers(-40, 40))
def test_a_break_names_exactly_the_days_that_none_or_two_cover(end: date, shift: int) -> None:
    one = Days(end - timedelta(days=99), end)
    other = Days(end + timedelta(days=1 + shift), end + timedelta(days=100 + shift))
    found = break_between(one, other)
    days = (found.end - found.start).days + 1 if found else 0
    assert days == abs(shift)
    assert (found.name if found else "") == ("gap" if shift > 0 else "overlap" if shift < 0 else "")
