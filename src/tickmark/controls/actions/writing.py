"""Verbs about controls: written, adopted, handed over, retired."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from tickmark.controls.library import StarterControl, starter_controls
from tickmark.controls.models import Control, ControlVersion, Frequency, Nature, Purpose
from tickmark.kernel.access import Actor
from tickmark.kernel.action import action, need
from tickmark.kernel.errors import Conflict, Invalid
from tickmark.people.actions import put
from tickmark.people.models import Side, User
from tickmark.scope.actions import check_owners, not_before
from tickmark.scope.criteria import check_codes

NO_CODES: list[str] = []
NO_VALUES: dict[str, Any] = {}
KEPT = {"id", "entry", "by", "recorded_at"}


@action("controls.write")
def write(
    actor: Actor,
    code: str,
    title: str,
    statement: str,
    criteria: list[str],
    nature: Nature,
    purpose: Purpose,
    frequency: Frequency,
    owner: User,
    effective_from: date,
    policy: str = "",
    parameters: dict[str, Any] = NO_VALUES,
    evidence_wanted: str = "",
    reason: str = "",
    backup_owner: User | None = None,
    performed_by: str = "",
    reviewed_by: str = "",
    replaces: list[str] = NO_CODES,
    foreign_ids: list[str] = NO_CODES,
) -> ControlVersion:
    """Write a control as it stands from a day on; a change within a period makes two controls in time.

    `performed_by` and `reviewed_by` say in words who does it and who looks at it, where that is not the owner;
    `foreign_ids` what other programs call it.
    """
    check_codes(criteria)
    said(
        criteria,
        "criteria",
        "A control that serves no criterion does not stand in the report.",
        "Name at least one.",
    )
    said(title.strip(), "title", "Lists show it.")
    said(
        statement.strip(),
        "statement",
        "The auditor tests the control as written.",
        "Say who does what, how often.",
    )
    check_numbers(parameters)
    of_the_company(owner)
    check_owners(owner, backup_owner)
    control = Control.objects.filter(code=code.strip()).first()
    if control is None:
        control = put(Control(code=check_code(code.strip(), "AC-04")))
    else:
        said(reason.strip(), "reason", f"{code} stands already; a new version says why.", "Give the reason.")
        not_before(ControlVersion.objects.filter(control=control), effective_from)
    return put(
        ControlVersion(
            control=control,
            title=title.strip(),
            statement=statement,
            criteria=list(criteria),
            nature=nature,
            purpose=purpose,
            frequency=frequency,
            owner=owner,
            effective_from=effective_from,
            policy=policy.strip(),
            parameters=dict(parameters),
            evidence_wanted=evidence_wanted,
            reason=reason,
            backup_owner=backup_owner,
            performed_by=performed_by.strip(),
            reviewed_by=reviewed_by.strip(),
            replaces=list(replaces),
            foreign_ids=list(foreign_ids),
        )
    )


def check_code(code: str, example: str) -> str:
    """A code such as AC-04: with a hyphen and a figure, so that no page's address can be taken for it."""
    need(
        re.fullmatch(r"[A-Z][A-Z0-9]{0,9}-[A-Z0-9.-]{0,7}[0-9]", code),
        f"'{code[:20]}' is no code." if code else "The code is empty.",
        "People refer to it by code: capitals, a hyphen, a number.",
        f"Write it like {example}.",
        "code",
    )
    return code


def said(given: Collection[str], field: str, why: str, remedy: str = "Write it.") -> None:
    """Raise Invalid for what is empty."""
    need(given, f"The {field} is empty.", why, remedy, field)


def of_the_company(owner: User) -> None:
    """Raise Invalid for an owner who is of the other side, or gone."""
    need(
        owner.side == Side.COMPANY,
        f"{owner} is not of the company.",
        "The auditor never operates a control and never owns a policy.",
        "Choose somebody of the company.",
        "owner",
    )
    need(
        owner.is_active,
        f"The account of {owner} is closed.",
        "Nobody would be asked for what is due.",
        "Choose somebody who works here.",
        "owner",
    )


@action("controls.adopt")
def adopt(
    actor: Actor,
    starter: str,
    owner: User,
    effective_from: date,
    parameters: dict[str, int] = NO_VALUES,
    title: str = "",
    statement: str = "",
    backup_owner: User | None = None,
) -> ControlVersion:
    """Adopt a control of the library, its numbers set to what the company does.

    `title` and `statement` say it in the company's own words, where the proposed ones do not fit.
    """
    item = _starter_control(starter)
    of_the_company(owner)
    check_owners(owner, backup_owner)
    if Control.objects.filter(code=item.id).exists():
        raise Conflict(
            f"{item.id} stands already.", "It was adopted before.", "Write a new version of it.", "starter"
        )
    values = _values(item.parameters, parameters)
    return put(
        ControlVersion(
            control=put(Control(code=item.id)),
            title=title.strip() or item.title,
            statement=statement.strip() or item.statement(values),
            criteria=list(item.criteria),
            nature=item.nature,
            purpose=item.purpose,
            frequency=item.frequency,
            owner=owner,
            effective_from=effective_from,
            policy=item.policy,
            parameters=values,
            evidence_wanted="\n".join(f"{wanted.kind}: {wanted.text}" for wanted in item.evidence),
            reason="Adopted from the library",
            backup_owner=backup_owner,
        )
    )


def _starter_control(code: str) -> StarterControl:
    found = next((item for item in starter_controls() if item.id == code), None)
    if found is None:
        raise Invalid(f"The library has no control {code[:20]}.", "", "Pick one from the library.", "starter")
    return found


def check_numbers(parameters: Mapping[str, Any]) -> None:
    """Raise Invalid (field `parameters`) for a value without a name and a name without a value."""
    for name, value in sorted(parameters.items()):
        need(
            name.strip() and value is not None,
            f"'{name[:40] or value}' has no {'value' if name.strip() else 'name'}.",
            "What a statement does not say is not tested.",
            "Write it as a line of its own: days = 1.",
            "parameters",
        )


def _values(proposed: Mapping[str, int], given: Mapping[str, int]) -> dict[str, int]:
    """The numbers of a starter control. Raises Invalid for a name that its statement does not have."""
    strange = sorted(set(given) - set(proposed))
    need(
        not strange,
        f"There is no number '{strange[0][:40] if strange else ''}' in this control.",
        f"It has {', '.join(proposed) or 'none'}; a number that stands in no statement is not tested.",
        "Leave it out, or write the control in your own words.",
        "parameters",
    )
    low = sorted(name for name, value in given.items() if isinstance(value, bool) or value < 0)
    need(
        not low,
        f"{low[0] if low else ''} is below zero.",
        "It counts something.",
        "Correct it.",
        "parameters",
    )
    return {**proposed, **given}


def _next_version(control: Control, effective_from: date, reason: str, **changes: Any) -> ControlVersion:
    versions = ControlVersion.objects.filter(control=control)
    not_before(versions, effective_from)
    newest: Any = versions.order_by("-effective_from", "-pk").first()
    if newest.withdrawn:
        raise Conflict(
            f"{control.code} is retired.",
            f"It ended on {newest.effective_from}.",
            "Write a new version of it.",
            "control",
        )
    kept = {
        column.name: getattr(newest, column.name)
        for column in newest._meta.concrete_fields
        if column.name not in KEPT
    }
    return put(ControlVersion(**{**kept, "effective_from": effective_from, "reason": reason, **changes}))


@action("controls.hand_over")
def hand_over(
    actor: Actor,
    control: Control,
    owner: User,
    effective_from: date,
    reason: str = "",
    backup_owner: User | None = None,
) -> ControlVersion:
    """Give a control to another owner from a day on. Who is to stand in for them is said anew."""
    of_the_company(owner)
    check_owners(owner, backup_owner)
    return _next_version(
        control, effective_from, reason or "New owner", owner=owner, backup_owner=backup_owner
    )


@action("controls.retire")
def retire(actor: Actor, control: Control, effective_from: date, reason: str) -> ControlVersion:
    """Take a control out of force from a day on. What it was stays."""
    said(reason.strip(), "reason", "A retired control is explained to the auditor.")
    return _next_version(control, effective_from, reason, withdrawn=True)
