"""Answers about evidence: what stands for a control, which list is current, what a check said of each item."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings

from tickmark.controls.models import Control, ControlVersion
from tickmark.evidence.models import (
    CheckRun,
    Collection,
    Evidence,
    Outcome,
    Population,
    Reconciliation,
    Support,
)
from tickmark.kernel import files, tables
from tickmark.kernel.dated import Span
from tickmark.kernel.driving import driving
from tickmark.kernel.register import Registers, load


@lru_cache(maxsize=2)
def _registers(home: Path) -> Registers:
    return load(home / "plugins")


def registers() -> Registers:
    """Collectors, shapes, checks and recipes of this installation."""
    return _registers(Path(settings.HOME))


@dataclass(frozen=True)
class Item:
    """One item of a locked population: its natural key, the day that places it, its stratum if there is one."""

    key: str
    day: date | None
    stratum: str = ""


def items_of(population: Population, check_name: str, start: date, end: date, zone: str) -> list[Item]:
    """The items of a population in a period: the driving rows of a check, or all dated rows of the shape.

    Rows whose day is unknown stay in: nothing that could be an occurrence vanishes.
    """
    shape = registers().shapes[population.shape]
    with files.local(population.content_hash) as path:
        if check_name:
            return [
                Item(key, day)
                for key, day in driving(
                    registers().checks[check_name], path, registers().shapes.things(), start, end, zone
                )
            ]
        rows = tables.read(path, limit=10_000_000)
    column = next((name for _, name in shape.dates), None)
    found = [
        Item(tables.row_key(row, shape), _day(row.get(column) if column else None, zone)) for row in rows
    ]
    return [item for item in found if item.day is None or start <= item.day <= end]


def _day(value: object, zone: str) -> date | None:
    if isinstance(value, datetime):
        return value.replace(tzinfo=value.tzinfo or UTC).astimezone(ZoneInfo(zone)).date()
    return value if isinstance(value, date) else None


@dataclass(frozen=True)
class PopulationStanding:
    """Whether a population may be locked, and why not."""

    lockable: bool
    why: str = ""
    remedy: str = ""


def standing_of(population: Population) -> PopulationStanding:
    """Complete, reconciled, unchanged: only then is a list lockable (domain.md 4.8)."""
    if population.collection.outcome != Outcome.COMPLETE:
        problems = "; ".join(
            str(problem.get("sentence", problem)) for problem in population.collection.problems[:3]
        )
        return PopulationStanding(
            False, f"Its collection is {population.collection.outcome}: {problems}", "Collect again."
        )
    checks = list(Reconciliation.objects.filter(population=population).order_by("pk"))
    if not checks:
        return PopulationStanding(False, "It was never held against a second source.", "Reconcile it.")
    newest = {row.against: row for row in checks}
    if (bad := next((row for row in newest.values() if not row.agrees), None)) is not None:
        return PopulationStanding(
            False,
            f"It disagrees with {bad.against}: {bad.ours} here, {bad.theirs} there.",
            "Explain the difference and collect again.",
        )
    return PopulationStanding(True)


def verdicts_by_subject(run: CheckRun) -> dict[str, tuple[str, str]]:
    """The verdict on each driving row and its words; a fail outweighs an unknown, an unknown outweighs a pass."""
    weight = {"not_applicable": 0, "pass": 1, "undetermined": 2, "fail": 3}
    found: dict[str, tuple[str, str]] = {}
    for row in verdicts(run):
        subject = row["subject"]
        if subject is None:
            continue
        words = f"{row['sentence']} {row['detail']}".strip()
        if subject not in found or weight[row["verdict"]] > weight[found[subject][0]]:
            found[subject] = (row["verdict"], words)
    return found


def verdicts(
    run: CheckRun, limit: int = 10_000_000, offset: int = 0, verdict: str = ""
) -> list[dict[str, str | None]]:
    """Rows of a run's verdict file: item, subject, verdict, cause, before, sentence, detail."""
    with files.local(run.verdicts_file) as path:
        return tables.read(path, limit, offset, {"verdict": verdict} if verdict else None)


def newest_lists(shape: str, day: date | None = None) -> list[tuple[Population, str]]:
    """The newest list of a shape from each connection, with the reason why it is not whole, if it is not.

    The newest run counts, not the best: nobody collects five times and shows the best one.
    """
    runs = (
        Collection.objects.filter(shape=shape)
        .select_related("population__evidence", "connection")
        .order_by("connection", "-pk")
    )
    if day is not None:
        runs = runs.filter(started_at__lt=datetime.combine(day + timedelta(days=1), time(), UTC))
    found: dict[int, tuple[Population | None, str]] = {}
    for run in runs:
        known, why = found.get(run.connection_id, (None, ""))
        if known is not None:
            continue
        why = why or (
            ""
            if run.outcome == Outcome.COMPLETE
            else f"{run.ref} of {run.connection.code} ended {run.outcome}"
        )
        found[run.connection_id] = (getattr(run, "population", None), why)
    return [(population, why) for population, why in found.values() if population is not None]


def unseen(shape: str) -> str:
    """Why no list of a shape can be read at all, or nothing if one can."""
    return "" if newest_lists(shape) else "no list of it was ever collected"


def tested_spans(control: Control, start: date, end: date) -> list[Span[ControlVersion]]:
    """The control's versions over a period, neighbours with the same numbers joined: each part is tested by its own."""
    joined: list[Span[ControlVersion]] = []
    for span in ControlVersion.objects.filter(control=control).over(start, end):
        last = joined[-1] if joined else None
        if (
            last
            and last.version.parameters == span.version.parameters
            and last.end + timedelta(days=1) == span.start
        ):
            joined[-1] = Span(span.version, last.start, span.end)
        else:
            joined.append(span)
    return joined


def runs_of(check: str, control: Control) -> list[CheckRun]:
    """The newest run of a check for each part of a control's time."""
    newest: dict[date, CheckRun] = {}
    for run in CheckRun.objects.filter(check_name=check, control=control).order_by("pk"):
        newest[run.start] = run
    return [newest[start] for start in sorted(newest)]


def uses(control: Control) -> Iterable[Support]:
    """What is filed in support of a control, newest first, with its acceptance or rejection."""
    rows = Support.objects.filter(control=control).select_related(
        "evidence", "evidence__by", "acceptance__by", "rejection__by", "by"
    )
    return rows.order_by("-pk")


def covering(control_ids: Iterable[int], start: date, end: date) -> Sequence[Evidence]:
    """Accepted evidence of controls whose covered days touch a window; undated evidence is listed too, never dropped."""
    supports = Support.objects.filter(control__in=control_ids).exclude(acceptance=None)
    rows = Evidence.objects.filter(pk__in=supports.values("evidence"))
    return [
        row
        for row in rows
        if row.covers_from is None or (row.covers_from <= end and (row.covers_to or row.covers_from) >= start)
    ]
