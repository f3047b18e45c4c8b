"""What follows from what others do: promises to tell somebody, made in the same transaction, so that none is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings

from tickmark.audit.models import Request
from tickmark.kernel import clock, jobs, secrets
from tickmark.kernel.access import Actor
from tickmark.kernel.action import ACTIONS, deed, on
from tickmark.people.models import Invitation
from tickmark.upkeep import checkpoints, events, telling
from tickmark.upkeep.actions import enqueue_event


def tell_webhooks(actor: Actor, result: Any) -> None:
    """Every webhook that wants to hear of this action will, once for the whole of it."""
    current = deed()
    if current.parts or telling.silent() or not events.told(current.verb, current.actor.side):
        return
    for version in telling.webhooks_on(clock.today()):
        if current.verb in version.events:
            enqueue_event(version.webhook, str(current.uid))


def promise_checkpoint(actor: Actor, result: Any) -> None:
    """An engagement changed: its lead will hold a checkpoint that covers the change."""
    if deed().parts or telling.silent():
        return
    engagement = checkpoints.engagement_of(fact["ref"] for fact in deed().facts)
    if engagement is not None:
        checkpoints.promise(engagement, clock.now())


@on("audit.ask")
@on("audit.send_back")
@on("audit.reopen")
def tell_at_once(actor: Actor, result: Any) -> None:
    """A request that is due before the next digest would help is told at once."""
    request: Request = result if isinstance(result, Request) else result.request
    if not telling.silent() and telling.urgent(request, clock.today()):
        reason = getattr(result, "reason", "")
        arguments = {"request": request.pk, "reason": reason}
        jobs.enqueue("request", f"{request.ref}:{deed().uid}", arguments)


@on("people.invite")
@on("audit.invite")
def mail_invitation(actor: Actor, invitation: Invitation) -> None:
    """The link goes to whom it invites, where mail leaves this host; it waits sealed, and is taken out once sent."""
    if telling.silent() or not telling.mail_leaves():
        return
    link = secrets.sealed(invitation.link, Path(settings.HOME))  # type: ignore[attr-defined]
    jobs.enqueue("invitation", invitation.ref, {"invitation": invitation.pk, "sealed": link})


for _name in events.offered():
    on(_name)(tell_webhooks)
for _name in ACTIONS:
    if _name.startswith(tuple(f"{step}." for step in checkpoints.STEPS)) or _name == "people.join":
        on(_name)(promise_checkpoint)
