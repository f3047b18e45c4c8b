"""Verbs about policies: written, adopted, approved, published, acknowledged."""

from __future__ import annotations

import hashlib
from datetime import date

from tickmark.controls import queries
from tickmark.controls.actions.writing import NO_CODES, NO_VALUES, check_code, of_the_company, said
from tickmark.controls.library import StarterPolicy, starter_policies
from tickmark.controls.models import Acknowledgement, Policy, PolicyApproval, PolicyVersion, Publication
from tickmark.kernel import clock, files
from tickmark.kernel.access import Actor
from tickmark.kernel.action import action, need
from tickmark.kernel.errors import Conflict, Invalid
from tickmark.people.actions import put
from tickmark.people.models import User
from tickmark.scope.actions import check_owners, not_before
from tickmark.scope.criteria import check_codes


@action("controls.write_policy")
def write_policy(
    actor: Actor,
    code: str,
    title: str,
    label: str,
    text: str,
    owner: User,
    effective_from: date,
    criteria: list[str] = NO_CODES,
    backup_owner: User | None = None,
    foreign_ids: list[str] = NO_CODES,
) -> PolicyVersion:
    """Write a version of a policy. It is in force once somebody else has approved it and its day has come."""
    check_codes(criteria)
    check_owners(owner, backup_owner)
    said(title.strip(), "title", "Lists show it.")
    said(label.strip(), "label", "Versions are told apart by it.", "Give a number, such as 2.")
    said(text.strip(), "text", "A policy says something.")
    of_the_company(owner)
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
            backup_owner=backup_owner,
            foreign_ids=list(foreign_ids),
        )
    )


@action("controls.adopt_policy")
def adopt_policy(
    actor: Actor, starter: str, owner: User, effective_from: date, answers: dict[str, int | str] = NO_VALUES
) -> PolicyVersion:
    """Adopt a policy of the library, filled with the company's answers and the numbers of its controls."""
    item = starter_policy(starter)
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
    held = control_numbers(effective_from)
    other = sorted(name for name, said in answers.items() if str(held.get(name, said)) != str(said))
    need(
        not other,
        f"{other[0] if other else ''} is {held[other[0]] if other else ''} in the control that is in force.",
        "A policy that says another number than its control is itself a finding.",
        "Leave it out, or change the control first.",
        "answers",
    )
    text = item.text({**held, **answers})
    return write_policy.function(
        actor, item.id, item.title, "1", text, owner, effective_from, list(item.criteria)
    )


def starter_policy(code: str) -> StarterPolicy:
    """The policy of the library with this id. Raises Invalid where there is none."""
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
