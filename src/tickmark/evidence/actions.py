"""Verbs of the evidence step."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

from tickmark.controls.models import Control
from tickmark.evidence import queries
from tickmark.evidence import reconcile as reconciling
from tickmark.evidence.models import (
    Acceptance,
    CheckInput,
    CheckRun,
    Collection,
    Connection,
    ConnectionVersion,
    Evidence,
    EvidenceKind,
    Finding,
    Outcome,
    Population,
    Reconciliation,
    Rejection,
    Support,
)
from tickmark.kernel import clock, files, jobs, tables
from tickmark.kernel.access import Actor
from tickmark.kernel.action import action, bulk, need
from tickmark.kernel.arguments import Upload
from tickmark.kernel.calendars import business_calendar
from tickmark.kernel.checking import run_check as judge
from tickmark.scope.models import System, SystemVersion


@action("evidence.file")
def file(
    actor: Actor,
    upload: Upload,
    kind: EvidenceKind,
    source: str,
    description: str = "",
    covers_from: date | None = None,
    covers_to: date | None = None,
    observed_at: datetime | None = None,
    control: Control | None = None,
    occurrence: str = "",
    performed_on: date | None = None,
    replaces: Evidence | None = None,
) -> Evidence:
    """File a document as evidence: where it comes from, which days it covers, when it was observed."""
    _check_days(covers_from, covers_to, observed_at)
    need(
        source.strip(),
        "The source is empty.",
        "The auditor asks where it comes from.",
        "Name the system or the person.",
        "source",
    )
    twin = Evidence.objects.filter(sha256=upload.sha256).first()
    need(
        twin is None or replaces is not None,
        f"This file is filed already as {twin.ref if twin else ''}.",
        "Its content is the same to the last byte.",
        "Use that one for further controls.",
        "upload",
    )
    row = Evidence(
        name=upload.name,
        media_type=upload.media_type,
        sha256=upload.sha256,
        size=upload.size,
        kind=kind,
        description=description,
        source=source,
        covers_from=covers_from,
        covers_to=covers_to,
        observed_at=observed_at,
        collected_at=clock.now(),
        replaces=replaces,
    )
    row.save()
    if control is not None:
        Support(evidence=row, control=control, occurrence=occurrence, performed_on=performed_on).save()
    return row


def _check_days(covers_from: date | None, covers_to: date | None, observed_at: datetime | None) -> None:
    need(
        (covers_from is None) == (covers_to is None),
        "One end of the covered period is missing.",
        "Both days belong to it.",
        "Give both, or none.",
        "covers_to",
    )
    if covers_from and covers_to:
        need(
            covers_from <= covers_to,
            "The covered period ends before it starts.",
            f"{covers_to} is before {covers_from}.",
            "Swap the days.",
            "covers_to",
        )
    need(
        observed_at is None or observed_at.tzinfo is not None,
        "The time of observation has no zone.",
        "It is an instant.",
        "Write it like 2026-03-31T12:00+02:00.",
        "observed_at",
    )
    need(
        observed_at is None or observed_at <= clock.now(),
        "It would have been observed in the future.",
        "",
        "Correct the time.",
        "observed_at",
    )


@action("evidence.support")
def support(
    actor: Actor, evidence: Evidence, control: Control, occurrence: str = "", performed_on: date | None = None
) -> Support:
    """Use a piece of evidence for a control, and for one occurrence if the control is periodic."""
    row = Support(evidence=evidence, control=control, occurrence=occurrence, performed_on=performed_on)
    row.save()
    return row


@action("evidence.accept")
def accept(actor: Actor, support: Support, note: str = "") -> Acceptance:
    """Accept evidence as sufficient for this use. The second pair of eyes is never the filer's or the owner's."""
    need(
        not hasattr(support, "rejection"),
        f"{support.ref} was rejected.",
        "",
        "File better evidence.",
        "support",
    )
    row = Acceptance(support=support, note=note)
    row.save()
    return row


@action("evidence.reject")
def reject(actor: Actor, support: Support, reason: str) -> Rejection:
    """Reject evidence for this use, with the reason."""
    need(
        reason.strip(),
        "The reason is empty.",
        "The owner needs to know what is missing.",
        "Write it.",
        "reason",
    )
    need(
        not hasattr(support, "acceptance"),
        f"{support.ref} was accepted.",
        "",
        "File a newer one instead.",
        "support",
    )
    row = Rejection(support=support, reason=reason)
    row.save()
    return row


@action("evidence.connect")
def connect(
    actor: Actor,
    code: str,
    title: str,
    collector: str,
    source: str,
    settings: dict[str, Any],
    effective_from: date,
    every: Literal["", "day", "week", "month"] = "",
) -> ConnectionVersion:
    """Connect a source, or change how it is read from a day on. A narrowed setting stays visible as a version."""
    need(
        collector in queries.registers().collectors,
        f"There is no collector {collector}.",
        "",
        "Pick one of the list.",
        "collector",
    )
    row = Connection.objects.filter(code=code).first()
    need(
        row is None or row.collector == collector,
        f"{code} is read by another collector.",
        "",
        "Give it another code.",
        "collector",
    )
    if row is None:
        row = Connection(code=code, collector=collector)
        row.save()
    version = ConnectionVersion(
        connection=row,
        title=title,
        source=source,
        settings=settings,
        every=every,
        effective_from=effective_from,
    )
    version.save()
    return version


@action("evidence.collect")
def collect(actor: Actor, connection: Connection) -> Connection:
    """Collect from a source now. The work is done in the background; its record appears however it ends."""
    now = clock.now()
    jobs.enqueue(
        "collect", f"{connection.ref}:{now.isoformat()}", {"connection": connection.pk, "by": actor.ref}
    )
    return connection


@dataclass(frozen=True)
class Collected:
    """What a run of a collector left: its record, the raw files and the table, all kept already."""

    outcome: str
    shape: str
    started_at: datetime
    run_by: str
    how: str
    record: dict[str, Any]
    problems: list[dict[str, Any]]
    raw_files: list[dict[str, Any]]
    table: files.Kept | None = None
    rows: int | None = None
    rows_at_source: int | None = None
    key_hash: str = ""
    covers: tuple[date, date] | None = None


@action("evidence.record_collection")
def record_collection(actor: Actor, connection: Connection, run: Collected) -> Collection:
    """Record a run of a collector, however it ended; with rows it becomes evidence and a population."""
    row = Collection(
        connection=connection,
        collector=connection.collector,
        collector_digest=run.record.get("collector_digest", ""),
        shape=run.shape,
        outcome=run.outcome,
        problems=run.problems,
        run_by=run.run_by,
        how=run.how,
        started_at=run.started_at,
        finished_at=clock.now(),
        count_at_source=run.rows_at_source,
        count_in_file=run.rows,
        record=run.record,
        raw_files=run.raw_files,
    )
    row.save()
    if run.table is not None:
        _as_population(row, run, run.table)
    return row


def _as_population(row: Collection, run: Collected, table: files.Kept) -> None:
    first, last = run.covers or (None, None)
    evidence = Evidence(
        name=f"{row.connection.code}-{run.started_at:%Y%m%dT%H%M%SZ}.parquet",
        media_type="application/vnd.apache.parquet",
        sha256=table.sha256,
        size=table.size,
        kind=EvidenceKind.POP,
        source=row.connection.code,
        description=str(run.record.get("says", "")),
        covers_from=first,
        covers_to=last,
        observed_at=run.started_at,
        collected_at=run.started_at,
        collection=row,
    )
    evidence.save()
    population = Population(
        collection=row,
        evidence=evidence,
        shape=run.shape,
        count=run.rows or 0,
        key_hash=run.key_hash,
        content_hash=table.sha256,
        covers_from=first,
        covers_to=last,
    )
    population.save()
    for count in run.record.get("reconciliations", []):
        Reconciliation(
            population=population,
            against=count["against"],
            ours=count["in_list"],
            theirs=count["at_source"],
            only_ours=[],
            only_theirs=[],
            agrees=count["agrees"],
        ).save()


@action("evidence.reconcile")
def reconcile(
    actor: Actor,
    population: Population,
    against: str,
    other: Population | None = None,
    theirs: int | None = None,
    note: str = "",
) -> Reconciliation:
    """Hold a population against a second source: another list by its keys, or a count that the source tells."""
    need(
        (other is None) != (theirs is None),
        "There must be one second source.",
        "Another list, or a count.",
        "Give exactly one.",
        "other",
    )
    need(
        against.strip(),
        "The second source has no name.",
        "The auditor asks against what.",
        "Name it.",
        "against",
    )
    if other is not None:
        found = reconciling.reconcile(_keys(population), _keys(other))
        result = (
            found.ours,
            found.theirs,
            list(found.only_ours)[:200],
            list(found.only_theirs)[:200],
            found.agrees,
        )
    else:
        result = (population.count, theirs or 0, [], [], population.count == theirs)
    ours, there, only_ours, only_theirs, agrees = result
    row = Reconciliation(
        population=population,
        against=against,
        ours=ours,
        theirs=there,
        only_ours=only_ours,
        only_theirs=only_theirs,
        agrees=agrees,
        note=note,
    )
    row.save()
    return row


def _keys(population: Population) -> list[str]:
    with files.local(population.content_hash) as path:
        return tables.keys(path, queries.registers().shapes[population.shape])


@bulk("evidence.run_check")
def run_check(
    actor: Actor,
    check: str,
    control: Control,
    populations: list[Population],
    start: date,
    end: date,
    parameters: dict[str, Any] | None = None,
    incomplete: dict[str, str] | None = None,
) -> CheckRun:
    """Run a check over populations: one verdict for every item, none dropped, unknown never a pass."""
    need(
        check in queries.registers().checks,
        f"There is no check {check}.",
        "",
        "Pick one of the list.",
        "check",
    )
    need(
        start <= end,
        "The period ends before it starts.",
        f"{end} is before {start}.",
        "Swap the days.",
        "end",
    )
    rule = queries.registers().checks[check]
    zone, holidays = _local()
    reasons = {**_not_whole(populations), **(incomplete or {})}
    with tempfile.TemporaryDirectory(prefix="tickmark-check-") as room:
        result = judge(
            rule,
            _paths(populations, Path(room)),
            rule.settings(_fitting(rule, parameters or {})),
            start,
            end,
            shapes=queries.registers().shapes.things(),
            target=Path(room) / "out" / "verdicts.parquet",
            day=clock.today(),
            holidays=holidays,
            zone=zone,
            incomplete=reasons,
        )
        kept = files.keep(result.path)
    row = CheckRun(
        check_name=check,
        check_digest=result.check_digest,
        control=control,
        parameters=_fitting(rule, parameters or {}),
        start=start,
        end=end,
        counts=dict(result.counts),
        verdicts_file=kept.sha256,
        incomplete=dict(result.incomplete),
    )
    row.save()
    CheckInput.objects.bulk_create(CheckInput(run=row, population=population) for population in populations)
    Finding.objects.bulk_create(
        Finding(
            run=row,
            item=found.item[:200],
            verdict=found.verdict,
            cause=found.cause,
            detail={"sentence": found.sentence, "seen": found.detail},
        )
        for found in result.exceptions
    )
    return row


def _fitting(rule: Any, parameters: dict[str, Any]) -> dict[str, Any]:
    """Those numbers of the control that the check takes."""
    return {name: value for name, value in parameters.items() if name in rule.takes}


def _local() -> tuple[str, list[date]]:
    system = System.objects.order_by("pk").first()
    version = SystemVersion.objects.as_of(clock.today()).filter(system=system).first() if system else None
    if version is None:
        return "UTC", []
    return version.time_zone, list(business_calendar(version.calendar).holidays)


def _not_whole(populations: list[Population]) -> dict[str, str]:
    found: dict[str, str] = {}
    for population in populations:
        if population.collection.outcome != Outcome.COMPLETE:
            found[population.shape] = f"{population.collection.ref} ended {population.collection.outcome}"
    return found


def _paths(populations: list[Population], room: Path) -> dict[str, list[Path]]:
    (room / "out").mkdir()
    paths: dict[str, list[Path]] = {}
    for population in populations:
        target = room / f"{population.pk}.parquet"
        files.copy_out(population.content_hash, target)
        paths.setdefault(population.shape, []).append(target)
    return paths
