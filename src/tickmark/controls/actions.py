"""Verbs of the controls step: controls, policies, acknowledgements."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any

from tickmark.controls.library import starter_controls
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
from tickmark.kernel.errors import Conflict
from tickmark.people.models import Side, User
from tickmark.scope.criteria import check_codes


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
    parameters: dict[str, Any] | None = None,
    evidence_wanted: str = "",
    reason: str = "",
) -> ControlVersion:
    """Write a control as it stands from a day on; a change within a period makes two controls in time."""
    check_codes(criteria)
    need(
        criteria,
        "The control serves no criterion.",
        "It would not stand in the report.",
        "Name at least one.",
        "criteria",
    )
    need(
        statement.strip(),
        "The statement is empty.",
        "The auditor tests the control as written.",
        "Say who does what, how often.",
        "statement",
    )
    need(
        owner.side == Side.COMPANY,
        f"{owner} is not of the company.",
        "The auditor never operates a control.",
        "",
        "owner",
    )
    control = Control.objects.filter(code=code).first()
    need(
        control is None or reason.strip(),
        f"{code} stands already.",
        "A new version says why.",
        "Give the reason.",
        "reason",
    )
    if control is None:
        need(
            code.strip(),
            "The control has no code.",
            "People refer to it by code.",
            "Give one, such as AC-04.",
            "code",
        )
        control = Control(code=code.strip())
        control.save()
    row = ControlVersion(
        control=control,
        title=title,
        statement=statement,
        criteria=list(criteria),
        nature=nature,
        purpose=purpose,
        frequency=frequency,
        owner=owner,
        effective_from=effective_from,
        policy=policy,
        parameters=parameters or {},
        evidence_wanted=evidence_wanted,
        reason=reason,
    )
    row.save()
    return row


@action("controls.adopt")
def adopt(
    actor: Actor, starter: str, owner: User, effective_from: date, parameters: dict[str, int] | None = None
) -> ControlVersion:
    """Adopt a control of the library, its numbers set to what the company does."""
    found = {item.id: item for item in starter_controls()}
    need(starter in found, f"The library has no control {starter}.", "", "Pick one from the list.", "starter")
    need(
        owner.side == Side.COMPANY,
        f"{owner} is not of the company.",
        "The auditor never operates a control.",
        "",
        "owner",
    )
    if Control.objects.filter(code=starter).exists():
        raise Conflict(
            f"{starter} stands already.", "It was adopted before.", "Write a new version of it.", "starter"
        )
    item = found[starter]
    values = {**item.parameters, **(parameters or {})}
    control = Control(code=item.id)
    control.save()
    row = ControlVersion(
        control=control,
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
        evidence_wanted="\n".join(f"{need_.kind} {need_.text}" for need_ in item.evidence),
        reason="Adopted from the library",
    )
    row.save()
    return row


def _next_version(control: Control, effective_from: date, reason: str, **changes: Any) -> ControlVersion:
    newest = ControlVersion.objects.filter(control=control).order_by("-effective_from", "-pk").first()
    need(
        effective_from >= newest.effective_from,
        "The day lies before the newest version.",
        f"That one is from {newest.effective_from}.",
        "",
        "effective_from",
    )
    kept = {
        field.name: getattr(newest, field.name)
        for field in newest._meta.concrete_fields
        if field.name not in {"id", "entry", "by", "recorded_at"}
    }
    row = ControlVersion(**{**kept, "effective_from": effective_from, "reason": reason, **changes})
    row.save()
    return row


@action("controls.hand_over")
def hand_over(
    actor: Actor, control: Control, owner: User, effective_from: date, reason: str = ""
) -> ControlVersion:
    """Give a control to another owner from a day on."""
    need(
        owner.side == Side.COMPANY,
        f"{owner} is not of the company.",
        "The auditor never operates a control.",
        "",
        "owner",
    )
    return _next_version(control, effective_from, reason or "New owner", owner=owner)


@action("controls.retire")
def retire(actor: Actor, control: Control, effective_from: date, reason: str) -> ControlVersion:
    """Take a control out of force from a day on. What it was stays."""
    need(
        reason.strip(),
        "The reason is empty.",
        "A retired control is explained to the auditor.",
        "Write it.",
        "reason",
    )
    return _next_version(control, effective_from, reason, withdrawn=True)


@action("controls.write_policy")
def write_policy(
    actor: Actor,
    code: str,
    title: str,
    label: str,
    text: str,
    owner: User,
    effective_from: date,
    criteria: list[str] | None = None,
) -> PolicyVersion:
    """Write a version of a policy. It is in force once somebody else has approved it and its day has come."""
    check_codes(criteria or [])
    need(text.strip(), "The text is empty.", "A policy says something.", "Write it.", "text")
    need(
        owner.side == Side.COMPANY,
        f"{owner} is not of the company.",
        "The auditor never writes policies.",
        "",
        "owner",
    )
    policy = Policy.objects.filter(code=code).first()
    if policy is None:
        policy = Policy(code=code)
        policy.save()
    taken = PolicyVersion.objects.filter(policy=policy, label=label).exists()
    need(
        not taken,
        f"{code} has a version {label} already.",
        "Versions are never overwritten.",
        "Give the next number.",
        "label",
    )
    row = PolicyVersion(
        policy=policy,
        title=title,
        label=label,
        text=text,
        digest=files.keep(text.encode()).sha256,
        owner=owner,
        effective_from=effective_from,
        criteria=criteria or [],
    )
    row.save()
    return row


@action("controls.approve_policy")
def approve_policy(actor: Actor, version: PolicyVersion, note: str = "") -> PolicyApproval:
    """Approve a version of a policy that somebody else wrote."""
    row = PolicyApproval(version=version, note=note)
    row.save()
    return row


@action("controls.publish_policy")
def publish_policy(actor: Actor, version: PolicyVersion) -> Publication:
    """Put an approved version before the personnel; acknowledgements of older versions stay."""
    need(
        hasattr(version, "approval"),
        f"{version.policy} {version.label} is not approved.",
        "Only approved text is published.",
        "Have it approved.",
        "version",
    )
    row = Publication(version=version, published_on=clock.today())
    row.save()
    return row


@action("controls.acknowledge")
def acknowledge(actor: Actor, version: PolicyVersion, digest: str) -> Acknowledgement:
    """Say that you have read this version of a policy, named by the digest of what you were shown."""
    shown = hashlib.sha256(version.text.encode()).hexdigest()
    need(
        hasattr(version, "publication"),
        "This version is not published.",
        "",
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
    row = Acknowledgement(version=version, user=actor.user, digest=digest)
    row.save()
    return row
