"""Nouns of the upkeep step: the next period, as somebody opened it. Calendar and slots are answers and bookkeeping."""

from __future__ import annotations

from django.db import models

from tickmark.kernel.dated import Fact
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
