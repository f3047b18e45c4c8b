"""Controls made of other controls: several merged into one, one split into several, from a day on.

What was keeps its days: the old ones are retired on the day on which the new ones begin, so a period that holds that
day has both in it, each tested in its part (domain.md 0.4 rule 23; 10 cases 30, 31 and 33).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict

from tickmark.controls.actions.adopting import about, person
from tickmark.controls.actions.writing import NO_VALUES, retire, said, write
from tickmark.controls.models import Control, ControlVersion, Frequency, Nature, Purpose
from tickmark.kernel.access import Actor
from tickmark.kernel.action import bulk, need
from tickmark.kernel.errors import Conflict
from tickmark.people.models import User

LONGEST_REASON = 300


class ControlIn(BaseModel):
    """One control that a control is split into; accounts by reference (US-3)."""

    model_config = ConfigDict(extra="forbid")

    code: str
    title: str
    statement: str
    criteria: list[str]
    nature: Nature
    purpose: Purpose
    frequency: Frequency
    owner: str
    policy: str = ""
    parameters: dict[str, Any] = {}
    evidence_wanted: str = ""
    backup_owner: str = ""
    performed_by: str = ""
    reviewed_by: str = ""


@bulk("controls.merge")
def merge(
    actor: Actor,
    controls: list[Control],
    code: str,
    title: str,
    statement: str,
    criteria: list[str],
    nature: Nature,
    purpose: Purpose,
    frequency: Frequency,
    owner: User,
    effective_from: date,
    reason: str,
    policy: str = "",
    parameters: dict[str, Any] = NO_VALUES,
    evidence_wanted: str = "",
    backup_owner: User | None = None,
    performed_by: str = "",
    reviewed_by: str = "",
) -> ControlVersion:
    """Make one control of several from a day on: the others are retired on that day, and it says what it replaces.

    `code` is a new one, or that of one of them, which then goes on under it. What other programs call them is kept.
    """
    need(
        len(controls) > 1,
        "There is nothing to merge.",
        "It takes two controls at least.",
        "Choose another one.",
        "controls",
    )
    said(reason.strip(), "reason", "The auditor asks why controls became one.")
    held = _in_force(controls)
    _code_is_free(code.strip(), controls)
    gone = [one for one in controls if one.code != code.strip()]
    made = write.within(
        actor,
        {
            "code": code,
            "title": title,
            "statement": statement,
            "criteria": criteria,
            "nature": nature,
            "purpose": purpose,
            "frequency": frequency,
            "owner": owner,
            "effective_from": effective_from,
            "policy": policy,
            "parameters": parameters,
            "evidence_wanted": evidence_wanted,
            "reason": reason,
            "backup_owner": backup_owner,
            "performed_by": performed_by,
            "reviewed_by": reviewed_by,
            "replaces": [one.code for one in gone],
            "foreign_ids": list(dict.fromkeys(name for one in held for name in one.foreign_ids)),
        },
    )
    for one in gone:
        _retire(actor, one, effective_from, f"Merged into {made.control.code}: {reason}")
    return made


@bulk("controls.split")
def split(
    actor: Actor, control: Control, into: list[ControlIn], effective_from: date, reason: str
) -> Control:
    """Make several controls of one from a day on; each says what it replaces, and the one is retired on that day.

    One of them may keep its code: then it goes on under it, with the part that is left to it. What other programs call
    it stays with that one, else with the first.
    """
    codes = [one.code.strip() for one in into]
    need(
        len(into) > 1,
        "There is nothing to split.",
        "It takes two parts at least.",
        "Write another part, or change the control instead.",
        "into",
    )
    twice = next((code for code in codes if codes.count(code) > 1), "")
    need(
        not twice,
        f"Two parts are called {twice[:20]}.",
        "Each is tested by itself.",
        "Give each its own code.",
        "into",
    )
    said(reason.strip(), "reason", "The auditor asks why a control became several.")
    [held] = _in_force([control])
    heir = control.code if control.code in codes else codes[0]
    for number, (one, code) in enumerate(zip(into, codes, strict=True), 1):
        _code_is_free(code, [control])
        with about(code or f"Part {number}"):
            given = _part(actor, one, control, effective_from, reason)
            write.within(actor, {**given, "foreign_ids": held.foreign_ids if code == heir else []})
    if control.code not in codes:
        _retire(actor, control, effective_from, f"Split into {', '.join(codes)}: {reason}")
    return control


def _part(
    actor: Actor, one: ControlIn, control: Control, effective_from: date, reason: str
) -> dict[str, Any]:
    given = dict(one)
    given["owner"] = person(actor, one.owner, "owner")
    given["backup_owner"] = person(actor, one.backup_owner, "backup_owner") if one.backup_owner else None
    goes_on = one.code.strip() == control.code
    return {
        **given,
        "effective_from": effective_from,
        "reason": reason,
        "replaces": [] if goes_on else [control.code],
    }


def _retire(actor: Actor, control: Control, effective_from: date, reason: str) -> None:
    given = {"control": control, "effective_from": effective_from, "reason": reason[:LONGEST_REASON]}
    with about(control.code):
        retire.within(actor, given)


def _in_force(controls: list[Control]) -> list[ControlVersion]:
    """What each says last. Raises Conflict for one that has ended: there is nothing left to merge or to split."""
    found = []
    for control in controls:
        newest = ControlVersion.objects.filter(control=control).order_by("-effective_from", "-pk").first()
        if newest is None or newest.withdrawn:
            raise Conflict(
                f"{control.code} is retired.",
                "It has ended already.",
                "Leave it out, or write a new version of it first.",
                "control",
            )
        found.append(newest)
    return found


def _code_is_free(code: str, own: list[Control]) -> None:
    """Raise Conflict for the code of a control that is not one of these: it would swallow that one unseen."""
    if code not in {one.code for one in own} and Control.objects.filter(code=code).exists():
        raise Conflict(
            f"{code[:20]} stands already.",
            "Another control has this code, or had it.",
            "Give a new code, or choose that control as well.",
            "code",
        )
