"""Connecting sources, collecting from them, holding lists against second sources."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from tickmark.evidence import queries
from tickmark.evidence import reconcile as reconciling
from tickmark.evidence.models import (
    Collection,
    Connection,
    ConnectionVersion,
    Evidence,
    EvidenceKind,
    Population,
    Reconciliation,
)
from tickmark.kernel import clock, files, jobs, tables
from tickmark.kernel.access import Actor
from tickmark.kernel.action import action, deed, need

SECRET_WORDS = ("token", "secret", "password", "passphrase", "private_key", "api_key")
LONGEST_LIST = 200
"""Keys of a difference that are kept with a reconciliation; the counts are always whole."""


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
    withdrawn: bool = False,
) -> ConnectionVersion:
    """Connect a source, or change how it is read from a day on. A narrowed setting stays visible as a version."""
    need(
        code.strip(),
        "The source has no code.",
        "People refer to it by code.",
        "Give one, such as idp.",
        "code",
    )
    need(
        title.strip() and source.strip(),
        "The source has no name.",
        "The auditor asks what was read.",
        "Name it.",
        "title",
    )
    need(
        collector in queries.registers().collectors,
        f"There is no collector {collector}.",
        "",
        "Pick one of the list.",
        "collector",
    )
    _check_settings(settings)
    row = Connection.objects.filter(code=code).first()
    need(
        row is None or row.collector == collector,
        f"{code} is read by another collector.",
        "What it gave stands under that one.",
        "Give it another code.",
        "collector",
    )
    need(row is not None or not withdrawn, f"{code} is not connected.", "", "Check the code.", "code")
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
        withdrawn=withdrawn,
    )
    version.save()
    return version


def _check_settings(settings: dict[str, Any]) -> None:
    secret = next((name for name in settings if any(word in name.lower() for word in SECRET_WORDS)), "")
    need(
        not secret,
        f"The setting {secret} is a secret.",
        "What the books hold, the auditor reads.",
        "Keep it in the home's secrets.",
        "settings",
    )
    need(
        None not in settings.values(),
        "A setting has no value.",
        "A line that names no value may be a secret that slipped in: it is not shown again.",
        "Write each as a line of its own, branch = main, or leave it out.",
        "settings",
    )
    recipe = settings.get("recipe")
    known = queries.registers().recipes
    need(
        not recipe or recipe in known,
        f"There is no recipe {recipe}.",
        "It says how the export is read.",
        "Pick one of the list.",
        "settings",
    )
    try:
        json.dumps(settings, allow_nan=False)
    except (TypeError, ValueError):
        need(
            False,
            "The settings cannot be kept.",
            "They are not plain JSON.",
            "Use texts, whole numbers, lists.",
            "settings",
        )


@action("evidence.collect")
def collect(actor: Actor, connection: Connection) -> Connection:
    """Collect from a source now. The work is done in the background; its record appears however it ends."""
    version = ConnectionVersion.objects.as_of(clock.today()).filter(connection=connection).first()
    need(
        version,
        f"{connection.code} is not read any more.",
        "It is not in force today.",
        "Connect it from today on.",
        "connection",
    )
    jobs.enqueue("collect", f"{connection.ref}:{deed().uid}", {"connection": connection.pk, "by": actor.ref})
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
    need(
        theirs is None or theirs >= 0,
        "A count is never below zero.",
        f"{theirs} was given.",
        "Correct it.",
        "theirs",
    )
    if other is not None:
        _check_second(population, other)
    row = Reconciliation(
        population=population, against=against.strip()[:200], note=note, **_held(population, other, theirs)
    )
    row.save()
    return row


def _check_second(population: Population, other: Population) -> None:
    same = other.collection.connection_id == population.collection.connection_id
    need(
        not same,
        "The second source is the first one.",
        f"Both come from {population.collection.connection.code}.",
        "Take a list from elsewhere.",
        "other",
    )
    fits = other.shape == population.shape
    need(
        fits,
        "The two lists have other keys.",
        f"One is of {population.shape}, the other of {other.shape}.",
        "Take one of the same shape, or give a count.",
        "other",
    )


def _held(population: Population, other: Population | None, theirs: int | None) -> dict[str, Any]:
    if other is None:
        return {
            "ours": population.count,
            "theirs": theirs or 0,
            "only_ours": [],
            "only_theirs": [],
            "agrees": population.count == theirs,
        }
    found = reconciling.reconcile(_keys(population), _keys(other))
    return {
        "ours": found.ours,
        "theirs": found.theirs,
        "only_ours": list(found.only_ours)[:LONGEST_LIST],
        "only_theirs": list(found.only_theirs)[:LONGEST_LIST],
        "agrees": bool(found.agrees),
    }


def _keys(population: Population) -> list[str]:
    with files.local(population.content_hash) as path:
        return tables.keys(path, queries.registers().shapes[population.shape])
