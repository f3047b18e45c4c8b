"""Verbs of the engagement: open it, plan it, staff it (domain.md 8.3, 8.4)."""

from __future__ import annotations

import re

from tickmark.audit import queries
from tickmark.audit.methods import method as firm_method
from tickmark.audit.models import (
    Commission,
    Engagement,
    Independence,
    SeedRule,
    TeamEnd,
    TeamMember,
    TeamRole,
)
from tickmark.kernel import clock
from tickmark.kernel.access import Actor
from tickmark.kernel.action import action, need
from tickmark.kernel.errors import Conflict
from tickmark.people import actions as people
from tickmark.people.models import Invitation, Side, User
from tickmark.scope.models import Period, System, SystemVersion

HEX64 = re.compile(r"[0-9a-f]{64}")
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")


@action("audit.open")
def open_engagement(
    actor: Actor,
    code: str,
    system: System,
    period: Period,
    firm: str,
    method: str = "default-2026",
    seed_rule: SeedRule = SeedRule.COMMITTED,
    follows: Engagement | None = None,
) -> Engagement:
    """Open an engagement with a firm for a period; criteria set, categories and method are pinned for ever."""
    need(
        CODE.fullmatch(code),
        f"'{code[:40]}' is no code.",
        "It becomes an address.",
        "Use letters, digits and hyphens, like 2026-type2.",
        "code",
    )
    if Engagement.objects.filter(code=code).exists():
        raise Conflict(f"There is an engagement {code}.", "", "Give this one another code.", "code")
    need(
        period.system_id == system.pk,
        f"{period.ref} is a period of another system.",
        "",
        "Choose one of this system.",
        "period",
    )
    need(
        not hasattr(period, "replaced_by"),
        f"{period.ref} was replaced by another period.",
        "",
        "Choose the one in its place.",
        "period",
    )
    need(firm.strip(), "The firm has no name.", "It signs the report.", "Give its name.", "firm")
    _check_followed(follows, system, period, firm.strip())
    firm_method(method)
    version = SystemVersion.objects.as_of(max(period.end, clock.today())).filter(system=system).first()
    need(
        version,
        "The system is not described.",
        "There is no version of it in force.",
        "Describe it first.",
        "system",
    )
    assert version is not None
    row = Engagement(
        code=code,
        system=system,
        period=period,
        firm=firm.strip(),
        categories=version.categories,
        criteria_set=version.criteria_set,
        method=method,
        seed_rule=seed_rule,
        follows=follows,
    )
    row.save()
    return row


def _check_followed(follows: Engagement | None, system: System, period: Period, firm: str) -> None:
    """Only the same firm goes on from an engagement: the papers of another one are not its own (domain.md 9.3)."""
    if follows is None:
        return
    need(
        follows.system_id == system.pk and follows.period.end <= period.start,
        f"{follows.code} does not come before this one.",
        f"It is about {follows.system.code} and ends on {follows.period.end}; this one begins on {period.start}.",
        "Name the examination before it, or none.",
        "follows",
    )
    need(
        follows.firm == firm,
        f"{follows.code} is an examination by another firm.",
        f"Its papers belong to {follows.firm}; a new firm begins anew.",
        "Leave it out, and invite the new firm's lead.",
        "follows",
    )
    if Engagement.objects.filter(follows=follows).exists():
        raise Conflict(
            f"{follows.code} is followed by {follows.followed_by.code} already.",
            "One examination follows another.",
            "Name that one, or none.",
            "follows",
        )


@action("audit.take_up")
def take_up(actor: Actor, engagement: Engagement) -> TeamMember:
    """Take up the engagement that follows one which you led, in the role you have there; then staff it yourself."""
    earlier = engagement.follows
    roles = {row.role for row in queries.members(earlier) if row.user == actor.user} if earlier else set()
    held = [role for role in queries.STEERING if role in roles]
    need(
        held and actor.user,
        f"{engagement.code} follows no engagement that you lead.",
        "It is taken up by those who led the one before.",
        "Ask the company for an invitation.",
        "engagement",
    )
    row = TeamMember(engagement=engagement, user=actor.user, role=held[0])
    row.save()
    return row


@action("audit.plan")
def plan(actor: Actor, engagement: Engagement, commitment: str = "", plan: str = "") -> Commission:
    """Commit to a nonce by its SHA-256 before any population is locked; the nonce itself stays with you.

    A Type 1 draws nothing, so its plan has no nonce.
    """
    if Commission.objects.filter(engagement=engagement).exists():
        raise Conflict(
            f"{engagement.code} is planned already.",
            "A commitment that could be changed would bind nobody.",
            "Draw with the nonce that was committed.",
        )
    committed = engagement.nonce_needed
    need(
        not committed or HEX64.fullmatch(commitment),
        "The commitment is not a SHA-256.",
        "It has 64 characters of 0-9 and a-f.",
        "Make a nonce of at least 128 bits and give its SHA-256.",
        "commitment",
    )
    row = Commission(engagement=engagement, commitment=commitment if committed else "", plan=plan)
    row.save()
    return row


@action("audit.invite")
def invite(actor: Actor, engagement: Engagement, email: str, name: str, role: TeamRole) -> Invitation:
    """Invite an auditor to the engagement. The company invites the first; then the firm staffs its own team."""
    invited: Invitation = people.invite.function(
        actor, email=email, name=name, side=Side.AUDITOR, role=TeamRole(role).value, engagement=engagement.ref
    )
    return invited


@action("audit.add_member")
def add_member(actor: Actor, engagement: Engagement, user: User, role: TeamRole) -> TeamMember:
    """Add an auditor to the engagement's team."""
    need(
        user.side == Side.AUDITOR,
        f"{user} is on the company's side.",
        "Nobody is on both.",
        "Invite an auditor.",
        "user",
    )
    held = {row.role for row in queries.members(engagement) if row.user_id == user.pk}
    if role in held:
        raise Conflict(f"{user} has this role already.", "", "", "role")
    need(
        not held or TeamRole.QUALITY not in held | {role},
        "A quality reviewer does nothing else on the engagement.",
        "The review is objective.",
        "Name another.",
        "role",
    )
    row = TeamMember(engagement=engagement, user=user, role=role)
    row.save()
    return row


@action("audit.end_member")
def end_member(actor: Actor, member: TeamMember) -> TeamEnd:
    """End a membership; what the auditor did stays under their name."""
    if hasattr(member, "end"):
        raise Conflict(f"{member.user} left the team already.", "", "", "member")
    others = [row for row in queries.members(member.engagement) if row.pk != member.pk]
    need(
        any(row.role in ("lead", "partner") for row in others),
        "Nobody would lead the engagement.",
        f"{member.user} is its last lead or partner.",
        "Add another first.",
        "member",
    )
    row = TeamEnd(member=member)
    row.save()
    return row


@action("audit.confirm_independence")
def confirm_independence(actor: Actor, member: TeamMember, statement: str) -> Independence:
    """Confirm in your own words that you are independent of the company."""
    need(statement.strip(), "The statement is empty.", "It is kept in the file.", "Write it.", "statement")
    if hasattr(member, "independence"):
        raise Conflict("You have confirmed it already.", f"{member.independence.ref} says so.", "", "member")
    row = Independence(member=member, statement=statement)
    row.save()
    return row
