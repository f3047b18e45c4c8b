"""What follows elsewhere: an auditor who takes up an invitation is on the team; the company invites the first only."""

from __future__ import annotations

from tickmark.audit import queries
from tickmark.audit.models import Engagement, TeamMember, TeamRole
from tickmark.kernel.access import Actor, not_found
from tickmark.kernel.action import on
from tickmark.kernel.errors import Invalid, Refused
from tickmark.kernel.references import resolve
from tickmark.people.models import Invitation, InvitationUse, Side


@on("people.invite")
def first_auditors_only(actor: Actor, invitation: Invitation) -> None:
    """An invitation to the auditor's side names an engagement that no lead or partner has joined yet."""
    if invitation.side != Side.AUDITOR:
        return
    if not invitation.engagement:
        raise Invalid(
            "The invitation names no engagement.", "An auditor comes for one.", "Name it.", "engagement"
        )
    if queries.is_steered(_engagement(invitation)):
        raise Refused(
            "The firm staffs its own team.",
            "A lead or partner has joined the engagement.",
            "Ask them to invite.",
            "engagement",
        )


@on("people.join")
def onto_the_team(actor: Actor, use: InvitationUse) -> None:
    """An invitation that names an engagement and an auditor's role makes its taker a member of the team."""
    invitation = use.invitation
    if invitation.side == Side.AUDITOR and invitation.engagement and invitation.role in TeamRole.values:
        TeamMember.objects.create(engagement=_engagement(invitation), user=use.user, role=invitation.role)


def _engagement(invitation: Invitation) -> Engagement:
    found: Engagement | None = resolve(Engagement.objects.all(), invitation.engagement)
    if found is None:
        raise not_found(Engagement, invitation.engagement)
    return found
