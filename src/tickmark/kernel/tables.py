"""Tables: rows of a shape as Parquet files, written and read by a sealed DuckDB.

Rows travel as NDJSON into DuckDB and become one Parquet file in the order of the shape's key, so that
the same rows give the same bytes. Instants are kept in UTC.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tickmark.kernel.errors import Invalid
from tickmark.kernel.later import Later
from tickmark.kernel.shapes import Column, NotThatType, Shape

if TYPE_CHECKING:
    import duckdb
else:
    duckdb = Later("duckdb")

SHOWN = 20
"""How many row numbers a problem names; its count tells the rest."""

ROW_GROUP = 100_000

SMALL = 64 << 20
"""Bytes of a list that fits into memory, so that no place to spill is needed."""


@dataclass(frozen=True)
class Problem:
    """What is wrong with a list: a code, a sentence, how many rows and the first of them (from 1)."""

    code: str
    sentence: str
    column: str = ""
    count: int = 1
    rows: tuple[int, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The problem in JSON terms."""
        return {
            "code": self.code,
            "sentence": self.sentence,
            "column": self.column,
            "count": self.count,
            "rows": list(self.rows),
        }


@dataclass(frozen=True)
class TableInfo:
    """What `write_rows` wrote: `given` rows came in, `rows` stand in the file.

    `digest` is the SHA-256 of the file, `key_hash` that of the sorted keys joined by line feeds;
    `unknown` counts the rows in which a column is unknown; `first` and `last` are the ends of each
    date column as ISO text.
    """

    path: Path
    shape: str
    shape_version: int
    given: int
    rows: int
    digest: str
    key_hash: str
    columns: tuple[str, ...]
    unknown: Mapping[str, int]
    first: Mapping[str, str]
    last: Mapping[str, str]
    problems: tuple[Problem, ...]

    @property
    def whole(self) -> bool:
        """Whether every row that came in stands in the file just as it came."""
        return not self.problems


@dataclass
class Faults:
    """Gathers what is wrong with single rows: one problem for each code and column, the first words kept."""

    found: dict[tuple[str, str], tuple[str, list[int], int]] = field(default_factory=dict)

    def note(self, code: str, column: str, sentence: str, row: int) -> None:
        """Note a fault of the row of that number (from 1)."""
        first, rows, count = self.found.get((code, column), (sentence, [], 0))
        self.found[code, column] = (first, [*rows, row][:SHOWN], count + 1)

    def problems(self) -> tuple[Problem, ...]:
        """What was noted so far."""
        return tuple(
            Problem(code, sentence, column, count, tuple(rows))
            for (code, column), (sentence, rows, count) in self.found.items()
        )


def write_rows(rows: Iterable[Mapping[str, Any]], shape: Shape, target: Path) -> TableInfo:
    """Check `rows` against `shape` and write them to the new Parquet file `target`.

    A value of the wrong type becomes unknown and a problem; a row without its key, or with a key that
    came before, cannot stand in the table and is a problem. Nothing is left behind if an error ends it.
    Raises Invalid if the target exists already.
    """
    if target.exists():
        raise Invalid(f"{target.name} exists already.", "Tables are never overwritten.", "Choose a new name.")
    target.parent.mkdir(parents=True, exist_ok=True)
    faults = Faults()
    intake = _Intake(shape, faults)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".rows-") as folder:
        lines, draft = Path(folder, "rows.ndjson"), Path(folder, "table.parquet")
        _write_lines(intake.fit(rows), lines)
        small = lines.stat().st_size <= SMALL
        with trusted() if small else sealed([lines, draft], spill=Path(folder)) as con:
            _to_parquet(con, shape, lines, draft)
            _note_holes(con, shape, draft, faults)
            facts = _describe(con, shape, draft)
        _keep(draft, target)
    return TableInfo(
        path=target,
        shape=shape.name,
        shape_version=shape.version,
        given=intake.given,
        rows=facts.rows,
        digest=file_digest(target),
        key_hash=key_hash(sorted(intake.keys, key=str.encode)),
        columns=shape.names,
        unknown=facts.unknown,
        first=facts.first,
        last=facts.last,
        problems=faults.problems(),
    )


def read(
    path: Path,
    limit: int = 100,
    offset: int = 0,
    where: Mapping[str, Any] | None = None,
    order: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """`limit` rows of a table from `offset` on, as they stand or by the columns of `order`.

    `where` maps columns to the value they must have; None finds the unknown. Raises Invalid for a
    column that the table lacks.
    """
    with trusted() as con:
        known = _columns(con, path)
        for name in [*(where or {}), *order]:
            if name not in known:
                raise Invalid(f"The table has no column {name}.", f"It has {', '.join(known)}.", "", "where")
        query, values = _selection(path, where or {}, order)
        cursor = con.execute(f"{query} limit ? offset ?", [*values, limit, offset])
        return [dict(zip(known, row, strict=True)) for row in cursor.fetchall()]


def find(path: Path, column: str, values: Sequence[str], columns: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The rows whose `column` is one of `values`, by that value, with the named columns only."""
    with trusted() as con:
        known = _columns(con, path)
        for name in (column, *columns):
            if name not in known:
                raise Invalid(f"The table has no column {name}.", f"It has {', '.join(known)}.")
        wanted = ", ".join(f'"{name}"' for name in (column, *columns))
        query = f'select {wanted} from read_parquet({quoted(path)}) where "{column}" in (select unnest(?))'
        rows = con.execute(query, [list(values)]).fetchall()
        return {row[0]: dict(zip(columns, row[1:], strict=True)) for row in rows}


def count(path: Path) -> int:
    """The number of rows in a table."""
    with trusted() as con:
        row = con.execute(f"select count(*) from read_parquet({quoted(path)})").fetchone()
        return int(row[0]) if row else 0


def keys(path: Path, shape: Shape) -> list[str]:
    """The key of each row as text (its columns joined by `/`), sorted as bytes."""
    with trusted() as con:
        query = f"select {key_sql(shape)} from read_parquet({quoted(path)})"
        return sorted((clean_key(row[0]) for row in con.execute(query).fetchall()), key=str.encode)


def key_hash(sorted_keys: Sequence[str]) -> str:
    """SHA-256 of the sorted keys, joined by line feeds without one at the end (domain.md 4.5)."""
    return hashlib.sha256("\n".join(sorted_keys).encode()).hexdigest()


def clean_key(key: str) -> str:
    """A key as it is compared: trimmed, in Unicode NFC, case kept."""
    return unicodedata.normalize("NFC", key.strip())


def key_sql(shape: Shape) -> str:
    """The SQL that gives a row's key as text."""
    return "concat_ws('/', " + ", ".join(f'"{name}"' for name in shape.key) + ")"


def row_key(row: Mapping[str, Any], shape: Shape) -> str:
    """The key of one row as text."""
    return "/".join(str(row[name]) for name in shape.key)


def file_digest(path: Path) -> str:
    """SHA-256 of a file as hexadecimal text."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def trusted() -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB that this process opened once, for SQL that is written in this program: it may touch any file.

    Opening one takes more work than most questions. What others wrote runs in a `sealed` one.
    """
    con = _shared(os.getpid()).cursor()
    try:
        yield con
    finally:
        con.close()


@lru_cache(maxsize=1)
def _shared(process: int) -> duckdb.DuckDBPyConnection:  # a fork must not use its parent's
    con = duckdb.connect(":memory:")
    _set(con, memory_limit="1GB", threads=2, temp_directory="", enable_external_file_cache=False)
    return con


@contextmanager
def sealed(
    files: Sequence[Path], spill: Path | None = None, memory: str = "1GB", threads: int = 2
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB that can touch the named files and nothing else, and whose settings are locked."""
    con = duckdb.connect(":memory:")
    try:
        con.execute(f"set allowed_paths = [{', '.join(quoted(path) for path in files)}]")
        _set(
            con,
            memory_limit=memory,
            threads=int(threads),
            temp_directory=str(spill or ""),
            enable_external_access=False,
        )
        yield con
    finally:
        con.close()


def _set(con: duckdb.DuckDBPyConnection, **settings: str | int | bool) -> None:
    settings |= {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    for name, value in (settings | {"enable_progress_bar": False}).items():
        con.execute(f"set {name} = {quoted(value)}")
    con.execute("set lock_configuration = true")


@dataclass
class _Intake:
    """Rows on their way into a table: values checked, keys gathered, the unfit kept out and noted."""

    shape: Shape
    faults: Faults
    given: int = 0
    keys: set[str] = field(default_factory=set)

    def fit(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        names = frozenset(self.shape.names)
        for row in rows:
            self.given += 1
            for strange in row.keys() - names:
                self._note("unknown_column", strange, f"The shape {self.shape.name} has no column {strange}.")
            clean = {column.name: self._value(row, column) for column in self.shape.columns}
            if self._keyed(clean):
                yield clean

    def _value(self, row: Mapping[str, Any], column: Column) -> Any:
        try:
            return column.read(row.get(column.name))
        except NotThatType as error:
            self._note("wrong_type", column.name, f"In {column.name}, {error}; it counts as unknown.")
            return None

    def _keyed(self, row: Mapping[str, Any]) -> bool:
        for name in self.shape.key:
            if row[name] is None or not str(row[name]).strip():
                self._note("no_key", name, f"The row has no {name}, so it cannot be told from others.")
                return False
        key = clean_key(row_key(row, self.shape))
        if key in self.keys:
            self._note("duplicate_key", "", f"The key {key} came before; only its first row is kept.")
            return False
        self.keys.add(key)
        return True

    def _note(self, code: str, column: str, sentence: str) -> None:
        self.faults.note(code, column, sentence, self.given)


def _write_lines(rows: Iterable[dict[str, Any]], lines: Path) -> None:
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
    with lines.open("w", encoding="utf-8") as stream:
        stream.writelines(encode(row) + "\n" for row in rows)


def _to_parquet(con: duckdb.DuckDBPyConnection, shape: Shape, lines: Path, draft: Path) -> None:
    columns = ", ".join(f"{quoted(column.name)}: {quoted(column.sql_type)}" for column in shape.columns)
    # A single record may be long (a pull request with hundreds of reviews).
    source = (
        f"read_json({quoted(lines)}, format = 'newline_delimited', columns = {{{columns}}},"
        " maximum_object_size = 67108864)"
    )
    order = ", ".join(f'"{name}"' for name in shape.key)
    con.execute(
        f"copy (select * from {source} order by {order}) to {quoted(draft)}"
        f" (format parquet, compression zstd, row_group_size {ROW_GROUP}, use_tmp_file false)"
    )


def _note_holes(con: duckdb.DuckDBPyConnection, shape: Shape, draft: Path, faults: Faults) -> None:
    if not shape.sequence:
        return
    group, number = f'"{shape.within or shape.sequence}"', f'"{shape.sequence}"'
    holes = con.execute(
        f"select {group}::varchar, max({number})::hugeint - count(distinct {number}) from read_parquet({quoted(draft)})"
        f" group by all having max({number}) is distinct from count(*) or min({number}) <> 1"
    ).fetchall()
    for name, missing in holes:
        sentence = (
            f"{shape.sequence} of {name} should count 1, 2, 3 …, but {missing or 'some'} numbers are missing."
        )
        faults.note("hole", shape.sequence, sentence, 0)


def _describe(con: duckdb.DuckDBPyConnection, shape: Shape, draft: Path) -> _Facts:
    source = f"from read_parquet({quoted(draft)})"
    dates = [name for _, name in shape.dates]
    parts = ["count(*)", *(f'count(*) - count("{name}")' for name in shape.names)]
    parts += [f'{end}("{name}")::varchar' for end in ("min", "max") for name in dates]
    row = con.execute(f"select {', '.join(parts)} {source}").fetchone() or ()
    unknown = dict(zip(shape.names, row[1:], strict=False))
    ends = row[1 + len(shape.names) :]
    first = dict(zip(dates, ends, strict=False))
    last = dict(zip(dates, ends[len(dates) :], strict=False))
    return _Facts(row[0], unknown, _known(first), _known(last))


@dataclass(frozen=True)
class _Facts:
    rows: int
    unknown: dict[str, int]
    first: dict[str, str]
    last: dict[str, str]


def _known(ends: Mapping[str, str | None]) -> dict[str, str]:
    return {name: end for name, end in ends.items() if end is not None}


def _keep(draft: Path, target: Path) -> None:
    with draft.open("rb") as stream:
        os.fsync(stream.fileno())
    os.link(draft, target)


def _columns(con: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    rows = con.execute(f"describe select * from read_parquet({quoted(path)})").fetchall()
    return [row[0] for row in rows]


def _selection(path: Path, where: Mapping[str, Any], order: Sequence[str]) -> tuple[str, list[Any]]:
    query = f"select * from read_parquet({quoted(path)})"
    if where:
        query += " where " + " and ".join(f'"{name}" is not distinct from ?' for name in where)
    if order:
        query += " order by " + ", ".join(f'"{name}"' for name in order)
    return query, list(where.values())


def quoted(value: object) -> str:
    """A value as a text literal of SQL; paths and settings cannot be bound as parameters."""
    return "'" + str(value).replace("'", "''") + "'"
