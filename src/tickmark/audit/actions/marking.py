"""Verbs of the grid: one mark, many by hand, a column by a check (domain.md 4.9, 5)."""

from __future__ import annotations

from collections import Counter
from typing import Any
from urllib.parse import unquote

from pydantic import BaseModel, model_validator

from tickmark.audit import queries, ranges
from tickmark.audit.models import (
    Attribute,
    Mark,
    MarkSheet,
    MarkVerdict,
    PopulationLock,
    Procedure,
    SampleItem,
)
from tickmark.evidence.models import CheckRun, Evidence
from tickmark.evidence.queries import registers, verdicts_by_subject
from tickmark.kernel.access import Actor
from tickmark.kernel.action import action, bulk, need

SPEAKS = (MarkVerdict.DEVIATION, MarkVerdict.NOT_APPLICABLE)
"""Verdicts that say nothing without a note."""


class MarkIn(BaseModel):
    """One cell of the grid: the item's key, the attribute's letter, the verdict.

    A form's check box gives it as `LETTER:verdict:key`, the key percent-encoded.
    """

    item: str
    letter: str
    verdict: MarkVerdict
    note: str = ""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        letter, verdict, key = [*value.split(":", 2), "", ""][:3]
        return {"item": unquote(key), "letter": letter, "verdict": verdict}


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
    procedure = attribute.procedure
    need(
        item.sample.procedure_id == procedure.pk,
        "Item and attribute belong to different tests.",
        "",
        "",
        "attribute",
    )
    locked = queries.current_lock(procedure)
    current = locked is not None and item.sample.lock_id == locked.pk
    need(
        current, f"{item.key} is not in the grid.", "It was drawn from a list that was replaced.", "", "item"
    )
    before = Mark.objects.filter(item=item, attribute=attribute).order_by("-pk").first()
    _check_note(f"{item.key} × {attribute.letter}", before.verdict if before else "", verdict, note)
    row = Mark(item=item, attribute=attribute, verdict=verdict, note=note, evidence=evidence)
    row.save()
    return row


def _check_note(cell: str, before: str, verdict: str, note: str) -> None:
    need(
        verdict not in SPEAKS or note.strip(),
        f"{cell}: '{MarkVerdict(verdict).label}' needs a note.",
        "What was found, or why does it not apply?",
        "Write it.",
        "note",
    )
    need(
        before != MarkVerdict.DEVIATION or verdict == before or note.strip(),
        f"{cell} was a deviation; another verdict needs a note.",
        "The difference is kept with its reason.",
        "Write what was found since.",
        "note",
    )


@bulk("audit.mark_many")
def mark_many(actor: Actor, procedure: Procedure, marks: list[MarkIn]) -> Procedure:
    """Mark many cells of the grid at once, all or none."""
    table = queries.grid(procedure)
    items = {item.key: item for item in table.items}
    letters = {attribute.letter: attribute for attribute in table.attributes}
    need(marks, "No cell is marked.", "", "Choose at least one.", "marks")
    for cell in marks:
        name, known = f"{cell.item} × {cell.letter}", cell.item in items and cell.letter in letters
        need(known, f"{name} is not in the grid.", "", "Load the page again.", "marks")
        _check_note(name, table.verdict(cell.item, cell.letter), cell.verdict, cell.note)
    _write(
        table,
        [
            Mark(item=items[cell.item], attribute=letters[cell.letter], verdict=cell.verdict, note=cell.note)
            for cell in marks
        ],
    )
    return procedure


def _write(table: queries.Grid, marks: list[Mark], check_run: CheckRun | None = None) -> None:
    """Many marks as one sheet of what was met without a word, and a row for each of the others.

    A cell that has a mark of its own gets another one, so that the newest mark always counts.
    """
    own = {cell for cell, mark in table.marks.items() if mark.pk}
    told = Counter((mark.item.key, mark.attribute.letter) for mark in marks)
    met: dict[str, list[int]] = {}
    others = []
    for mark in marks:
        cell = (mark.item.key, mark.attribute.letter)
        if mark.verdict != MarkVerdict.MET or mark.note or cell in own or told[cell] > 1:
            others.append(mark)
        else:
            met.setdefault(mark.attribute.letter, []).append(mark.item.position)
    if met:
        locked = queries.current_lock(table.procedure)
        places = {letter: ranges.packed(numbers) for letter, numbers in sorted(met.items())}
        MarkSheet(lock=locked, met=places, check_run=check_run).save()
    Mark.objects.bulk_create(others)


VERDICT = {
    "pass": MarkVerdict.MET,
    "fail": MarkVerdict.DEVIATION,
    "not_applicable": MarkVerdict.NOT_APPLICABLE,
    "undetermined": MarkVerdict.PENDING,
}


@bulk("audit.mark_by_check")
def mark_by_check(actor: Actor, procedure: Procedure, attribute: Attribute, check_run: CheckRun) -> Procedure:
    """Mark an attribute of all items by a check over the locked population. What it could not decide stays pending,
    what a person marked stays as it is. What it found met is told by its run, whose words are not written again unless
    another mark stands in the cell."""
    need(
        attribute.procedure_id == procedure.pk, "The attribute belongs to another test.", "", "", "attribute"
    )
    _check_run(procedure, attribute, check_run)
    table = queries.grid(procedure)
    need(table.items, "There is no item to mark.", "Nothing was drawn.", "Draw first.", "procedure")
    found = verdicts_by_subject(check_run)
    silent = ("undetermined", "The check has no verdict for this item.")
    marks = []
    for item in table.items:
        before = table.marks.get((item.key, attribute.letter))
        if before is not None and before.check_run_id is None:
            continue
        verdict, words = found.get(item.key, silent)
        told_by_run = verdict == "pass" and (before is None or before.pk is None)
        note = "" if told_by_run else words
        marks.append(
            Mark(item=item, attribute=attribute, verdict=VERDICT[verdict], note=note, check_run=check_run)
        )
    _write(table, marks, check_run)
    return procedure


def _check_run(procedure: Procedure, attribute: Attribute, run: CheckRun) -> None:
    """The run read exactly the locked population, for all its days, by the numbers of the version that is tested."""
    field = "check_run"
    need(
        attribute.check_name == run.check_name,
        f"{attribute.letter} is not computed by {run.check_name}.",
        "",
        "",
        field,
    )
    need(
        run.control_id == procedure.control_version.control_id,
        f"{run.ref} tested another control.",
        "",
        "",
        field,
    )
    locked = queries.current_lock(procedure)
    need(
        locked and _read(run) == {locked.population_id: locked.population.shape},
        *_other_list(locked, run),
        field,
    )
    assert locked is not None
    need(
        run.start <= locked.start and run.end >= locked.end,
        f"{run.ref} covers {run.start} to {run.end}.",
        f"The test runs from {locked.start} to {locked.end}.",
        "Run the check over these days.",
        field,
    )
    wanted = {
        k: v
        for k, v in procedure.control_version.parameters.items()
        if k in registers().checks[run.check_name].takes
    }
    need(
        run.parameters == wanted,
        f"{run.ref} used other numbers than the control states.",
        f"It used {run.parameters}, the control says {wanted}.",
        "Run the check with the control's numbers.",
        field,
    )


def _read(run: CheckRun) -> dict[int, str]:
    drives = registers().checks[run.check_name].drives
    rows = run.inputs.filter(population__shape=drives).values_list("population", "population__shape")
    return dict(rows)


def _other_list(locked: PopulationLock | None, run: CheckRun) -> tuple[str, str, str]:
    read = ", ".join(f"PN-{pk}" for pk in _read(run)) or "none"
    wanted = locked.population.ref if locked else "nothing"
    return (
        "The check did not read exactly the locked population.",
        f"It read {read}; {wanted} is locked.",
        "Run it over the locked list.",
    )
