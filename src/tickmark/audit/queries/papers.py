"""Working papers: what a signature covers, which signatures hold, how far each test is (domain.md 8.3, 8.5)."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from django.db.models import Count, OuterRef, QuerySet, Subquery

from tickmark.audit import ranges
from tickmark.audit.models import (
    Attribute,
    Conclusion,
    Deviation,
    Mark,
    MarkSheet,
    PopulationLock,
    Procedure,
    ReviewNote,
    Sample,
    SampleItem,
    SignOff,
    SignOffStage,
    Walkthrough,
)
from tickmark.kernel.dated import Fact
from tickmark.kernel.ledger.entry import Leaf

PAPER = (
    (Attribute, "procedure"),
    (Walkthrough, "procedure"),
    (PopulationLock, "procedure"),
    (Sample, "procedure"),
    (SampleItem, "sample__procedure"),
    (Mark, "attribute__procedure"),
    (MarkSheet, "lock__procedure"),
    (Deviation, "procedure"),
    (Conclusion, "procedure"),
)
"""The facts of a working paper beside the procedure itself, and how each leads to it."""

WORK = (Walkthrough, PopulationLock, Sample, Mark, MarkSheet, Deviation, Conclusion)
"""Who wrote one of these worked on the test, and so never reviews it (rule 15)."""


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
        lines = sorted(f"{fact.ref} {Fact.digest(fact)}" for fact in self.facts)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    @property
    def finished(self) -> bool:
        """Whether there is something to sign: a conclusion, or for a Type 1 the walkthrough."""
        needed = Conclusion if self.procedure.engagement.of_type_2 else Walkthrough
        return any(isinstance(fact, needed) for fact in self.facts)

    @cached_property
    def standing(self) -> dict[str, SignOff]:
        """The signatures that cover the paper as it is now, by stage."""
        return {row.stage: row for row in self.signatures if row.digest == self.digest}

    @property
    def cleared(self) -> list[SignOff]:
        """Signatures that a later change has cleared."""
        return [row for row in self.signatures if row.digest != self.digest]

    @property
    def preparers(self) -> set[int | None]:
        """The accounts that did the work of the test, or signed as its preparer."""
        signed = {row.by_id for row in self.signatures if row.stage == SignOffStage.PREPARED}
        return {fact.by_id for fact in self.facts if isinstance(fact, WORK)} | signed

    @property
    def next_stage(self) -> str:
        """The signature that comes next, or nothing when all three stand."""
        return next((stage for stage in SignOffStage.values if stage not in self.standing), "")


def workpaper(procedure: Procedure) -> Workpaper:
    """The working paper of a test as it stands."""
    facts: list[Any] = [procedure]
    for model, path in PAPER:
        facts += model.objects.filter(**{path: procedure}).order_by("pk")
    concluded = [fact for fact in facts if isinstance(fact, Conclusion)]
    return Workpaper(
        procedure=procedure,
        facts=facts,
        conclusion=concluded[-1] if concluded else None,
        open_notes=list(ReviewNote.objects.filter(procedure=procedure, cleared=None).select_related("by")),
        signatures=list(SignOff.objects.filter(procedure=procedure).select_related("by").order_by("pk")),
    )


def positions(facts: Iterable[Fact]) -> dict[Any, int | None]:
    """Where in the sealed log each fact's entry stands, by the entry's uid; None until it is sealed."""
    uids = {fact.entry for fact in facts}
    places = dict(Leaf.objects.filter(entry__uid__in=uids).values_list("entry_id", "position"))
    return {uid: places.get(uid) for uid in uids}


@dataclass(frozen=True)
class Progress:
    """How far a test is: each step is a fact that exists, the signatures those that hold."""

    procedure: Procedure
    locked: bool
    drawn: int
    cells: int
    open_cells: int
    deviations: int
    result: str
    signed: frozenset[str]
    open_notes: int

    @property
    def state(self) -> str:
        """The last step that is done: prepared, locked, drawn, marked, concluded, or the stage signed."""
        last = next((stage for stage in reversed(SignOffStage.values) if stage in self.signed), "")
        if last:
            return f"signed_{last}"
        if self.result:
            return "concluded"
        if self.drawn and not self.open_cells:
            return "marked"
        return "drawn" if self.drawn else ("locked" if self.locked else "planned")


def progress(rows: QuerySet[Procedure]) -> list[Progress]:
    """How far each test is, in a fixed number of queries however many tests and items."""
    found = list(
        rows.select_related("control_version__control", "engagement__period", "by").annotate(
            last_lock=Subquery(_newest(PopulationLock, "pk")), result=Subquery(_newest(Conclusion, "result"))
        )
    )
    ids = [row.pk for row in found]
    signed = standing_stages(ids)
    cells, deviations = _cells(found), _count(Deviation.objects.filter(procedure__in=ids), "procedure")
    notes = _count(ReviewNote.objects.filter(procedure__in=ids, cleared=None), "procedure")
    return [
        Progress(
            procedure=row,
            locked=row.last_lock is not None,
            drawn=cells[row.pk][0],
            cells=cells[row.pk][1],
            open_cells=cells[row.pk][2],
            deviations=deviations.get(row.pk, 0),
            result=row.result or "",
            signed=signed[row.pk],
            open_notes=notes.get(row.pk, 0),
        )
        for row in found
    ]


def _newest(model: Any, column: str) -> Any:
    return model.objects.filter(procedure=OuterRef("pk")).order_by("-pk").values(column)[:1]


def _count(rows: QuerySet[Any], path: str) -> dict[int, int]:
    return dict(rows.order_by().values_list(path).annotate(number=Count("pk")))


def _facts(ids: list[int]) -> dict[int, int]:
    """How many facts the paper of each test holds now, as `SignOff.facts` counted them when it was signed."""
    found = dict.fromkeys(ids, 1)
    counts = [_counted(model, path, ids) for model, path in PAPER]
    for procedure, number in counts[0].union(*counts[1:], all=True):
        found[procedure] += number
    return found


def _counted(model: Any, path: str, ids: list[int]) -> QuerySet[Any]:
    rows = model.objects.filter(**{f"{path}__in": ids}).order_by()
    return cast("QuerySet[Any]", rows.values_list(path).annotate(number=Count("pk")))


def standing_stages(ids: list[int]) -> dict[int, frozenset[str]]:
    """The stages that are signed on each paper as it stands, without reading the papers themselves."""
    covered = _facts(ids)
    found: dict[int, set[str]] = {pk: set() for pk in ids}
    rows = SignOff.objects.filter(procedure__in=ids)
    for procedure, stage, facts in rows.values_list("procedure", "stage", "facts"):
        if facts == covered[procedure]:
            found[procedure].add(stage)
    return {pk: frozenset(stages) for pk, stages in found.items()}


def worked_on(user: Any, ids: list[int]) -> set[int]:
    """Those of the tests on which an account did work, or which it signed as preparer: it does not review them."""
    done = [
        model.objects.filter(by=user, **{f"{path}__in": ids}).order_by().values_list(path)
        for model, path in PAPER
        if model in WORK
    ]
    signed = SignOff.objects.filter(by=user, procedure__in=ids, stage=SignOffStage.PREPARED)
    return {procedure for (procedure,) in signed.order_by().values_list("procedure").union(*done)}


Cell = tuple[int, str, int]
"""Test, letter, the item's place in the draw."""


def _mark_cells(locks: list[int]) -> dict[Cell, str]:
    """The newest verdict of every counting cell that has a mark of its own."""
    marks = Mark.objects.filter(item__sample__lock__in=locks, attribute__counts=True).order_by("pk")
    rows = marks.values_list("attribute__procedure", "attribute__letter", "item__position", "verdict")
    return {(procedure, letter, place): verdict for procedure, letter, place, verdict in rows}


def _sheet_cells(procedures: list[int], locks: list[int]) -> dict[Cell, str]:
    """The counting cells that were met and marked at once."""
    counting = set(
        Attribute.objects.filter(procedure__in=procedures, counts=True).values_list("procedure", "letter")
    )
    sheets = MarkSheet.objects.filter(lock__in=locks).values_list("lock__procedure", "met")
    return {
        (procedure, letter, place): "met"
        for procedure, met in sheets
        for letter, places in met.items()
        if (procedure, letter) in counting
        for place in ranges.spread(places)
    }


def _cells(procedures: list[Any]) -> dict[int, tuple[int, int, int]]:
    """Items drawn from the newest lock, cells that count, and those of them without a verdict, by test."""
    locks = [row.last_lock for row in procedures if row.last_lock]
    drawn = _count(SampleItem.objects.filter(sample__lock__in=locks), "sample__procedure")
    ids = [row.pk for row in procedures]
    counting = _count(Attribute.objects.filter(procedure__in=ids, counts=True), "procedure")
    judged: dict[int, int] = defaultdict(int)
    for (procedure, _, _), verdict in (_sheet_cells(ids, locks) | _mark_cells(locks)).items():
        judged[procedure] += verdict != "pending"
    return {
        pk: (drawn.get(pk, 0), total := drawn.get(pk, 0) * counting.get(pk, 0), total - judged[pk])
        for pk in ids
    }
