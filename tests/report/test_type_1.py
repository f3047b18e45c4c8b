"""A Type 1: the same code for a period of one day, without tests, results and DC 9."""

from __future__ import annotations

import json
from datetime import date
from types import SimpleNamespace

import pytest

from tests.deeds import writing
from tests.report import build
from tests.report.build import DAY, SECTION_I
from tickmark.audit import actions as audit
from tickmark.audit.models import Engagement, Opinion, ProcedureKind, TeamMember
from tickmark.kernel import files
from tickmark.kernel.errors import Conflict
from tickmark.report import actions as report
from tickmark.report.queries import completeness, draft, problems
from tickmark.report.template_check import check_report_data
from tickmark.scope.models import Period, ReportType

pytestmark = pytest.mark.database


@pytest.fixture
def made(world):
    """An engagement as of 31 October 2026, walked through and signed."""
    with writing(world.cast.founder):
        period = Period(
            system=world.system, type=ReportType.TYPE_1, start=date(2026, 10, 31), end=date(2026, 10, 31)
        )
        period.save()
        engagement = Engagement(
            code="2026-t1", system=world.system, period=period, firm="Fennimore & Oake LLP", categories=["security"],
            criteria_set="tsc-2017-2022", method="default-2026",
        )  # fmt: skip
        engagement.save()
        for name, role in (("auditor", "lead"), ("staff", "staff"), ("partner", "partner")):
            TeamMember(engagement=engagement, user=getattr(world.cast, name), role=role).save()
    made = SimpleNamespace(**{**vars(world), "engagement": engagement, "period": period}, procedures={})
    build.described(made)
    build.governed(made)
    build.independent(made)
    for version in (made.governance, made.control_version):
        test = audit.prepare(
            made.actor("staff"), engagement, version, ProcedureKind.INSPECTION, "Inspected one."
        )
        audit.walk_through(made.actor("staff"), test, "The owner", DAY, "Followed one.", True, True)
        build.sign(made, test)
    build.judged(made)
    build.asserted(made)
    build.represented(made)
    return made


def opined(made) -> None:
    clean = Opinion.Form.UNMODIFIED
    text = SECTION_I.replace("## Description of tests of controls\nThey stand in Section IV.\n", "")
    audit.opine(made.actor("partner"), made.engagement, clean, clean, text, DAY, "Portland, Oregon")


def test_it_is_issued_without_tests_and_without_dc_9(made):
    opined(made)
    assert [one.what for one in problems(made.engagement, DAY) if one.blocks] == []
    row = report.issue(made.actor("partner"), made.engagement, DAY)
    data = json.loads(files.read(row.data))
    assert check_report_data(data) == []
    cover = data["cover"]
    assert (cover["type"], cover["start"], cover["end"], cover["as_of"]) == (1, None, None, "2026-10-31")
    assert {len(one["tests"]) for one in data["testing"]["controls"]} == {0}
    assert data["description"]["changes"] == []
    assert [one.id for one in completeness(data, "2026-t1")][-1] == "DC 8"


def test_a_control_that_nobody_walked_through_stops_it(made):
    opined(made)
    audit.prepare(
        made.actor("staff"), made.engagement, made.governance, ProcedureKind.INSPECTION, "Another look."
    )
    assert [one.kind for one in problems(made.engagement, DAY)] == ["conclusion"]
    with pytest.raises(Conflict, match="has no walkthrough"):
        report.issue(made.actor("partner"), made.engagement, DAY)


def test_an_engagement_without_a_quality_reviewer_needs_no_review(made):
    opined(made)
    assert "quality" not in {one.kind for one in problems(made.engagement, DAY)}
    assert draft(made.actor("staff"), made.engagement, DAY)["cover"]["issued"] is False
