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


class DescriptionText(Fact):
    """A part of Section III in management's words, by description criterion. The newest counts."""

    PREFIX = "DT"
    engagement = models.ForeignKey(Engagement, models.PROTECT, related_name="description_texts")
    part = models.CharField(max_length=30)
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


class Bundle(Fact):
    """What an outsider needs to check the report offline. Its manifest is a leaf of the log, so an omission shows."""

    PREFIX = "BU"
    report = models.ForeignKey(Report, models.PROTECT, related_name="bundles")
    manifest = DigestField()


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
