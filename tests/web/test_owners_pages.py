"""The pages about owners: the chart, one person, everything handed over."""

from __future__ import annotations

import re
from datetime import date

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.web.pages import client, fill, seen
from tickmark.controls import actions as controls
from tickmark.people import actions as people
from tickmark.scope import actions as scope

DAY = date(2025, 11, 1)
PAGE = "/controls/owners"


def test_who_sees_the_chart(program):
    fill(program)
    expected = {"founder": 200, "lead": 200, "owner": 200, "employee": 404, "auditor": 200, "stranger": 404}
    for page in (PAGE, f"{PAGE}.csv", f"{PAGE}/{program.cast.owner.ref}"):
        found = seen(program, page)
        assert {who: found[who] for who in expected} == expected, page
    assert client(program, "lead").get(f"{PAGE}/{program.cast.auditor.ref}").status_code == 404
    assert client(program, "lead").get(f"{PAGE}/US-999999").status_code == 404


def test_the_chart_names_what_has_no_owner_and_what_somebody_gone_still_owns(program):
    fill(program)
    people.end_account(program.actor("founder"), program.cast.owner, "Gone")
    browser = client(program, "lead")
    page = browser.get(PAGE)
    text = page.content.decode()
    assert "The account of Owner is closed." in text
    assert "6 things need a new owner" in text
    assert page.context["orphans"] == 1
    listed = [line.held.code for line in browser.get(f"{PAGE}?state=no owner").context["list"].page]
    assert listed == ["hosting"]
    assert "account closed" in browser.get("/controls/").content.decode()
    exported = browser.get(f"{PAGE}.csv?kind=control").content.decode()
    assert "AC-06,User access review,control,Owner,,,,account closed" in exported


def test_everything_is_handed_over_on_the_page_of_a_person(program):
    fill(program)
    browser = client(program, "lead")
    where = f"{PAGE}/{program.cast.owner.ref}"
    assert 'action="/do/controls.hand_over_all"' in browser.get(where).content.decode()
    assert "hand_over_all" not in client(program, "owner").get(where).content.decode()
    given = {"user": program.cast.owner.ref, "to": program.cast.reviewer.ref, "effective_from": "2026-12-01",
             "reason": "", "next": where}  # fmt: skip
    assert browser.post("/do/controls.hand_over_all", given).headers["Location"] == where
    there = browser.get(f"{PAGE}/{program.cast.reviewer.ref}?day=2026-12-02")
    assert there.context["count"] == 4


def test_the_chart_costs_the_same_for_few_and_for_many(program):
    fill(program)
    browser = client(program, "lead")

    def count():
        browser.get(PAGE)
        with CaptureQueriesContext(connection) as found:
            browser.get(PAGE)
        return len(found)

    before = count()
    lead, cast = program.actor("lead"), program.cast
    for number in range(3):
        controls.write(
            lead, f"AC-8{number}", "T", "The lead does it.", ["CC6.1"], "M", "P", "event", cast.lead, DAY
        )
        scope.place(lead, program.system, f"c-{number}", "software", "C", DAY, owner=cast.reviewer)
        scope.add_vendor(lead, f"v-{number}", "V", "Mail", DAY, owner=cast.lead, backup_owner=cast.owner)
    assert count() == before


def test_nobody_is_led_to_a_page_that_is_not_theirs(program):
    fill(program)
    people.end_account(program.actor("founder"), program.cast.owner, "Gone")
    for who in ("lead", "owner", "auditor"):
        browser = client(program, who)
        for page in (PAGE, f"{PAGE}/{program.cast.owner.ref}"):
            if browser.get(page).status_code != 200:
                continue
            text = browser.get(page).content.decode()
            links = re.findall(r'href="(/(?:scope/(?:vendors|components)|policies|controls)/[^"?]+)"', text)
            assert {link: browser.get(link).status_code for link in links} == dict.fromkeys(links, 200), who
