"""How each connected source stands: its newest run, what is under way, whether it is behind its own rhythm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from tickmark.evidence.models import Collection, Connection, ConnectionVersion, Population
from tickmark.evidence.queries.places import end_of
from tickmark.kernel.jobs import Slot

RHYTHM = {"day": 1, "week": 7, "month": 31}
PATIENCE = 2
"""A source is behind when nothing came for this many of its own intervals."""


@dataclass(frozen=True)
class SourceStanding:
    """A connected source on a day. `why` is what is wrong with its newest list; empty if nothing is."""

    version: ConnectionVersion
    newest: Collection | None
    population: Population | None
    versions: int
    slot: Slot | None
    behind: int | None
    why: str

    @property
    def connection(self) -> Connection:
        """The connection itself."""
        found: Connection = self.version.connection
        return found

    @property
    def state(self) -> str:
        """running, queued, then how the newest run ended; `open` before the first one."""
        if self.slot is not None and self.slot.state in ("running", "waiting"):
            return "running" if self.slot.state == "running" else "queued"
        if self.newest is None:
            return "open"
        return "failed" if self.newest.outcome == "error" else str(self.newest.outcome)


def sources(day: date) -> list[SourceStanding]:
    """Every source in force on the day, by code."""
    versions = list(
        ConnectionVersion.objects.as_of(day).select_related("connection").order_by("connection__code")
    )
    ids = [version.connection_id for version in versions]
    newest, tables = _newest(ids, day)
    counted = _versions(ids)
    slots = slots_of(ids)
    return [
        _standing(
            version,
            newest.get(version.connection_id),
            tables.get(version.connection_id),
            counted.get(version.connection_id, 0),
            slots.get(version.connection_id),
            day,
        )
        for version in versions
    ]


def _newest(ids: Sequence[int], day: date) -> tuple[dict[int, Collection], dict[int, Population]]:
    runs = Collection.objects.filter(connection=OuterRef("pk"), started_at__lt=end_of(day)).order_by("-pk")
    rows: QuerySet[Any] = Connection.objects.filter(pk__in=ids)
    rows = rows.annotate(
        newest=Subquery(runs.values("pk")[:1]), table=Subquery(runs.exclude(population=None).values("pk")[:1])
    )
    pairs = {row.pk: (row.newest, row.table) for row in rows}
    known = Collection.objects.select_related("population").in_bulk(
        {pk for pair in pairs.values() for pk in pair if pk}
    )
    newest = {pk: known[run] for pk, (run, _) in pairs.items() if run}
    return newest, {pk: known[run].population for pk, (_, run) in pairs.items() if run}


def _versions(ids: Sequence[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for connection in ConnectionVersion.objects.filter(connection__in=ids).values_list(
        "connection", flat=True
    ):
        found[connection] = found.get(connection, 0) + 1
    return found


def slots_of(ids: Sequence[int]) -> dict[int, Slot]:
    """The newest slot of each connection, under way or done."""
    found: dict[int, Slot] = {}
    rows = Slot.objects.filter(what="collect", arguments__connection__in=list(ids)).order_by("-pk")
    for slot in rows[: 50 * max(len(ids), 1)]:
        found.setdefault(int(slot.arguments["connection"]), slot)
    return found


def _standing(
    version: ConnectionVersion,
    newest: Collection | None,
    population: Population | None,
    versions: int,
    slot: Slot | None,
    day: date,
) -> SourceStanding:
    return SourceStanding(
        version, newest, population, versions, slot, _behind(version, newest, day), _why(newest, slot)
    )


def _behind(version: ConnectionVersion, newest: Collection | None, day: date) -> int | None:
    """Days without a run beyond the patience, None while it is in its rhythm."""
    every = RHYTHM.get(version.every)
    if every is None:
        return None
    last = newest.started_at.date() if newest else version.effective_from
    return (day - last).days if day - last > timedelta(days=PATIENCE * every) else None


def _why(newest: Collection | None, slot: Slot | None) -> str:
    if newest is not None and newest.outcome != "complete":
        return " ".join(str(problem.get("sentence", problem)) for problem in newest.problems[:3])
    return slot.error if slot is not None and slot.state == "given up" else ""
