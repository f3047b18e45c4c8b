"""Nouns of the formal audit and its follow-up (domain.md 3, 4, 8). The auditor's rows are the auditor's alone."""

from __future__ import annotations

from django.db import models

from tickmark.controls.models import Control, ControlVersion
from tickmark.evidence.models import CheckRun, Evidence, Population
from tickmark.kernel.dated import DigestField, Fact
from tickmark.people.models import User
from tickmark.scope.models import Period, ReportType, System


class TeamRole(models.TextChoices):
    """Roles of the auditor's side on one engagement (domain.md 8.3)."""

    STAFF = "staff", "Staff auditor"
    LEAD = "lead", "Lead auditor"
    PARTNER = "partner", "Engagement partner"
    QUALITY = "quality", "Quality reviewer"
    SPECIALIST = "specialist", "Specialist"


class SeedRule(models.TextChoices):
    """Where a seed comes from, pinned for the engagement (domain.md 4.5)."""

    COMMITTED = "committed", "Committed nonce"
    DERIVED = "derived", "Derived from the engagement"


class Engagement(Fact):
    """One examination of one system for one period by one firm. Criteria set and method are pinned for ever.

    `follows` is the same firm's examination before it: its lead or partner takes this one up.
    """

    PREFIX = "EN"
    CODE = "code"
    LATER = frozenset({"follows"})
    code = models.SlugField(max_length=40, unique=True)
    system = models.ForeignKey(System, models.PROTECT, related_name="engagements")
    period = models.ForeignKey(Period, models.PROTECT, related_name="engagements")
    firm = models.CharField(max_length=200)
    categories = models.JSONField()
    criteria_set = models.CharField(max_length=40)
    method = models.CharField(max_length=40)
    seed_rule = models.CharField(max_length=10, choices=SeedRule.choices, default=SeedRule.COMMITTED)
    follows = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="followed_by")

    @property
    def of_type_2(self) -> bool:
        """Whether operation is examined: a Type 1 stands on design and a test of one, it has no samples (4.2)."""
        return self.period.type == ReportType.TYPE_2

    @property
    def nonce_needed(self) -> bool:
        """Whether the plan commits to a nonce: only where something may be drawn."""
        return self.of_type_2 and self.seed_rule == SeedRule.COMMITTED


class Commission(Fact):
    """The auditor's plan of an engagement: the SHA-256 of a nonce that stays off this host until the lock."""

    PREFIX = "CS"
    engagement = models.OneToOneField(Engagement, models.PROTECT, related_name="commission")
    commitment = models.CharField(max_length=64)
    plan = models.TextField(blank=True)


class TeamMember(Fact):
    """An auditor on the engagement's team, with the confirmation of independence."""

    PREFIX = "TM"
    engagement = models.ForeignKey(Engagement, models.PROTECT, related_name="team")
    user = models.ForeignKey(User, models.PROTECT, related_name="team_memberships")
    role = models.CharField(max_length=12, choices=TeamRole.choices)


class TeamEnd(Fact):
    """The end of a membership."""

    PREFIX = "TX"
    member = models.OneToOneField(TeamMember, models.PROTECT, related_name="end")


class Independence(Fact):
    """An auditor confirms independence for the engagement (domain.md 8.4)."""

    PREFIX = "ID"
    member = models.OneToOneField(TeamMember, models.PROTECT, related_name="independence")
    statement = models.TextField()


class RequestKind(models.TextChoices):
    """Kinds of request (domain.md 8.1)."""

    POLICY = "policy", "Document"
    CONFIGURATION = "configuration", "Configuration"
    POPULATION = "population", "Population"
    SAMPLE = "sample", "Sample"
    NARRATIVE = "narrative", "Narrative"


class Request(Fact):
    """What the auditor asks for. Its state is what was last done with it (queries.state)."""

    PREFIX = "RQ"
    engagement = models.ForeignKey(Engagement, models.PROTECT, related_name="requests")
    code = models.CharField(max_length=12)
    kind = models.CharField(max_length=14, choices=RequestKind.choices)
    title = models.CharField(max_length=200)
    detail = models.TextField(blank=True)
    controls = models.ManyToManyField(Control, through="RequestControl", related_name="requests")
    due_on = models.DateField()
    wave = models.SmallIntegerField(default=1)
    needs = models.ForeignKey("Sample", models.PROTECT, null=True, blank=True, related_name="requests")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["engagement", "code"], name="one_code_an_engagement")]


class RequestControl(Fact):
    """A control that a request serves."""

    PREFIX = "QC"
    request = models.ForeignKey(Request, models.PROTECT, related_name="request_controls")
    control = models.ForeignKey(Control, models.PROTECT, related_name="request_controls")


class Answer(Fact):
    """The company's submission to a request; `nil` says there is nothing, with the explanation."""

    PREFIX = "AN"
    request = models.ForeignKey(Request, models.PROTECT, related_name="answers")
    text = models.TextField(blank=True)
    nil = models.BooleanField(default=False)


class Share(Fact):
    """Evidence whose content an engagement may see, because it answers a request or stands behind a response."""

    PREFIX = "SH"
    engagement = models.ForeignKey(Engagement, models.PROTECT, related_name="shares")
    evidence = models.ForeignKey(Evidence, models.PROTECT, related_name="shares")
    answer = models.ForeignKey(Answer, models.PROTECT, null=True, related_name="shares")
    response = models.ForeignKey("Response", models.PROTECT, null=True, related_name="shares")


class Move(models.TextChoices):
    """What the auditor did with a request (domain.md 8.2)."""

    RETURNED = "returned", "Returned"
    ACCEPTED = "accepted", "Accepted"
    WITHDRAWN = "withdrawn", "Withdrawn"
    REOPENED = "reopened", "Reopened"


class RequestMove(Fact):
    """A step of the auditor in the life of a request; accepting it is not a test result.

    `answer` is the newest answer that the auditor had before them: a later one submits the request anew.
    """

    PREFIX = "RV"
    request = models.ForeignKey(Request, models.PROTECT, related_name="moves")
    move = models.CharField(max_length=10, choices=Move.choices)
    answer = models.ForeignKey(Answer, models.PROTECT, null=True, related_name="moves")
    reason = models.TextField(blank=True)


class Visibility(models.TextChoices):
    """Who reads a message: both sides, or the writer's side only."""

    SHARED = "shared", "Both sides"
    OWN = "own", "My side only"


class Message(Fact):
    """A line of a request's thread."""

    PREFIX = "ME"
    request = models.ForeignKey(Request, models.PROTECT, related_name="messages")
    side = models.CharField(max_length=10)
    visibility = models.CharField(max_length=6, choices=Visibility.choices)
    text = models.TextField()


class ProcedureKind(models.TextChoices):
    """The four procedures, weakest to strongest (domain.md 4.1)."""

    INQUIRY = "inquiry", "Inquiry"
    OBSERVATION = "observation", "Observation"
    INSPECTION = "inspection", "Inspection"
    REPERFORMANCE = "reperformance", "Reperformance"


class Procedure(Fact):
    """A test of one control, as the auditor plans it: the control's version is the test's threshold.

    `shape` names the population's list; `items_of` the check whose driving rows are its items, all dated rows if empty.
    """

    PREFIX = "PC"
    engagement = models.ForeignKey(Engagement, models.PROTECT, related_name="procedures")
    control_version = models.ForeignKey(ControlVersion, models.PROTECT, related_name="procedures")
    kind = models.CharField(max_length=14, choices=ProcedureKind.choices)
    text = models.TextField()
    shape = models.CharField(max_length=40, blank=True)
    items_of = models.CharField(max_length=60, blank=True)
    risk = models.CharField(max_length=10, default="default")


class Attribute(Fact):
    """One thing that is checked on each item. `counts` is false for a fact that no control states (domain.md 5.1)."""

    PREFIX = "AT"
    procedure = models.ForeignKey(Procedure, models.PROTECT, related_name="attributes")
    letter = models.CharField(max_length=2)
    text = models.TextField()
    check_name = models.CharField(max_length=60, blank=True)
    counts = models.BooleanField(default=True)


class Publishing(Fact):
    """A procedure's page shown to the company: its text and sample, never marks or conclusions."""

    PREFIX = "PU"
    procedure = models.OneToOneField(Procedure, models.PROTECT, related_name="publishing")


class Walkthrough(Fact):
    """One occurrence followed from start to end, to understand design and implementation (domain.md 4.2)."""

    PREFIX = "WK"
    procedure = models.ForeignKey(Procedure, models.PROTECT, related_name="walkthroughs")
    with_whom = models.CharField(max_length=200)
    held_on = models.DateField()
    text = models.TextField()
    design_suitable = models.BooleanField()
    implemented = models.BooleanField()


class PopulationLock(Fact):
    """The auditor took a population as it stands: both hashes are fixed, and only now may a sample be drawn."""

    PREFIX = "LK"
    procedure = models.ForeignKey(Procedure, models.PROTECT, related_name="locks")
    population = models.ForeignKey(Population, models.PROTECT, related_name="locks")
    key_hash = models.CharField(max_length=64)
    content_hash = DigestField()
    count = models.IntegerField()
    start = models.DateField()
    end = models.DateField()
    basis = models.TextField(blank=True)


class SampleMethod(models.TextChoices):
    """How items were taken (domain.md 4.5, 4.9)."""

    CENSUS = "census", "All items"
    RANDOM = "random", "Random, seeded"
    STRATIFIED = "stratified", "Stratified, seeded"


class Sample(Fact):
    """One draw: append-only, never repeated in silence (domain.md 4.5). `extends` adds the next of the same order."""

    PREFIX = "SM"
    procedure = models.ForeignKey(Procedure, models.PROTECT, related_name="samples")
    lock = models.ForeignKey(PopulationLock, models.PROTECT, related_name="samples")
    method = models.CharField(max_length=10, choices=SampleMethod.choices)
    size = models.IntegerField()
    population_size = models.IntegerField()
    seed_rule = models.CharField(max_length=10, choices=SeedRule.choices, blank=True)
    nonce = models.CharField(max_length=200, blank=True)
    seed = models.CharField(max_length=64, blank=True)
    reason = models.TextField(blank=True)
    extends = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="extension")
    redraws = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="redrawn_as")


class SampleItem(Fact):
    """One drawn item by its natural key."""

    PREFIX = "SI"
    sample = models.ForeignKey(Sample, models.PROTECT, related_name="items")
    key = models.CharField(max_length=200)
    position = models.IntegerField()
    stratum = models.CharField(max_length=60, blank=True)
    happened_on = models.DateField(null=True)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["sample", "key"], name="one_item_a_sample")]


class MarkVerdict(models.TextChoices):
    """The values of the grid (domain.md 5)."""

    MET = "met", "Met"
    DEVIATION = "deviation", "Deviation"
    NOT_APPLICABLE = "not_applicable", "Not applicable"
    PENDING = "pending", "Pending"


class Mark(Fact):
    """The verdict of one attribute for one item. The newest counts; the older ones stay."""

    PREFIX = "MK"
    item = models.ForeignKey(SampleItem, models.PROTECT, related_name="marks")
    attribute = models.ForeignKey(Attribute, models.PROTECT, related_name="marks")
    verdict = models.CharField(max_length=14, choices=MarkVerdict.choices)
    note = models.TextField(blank=True)
    evidence = models.ForeignKey(Evidence, models.PROTECT, null=True, blank=True, related_name="marks")
    check_run = models.ForeignKey(CheckRun, models.PROTECT, null=True, blank=True, related_name="marks")


class MarkSheet(Fact):
    """Cells of a grid that were met and marked at once: one row, however many they are (docs/decisions/030).

    `met` holds the places of the items in the draw as ranges, by letter: {"B": [[1, 812], [814, 900]]}. Whatever of
    the same action needs a word of its own (a deviation, a note, another verdict before) is a Mark, and so is every
    later change: where a cell has a Mark, the newest Mark counts.
    """

    PREFIX = "MS"
    lock = models.ForeignKey(PopulationLock, models.PROTECT, related_name="sheets")
    met = models.JSONField()
    check_run = models.ForeignKey(CheckRun, models.PROTECT, null=True, blank=True, related_name="sheets")


class Deviation(Fact):
    """An item that did not do what the control says, confirmed as fact by an auditor. No remedy erases it."""

    PREFIX = "DV"
    procedure = models.ForeignKey(Procedure, models.PROTECT, related_name="deviations")
    item = models.ForeignKey(SampleItem, models.PROTECT, null=True, blank=True, related_name="deviations")
    letters = models.CharField(max_length=20)
    fact = models.TextField()
    nature = models.CharField(max_length=40, blank=True)


class DeviationPublishing(Fact):
    """The deviation put before the company as a statement of fact."""

    PREFIX = "DP"
    deviation = models.OneToOneField(Deviation, models.PROTECT, related_name="publishing")


class Stance(models.TextChoices):
    """What the company says of a published deviation."""

    CONFIRM = "confirm", "We confirm the fact"
    DISPUTE = "dispute", "We dispute the fact, with evidence"


class Response(Fact):
    """Management's response (Section V): cause, remedy, date. It never changes the deviation's text."""

    PREFIX = "RS"
    deviation = models.ForeignKey(Deviation, models.PROTECT, related_name="responses")
    stance = models.CharField(max_length=8, choices=Stance.choices)
    text = models.TextField()
    evidence = models.ForeignKey(Evidence, models.PROTECT, null=True, blank=True, related_name="+")


class Result(models.TextChoices):
    """The closed list of results (domain.md 3.4)."""

    NO_EXCEPTIONS = "no_exceptions", "No exceptions noted"
    EXCEPTIONS = "exceptions", "Exception(s) noted"
    DID_NOT_OPERATE = "did_not_operate", "Did not operate during the period"
    NOT_TESTED = "not_tested", "Not tested"


class Conclusion(Fact):
    """A person's conclusion on one test, chosen after testing; never a default (domain.md 0.4 rule 17)."""

    PREFIX = "CC"
    procedure = models.ForeignKey(Procedure, models.PROTECT, related_name="conclusions")
    result = models.CharField(max_length=16, choices=Result.choices)
    text = models.TextField(blank=True)
    reason = models.TextField()


class CriterionConclusion(Fact):
    """A person's conclusion on one criterion: a separate decision with its own reason (rule 20)."""

    PREFIX = "CZ"
    engagement = models.ForeignKey(Engagement, models.PROTECT, related_name="criterion_conclusions")
    criterion = models.CharField(max_length=10)
    met = models.BooleanField()
    reason = models.TextField()


class SignOffStage(models.TextChoices):
    """The order of sign-offs (domain.md 8.3)."""

    PREPARED = "prepared", "Prepared"
    REVIEWED = "reviewed", "Reviewed"
    PARTNER = "partner", "Partner"


class SignOff(Fact):
    """A signature under the working paper as it stood: `digest` covers it, so a later change clears it by itself.

    `facts` counts what it covers. Facts are only ever added, so lists compare counts where a paper compares digests.
    """

    PREFIX = "SO"
    procedure = models.ForeignKey(Procedure, models.PROTECT, related_name="sign_offs")
    stage = models.CharField(max_length=10, choices=SignOffStage.choices)
    digest = models.CharField(max_length=64)
    facts = models.IntegerField(default=0)


class ReviewNote(Fact):
    """A reviewer's note on a working paper."""

    PREFIX = "RN"
    procedure = models.ForeignKey(Procedure, models.PROTECT, related_name="notes")
    text = models.TextField()


class NoteCleared(Fact):
    """A review note answered and cleared."""

    PREFIX = "NC"
    note = models.OneToOneField(ReviewNote, models.PROTECT, related_name="cleared")
    text = models.TextField()


class Opinion(Fact):
    """Section I as the auditor wrote it, with its parts. Never generated (domain.md 3.1, 3.2)."""

    PREFIX = "OP"

    class Form(models.TextChoices):
        """Forms of opinion."""

        UNMODIFIED = "unmodified", "Unmodified"
        QUALIFIED = "qualified", "Qualified"
        ADVERSE = "adverse", "Adverse"
        DISCLAIMER = "disclaimer", "Disclaimer"

    engagement = models.ForeignKey(Engagement, models.PROTECT, related_name="opinions")
    description = models.CharField(max_length=12, choices=Form.choices)
    design = models.CharField(max_length=12, choices=Form.choices)
    operation = models.CharField(max_length=12, choices=Form.choices, blank=True)
    text = models.TextField()
    dated = models.DateField()
    signed_at_city = models.CharField(max_length=120)
