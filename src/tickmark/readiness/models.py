"""Nouns of the readiness step. A gap itself is an answer (queries.py); these are what people decide about it."""

from __future__ import annotations

from django.db import models

from tickmark.kernel.dated import Fact
from tickmark.people.models import User


class Remedy(Fact):
    """What will be done about a gap, by whom, until when. `gap` is the gap's stable key."""

    PREFIX = "RM"
    gap = models.CharField(max_length=120, db_index=True)
    fact = models.TextField()
    severity = models.CharField(max_length=10)
    action = models.TextField()
    owner = models.ForeignKey(User, models.PROTECT, related_name="remedies")
    due_on = models.DateField()


class RemedyDone(Fact):
    """The owner says it is done; somebody else re-checks."""

    PREFIX = "RD"
    remedy = models.OneToOneField(Remedy, models.PROTECT, related_name="done")
    note = models.TextField(blank=True)


class Recheck(Fact):
    """Somebody other than the owner looked again (domain.md 10, case 100)."""

    PREFIX = "RK"
    remedy = models.ForeignKey(Remedy, models.PROTECT, related_name="rechecks")
    holds = models.BooleanField()
    note = models.TextField()


class GapAcceptance(Fact):
    """A gap that stays open, accepted in writing, until a day. It stays listed."""

    PREFIX = "GA"
    gap = models.CharField(max_length=120, db_index=True)
    fact = models.TextField()
    reason = models.TextField()
    until = models.DateField()
