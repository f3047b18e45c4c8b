"""Answers about the audit: who is on it, how a request stands, what a grid says, whether a signature holds."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from tickmark.audit.methods import method as firm_method
from tickmark.audit.models import (
    Attribute,
    Conclusion,
    Deviation,
    Engagement,
    Mark,
    MarkVerdict,
    PopulationLock,
    Procedure,
    Request,
    RequestMove,
    ReviewNote,
    Sample,
    SampleItem,
    SampleMethod,
    SignOff,
    TeamMember,
    Walkthrough,
)
from tickmark.audit.results import Counts
from tickmark.controls.models import Control, ControlVersion, Frequency
from tickmark.controls.occurrences import occurrences
from tickmark.evidence import queries as evidence
from tickmark.kernel.access import holding
from tickmark.kernel.dated import Fact


@holding("engagement")
def engagements_of(user: Any) -> Mapping[str, frozenset[int]]:
    """The engagements on whose team an account is now, by role; the empty role means any."""
    found: dict[str, set[int]] = defaultdict(set)
    for engagement, role in TeamMember.objects.filter(user=user, end=None).values_list("engagement", "role"):
        found[role].add(engagement)
        found[""].add(engagement)
    return {role: frozenset(ids) for role, ids in found.items()}


@holding("system")
def systems_of(user: Any) -> Mapping[str, frozenset[int]]:
    """The systems that an auditor examines."""
    rows = TeamMember.objects.filter(user=user, end=None).values_list("engagement__system", flat=True)
    return {"": frozenset(rows)}


# -- requests -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RequestState:
    """How a request stands: open, submitted, returned, accepted, withdrawn or reopened, and why."""

    name: str
    why: str = ""

    @property
    def open(self) -> bool:
        """Whether the company can still answer."""
        return self.name not in {"accepted", "withdrawn"}

    @property
    def waits_for(self) -> str:
        """Whose turn it is: company, auditor or nobody."""
        return {"submitted": "auditor", "accepted": "", "withdrawn": ""}.get(self.name, "company")


def with_state(rows: QuerySet[Request]) -> QuerySet[Request]:
    """Requests annotated with their last answer and last move, for `state` without another query."""
    moves = RequestMove.objects.filter(request=OuterRef("pk")).order_by("-pk")
    answers = Request.answers.rel.related_model.objects.filter(request=OuterRef("pk")).order_by("-pk")
    return rows.annotate(
        last_move=Subquery(moves.values("move")[:1]),
        last_move_at=Subquery(moves.values("recorded_at")[:1]),
        last_reason=Subquery(moves.values("reason")[:1]),
        last_answer_at=Subquery(answers.values("recorded_at")[:1]),
    )


def state(request: Request) -> RequestState:
    """How a request stands: the later of its last answer and the auditor's last move decides."""
    row: Any = (
        request if hasattr(request, "last_move") else with_state(Request.objects.filter(pk=request.pk)).get()
    )
    if row.last_move is None:
        return RequestState("submitted" if row.last_answer_at else "open")
    if row.last_move != "withdrawn" and row.last_answer_at and row.last_answer_at > row.last_move_at:
        return RequestState("submitted")
    return RequestState(row.last_move, row.last_reason)


def controls_in_force(engagement: Engagement) -> QuerySet[Control]:
    """Controls with a version in force at some time of the engagement's period that serve its categories."""
    spans = ControlVersion.objects.all().over(engagement.period.start, engagement.period.end)
    rows: QuerySet[Control] = Control.objects.filter(
        pk__in={span.version.control_id for span in spans}
    ).order_by("code")
    return rows


# -- tests --------------------------------------------------------------------------------------------------------


def current_lock(procedure: Procedure) -> PopulationLock | None:
    """The newest lock of a test."""
    row: PopulationLock | None = (
        PopulationLock.objects.filter(procedure=procedure)
        .select_related("population__evidence", "procedure")
        .order_by("-pk")
        .first()
    )
    return row


def locked_items(lock: PopulationLock) -> list[evidence.Item]:
    """The items that a lock fixed, read again from the file whose digest it holds."""
    zone = lock.procedure.engagement.period.time_zone
    return evidence.items_of(lock.population, lock.procedure.items_of, lock.start, lock.end, zone)


def planned_size(procedure: Procedure, count: int) -> int:
    """How many items the firm's method asks for (domain.md 4.4): by frequency if periodic, else by count."""
    rule = firm_method(procedure.engagement.method)
    frequency = procedure.control_version.frequency
    if frequency in {Frequency.EVENT, Frequency.EVENT_ANNUAL, Frequency.CONTINUOUS}:
        return rule.size_for_count(count, procedure.risk)
    period = procedure.engagement.period
    times = len(occurrences(frequency, period.start, period.end))
    return min(count, rule.size_for_frequency(frequency, times, procedure.risk))


def current_samples(procedure: Procedure) -> list[Sample]:
    """The draws that count: the newest one, what it extends, and its extensions; redrawn ones are left as history."""
    rows = list(Sample.objects.filter(procedure=procedure).order_by("pk"))
    redrawn = {row.redraws_id for row in rows}
    last_lock = max((row.lock_id for row in rows if row.pk not in redrawn), default=None)
    return [row for row in rows if row.pk not in redrawn and row.lock_id == last_lock]


def taken_keys(sample: Sample) -> list[str]:
    """The keys drawn so far under the sample's order, extensions included."""
    chain = Sample.objects.filter(procedure=sample.procedure, lock=sample.lock)
    return list(
        SampleItem.objects.filter(sample__in=chain).order_by("position").values_list("key", flat=True)
    )


def items(procedure: Procedure) -> list[SampleItem]:
    """The items of the grid, in the order of the draw."""
    samples = current_samples(procedure)
    return list(SampleItem.objects.filter(sample__in=samples).order_by("position").select_related("sample"))


def marks(procedure: Procedure) -> dict[tuple[str, str], Mark]:
    """The mark that counts for each cell (item key, letter): the newest one."""
    rows = Mark.objects.filter(attribute__procedure=procedure, item__sample__in=current_samples(procedure))
    rows = rows.select_related("item", "attribute", "by").order_by("pk")
    return {(row.item.key, row.attribute.letter): row for row in rows}


@dataclass(frozen=True)
class Grid:
    """Items × attributes of one test with the marks that count."""

    procedure: Procedure
    attributes: list[Attribute]
    items: list[SampleItem]
    marks: dict[tuple[str, str], Mark]

    def verdict(self, key: str, letter: str) -> str:
        """The verdict of a cell; one that nobody marked is pending."""
        mark = self.marks.get((key, letter))
        return mark.verdict if mark else MarkVerdict.PENDING

    def deviating(self, key: str) -> list[str]:
        """The letters that count and deviate for an item."""
        return [
            a.letter
            for a in self.attributes
            if a.counts and self.verdict(key, a.letter) == MarkVerdict.DEVIATION
        ]

    def pending(self, key: str) -> bool:
        """Whether a counting cell of the item is open."""
        return any(a.counts and self.verdict(key, a.letter) == MarkVerdict.PENDING for a in self.attributes)

    def applies(self, key: str) -> bool:
        """Whether any counting attribute applies to the item."""
        return any(
            a.counts and self.verdict(key, a.letter) != MarkVerdict.NOT_APPLICABLE for a in self.attributes
        )


def grid(procedure: Procedure) -> Grid:
    """The grid of a test."""
    attributes = list(procedure.attributes.order_by("letter"))
    return Grid(procedure, attributes, items(procedure), marks(procedure))


def counts(procedure: Procedure) -> Counts:
    """What was tested, as `results.admissible` reads it."""
    samples = current_samples(procedure)
    table = grid(procedure)
    applicable = [item for item in table.items if table.applies(item.key)]
    locked = current_lock(procedure)
    alone = procedure.kind if not procedure.walkthroughs.exists() else "inspection"
    settings = _setting_counts(procedure) if not procedure.shape else None
    return settings or Counts(
        population=locked.count if locked else None,
        tested=len(applicable),
        deviations=sum(bool(table.deviating(item.key)) for item in applicable),
        pending=sum(table.pending(item.key) for item in applicable),
        not_applicable=len(table.items) - len(applicable),
        census=bool(samples) and all(row.method == SampleMethod.CENSUS for row in samples),
        findings=Deviation.objects.filter(procedure=procedure, item=None).count(),
        procedures=frozenset({procedure.kind, alone}),
    )


def _setting_counts(procedure: Procedure) -> Counts:
    """A test without a list (a setting, a document, a record): the walkthroughs are what was looked at."""
    looked = procedure.walkthroughs.count()
    found = Deviation.objects.filter(procedure=procedure).count()
    return Counts(
        population=max(looked, 1),
        tested=looked,
        deviations=0,
        findings=found,
        procedures=frozenset({procedure.kind}),
    )


def unexplained(procedure: Procedure) -> list[str]:
    """Keys of deviating items that nobody has confirmed as deviations yet."""
    table = grid(procedure)
    told = set(Deviation.objects.filter(procedure=procedure).values_list("item__key", flat=True))
    return [item.key for item in table.items if table.deviating(item.key) and item.key not in told]


# -- working papers -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Workpaper:
    """Everything that a signature under a test covers, and the signatures that still hold."""

    procedure: Procedure
    facts: list[Fact]
    conclusion: Conclusion | None
    open_notes: list[ReviewNote]
    signatures: list[SignOff]

    @cached_property
    def digest(self) -> str:
        """SHA-256 over reference and digest of every fact of the paper, sorted: any change gives another one."""
        lines = sorted(f"{fact.ref} {fact.digest()}" for fact in self.facts)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    @property
    def standing(self) -> dict[str, SignOff]:
        """The signatures that cover the paper as it is now, by stage."""
        return {row.stage: row for row in self.signatures if row.digest == self.digest}

    @property
    def cleared(self) -> list[SignOff]:
        """Signatures that a later change has cleared."""
        return [row for row in self.signatures if row.digest != self.digest]

    @property
    def preparers(self) -> set[Any]:
        """The accounts that wrote the paper's tests."""
        return {fact.by for fact in self.facts if isinstance(fact, Mark | Conclusion | Sample)}


def workpaper(procedure: Procedure) -> Workpaper:
    """The working paper of a test as it stands."""
    conclusions = list(Conclusion.objects.filter(procedure=procedure).select_related("by").order_by("pk"))
    notes = list(ReviewNote.objects.filter(procedure=procedure).select_related("cleared"))
    samples = current_samples(procedure)
    facts: list[Any] = [
        procedure,
        *procedure.attributes.all(),
        *Walkthrough.objects.filter(procedure=procedure),
        *PopulationLock.objects.filter(procedure=procedure),
        *Sample.objects.filter(procedure=procedure).select_related("by"),
        *SampleItem.objects.filter(sample__in=samples),
        *Mark.objects.filter(attribute__procedure=procedure).select_related("by"),
        *Deviation.objects.filter(procedure=procedure),
        *conclusions,
    ]
    return Workpaper(
        procedure=procedure,
        facts=facts,
        conclusion=conclusions[-1] if conclusions else None,
        open_notes=[row for row in notes if not hasattr(row, "cleared")],
        signatures=list(SignOff.objects.filter(procedure=procedure).select_related("by").order_by("pk")),
    )
