"""Every list of people, scope and controls asks the same number of questions for one row as for many."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.web.pages import client, fill
from tickmark.controls import actions as controls
from tickmark.people import actions as people
from tickmark.people.models import Side
from tickmark.scope import actions as scope

DAY = date(2025, 11, 1)


def more(program, number):
    """One more of everything."""
    lead, founder, system = program.actor("lead"), program.actor("founder"), program.system
    n = str(number + 1)
    scope.commit(lead, system, f"C-9{n}", "commitment", "security", "Safe", "Terms", DAY)
    scope.place(lead, system, f"part-{n}", "software", "Part", DAY, owner=program.cast.reviewer)
    vendor = scope.add_vendor(
        lead, f"v-{n}", "Vendor", "Cloud", DAY, True, "carve-out", ["CC6.4"], "VND-03"
    ).vendor
    scope.assume(lead, system, f"S-{n}", "csoc", "Locks", ["CC6.4"], DAY, vendor)
    scope.set_aside(lead, system, f"CC7.{n}", "None", DAY)
    scope.end_exclusion(lead, scope.exclude(lead, system, "Beta", "Not sold"), "Sold")
    scope.report_event(lead, system, "change", date(2026, 3, 2), "Queue", "x", ["CC8.1"])
    controls.write(lead, f"GOV-9{n}", "T", "S", ["CC1.1"], "M", "P", "event", program.cast.reviewer, DAY)
    version = controls.write_policy(lead, f"POL-8{n}", "T", "1", "Text", program.cast.reviewer, DAY)
    controls.approve_policy(founder, version)
    controls.publish_policy(founder, version)
    spell = people.add(lead, f"P-9{n}", "Person", date(2024, 1, 1))
    people.depart(lead, spell, date(2025, 1, 1))
    people.invite(founder, f"more{n}@northlight.example", "More", Side.COMPANY, "owner")
    people.grant(founder, program.cast.employee, ["owner", "contributor", "reviewer"][number])
    people.make_token(founder, f"T{n}", ["read"])


LISTS = (
    "/people/", "/people/persons", "/account/tokens", "/scope/", "/scope/history", "/scope/commitments/",
    "/scope/components/", "/scope/vendors/", "/scope/complements/", "/scope/set-aside/", "/scope/exclusions/",
    "/scope/events/", "/controls/", "/controls/coverage", "/controls/library", "/controls/criteria/CC1.1", "/policies/",
    "/policies/library", "/policies/adopt", "/policies/POL-04/acknowledgements", "/policies/POL-04/", "/controls/AC-06/",
    "/people/list.csv", "/controls/list.csv", "/scope/vendors/list.csv", "/policies/list.csv",
)  # fmt: skip


def costs(browser):
    found = {}
    for page in LISTS:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert browser.get(page).status_code == 200, page
        found[page] = len(queries)
    return found


@pytest.mark.slow
def test_a_list_costs_the_same_for_one_row_and_for_many(program):
    fill(program)
    more(program, 0)
    browser = client(program, "founder")
    browser.get("/people/")  # what the shell keeps until the books change is asked once, before counting
    few = costs(browser)
    more(program, 1)
    more(program, 2)
    browser.get("/people/")
    assert costs(browser) == few
    assert max(few.values()) < 90
