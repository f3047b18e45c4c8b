"""Who is on an engagement, and which controls it examines on which days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from django.db.models import QuerySet

from tickmark.audit.models import Engagement, TeamMember, TeamRole
from tickmark.controls import tested
from tickmark.controls.models import Control, ControlVersion
from tickmark.controls.queries import spans_over
from tickmark.kernel.access import holding
from tickmark.kernel.dated import Span
from tickmark.kernel.remembered import remembered
from tickmark.scope.models import Period

STEERING = (TeamRole.LEAD, TeamRole.PARTNER)


@holding("engagement")
def engagements_of(user: Any) -> Mapping[str, frozenset[int]]:
    """The engagements on whose team an account is now, by role; the empty role means any."""
    found: dict[str, set[int]] = defaultdict(set)
    for engagement, role in TeamMember.objects.filter(user=user, end=None).values_list("engagement", "role"):
        found[role].add(engagement)
        found[""].add(engagement)
    return {role: frozenset(ids) for role, ids in found.items()}


@holding("system")
def systems_of(user: Any) -> Mapping[str, frozenset[int]]:
    """The systems that an auditor examines."""
    rows = TeamMember.objects.filter(user=user, end=None).values_list("engagement__system", flat=True)
    return {"": frozenset(rows)}


def members(engagement: Engagement) -> list[TeamMember]:
    """The team as it is now, with their confirmations of independence."""
    rows = TeamMember.objects.filter(engagement=engagement, end=None)
    return list(rows.select_related("user", "independence").order_by("pk"))


def is_steered(engagement: Engagement) -> bool:
    """Whether a lead or partner has joined: from then on the firm staffs the team alone (domain.md 8.4)."""
    return TeamMember.objects.filter(engagement=engagement, role__in=STEERING).exists()


def controls_in_force(engagement: Engagement) -> QuerySet[Control]:
    """Controls with a version in force at some time of the engagement's period."""
    codes = {span.version.control_id for span in parts(engagement.period)}
    rows: QuerySet[Control] = Control.objects.filter(pk__in=codes).order_by("code")
    return rows


def parts(period: Period, control: Control | None = None) -> list[Span[ControlVersion]]:
    """Every control over the period as it was written: a change of what is tested makes two parts (rule 23).

    A new owner alone changes nothing that is tested or printed, so such versions are one part, named by the last.
    """
    if control is None:
        return _parts(period.start, period.end)
    rows = ControlVersion.objects.filter(control=control).select_related("control", "owner")
    return tested.parts(rows.over(period.start, period.end))


@remembered
def _parts(start: date, end: date) -> list[Span[ControlVersion]]:
    return tested.parts(ControlVersion.objects.select_related("control", "owner").over(start, end))


def untested(engagement: Engagement, versions: Collection[int]) -> list[Span[ControlVersion]]:
    """The parts of controls for which none of the versions (by key) is tested."""
    period = engagement.period
    covered: dict[int, list[date]] = defaultdict(list)
    for span in spans_over(period.start, period.end):
        if span.version.pk in versions:
            covered[span.version.control_id].append(span.start)
    return [
        part
        for part in parts(period)
        if not any(part.start <= first <= part.end for first in covered[part.version.control_id])
    ]


def part_of(version: ControlVersion, period: Period) -> Span[ControlVersion] | None:
    """The days of the period for which a version is what is tested, both included; None if it never was in force."""
    own = ControlVersion.objects.filter(control=version.control_id).over(period.start, period.end)
    first = next((span.start for span in own if span.version.pk == version.pk), None)
    if first is None:
        return None
    return next(part for part in parts(period, version.control) if part.start <= first <= part.end)
