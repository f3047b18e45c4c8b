"""The whole road on the example company, through pages only, as eleven characters and a customer."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.journeys import asking, company, reporting, testing
from tests.journeys.browsing import DESK, PHONE, Faults, window
from tests.journeys.cast import AUDIT_LEAD, COMPLIANCE
from tests.journeys.sweeping import AFTERWARDS, links, look

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_the_road_from_scope_to_a_verified_bundle(browser: Browser, demo: str, tmp_path: Path) -> None:
    faults = Faults()
    with (
        window(browser, demo, faults, viewport=DESK) as who,
        window(browser, demo, faults, viewport=PHONE) as phone,
    ):
        company.scope(who)
        company.control(who)
        company.policy(who, phone)
        company.evidence(who, tmp_path)
        company.many(who, tmp_path)
        company.gap(who)
        kept = asking.keeps(who, tmp_path)
        asking.request(who)
        asking.open_requests(who)
        testing.lock_and_draw(who)
        testing.mark(who)
        testing.deviations(who)
        reporting.respond(who)
        testing.conclude(who)
        testing.criteria(who)
        reporting.description(who)
        reporting.opinion(who)
        reporting.letters(who)
        reporting.quality(who)
        reporting.issue(who)
        report = reporting.pdf(who)
        bundle = reporting.bundle(who, tmp_path)
        with window(browser, demo, faults, viewport=DESK) as customer:
            assert reporting.copy(who, customer) == report.read_bytes()
        text = reporting.words(report)
    facts = (testing.LATE, testing.UNSEEN, testing.UNREVIEWED, testing.UNKNOWN, *testing.OUTSIDE.values())
    for words in (*facts, reporting.RESPONSE, company.EXCLUDED):
        assert words in text, f"The report lacks: {words}"
    assert company.PROMISED not in text, "What was promised after the period is no part of its report."
    assert reporting.verify_by_script(bundle, kept, tmp_path) == "The bundle HOLDS: nothing found wrong."
    assert reporting.verify_by_page(browser, bundle, kept, tmp_path).startswith("This bundle holds\n")
    faults.none()


def test_every_page_that_only_fieldwork_brings(browser: Browser, demo: str) -> None:
    """What the example as it was lived does not lead to; every other page of it has a test of its own beside this one."""
    faults, seen = Faults(), set()
    with window(browser, demo, faults, viewport=DESK) as visitor:
        for name in (COMPLIANCE, AUDIT_LEAD):
            visitor.goes("/demo")
            visitor.enters_as(name)
            found = links(visitor.context.request, demo, faults, name, "/demo")
            for route in sorted((found.keys() & AFTERWARDS) - seen):
                look(visitor, found[route])
                seen.add(route)
    faults.none()
    assert seen == AFTERWARDS, "No link leads there."
