"""Lists: their items, whether they may be locked, and which of a source's lists is the newest truth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, Subquery

from tickmark.evidence.models import (
    Collection,
    Connection,
    ConnectionVersion,
    Outcome,
    Population,
    Reconciliation,
)
from tickmark.evidence.queries.places import end_of, registers
from tickmark.kernel import clock, files, tables
from tickmark.kernel.checks import Check
from tickmark.kernel.driving import driving
from tickmark.kernel.errors import TickmarkError


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
    if check_name:
        found = days_driven(registers().checks[check_name], [population], start, end, zone)
        return [Item(key, day) for key, day in found.items()]
    with files.local(population.content_hash) as path:
        rows = tables.read(path, limit=10_000_000)
    column = next((name for _, name in shape.dates), None)
    items = [
        Item(tables.row_key(row, shape), _day(row.get(column) if column else None, zone)) for row in rows
    ]
    return [item for item in items if item.day is None or start <= item.day <= end]


def days_driven(
    rule: Check, populations: Iterable[Population], start: date, end: date, zone: str
) -> dict[str, date | None]:
    """The rows that a check must judge in a period, by key, each with its day (None: not known)."""
    found: dict[str, date | None] = {}
    for population in populations:
        if population.shape == rule.drives:
            with files.local(population.content_hash) as path:
                found.update(driving(rule, path, registers().shapes.things(), start, end, zone))
    return found


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
    standing = standings([population])[population.pk]
    if standing.lockable:
        try:
            files.read(population.content_hash)
        except TickmarkError as error:
            return PopulationStanding(False, error.what, error.remedy)
    return standing


def standings(populations: Sequence[Population]) -> dict[int, PopulationStanding]:
    """`standing_of` for many at once, by what the books say; the files themselves are not read again."""
    newest: dict[int, dict[str, Reconciliation]] = {population.pk: {} for population in populations}
    for row in Reconciliation.objects.filter(population__in=populations).order_by("pk"):
        newest[row.population_id][row.against] = row
    return {row.pk: _standing(row, list(newest[row.pk].values())) for row in populations}


def _standing(population: Population, held: Sequence[Reconciliation]) -> PopulationStanding:
    run = population.collection
    if run.outcome != Outcome.COMPLETE:
        problems = "; ".join(str(problem.get("sentence", problem)) for problem in run.problems[:3])
        return PopulationStanding(False, f"Its collection is {run.outcome}: {problems}", "Collect again.")
    if not held:
        return PopulationStanding(False, "It was never held against a second source.", "Reconcile it.")
    if (bad := next((row for row in held if not row.agrees), None)) is not None:
        why = f"It disagrees with {bad.against}: {bad.ours} here, {bad.theirs} there."
        return PopulationStanding(False, why, "Explain the difference and collect again.")
    return PopulationStanding(True)


@dataclass(frozen=True)
class Listed:
    """What a connected source gave: its newest list, and why that is not the whole truth today (empty: it is)."""

    connection: Connection
    population: Population | None
    why: str


def lists_of(shape: str, day: date | None = None) -> list[Listed]:
    """Every connected source of a shape with its newest list; a source that gave nothing stands too.

    The newest run counts, not the best: nobody collects five times and shows the best one.
    """
    until = end_of(day or clock.today())
    runs = Collection.objects.filter(connection=OuterRef("pk"), started_at__lt=until).order_by("-pk")
    tables_ = runs.exclude(population=None)
    rows = Connection.objects.filter(pk__in=_connected(shape, day or clock.today())).order_by("pk")
    rows = rows.annotate(newest=Subquery(runs.values("pk")[:1]), table=Subquery(tables_.values("pk")[:1]))
    known = Collection.objects.select_related("population__evidence", "population__collection").in_bulk(
        {pk for row in rows for pk in (row.newest, row.table) if pk}
    )
    return [_listed(row, known.get(row.newest), known.get(row.table)) for row in rows]


def _connected(shape: str, day: date) -> list[int]:
    """Connections in force whose collector gives the shape."""
    gives = {entry.name for entry in registers().collectors if entry.thing.shape == shape}
    rows = ConnectionVersion.objects.as_of(day).filter(connection__collector__in=gives)
    return list(rows.values_list("connection", flat=True))


def _listed(connection: Connection, newest: Collection | None, table: Collection | None) -> Listed:
    if newest is None:
        return Listed(connection, None, f"{connection.code} was never collected")
    why = (
        ""
        if newest.outcome == Outcome.COMPLETE
        else f"{newest.ref} of {connection.code} ended {newest.outcome}"
    )
    return Listed(connection, table.population if table else None, why)


def newest_lists(shape: str, day: date | None = None) -> list[tuple[Population, str]]:
    """The newest list of a shape from each source that gave one, with the reason why it is not whole, if so."""
    return [(one.population, one.why) for one in lists_of(shape, day) if one.population is not None]


def unseen(shape: str) -> str:
    """Why no list of a shape can be read at all, or nothing if one can."""
    if newest_lists(shape):
        return ""
    return "; ".join(one.why for one in lists_of(shape)) or "no source of it is connected"


def lacking(shapes: Iterable[str], used: Iterable[Population], day: date | None = None) -> dict[str, str]:
    """For each shape, why the lists used are not all there is: a run that failed, a newer list, a source left out."""
    given = {population.pk for population in used}
    found: dict[str, list[str]] = {}
    for shape in shapes:
        for one in lists_of(shape, day):
            if one.why:
                found.setdefault(shape, []).append(one.why)
            elif one.population is not None and one.population.pk not in given:
                found.setdefault(shape, []).append(
                    f"{one.population.ref} of {one.connection.code} was not read"
                )
    return {shape: "; ".join(reasons) for shape, reasons in found.items()}
