"""Work of the evidence step: collect from a source, run the checks that read a list."""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from tickmark.controls.models import Control
from tickmark.evidence import actions, books, queries
from tickmark.evidence.models import Collection, Connection, ConnectionVersion, Outcome
from tickmark.kernel import clock, collecting, files
from tickmark.kernel.access import Actor
from tickmark.kernel.errors import TickmarkError
from tickmark.kernel.jobs import Slot, job
from tickmark.scope.models import Period, ReportType

WORKER = Actor.job("collect", "company")
CHECKER = Actor.job("check", "company")


@job("collect")
def collect(slot: Slot) -> None:
    """Run the collector of a connection as it is set today, and record how it ended."""
    connection = Connection.objects.get(pk=slot.arguments["connection"])
    version = ConnectionVersion.objects.as_of(clock.today()).get(connection=connection)
    slot.progress(f"Collecting from {version.title}")
    with tempfile.TemporaryDirectory(prefix="tickmark-collect-") as room:
        run = _collected(connection, version, slot, Path(room) / "run")
        actions.record_collection(WORKER, connection=connection, run=run)


def _collected(
    connection: Connection, version: ConnectionVersion, slot: Slot, room: Path
) -> actions.Collected:
    started = clock.now()
    how = "scheduled" if str(slot.arguments.get("by", "")).startswith("job:") else "interactive"
    shape = queries.registers().collectors[connection.collector].shape
    try:
        run = collecting.collect(
            connection.collector,
            version.settings,
            workdir=room,
            now=started,
            registers=queries.registers(),
            clock=clock.now,
            books=books.rows(),
            run_by=str(slot.arguments.get("by", "")),
            how=how,
            previous_rows=_previous(connection),
            tell=slot.progress,
        )
    except TickmarkError as error:
        problem = {"code": "error", "sentence": str(error), "column": "", "count": 1, "rows": []}
        return actions.Collected(
            Outcome.ERROR, shape, started, str(slot.arguments.get("by", "")), how, {}, [problem], []
        )
    return _kept(run, started, how)


def _kept(run: collecting.Run, started: datetime, how: str) -> actions.Collected:
    raw = [
        {"name": item.name, "sha256": files.keep(item.path, empty=True).sha256, "size": item.size}
        for item in run.raw
    ]
    return actions.Collected(
        outcome=Outcome.COMPLETE if run.complete else Outcome.INCOMPLETE,
        shape=run.shape,
        started_at=started,
        run_by=run.run_by,
        how=how,
        record=run.as_dict(),
        problems=[problem.as_dict() for problem in run.problems],
        raw_files=raw,
        table=files.keep(run.table),
        rows=run.rows,
        rows_at_source=run.rows_at_source,
        key_hash=run.key_hash,
        covers=_covers(run),
    )


def _covers(run: collecting.Run) -> tuple[date, date] | None:
    if not run.first_event or not run.last_event:
        return None
    return date.fromisoformat(run.first_event[:10]), max(
        date.fromisoformat(run.last_event[:10]), run.run_at.astimezone(UTC).date()
    )


def _previous(connection: Connection) -> int | None:
    last = Collection.objects.filter(connection=connection, outcome=Outcome.COMPLETE).order_by("-pk").first()
    return last.count_in_file if last else None


@job("check")
def check(slot: Slot) -> None:
    """Run every check that reads a shape, for each control that it supports, over the period that holds the day."""
    period = current_period(clock.today())
    for entry in queries.registers().checks:
        rule = entry.thing
        if slot.arguments["shape"] in rule.reads and period is not None:
            slot.progress(f"Checking: {rule.says}")
            _run(rule, period)


def current_period(day: date) -> Period | None:
    """The Type 2 period that holds the day, or else the last one that ended before it."""
    rows = Period.objects.filter(type=ReportType.TYPE_2, replaced_by=None, start__lte=day).order_by("-start")
    row: Period | None = rows.first()
    return row


def _run(rule: Any, period: Period) -> None:
    lists = {shape: queries.newest_lists(shape) for shape in rule.reads}
    if not lists[rule.drives]:
        return
    populations = [population for found in lists.values() for population, _ in found]
    reasons: dict[str, str] = {shape: why for shape, found in lists.items() for _, why in found if why}
    for control in Control.objects.filter(code__in=rule.supports).order_by("pk"):
        for span in queries.tested_spans(control, period.start, min(period.end, clock.today())):
            actions.run_check(
                CHECKER,
                check=rule.name,
                control=control,
                populations=populations,
                start=span.start,
                end=span.end,
                parameters=dict(span.version.parameters),
                incomplete=reasons,
            )
