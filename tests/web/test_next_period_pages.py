"""The pages of the next period and of a Type 1: what each side is offered, and what a Type 1 never shows."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.deeds import writing
from tests.web.pages import client, seen
from tickmark.audit import actions as audit
from tickmark.audit.models import Engagement, ProcedureKind, TeamEnd, TeamMember
from tickmark.scope import actions as scope
from tickmark.scope.models import Period, ReportType

pytestmark = pytest.mark.database
DAY = date(2025, 11, 1)


def page(program: Any, who: str, address: str) -> str:
    answer = client(program, who).get(address)
    assert answer.status_code == 200, (who, address, answer.status_code)
    return str(answer.content.decode())


def test_who_sees_the_next_period_and_who_opens_it(program: Any) -> None:
    found = seen(program, "/upkeep/next")
    assert {who: found[who] for who in ("founder", "lead", "owner", "auditor")} == dict.fromkeys(
        ("founder", "lead", "owner", "auditor"), 200
    )
    assert found["visitor"].startswith("/account/login")
    offered = {
        who: "upkeep.roll_forward" in page(program, who, "/upkeep/next")
        for who in ("founder", "lead", "owner", "auditor")
    }
    assert offered == {"founder": True, "lead": True, "owner": False, "auditor": False}
    assert "begins on 1 Nov 2026" in page(program, "owner", "/upkeep/next")
    assert "The next period begins on 1 Nov 2026" in page(program, "lead", "/upkeep/")


def test_one_button_opens_it_and_the_examination_is_a_draft_to_adopt(program: Any) -> None:
    browser = client(program, "lead")
    answer = browser.post(
        "/do/upkeep.roll_forward",
        {"period": program.period.ref, "end": "2027-10-31", "next": "/upkeep/next"},
    )
    assert answer.status_code in (200, 302, 303)
    made = Period.objects.get(start=date(2026, 11, 1))
    html = page(program, "lead", "/upkeep/next")
    assert "The next period is open" in html
    assert "upkeep.roll_forward" not in html
    assert "/audit/?follows=2026" in html
    draft = page(program, "lead", "/audit/?follows=2026")
    assert 'value="soc2-2027"' in draft
    assert 'value="Fennimore &amp; Oake LLP"' in draft
    assert f'value="{made.ref}" selected' in draft
    assert f'value="{program.engagement.ref}" selected' in draft


def test_the_lead_is_offered_to_take_the_next_engagement_up(program: Any) -> None:
    founder = program.actor("founder")
    period = scope.set_period(
        founder, program.system, ReportType.TYPE_2, date(2026, 11, 1), date(2027, 10, 31)
    )
    audit.open_engagement(
        founder, "2027", program.system, period, program.engagement.firm, follows=program.engagement
    )
    assert "audit.take_up" in page(program, "auditor", "/audit/2027/")
    assert "audit.take_up" not in page(program, "founder", "/audit/2027/")
    assert client(program, "staff").get("/audit/2027/").status_code == 404
    client(program, "auditor").post("/do/audit.take_up", {"engagement": "2027", "next": "/audit/2027/"})
    assert [one.user for one in TeamMember.objects.filter(engagement__code="2027")] == [program.cast.auditor]


def test_a_member_leaves_the_team_by_a_button(program: Any) -> None:
    member = TeamMember.objects.get(engagement=program.engagement, user=program.cast.staff)
    assert "audit.end_member" in page(program, "auditor", "/audit/2026/")
    assert "audit.end_member" not in page(program, "staff", "/audit/2026/")
    assert "audit.end_member" not in page(program, "founder", "/audit/2026/")
    client(program, "auditor").post("/do/audit.end_member", {"member": member.ref, "next": "/audit/2026/"})
    assert TeamEnd.objects.get().member == member


@pytest.fixture
def first(program: Any) -> Engagement:
    """A Type 1 with one control prepared."""
    founder = program.actor("founder")
    period = scope.set_period(founder, program.system, ReportType.TYPE_1, DAY, DAY)
    row = audit.open_engagement(founder, "2025-t1", program.system, period, "Fennimore & Oake LLP")
    with writing(program.cast.founder):
        for name, role in (("auditor", "lead"), ("staff", "staff"), ("partner", "partner")):
            TeamMember(engagement=row, user=getattr(program.cast, name), role=role).save()
    return row


def test_a_type_1_shows_no_lists_no_draws_and_no_results(program: Any, first: Engagement) -> None:
    test = audit.prepare(
        program.actor("staff"), first, program.control_version, ProcedureKind.INSPECTION, "Followed one."
    )
    whole = page(program, "auditor", "/audit/2025-t1/")
    assert ("As of" in whole, "1 Nov 2025" in whole, "data-nonce" in whole, 'name="commitment"' in whole) == (
        True,
        True,
        False,
        False,
    )
    paper = page(program, "staff", f"/audit/2025-t1/tests/{test.ref}")
    assert "Record the walkthrough" in paper
    for part in ('id="population"', 'id="draw"', 'id="tested"', 'id="conclusion"', "audit.conclude"):
        assert part not in paper, part
    asked = page(program, "staff", f"/audit/2025-t1/tests/new?control_version={program.control_version.ref}")
    assert ('name="shape"' in asked, 'name="attributes"' in asked) == (False, False)
    listed = page(program, "staff", "/audit/2025-t1/tests")
    assert ("Open cells" in listed, "A test of one for each control" in listed) == (False, True)
    assert 'name="operation"' not in page(program, "partner", "/report/2025-t1/opinion")
    assert "as of 1 Nov 2025" in page(program, "lead", "/report/2025-t1/")
