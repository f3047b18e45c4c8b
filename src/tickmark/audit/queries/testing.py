"""What a test looks at: its locked population, its draw, its grid, and the results that the counts allow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from typing import Any

from django.db.models import QuerySet

from tickmark.audit import ranges, results
from tickmark.audit.methods import Size
from tickmark.audit.methods import method as firm_method
from tickmark.audit.models import (
    Attribute,
    Deviation,
    Mark,
    MarkSheet,
    MarkVerdict,
    PopulationLock,
    Procedure,
    Sample,
    SampleItem,
    SampleMethod,
    Walkthrough,
)
from tickmark.audit.queries.engagement import part_of
from tickmark.audit.results import Admissible, Counts
from tickmark.controls.occurrences import bucket_for, occurrences
from tickmark.evidence import queries as evidence
from tickmark.evidence import sampling
from tickmark.evidence.models import CheckRun
from tickmark.kernel import files, tables
from tickmark.kernel.errors import Conflict, TickmarkError


def current_lock(procedure: Procedure) -> PopulationLock | None:
    """The newest lock of a test: the population that is tested."""
    rows = PopulationLock.objects.filter(procedure=procedure).select_related(
        "population__evidence", "population__collection"
    )
    row: PopulationLock | None = rows.order_by("-pk").first()
    return row


def locked_items(lock: PopulationLock) -> list[evidence.Item]:
    """The items that a lock fixed, read again from the kept file. Raises Conflict if they are not the locked ones."""
    digest = str(lock.content_hash)
    with files.local(digest) as path:
        if files.digest(path) != digest:
            raise files.changed(digest)
    procedure = lock.procedure
    zone = procedure.engagement.period.time_zone
    items = evidence.items_of(lock.population, procedure.items_of, lock.start, lock.end, zone)
    if sampling.key_hash(item.key for item in items) != lock.key_hash:
        raise Conflict(
            f"The items are not those that {lock.ref} fixed.",
            "The file is the same; the rule that picks its items is another one.",
            "Put back the check that was in use at the lock, or lock again with the reason.",
        )
    return items


def days_of(lock: PopulationLock) -> dict[str, date | None]:
    """The day of every item that a lock fixed; read once from the file, since a lock never changes."""
    return _days(lock, lock.key_hash)


@lru_cache(maxsize=32)
def _days(lock: PopulationLock, key_hash: str) -> dict[str, date | None]:
    return {item.key: item.day for item in locked_items(lock)}


def item_record(lock: PopulationLock, key: str) -> dict[str, Any]:
    """The row of the locked file that an item stands for, by column; empty if the key is no row of it."""
    shape = evidence.registers().shapes[lock.population.shape]
    with files.local(str(lock.content_hash)) as path, tables.trusted() as con:
        cursor = con.execute(
            f"select * from read_parquet({tables.quoted(path)}) where {tables.key_sql(shape)} = ? limit 1",
            [key],
        )
        row = cursor.fetchone()
        names = [column[0] for column in cursor.description or ()]
    return dict(zip(names, row, strict=True)) if row else {}


@dataclass(frozen=True)
class Plan:
    """How many of `count` items the firm's method asks for, and its rule in the method's own words."""

    count: int
    size: int
    rule: str


def plan_for(procedure: Procedure, count: int) -> Plan:
    """The size by the firm's method (domain.md 4.4): by frequency if the control is periodic, else by count."""
    rule = firm_method(procedure.engagement.method)
    frequency = procedure.control_version.frequency
    span = part_of(procedure.control_version, procedure.engagement.period)
    times = len(occurrences(frequency, span.start, span.end)) if span and bucket_for(frequency) else 0
    size = min(count, rule.size_for_frequency(frequency, times or count, procedure.risk))
    words: Size | str = f"{frequency}, {times} times" if times else rule.rule_for_count(count, procedure.risk)
    return Plan(count, size, f"{words}, at {procedure.risk} risk")


def samples(procedure: Procedure) -> list[Sample]:
    """The draw that counts and its extensions; those of a lock that was replaced are history."""
    locked = current_lock(procedure)
    rows = Sample.objects.filter(procedure=procedure, lock=locked) if locked else Sample.objects.none()
    return list(rows.select_related("by", "lock").order_by("pk"))


def taken_keys(sample: Sample) -> list[str]:
    """The keys drawn so far under the sample's order, extensions included."""
    rows = SampleItem.objects.filter(sample__procedure=sample.procedure_id, sample__lock=sample.lock_id)
    return list(rows.order_by("position").values_list("key", flat=True))


@dataclass(frozen=True)
class Grid:
    """Items × attributes of one test with the marks that count, by (item key, letter)."""

    procedure: Procedure
    attributes: list[Attribute]
    items: list[SampleItem]
    marks: dict[tuple[str, str], Mark]

    def verdict(self, key: str, letter: str) -> str:
        """The verdict of a cell; one that nobody marked is pending."""
        mark = self.marks.get((key, letter))
        return mark.verdict if mark else MarkVerdict.PENDING

    def letters(self, key: str, verdict: str) -> list[str]:
        """The letters that count and have this verdict for an item."""
        return [a.letter for a in self.attributes if a.counts and self.verdict(key, a.letter) == verdict]

    def deviating(self, key: str) -> list[str]:
        """The letters that count and deviate for an item."""
        return self.letters(key, MarkVerdict.DEVIATION)

    def pending(self, key: str) -> bool:
        """Whether a counting cell of the item is open."""
        return bool(self.letters(key, MarkVerdict.PENDING))

    def applies(self, key: str) -> bool:
        """Whether any counting attribute applies to the item."""
        return len(self.letters(key, MarkVerdict.NOT_APPLICABLE)) < sum(a.counts for a in self.attributes)

    @cached_property
    def open_items(self) -> list[SampleItem]:
        """Items with a cell that nobody judged."""
        return [item for item in self.items if self.pending(item.key)]

    @cached_property
    def deviating_items(self) -> list[SampleItem]:
        """Items with a deviating attribute that counts: each once, however many attributes deviate."""
        return [item for item in self.items if self.deviating(item.key)]

    @classmethod
    def of(
        cls,
        procedure: Procedure,
        attributes: list[Attribute],
        items: list[SampleItem],
        facts: tuple[Iterable[Mark], Iterable[MarkSheet]],
    ) -> Grid:
        """The grid of some items; marks and sheets in the order in which they were written."""
        marks, sheets = facts
        keys, letters = {row.pk: row.key for row in items}, {row.pk: row.letter for row in attributes}
        found = {cell: mark for sheet in sheets for cell, mark in _spread(sheet, attributes, items)}
        found |= {(keys[row.item_id], letters[row.attribute_id]): row for row in marks if row.item_id in keys}
        return cls(procedure, attributes, items, found)

    @property
    def seen_by_hand(self) -> int:
        """Items that a person marked: in a census the slice that was done again, and every flagged one."""
        return len({key for (key, _), mark in self.marks.items() if mark.check_run_id is None})


def grid(procedure: Procedure) -> Grid:
    """The grid of a test, in the order of the draw."""
    drawn = [sample.pk for sample in samples(procedure)]
    items = list(SampleItem.objects.filter(sample__in=drawn).order_by("position"))
    attributes = list(procedure.attributes.order_by("letter"))
    marks = Mark.objects.filter(item__sample__in=drawn).select_related("by").order_by("pk")
    return Grid.of(procedure, attributes, items, (marks, _sheets(current_lock(procedure))))


def _sheets(lock: PopulationLock | None) -> QuerySet[MarkSheet]:
    """The sheets over the draws of a lock, in the order in which they were written."""
    return MarkSheet.objects.filter(lock=lock).select_related("by", "check_run").order_by("pk")


def _spread(
    sheet: MarkSheet, attributes: list[Attribute], items: list[SampleItem]
) -> Iterator[tuple[tuple[str, str], Mark]]:
    """Each cell of a sheet as a mark that stands in no table."""
    places = {item.position: item for item in items}
    for attribute in attributes:
        for place in ranges.spread(sheet.met.get(attribute.letter, ())):
            if place in places:
                yield (places[place].key, attribute.letter), mark_of(sheet, attribute, places[place])


def mark_of(sheet: MarkSheet, attribute: Attribute, item: SampleItem, note: str = "") -> Mark:
    """A cell of a sheet as a mark that stands in no table."""
    return Mark(
        item=item,
        attribute=attribute,
        verdict=MarkVerdict.MET,
        note=note,
        check_run=sheet.check_run,
        by=sheet.by,
        entry=sheet.entry,
        recorded_at=sheet.recorded_at,
    )


def history(procedure: Procedure, item: SampleItem, marks: Iterable[Mark]) -> dict[int, list[Mark]]:
    """Every mark of one item, by attribute, the newest first; those of sheets among them.

    What a check found met has the words of its run.
    """
    found: dict[int, list[Mark]] = {}
    for mark in marks:
        found.setdefault(mark.attribute_id, []).append(mark)
    attributes = list(procedure.attributes.all())
    for sheet in _sheets(item.sample.lock).reverse():
        for attribute in attributes:
            if item.position in ranges.spread(sheet.met.get(attribute.letter, ())):
                note = _words(sheet.check_run, item.key) if sheet.check_run else ""
                found.setdefault(attribute.pk, []).append(mark_of(sheet, attribute, item, note))
    return found


def _words(run: CheckRun, key: str) -> str:
    try:
        return evidence.verdicts_by_subject(run, key).get(key, ("", ""))[1]
    except TickmarkError as error:
        return f"The words of {run.ref} cannot be read: {error.what}"


def standing_deviations(procedure: Procedure) -> list[Deviation]:
    """The deviations that count: those outside of items, and those whose item still deviates by its newest marks.

    One that the auditor marked otherwise afterwards, with the reason in the mark, stays readable as history. One that
    was found in a draw that was replaced still counts: a redraw erases nothing.
    """
    rows = (
        Deviation.objects.filter(procedure=procedure)
        .select_related("item", "by", "publishing")
        .order_by("pk")
    )
    found = list(rows)
    marks = Mark.objects.filter(item__in=[row.item_id for row in found if row.item_id]).order_by("pk")
    newest = {
        (item, letter): verdict for item, letter, verdict in marks.values_list("item", "attribute", "verdict")
    }
    deviating = {item for (item, _), verdict in newest.items() if verdict == MarkVerdict.DEVIATION}
    return [row for row in found if row.item_id is None or row.item_id in deviating]


def counts(procedure: Procedure, table: Grid | None = None) -> Counts:
    """What was tested, as `results.admissible` reads it."""
    deviations = standing_deviations(procedure)
    kinds = frozenset({procedure.kind})
    if not procedure.shape:
        # Without a list (a setting, a document, a record) what was looked at stands in the walkthroughs.
        looked = Walkthrough.objects.filter(procedure=procedure).count()
        return Counts(max(looked, 1), looked, 0, findings=len(deviations), procedures=kinds)
    table = table or grid(procedure)
    locked, drawn = current_lock(procedure), samples(procedure)
    applicable = [item for item in table.items if table.applies(item.key)]
    here = {item.pk for item in table.items}
    return Counts(
        population=locked.count if locked else None,
        tested=len(applicable),
        deviations=len(table.deviating_items),
        pending=len(table.open_items),
        not_applicable=len(table.items) - len(applicable),
        census=any(row.method == SampleMethod.CENSUS for row in drawn),
        findings=sum(row.item_id not in here for row in deviations),
        procedures=kinds,
    )


def admissible(procedure: Procedure, table: Grid | None = None) -> Admissible:
    """The results that a person may choose from. Nothing here is a default."""
    found = results.admissible(counts(procedure, table), 2 if procedure.engagement.of_type_2 else 1)
    if results.Result.NO_EXCEPTIONS not in found.results:
        return found
    last = Walkthrough.objects.filter(procedure=procedure).order_by("-pk").first()
    if last is not None and not (last.design_suitable and last.implemented):
        why = "The walkthrough found it badly designed or not in use, so its operation is not tested."
        return Admissible((results.Result.NOT_TESTED,), why)
    if not procedure.shape:
        return Admissible((*found.results, results.Result.DID_NOT_OPERATE), found.why)
    return found


def unexplained(procedure: Procedure, table: Grid | None = None) -> list[SampleItem]:
    """Deviating items of which not every deviating attribute is confirmed as a deviation."""
    table = table or grid(procedure)
    told: dict[int, set[str]] = {}
    for row in Deviation.objects.filter(procedure=procedure).exclude(item=None):
        told.setdefault(row.item_id, set()).update(row.letters.split())
    return [
        item
        for item in table.deviating_items
        if not set(table.deviating(item.key)) <= told.get(item.pk, set())
    ]
