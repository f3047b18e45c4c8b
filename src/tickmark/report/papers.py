"""The working papers of a whole engagement, read with the same number of queries for one test as for a hundred.

What a paper holds, what a signature covers and which results the counts allow is the audit step's word
(`workpaper`, `counts`, `admissible`); tests hold the two ways of reading to the same answers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import F

from tickmark.audit import results
from tickmark.audit.models import (
    Attribute,
    Conclusion,
    Deviation,
    Engagement,
    Mark,
    MarkSheet,
    MarkVerdict,
    PopulationLock,
    Procedure,
    ReviewNote,
    Sample,
    SampleItem,
    SampleMethod,
    SignOff,
    SignOffStage,
    Walkthrough,
)
from tickmark.audit.queries import Grid, Workpaper
from tickmark.audit.queries.papers import PAPER
from tickmark.audit.results import Admissible, Counts

NEEDED = (SignOffStage.PREPARED, SignOffStage.REVIEWED)
"""The signatures that a conclusion needs before it is printed (domain.md 8.3)."""


@dataclass(frozen=True)
class Paper:
    """The working paper of one test; `file` is the paper as the audit step defines it."""

    procedure: Procedure
    file: Workpaper

    def _own(self, model: type[Any]) -> list[Any]:
        return [fact for fact in self.file.facts if type(fact) is model]

    @property
    def missing(self) -> list[str]:
        """The signatures that do not stand under the paper as it is now.

        Facts are only ever added, so the number of facts that a signature covers tells; `intact` compares digests.
        """
        here = {row.stage for row in self.file.signatures if row.facts == len(self.file.facts)}
        return [stage.label.lower() for stage in NEEDED if stage not in here]

    @property
    def intact(self) -> bool:
        """Whether the signatures cover every byte of the paper: costs a digest for each of its facts."""
        return all(stage in self.file.standing for stage in NEEDED)

    @property
    def signed(self) -> Conclusion | None:
        """The conclusion, if it is signed as prepared and as reviewed on the paper as it stands."""
        return None if self.missing else self.file.conclusion

    @cached_property
    def grid(self) -> Grid:
        """The grid of the newest lock's draws."""
        locked = next(reversed(self._own(PopulationLock)), None)
        drawn = {row.pk for row in self._own(Sample) if locked and row.lock_id == locked.pk}
        items = sorted(
            (row for row in self._own(SampleItem) if row.sample_id in drawn), key=lambda row: row.position
        )
        attributes = sorted(self._own(Attribute), key=lambda row: row.letter)
        sheets = [row for row in self._own(MarkSheet) if locked and row.lock_id == locked.pk]
        return Grid.of(self.procedure, attributes, items, (self._own(Mark), sheets))

    @cached_property
    def deviations(self) -> list[Deviation]:
        """The deviations that count: outside of items, or of an item that deviates by its newest marks."""
        newest = {(row.item_id, row.attribute_id): row.verdict for row in self._own(Mark)}
        deviating = {item for (item, _), verdict in newest.items() if verdict == MarkVerdict.DEVIATION}
        return [row for row in self._own(Deviation) if row.item_id is None or row.item_id in deviating]

    @cached_property
    def tested(self) -> Counts:
        """What was tested."""
        kinds = frozenset({self.procedure.kind})
        if not self.procedure.shape:
            looked = len(self._own(Walkthrough))
            return Counts(max(looked, 1), looked, 0, findings=len(self.deviations), procedures=kinds)
        grid, locked = self.grid, next(reversed(self._own(PopulationLock)), None)
        here = {row.pk for row in grid.items}
        applicable = [row for row in grid.items if grid.applies(row.key)]
        drawn = [row for row in self._own(Sample) if locked and row.lock_id == locked.pk]
        return Counts(
            population=locked.count if locked else None,
            tested=len(applicable),
            deviations=len(grid.deviating_items),
            pending=len(grid.open_items),
            not_applicable=len(grid.items) - len(applicable),
            census=any(row.method == SampleMethod.CENSUS for row in drawn),
            findings=sum(row.item_id not in here for row in self.deviations),
            procedures=kinds,
        )

    @property
    def walkthrough(self) -> Walkthrough | None:
        """The last walkthrough: what it says of design and implementation counts."""
        return next(reversed(self._own(Walkthrough)), None)

    @property
    def admissible(self) -> Admissible:
        """The results that the paper allows as it stands (Type 2)."""
        found = results.admissible(self.tested)
        last = self.walkthrough
        if results.Result.NO_EXCEPTIONS not in found.results:
            return found
        if last is not None and not (last.design_suitable and last.implemented):
            why = "The walkthrough found it badly designed or not in use, so its operation is not tested."
            return Admissible((results.Result.NOT_TESTED,), why)
        more = () if self.procedure.shape else (results.Result.DID_NOT_OPERATE,)
        return Admissible((*found.results, *more), found.why)


def papers(engagement: Engagement) -> list[Paper]:
    """Every test of the engagement, in the order of preparation."""
    rows = Procedure.objects.filter(engagement=engagement)
    procedures = list(
        rows.select_related("control_version__control", "engagement__period", "by").order_by("pk")
    )
    facts = _facts(engagement)
    of = {"procedure__engagement": engagement}
    notes = _by(ReviewNote.objects.filter(cleared=None, **of), "procedure_id")
    signatures = _by(SignOff.objects.filter(**of).select_related("by").order_by("pk"), "procedure_id")
    return [Paper(row, _paper(row, facts[row.pk], notes[row.pk], signatures[row.pk])) for row in procedures]


def _facts(engagement: Engagement) -> defaultdict[int, list[Any]]:
    """The facts of every paper by test, in the order in which the audit step lists them."""
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for model, path in PAPER:
        rows = model._default_manager.filter(**{f"{path}__engagement": engagement})
        rows = rows.select_related("publishing") if model is Deviation else rows
        for row in rows.annotate(paper=F(path)).order_by("pk"):
            found[row.paper].append(row)
    return found


def _paper(procedure: Procedure, facts: list[Any], notes: list[Any], signatures: list[Any]) -> Workpaper:
    concluded = [fact for fact in facts if isinstance(fact, Conclusion)]
    return Workpaper(
        procedure=procedure,
        facts=[procedure, *facts],
        conclusion=concluded[-1] if concluded else None,
        open_notes=notes,
        signatures=signatures,
    )


def _by(rows: Iterable[Any], column: str) -> defaultdict[int, list[Any]]:
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[getattr(row, column)].append(row)
    return found
