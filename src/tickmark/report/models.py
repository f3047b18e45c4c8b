"""Nouns of the report step: what management signs, the frozen report, its copies, the bundle."""

from __future__ import annotations

from django.db import models

from tickmark.audit.models import Engagement
from tickmark.kernel.dated import DigestField, Fact


class LetterKind(models.TextChoices):
    """What management signs (domain.md 3.3, 3.5)."""

    ASSERTION = "assertion", "Management's assertion"
    REPRESENTATION = "representation", "Representation letter"


class Letter(Fact):
    """A text that management signs under its own name. The newest of a kind counts."""

    PREFIX = "LE"
    engagement = models.ForeignKey(Engagement, models.PROTECT, related_name="letters")
    kind = models.CharField(max_length=14, choices=LetterKind.choices)
    text = models.TextField()
    dated = models.DateField()
    signatory = models.CharField(max_length=200)


class DescriptionPart(models.TextChoices):
    """The parts of Sections III and V that management writes as text; the others come from the scope step."""

    OVERVIEW = "overview", "Overview of the company and its services (DC 1)"
    USERS = "users", "Who uses the service (DC 1)"
    BOUNDARY = "boundary", "Boundary of the system (DC 3)"
    CONTROLS = "controls", "How controls are owned and reviewed (DC 5)"
    ENVIRONMENT = "environment", "Control environment"
    RISK = "risk", "Risk assessment"
    COMMUNICATION = "communication", "Information and communication"
    MONITORING = "monitoring", "Monitoring"
    PROCESSES = "processes", "Processes"
    INCLUSIVE = "inclusive", "Components of subservice organisations under the inclusive method (DC 7)"
    PLANS = "plans", "Plans (Section V)"


class DescriptionText(Fact):
    """A part of Section III in management's words, by description criterion. The newest counts."""

    PREFIX = "DT"
    engagement = models.ForeignKey(Engagement, models.PROTECT, related_name="description_texts")
    part = models.CharField(max_length=30, choices=DescriptionPart.choices)
    text = models.TextField()


class QualityReview(Fact):
    """The objective review before release, by somebody who neither prepared nor decided (domain.md 8.3)."""

    PREFIX = "QR"
    engagement = models.ForeignKey(Engagement, models.PROTECT, related_name="quality_reviews")
    note = models.TextField()


class Report(Fact):
    """The issued report: data, file and versions frozen. A change is a reissue with its reason (rule 26)."""

    PREFIX = "RP"
    engagement = models.ForeignKey(Engagement, models.PROTECT, related_name="reports")
    dated = models.DateField()
    data = DigestField()
    pdf = DigestField()
    versions = models.JSONField()
    reissues = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="reissued_as")
    reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["engagement"], condition=models.Q(reissues=None), name="one_first_report"
            )
        ]


class BundleContents(models.TextChoices):
    """How much of the record a bundle holds."""

    REPORT = "report", "What both sides may see"
    FILE = "file", "The audit file, working papers included"


class Bundle(Fact):
    """What an outsider needs to check the report offline. Its manifest is a leaf of the log, so an omission shows.

    `payload` is a zip of what the manifest lists and the store does not hold by itself: facts, entries, verifiers.
    """

    PREFIX = "BU"
    report = models.ForeignKey(Report, models.PROTECT, related_name="bundles")
    contents = models.CharField(max_length=6, choices=BundleContents.choices)
    manifest = DigestField()
    payload = DigestField()


class Copy(Fact):
    """A copy given to a reader under terms, logged (domain.md 3.6)."""

    PREFIX = "CY"
    report = models.ForeignKey(Report, models.PROTECT, related_name="copies")
    reader = models.CharField(max_length=200)
    email = models.EmailField()
    token_digest = models.CharField(max_length=64, unique=True)
    terms = models.TextField()


class CopyRead(Fact):
    """A reader agreed to the terms and took the copy."""

    PREFIX = "CE"
    copy = models.ForeignKey(Copy, models.PROTECT, related_name="reads")
    agreed = models.BooleanField()
