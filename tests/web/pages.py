"""A programme made by actions, for the tests of pages; and what each character gets at an address."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

from django.test import Client

from tickmark.controls import actions as controls
from tickmark.people import actions as people
from tickmark.people.models import Side
from tickmark.scope import actions as scope

WHO = ("founder", "lead", "owner", "employee", "auditor", "stranger", "visitor")
HOSTILE = "<script>alert('x')</script> \u05e9\u05dc\u05d5\u05dd " + "w" * 90


def seen(program: Any, address: str) -> dict[str, Any]:
    """The status that each character gets; for a redirect its address."""
    return {who: answer(program, who, address) for who in WHO}


def answer(program: Any, who: str, address: str) -> int | str:
    """The status at one address, or where it leads."""
    found = client(program, who).get(address)
    return found.headers["Location"] if found.status_code in (301, 302) else found.status_code


def client(program: Any, who: str) -> Client:
    """A browser in which the character is signed in; the visitor is nobody."""
    browser = Client()
    if who != "visitor":
        browser.force_login(getattr(program.cast, who))
    return browser


def fill(program: Any) -> SimpleNamespace:
    """Every noun of people, scope and controls at least once, some hostile; all through actions."""
    lead, founder, system = program.actor("lead"), program.actor("founder"), program.system
    day = date(2025, 11, 1)
    made = SimpleNamespace()
    made.commitment = scope.commit(
        lead, system, "C-1", "commitment", "availability", "Up 99.9 %", "SLA 2", day
    )
    made.component = scope.place(
        lead, system, "db", "infrastructure", HOSTILE[:120], day, owner=program.cast.owner
    )
    made.vendor = scope.add_vendor(
        lead, "hosting", "Hosting Inc.", "Cloud", day, True, "carve-out", ["CC6.4"], "VND-03"
    )
    made.cuec = scope.assume(lead, system, "CUEC-1", "cuec", "Customers remove their users.", ["CC6.2"], day)
    made.csoc = scope.assume(
        lead, system, "CSOC-1", "csoc", "Doors are locked.", ["CC6.4"], day, made.vendor.vendor
    )
    made.aside = scope.set_aside(lead, system, "CC3.3", "No handling of money.", day)
    made.exclusion = scope.exclude(lead, system, HOSTILE, HOSTILE)
    made.event = scope.report_event(lead, system, "incident", date(2026, 6, 18), HOSTILE, HOSTILE, ["CC7.3"])
    made.adopted = controls.adopt(lead, "AC-06", program.cast.owner, day)
    made.gov = controls.adopt(lead, "GOV-05", program.cast.owner, day, {"days": 10})
    made.policy = controls.adopt_policy(lead, "POL-04", program.cast.owner, day)
    controls.approve_policy(founder, made.policy)
    controls.publish_policy(founder, made.policy)
    made.draft = controls.write_policy(
        lead, "POL-99", "Draft", "1", f"## {HOSTILE}\n\n<b>x</b>", program.cast.owner, day
    )
    made.spell = people.add(lead, "P-1", HOSTILE, date(2024, 1, 1), user=program.cast.employee)
    made.invitation = people.invite(founder, "new@northlight.example", "New", Side.COMPANY, "owner")
    return made
