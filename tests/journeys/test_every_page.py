"""Every route of the program, visited by axe at two widths in both colours as a character whom it is for."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.journeys.browsing import Faults, window
from tests.journeys.sweeping import links, look, routes

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.journey]

COMPANY = ("Imogen Tarrow", "Rosalind Achterberg", "Casimir Dunmore", "Anneke Solberg", "Felix Brandywine")
AUDITORS = ("Gideon Marsh-Okafor", "Priya Stallworth", "Helena Fennimore", "Bartholomew Oake")

ELSEWHERE = {
    "welcome": "the empty home's first page",
}
"""Pages that no link of a demo home leads to, and where they are visited instead."""


def test_every_page_of_the_demo_home(browser: Browser, demo: str) -> None:
    faults, seen = Faults(), set()
    with window(browser, demo, faults) as visitor:
        look(visitor, "/demo")
        for side in (COMPANY, AUDITORS):
            done: set[str] = set()
            for name in side:
                visitor.goes("/demo")
                visitor.enters_as(name)
                found = links(visitor.context.request, demo, faults, name)
                for route, path in found.items():
                    if route not in done or path == "/":
                        look(visitor, path)
                done |= set(found)
            seen |= done
    missing = {name: shape for name, shape in routes().items() if name not in seen and name not in ELSEWHERE}
    for name, shape in missing.items():
        faults.add(shape, f"no link leads to {name}")
    faults.none()
