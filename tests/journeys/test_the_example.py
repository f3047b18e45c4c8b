"""Every page of the example company as it was lived: whatever links lead to, as people of both sides."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.journeys.browsing import DESK, Faults, window
from tests.journeys.cast import AUDIT_LEAD, COMPLIANCE, EMPLOYEE, PARTNER, QUALITY
from tests.journeys.sweeping import ACCOUNTS, AFTERWARDS, UNUSED, links, look, routes, visited

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SIDES = ((COMPLIANCE, EMPLOYEE), (AUDIT_LEAD, PARTNER, QUALITY))
READER = {"copy"}
"""The road's customer visits it: its address is shown once."""


def test_every_page_of_the_example(browser: Browser, demo: str) -> None:
    """Each page at two widths in both colours, and every route of the resolver among them."""
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
    seen = visited(faults) | READER | AFTERWARDS | {UNUSED}
    left = {
        name: shape for name, shape in routes().items() if name not in seen and not ACCOUNTS.search(shape)
    }
    assert left == {}, "No link leads there."
