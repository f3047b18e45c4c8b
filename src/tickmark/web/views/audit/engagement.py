"""One engagement: its team, its plan, what happened; and the conclusions on its criteria."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tickmark.audit import queries
from tickmark.audit.methods import method as firm_method
from tickmark.audit.models import (
    Commission,
    CriterionConclusion,
    Engagement,
    Opinion,
    Procedure,
    TeamRole,
)
from tickmark.kernel.access import may, visible
from tickmark.kernel.errors import NotFound
from tickmark.people.models import Invitation, User
from tickmark.scope.criteria import applicable
from tickmark.web.views.audit.events import events
from tickmark.web.views.audit.finding import actor_of, context, engagement_of

MET = [("true", "Met"), ("false", "Not met")]
ROLES = [(role.value, role.label) for role in TeamRole]


def engagement(request: HttpRequest, code: str) -> HttpResponse:
    """The engagement's page."""
    row, actor = engagement_of(request, code), actor_of(request)
    team = queries.members(row)
    colleagues = (
        visible(actor, User).filter(side="auditor")
        if actor.side == "auditor"
        else visible(actor, User).none()
    )
    more = {
        "team": team,
        "mine": [one for one in team if one.user_id == actor.user.pk and not hasattr(one, "independence")],
        "invited": _invited(actor, row),
        "may_invite": may(actor, "audit.invite", engagement=row),
        "may_add": may(actor, "audit.add_member", engagement=row),
        "roles": ROLES,
        "colleagues": [(one.email, str(one)) for one in colleagues.order_by("name")],
        "commission": visible(actor, Commission).filter(engagement=row).select_related("by").first(),
        "may_take_up": may(actor, "audit.take_up", engagement=row),
        "may_end": {one.pk for one in team if len(team) > 1 and may(actor, "audit.end_member", member=one)},
        "follows_link": row.follows_id and visible(actor, Engagement).filter(pk=row.follows_id).exists(),
        "plan_note": "the seed of every draw is bound before any list is locked" if row.nonce_needed else "",
        "may_plan": may(actor, "audit.plan", engagement=row),
        "method": firm_method(row.method),
        "events": events(actor, [row], 20),
    }
    return render(request, "audit/engagement.html", context(request, row, "", **more))


def _invited(actor: Any, row: Engagement) -> list[Invitation]:
    """Invitations to this engagement that nobody took up yet, as far as the reader may see them."""
    names = (row.code, row.ref)
    return list(
        visible(actor, Invitation).filter(side="auditor", engagement__in=names, use=None).order_by("pk")
    )


def criteria(request: HttpRequest, code: str) -> HttpResponse:
    """A conclusion on each criterion: a decision of its own beside the tests that bear on it."""
    row, actor = engagement_of(request, code), actor_of(request)
    if actor.side != "auditor":
        raise NotFound("There is no such page.", "", "Start again from the engagement.")
    tests = queries.progress(visible(actor, Procedure).filter(engagement=row))
    standing = {
        one.criterion: one
        for one in visible(actor, CriterionConclusion)
        .filter(engagement=row)
        .select_related("by")
        .order_by("pk")
    }
    rows = [_criterion(one, tests, standing) for one in applicable(row.categories, row.criteria_set)]
    more = {
        "rows": rows,
        "done": sum(bool(one["conclusion"]) for one in rows),
        "may_conclude": may(actor, "audit.conclude_criterion", engagement=row),
        "may_opine": may(actor, "audit.opine", engagement=row),
        "opinions": visible(actor, Opinion).filter(engagement=row).select_related("by").order_by("-pk"),
        "forms": Opinion.Form.choices,
        "type_2": row.of_type_2,
        "met": MET,
        "columns": [{"label": label} for label in ("Criterion", "Tests", "Conclusion", "Decide")],
    }
    return render(request, "audit/criteria.html", context(request, row, "criteria", **more))


def _criterion(
    one: Any, tests: list[queries.Progress], standing: dict[str, CriterionConclusion]
) -> dict[str, Any]:
    bearing = [test for test in tests if one.id in test.procedure.control_version.criteria]
    return {
        "id": one.id,
        "title": one.title,
        "tests": bearing,
        "conclusion": standing.get(one.id),
        "unsigned": [test for test in bearing if "reviewed" not in test.signed],
    }
