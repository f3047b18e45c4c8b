"""A Type 1 engagement: a test of one, nothing drawn; and the engagement that follows another (domain.md 4.2, 8.4, 9.3)."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from tests.audit import world as w
from tickmark.audit import actions as audit
from tickmark.audit import queries
from tickmark.audit.actions.testing import AttributeIn
from tickmark.audit.models import (
    Engagement,
    ProcedureKind,
    Request,
    RequestKind,
    Result,
    SignOffStage,
    TeamMember,
    TeamRole,
)
from tickmark.kernel.access import visible
from tickmark.kernel.errors import Conflict, Invalid, NotFound, Refused
from tickmark.scope import actions as scope
from tickmark.scope.models import ReportType

FIRM = "Fennimore & Oake LLP"
DAY = date(2025, 11, 1)


@pytest.fixture
def first(program: Any) -> SimpleNamespace:
    """A Type 1 as of 1 November 2025, with the same team."""
    founder = program.actor("founder")
    period = scope.set_period(founder, program.system, ReportType.TYPE_1, DAY, DAY)
    engagement = audit.open_engagement(founder, "2025-t1", program.system, period, FIRM)
    from tests.deeds import writing

    with writing(program.cast.founder):
        for name, role in (("auditor", "lead"), ("staff", "staff"), ("partner", "partner")):
            TeamMember(engagement=engagement, user=getattr(program.cast, name), role=role).save()
    return SimpleNamespace(**{**vars(program), "engagement": engagement, "period": period})


def followed(program: Any, before: Engagement, code: str = "2027", firm: str = FIRM) -> Engagement:
    period = scope.set_period(
        program.actor("founder"), program.system, ReportType.TYPE_2, date(2026, 11, 1), date(2027, 10, 31)
    )
    return audit.open_engagement(program.actor("founder"), code, program.system, period, firm, follows=before)


def test_its_plan_needs_no_nonce_and_keeps_none(first: Any) -> None:
    made = audit.plan(first.actor("auditor"), first.engagement, "a" * 64, "Each control once.")
    assert (made.commitment, made.plan) == ("", "Each control once.")


def test_nothing_is_drawn_from_a_list(first: Any) -> None:
    with pytest.raises(Invalid, match="no populations and no samples") as error:
        audit.prepare(
            first.actor("staff"),
            first.engagement,
            first.control_version,
            ProcedureKind.INSPECTION,
            "Inspected changes.",
            shape="changes",
            attributes=[AttributeIn(letter="A", text="Approved")],
        )
    assert error.value.field == "shape"


def test_the_walkthrough_is_what_is_signed_and_no_result_is_concluded(first: Any) -> None:
    staff, lead = first.actor("staff"), first.actor("auditor")
    test = audit.prepare(
        staff, first.engagement, first.control_version, ProcedureKind.INSPECTION, "Followed one."
    )
    with pytest.raises(Invalid, match="has no walkthrough"):
        audit.sign_off(staff, test, SignOffStage.PREPARED)
    audit.walk_through(staff, test, "The owner", DAY, "One change.", True, True)
    with pytest.raises(Conflict, match="no results of tests"):
        audit.conclude(staff, test, Result.NO_EXCEPTIONS, "It was fine.")
    for actor, stage in ((staff, SignOffStage.PREPARED), (lead, SignOffStage.REVIEWED)):
        audit.sign_off(actor, test, stage)
    assert set(queries.workpaper(test).standing) == {"prepared", "reviewed"}


def test_the_usual_list_asks_for_no_population_and_no_sample(first: Any, program: Any) -> None:
    assert queries.usual_list(program.engagement) == "soc2-type2-sac" or first
    audit.ask_list(first.actor("auditor"), first.engagement, w.DUE)
    asked = Request.objects.filter(engagement=first.engagement)
    assert {row.kind for row in asked} <= {"policy", "configuration", "narrative"}
    assert {"T-01", "T-08", "T-09", "T-15"} <= {row.code for row in asked}
    assert not {row.kind for row in asked} & {RequestKind.POPULATION, RequestKind.SAMPLE}


# -- following


def test_the_lead_of_the_engagement_before_takes_the_next_one_up_and_staffs_it(program: Any) -> None:
    row = followed(program, program.engagement)
    lead, staff = program.actor("auditor"), program.actor("staff")
    assert row in visible(lead, Engagement)
    assert row not in visible(staff, Engagement)
    for name in ("staff", "quality"):
        with pytest.raises(NotFound):
            audit.take_up(program.actor(name), row)
    with pytest.raises(Refused):
        audit.take_up(program.actor("founder"), row)
    made = audit.take_up(lead, row)
    assert (made.user, made.role) == (program.cast.auditor, TeamRole.LEAD)
    with pytest.raises((Refused, NotFound)):
        audit.take_up(program.actor("partner"), row)
    audit.add_member(program.actor("auditor"), row, program.cast.staff, TeamRole.STAFF)
    assert [(one.user, hasattr(one, "independence")) for one in queries.members(row)] == [
        (program.cast.auditor, False),
        (program.cast.staff, False),
    ]


def test_only_the_same_firm_goes_on_and_only_once(program: Any) -> None:
    with pytest.raises(Invalid, match="another firm") as error:
        followed(program, program.engagement, firm="Other LLP")
    assert error.value.field == "follows"
    later = followed_period(program)
    audit.open_engagement(
        program.actor("founder"), "2027", program.system, later, FIRM, follows=program.engagement
    )
    with pytest.raises(Conflict, match="followed by 2027 already"):
        audit.open_engagement(
            program.actor("founder"), "2027-b", program.system, later, FIRM, follows=program.engagement
        )
    with pytest.raises(Invalid, match="does not come before"):
        audit.open_engagement(
            program.actor("founder"),
            "2026-b",
            program.system,
            program.period,
            FIRM,
            follows=Engagement.objects.get(code="2027"),
        )


def followed_period(program: Any) -> Any:
    from tickmark.scope.models import Period

    return Period.objects.get(start=date(2026, 11, 1))


def test_what_was_asked_is_asked_again_but_what_was_withdrawn_or_waits_for_a_draw(program: Any) -> None:
    staff, lead = program.actor("staff"), program.actor("auditor")
    for code, kind, served in (
        ("R-50", RequestKind.POPULATION, [program.control]),
        ("R-01", RequestKind.NARRATIVE, []),
        ("R-99", RequestKind.POLICY, []),
    ):
        audit.ask(staff, program.engagement, code, kind, f"Title of {code}", w.DUE, "Words", served)
    audit.withdraw(staff, Request.objects.get(code="R-99"), "Asked twice")
    row = followed(program, program.engagement)
    audit.take_up(lead, row)
    due = date(2027, 12, 1)
    audit.ask_again(program.actor("auditor"), row, due)
    asked = Request.objects.filter(engagement=row).order_by("pk")
    assert [(one.code, one.kind, one.title, one.detail, one.due_on) for one in asked] == [
        ("R-50", "population", "Title of R-50", "Words", due),
        ("R-01", "narrative", "Title of R-01", "Words", due),
    ]
    with pytest.raises(Invalid, match="nothing to ask again"):
        audit.ask_again(program.actor("auditor"), row, due)


def test_a_type_2_does_not_repeat_what_a_type_1_asked(first: Any) -> None:
    audit.ask_list(first.actor("auditor"), first.engagement, w.DUE)
    row = followed(first, first.engagement)
    audit.take_up(first.actor("auditor"), row)
    assert queries.repeatable(row) == []
