"""The reviewed-changes check through `run_check` against the same query in bare DuckDB on the same Parquet.

    python bench/changes_check.py [--changes 1000000] [--rounds 3]

Both read the same two files with the same threads and memory, in one run, by turns. Bare DuckDB runs the
check's query and writes item, cause and detail as Parquet in the order of the items. `run_check` does
besides: seal, read the header's words, prove that no item vanished, count, and gather the exceptions.
Prints seconds and their ratio (best of the rounds); the aim is 1.3.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from datetime import date
from pathlib import Path

import duckdb

from tickmark.kernel.checking import Limits, run_check
from tickmark.kernel.questions import read_only
from tickmark.kernel.register import load
from tickmark.kernel.shapes import Shape
from tickmark.kernel.tables import file_digest, key_sql, quoted

AIM = 1.3
START, END = date(2025, 11, 1), date(2026, 10, 31)
LIMITS = Limits(seconds=600, memory="4GB", threads=2)

CHANGES = """
select 'firm/app' as repository, md5(i::varchar) as "change", 'main' as branch, i as position,
       'squash' as kind, timestamp '2025-11-01' + to_seconds(i * 31000000 // {n}) as reached_at,
       'u' || i % 97 || '@firm.example' as author, true as by_forge, i as pull,
       null::varchar as head, 'Change ' || i as subject
from range(1, {n} + 1) r(i)
"""

# One in a thousand is pushed directly, one in five hundred is approved by its author, and so on.
PULLS = """
select 'firm/app' as repository, i as pull, 'closed' as state, 'u' || i % 97 as author, false as author_bot,
       timestamp '2025-11-01' + to_seconds(i * 31000000 // {n}) as merged_at, 'u' || (i + 1) % 97 as merged_by,
       'main' as target, md5('h' || i) as head, md5(i::varchar) as merge_commit, 1 as commits,
       [{{'reviewer': 'u' || (i + (i % 500 <> 0)::int) % 97, 'reviewer_bot': i % 700 = 0, 'state': 'APPROVED',
          'given_at': timestamp '2025-11-01' + to_seconds(i * 31000000 // {n} - 3600), 'dismissed_at': null::timestamp,
          'head': case when i % 900 = 0 then 'stale' else md5('h' || i) end}},
        {{'reviewer': 'u' || (i + 2) % 97, 'reviewer_bot': false, 'state': 'COMMENTED',
          'given_at': timestamp '2025-11-01' + to_seconds(i * 31000000 // {n} - 7200), 'dismissed_at': null::timestamp,
          'head': md5('h' || i)}}] as reviews
from range(1, {n} + 1) r(i) where i % 1000 <> 0
"""


def make(folder: Path, n: int) -> dict[str, Path]:
    """The two tables as Parquet files."""
    paths = {}
    with duckdb.connect() as con:
        for name, query in (("changes", CHANGES), ("pulls", PULLS)):
            paths[name] = folder / f"{name}.parquet"
            con.execute(
                f"copy ({query.format(n=n)}) to {quoted(paths[name])}"
                " (format parquet, compression zstd, row_group_size 100000)"
            )
    return paths


def view(shape: Shape, path: Path | None, con: duckdb.DuckDBPyConnection) -> str:
    """A shape's columns over a file, as the bare query needs them."""
    there = set()
    if path:
        rows = con.execute(f"describe select * from read_parquet({quoted(path)})").fetchall()
        there = {row[0] for row in rows}
    columns = [
        f'"{c.name}"' if c.name in there else f'null::{c.sql_type} as "{c.name}"' for c in shape.columns
    ]
    source = f"read_parquet({quoted(path)})" if path else "(select 1) where false"
    return f"select *, {key_sql(shape)} as row_key from (select {', '.join(columns)} from {source})"


def bare(paths: dict[str, Path], target: Path) -> float:
    """Seconds of the check's query in DuckDB alone."""
    registers = load()
    check = registers.checks["changes_reviewed"]
    began = time.perf_counter()
    with duckdb.connect(config={"threads": LIMITS.threads, "memory_limit": LIMITS.memory}) as con:
        for name in check.reads:
            con.execute(f"create view {name} as {view(registers.shapes[name], paths.get(name), con)}")
        query, used = read_only(check.name, check.sql, check.reads)
        values = check.settings({}) | {"start_at": START, "end_before": date(2026, 11, 1)}
        con.execute(
            f"copy (select * from ({query}) order by item) to {quoted(target)}"
            " (format parquet, compression zstd, row_group_size 100000)",
            {name: values[name] for name in used},
        )
    return time.perf_counter() - began


def ours(paths: dict[str, Path], target: Path) -> tuple[float, dict[str, int]]:
    """Seconds of `run_check`, and what it counted."""
    registers = load()
    shapes = registers.shapes.things()
    check = registers.checks["changes_reviewed"]
    began = time.perf_counter()
    result = run_check(check, paths, {}, START, END, shapes=shapes, target=target, limits=LIMITS)
    return time.perf_counter() - began, dict(result.counts)


def digests(paths: dict[str, Path]) -> float:
    """Seconds to hash the two tables, a part of `run_check` that bare DuckDB does not do."""
    began = time.perf_counter()
    for path in paths.values():
        file_digest(path)
    return time.perf_counter() - began


def main() -> None:
    """Make the tables, take turns, print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--changes", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ |= {
            "TICKMARK_HOME": name,
            "DJANGO_SETTINGS_MODULE": "tickmark.settings",
        }  # a plugin asks for them
        paths = make(folder, asked.changes)
        alone, through, counts = [], [], {}
        for turn in range(asked.rounds):
            alone.append(bare(paths, folder / f"bare-{turn}.parquet"))
            seconds, counts = ours(paths, folder / f"ours-{turn}.parquet")
            through.append(seconds)
        print(f"changes {asked.changes:,}  counts {counts}")
        print(f"bare DuckDB  best {min(alone):.2f} s  median {statistics.median(alone):.2f} s")
        print(f"run_check    best {min(through):.2f} s  median {statistics.median(through):.2f} s")
        print(f"digests of the tables {digests(paths):.2f} s")
        print(f"ratio {min(through) / min(alone):.2f} (aim {AIM})")


if __name__ == "__main__":
    main()
