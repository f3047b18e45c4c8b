"""Verbs of selection: lock a population, draw once, extend (domain.md 4.4, 4.5, 4.8)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Literal
from zoneinfo import ZoneInfo

from tickmark.audit import queries
from tickmark.audit.methods import method as firm_method
from tickmark.audit.models import (
    Commission,
    PopulationLock,
    Procedure,
    Sample,
    SampleItem,
    SampleMethod,
    SeedRule,
    Share,
)
from tickmark.evidence import sampling
from tickmark.evidence.models import Population
from tickmark.evidence.queries import Item, items_of, registers, standing_of
from tickmark.kernel.access import Actor
from tickmark.kernel.action import action, need
from tickmark.kernel.errors import Conflict


@action("audit.lock")
def lock(actor: Actor, procedure: Procedure, population: Population, basis: str = "") -> PopulationLock:
    """Lock a complete and reconciled population for the days on which the tested version was in force."""
    period = procedure.engagement.period
    part = queries.part_of(procedure.control_version, period)
    need(
        part,
        "The version that is tested is no longer in force in the period.",
        "",
        "Prepare the test anew.",
        "procedure",
    )
    assert part is not None
    _check_population(procedure, population, part.end, period.time_zone)
    _check_first(procedure, population, basis)
    items = items_of(population, procedure.items_of, part.start, part.end, period.time_zone)
    row = PopulationLock(
        procedure=procedure,
        population=population,
        key_hash=sampling.key_hash(item.key for item in items),
        content_hash=population.content_hash,
        count=len(items),
        start=part.start,
        end=part.end,
        basis=basis,
    )
    row.save()
    return row


def _check_population(procedure: Procedure, population: Population, end: date, zone: str) -> None:
    need(
        procedure.shape and population.shape == procedure.shape,
        f"This test needs a list of {procedure.shape or 'nothing'}.",
        f"{population.ref} is one of {population.shape}.",
        "Lock a list of the test's own shape.",
        "population",
    )
    need(
        Share.objects.filter(engagement=procedure.engagement, evidence=population.evidence).exists(),
        f"{population.ref} is not shared with the engagement.",
        "It answers no request yet.",
        "Ask for the population.",
        "population",
    )
    standing = standing_of(population)
    need(
        standing.lockable, f"{population.ref} cannot be locked.", standing.why, standing.remedy, "population"
    )
    _check_reach(population, end, zone)


def _check_reach(population: Population, end: date, zone: str) -> None:
    """A list of dated rows must have been read after the last day that it is tested for (domain.md 4.8)."""
    if not registers().shapes[population.shape].dates:
        return
    seen = population.evidence.observed_at
    day = seen.astimezone(ZoneInfo(zone)).date() if seen else None
    need(
        day and day > end,
        f"{population.ref} does not reach to the end.",
        f"It was read on {day or 'an unknown day'}; the test runs to {end}, that day included.",
        "Collect again after the last day.",
        "population",
    )


def _check_first(procedure: Procedure, population: Population, basis: str) -> None:
    engagement = procedure.engagement
    need(
        engagement.seed_rule != SeedRule.COMMITTED
        or Commission.objects.filter(engagement=engagement).exists(),
        "No nonce is committed.",
        "A seed must be bound before the lock.",
        "Plan the engagement first.",
        "procedure",
    )
    earlier = queries.current_lock(procedure)
    if earlier is None:
        return
    if earlier.population_id == population.pk:
        raise Conflict(
            f"{population.ref} is locked for this test already.",
            f"{earlier.ref} did so.",
            "Draw from it.",
            "population",
        )
    need(
        basis.strip(),
        "Another list needs a reason.",
        f"It takes the place of {earlier.population.ref}.",
        "Write why.",
        "basis",
    )


@action("audit.draw")
def draw(
    actor: Actor,
    procedure: Procedure,
    method: SampleMethod,
    nonce: str = "",
    size: int | None = None,
    reason: str = "",
    redraws: Sample | None = None,
    strata: Literal["quarter", "month"] = "quarter",
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
    census = method == SampleMethod.CENSUS
    chosen = len(items) if census else min(_size(procedure, len(items), size, reason), len(items))
    seed = "" if census else _seed(procedure, locked, nonce)
    row = Sample(
        procedure=procedure,
        lock=locked,
        method=method,
        size=chosen,
        population_size=len(items),
        seed_rule=procedure.engagement.seed_rule if seed else "",
        nonce=nonce if seed and procedure.engagement.seed_rule == SeedRule.COMMITTED else "",
        seed=seed,
        reason=reason,
        redraws=redraws,
    )
    row.save()
    _items(row, _picked(items, method, seed, chosen, strata))
    return row


def _once(procedure: Procedure, locked: PopulationLock, reason: str, redraws: Sample | None) -> None:
    earlier = Sample.objects.filter(procedure=procedure).order_by("-pk").first()
    if earlier is None:
        need(redraws is None, "There is no draw to redraw.", "", "Leave it out.", "redraws")
        return
    if redraws != earlier or earlier.lock_id == locked.pk or not reason.strip():
        raise Conflict(
            f"This test has a draw: {earlier.ref}.",
            "One draw per control and population; nobody draws until it pleases.",
            "Extend it, or lock a new version of the population and redraw with a reason.",
            "redraws",
        )


def _size(procedure: Procedure, count: int, size: int | None, reason: str) -> int:
    planned = queries.plan_for(procedure, count).size
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


def _picked(
    items: list[Item], method: SampleMethod, seed: str, size: int, strata: str
) -> list[tuple[Item, str]]:
    by_key = {sampling.clean_key(item.key): item for item in items}
    if method == SampleMethod.CENSUS:
        return [(by_key[key], "") for key in sampling.in_order(by_key)]
    if method == SampleMethod.RANDOM:
        return [(by_key[key], "") for key in sampling.draw(by_key, seed, size)]
    split: dict[str, list[str]] = {}
    for key, item in by_key.items():
        split.setdefault(item.stratum or _stratum(item.day, strata), []).append(key)
    drawn = sampling.draw_stratified(dict(sorted(split.items())), seed, size)
    return [(by_key[key], name) for name, keys in drawn.items() for key in keys]


def _stratum(day: date | None, strata: str) -> str:
    if day is None:
        return "undated"
    return f"{day:%Y-%m}" if strata == "month" else f"{day.year}-Q{(day.month + 2) // 3}"


def _items(sample: Sample, picked: Iterable[tuple[Item, str]], first: int = 1) -> None:
    SampleItem.objects.bulk_create(
        SampleItem(sample=sample, key=item.key, position=first + index, stratum=stratum, happened_on=item.day)
        for index, (item, stratum) in enumerate(picked)
    )


@action("audit.extend")
def extend(actor: Actor, sample: Sample, count: int, reason: str) -> Sample:
    """Add the next items of the same order: as the plan foresaw, or one for each that was no occurrence."""
    need(
        sample.method == SampleMethod.RANDOM,
        "Only a random sample is extended.",
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
    locked = queries.current_lock(sample.procedure)
    need(
        locked and locked.pk == sample.lock_id,
        f"{sample.ref} is history.",
        "Another population was locked since.",
        "Redraw instead.",
        "sample",
    )
    if Sample.objects.filter(extends=sample).exists():
        raise Conflict(f"{sample.ref} was extended before.", "", "Extend the newest one.", "sample")
    items = {sampling.clean_key(item.key): item for item in queries.locked_items(sample.lock)}
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
