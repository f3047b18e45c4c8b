"""The whole road on the example company, through pages only, as eleven characters and a customer; then every page."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.journeys import asking, company, reporting, testing
from tests.journeys.browsing import DESK, PHONE, Faults, window
from tests.journeys.cast import AUDIT_LEAD, COMPLIANCE, EMPLOYEE, PARTNER, QUALITY
from tests.journeys.sweeping import ACCOUNTS, UNUSED, links, look, routes, visited

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SIDES = ((COMPLIANCE, EMPLOYEE), (AUDIT_LEAD, PARTNER, QUALITY))
READER = {"copy"}
"""The road's customer visits it: its address is shown once."""
AFTERWARDS = {"deviation", "intake", "audit-grid", "audit-item", "policy-read"}
"""What only fieldwork brings: missing where the sweep is run alone, before the road was walked."""


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


def test_every_page_of_the_home_in_which_it_was_walked(browser: Browser, demo: str) -> None:
    """Whatever links lead to, as people of both sides, at two widths in both colours."""
    faults = Faults()
    with window(browser, demo, faults, viewport=DESK) as visitor:
        look(visitor, "/demo")
        for side in SIDES:
            done: set[str] = set()
            for name in side:
                visitor.goes("/demo")
                visitor.enters_as(name)
                found = links(visitor.context.request, demo, faults, name, "/demo")
                for path in [path for route, path in found.items() if route not in done or path == "/"]:
                    look(visitor, path)
                done |= set(found)
    faults.none()
    seen = visited(faults) | READER | {UNUSED}
    seen |= set() if "deviation" in seen else AFTERWARDS
    left = {
        name: shape for name, shape in routes().items() if name not in seen and not ACCOUNTS.search(shape)
    }
    assert left == {}, "No link leads there."
