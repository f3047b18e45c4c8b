"""Verbs of the controls step: controls, policies, acknowledgements."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from tickmark.controls import queries
from tickmark.controls.library import StarterControl, StarterPolicy, starter_controls, starter_policies
from tickmark.controls.models import (
    Acknowledgement,
    Control,
    ControlVersion,
    Frequency,
    Nature,
    Policy,
    PolicyApproval,
    PolicyVersion,
    Publication,
    Purpose,
)
from tickmark.kernel import clock, files
from tickmark.kernel.access import Actor
from tickmark.kernel.action import action, need
from tickmark.kernel.errors import Conflict, Invalid
from tickmark.people.actions import put
from tickmark.people.models import Side, User
from tickmark.scope.actions import not_before
from tickmark.scope.criteria import check_codes

NO_CRITERIA: list[str] = []
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
) -> ControlVersion:
    """Write a control as it stands from a day on; a change within a period makes two controls in time."""
    check_codes(criteria)
    _said(
        criteria,
        "criteria",
        "A control that serves no criterion does not stand in the report.",
        "Name at least one.",
    )
    _said(title.strip(), "title", "Lists show it.")
    _said(
        statement.strip(),
        "statement",
        "The auditor tests the control as written.",
        "Say who does what, how often.",
    )
    _of_the_company(owner)
    control = Control.objects.filter(code=code.strip()).first()
    if control is None:
        control = put(Control(code=check_code(code.strip(), "AC-04")))
    else:
        _said(reason.strip(), "reason", f"{code} stands already; a new version says why.", "Give the reason.")
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


def _said(given: Collection[str], field: str, why: str, remedy: str = "Write it.") -> None:
    need(given, f"The {field} is empty.", why, remedy, field)


def _of_the_company(owner: User) -> None:
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
) -> ControlVersion:
    """Adopt a control of the library, its numbers set to what the company does."""
    item = _starter_control(starter)
    _of_the_company(owner)
    if Control.objects.filter(code=item.id).exists():
        raise Conflict(
            f"{item.id} stands already.", "It was adopted before.", "Write a new version of it.", "starter"
        )
    values = _values(item.parameters, parameters)
    return put(
        ControlVersion(
            control=put(Control(code=item.id)),
            title=item.title,
            statement=item.statement(values),
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
        )
    )


def _starter_control(code: str) -> StarterControl:
    found = next((item for item in starter_controls() if item.id == code), None)
    if found is None:
        raise Invalid(f"The library has no control {code[:20]}.", "", "Pick one from the library.", "starter")
    return found


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
    actor: Actor, control: Control, owner: User, effective_from: date, reason: str = ""
) -> ControlVersion:
    """Give a control to another owner from a day on."""
    _of_the_company(owner)
    return _next_version(control, effective_from, reason or "New owner", owner=owner)


@action("controls.retire")
def retire(actor: Actor, control: Control, effective_from: date, reason: str) -> ControlVersion:
    """Take a control out of force from a day on. What it was stays."""
    _said(reason.strip(), "reason", "A retired control is explained to the auditor.")
    return _next_version(control, effective_from, reason, withdrawn=True)


# -- policies -----------------------------------------------------------------------------------------------------


@action("controls.write_policy")
def write_policy(
    actor: Actor,
    code: str,
    title: str,
    label: str,
    text: str,
    owner: User,
    effective_from: date,
    criteria: list[str] = NO_CRITERIA,
) -> PolicyVersion:
    """Write a version of a policy. It is in force once somebody else has approved it and its day has come."""
    check_codes(criteria)
    _said(title.strip(), "title", "Lists show it.")
    _said(label.strip(), "label", "Versions are told apart by it.", "Give a number, such as 2.")
    _said(text.strip(), "text", "A policy says something.")
    _of_the_company(owner)
    policy = Policy.objects.filter(code=code.strip()).first()
    if policy is None:
        policy = put(Policy(code=check_code(code.strip(), "POL-04")))
    versions = PolicyVersion.objects.filter(policy=policy)
    not_before(versions, effective_from)
    need(
        not versions.filter(label=label.strip()).exists(),
        f"{code} has a version {label} already.",
        "Versions are never overwritten.",
        "Give the next number.",
        "label",
    )
    body = text.replace("\r\n", "\n")
    return put(
        PolicyVersion(
            policy=policy,
            title=title.strip(),
            label=label.strip(),
            text=body,
            digest=files.keep(body.encode()).sha256,
            owner=owner,
            effective_from=effective_from,
            criteria=list(criteria),
        )
    )


@action("controls.adopt_policy")
def adopt_policy(
    actor: Actor, starter: str, owner: User, effective_from: date, answers: dict[str, int | str] = NO_VALUES
) -> PolicyVersion:
    """Adopt a policy of the library, filled with the company's answers and the numbers of its controls."""
    item = _starter_policy(starter)
    if Policy.objects.filter(code=item.id).exists():
        raise Conflict(
            f"{item.id} stands already.", "It was adopted before.", "Write a new version of it.", "starter"
        )
    strange = sorted(set(answers) - set(item.blanks))
    need(
        not strange,
        f"{item.id} does not ask for '{strange[0][:40] if strange else ''}'.",
        f"It asks for {', '.join(item.blanks) or 'nothing'}.",
        "Leave it out.",
        "answers",
    )
    text = item.text({**control_numbers(effective_from), **answers})
    return write_policy.function(
        actor, item.id, item.title, "1", text, owner, effective_from, list(item.criteria)
    )


def _starter_policy(code: str) -> StarterPolicy:
    found = next((item for item in starter_policies() if item.id == code), None)
    if found is None:
        raise Invalid(f"The library has no policy {code[:20]}.", "", "Pick one from the library.", "starter")
    return found


def control_numbers(day: date) -> dict[str, int]:
    """The numbers of the controls in force on the day, as policies cite them: `AC-04.days`."""
    return {
        f"{version.control.code}.{name}": value
        for version in queries.in_force(day)
        for name, value in version.parameters.items()
    }


@action("controls.approve_policy")
def approve_policy(actor: Actor, version: PolicyVersion, note: str = "") -> PolicyApproval:
    """Approve a version of a policy that somebody else wrote."""
    if hasattr(version, "approval"):
        raise Conflict(
            f"{_named(version)} is approved already.", "It happens once.", "Load the page again.", "version"
        )
    return put(PolicyApproval(version=version, note=note))


@action("controls.publish_policy")
def publish_policy(actor: Actor, version: PolicyVersion, must_acknowledge: bool = True) -> Publication:
    """Put an approved version before the personnel; acknowledgements of older versions stay."""
    need(
        hasattr(version, "approval"),
        f"{_named(version)} is not approved.",
        "Only approved text is published.",
        "Have it approved.",
        "version",
    )
    if hasattr(version, "publication"):
        raise Conflict(
            f"{_named(version)} is published already.", "It happens once.", "Load the page again.", "version"
        )
    return put(Publication(version=version, published_on=clock.today(), must_acknowledge=must_acknowledge))


@action("controls.acknowledge")
def acknowledge(actor: Actor, version: PolicyVersion, digest: str) -> Acknowledgement:
    """Say that you have read this version of a policy, named by the digest of what you were shown."""
    shown = hashlib.sha256(version.text.encode()).hexdigest()
    need(
        hasattr(version, "publication"),
        f"{_named(version)} is not published.",
        "Only what was put before the personnel is acknowledged.",
        "Open the policy again.",
        "version",
    )
    need(
        digest == shown == version.digest,
        "The text you were shown is another one.",
        "Its digest does not fit.",
        "Open the policy again.",
        "digest",
    )
    if Acknowledgement.objects.filter(version=version, user=actor.user).exists():
        raise Conflict(f"You have acknowledged {_named(version)} already.", "Once is enough.", "", "version")
    return put(Acknowledgement(version=version, user=actor.user, digest=digest))


def _named(version: PolicyVersion) -> str:
    return f"{version.policy.code} version {version.label}"
