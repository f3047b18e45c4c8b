"""The scope on a day: what is in force, what does not fit, who owes what, and a replay as judge."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.deeds import writing
from tickmark.kernel import clock
from tickmark.kernel.answers import due, steps_state
from tickmark.kernel.ledger.seal import seal
from tickmark.scope import actions, queries
from tickmark.scope.models import Commitment, ReportType
from tickmark.scope.queries import Scope

DAY = date(2025, 11, 1)


@pytest.fixture
def lead(program):
    return program.actor("lead")


def codes(program, day=None):
    return [one.code for one in Scope(program.system, day or clock.today()).findings]


def complete(program, lead):
    """Make the small programme whole: every finding has its remedy."""
    system = program.system
    actions.commit(lead, system, "C-1", "commitment", "security", "Safe", "Terms", DAY)
    for kind in ("infrastructure", "software", "people", "procedures", "data"):
        actions.place(lead, system, kind, kind, kind, DAY)
    following = date(2026, 11, 1)
    actions.set_period(lead, system, ReportType.TYPE_2, following, date(2027, 10, 31))
    version = actions.describe(lead, "ledger", "Ledger", "Northlight, Inc.", "Books", ["security"], DAY)
    actions.approve(program.actor("founder"), version)


def test_a_whole_scope_has_no_finding(program, lead):
    complete(program, lead)
    assert codes(program, date(2026, 12, 1)) == []


def test_each_finding_names_what_does_not_fit(program, lead):
    complete(program, lead)
    system, day = program.system, date(2026, 12, 1)
    plain = actions.add_vendor(lead, "desk", "Desk", "Tickets", DAY).vendor
    actions.add_vendor(lead, "host", "Host", "Cloud", DAY, True, "carve-out", ["CC6.4"])
    actions.commit(lead, system, "C-2", "commitment", "privacy", "Private", "Notice", DAY)
    actions.assume(lead, system, "S-1", "csoc", "Keep", ["CC6.1"], DAY, plain)
    actions.assume(lead, system, "U-1", "cuec", "Do", ["P1.1"], DAY)
    actions.set_aside(lead, system, "C1.1", "None", DAY)
    actions.place(lead, system, "data", "data", "data", DAY, withdrawn=True)
    actions.describe(lead, "ledger", "Ledger", "N", "Books", ["security", "availability"], DAY)
    with writing(program.cast.lead):
        from tickmark.scope.models import Exclusion

        Exclusion(system=system, what="Old", reason="x", until=date(2026, 1, 1)).save()
    assert codes(program, day) == [
        "category-without-commitment",
        "commitment-without-category",
        "subservice-without-csoc",
        "subservice-without-monitoring",
        "csoc-without-subservice",
        "kind-without-component",
        "complement-out-of-scope",
        "set-aside-out-of-scope",
        "exclusion-past-its-day",
        "not-approved",
    ]


def test_every_finding_leads_to_a_page_that_exists(program, lead):
    from django.urls import resolve

    for finding in Scope(program.system, clock.today()).findings:
        assert resolve(finding.url.partition("#")[0])
        assert finding.what.endswith(".")
        assert finding.why
        assert finding.remedy


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2025, 1, 1), "first"),
        (date(2025, 11, 1), "first"),
        (date(2026, 10, 31), "first"),
        (date(2026, 11, 1), "second"),
        (date(2029, 1, 1), "second"),
    ],
)
def test_the_period_of_a_day(program, lead, day, expected):
    second = actions.set_period(
        lead, program.system, ReportType.TYPE_2, date(2026, 11, 1), date(2027, 10, 31)
    )
    found = Scope(program.system, day).period
    assert found == {"first": program.period, "second": second}[expected]


def test_a_replaced_period_is_left_out_but_known_at_its_time(program, lead):
    size = seal().size
    new = actions.set_period(
        lead, program.system, ReportType.TYPE_2, DAY, date(2026, 11, 30), replaces=program.period
    )
    seal()
    assert list(queries.periods(program.system)) == [new]
    assert list(queries.periods(program.system, known=size)) == [program.period]


def test_an_exclusion_is_listed_on_every_day(program, lead):
    row = actions.exclude(lead, program.system, "Beta", "Not sold")
    today = clock.today()
    assert Scope(program.system, date(2020, 1, 1)).exclusions == [row]
    assert queries.exclusion_state(row, today) == "in force"
    assert queries.exclusion_state(row, today - timedelta(days=1)) == "recorded later"
    actions.end_exclusion(lead, row, "Sold")
    ended = Scope(program.system, today).exclusions[0]
    assert queries.exclusion_state(ended, today) == "ended"


# -- the road and the tasks ---------------------------------------------------------------------------------------


def test_the_step_is_done_when_approved_with_promises_behind_it(program, lead):
    today = clock.today()
    assert steps_state(lead, today)["scope"] == "current"
    complete(program, lead)
    assert steps_state(lead, today)["scope"] == "done"
    assert steps_state(lead, today - timedelta(days=1))["scope"] == "current"
    actions.describe(lead, "other", "Other", "N", "Books", ["security"], DAY)
    assert steps_state(lead, today)["scope"] == "current"


def test_the_sponsor_owes_an_approval_and_the_writer_does_not(program, lead):
    def owed(who):
        return [task.title for task in due(program.actor(who), clock.today()) if task.step == "scope"]

    actions.describe(lead, "ledger", "Ledger", "N", "Books", ["security"], clock.today())
    assert [owed(who) for who in ("founder", "lead", "owner", "employee", "auditor")] == [
        ["Approve the scope of Ledger"], [], [], [], []]  # fmt: skip
    newest = actions.describe(
        program.actor("founder"), "ledger", "Ledger", "N", "More", ["security"], clock.today()
    )
    assert owed("founder") == []
    assert newest.by == program.cast.founder


# -- a replay as judge --------------------------------------------------------------------------------------------

STEP = st.tuples(
    st.sampled_from(["A", "B", "C"]),
    st.integers(0, 60),
    st.sampled_from(["one", "two", "three"]),
    st.booleans(),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, max_size=12), days=st.lists(st.integers(-2, 62), min_size=1, max_size=4))
def test_the_programme_of_a_day_is_a_replay_of_its_facts(program, steps, days):
    """Whatever was written in whatever order, a day's answer is what a reader of the facts in turn would say."""
    from django.db import transaction

    with transaction.atomic():
        facts = []
        with writing(program.cast.lead):
            for code, offset, text, withdrawn in steps:
                Commitment(
                    system=program.system, code=code, kind="commitment", category="security", text=text,
                    source="x", effective_from=DAY + timedelta(days=offset), withdrawn=withdrawn,
                ).save()  # fmt: skip
                facts.append((code, offset, text, withdrawn))
        for offset in days:
            day = DAY + timedelta(days=offset)
            found = {one.code: one.text for one in queries.commitments(program.system, day)}
            assert found == replay(facts, offset)
        transaction.set_rollback(True)


def replay(facts, offset):
    """A naive reading: in the order of their days, then of their writing, each fact takes the place of the last."""
    standing = {}
    for code, since, text, withdrawn in sorted(facts, key=lambda fact: fact[1]):
        if since <= offset:
            standing[code] = None if withdrawn else text
    return {code: text for code, text in standing.items() if text is not None}
