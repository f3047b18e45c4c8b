"""Rows of the audit by their references: what may not be seen reads as not found."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from tickmark.audit.models import Engagement, Procedure
from tickmark.kernel.access import Actor, not_found, visible
from tickmark.kernel.references import resolve

M = TypeVar("M", bound=Model)


def actor_of(request: HttpRequest) -> Actor:
    """Who asks."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def found(rows: QuerySet[M], reference: str) -> M:
    """The row of `rows` that a reference names. Raises NotFound."""
    row = resolve(rows, reference)
    if row is None:
        raise not_found(rows.model, reference[:40])
    return row


def engagement_of(request: HttpRequest, code: str) -> Engagement:
    """The engagement of an address."""
    return found(visible(actor_of(request), Engagement).select_related("period", "system", "follows"), code)


def procedure_of(request: HttpRequest, engagement: Engagement, ref: str) -> Procedure:
    """The test of an address."""
    rows = visible(actor_of(request), Procedure).filter(engagement=engagement)
    return found(
        rows.select_related("engagement__period", "control_version__control", "control_version__owner", "by"),
        ref,
    )


def holds(actor: Actor, engagement: Engagement, *roles: str) -> bool:
    """Whether the actor is on the engagement's team in one of the roles."""
    return any(engagement.pk in actor.holds("engagement", role) for role in roles)


def context(request: HttpRequest, engagement: Engagement, here: str, **more: Any) -> dict[str, Any]:
    """What every page of an engagement shows: its tabs and the side that reads."""
    base = f"/audit/{engagement.code}/"
    parts = [("Engagement", ""), ("Requests", "requests"), ("Tests", "tests")]
    if actor_of(request).side == "auditor":
        parts.append(("Criteria", "criteria"))
    tabs = [{"label": label, "url": f"{base}{at}", "current": at == here} for label, at in parts]
    return {
        "engagement": engagement,
        "tabs": tabs,
        "base": base,
        "auditor": actor_of(request).side == "auditor",
        **more,
    }
