"""Nouns of the controls step: controls and policies in dated versions, and what people say they have read."""

from __future__ import annotations

from django.db import models

from tickmark.kernel.dated import DigestField, Fact, Version
from tickmark.people.models import User


class Nature(models.TextChoices):
    """How a control works (domain.md 4.3)."""

    MANUAL = "M", "Manual"
    AUTOMATED = "A", "Automated"
    IT_DEPENDENT = "I", "IT-dependent manual"


class Purpose(models.TextChoices):
    """What a control is for (domain.md 4.3)."""

    PREVENTIVE = "P", "Preventive"
    DETECTIVE = "D", "Detective"
    CORRECTIVE = "C", "Corrective"


class Frequency(models.TextChoices):
    """How often a control operates; the word in the statement is the test's threshold (domain.md 0.4 rule 4)."""

    CONTINUOUS = "continuous", "Continuous"
    EVENT = "event", "Per event"
    EVENT_ANNUAL = "event+annual", "Per event and annually"
    DAILY = "daily", "Daily"
    WEEKLY = "weekly", "Weekly"
    MONTHLY = "monthly", "Monthly"
    QUARTERLY = "quarterly", "Quarterly"
    SEMI_ANNUAL = "semi-annual", "Semi-annually"
    ANNUAL = "annual", "Annually"


class Control(Fact):
    """An activity that somebody or something performs. What it says stands in dated versions."""

    PREFIX = "CT"
    CODE = "code"
    code = models.CharField(max_length=20, unique=True)


class ControlVersion(Version):
    """A control as it is written from a day on. A change within a period makes two controls in time (rule 23).

    `performed_by` and `reviewed_by` say in words who does it and who looks at it, where that is not the owner.
    `replaces` are the codes of the controls that it was merged or split from; `foreign_ids` what other programs call
    it.
    """

    PREFIX = "CV"
    LATER = frozenset({"backup_owner", "performed_by", "reviewed_by", "replaces", "foreign_ids"})
    SUBJECT = ("control",)
    control = models.ForeignKey(Control, models.PROTECT, related_name="versions")
    title = models.CharField(max_length=200)
    statement = models.TextField()
    criteria = models.JSONField()
    nature = models.CharField(max_length=1, choices=Nature.choices)
    purpose = models.CharField(max_length=1, choices=Purpose.choices)
    frequency = models.CharField(max_length=12, choices=Frequency.choices)
    owner = models.ForeignKey(User, models.PROTECT, related_name="control_versions")
    policy = models.CharField(max_length=20, blank=True)
    parameters = models.JSONField(default=dict)
    evidence_wanted = models.TextField(blank=True)
    reason = models.CharField(max_length=300, blank=True)
    backup_owner = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    performed_by = models.CharField(max_length=120, blank=True)
    reviewed_by = models.CharField(max_length=120, blank=True)
    replaces = models.JSONField(default=list)
    foreign_ids = models.JSONField(default=list)


class Policy(Fact):
    """A policy. Its text stands in versions."""

    PREFIX = "PO"
    CODE = "code"
    code = models.CharField(max_length=20, unique=True)


class PolicyVersion(Version):
    """The text of a policy from a day on, once it is approved; `digest` is the SHA-256 of the Markdown."""

    PREFIX = "PV"
    LATER = frozenset({"backup_owner", "foreign_ids"})
    SUBJECT = ("policy",)
    policy = models.ForeignKey(Policy, models.PROTECT, related_name="versions")
    title = models.CharField(max_length=200)
    label = models.CharField(max_length=20)
    text = models.TextField()
    digest = DigestField()
    owner = models.ForeignKey(User, models.PROTECT, related_name="policy_versions")
    criteria = models.JSONField(default=list)
    backup_owner = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    foreign_ids = models.JSONField(default=list)


class PolicyApproval(Fact):
    """Approval of a policy version by somebody other than its writer."""

    PREFIX = "PA"
    version = models.OneToOneField(PolicyVersion, models.PROTECT, related_name="approval")
    note = models.TextField(blank=True)


class Publication(Fact):
    """The day a policy version was put before the personnel."""

    PREFIX = "PB"
    version = models.OneToOneField(PolicyVersion, models.PROTECT, related_name="publication")
    published_on = models.DateField()
    must_acknowledge = models.BooleanField(default=True)


class Acknowledgement(Fact):
    """Somebody read one version of a policy, named by the digest of what was shown. Publishing anew wipes none."""

    PREFIX = "AK"
    version = models.ForeignKey(PolicyVersion, models.PROTECT, related_name="acknowledgements")
    user = models.ForeignKey(User, models.PROTECT, related_name="acknowledgements")
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "user"], name="one_acknowledgement_a_version")
        ]
