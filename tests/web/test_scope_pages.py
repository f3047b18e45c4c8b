"""The overview of the scope: the picture with its table, and advice that shows nobody what is not theirs to see."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from tests.web.pages import HOSTILE, client
from tickmark.controls.actions import adopt
from tickmark.scope import actions
from tickmark.scope.actions.parts import Flow

DAY = date(2025, 11, 1)


@pytest.fixture
def placed(program):
    lead, system = program.actor("lead"), program.system
    actions.place(lead, system, "db", "infrastructure", "Database", DAY, owner=program.cast.owner)
    actions.place(lead, system, "app", "software", "Ledger", DAY, owner=program.cast.owner,
                  flows=[Flow(to="db", what="entries"), Flow(to="gone", what="mail")])  # fmt: skip
    return program


def page(program, who, address="/scope/"):
    return client(program, who).get(address).content.decode()


def test_the_picture_and_its_table_tell_the_same(placed):
    found = page(placed, "auditor")
    assert found.count('<rect class="part ') == 2
    assert found.count('<path class="flow"') == 1
    assert re.findall(r'<text class="number"[^>]*>(.*?)</text>', found) == ["1"]
    assert '<li><span class="number">1</span><span>Ledger' in found
    assert "Database: entries</span></li>" in found
    assert "<td>entries</td><td>Database</td><td>1</td>" in found
    undrawn = '<td><span class="fine">not drawn</span></td>'
    assert f"<td>mail</td><td>gone <b>(stands nowhere in the scope)</b></td>{undrawn}" in found
    assert "2 parts inside, 0 outside, 2 flows" in found


def test_a_picture_that_is_wider_than_its_place_says_that_it_goes_on(placed):
    assert '<p class="fine swipe">The picture goes on to the right' in page(placed, "lead")
    style = Path(finders.find("tickmark.css")).read_text()
    assert "@container (max-width: 39.9rem) { .swipe { display: block; } }" in style
    assert "animation-timeline: scroll(self inline)" in style


def test_the_picture_of_another_day_is_that_days(placed):
    actions.place(
        placed.actor("lead"),
        placed.system,
        "db",
        "infrastructure",
        "Database",
        date(2026, 5, 1),
        withdrawn=True,
    )
    assert page(placed, "lead", "/scope/?day=2026-04-30").count('<rect class="part ') == 2
    assert page(placed, "lead", "/scope/?day=2026-05-01").count('<rect class="part ') == 1


def test_hostile_names_stay_text_in_the_picture(placed):
    actions.place(placed.actor("lead"), placed.system, "x", "software", HOSTILE[:120], DAY,
                  flows=[Flow(to="db", what=HOSTILE)])  # fmt: skip
    found = page(placed, "lead")
    assert "<script>alert" not in found
    assert "&lt;script&gt;" in found


def test_without_components_the_page_says_what_belongs_there(program):
    assert "The boundary will be drawn here." in page(program, "lead")


def test_advice_links_to_its_remedy_for_those_who_may_do_it(placed):
    what, remedy = "Ledger passes mail on to gone", "or correct the flow.</a>"
    for who, linked in (("lead", True), ("founder", True), ("owner", False), ("auditor", False)):
        found = page(placed, who)
        assert what in found
        assert (remedy in found) is linked
    assert remedy not in page(placed, "lead", "/scope/?day=2026-01-01")


def test_advice_from_the_interview_is_for_the_company_alone(placed):
    lead = placed.actor("lead")
    actions.tell(lead, "ledger", {"role": "processor"})
    actions.describe(lead, "ledger", "Ledger", "N", "Books", ["security", "privacy"], date(2026, 10, 31))
    what = "Privacy is chosen, and the interview says"
    assert [who for who in ("founder", "lead", "owner", "auditor") if what in page(placed, who)] == [
        "founder", "lead", "owner"]  # fmt: skip


def test_a_monitoring_control_that_does_not_stand_is_missing_from_the_description(placed):
    lead, day = placed.actor("lead"), date(2026, 10, 31)
    told = "Monitoring controls in force.</b> Named, but not in force, for Host, Inc. (VND-03)."
    actions.add_vendor(lead, "host", "Host, Inc.", "Cloud", day, True, "carve-out", ["CC6.4"], "VND-03")
    assert told in page(placed, "lead", "/scope/description")
    adopt(lead, "VND-03", placed.cast.owner, day)
    found = page(placed, "lead", "/scope/description")
    assert told not in found
    assert "Named for each: VND-03." in found


def test_the_description_names_what_is_missing_and_links_to_where_it_is_said(placed):
    lead, auditor = (page(placed, who, "/scope/description") for who in ("lead", "auditor"))
    for found in (lead, auditor):
        assert "Principal service commitments.</b> None is recorded." in found
        assert "Could say it: Compliance lead (Lead)" in found
    assert 'href="/scope/describe"' in lead
    assert 'href="/scope/describe"' not in auditor
