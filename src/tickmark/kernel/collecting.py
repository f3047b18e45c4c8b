"""One run of a collector: the rows as a table, the files as they came, and the full record of the run."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tickmark.kernel.errors import Invalid
from tickmark.kernel.register import Entry, Registers, load
from tickmark.kernel.shapes import Shape
from tickmark.kernel.sources import Collector, Exchange, RawFile, Reconciliation, Row, Source
from tickmark.kernel.tables import Problem, TableInfo, write_rows

PROGRESS_EVERY = 10_000
MOVING = frozenset({"tip", "path"})
"""Parameters that differ from run to run without any change of scope."""


@dataclass(frozen=True)
class Run:
    """The record of one collection, field by field as domain.md 4.8 asks for it.

    `complete` is false as soon as `problems` has one; `rows_at_source` is what the source itself counts,
    None if it does not; `raw` are the files before any edit, `table` the Parquet made of them;
    `first_event` and `last_event` are the ends of the shape's first date column as ISO text.
    """

    collector: str
    collector_version: str
    collector_digest: str
    recipe: str
    recipe_digest: str
    shape: str
    shape_version: int
    shape_digest: str
    system: str
    says: str
    query: str
    parameters: Mapping[str, str]
    run_by: str
    run_at: datetime
    how: str
    zone_data: str
    zone_filter: str
    rows: int
    rows_at_source: int | None
    columns: tuple[str, ...]
    columns_unknown: Mapping[str, str]
    columns_left_out: Mapping[str, str]
    event_column: str
    first_event: str
    last_event: str
    limits: tuple[str, ...]
    reconciliations: tuple[Reconciliation, ...]
    exchanges: tuple[Exchange, ...]
    complete: bool
    problems: tuple[Problem, ...]
    raw: tuple[RawFile, ...]
    table: Path
    table_digest: str
    key_hash: str

    @property
    def reconciled(self) -> bool:
        """Whether at least one count of the source was compared, and all of them agree."""
        return bool(self.reconciliations) and all(one.agrees for one in self.reconciliations)

    def as_dict(self) -> dict[str, Any]:
        """The record in JSON terms, without places on this machine's disk."""
        plain = {name: value for name, value in vars(self).items() if name != "table"}
        for name in ("reconciliations", "exchanges", "problems", "raw"):
            plain[name] = [part.as_dict() for part in plain[name]]
        for name in ("columns", "limits"):
            plain[name] = list(plain[name])
        for name in ("parameters", "columns_unknown", "columns_left_out"):
            plain[name] = dict(plain[name])
        return plain | {"run_at": self.run_at.isoformat(), "reconciled": self.reconciled}


def collect(
    collector_name: str,
    settings: Mapping[str, Any],
    *,
    workdir: Path,
    now: datetime,
    registers: Registers | None = None,
    clock: Callable[[], datetime] | None = None,
    books: Mapping[str, Iterable[Row]] | None = None,
    run_by: str = "",
    how: str = "interactive",
    previous_rows: int | None = None,
    previous_parameters: Mapping[str, str] | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Run:
    """Run a collector into the empty or new folder `workdir` and return the record of the run.

    `settings` are the connection's; `previous_rows` and `previous_parameters` are those of the run before,
    so that an empty or shrunken answer and a changed scope are noticed; `clock` times each exchange (`now`
    if left away); `tell` hears progress. A run whose list is not whole ends with `complete` false. Raises
    Invalid or Unavailable when there is nothing to keep; then nothing is left in `workdir`.
    """
    if now.tzinfo is None:
        raise Invalid("The time of the run has no zone.", "It must be an instant.", "Give it in UTC.", "now")
    if workdir.exists() and any(workdir.iterdir()):
        raise Invalid(
            f"{workdir.name!r} is not empty.", "A run begins in an empty folder.", "Choose another one."
        )
    registers = registers or load()
    entry = registers.collectors.entry(collector_name)
    (workdir / "raw").mkdir(parents=True)
    source = Source(settings, workdir / "raw", clock or (lambda: now), books or {}, tell)
    source.previous_rows, source.previous_parameters = previous_rows, previous_parameters
    _settle(source, registers, entry.thing)
    try:
        shape = registers.shapes.entry(entry.thing.shape)
        info = write_rows(_heard(entry.thing.rows(source), tell), shape.thing, workdir / "table.parquet")
    except BaseException:
        shutil.rmtree(workdir)
        raise
    return _record(entry, shape, source, info, now, run_by, how)


def _settle(source: Source, registers: Registers, collector: Collector) -> None:
    name = source.settings.get("recipe")
    if name:
        source.recipe = registers.recipes[str(name)]
        if source.recipe.shape != collector.shape:
            why = f"It makes {source.recipe.shape}, the collector makes {collector.shape}."
            raise Invalid(f"The recipe {name} does not fit.", why, "Choose another one.", "recipe")
    source.system = str(source.settings.get("system") or "")
    hidden = ("token", "secret", "password", "key")
    source.parameters.update(
        {
            name: str(value)
            for name, value in source.settings.items()
            if not any(word in name for word in hidden)
        }
    )


def _heard(rows: Iterable[Row], tell: Callable[[str], None]) -> Iterator[Row]:
    for number, row in enumerate(rows, start=1):
        if number % PROGRESS_EVERY == 0:
            tell(f"{number:,} rows")
        yield row


def _record(
    entry: Entry[Collector],
    shape: Entry[Shape],
    source: Source,
    info: TableInfo,
    now: datetime,
    run_by: str,
    how: str,
) -> Run:
    counts = tuple(
        Reconciliation(against, there, info.rows if here is None else here)
        for against, there, here in source.declared
    )
    problems = (
        *source.problems,
        *info.problems,
        *_disagreements(counts),
        *_shrunken(source, shape.thing, info),
        *_rescoped(source),
    )
    event = next((column for _, column in shape.thing.dates), "")
    return Run(
        collector=entry.name,
        collector_version=entry.version,
        collector_digest=entry.digest,
        recipe=source.recipe.name if source.recipe else "",
        recipe_digest=source.recipe.digest if source.recipe else "",
        shape=shape.name,
        shape_version=shape.thing.version,
        shape_digest=shape.digest,
        system=source.system,
        says=source.says or entry.thing.says,
        query=source.query,
        parameters=source.parameters,
        run_by=run_by,
        run_at=now.astimezone(UTC),
        how=how,
        zone_data=source.zone_data,
        zone_filter=source.zone_filter,
        rows=info.rows,
        rows_at_source=counts[0].at_source if counts else None,
        columns=info.columns,
        columns_unknown=source.unknown,
        columns_left_out=source.left_out,
        event_column=event,
        first_event=info.first.get(event, ""),
        last_event=info.last.get(event, ""),
        limits=tuple(source.limits),
        reconciliations=counts,
        exchanges=tuple(source.exchanges),
        complete=not problems,
        problems=problems,
        raw=tuple(source.files),
        table=info.path,
        table_digest=info.digest,
        key_hash=info.key_hash,
    )


def _disagreements(counts: Iterable[Reconciliation]) -> list[Problem]:
    return [
        Problem(
            "count_disagrees",
            f"{one.against.capitalize()} is {one.at_source:,}, but {one.in_list:,} rows came.",
        )
        for one in counts
        if not one.agrees
    ]


def _shrunken(source: Source, shape: Shape, info: TableInfo) -> list[Problem]:
    """An empty answer after a full one is no news but a fault; a list of events never becomes shorter."""
    before = source.previous_rows or 0
    if before and not info.rows:
        return [Problem("empty_now", f"The list is empty, but the run before had {before:,} rows.")]
    if shape.grows and info.rows < before:
        words = f"{info.rows:,} rows came, but the run before had {before:,}; events do not vanish."
        return [Problem("fewer_now", words)]
    return []


def _rescoped(source: Source) -> list[Problem]:
    """Another scope than last time: what fell out of it would look as if it had never been there."""
    before, now = source.previous_parameters, source.parameters
    if before is None:
        return []
    changed = sorted(
        name for name in (before.keys() | now.keys()) - MOVING if before.get(name) != now.get(name)
    )
    return [
        Problem(
            "scope_changed",
            f"{name} is {now.get(name)!r}, but was {before.get(name)!r} in the run before.",
            name,
        )
        for name in changed
    ]
