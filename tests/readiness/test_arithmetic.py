"""Dates a founder can believe, severities and freshness: domain.md 7.2 and 7.5."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickmark.kernel.errors import Invalid
from tickmark.readiness import arithmetic
from tickmark.readiness.arithmetic import Answer, Freshness, Limit, Need, OpenGap, Severity, Step

TODAY = date(2026, 11, 16)
some_days = st.dates(date(2026, 1, 1), date(2027, 12, 31))


def test_the_latest_need_decides_the_start() -> None:
    needs = [
        Need("AC-04", date(2026, 3, 2)),
        Need("POL-01 approved", date(2026, 4, 1)),
        Need("CHG-02", date(2026, 1, 5)),
    ]
    assert arithmetic.earliest_start(needs) == Answer(
        date(2026, 4, 1),
        date(2026, 4, 1),
        (
            Step(date(2026, 1, 5), "CHG-02: there since 2026-01-05"),
            Step(date(2026, 3, 2), "AC-04: there since 2026-03-02"),
            Step(date(2026, 4, 1), "POL-01 approved: there since 2026-04-01", True),
        ),
    )


def test_an_unknown_need_leaves_the_start_unknown() -> None:
    found = arithmetic.earliest_start([Need("AC-04", date(2026, 3, 2)), Need("AC-06", None)])
    assert (found.day, found.not_before) == (None, date(2026, 3, 2))
    assert found.steps[-1] == Step(None, "AC-06: not there yet")


def test_a_start_needs_something() -> None:
    with pytest.raises(Invalid):
        arithmetic.earliest_start([])


@given(st.lists(st.builds(Need, st.text(max_size=5), st.none() | some_days), min_size=1, max_size=12))
def test_no_need_is_lost_and_none_lies_after_the_start(needs: list[Need]) -> None:
    found = arithmetic.earliest_start(needs)
    assert len(found.steps) == len(needs)
    assert (found.day is None) is any(need.since is None for need in needs)
    assert found.day is None or all(need.since <= found.day for need in needs if need.since)
    assert arithmetic.earliest_start(reversed(needs)) == found


def test_the_last_grave_gap_decides_when_a_company_is_ready() -> None:
    gaps = [
        OpenGap("GAP-1", Severity.HIGH, date(2026, 12, 1)),
        OpenGap("GAP-2", Severity.CRITICAL, date(2026, 11, 20)),
        OpenGap("GAP-3", Severity.MEDIUM, date(2027, 5, 1)),
    ]
    assert arithmetic.expected_ready(gaps, TODAY) == Answer(
        date(2026, 12, 1),
        date(2026, 12, 1),
        (
            Step(TODAY, "today"),
            Step(date(2026, 11, 20), "GAP-2 (critical): due on 2026-11-20"),
            Step(date(2026, 12, 1), "GAP-1 (high): due on 2026-12-01", True),
            Step(date(2027, 5, 1), "GAP-3 (medium): does not hold the start"),
        ),
    )


def test_without_grave_gaps_the_company_is_ready_today() -> None:
    assert arithmetic.expected_ready([], TODAY) == Answer(
        TODAY, TODAY, (Step(TODAY, "no open gap holds the start", True),)
    )


@pytest.mark.parametrize(
    ("due", "reason"),
    [
        (None, "GAP-1 (high): no day is agreed"),
        (date(2026, 11, 15), "GAP-1 (high): was due on 2026-11-15 and is still open; agree on a new day"),
    ],
)
def test_a_day_nobody_can_believe_is_unknown(due: date | None, reason: str) -> None:
    gaps = [OpenGap("GAP-1", Severity.HIGH, due), OpenGap("GAP-2", Severity.HIGH, date(2026, 12, 1))]
    found = arithmetic.expected_ready(gaps, TODAY)
    assert (found.day, found.not_before) == (None, date(2026, 12, 1))
    assert Step(None, reason) in found.steps


def test_a_gap_due_today_is_still_believed() -> None:
    assert arithmetic.expected_ready([OpenGap("GAP-1", Severity.HIGH, TODAY)], TODAY).day == TODAY


def test_a_firm_may_let_medium_gaps_hold() -> None:
    gap = OpenGap("GAP-3", Severity.MEDIUM, date(2027, 5, 1))
    assert arithmetic.expected_ready([gap], TODAY, Severity.MEDIUM).day == date(2027, 5, 1)


def test_severity_is_impact_times_likelihood() -> None:
    found = {(i, p): arithmetic.score(i, p).name for i in (1, 2, 3) for p in (1, 2, 3)}
    assert found == {
        (1, 1): "LOW",
        (1, 2): "LOW",
        (1, 3): "MEDIUM",
        (2, 1): "LOW",
        (2, 2): "MEDIUM",
        (2, 3): "HIGH",
        (3, 1): "MEDIUM",
        (3, 2): "HIGH",
        (3, 3): "CRITICAL",
    }


@pytest.mark.parametrize("pair", [(0, 1), (1, 4), (-3, -3)])
def test_a_score_outside_its_scale_is_refused(pair: tuple[int, int]) -> None:
    with pytest.raises(Invalid):
        arithmetic.score(*pair)


@pytest.mark.parametrize(
    ("kind", "days"),
    [
        ("policy", 365),
        ("risk_assessment", 365),
        ("penetration_test", 365),
        ("access_review", 107),
        ("vulnerability_scan", 31),
        ("vendor_review", 365),
        ("training", 365),
        ("recovery_test", 365),
        ("restore_test", 365),
        ("configuration", 7),
        ("configuration_at_date", 30),
        ("organisation_chart", 90),
        ("diagram", 365),
    ],
)
def test_a_record_is_fresh_up_to_its_limit(kind: str, days: int) -> None:
    ages = (0, days, days + 1)
    found = [arithmetic.freshness(kind, TODAY - timedelta(days=age), TODAY) for age in ages]
    assert [arithmetic.verdict(one) for one in found] == ["pass", "pass", "fail"]
    assert found[1].until == TODAY


def test_subservice_reports_and_bridge_letters_count_in_months() -> None:
    assert arithmetic.freshness("subservice_report", date(2025, 11, 16), TODAY).fresh is True
    assert arithmetic.freshness("subservice_report", date(2025, 11, 15), TODAY).fresh is False
    assert arithmetic.freshness("bridge_letter", date(2026, 8, 31), date(2026, 11, 30)).fresh is True
    assert arithmetic.freshness("bridge_letter", date(2026, 8, 31), date(2026, 12, 1)).fresh is False


def test_a_population_is_run_within_three_days_after_the_period() -> None:
    end = date(2026, 10, 31)
    found = [
        arithmetic.freshness("population", end + timedelta(days=after), end).fresh for after in (0, 1, 3, 4)
    ]
    assert found == [False, True, True, False]


def test_an_unknown_date_is_undetermined() -> None:
    found = arithmetic.freshness("policy", None, TODAY)
    assert (found, arithmetic.verdict(found)) == (
        Freshness(None, None, "its date is not known"),
        "undetermined",
    )


def test_what_is_yet_to_come_is_not_fresh() -> None:
    assert arithmetic.freshness("policy", TODAY + timedelta(days=1), TODAY).fresh is False


def test_a_firm_may_set_its_own_limits() -> None:
    assert arithmetic.freshness("policy", date(2026, 1, 1), TODAY, {"policy": Limit(180)}).fresh is False
    with pytest.raises(Invalid, match="no freshness limit"):
        arithmetic.freshness("horoscope", TODAY, TODAY)
