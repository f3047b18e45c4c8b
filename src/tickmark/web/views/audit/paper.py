"""The working paper of one test, its grid, and one item of it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tickmark.audit import queries, results
from tickmark.audit.methods import method as firm_method
from tickmark.audit.models import (
    Conclusion,
    Deviation,
    Mark,
    MarkSheet,
    MarkVerdict,
    PopulationLock,
    Procedure,
    Publishing,
    ReviewNote,
    Sample,
    SampleItem,
    SampleMethod,
    Share,
    SignOffStage,
    Walkthrough,
)
from tickmark.evidence import queries as evidence
from tickmark.evidence import sampling
from tickmark.evidence.models import CheckRun, Evidence, Population, Reconciliation
from tickmark.kernel.access import Actor, may, visible
from tickmark.web.lists import Column, Filter, Listing, plain
from tickmark.web.views.audit.finding import actor_of, context, engagement_of, found, holds, procedure_of

YES_NO = [("true", "Yes"), ("false", "No")]
BADGES = {"met": "pass", "deviation": "fail", "not_applicable": "not_applicable"}
RESULTS = {one: one.name.lower() for one in results.Result}


def paper(request: HttpRequest, code: str, ref: str) -> HttpResponse:
    """The working paper of a test: plan, population, draw, outcome, signatures. The company sees what is published."""
    row, actor = engagement_of(request, code), actor_of(request)
    procedure = procedure_of(request, row, ref)
    lock_rows = visible(actor, PopulationLock).filter(procedure=procedure)
    lock = lock_rows.select_related("population__collection", "by").order_by("pk").last()
    base = {
        "procedure": procedure,
        "written": procedure.control_version,
        "part": queries.part_of(procedure.control_version, row.period),
        "attributes": list(procedure.attributes.order_by("letter")),
        "published": visible(actor, Publishing).filter(procedure=procedure).first(),
        "lock": lock,
    }
    if actor.side == "company":
        items = visible(actor, SampleItem).filter(sample__procedure=procedure).order_by("position")
        listing = Listing(request, items, ITEM_COLUMNS, search=("key",), export="")
        return render(
            request, "audit/paper_company.html", context(request, row, "tests", **base, list=listing)
        )
    table = queries.grid(procedure)
    more = {
        **base,
        **_population(actor, procedure, lock),
        **_draws(actor, procedure, lock, table),
        **_outcome(actor, procedure, table),
        **_signing(actor, procedure),
        "walkthroughs": visible(actor, Walkthrough)
        .filter(procedure=procedure)
        .select_related("by")
        .order_by("pk"),
        "may": {name: may(actor, f"audit.{name}", procedure=procedure) for name in ACTIONS},
        "parts_of_paper": _parts(row.code, procedure, table, "paper"),
        "yes_no": YES_NO,
        "strata": [("quarter", "by quarter"), ("month", "by month")],
        "may_clear": holds(actor, row, "staff", "lead", "partner", "specialist"),
    }
    return render(request, "audit/paper.html", context(request, row, "tests", **more))


ACTIONS = (
    "walk_through",
    "lock",
    "draw",
    "deviate",
    "conclude",
    "note",
    "sign_off",
    "publish",
    "mark_many",
    "mark_by_check",
)
ITEM_COLUMNS = (
    Column("Place", "position", order="position", number=True),
    Column("Item", "key", order="key"),
    Column("Day", "happened_on", order="happened_on"),
)


def _parts(code: str, procedure: Procedure, table: queries.Grid, here: str) -> list[dict[str, Any]]:
    base = f"/audit/{code}/tests/{procedure.ref}"
    rows = [{"label": "Paper", "url": base, "current": here == "paper"}]
    if procedure.shape:
        rows.append(
            {"label": "Grid", "url": f"{base}/grid", "current": here == "grid", "count": len(table.items)}
        )
    return rows


def _population(actor: Actor, procedure: Procedure, lock: PopulationLock | None) -> dict[str, Any]:
    """The locked list with what it was held against, or the shared lists that could be locked."""
    if lock is not None:
        checks = visible(actor, Reconciliation).filter(population=lock.population).order_by("pk")
        collection = lock.population.collection
        return {
            "reconciliations": checks,
            "collection": collection,
            "candidates": _candidates(actor, procedure, lock),
        }
    return {"candidates": _candidates(actor, procedure, None)}


def _candidates(actor: Actor, procedure: Procedure, lock: PopulationLock | None) -> list[dict[str, Any]]:
    if not procedure.shape:
        return []
    shared = visible(actor, Share).filter(engagement=procedure.engagement).values("evidence")
    rows = (
        visible(actor, Population)
        .filter(shape=procedure.shape, evidence__in=shared)
        .select_related("collection", "evidence")
    )
    return [
        {
            "row": one,
            "standing": evidence.standing_of(one),
            "current": bool(lock and lock.population_id == one.pk),
        }
        for one in rows.order_by("-pk")[:8]
    ]


def _draws(
    actor: Actor, procedure: Procedure, lock: PopulationLock | None, table: queries.Grid
) -> dict[str, Any]:
    """The draw with its rule and its spread over months; before it, the size that the method asks for."""
    drawn = queries.samples(procedure)
    rule = firm_method(procedure.engagement.method)
    plan = queries.plan_for(procedure, lock.count) if lock else None
    found_: dict[str, Any] = {
        "draws": drawn,
        "first": drawn[0] if drawn else None,
        "plan": plan,
        "rule": rule,
        "methods": SampleMethod.choices,
        "earlier": visible(actor, Sample)
        .filter(procedure=procedure)
        .exclude(pk__in=[one.pk for one in drawn])
        .order_by("pk"),
    }
    found_["redraws"] = [(one.ref, one.ref) for one in list(found_["earlier"])[-1:]]
    if drawn and lock:
        found_["spread"] = sampling.spread(queries.days_of(lock), [item.key for item in table.items])
        found_["last_draw"] = drawn[-1]
        found_["next_size"] = rule.deviations.next_size(len(table.items))
        found_["may_extend"] = (
            may(actor, "audit.extend", sample=drawn[-1]) and drawn[0].method == SampleMethod.RANDOM
        )
    return found_


def _outcome(actor: Actor, procedure: Procedure, table: queries.Grid) -> dict[str, Any]:
    """Deviations, what the counts allow, and what was concluded."""
    allowed = queries.admissible(procedure, table)
    standing = {row.pk for row in queries.standing_deviations(procedure)}
    told = visible(actor, Deviation).filter(procedure=procedure).select_related("item", "by", "publishing")
    return {
        "grid": table,
        "counts": queries.counts(procedure, table),
        "untold": [
            (item, " ".join(table.deviating(item.key))) for item in queries.unexplained(procedure, table)
        ],
        "deviations": [
            {"row": one, "stands": one.pk in standing, "may_publish": _may_publish(actor, one)}
            for one in told.prefetch_related("responses__by").order_by("pk")
        ],
        "allowed": allowed,
        "results": [(RESULTS[one], str(one)) for one in allowed.results],
        "conclusions": visible(actor, Conclusion)
        .filter(procedure=procedure)
        .select_related("by")
        .order_by("-pk"),
    }


def _may_publish(actor: Actor, row: Deviation) -> bool:
    return not hasattr(row, "publishing") and may(actor, "audit.publish_deviation", deviation=row)


def _signing(actor: Actor, procedure: Procedure) -> dict[str, Any]:
    """Signatures that hold and those a change cleared, the notes, and where the facts stand in the log."""
    file = queries.workpaper(procedure)
    kinds = (PopulationLock, Sample, Deviation, Conclusion)
    marks = [fact for fact in file.facts if isinstance(fact, Mark | MarkSheet)]
    shown = (
        [fact for fact in file.facts if isinstance(fact, kinds)]
        + sorted(marks, key=lambda fact: fact.recorded_at)[-1:]
        + file.signatures
    )
    places = queries.positions(shown)
    label = SignOffStage(file.next_stage).label if file.next_stage else ""
    ordered = sorted(shown, key=lambda fact: (fact.recorded_at, fact.pk))
    return {
        "file": file,
        "stages": [(stage, stage.label, file.standing.get(stage)) for stage in SignOffStage],
        "next_stage": file.next_stage,
        "next_label": label,
        "sign_word": f"Sign as {label.lower()}",
        "worked": actor.user.pk in file.preparers,
        "notes": visible(actor, ReviewNote)
        .filter(procedure=procedure)
        .select_related("by", "cleared__by")
        .order_by("pk"),
        "order": [(type(fact)._meta.verbose_name, fact, places[fact.entry]) for fact in ordered],
    }


def grid(request: HttpRequest, code: str, ref: str) -> HttpResponse:
    """Items × attributes: filtered, paged, marked by a check or by hand."""
    row, actor = engagement_of(request, code), actor_of(request)
    procedure = procedure_of(request, row, ref)
    if actor.side == "company":
        return paper(request, code, ref)
    table = queries.grid(procedure)
    columns = [*ITEM_COLUMNS, *(Column(a.letter, value=_verdict(table, a.letter)) for a in table.attributes)]
    listing = Listing(request, table.items, columns, filters=[_only(table)], sort="position")
    if listing.wants_csv:
        return listing.csv(f"{procedure.ref}-{procedure.control_version.control.code}")
    lines = [_line(table, item) for item in listing.page]
    chosen = request.GET.get("tick", "")
    more = {
        "procedure": procedure,
        "written": procedure.control_version,
        "table_": table,
        "list": listing,
        "lines": lines,
        "runs": _runs(actor, procedure, table),
        "by_hand": [(a.letter, f"{a.letter}: {a.text}") for a in table.attributes],
        "chosen": chosen,
        "tick_word": f"Mark the ticked ones as met: {chosen}",
        "narrow": {"filters": [], "search": "", "export": ""}
        if chosen
        else {"filters": listing.filters, "search": "Key of an item", "export": listing.export},
        "may_mark": may(actor, "audit.mark_many", procedure=procedure),
        "parts_of_paper": _parts(row.code, procedure, table, "grid"),
        "footer": [_footer(table, a.letter) for a in table.attributes],
    }
    return render(request, "audit/grid.html", context(request, row, "tests", **more))


def _verdict(table: queries.Grid, letter: str) -> Any:
    return lambda item: str(MarkVerdict(table.verdict(item.key, letter)).label)


def _only(table: queries.Grid) -> Filter:
    kept = {
        "open": {item.pk for item in table.open_items},
        "deviations": {item.pk for item in table.deviating_items},
    }
    return Filter(
        "only",
        "Only",
        [("open", f"open ({len(kept['open'])})"), ("deviations", f"deviations ({len(kept['deviations'])})")],
        lambda item, value: item.pk in kept[value],
    )


def _line(table: queries.Grid, item: SampleItem) -> dict[str, Any]:
    cells = []
    for attribute in table.attributes:
        mark = table.marks.get((item.key, attribute.letter))
        verdict = table.verdict(item.key, attribute.letter)
        unknown = "undetermined" if mark is not None else ""
        cells.append(
            {
                "letter": attribute.letter,
                "badge": BADGES.get(verdict, unknown),
                "mark": mark,
                "open": verdict == MarkVerdict.PENDING,
                "value": f"{attribute.letter}:met:{quote(item.key, safe='')}",
            }
        )
    return {"item": item, "cells": cells}


def _footer(table: queries.Grid, letter: str) -> dict[str, Any]:
    verdicts = [table.verdict(item.key, letter) for item in table.items]
    return {"deviations": verdicts.count("deviation"), "open": verdicts.count("pending")}


def _runs(actor: Actor, procedure: Procedure, table: queries.Grid) -> list[dict[str, Any]]:
    """For each attribute that a check computes: its runs over the locked list, newest first."""
    lock = queries.current_lock(procedure)
    if lock is None:
        return []
    runs = visible(actor, CheckRun).filter(
        populations=lock.population, control=procedure.control_version.control_id
    )
    rows = list(runs.prefetch_related("inputs__population").order_by("-pk")[:20])
    return [
        {
            "attribute": a,
            "label": f"{a.letter}, computed by {a.check_name}",
            "runs": [(run.ref, _run_words(run)) for run in rows if run.check_name == a.check_name][:3],
        }
        for a in table.attributes
        if a.check_name
    ]


def _run_words(run: CheckRun) -> str:
    lists = ", ".join(f"{one.population.shape} {one.population.ref}" for one in run.inputs.all())
    return f"{run.ref}: {run.start} to {run.end}, read {lists}"


def item(request: HttpRequest, code: str, ref: str, item: str) -> HttpResponse:
    """One item of the grid: its row of the locked list, every mark it has, and a form for each attribute."""
    row, actor = engagement_of(request, code), actor_of(request)
    procedure = procedure_of(request, row, ref)
    one = found(
        visible(actor, SampleItem)
        .filter(sample__procedure=procedure)
        .select_related("sample__lock__population"),
        item,
    )
    marks = (
        visible(actor, Mark).filter(item=one).select_related("by", "attribute", "evidence").order_by("-pk")
    )
    history = queries.history(procedure, one, marks)
    shared = visible(actor, Evidence).filter(shares__engagement=row).distinct().order_by("-pk")
    record = queries.item_record(one.sample.lock, one.key)
    more = {
        "procedure": procedure,
        "written": procedure.control_version,
        "item": one,
        "record": [(name, plain(value)) for name, value in record.items() if value is not None],
        "unknown": [name for name, value in record.items() if value is None],
        "attributes": [(a, history.get(a.pk, [])) for a in procedure.attributes.order_by("letter")],
        "verdicts": MarkVerdict.choices,
        "evidence": [(file.ref, f"{file.ref} {file.name}") for file in shared[:200]],
        "may_mark": may(actor, "audit.mark", item=one),
        "neighbours": _neighbours(actor, procedure, one),
    }
    return render(request, "audit/item.html", context(request, row, "tests", **more))


def _neighbours(actor: Actor, procedure: Procedure, one: SampleItem) -> dict[str, SampleItem | None]:
    rows = visible(actor, SampleItem).filter(sample__procedure=procedure, sample__lock=one.sample.lock_id)
    items = list(rows.order_by("position"))
    place = [item.pk for item in items].index(one.pk)
    return {
        "before": items[place - 1] if place else None,
        "after": items[place + 1] if place + 1 < len(items) else None,
    }
