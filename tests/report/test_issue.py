"""The road to issue, and what issuing freezes."""

from __future__ import annotations

import pytest

from tests.report.build import DAY, examined
from tickmark.report import actions as report
from tickmark.report.queries import problems

pytestmark = pytest.mark.database


def test_nothing_blocks_a_finished_examination(world):
    made = examined(world)
    assert [one.what for one in problems(made.engagement, DAY) if one.blocks] == []
    row = report.issue(made.actor("partner"), made.engagement, DAY)
    assert row.pdf
