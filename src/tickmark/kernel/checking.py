"""Running a check: sealed, limited in time and memory, and never losing an item."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tickmark.kernel.checks import VERDICTS, Cause, Check
from tickmark.kernel.errors import Invalid, Unavailable
from tickmark.kernel.later import Later
from tickmark.kernel.questions import read_only
from tickmark.kernel.shapes import Shape
from tickmark.kernel.tables import file_digest, key_sql, quoted, sealed

if TYPE_CHECKING:
    import duckdb
else:
    duckdb = Later("duckdb")


@dataclass(frozen=True)
class Limits:
    """How much a check may use: seconds of run time, memory, threads; `shown` exceptions as rows."""

    seconds: float = 120.0
    memory: str = "2GB"
    threads: int = 2
    shown: int = 10_000


@dataclass(frozen=True)
class Verdict:
    """The verdict of one item: `cause` is the code, `sentence` its words, `detail` what was seen.

    `day` is the day of the item's row by the check's date column; None where the check goes by none or nobody knows.
    """

    item: str
    subject: str | None
    verdict: str
    cause: str
    sentence: str
    detail: str
    day: date | None = None


@dataclass(frozen=True)
class CheckResult:
    """What a check found.

    `counts` has all four verdicts; `causes` counts by code; `exceptions` are the fails and the
    undetermined, ordered by item; the whole table stands in `path` (columns item, subject, verdict,
    cause, before, sentence, detail), where `before` is the cause that an incomplete list took away.
    """

    check: str
    check_digest: str
    parameters: Mapping[str, Any]
    start: date
    end: date
    zone: str
    tables: Mapping[str, tuple[str, ...]]
    incomplete: Mapping[str, str]
    items: int
    driven: int
    counts: Mapping[str, int]
    causes: Mapping[str, int]
    exceptions: tuple[Verdict, ...]
    path: Path
    digest: str

    @property
    def verdict(self) -> str:
        """The verdict of all items as one: an incomplete list or an open item is never a pass."""
        if self.counts["fail"]:
            return "fail"
        if self.counts["undetermined"] or self.incomplete:
            return "undetermined"
        return "pass" if self.counts["pass"] else "not_applicable"


def run_check(
    check: Check,
    tables: Mapping[str, Path | Sequence[Path] | None],
    parameters: Mapping[str, Any],
    start: date,
    end: date,
    *,
    shapes: Mapping[str, Shape],
    target: Path,
    day: date | None = None,
    holidays: Sequence[date] = (),
    zone: str = "UTC",
    incomplete: Mapping[str, str] | None = None,
    limits: Limits | None = None,
) -> CheckResult:
    """Judge every item of the driving list in the period from `start` to `end`, both included.

    `tables` maps shapes to Parquet files, several where sources are united, None for a list that could not
    be had. `incomplete` maps a
    shape to the reason why its list is not whole: verdicts that lean on it become undetermined. `day` is
    the day on which the lists were true (the end of the period by default), `zone` decides which day an
    instant belongs to. Writes the verdicts to the new Parquet file `target`.

    Raises Invalid for a period that ends before it starts, SQL that reaches out of its tables, or a
    check that loses an item; Unavailable when it takes too long or too much memory.
    """
    if end < start:
        raise Invalid(
            "The period ends before it starts.", f"{end} is before {start}.", "Swap the days.", "end"
        )
    limits = limits or Limits()
    lacking = _lacking(check, tables, incomplete or {})
    values = _values(check, parameters, start, end, day or end, ZoneInfo(zone))
    paths = {shape: _paths(tables.get(shape)) for shape in check.reads}
    files = [path for several in paths.values() for path in several]
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".check-") as folder:
        draft = Path(folder, "verdicts.parquet")
        with (
            sealed([*files, draft], Path(folder, "spill"), limits.memory, limits.threads) as con,
            _within(con, check, limits),
        ):
            _prepare(con, check, paths, shapes, holidays, zone)
            _judge(con, check, values, lacking)
            driven = _assert_whole(con, check, shapes[check.drives], values)
            _write(con, draft)
            counts, causes = _counts(con)
            exceptions = _exceptions(con, check, shapes[check.drives], values, limits.shown)
        draft.rename(target)
    return CheckResult(
        check=check.name,
        check_digest=check.digest,
        parameters=values,
        start=start,
        end=end,
        zone=zone,
        tables={
            shape: tuple(file_digest(path) for path in several) for shape, several in paths.items() if several
        },
        incomplete=lacking,
        items=sum(counts.values()),
        driven=driven,
        counts=counts,
        causes=causes,
        exceptions=exceptions,
        path=target,
        digest=file_digest(target),
    )


def _paths(given: Path | Sequence[Path] | None) -> tuple[Path, ...]:
    return () if given is None else (given,) if isinstance(given, Path) else tuple(given)


def _lacking(
    check: Check, tables: Mapping[str, Path | Sequence[Path] | None], incomplete: Mapping[str, str]
) -> dict[str, str]:
    absent = {shape for shape in check.reads if not _paths(tables.get(shape)) and shape not in check.optional}
    reasons = {
        shape: incomplete.get(shape, "it was not collected") for shape in check.reads if shape in absent
    }
    return reasons | {shape: why for shape, why in incomplete.items() if shape in check.reads}


def _values(
    check: Check, parameters: Mapping[str, Any], start: date, end: date, day: date, zone: ZoneInfo
) -> dict[str, Any]:
    """All that the SQL may ask for by `$name`; the instants are the half-open period in UTC."""
    own = check.settings(parameters)
    return own | {
        "start": start,
        "end": end,
        "day": day,
        "start_at": _midnight(start, zone),
        "end_before": _midnight(end + timedelta(days=1), zone),
    }


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC).replace(tzinfo=None)


@contextmanager
def _within(con: duckdb.DuckDBPyConnection, check: Check, limits: Limits) -> Iterator[None]:
    """Stop the connection when time is up, and turn the engine's errors into ours."""
    timer = threading.Timer(limits.seconds, con.interrupt)
    timer.start()
    try:
        yield
    except duckdb.InterruptException as error:
        raise Unavailable(
            f"The check {check.name} was stopped.",
            f"It took longer than {limits.seconds:g} seconds.",
            "Shorten the period, or allow it more time.",
        ) from error
    except duckdb.OutOfMemoryException as error:
        raise Unavailable(
            f"The check {check.name} was stopped.",
            f"It needed more than {limits.memory} of memory.",
            "Shorten the period, or allow it more memory.",
        ) from error
    except duckdb.Error as error:
        why = str(error).splitlines()[0]
        raise Invalid(
            f"The check {check.name} failed.", why, "Correct its SQL, or collect the table again."
        ) from error
    finally:
        timer.cancel()


def _prepare(
    con: duckdb.DuckDBPyConnection,
    check: Check,
    paths: Mapping[str, Sequence[Path]],
    shapes: Mapping[str, Shape],
    holidays: Sequence[date],
    zone: str,
) -> None:
    """Give the connection a view for each shape, and the functions on days."""
    for name, several in paths.items():
        views = " union all ".join(_view(con, shapes[name], path) for path in several or (None,))
        con.execute(f"create view {name} as {views}")
    free = ", ".join(f"date {quoted(day)}" for day in sorted(set(holidays)) if day.weekday() < 5)
    con.execute(f"create macro local_day(x) as timezone({quoted(zone)}, timezone('UTC', x))::date")
    # Weekdays from Monday 5 January 1970 to the day, counted without a list of days.
    con.execute(
        "create macro weekdays_until(d) as ((d - date '1970-01-05') // 7) * 5"
        " + least((d - date '1970-01-05') % 7 + 1, 5)"
    )
    con.execute(
        "create macro business_days(a, b) as case when a is null or b is null then null when b <= a then 0"
        " else weekdays_until(b) - weekdays_until(a)"
        f" - len(list_filter([{free}]::date[], lambda x: x > a and x <= b)) end"
    )


def _view(con: duckdb.DuckDBPyConnection, shape: Shape, path: Path | None) -> str:
    """The rows of a table under the columns of its shape; a column the file lacks is unknown."""
    source = f"read_parquet({quoted(path)})" if path else "(select 1) where false"
    found = {row[0] for row in con.execute(f"describe select * from {source}").fetchall()} if path else set()
    columns = [
        f'"{column.name}"' if column.name in found else f'null::{column.sql_type} as "{column.name}"'
        for column in shape.columns
    ]
    return f"select *, {key_sql(shape)} as row_key from (select {', '.join(columns)} from {source})"


def _judge(
    con: duckdb.DuckDBPyConnection, check: Check, values: Mapping[str, Any], lacking: Mapping[str, str]
) -> None:
    """Run the check's query into the table `judged`, lists that are not whole taken into account."""
    query, used = read_only(check.name, check.sql, check.reads)
    given = {name: values[name] for name in used if name in values}
    columns = {row[0] for row in con.execute(f"describe {query}", given).fetchall()}
    if "item" not in columns or not columns & {"verdict", "cause"}:
        raise Invalid(
            f"The check {check.name} failed.", "Its query gives no item with a cause.", "Add the columns."
        )
    con.execute(
        "create temp table causes as select unnest($code::varchar[]) as code, unnest($verdict::varchar[]) as verdict,"
        " unnest($sentence::varchar[]) as sentence, unnest($stands::varchar[]) as stands",
        _causes(check, lacking),
    )
    con.execute(f"create temp table judged as {_judged(query, columns)}", given)
    _refuse_odd_verdicts(con, check)


def _causes(check: Check, lacking: Mapping[str, str]) -> dict[str, list[str | None]]:
    """The causes that a check declares, column by column."""
    causes = list(check.causes.values())
    return {
        "code": [cause.code for cause in causes],
        "verdict": [cause.verdict for cause in causes],
        "sentence": [cause.sentence for cause in causes],
        "stands": [_takes_away(cause, lacking) for cause in causes],
    }


def _takes_away(cause: Cause, lacking: Mapping[str, str]) -> str | None:
    """The sentence that takes the verdict away, if a list that it leans on is not whole."""
    missing = [shape for shape in cause.needs if shape in lacking]
    if not missing or cause.verdict == "undetermined":
        return None
    reasons = "; ".join(f"the list of {shape} is incomplete: {lacking[shape]}" for shape in missing)
    return (
        f"{reasons[0].upper()}{reasons[1:]}".rstrip(".") + f". Otherwise: {cause.sentence or cause.verdict}"
    )


def _judged(query: str, columns: set[str]) -> str:
    cause = "coalesce(raw.cause, raw.verdict)" if {"cause", "verdict"} <= columns else "raw.verdict"
    cause = cause if "verdict" in columns else "raw.cause"
    given = "raw.verdict" if "verdict" in columns else "causes.verdict"
    subject = "raw.subject" if "subject" in columns else "raw.item"
    detail = "coalesce(raw.detail, '')" if "detail" in columns else "''"
    return (
        f"select raw.item::varchar as item, {subject}::varchar as subject,"
        f" case when stands is null then {given} else 'undetermined' end as verdict,"
        f" case when stands is null then {cause} else 'incomplete' end as cause,"
        f" case when stands is null then '' else {cause} end as before,"
        f" coalesce(stands, sentence) as sentence, {detail} as detail,"
        f" coalesce(causes.verdict = {given} and item is not null, false) as sound"
        f" from ({query}) raw left join causes on causes.code = {cause}"
    )


def _refuse_odd_verdicts(con: duckdb.DuckDBPyConnection, check: Check) -> None:
    odd = con.execute("select item, verdict, cause from judged where not sound limit 1").fetchone()
    if odd:
        why = f"Item {odd[0]} came out as {odd[1]} because of {odd[2]}, which its header does not declare."
        raise Invalid(f"The check {check.name} failed.", why, "Declare the cause, and name every item.")


def _assert_whole(
    con: duckdb.DuckDBPyConnection, check: Check, shape: Shape, values: Mapping[str, Any]
) -> int:
    """Every driving row must be the subject of an item, and every item must stand once.

    Returns the number of driving rows. Equal counts and equal sums of hashes mean one item for each row;
    only a check that gives a row several items needs the dearer comparison.
    """
    driving = f"select row_key from {check.drives} where {_in_period(check, shape)}"
    query, used = read_only(check.name, driving, check.reads)
    given = {name: values[name] for name in used}
    sums = "count(*), coalesce(sum(hash({0})::hugeint), 0)"
    wanted = con.execute(f"select {sums.format('row_key')} from ({query})", given).fetchone() or (0, 0)
    found = con.execute(f"select {sums.format('item')} from judged where subject = item").fetchone()
    if found != wanted or con.execute("select count(*) from judged").fetchone() != wanted[:1]:
        _assert_each(con, check, query, given)
    return int(wanted[0])


def _assert_each(
    con: duckdb.DuckDBPyConnection, check: Check, driving: str, given: Mapping[str, Any]
) -> None:
    subjects = "select subject from judged where subject is not null"
    lost = f"select row_key from ({driving}) where row_key not in ({subjects})"
    strange = f"{subjects} and subject not in ({driving})"
    twice = "select item from judged group by item having count(*) > 1"
    for query, used, words in (
        (lost, given, "lost the item"),
        (strange, given, "judged something outside of its list:"),
        (twice, {}, "judged twice the item"),
    ):
        row = con.execute(f"{query} order by 1 limit 1", used).fetchone()
        if row:
            remedy = "Start from the driving list and join outwards."
            raise Invalid(
                f"The check {check.name} {words} {row[0]}.", "No item may vanish or double.", remedy
            )


def _in_period(check: Check, shape: Shape) -> str:
    """The driving rows: those whose day is in the period or unknown, under the check's own condition."""
    own = f"({check.where})" if check.where else "true"
    column = shape.column(check.by)
    if column is None:
        return own
    within = (
        "{0} >= $start_at and {0} < $end_before"
        if column.type == "instant"
        else "{0} between $start and $end"
    )
    return f"{own} and ({check.by} is null or ({within.format(check.by)}))"


def _write(con: duckdb.DuckDBPyConnection, draft: Path) -> None:
    columns = "item, subject, verdict, cause, before, sentence, detail"
    con.execute(
        f"copy (select {columns} from judged order by item) to {quoted(draft)}"
        " (format parquet, compression zstd, row_group_size 100000, use_tmp_file false)"
    )


def _counts(con: duckdb.DuckDBPyConnection) -> tuple[dict[str, int], dict[str, int]]:
    rows = con.execute("select verdict, cause, count(*) from judged group by all order by 1, 2").fetchall()
    counts = dict.fromkeys(VERDICTS, 0)
    for verdict, _, number in rows:
        counts[verdict] += number
    return counts, {cause: sum(number for _, code, number in rows if code == cause) for _, cause, _ in rows}


def _exceptions(
    con: duckdb.DuckDBPyConnection, check: Check, shape: Shape, values: Mapping[str, Any], shown: int
) -> tuple[Verdict, ...]:
    con.execute(
        "create temp table shown as select item, subject, verdict, cause, sentence, detail from judged"
        " where verdict in ('fail', 'undetermined') order by item limit ?",
        [shown],
    )
    rows = con.execute("select * from shown order by item").fetchall()
    days = _days(con, check, shape, values) if rows and check.by else {}
    return tuple(replace(Verdict(*row), day=days.get(row[1] or row[0])) for row in rows)


def _days(
    con: duckdb.DuckDBPyConnection, check: Check, shape: Shape, values: Mapping[str, Any]
) -> dict[str, date | None]:
    """The days of the rows that stand behind what is shown, by key."""
    query, used = read_only(check.name, driven(check, shape), check.reads)
    wanted = "select coalesce(nullif(subject, ''), item) from shown"
    rows = con.execute(
        f"select * from ({query}) where row_key in ({wanted})", {name: values[name] for name in used}
    )
    return dict(rows.fetchall())


def driven(check: Check, shape: Shape) -> str:
    """The SQL for key and day of each row that the check must judge; a row without a day that is known has none."""
    column, day = shape.column(check.by), "null::date"
    if column is not None:
        day = f"local_day({check.by})" if column.type == "instant" else check.by
    return f"select row_key, {day} as day from {check.drives} where {_in_period(check, shape)}"
