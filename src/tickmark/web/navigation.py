"""The eight steps as the shell shows them, and the words under a person's name."""

from __future__ import annotations

from datetime import date
from typing import Any

from tickmark.kernel import clock
from tickmark.kernel.access import Actor
from tickmark.kernel.answers import due, steps_state
from tickmark.people.models import User
from tickmark.people.queries import roles_of

STEPS = (
    ("scope", "Scope", "/scope/"),
    ("controls", "Controls", "/controls/"),
    ("evidence", "Evidence", "/evidence/"),
    ("readiness", "Readiness", "/readiness/"),
    ("audit", "Audit", "/audit/"),
    ("followup", "Follow-up", "/follow-up/"),
    ("report", "Report", "/report/"),
    ("upkeep", "Upkeep", "/upkeep/"),
)


def steps(actor: Actor, day: date, path: str) -> dict[str, Any]:
    """The navigation: each step with its state and what is owed in it; plain employees see their tasks only."""
    owed = due(actor, day)
    tasks = {"url": "/tasks", "count": len(owed)}
    if actor.side == "company" and actor.roles <= {"employee"}:
        return {"tasks": tasks, "steps": []}
    states = steps_state(actor, day)
    rows = [
        {
            "slug": slug,
            "name": name,
            "url": url,
            "state": states.get(slug, "later"),
            "owed": sum(t.step == slug for t in owed),
        }
        for slug, name, url in STEPS
    ]
    here = next((slug for slug, _, url in STEPS if path.startswith(url)), "")
    return {"tasks": tasks, "steps": rows, "here": here}


def role_line(actor: Actor) -> str:
    """What stands under the person's name."""
    if actor.side == "company":
        return ", ".join(roles_of(actor.user)) or "Employee"
    return ", ".join(sorted({str(role) for role in actor.roles} - {"auditor"})) or "Auditor"


def demo(actor: Actor) -> dict[str, Any]:
    """The demo banner: the simulated day and the characters to see as."""
    people = User.objects.filter(is_active=True).exclude(password__startswith="!").order_by("side", "pk")
    rows = [
        {"id": user.pk, "name": user.name, "role": "", "side": user.side, "current": user == actor.user}
        for user in people.order_by("-side", "pk")[:12]
    ]
    return {"day": clock.today(), "people": rows}
