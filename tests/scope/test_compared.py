"""The scope of two days side by side is the difference of what stood on them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.web.pages import client, fill
from tickmark.kernel import clock
from tickmark.scope import actions
from tickmark.scope.compared import Compared

DAY = date(2025, 11, 1)
LATER = date(2026, 5, 1)


@pytest.fixture
def lead(program):
    return program.actor("lead")


def told(compared):
    return {title: [(one.what, one.item.code, [name for name, *_ in one.fields]) for one in rows]
            for title, rows in compared.changes}  # fmt: skip


def test_what_is_new_changed_and_gone(program, lead):
    system = program.system
    other = actions.describe(lead, "other", "Other", "N", "Books", ["security"], DAY).system
    actions.commit(lead, system, "C-1", "commitment", "security", "Safe", "Terms", DAY)
    actions.commit(lead, system, "C-2", "commitment", "security", "Sound", "Terms", DAY)
    actions.place(lead, system, "db", "infrastructure", "Database", DAY)
    actions.add_vendor(lead, "host", "Host", "Cloud", LATER)
    actions.commit(lead, system, "C-1", "commitment", "security", "Safer", "Terms", LATER)
    actions.commit(lead, system, "C-2", "commitment", "security", "Sound", "Terms", LATER, withdrawn=True)
    actions.place(lead, system, "db", "infrastructure", "Database", LATER, owner=program.cast.owner)
    actions.place(lead, other, "x", "software", "Elsewhere", LATER)
    assert told(Compared(system, DAY, LATER)) == {
        "Commitments and requirements": [
            ("changed", "ledger/C-1", ["text"]),
            ("withdrawn", "ledger/C-2", []),
        ],
        "Components": [("changed", "ledger/db", ["owner"])],
        "Vendors": [("new", "host", ["name", "service"])],
    }
    assert told(Compared(system, DAY, LATER - timedelta(days=1))) == {}
    before = told(Compared(system, DAY - timedelta(days=1), DAY))
    assert [what for rows in before.values() for what, *_ in rows] == ["new"] * 4
    assert list(before) == ["The system", "Commitments and requirements", "Components"]


def test_exclusions_are_told_by_where_they_stood(program, lead):
    today = clock.today()
    row = actions.exclude(lead, program.system, "Beta", "Not sold")
    found = Compared(program.system, today - timedelta(days=1), today).exclusions
    assert [(one.exclusion, one.before, one.after) for one in found] == [(row, "recorded later", "in force")]
    assert Compared(program.system, today, today).exclusions == []


# -- the page -----------------------------------------------------------------------------------------------------


def test_the_page_tells_both_days_in_words(program, lead):
    actions.place(lead, program.system, "db", "infrastructure", "Database", DAY)
    flows = [actions.parts.Flow(to="db", what="entries")]
    actions.place(lead, program.system, "db", "infrastructure", "Database", LATER, inside=False,
                  owner=program.cast.owner, flows=flows)  # fmt: skip
    browser = client(program, "auditor")
    page = browser.get(f"/scope/history?from={LATER}&to={DAY}").content.decode()
    for words in (
        "Inside the boundary",
        "<del>yes</del>",
        "<ins>no</ins>",
        "<ins>Owner</ins>",
        "<ins>Database: entries</ins>",
    ):
        assert words in page
    same = browser.get(f"/scope/history?from={LATER}&to={LATER}").content.decode()
    assert "Nothing in the scope differs between 1 May 2026 and 1 May 2026." in same


def test_a_day_that_is_none_is_refused(program):
    found = client(program, "lead").get("/scope/history?from=2026-02-30")
    assert found.status_code == 422
    assert b"is not a day" in found.content


def test_it_costs_the_same_for_few_and_for_many(program, lead):
    fill(program)
    few = queries(program)
    for number in range(5):
        actions.place(
            lead, program.system, f"n-{number}", "software", f"N {number}", DAY, owner=program.cast.owner
        )
    assert queries(program) == few


def queries(program):
    """How many queries the page asks once what surrounds it is remembered."""
    browser = client(program, "lead")
    browser.get("/scope/")
    with CaptureQueriesContext(connection) as found:
        browser.get("/scope/history?from=2025-01-01")
    return len(found)
