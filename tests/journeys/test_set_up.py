"""From empty books to an approved scope with every criterion covered: in one sitting, through pages only."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.journeys import founding
from tests.journeys.browsing import DESK, PHONE, Faults, window
from tests.journeys.founding import Counted
from tests.journeys.running import up

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MOST = 150
"""Clicks, choices and typed fields of both people together."""


@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone"])
def test_from_empty_books_to_a_covered_scope(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory, size: Any, scheme: Any
) -> None:
    faults = Faults()
    with (
        up(tmp_path_factory.mktemp("set-up") / "home") as address,
        window(browser, address, faults, viewport=size, color_scheme=scheme) as first,
        window(browser, address, faults, viewport=size, color_scheme=scheme) as second,
    ):
        founder, lead = Counted(first), Counted(second)
        founding.begins(founder)
        founding.joins(lead, founding.invites(founder))
        founding.is_interviewed(lead)
        founding.records_the_draft(lead)
        founding.sets_the_period(lead)
        founding.approves(founder)
        founding.says_what_is_done(lead)
        founding.is_covered(lead)
        founding.adopts_the_policies(lead)
        founding.weighs_a_point(lead)
        deeds = founder.deeds + lead.deeds
        founding.is_asked_of_the_kind(lead)
    faults.none()
    print(f"{deeds} interactions")
    assert deeds <= MOST
