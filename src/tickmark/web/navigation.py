"""What surrounds a page: the eight steps with their states, the system in view, the words under a person's name."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from django.utils.html import format_html

from tickmark.audit.models import TeamRole
from tickmark.kernel import clock
from tickmark.kernel.access import Actor, visible
from tickmark.kernel.answers import due, steps_state
from tickmark.people.models import Role, Side
from tickmark.people.queries import characters
from tickmark.scope.models import Period, ReportType, SystemVersion
from tickmark.scope.queries import period_at, periods, systems
from tickmark.web.templatetags._words import period as days

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
OTHERS = (("tasks", "/tasks"), ("people", "/people/"), ("search", "/search"))


def here(path: str) -> str:
    """The part of the program that an address belongs to: a step, home, tasks, people or search; empty elsewhere."""
    if path == "/":
        return "home"
    places = (*((slug, url) for slug, _, url in STEPS), *OTHERS, ("controls", "/policies/"))
    return next((slug for slug, url in places if path.startswith(url)), "")


PLAIN = "Employee"
"""What stands under the name of somebody of the company who holds no role."""


def steps(actor: Actor, day: date) -> dict[str, Any]:
    """The navigation: each step with its state and what is owed in it; plain employees see their tasks only."""
    owed, states = _answers(actor, day)
    tasks = {"url": "/tasks", "count": sum(owed.values())}
    if _plain_employee(actor):
        return {"tasks": tasks, "steps": []}
    rows = [
        {
            "slug": slug,
            "name": name,
            "url": url,
            "state": states.get(slug, "later"),
            "owed": owed.get(slug, 0),
        }
        for slug, name, url in STEPS
    ]
    return {"tasks": tasks, "steps": rows}


def _plain_employee(actor: Actor) -> bool:
    return actor.side == Side.COMPANY and actor.roles <= {"employee"}


def _answers(actor: Actor, day: date) -> tuple[dict[str, int], dict[str, str]]:
    """How many tasks each step has for the actor, and the state of each step."""
    owed = Counter(task.step for task in due(actor, day))
    return dict(owed), {} if _plain_employee(actor) else steps_state(actor, day)


def system(actor: Actor, day: date, known: int | None) -> dict[str, str]:
    """Name and period of the first system that the actor sees, as they stand on the day."""
    found = systems(actor).first()
    if found is None:
        return {}
    versions: Any = visible(actor, SystemVersion)
    version = versions.as_of(day, known).filter(system=found).first()
    period = period_at(list(periods(found, known)), day)
    name = version.name if version else found.code
    return {"system_name": name, "period": period_words(period) if period else ""}


def period_words(period: Period) -> str:
    """A period as the shell names it: `Type 2 · 1 Nov 2025 – 31 Oct 2026`."""
    return format_html("{} · {}", ReportType(period.type).label, days(period.start, period.end))


def role_line(actor: Actor) -> str:
    """What stands under the person's name: the titles of the roles held on its side."""
    if actor.side == Side.COMPANY:
        return ", ".join(role.label for role in Role if role in actor.roles) or PLAIN
    return ", ".join(role.label for role in TeamRole if actor.holds("engagement", role.value)) or "Auditor"


def demo(actor: Actor | None = None) -> dict[str, Any]:
    """The demo banner: the simulated day and the characters to see as."""
    me = actor.user if actor else None
    people = [_character(user, user == me) for user in characters()]
    return {
        "day": clock.today(),
        "people": sorted(people, key=lambda one: (one["side"] != "company", one["role"] == PLAIN)),
    }


def _character(user: Any, current: bool) -> dict[str, Any]:
    held = frozenset(grant.role for grant in user.held)
    title = role_line(Actor(user=user, side=user.side, roles=held))
    return {"id": user.pk, "name": user.name, "role": title, "side": user.side, "current": current}
