"""Verbs of a test: prepare it, walk through, lock a population, draw once, mark the grid (domain.md 4, 5)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from pydantic import BaseModel

from tickmark.audit import queries
from tickmark.audit.methods import method as firm_method
from tickmark.audit.models import (
    Attribute,
    Commission,
    Engagement,
    Mark,
    MarkVerdict,
    PopulationLock,
    Procedure,
    ProcedureKind,
    Publishing,
    Sample,
    SampleItem,
    SampleMethod,
    SeedRule,
    Share,
    Walkthrough,
)
from tickmark.controls.models import ControlVersion
from tickmark.evidence import sampling
from tickmark.evidence.models import CheckRun, Evidence, Population
from tickmark.evidence.queries import Item, items_of, standing_of, verdicts_by_subject
from tickmark.kernel.access import Actor
from tickmark.kernel.action import action, bulk, need
from tickmark.kernel.errors import Conflict


class AttributeIn(BaseModel):
    """An attribute as a form gives it: `check_name` names the check that computes it, `counts` whether a control states it."""

    letter: str
    text: str
    check_name: str = ""
    counts: bool = True


class MarkIn(BaseModel):
    """One cell of the grid: the item's key, the attribute's letter, the verdict."""

    item: str
    letter: str
    verdict: MarkVerdict
    note: str = ""


@action("audit.prepare")
def prepare(
    actor: Actor,
    engagement: Engagement,
    control_version: ControlVersion,
    kind: ProcedureKind,
    text: str,
    shape: str = "",
    items_of: str = "",
    risk: str = "default",
    attributes: list[AttributeIn] | None = None,
) -> Procedure:
    """Prepare the test of a control as it was written: its attributes are what is looked at on each item."""
    need(
        text.strip(),
        "The test is not described.",
        "A colleague follows it from the file alone.",
        "Write what you do and why.",
        "text",
    )
    letters = [item.letter for item in attributes or []]
    need(
        len(letters) == len(set(letters)),
        "Two attributes have one letter.",
        "Marks name them by letter.",
        "Give each its own.",
        "attributes",
    )
    row = Procedure(
        engagement=engagement,
        control_version=control_version,
        kind=kind,
        text=text,
        shape=shape,
        items_of=items_of,
        risk=risk,
    )
    row.save()
    for item in attributes or []:
        Attribute(procedure=row, **item.model_dump()).save()
    return row


@action("audit.publish")
def publish(actor: Actor, procedure: Procedure) -> Publishing:
    """Show the company the test's text and, once drawn, its sample; never marks or conclusions."""
    row = Publishing(procedure=procedure)
    row.save()
    return row


@action("audit.walk_through")
def walk_through(
    actor: Actor,
    procedure: Procedure,
    with_whom: str,
    held_on: date,
    text: str,
    design_suitable: bool,
    implemented: bool,
) -> Walkthrough:
    """Record a walkthrough: one occurrence from start to end, and what it says of design and implementation."""
    need(
        text.strip() and with_whom.strip(),
        "The walkthrough is empty.",
        "Who showed what?",
        "Write it.",
        "text",
    )
    row = Walkthrough(
        procedure=procedure,
        with_whom=with_whom,
        held_on=held_on,
        text=text,
        design_suitable=design_suitable,
        implemented=implemented,
    )
    row.save()
    return row


@action("audit.lock")
def lock(actor: Actor, procedure: Procedure, population: Population, basis: str = "") -> PopulationLock:
    """Lock a complete and reconciled population as it stands; from now on its items are fixed."""
    engagement = procedure.engagement
    need(
        population.shape == procedure.shape,
        f"This test needs a list of {procedure.shape or 'nothing'}.",
        f"{population.ref} is one of {population.shape}.",
        "",
        "population",
    )
    shared = Share.objects.filter(engagement=engagement, evidence=population.evidence).exists()
    need(
        shared,
        f"{population.ref} is not shared with the engagement.",
        "It answers no request yet.",
        "Ask for the population.",
        "population",
    )
    standing = standing_of(population)
    need(
        standing.lockable, f"{population.ref} cannot be locked.", standing.why, standing.remedy, "population"
    )
    if procedure.engagement.seed_rule == SeedRule.COMMITTED:
        planned = Commission.objects.filter(engagement=engagement).exists()
        need(
            planned,
            "No nonce is committed.",
            "A seed must be bound before the lock.",
            "Plan the engagement first.",
            "procedure",
        )
    items = items_of(
        population,
        procedure.items_of,
        engagement.period.start,
        engagement.period.end,
        engagement.period.time_zone,
    )
    row = PopulationLock(
        procedure=procedure,
        population=population,
        key_hash=sampling.key_hash(item.key for item in items),
        content_hash=population.content_hash,
        count=len(items),
        start=engagement.period.start,
        end=engagement.period.end,
        basis=basis,
    )
    row.save()
    return row


@action("audit.draw")
def draw(
    actor: Actor,
    procedure: Procedure,
    method: SampleMethod,
    nonce: str = "",
    size: int | None = None,
    reason: str = "",
    redraws: Sample | None = None,
) -> Sample:
    """Draw once from the locked population: all items, or a sample whose seed nobody could choose."""
    locked = queries.current_lock(procedure)
    need(
        locked,
        "No population is locked.",
        "A sample is drawn from a locked list only.",
        "Lock the population.",
        "procedure",
    )
    assert locked is not None
    _once(procedure, locked, reason, redraws)
    items = queries.locked_items(locked)
    chosen = len(items) if method == SampleMethod.CENSUS else _size(procedure, len(items), size, reason)
    seed = "" if method == SampleMethod.CENSUS else _seed(procedure, locked, nonce)
    row = Sample(
        procedure=procedure,
        lock=locked,
        method=method,
        size=min(chosen, len(items)),
        population_size=len(items),
        seed_rule=procedure.engagement.seed_rule if seed else "",
        nonce=nonce if seed else "",
        seed=seed,
        reason=reason,
        redraws=redraws,
    )
    row.save()
    _items(row, _picked(items, method, seed, chosen))
    return row


def _once(procedure: Procedure, locked: PopulationLock, reason: str, redraws: Sample | None) -> None:
    earlier = Sample.objects.filter(procedure=procedure).order_by("-pk").first()
    if earlier is None:
        return
    if redraws != earlier or earlier.lock_id == locked.pk or not reason.strip():
        raise Conflict(
            f"This test has a draw: {earlier.ref}.",
            "One draw per control and population; nobody draws until it pleases.",
            "Extend it, or lock a new version of the population and redraw with a reason.",
            "redraws",
        )


def _size(procedure: Procedure, count: int, size: int | None, reason: str) -> int:
    planned = queries.planned_size(procedure, count)
    chosen = planned if size is None else size
    need(chosen >= 0, "The size is negative.", "", "Give a whole number.", "size")
    need(
        not firm_method(procedure.engagement.method).needs_reason(chosen, planned) or reason.strip(),
        f"{chosen} is fewer than the method's {planned}.",
        "A smaller sample needs a reason that the reviewer sees.",
        "Write it.",
        "reason",
    )
    return chosen


def _seed(procedure: Procedure, locked: PopulationLock, nonce: str) -> str:
    code = procedure.control_version.control.code
    if procedure.engagement.seed_rule == SeedRule.DERIVED:
        return sampling.derived_seed(procedure.engagement.code, code, locked.key_hash)
    commission = Commission.objects.filter(engagement=procedure.engagement).first()
    need(
        commission and sampling.commitment(nonce) == commission.commitment,
        "This is not the committed nonce.",
        "Its SHA-256 is another one.",
        "Give the nonce that was made at planning.",
        "nonce",
    )
    return sampling.committed_seed(nonce, code, locked.key_hash)


def _picked(items: list[Item], method: SampleMethod, seed: str, size: int) -> list[tuple[Item, str]]:
    by_key = {item.key: item for item in items}
    if method == SampleMethod.CENSUS:
        return [(by_key[key], "") for key in sampling.in_order(by_key)]
    if method == SampleMethod.RANDOM:
        return [(by_key[key], "") for key in sampling.draw(by_key, seed, size)]
    strata: dict[str, list[str]] = {}
    for item in items:
        strata.setdefault(item.stratum or "none", []).append(item.key)
    drawn = sampling.draw_stratified(strata, seed, size)
    return [(by_key[key], name) for name, keys in drawn.items() for key in keys]


def _items(sample: Sample, picked: Iterable[tuple[Item, str]], first: int = 1) -> None:
    SampleItem.objects.bulk_create(
        SampleItem(sample=sample, key=item.key, position=first + index, stratum=stratum, happened_on=item.day)
        for index, (item, stratum) in enumerate(picked)
    )


@action("audit.extend")
def extend(actor: Actor, sample: Sample, count: int, reason: str) -> Sample:
    """Add the next items of the same order, as decided beforehand; never until it passes."""
    need(
        sample.method == SampleMethod.RANDOM,
        "Only a random sample is extended here.",
        "",
        "Test all items instead.",
        "sample",
    )
    need(
        count > 0 and reason.strip(),
        "Count or reason is missing.",
        "The reviewer sees both.",
        "Give them.",
        "reason",
    )
    if Sample.objects.filter(extends=sample).exists():
        raise Conflict(f"{sample.ref} was extended before.", "", "Extend the newest one.", "sample")
    items = {item.key: item for item in queries.locked_items(sample.lock)}
    taken = queries.taken_keys(sample)
    more = sampling.extension(items, sample.seed, taken, count)
    need(more, "No item is left.", "All are in the sample.", "", "count")
    row = Sample(
        procedure=sample.procedure,
        lock=sample.lock,
        method=sample.method,
        size=len(more),
        population_size=len(items),
        seed_rule=sample.seed_rule,
        nonce=sample.nonce,
        seed=sample.seed,
        reason=reason,
        extends=sample,
    )
    row.save()
    _items(row, [(items[key], "") for key in more], len(taken) + 1)
    return row


@action("audit.mark")
def mark(
    actor: Actor,
    item: SampleItem,
    attribute: Attribute,
    verdict: MarkVerdict,
    note: str = "",
    evidence: Evidence | None = None,
) -> Mark:
    """Mark one attribute of one item. The newest mark counts; the earlier ones stay readable."""
    need(
        attribute.procedure_id == item.sample.procedure_id,
        "Item and attribute belong to different tests.",
        "",
        "",
        "attribute",
    )
    silent = verdict in (MarkVerdict.DEVIATION, MarkVerdict.NOT_APPLICABLE) and not note.strip()
    need(
        not silent,
        f"'{MarkVerdict(verdict).label}' needs a note.",
        "What was found, or why it does not apply?",
        "Write it.",
        "note",
    )
    row = Mark(item=item, attribute=attribute, verdict=verdict, note=note, evidence=evidence)
    row.save()
    return row


@bulk("audit.mark_many")
def mark_many(actor: Actor, procedure: Procedure, marks: list[MarkIn]) -> Procedure:
    """Mark many cells of the grid at once, all or none."""
    items = {item.key: item for item in queries.items(procedure)}
    letters = {attribute.letter: attribute for attribute in procedure.attributes.all()}
    for cell in marks:
        need(
            cell.item in items and cell.letter in letters,
            f"{cell.item} × {cell.letter} is not in the grid.",
            "",
            "Load the page again.",
            "marks",
        )
        silent = cell.verdict in (MarkVerdict.DEVIATION, MarkVerdict.NOT_APPLICABLE) and not cell.note.strip()
        need(
            not silent,
            f"{cell.item} × {cell.letter} needs a note.",
            "A deviation or an inapplicable item is explained.",
            "Write it.",
            "marks",
        )
    Mark.objects.bulk_create(
        Mark(item=items[cell.item], attribute=letters[cell.letter], verdict=cell.verdict, note=cell.note)
        for cell in marks
    )
    return procedure


VERDICT = {
    "pass": MarkVerdict.MET,
    "fail": MarkVerdict.DEVIATION,
    "not_applicable": MarkVerdict.NOT_APPLICABLE,
    "undetermined": MarkVerdict.PENDING,
}


@bulk("audit.mark_by_check")
def mark_by_check(actor: Actor, procedure: Procedure, attribute: Attribute, check_run: CheckRun) -> Procedure:
    """Mark an attribute of all items from a check's run over the locked population; what it could not decide stays pending."""
    need(
        attribute.procedure_id == procedure.pk, "The attribute belongs to another test.", "", "", "attribute"
    )
    need(
        attribute.check_name == check_run.check_name,
        f"{attribute.letter} is not computed by {check_run.check_name}.",
        "",
        "",
        "check_run",
    )
    locked = queries.current_lock(procedure)
    read = locked is not None and check_run.inputs.filter(population=locked.population).exists()
    need(
        read,
        "The check did not read the locked population.",
        "Its run names other lists.",
        "Run it over the locked one.",
        "check_run",
    )
    found = verdicts_by_subject(check_run)
    Mark.objects.bulk_create(
        Mark(item=item, attribute=attribute, verdict=VERDICT[verdict], note=note, check_run=check_run)
        for item in queries.items(procedure)
        for verdict, note in [
            found.get(item.key, ("undetermined", "The check has no verdict for this item."))
        ]
    )
    return procedure
