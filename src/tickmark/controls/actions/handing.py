"""Everything that somebody answers for, handed to somebody else at once: when people leave or move."""

from __future__ import annotations

from datetime import date
from typing import Any

from tickmark.controls.actions.adopting import about
from tickmark.controls.actions.writing import hand_over, of_the_company
from tickmark.controls.ownership import Held, held
from tickmark.kernel.access import Actor
from tickmark.kernel.action import bulk, need
from tickmark.kernel.dated import Version
from tickmark.people.models import Side, User
from tickmark.scope.actions import Flow, add_vendor, place
from tickmark.scope.models import Component, VendorVersion


@bulk("controls.hand_over_all")
def hand_over_all(actor: Actor, user: User, to: User, effective_from: date, reason: str = "") -> Version:
    """Give every control, vendor and component of one person to another from a day on, and what they stand in for.

    A policy is not among them: its owner stands in its text, so that its next version says so and is approved.
    """
    of_the_company(to)
    need(
        user.side == Side.COMPANY,
        f"{user} is not of the company.",
        "The auditor owns nothing here.",
        "Choose somebody of the company.",
        "user",
    )
    need(
        user != to,
        "It would stay where it is.",
        f"{to} has it already.",
        "Choose somebody else.",
        "to",
    )
    things = [one for one in held(actor, effective_from) if _concerned(one, user)]
    need(
        things,
        f"{user} answers for nothing that can be handed over.",
        f"On {effective_from} no control, vendor or component has them as owner or as stand-in.",
        "There is nothing to do. A policy gets its new owner by its next version.",
        "user",
    )
    written = [
        _hand(actor, one, user, to, effective_from, reason.strip() or f"Handed over by {user}")
        for one in things
    ]
    return written[-1]


def _concerned(one: Held, user: User) -> bool:
    """Whether it is handed over: a control whose own owner is gone waits for that one's hand-over."""
    owns, backs = one.owner == user, one.backup == user
    alone = one.owner is not None and one.owner.is_active
    return one.kind in _HANDS and (owns or (backs and alone))


def _hand(actor: Actor, one: Held, user: User, to: User, day: date, reason: str) -> Version:
    owner = to if one.owner == user else one.owner
    backup = to if one.backup == user else one.backup
    given = {"owner": owner, "backup_owner": None if backup == owner else backup, "effective_from": day}
    with about(one.code):
        found: Version = _HANDS[one.kind](actor, one, given, reason)
        return found


def _control(actor: Actor, one: Held, given: dict[str, Any], reason: str) -> Version:
    return hand_over.within(actor, {"control": one.row.control, "reason": reason[:300], **given})


def _vendor(actor: Actor, one: Held, given: dict[str, Any], reason: str) -> Version:
    row = VendorVersion.objects.get(pk=one.row.pk)
    kept = {name: getattr(row, name) for name in add_vendor.types if name != "code"}
    return add_vendor.within(actor, {"code": one.code, **kept, **given})


def _component(actor: Actor, one: Held, given: dict[str, Any], reason: str) -> Version:
    row = Component.objects.get(pk=one.row.pk)
    kept = {name: getattr(row, name) for name in place.types}
    kept["flows"] = [Flow(**flow) for flow in row.flows]
    return place.within(actor, {**kept, **given})


_HANDS = {"control": _control, "vendor": _vendor, "component": _component}
