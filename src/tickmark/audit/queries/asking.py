"""Which rows of a request list can be opened now: lists at once, proof of the drawn items after the draw."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tickmark.audit.methods import method as firm_method
from tickmark.audit.methods import request_list
from tickmark.audit.models import Engagement, Move, Request, RequestKind, Sample, Share
from tickmark.audit.queries.engagement import controls_in_force
from tickmark.audit.request_lists import RequestTemplate
from tickmark.controls.models import Control

LIST_FIRST = {"as a pair", "after its list"}
PROOF_AT_DRAW = {"as a pair", "after its list", "with a sample at the draw"}


@dataclass(frozen=True)
class Opening:
    """A request that can be asked now: its code is not taken, and what it waits for is there."""

    code: str
    kind: str
    wave: int
    title: str
    detail: str
    controls: tuple[Control, ...]
    needs: Sample | None = None


def openable(engagement: Engagement, list_id: str) -> list[Opening]:
    """What can be asked from a list now. Rows that serve controls open only for controls in force in the period."""
    standing = {control.code: control for control in controls_in_force(engagement)}
    asked = dict(Request.objects.filter(engagement=engagement).values_list("code", "needs_id"))
    draws = _draws(engagement)
    found: list[Opening] = []
    for row in request_list(list_id):
        served = tuple(standing[code] for code in row.controls if code in standing)
        if row.controls and not served:
            continue
        if not row.after and row.id not in asked:
            found.append(_at_once(row, served))
        found += _proofs(engagement, row, served, asked, draws)
    return found


USUAL = {1: "soc2-type1-sac", 2: "soc2-type2-sac"}
"""The request list that each type begins with (domain.md 4.2, 8.1)."""


def usual_list(engagement: Engagement) -> str:
    """The name of the list that an engagement of this type begins with."""
    return USUAL[engagement.period.type]


def repeatable(engagement: Engagement) -> list[Opening]:
    """What was asked in the examination before, of the same type, for controls that are in force in this one.

    What was withdrawn is left out, and what asked for the proof of items: that waits for this period's own draw.
    """
    earlier = engagement.follows
    if earlier is None or earlier.period.type != engagement.period.type:
        return []
    standing = {control.pk: control for control in controls_in_force(engagement)}
    taken = set(Request.objects.filter(engagement=engagement).values_list("code", flat=True))
    rows = Request.objects.filter(engagement=earlier, needs=None).exclude(moves__move=Move.WITHDRAWN)
    found = []
    for row in rows.prefetch_related("request_controls").order_by("pk"):
        asked = [one.control_id for one in row.request_controls.all()]
        served = tuple(standing[pk] for pk in asked if pk in standing)
        if row.code not in taken and (served or not asked):
            found.append(Opening(row.code, row.kind, row.wave, row.title, row.detail, served))
    return found


def _at_once(row: RequestTemplate, served: tuple[Control, ...]) -> Opening:
    """A row that asks for proof of sampled items and has no list of its own asks for its list first."""
    kind = RequestKind.POPULATION if row.kind == RequestKind.SAMPLE or row.opens in LIST_FIRST else row.kind
    return Opening(row.id, kind, row.wave, row.title, row.note, served)


def _draws(engagement: Engagement) -> dict[str, list[Sample]]:
    """The first draws of published tests, by the code of the request whose answer brought the population."""
    rows = Sample.objects.filter(procedure__engagement=engagement, extends=None, redrawn_as=None)
    rows = rows.exclude(procedure__publishing=None).order_by("pk")
    drawn = list(rows.select_related("procedure__control_version__control", "lock__population"))
    lists = {sample.lock.population.evidence_id for sample in drawn}
    shares = Share.objects.filter(engagement=engagement, evidence__in=lists).exclude(answer=None)
    brought: dict[int, set[str]] = defaultdict(set)
    for evidence, code in shares.values_list("evidence", "answer__request__code"):
        brought[evidence].add(code)
    found: dict[str, list[Sample]] = defaultdict(list)
    for sample in drawn:
        for code in sorted(brought[sample.lock.population.evidence_id]):
            found[code].append(sample)
    return found


def _proofs(
    engagement: Engagement,
    row: RequestTemplate,
    served: tuple[Control, ...],
    asked: Mapping[str, int | None],
    draws: Mapping[str, list[Sample]],
) -> Iterator[Opening]:
    """A request for each draw that the row waits for and nobody asked about yet: one row never carries two states."""
    lists = row.after or ((row.id,) if row.opens in PROOF_AT_DRAW else ())
    codes = {control.pk for control in served}
    done = {needs for code, needs in asked.items() if code.split(".")[0] == row.id}
    number = sum(code.startswith(f"{row.id}.") for code in asked) + (row.id in asked)
    for sample in (sample for code in lists for sample in draws.get(code, ())):
        control = sample.procedure.control_version.control
        if sample.pk in done or (codes and control.pk not in codes):
            continue
        done.add(sample.pk)
        number += 1
        code = row.id if number == 1 else f"{row.id}.{number}"
        yield Opening(
            code,
            RequestKind.SAMPLE,
            4,
            _title(row, sample),
            _detail(engagement, row, control),
            (control,),
            sample,
        )


def _title(row: RequestTemplate, sample: Sample) -> str:
    code = sample.procedure.control_version.control.code
    return (
        f"{row.title} ({code}, {sample.ref})"
        if row.kind == RequestKind.SAMPLE
        else f"Proof of the items drawn for {code}: {row.title}"
    )


def _detail(engagement: Engagement, row: RequestTemplate, control: Control) -> str:
    """The row's own words, then what is looked at on each item (domain.md 5.1)."""
    rule = firm_method(engagement.method)
    tests = [one for name in row.populations for one in rule.attributes(name, control.code)]
    return "\n".join([*([row.note] if row.note else []), *(f"{one.letter}. {one.text}" for one in tests)])
