"""Nouns of the evidence step: files with their dates, collections with their full record, populations, checks."""

from __future__ import annotations

from django.db import models

from tickmark.controls.models import Control
from tickmark.kernel.dated import DigestField, Fact, Version


class EvidenceKind(models.TextChoices):
    """Kinds of evidence (domain.md 6)."""

    DOC = "DOC", "Approved document"
    CFG = "CFG", "Configuration"
    POP = "POP", "Population list"
    SMP = "SMP", "Proof of a sampled item"
    REC = "REC", "Record of an occurrence"
    OBS = "OBS", "Observation"
    NAR = "NAR", "Narrative"


class Connection(Fact):
    """A source that is read by a collector."""

    PREFIX = "CN"
    CODE = "code"
    code = models.SlugField(max_length=40, unique=True)
    collector = models.CharField(max_length=60)


class ConnectionVersion(Version):
    """How a connection is set from a day on. A narrowed setting is a new version, so that everyone sees it."""

    PREFIX = "CW"
    SUBJECT = ("connection",)
    connection = models.ForeignKey(Connection, models.PROTECT, related_name="versions")
    title = models.CharField(max_length=120)
    source = models.CharField(max_length=200)
    settings = models.JSONField()
    every = models.CharField(max_length=10, blank=True)


class Outcome(models.TextChoices):
    """How a collection ended. Only `complete` may become a lockable population."""

    COMPLETE = "complete", "Complete"
    INCOMPLETE = "incomplete", "Incomplete"
    ERROR = "error", "Error"


class Collection(Fact):
    """One run of a collector: the IPE record (domain.md 4.8). Failed and superseded runs stay visible to the auditor.

    `record` is the whole record as kernel/collecting.py writes it; `raw_files` lists what came, before any edit.
    """

    PREFIX = "CL"
    connection = models.ForeignKey(Connection, models.PROTECT, related_name="collections")
    collector = models.CharField(max_length=60)
    collector_digest = models.CharField(max_length=64, blank=True)
    shape = models.CharField(max_length=40)
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    problems = models.JSONField()
    run_by = models.CharField(max_length=80)
    how = models.CharField(max_length=20)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    count_at_source = models.IntegerField(null=True)
    count_in_file = models.IntegerField(null=True)
    record = models.JSONField()
    raw_files = models.JSONField()


class Evidence(Fact):
    """An immutable file with its three dates and the period that it covers (domain.md 0.4 rules 7 to 9)."""

    PREFIX = "EV"
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    sha256 = DigestField(db_index=True)
    size = models.BigIntegerField()
    kind = models.CharField(max_length=3, choices=EvidenceKind.choices)
    description = models.TextField(blank=True)
    source = models.CharField(max_length=200)
    covers_from = models.DateField(null=True)
    covers_to = models.DateField(null=True)
    observed_at = models.DateTimeField(null=True)
    collected_at = models.DateTimeField()
    collection = models.OneToOneField(
        Collection, models.PROTECT, null=True, blank=True, related_name="evidence"
    )
    replaces = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="replaced_by")

    class Meta:
        verbose_name_plural = "evidence"

    @property
    def filed_at(self) -> object:
        """When it was uploaded or collected into the books: the third date."""
        return self.recorded_at


class Intake(Fact):
    """Many files filed as one: how many, by which manifest, and what was left out with its reason.

    The evidence and its uses stand under the same ledger entry as this row.
    """

    PREFIX = "IK"
    manifest = DigestField(null=True, blank=True)
    filed = models.IntegerField()
    used = models.IntegerField()
    left_out = models.JSONField(default=list)


class Support(Fact):
    """What a piece of evidence is used for: a control, and the occurrence if the control is periodic."""

    PREFIX = "SU"
    evidence = models.ForeignKey(Evidence, models.PROTECT, related_name="supports")
    control = models.ForeignKey(Control, models.PROTECT, related_name="supports")
    occurrence = models.CharField(max_length=20, blank=True)
    performed_on = models.DateField(null=True)


class Acceptance(Fact):
    """A second person found the evidence sufficient for one use. Bound to the file's digest by the row it names."""

    PREFIX = "AC"
    support = models.OneToOneField(Support, models.PROTECT, related_name="acceptance")
    note = models.TextField(blank=True)


class Rejection(Fact):
    """A second person found the evidence insufficient for one use, and why."""

    PREFIX = "RJ"
    support = models.OneToOneField(Support, models.PROTECT, related_name="rejection")
    reason = models.TextField()


class Population(Fact):
    """All occurrences of something, as a table of a shape. Only complete and reconciled ones can be locked."""

    PREFIX = "PN"
    collection = models.OneToOneField(Collection, models.PROTECT, related_name="population")
    evidence = models.OneToOneField(Evidence, models.PROTECT, related_name="population")
    shape = models.CharField(max_length=40, db_index=True)
    count = models.IntegerField()
    key_hash = models.CharField(max_length=64)
    content_hash = DigestField()
    covers_from = models.DateField(null=True)
    covers_to = models.DateField(null=True)


class Reconciliation(Fact):
    """A population held against a second source (domain.md 4.8)."""

    PREFIX = "RC"
    population = models.ForeignKey(Population, models.PROTECT, related_name="reconciliations")
    against = models.CharField(max_length=200)
    ours = models.IntegerField()
    theirs = models.IntegerField()
    only_ours = models.JSONField()
    only_theirs = models.JSONField()
    agrees = models.BooleanField()
    note = models.TextField(blank=True)


class CheckRun(Fact):
    """One run of a check over named populations: counts here, every verdict in a Parquet file."""

    PREFIX = "CR"
    check_name = models.CharField(max_length=60, db_index=True)
    check_digest = models.CharField(max_length=64)
    control = models.ForeignKey(Control, models.PROTECT, null=True, related_name="check_runs")
    parameters = models.JSONField()
    start = models.DateField()
    end = models.DateField()
    counts = models.JSONField()
    verdicts_file = DigestField()
    incomplete = models.JSONField(default=dict)
    populations = models.ManyToManyField(Population, through="CheckInput", related_name="check_runs")


class CheckInput(Fact):
    """A population that a check run read."""

    PREFIX = "CI"
    run = models.ForeignKey(CheckRun, models.PROTECT, related_name="inputs")
    population = models.ForeignKey(Population, models.PROTECT, related_name="inputs")


class Finding(Fact):
    """One item that a check did not pass: failed or undetermined, with its cause."""

    PREFIX = "FI"
    run = models.ForeignKey(CheckRun, models.PROTECT, related_name="findings")
    item = models.CharField(max_length=200, db_index=True)
    verdict = models.CharField(max_length=14)
    cause = models.CharField(max_length=200)
    detail = models.JSONField()
    happened_on = models.DateField(null=True)
