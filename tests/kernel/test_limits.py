"""Allowances are counted once for all processes, and come back with the next window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tickmark.kernel import limits
from tickmark.kernel.limits import Limit, Lots, TooMany

NOON = datetime(2026, 3, 2, 12, 0, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def noon(db):
    """Half a minute after noon."""
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def test_an_allowance_is_used_up_and_comes_back_with_the_window(noon):
    assert [limits.take("join", "ada", 3, 60) for _ in range(5)] == [True, True, True, False, False]
    assert limits.take("join", "ben", 3, 60) and limits.take("copy", "ada", 3, 60)
    noon.shift(30)
    assert [limits.take("join", "ada", 3, 60) for _ in range(4)] == [True, True, True, False]


def test_a_refusal_says_when_to_come_again():
    limits.need("join", "ada", 1, 60)
    with pytest.raises(TooMany) as refused:
        limits.need("join", "ada", 1, 60)
    assert (refused.value.status, refused.value.wait, refused.value.remedy) == (
        429,
        30,
        "Wait 30 seconds and try again.",
    )


def test_two_processes_share_one_allowance():
    """Each takes lots of five of an allowance of twenty: together they get twenty and no more."""
    one, other = (Lots("api", 20, 60, lot=5) for _ in range(2))

    def granted(lots: Lots) -> bool:
        try:
            lots.need("token")
        except TooMany:
            return False
        return True

    got = [granted(lots) for _ in range(30) for lots in (one, other)]
    assert sum(got) == 20


def test_most_calls_cost_no_write(django_assert_num_queries):
    lots = Lots("api", 1000, 60, lot=20)
    lots.need("token")
    with django_assert_num_queries(0):
        for _ in range(19):
            lots.need("token")


def test_who_is_counted_is_not_kept_in_clear():
    limits.take("join", "203.0.113.7", 3, 60)
    assert "203" not in Limit.objects.get().key


def test_old_windows_are_removed(noon):
    limits.take("join", "ada", 3, 60)
    assert limits.prune() == 0
    noon.shift(timedelta(days=1, minutes=2))
    assert limits.prune() == 1
