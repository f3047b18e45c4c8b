"""Choose what one is told, connect calendars and webhooks, record how telling went."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from django.conf import settings

from tickmark.audit.models import Engagement
from tickmark.kernel import clock, jobs, outgoing
from tickmark.kernel.access import Actor
from tickmark.kernel.action import action, deed, need
from tickmark.kernel.errors import Conflict
from tickmark.kernel.jobs import Slot
from tickmark.kernel.register import Receipt
from tickmark.people.actions import put
from tickmark.people.models import User
from tickmark.people.queries import digest_of
from tickmark.upkeep import events, telling
from tickmark.upkeep.models import (
    CalendarFeed,
    CalendarFeedEnd,
    Delivery,
    DigestChoice,
    NoticeKind,
    Rhythm,
    Way,
    Webhook,
    WebhookVersion,
)

CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


@action("upkeep.choose_digest")
def choose_digest(actor: Actor, every: Rhythm) -> DigestChoice:
    """Choose how often you get the digest of what you owe."""
    return put(DigestChoice(user=actor.user, every=every))


@action("upkeep.make_feed")
def make_feed(actor: Actor) -> CalendarFeed:
    """Make an address at which your calendar program reads what you see; one that you had ends. It is shown once."""
    before = telling.live_feed(actor.user)
    if before is not None:
        put(CalendarFeedEnd(feed=before))
    secret = secrets.token_urlsafe(32)
    row = put(CalendarFeed(user=actor.user, token_digest=digest_of(secret)))
    row.link = f"{settings.ADDRESS}/calendar/{secret}.ics"  # type: ignore[attr-defined]
    return row


@action("upkeep.end_feed")
def end_feed(actor: Actor, feed: CalendarFeed) -> CalendarFeedEnd:
    """End your calendar address: it answers no more."""
    if getattr(feed, "end", None) is not None:
        raise Conflict("This address has ended already.", "It happens once.", "Load the page again.")
    return put(CalendarFeedEnd(feed=feed))


# -- webhooks -----------------------------------------------------------------------------------------------------


@action("upkeep.add_webhook")
def add_webhook(actor: Actor, code: str, url: str, events: list[str]) -> WebhookVersion:
    """Tell a program outside of events: what happened, to what, when. The secret that signs it is shown once."""
    need(
        CODE.fullmatch(code),
        f"'{code[:40]}' is no code.",
        "It becomes an address.",
        "Use small letters, digits and hyphens, like chat.",
        "code",
    )
    if Webhook.objects.filter(code=code).exists():
        raise Conflict(
            f"There is a webhook {code} already.", "", "Change it, or give this one another code.", "code"
        )
    return _version(put(Webhook(code=code)), url, events, secrets.token_hex(16), shown=True)


@action("upkeep.change_webhook")
def change_webhook(
    actor: Actor, webhook: Webhook, url: str, events: list[str], new_secret: bool = False
) -> WebhookVersion:
    """Change where a webhook is and what it is told, or give it a new secret, which is shown once."""
    key = secrets.token_hex(16) if new_secret else _current(webhook).key
    return _version(webhook, url, events, key, shown=new_secret)


@action("upkeep.end_webhook")
def end_webhook(actor: Actor, webhook: Webhook, reason: str) -> WebhookVersion:
    """End a webhook: it is told nothing more, and what waits for it is dropped."""
    need(reason.strip(), "The reason is empty.", "It stands beside what was told.", "Write it.", "reason")
    now = _current(webhook)
    return put(
        WebhookVersion(
            webhook=webhook,
            effective_from=clock.today(),
            withdrawn=True,
            url=now.url,
            events=now.events,
            key=now.key,
            reason=reason,
        )
    )


@action("upkeep.test_webhook")
def test_webhook(actor: Actor, webhook: Webhook) -> Webhook:
    """Tell a webhook of this very action, once. What came back stands among the deliveries."""
    _current(webhook)
    enqueue_event(webhook, str(deed().uid), once=True)
    return webhook


def _version(webhook: Webhook, url: str, told: list[str], key: str, shown: bool) -> WebhookVersion:
    outgoing.check(url)
    strange = sorted(set(told) - set(events.offered()))
    need(
        not strange,
        f"'{strange[0][:60] if strange else ''}' is no event for a webhook.",
        "It may be told what the company records and what the auditor puts before it.",
        "Choose from the list.",
        "events",
    )
    need(told, "No event is chosen.", "The webhook would stay silent.", "Choose at least one.", "events")
    row = put(
        WebhookVersion(
            webhook=webhook,
            effective_from=clock.today(),
            url=url.strip(),
            events=sorted(set(told)),
            key=key,
        )
    )
    if shown:
        row.secret = telling.secret_of(row)  # type: ignore[attr-defined]
    return row


def _current(webhook: Webhook) -> WebhookVersion:
    found = telling.webhooks_on(clock.today()).filter(webhook=webhook).first()
    need(found, f"{webhook.code} has ended.", "It is told nothing.", "Add a new one.", "webhook")
    assert found is not None
    return found


def enqueue_event(webhook: Webhook, entry: str, once: bool = False) -> Slot:
    """Promise a webhook the event of an entry; the promise stands and falls with the transaction that makes it."""
    arguments = {"webhook": webhook.pk, "entry": entry, "attempt": 1, "once": once}
    return jobs.enqueue("webhook", f"{webhook.ref}:{entry}:1", arguments)


# -- what became of it --------------------------------------------------------------------------------------------


@action("upkeep.test_mail")
def test_mail(actor: Actor) -> User:
    """Have a mail sent to yourself, to see whether mail leaves this host."""
    user: User = actor.user
    jobs.enqueue("test_mail", f"{user.ref}:{deed().uid}", {"user": user.pk})
    return user


@dataclass(frozen=True)
class Tried:
    """An attempt to tell somebody something: which notice, by which way, and what the other side said."""

    kind: NoticeKind
    way: Way
    message: str
    receipt: Receipt
    attempt: int = 1
    about: str = ""
    size: int | None = None
    told: tuple[str, ...] = ()


@action("upkeep.record_delivery")
def record_delivery(
    actor: Actor,
    tried: Tried,
    user: User | None = None,
    webhook: Webhook | None = None,
    engagement: Engagement | None = None,
) -> Delivery:
    """Record an attempt to tell somebody something, however it ended."""
    return put(
        Delivery(
            kind=tried.kind,
            way=tried.way,
            message=tried.message,
            attempt=tried.attempt,
            user=user,
            webhook=webhook,
            engagement=engagement,
            about=tried.about,
            size=tried.size,
            answered=tried.receipt.status,
            head=outgoing.one_line(tried.receipt.head, outgoing.HEAD),
            error=outgoing.one_line(tried.receipt.problem, 500),
            told=list(tried.told),
        )
    )
