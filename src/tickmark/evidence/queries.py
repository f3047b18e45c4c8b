"""Answers about evidence: what stands for a control, which list is current, what a check said of each item."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import OuterRef, Subquery

from tickmark.controls.models import Control, ControlVersion
from tickmark.evidence.models import (
    CheckRun,
    Collection,
    Connection,
    ConnectionVersion,
    Evidence,
    Outcome,
    Population,
    Reconciliation,
    Support,
)
from tickmark.kernel import clock, files, tables
from tickmark.kernel.calendars import business_calendar
from tickmark.kernel.checks import Check
from tickmark.kernel.dated import Span
from tickmark.kernel.driving import driving
from tickmark.kernel.register import Registers, load
from tickmark.scope.models import Period, ReportType, SystemVersion


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
        with files.local(population.content_hash) as path:
            if files.digest(path) != population.content_hash:
                return PopulationStanding(False, "Its file was changed on disk.", "Restore it from a backup.")
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


def verdicts_by_subject(run: CheckRun) -> dict[str, tuple[str, str]]:
    """The verdict on each driving row and its words; a fail outweighs an unknown, an unknown outweighs a pass."""
    weight: dict[str | None, int] = {"not_applicable": 0, "pass": 1, "undetermined": 2, "fail": 3}
    found: dict[str, tuple[str, str]] = {}
    for row in verdicts(run):
        subject = row["subject"]
        if subject is None:
            continue
        words = f"{row['sentence']} {row['detail']}".strip()
        if subject not in found or weight[row["verdict"]] > weight[found[subject][0]]:
            found[subject] = (str(row["verdict"]), words)
    return found


def verdicts(
    run: CheckRun, limit: int = 10_000_000, offset: int = 0, verdict: str = ""
) -> list[dict[str, str | None]]:
    """Rows of a run's verdict file: item, subject, verdict, cause, before, sentence, detail."""
    with files.local(run.verdicts_file) as path:
        return tables.read(path, limit, offset, {"verdict": verdict} if verdict else None)


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
    until = datetime.combine((day or clock.today()) + timedelta(days=1), time(), UTC)
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


@dataclass(frozen=True)
class Place:
    """Where the company counts its days: zone and business calendar of the system."""

    zone: str
    calendar: str

    @property
    def holidays(self) -> list[date]:
        """The holidays of its calendar."""
        return list(business_calendar(self.calendar).holidays)

    def local_day(self, moment: datetime) -> date:
        """The day on which an instant falls there."""
        return moment.astimezone(ZoneInfo(self.zone)).date()


def place(day: date) -> Place:
    """The zone and calendar of the system as described on the day; UTC without holidays before there is one."""
    version = SystemVersion.objects.as_of(day).order_by("system").first()
    return Place(version.time_zone, version.calendar) if version else Place("UTC", "none")


REHEARSAL = 90
"""Days that a rehearsal looks back over while no period has begun."""


@dataclass(frozen=True)
class Window:
    """The days over which controls are judged: a Type 2 period, or the days before one begins."""

    start: date
    end: date
    period: Period | None

    def until(self, day: date) -> date:
        """The last day of the window that is over or is today."""
        return min(self.end, day)


def window(day: date) -> Window:
    """The Type 2 period that holds the day, else the last one before it, else the days up to it as a rehearsal."""
    rows = Period.objects.filter(type=ReportType.TYPE_2, replaced_by=None, start__lte=day)
    period = rows.order_by("-start", "-pk").first()
    if period is not None:
        return Window(period.start, period.end, period)
    return Window(day - timedelta(days=REHEARSAL - 1), day, None)


# -- checks


def chosen_checks(control: Control, day: date | None = None) -> list[Check]:
    """Of the checks that support a control and drive the same list, the one that reads the most lists there are."""
    rules = [entry.thing for entry in registers().checks if control.code in entry.thing.supports]
    there = {shape: bool(newest_lists(shape, day)) for rule in rules for shape in rule.reads}
    best: dict[str, Check] = {}
    for rule in sorted(rules, key=lambda rule: rule.name):
        if rule.drives not in best or _sight(rule, there) > _sight(best[rule.drives], there):
            best[rule.drives] = rule
    return list(best.values())


def _sight(rule: Check, there: Mapping[str, bool]) -> tuple[bool, int]:
    needed = [shape for shape in rule.reads if shape not in rule.optional]
    return all(there[shape] for shape in needed), sum(there[shape] for shape in rule.reads)


def tested_spans(control: Control, start: date, end: date) -> list[Span[ControlVersion]]:
    """The control's versions over a period, neighbours with the same numbers joined: each part is tested by its own."""
    return _joined(ControlVersion.objects.filter(control=control).over(start, end))


def _joined(spans: Iterable[Span[ControlVersion]]) -> list[Span[ControlVersion]]:
    joined: list[Span[ControlVersion]] = []
    for span in spans:
        last = joined[-1] if joined else None
        if (
            last
            and last.version.control_id == span.version.control_id
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


def standing_runs(start: date, end: date, controls: Iterable[int] | None = None) -> list[CheckRun]:
    """What the checks say of a window today: for each control, driving list and part of its time one run.

    Of the runs with the numbers of that part the one that reaches furthest counts, and of these the newest; so a
    run over fewer days never takes the place of one over more.
    """
    rows = CheckRun.objects.filter(start__gte=start, start__lte=end).exclude(control=None).order_by("pk")
    if controls is not None:
        rows = rows.filter(control__in=list(controls))
    runs: dict[tuple[int, date], list[CheckRun]] = {}
    for run in rows.only("pk", "control_id", "check_name", "start", "end", "parameters"):
        runs.setdefault((run.control_id, run.start), []).append(run)
    spans = numbered_spans(start, end, {control for control, _ in runs})
    chosen = [pk for key, span in spans.items() for pk in _furthest(runs.get(key, ()), span)]
    return list(
        CheckRun.objects.filter(pk__in=chosen).select_related("control").order_by("control__code", "start")
    )


def numbered_spans(
    start: date, end: date, controls: Iterable[int]
) -> dict[tuple[int, date], Span[ControlVersion]]:
    """`tested_spans` of many controls at once, by control and first day."""
    versions: Any = ControlVersion.objects.filter(control__in=list(controls))
    found = _joined(versions.over(start, end))
    return {(span.version.control_id, span.start): span for span in found}


def _furthest(runs: Iterable[CheckRun], span: Span[ControlVersion]) -> list[int]:
    best: dict[str, CheckRun] = {}
    for run in runs:
        rule = registers().checks.entries.get(run.check_name)
        fits = rule is not None and run.parameters == fitting(rule.thing, span.version.parameters)
        drives = rule.thing.drives if rule else run.check_name
        if fits and run.end <= span.end and (drives not in best or run.end >= best[drives].end):
            best[drives] = run
    return [run.pk for run in best.values()]


def fitting(rule: Check, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Those numbers of a control that a check takes."""
    return {name: value for name, value in parameters.items() if name in rule.takes}


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
