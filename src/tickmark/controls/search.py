"""What the controls step's nouns say to search."""

from __future__ import annotations

from tickmark.controls.models import (
    Acknowledgement,
    Control,
    ControlVersion,
    Policy,
    PolicyApproval,
    PolicyVersion,
    Publication,
)
from tickmark.kernel.search.said import Said, joined, searched


@searched(Control)
def control(row: Control) -> Said:
    """A control by its code; what it says stands in its versions."""
    return Said("", address=f"/controls/{row.code}/", code=row.code)


@searched(ControlVersion, "control", "owner")
def control_version(row: ControlVersion) -> Said:
    """What a control says from a day on."""
    text = joined(row.statement, row.criteria, row.evidence_wanted, row.reason, f"Owner: {row.owner.name}")
    title = f"{row.control.code} {row.title}, from {row.effective_from}"
    return Said(title, text, f"/controls/{row.control.code}/")


@searched(Policy)
def policy(row: Policy) -> Said:
    """A policy by its code; its text stands in versions."""
    return Said("", address=f"/policies/{row.code}/", code=row.code)


@searched(PolicyVersion, "policy")
def policy_version(row: PolicyVersion) -> Said:
    """The text of a policy."""
    title = f"{row.policy.code} {row.title}, {row.label}"
    return Said(title, joined(row.text, row.criteria), f"/policies/{row.policy.code}/")


@searched(PolicyApproval, "version__policy", echo=True)
def policy_approval(row: PolicyApproval) -> Said:
    """The approval of a policy's text."""
    title = f"Approval of {row.version.policy.code} {row.version.label}"
    return Said(title, row.note, f"/policies/{row.version.policy.code}/")


@searched(Publication, "version__policy", echo=True)
def publication(row: Publication) -> Said:
    """The day on which a policy was published."""
    title = f"{row.version.policy.code} {row.version.label} published on {row.published_on}"
    return Said(title, address=f"/policies/{row.version.policy.code}/")


@searched(Acknowledgement, "version__policy", "user", echo=True)
def acknowledgement(row: Acknowledgement) -> Said:
    """Who read which policy."""
    title = f"{row.user.name} acknowledged {row.version.policy.code} {row.version.label}"
    return Said(title, address=f"/policies/{row.version.policy.code}/")
