"""Every page of the example company as it was lived: whatever links lead to, as people of both sides."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.journeys.browsing import DESK, Faults, window
from tests.journeys.cast import AUDIT_LEAD, COMPLIANCE, EMPLOYEE, PARTNER, QUALITY
from tests.journeys.sweeping import ACCOUNTS, AFTERWARDS, UNUSED, links, look, routes, visited

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SIDES = ((COMPLIANCE, EMPLOYEE), (AUDIT_LEAD, PARTNER, QUALITY))
COMPARE = "import django; django.setup(); from tests.controls.replay import main; raise SystemExit(main(40))"
READER = {"copy"}
"""The road's customer visits it: its address is shown once."""
BEGINNING = {"interview", "interview-chapter", "interview-draft"}
"""Whoever begins with the interview comes to these: the journey of setting up does."""


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
    seen = visited(faults) | READER | BEGINNING | AFTERWARDS | {UNUSED}
    left = {
        name: shape for name, shape in routes().items() if name not in seen and not ACCOUNTS.search(shape)
    }
    assert left == {}, "No link leads there."


def test_the_programme_of_any_day_of_the_example_is_a_replay_of_its_entries(
    demo: str, demo_home: Path
) -> None:
    """As of random days of its period, and as it was known at random sizes of its log (domain.md 0.4, rule 23)."""
    root = Path(__file__).parents[2]
    known = {name: value for name, value in os.environ.items() if not name.startswith("TICKMARK_")}
    path = os.pathsep.join([str(root), str(root / "src")])
    own = {"TICKMARK_HOME": str(demo_home), "DJANGO_SETTINGS_MODULE": "tickmark.settings", "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, "-c", COMPARE],
        env=known | own, cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
