"""Nouns of the scope step: the system and everything that says where it begins and ends (domain.md 2)."""

from __future__ import annotations

from django.core.exceptions import ObjectDoesNotExist
from django.db import models

from tickmark.kernel.dated import Fact, Version


class System(Fact):
    """What is examined. Its content stands in dated versions."""

    PREFIX = "SY"
    CODE = "code"
    code = models.SlugField(max_length=40, unique=True)


class SystemVersion(Version):
    """How the system is described from a day on (DC 1, DC 3 procedures in brief)."""

    PREFIX = "SV"
    SUBJECT = ("system",)
    system = models.ForeignKey(System, models.PROTECT, related_name="versions")
    name = models.CharField(max_length=120)
    company = models.CharField(max_length=200)
    services = models.TextField()
    boundary = models.TextField(blank=True)
    categories = models.JSONField()
    criteria_set = models.CharField(max_length=40, default="tsc-2017-2022")
    time_zone = models.CharField(max_length=60, default="UTC")
    calendar = models.CharField(max_length=40, default="none")


class ScopeApproval(Fact):
    """Somebody with the say approved a version of the system."""

    PREFIX = "SA"
    version = models.OneToOneField(SystemVersion, models.PROTECT, related_name="approval")
    note = models.TextField(blank=True)


class Commitment(Version):
    """A principal service commitment or a system requirement (DC 2)."""

    PREFIX = "CO"
    LATER = frozenset({"criteria"})
    SUBJECT = ("system", "code")

    class Kind(models.TextChoices):
        """Promise to customers, or what the system needs to keep it."""

        COMMITMENT = "commitment", "Service commitment"
        REQUIREMENT = "requirement", "System requirement"

    system = models.ForeignKey(System, models.PROTECT, related_name="commitments")
    code = models.CharField(max_length=20)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    category = models.CharField(max_length=30)
    text = models.TextField()
    source = models.CharField(max_length=200)
    target = models.CharField(max_length=200, blank=True)
    principal = models.BooleanField(default=True)
    criteria = models.JSONField(default=list)

    class Meta(Version.Meta):
        indexes = [models.Index(fields=["system", "code", "effective_from"], name="commitment_in_time")]


class ComponentKind(models.TextChoices):
    """The five kinds of component (DC 3)."""

    INFRASTRUCTURE = "infrastructure", "Infrastructure"
    SOFTWARE = "software", "Software"
    PEOPLE = "people", "People"
    PROCEDURES = "procedures", "Procedures"
    DATA = "data", "Data"


class Component(Version):
    """One component, inside the boundary or named as outside (DC 3).

    `data` are the codes of the components of kind data that it stores or handles, `commitments` those that it helps to
    keep, `flows` what it passes on: `[{"to": code of a component or vendor, "what": words}]`. `supplier` is the code of
    the vendor who hosts or supplies it; `classification` the class of a kind of data, in the company's own words;
    `details` what `scope.details` asks of its kind: `{"retention": "the contract and 30 days", "personal": "yes"}`.
    """

    PREFIX = "CP"
    LATER = frozenset(
        {"data", "commitments", "flows", "classification", "location", "supplier", "backup_owner", "details"}
    )
    SUBJECT = ("system", "code")
    system = models.ForeignKey(System, models.PROTECT, related_name="components")
    code = models.CharField(max_length=40)
    kind = models.CharField(max_length=16, choices=ComponentKind.choices)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    inside = models.BooleanField(default=True)
    owner = models.ForeignKey("people.User", models.PROTECT, null=True, blank=True, related_name="+")
    backup_owner = models.ForeignKey("people.User", models.PROTECT, null=True, blank=True, related_name="+")
    data = models.JSONField(default=list)
    commitments = models.JSONField(default=list)
    flows = models.JSONField(default=list)
    classification = models.CharField(max_length=40, blank=True)
    location = models.CharField(max_length=120, blank=True)
    supplier = models.CharField(max_length=40, blank=True)
    details = models.JSONField(default=dict)

    class Meta(Version.Meta):
        indexes = [models.Index(fields=["system", "code", "effective_from"], name="component_in_time")]


class Vendor(Fact):
    """Somebody who supplies the company."""

    PREFIX = "VE"
    CODE = "code"
    code = models.SlugField(max_length=40, unique=True)


class Method(models.TextChoices):
    """How a subservice organisation stands in the description (domain.md 2.3)."""

    CARVE_OUT = "carve-out", "Carve-out"
    INCLUSIVE = "inclusive", "Inclusive"


class VendorVersion(Version):
    """How a vendor stands from a day on; a subservice organisation has a method (DC 7).

    `report` is its own report in words (kind, opinion), `report_end` the last day that one covers. `data` are the codes
    of the components of kind data that it can reach, `commitments` those that cannot be kept without it.
    """

    PREFIX = "VV"
    LATER = frozenset({"report", "report_end", "owner", "backup_owner", "data", "commitments"})
    SUBJECT = ("vendor",)
    vendor = models.ForeignKey(Vendor, models.PROTECT, related_name="versions")
    name = models.CharField(max_length=120)
    service = models.TextField()
    subservice = models.BooleanField(default=False)
    method = models.CharField(max_length=12, choices=Method.choices, blank=True)
    criteria = models.JSONField(default=list)
    monitored_by = models.CharField(max_length=20, blank=True)
    report = models.CharField(max_length=200, blank=True)
    report_end = models.DateField(null=True, blank=True)
    owner = models.ForeignKey("people.User", models.PROTECT, null=True, blank=True, related_name="+")
    backup_owner = models.ForeignKey("people.User", models.PROTECT, null=True, blank=True, related_name="+")
    data = models.JSONField(default=list)
    commitments = models.JSONField(default=list)


class Complement(Version):
    """A control that others are assumed to operate: a CUEC (DC 6) or a CSOC (DC 7). `why` says why it is needed."""

    PREFIX = "CM"
    LATER = frozenset({"why"})
    SUBJECT = ("system", "code")

    class Kind(models.TextChoices):
        """Whose control it is."""

        CUEC = "cuec", "CUEC"
        CSOC = "csoc", "CSOC"

    system = models.ForeignKey(System, models.PROTECT, related_name="complements")
    code = models.CharField(max_length=20)
    kind = models.CharField(max_length=4, choices=Kind.choices)
    vendor = models.ForeignKey(Vendor, models.PROTECT, null=True, blank=True, related_name="complements")
    text = models.TextField()
    criteria = models.JSONField()
    why = models.TextField(blank=True)

    class Meta(Version.Meta):
        indexes = [models.Index(fields=["system", "code", "effective_from"], name="complement_in_time")]


class NotRelevant(Version):
    """A criterion that does not apply to the system, with the reason that is printed (DC 8)."""

    PREFIX = "NR"
    SUBJECT = ("system", "criterion")
    system = models.ForeignKey(System, models.PROTECT, related_name="not_relevant")
    criterion = models.CharField(max_length=10)
    reason = models.TextField()

    class Meta(Version.Meta):
        indexes = [
            models.Index(fields=["system", "criterion", "effective_from"], name="not_relevant_in_time")
        ]


class Exclusion(Fact):
    """What is left out, by whom, why, until when. The auditor always sees it."""

    PREFIX = "EX"
    system = models.ForeignKey(System, models.PROTECT, related_name="exclusions")
    what = models.CharField(max_length=200)
    reason = models.TextField()
    until = models.DateField(null=True, blank=True)

    @property
    def ended(self) -> bool:
        """Whether somebody ended it; it stays listed."""
        try:
            return bool(self.end)
        except ObjectDoesNotExist:
            return False


class ExclusionEnd(Fact):
    """The end of an exclusion; the exclusion stays listed."""

    PREFIX = "XE"
    exclusion = models.OneToOneField(Exclusion, models.PROTECT, related_name="end")
    reason = models.CharField(max_length=200)


class SystemEvent(Fact):
    """An incident (DC 4) or a significant change (DC 9) that the description must weigh.

    An incident has its cause, what became of it, when it was discovered and the commitments it touched (by code).
    """

    PREFIX = "SE"
    LATER = frozenset({"discovered_on", "cause", "disposition", "commitments"})

    class Kind(models.TextChoices):
        """What sort of event."""

        INCIDENT = "incident", "Incident"
        CHANGE = "change", "Significant change"

    system = models.ForeignKey(System, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    happened_on = models.DateField()
    title = models.CharField(max_length=200)
    text = models.TextField()
    criteria = models.JSONField(default=list)
    disclosed = models.BooleanField(default=True)
    why = models.TextField(blank=True)
    discovered_on = models.DateField(null=True, blank=True)
    cause = models.TextField(blank=True)
    disposition = models.TextField(blank=True)
    commitments = models.JSONField(default=list)


class ReportType(models.IntegerChoices):
    """Type 1 has a date, Type 2 a period (domain.md 0.4 rule 6)."""

    TYPE_1 = 1, "Type 1"
    TYPE_2 = 2, "Type 2"


class Period(Fact):
    """The days that a report covers, both included; for Type 1 start and end are the same day.

    `gap` explains days between this period and the one before it that no period covers (domain.md 9.3).
    """

    PREFIX = "PR"
    LATER = frozenset({"gap"})
    system = models.ForeignKey(System, models.PROTECT, related_name="periods")
    type = models.SmallIntegerField(choices=ReportType.choices)
    start = models.DateField()
    end = models.DateField()
    time_zone = models.CharField(max_length=60, default="UTC")
    replaces = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="replaced_by")
    gap = models.TextField(blank=True)


class InterviewAnswer(Version):
    """What the company said to one question of the scope interview, kept as it goes and open to revisit.

    `interview` is the code of the system that it will describe; `answer` is text, a number, a list or a table, as the
    question asks.
    """

    PREFIX = "IA"
    SUBJECT = ("interview", "question")
    interview = models.SlugField(max_length=40)
    question = models.SlugField(max_length=40)
    answer = models.JSONField()


class PointView(Version):
    """How the company weighs a point of focus for its system: an aid to thinking, never a requirement (rule 2)."""

    PREFIX = "PF"
    SUBJECT = ("system", "point")

    class State(models.TextChoices):
        """What was found."""

        ADDRESSED = "addressed", "Addressed"
        NOT_RELEVANT = "not relevant", "Not relevant"
        GAP = "gap", "Gap"

    system = models.ForeignKey(System, models.PROTECT, related_name="point_views")
    point = models.CharField(max_length=20)
    state = models.CharField(max_length=12, choices=State.choices)
    note = models.TextField(blank=True)


class ProgrammeImport(Fact):
    """One recording of a whole programme: where it came from, and how much of it was new, changed or withdrawn.

    What it wrote stands under the same entry; `fingerprint` is the SHA-256 of what was to change.
    """

    PREFIX = "PI"
    source = models.CharField(max_length=200)
    new = models.IntegerField()
    changed = models.IntegerField()
    withdrawn = models.IntegerField()
    fingerprint = models.CharField(max_length=64)
