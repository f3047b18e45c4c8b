"""Nouns of upkeep: the next period as somebody opened it; who is told of what, and what became of each attempt."""

from __future__ import annotations

from typing import Any

from django.db import models

from tickmark.audit.models import Engagement
from tickmark.kernel.dated import Fact, Version
from tickmark.people.models import User
from tickmark.scope.models import Period


class RollForward(Fact):
    """The next period opened without a gap, and what its opener carried over into it (domain.md 9.2, 9.3).

    `carried` names the versions in force at its first day by their references, by kind; nothing is copied, for a
    version holds until a newer one. `criteria_set` stays that of the period before.
    """

    PREFIX = "RF"
    before = models.OneToOneField(Period, models.PROTECT, related_name="rolled_into")
    period = models.OneToOneField(Period, models.PROTECT, related_name="rolled_from")
    criteria_set = models.CharField(max_length=40)
    carried = models.JSONField(default=dict)
    note = models.TextField(blank=True)


class Rhythm(models.TextChoices):
    """How often somebody gets the digest of what they owe."""

    DAY = "day", "Each working day"
    WEEK = "week", "Once a week"
    OFF = "off", "Never"


class DigestChoice(Fact):
    """How often a person wants the digest from now on; who never chose gets it each working day."""

    PREFIX = "DC"
    user = models.ForeignKey(User, models.PROTECT, related_name="digest_choices")
    every = models.CharField(max_length=4, choices=Rhythm.choices)


class CalendarFeed(Fact):
    """A secret address at which a calendar program reads what its owner sees. Only its digest is kept."""

    PREFIX = "CF"
    user = models.ForeignKey(User, models.PROTECT, related_name="calendar_feeds")
    token_digest = models.CharField(max_length=64, unique=True)


class CalendarFeedEnd(Fact):
    """The end of a calendar address: it answers no more."""

    PREFIX = "CX"
    feed = models.OneToOneField(CalendarFeed, models.PROTECT, related_name="end")


class Webhook(Fact):
    """A program outside that is told of events. Where and of which: `WebhookVersion`."""

    PREFIX = "WB"
    CODE = "code"
    code = models.SlugField(max_length=40, unique=True)


class WebhookVersion(Version):
    """Address and events of a webhook from a day on. Its secret follows from `key` and the home's secrets."""

    PREFIX = "WV"
    SUBJECT = ("webhook",)
    webhook = models.ForeignKey(Webhook, models.PROTECT, related_name="versions")
    url = models.CharField(max_length=500)
    events = models.JSONField()
    key = models.CharField(max_length=32)
    reason = models.CharField(max_length=200, blank=True)


class NoticeKind(models.TextChoices):
    """What was to be told."""

    DIGEST = "digest", "Digest"
    REQUEST = "request", "Request"
    INVITATION = "invitation", "Invitation"
    CHECKPOINT = "checkpoint", "Checkpoint"
    EVENT = "event", "Event"
    TEST = "test", "Test"


class Way(models.TextChoices):
    """By which way it went. What is written to the terminal has reached nobody."""

    MAIL = "mail", "Mail"
    TERMINAL = "terminal", "Terminal only"
    WEBHOOK = "webhook", "Webhook"


class Delivery(Fact):
    """One attempt to tell somebody something, and how it ended.

    `message` is the same for every attempt at one notice. `about` refers to what it tells of; `size` is that of the
    checkpoint that went along. `answered` and `head` are what the other side answered; an empty `error` means that it
    took the notice. `told` are the digests of the tasks that a digest knew, so that the next one can tell what is new.
    """

    PREFIX = "DL"
    kind = models.CharField(max_length=12, choices=NoticeKind.choices)
    way = models.CharField(max_length=10, choices=Way.choices)
    message = models.CharField(max_length=160, db_index=True)
    attempt = models.SmallIntegerField()
    user = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="deliveries")
    webhook = models.ForeignKey(Webhook, models.PROTECT, null=True, blank=True, related_name="deliveries")
    engagement = models.ForeignKey(Engagement, models.PROTECT, null=True, blank=True, related_name="+")
    about = models.CharField(max_length=80, blank=True)
    size = models.BigIntegerField(null=True, blank=True)
    answered = models.SmallIntegerField(null=True, blank=True)
    head = models.TextField(blank=True)
    error = models.TextField(blank=True)
    told: Any = models.JSONField(default=list)
