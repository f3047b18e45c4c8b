"""Work of the evidence step: collect from a source, run the checks that read a list."""

from __future__ import annotations

import logging
import tempfile
from datetime import UTC, date, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

from tickmark.controls.models import Control
from tickmark.evidence import actions, books, queries
from tickmark.evidence.models import Collection, Connection, ConnectionVersion, Outcome
from tickmark.kernel import clock, collecting, faults, files, jobs
from tickmark.kernel.access import Actor
from tickmark.kernel.checks import Check
from tickmark.kernel.errors import TickmarkError
from tickmark.kernel.jobs import Slot, job

WORKER = Actor.job("collect", "company")
CHECKER = Actor.job("check", "company")
RECORDED = "recorded"
log = logging.getLogger("tickmark.evidence")


@job("collect")
def collect(slot: Slot) -> None:
    """Run the collector of a connection as it is set today, and record how it ended."""
    if RECORDED in slot.parts:  # the worker was killed after that, and there is nothing left to collect
        return
    connection = Connection.objects.get(pk=slot.arguments["connection"])
    version = ConnectionVersion.objects.as_of(clock.today()).get(connection=connection)
    slot.progress(f"Collecting from {version.title}")
    with tempfile.TemporaryDirectory(prefix="tickmark-collect-") as room:
        run = _collected(connection, version, slot, Path(room) / "run")
        slot.progress("Recording what came")
        record = partial(actions.record_collection, WORKER, connection=connection, run=run)
        jobs.once(slot, RECORDED, record)


def _collected(
    connection: Connection, version: ConnectionVersion, slot: Slot, room: Path
) -> actions.Collected:
    """A run, however it ends: an error of any kind becomes a record with its reason, and no list."""
    started = clock.now()
    by = str(slot.arguments.get("by", ""))
    how = "scheduled" if by.startswith("job:") else "interactive"
    previous = _previous(connection)
    try:
        run = collecting.collect(
            connection.collector,
            version.settings,
            workdir=room,
            now=started,
            registers=queries.registers(),
            clock=clock.now,
            books=books.rows(),
            run_by=by,
            how=how,
            previous_rows=previous.count_in_file if previous else None,
            tell=slot.progress,
        )
    except TickmarkError as error:
        return _failed(connection, version, started, (by, how), str(error))
    except Exception as error:
        ours = faults.told(error)
        if ours is not None:  # our own disk or books: no fault of the source, and worth another try
            raise ours from error
        log.exception("collecting from %s failed", connection.code)
        return _failed(connection, version, started, (by, how), f"{type(error).__name__}: {error}")
    return _kept(run, started, how, previous)


def _failed(
    connection: Connection, version: ConnectionVersion, started: datetime, ran: tuple[str, str], words: str
) -> actions.Collected:
    problem = {"code": "error", "sentence": words, "column": "", "count": 1, "rows": []}
    entry = queries.registers().collectors.entries.get(connection.collector)
    shape = entry.thing.shape if entry else ""
    parameters = {name: str(value) for name, value in version.settings.items()}
    record = {"parameters": parameters, "collector_digest": entry.digest if entry else ""}
    return actions.Collected(Outcome.ERROR, shape, started, *ran, record, [problem], [])


def _kept(run: collecting.Run, started: datetime, how: str, previous: Collection | None) -> actions.Collected:
    raw = [
        {"name": item.name, "sha256": files.keep(item.path, empty=True).sha256, "size": item.size}
        for item in run.raw
    ]
    problems = [*(problem.as_dict() for problem in run.problems), *_narrowed(run, previous)]
    return actions.Collected(
        outcome=Outcome.INCOMPLETE if problems else Outcome.COMPLETE,
        shape=run.shape,
        started_at=started,
        run_by=run.run_by,
        how=how,
        record=run.as_dict() | {"complete": not problems, "problems": problems},
        problems=problems,
        raw_files=raw,
        table=files.keep(run.table),
        rows=run.rows,
        rows_at_source=run.rows_at_source,
        key_hash=run.key_hash,
        covers=_covers(run),
    )


def _narrowed(run: collecting.Run, previous: Collection | None) -> list[dict[str, Any]]:
    """Fewer rows after a changed setting: nobody can tell a narrowed scope from things that are gone."""
    if previous is None or run.rows >= (previous.count_in_file or 0):
        return []
    before = previous.record.get("parameters", {})
    now = {**run.parameters}
    changed = sorted(
        name for name in {*before, *now} if before.get(name) != now.get(name) and name not in _MOVING
    )
    if not changed:
        return []
    words = (
        f"{', '.join(changed)} changed since {previous.ref}, and {run.rows:,} rows came where there were"
        f" {previous.count_in_file:,}: the scope may be narrower."
    )
    return [{"code": "scope_changed", "sentence": words, "column": "", "count": 1, "rows": []}]


_MOVING = frozenset({"tip"})
"""Parameters that a collector notes and that move by themselves."""


def _covers(run: collecting.Run) -> tuple[date, date] | None:
    if not run.first_event or not run.last_event:
        return None
    return date.fromisoformat(run.first_event[:10]), max(
        date.fromisoformat(run.last_event[:10]), run.run_at.astimezone(UTC).date()
    )


def _previous(connection: Connection) -> Collection | None:
    rows = Collection.objects.filter(connection=connection, outcome=Outcome.COMPLETE)
    found: Collection | None = rows.order_by("-pk").first()
    return found


@job("check")
def check(slot: Slot) -> None:
    """Run the checks that read a shape, for each control they support, over the window of the day.

    A check that a waiting slot will run anyway is left to it: it will read what is newest then.
    """
    today = clock.today()
    window = queries.window(today)
    shape, later = slot.arguments["shape"], _waiting(slot)
    due = {
        entry.name: entry.thing for entry in queries.registers().checks if _is_due(entry.thing, shape, later)
    }
    codes = {code for rule in due.values() for code in rule.supports}
    lists = cache(queries.newest_lists)  # a list that comes meanwhile has a slot of its own
    for control in Control.objects.filter(code__in=codes).order_by("code"):
        for rule in queries.chosen_checks(control, today, lists):
            if rule.name in due:
                slot.progress(f"{control.code}: {rule.says}")
                found = [population for name in rule.reads for population, _ in lists(name, today)]
                _run(slot, rule, control, found, window, today)


def _is_due(rule: Check, shape: str, later: set[str]) -> bool:
    return shape in rule.reads and not later & set(rule.reads)


def _waiting(slot: Slot) -> set[str]:
    rows = Slot.objects.filter(what="check", finished_at=None, started_at=None).exclude(pk=slot.pk)
    return {str(arguments.get("shape")) for arguments in rows.values_list("arguments", flat=True)}


def _run(
    slot: Slot, rule: Check, control: Control, populations: list[Any], window: queries.Window, today: date
) -> None:
    if not any(population.shape == rule.drives for population in populations):
        return
    for span in queries.tested_spans(control, window.start, window.until(today)):
        run = partial(
            actions.run_check,
            CHECKER,
            check=rule.name,
            control=control,
            populations=populations,
            start=span.start,
            end=span.end,
            parameters=dict(span.version.parameters),
        )
        jobs.once(slot, f"{control.code} {rule.name} {span.start} {span.end}", run)
