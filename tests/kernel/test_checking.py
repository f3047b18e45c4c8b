"""Running checks: nothing gets out, nothing gets lost, nothing runs for ever."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tickmark.kernel import tables
from tickmark.kernel.checking import CheckResult, Limits, run_check
from tickmark.kernel.checks import Check, parse_check
from tickmark.kernel.errors import Invalid, Unavailable
from tickmark.kernel.shapes import parse_shape

DOORS = parse_shape(
    """
name = "doors"
says = "One row a door."
key = ["door"]
dates = { locked = "locked_on" }
[columns]
door = { type = "text" }
locked_on = { type = "date" }
seen_at = { type = "instant" }
"""
)
KEYS = parse_shape(
    'name = "keys"\nsays = "One row a key."\nkey = ["key"]\n[columns]\nkey = { type = "text" }\n'
)
SHAPES = {"doors": DOORS, "keys": KEYS}

HEADER = """-- says: Doors are locked.
-- supports: X-1
-- reads: doors, keys
-- drives: doors by locked_on
-- takes: days = 1, word = "a, b"
-- pass locked [keys]: It is locked.
-- pass sealed []: It is sealed.
-- fail open: It is open.
-- fail lost [keys]: No key was found.
-- undetermined unseen: Nobody looked.
"""
ALL = "select door as item, 'locked' as cause from doors"
IN_PERIOD = f"{ALL} where locked_on is null or locked_on between $start and $end"


def check(sql: str, header: str = HEADER) -> Check:
    return parse_check("doors_locked", (header + sql).encode())


def run(
    folder: Path, sql: str, doors: Sequence[dict[str, Any]] = ({"door": "d1"},), **options: Any
) -> CheckResult:
    folder.mkdir(exist_ok=True)
    lists = {"doors": doors, "keys": options.pop("keys", ())}
    paths = {
        name: tables.write_rows(rows, SHAPES[name], folder / f"{name}.parquet").path
        for name, rows in lists.items()
    }
    options = {"shapes": SHAPES, "target": folder / "verdicts.parquet"} | options
    given_check = options.pop("check", None) or check(sql)
    return run_check(
        given_check,
        paths,
        options.pop("parameters", {}),
        date(2026, 1, 1),
        options.pop("end", date(2026, 12, 31)),
        **options,
    )


REACHES_OUT = {
    "another file": "select * from 'FOLDER/secret.csv'",
    "another file by a function": "select * from read_csv('FOLDER/secret.csv')",
    "text of a file": "select * from read_text('FOLDER/secret.csv')",
    "its own table by the file": "select * from 'FOLDER/doors.parquet'",
    "names of files": "select * from glob('FOLDER/*')",
    "in a subquery": f"{ALL} where door in (select content from read_text('FOLDER/secret.csv'))",
    "in a common table": "with x as (select * from read_csv('FOLDER/secret.csv')) select * from x",
    "over the network": "select * from 'https://example.org/x.parquet'",
    "write": f"copy ({ALL}) to 'FOLDER/out.csv'",
    "overwrite its own table": f"copy ({ALL}) to 'FOLDER/doors.parquet'",
    "install": "install httpfs",
    "load": "load httpfs",
    "attach": "attach 'FOLDER/x.db'",
    "a setting": "set memory_limit = '9GB'",
    "read a setting": "select current_setting('memory_limit') as item, 'pass' as verdict",
    "list settings": "select name as item, 'pass' as verdict from duckdb_settings()",
    "the catalog": "select table_name as item, 'pass' as verdict from information_schema.tables",
    "a second statement": f"{ALL}; drop view doors",
    "create": "create table x as select 1",
    "delete": "delete from doors",
    "the clock": f"{ALL} where now() > timestamp '2026-01-01'",
    "the day": f"{ALL} where current_date > date '2026-01-01'",
    "chance": f"{ALL} where random() > 0.5",
    "the verdicts so far": "select code as item, 'pass' as verdict from causes",
    "a query in a text": "select * from query('select 1')",
    "no question": "",
}


@pytest.mark.parametrize("case", REACHES_OUT)
def test_a_check_cannot_reach_out_of_its_tables(case: str, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("item,verdict\nd1,pass\n")
    with pytest.raises(Invalid):
        run(tmp_path, REACHES_OUT[case].replace("FOLDER", str(tmp_path)))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["doors.parquet", "keys.parquet", "secret.csv"]
    assert tables.read(tmp_path / "doors.parquet")[0]["door"] == "d1"


def test_a_check_may_use_what_gives_the_same_answer_for_ever(tmp_path: Path) -> None:
    sql = """with numbered as (select *, row_number() over (order by door) as n from doors)
    select d.door as item, 'locked' as cause, (select count(*) from range(3))::varchar as detail
    from numbered d, unnest([1]) as u(x) where coalesce(d.locked_on, $start) >= $start and d.door like 'd%'"""
    assert run(tmp_path, sql).counts["pass"] == 1


THREE = [{"door": "d1", "locked_on": "2026-05-01"}, {"door": "d2"}, {"door": "d3", "locked_on": "2025-05-01"}]


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        (f"{ALL} where locked_on between $start and $end", "lost the item d2"),
        ("select d.door as item, 'locked' as cause from doors d join keys k on k.key = d.door", "lost the item d1"),
        (f"{IN_PERIOD} union all select 'd2', 'locked'", "judged twice the item d2"),
        (f"select 'd9' as item, 'locked' as cause, 'd9' as subject union all select item, cause, item from ({IN_PERIOD})", "outside of its list: d9"),
        (f"select door as item, 'broken' as cause from ({IN_PERIOD.replace(ALL, 'select * from doors')})", "does not declare"),
        (f"select door as item, 'maybe' as verdict from ({IN_PERIOD.replace(ALL, 'select * from doors')})", "does not declare"),
        (f"select nullif(door, 'd2') as item, 'locked' as cause, door as subject from ({IN_PERIOD.replace(ALL, 'select * from doors')})", "does not declare"),
        ("select door from doors", "gives no item with a cause"),
        ("select door as item, smell as cause from doors", "smell"),
        ("select from where", "failed"),
    ],
)  # fmt: skip
def test_no_item_may_vanish_double_or_come_without_a_known_cause(
    sql: str, words: str, tmp_path: Path
) -> None:
    with pytest.raises(Invalid, match=words):
        run(tmp_path, sql, THREE)
    assert not (tmp_path / "verdicts.parquet").exists()


def test_a_result_is_whole(tmp_path: Path) -> None:
    sql = """select door as item, case when locked_on is null then 'unseen' when door = 'd1' then 'open' else 'locked' end
    as cause, 'door ' || door as detail from doors where locked_on is null or locked_on between $start and $end"""
    result = run(tmp_path, sql, [*THREE, {"door": "d4", "locked_on": "2026-06-01"}], zone="Europe/Berlin")
    assert (result.items, result.driven, result.verdict) == (3, 3, "fail")
    assert result.counts == {"pass": 1, "fail": 1, "not_applicable": 0, "undetermined": 1}
    assert result.causes == {"open": 1, "locked": 1, "unseen": 1}
    assert [vars(one) for one in result.exceptions] == [
        {"item": "d1", "subject": "d1", "verdict": "fail", "cause": "open", "sentence": "It is open.", "detail": "door d1", "day": date(2026, 5, 1)},
        {"item": "d2", "subject": "d2", "verdict": "undetermined", "cause": "unseen", "sentence": "Nobody looked.", "detail": "door d2", "day": None},
    ]  # fmt: skip
    assert tables.read(result.path)[2] == {
        "item": "d4", "subject": "d4", "verdict": "pass", "cause": "locked", "before": "",
        "sentence": "It is locked.", "detail": "door d4",
    }  # fmt: skip
    assert result.tables == {
        name: (tables.file_digest(tmp_path / f"{name}.parquet"),) for name in ("doors", "keys")
    }
    assert result.digest == tables.file_digest(result.path)


def test_the_same_tables_give_the_same_verdict_file(tmp_path: Path) -> None:
    doors = [{"door": f"d{number}"} for number in range(500)]
    assert run(tmp_path / "a", ALL, doors).digest == run(tmp_path / "b", ALL, doors).digest


@pytest.mark.parametrize(
    ("cause", "verdict"),
    [("locked", "undetermined"), ("sealed", "pass"), ("open", "fail"), ("lost", "undetermined")],
)
def test_an_incomplete_list_takes_the_verdicts_that_lean_on_it(
    cause: str, verdict: str, tmp_path: Path
) -> None:
    result = run(tmp_path, f"select door as item, '{cause}' as cause from doors", incomplete={"keys": "cut"})
    assert {name for name, number in result.counts.items() if number} == {verdict}
    row = tables.read(result.path)[0]
    assert (row["cause"], row["before"]) == (
        ("incomplete", cause) if verdict == "undetermined" else (cause, "")
    )
    assert result.verdict == ("fail" if verdict == "fail" else "undetermined")


def test_nothing_is_a_pass_when_the_driving_list_is_incomplete_or_missing(tmp_path: Path) -> None:
    sealed = "select door as item, 'sealed' as cause from doors"
    assert run(tmp_path / "a", sealed, incomplete={"doors": "cut"}).verdict == "undetermined"
    target = tmp_path / "verdicts.parquet"
    none = run_check(
        check(sealed), {"doors": None}, {}, date(2026, 1, 1), date(2026, 1, 1), shapes=SHAPES, target=target
    )
    assert (none.items, none.verdict) == (0, "undetermined")
    assert none.incomplete == {"doors": "it was not collected", "keys": "it was not collected"}


def test_no_items_at_all_are_not_a_pass(tmp_path: Path) -> None:
    assert run(tmp_path, ALL, []).verdict == "not_applicable"


def test_a_list_that_may_be_left_away_is_not_missed(tmp_path: Path) -> None:
    optional = check(ALL, HEADER.replace("keys\n", "keys?\n"))
    target = tmp_path / "v.parquet"
    doors = tables.write_rows([{"door": "d"}], DOORS, tmp_path / "d.parquet").path
    result = run_check(
        optional, {"doors": doors}, {}, date(2026, 1, 1), date(2026, 1, 1), shapes=SHAPES, target=target
    )
    assert (result.verdict, result.incomplete) == ("pass", {})


def test_several_tables_of_one_shape_are_united(tmp_path: Path) -> None:
    paths = [
        tables.write_rows([{"door": name}], DOORS, tmp_path / f"{name}.parquet").path for name in ("d1", "d2")
    ]
    result = run_check(
        check(ALL), {"doors": paths, "keys": ()}, {}, date(2026, 1, 1), date(2026, 1, 1), shapes=SHAPES,
        target=tmp_path / "v.parquet",
    )  # fmt: skip
    assert result.items == 2 and len(result.tables["doors"]) == 2


def test_a_check_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    endless = "select door as item, 'locked' as cause from doors where (select sum(a.range * b.range) from range(1000000) a, range(1000000) b) > 0"
    with pytest.raises(Unavailable, match="longer than 0.2 seconds"):
        run(tmp_path, endless, limits=Limits(seconds=0.2))
    assert not (tmp_path / "verdicts.parquet").exists()


def test_a_check_that_needs_too_much_memory_is_stopped(tmp_path: Path) -> None:
    greedy = "select door as item, 'locked' as cause from doors where len((select list(range::varchar || repeat('x', 100)) from range(3000000))) > 0"
    with pytest.raises(Unavailable, match="more than 60MB"):
        run(tmp_path, greedy, limits=Limits(memory="60MB"))


def test_a_period_that_ends_before_it_starts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="ends before it starts"):
        run(tmp_path, ALL, end=date(2025, 12, 31))


def test_parameters_are_the_declared_ones_of_their_type(tmp_path: Path) -> None:
    assert check(ALL).takes == {"days": 1, "word": "a, b"}
    sql = "select door as item, case when $days = 2 and $word = 'z' then 'open' else 'locked' end as cause from doors"
    assert run(tmp_path, sql, parameters={"days": 2, "word": "z"}).counts["fail"] == 1
    for wrong in ({"hours": 1}, {"days": "1"}, {"days": True}, {"word": 3}):
        with pytest.raises(Invalid):
            check(ALL).settings(wrong)


def test_a_column_that_an_old_table_lacks_is_unknown(tmp_path: Path) -> None:
    old = parse_shape('name = "doors"\nsays = "s"\nkey = ["door"]\n[columns]\ndoor = { type = "text" }\n')
    path = tables.write_rows([{"door": "d"}], old, tmp_path / "old.parquet").path
    sql = (
        "select door as item, case when locked_on is null then 'unseen' else 'locked' end as cause from doors"
    )
    result = run_check(
        check(sql), {"doors": path, "keys": ()}, {}, date(2026, 1, 1), date(2026, 1, 1), shapes=SHAPES,
        target=tmp_path / "v.parquet",
    )  # fmt: skip
    assert result.causes == {"unseen": 1}


BROKEN_HEADERS = {
    "no drives": HEADER.replace("-- drives", "-- drive"),
    "drives what it does not read": HEADER.replace("drives: doors", "drives: windows"),
    "no reads": HEADER.replace("-- reads", "-- needs"),
    "odd parameters": HEADER.replace("days = 1", "days = one"),
}


@pytest.mark.parametrize("case", BROKEN_HEADERS)
def test_a_header_that_does_not_say_enough_is_refused(case: str) -> None:
    with pytest.raises(Invalid, match="The check doors_locked cannot be used"):
        check(ALL, BROKEN_HEADERS[case])


def counted(start: date, end: date, holidays: set[date]) -> int:
    days = (start + timedelta(days=n) for n in range(1, (end - start).days + 1))
    return sum(day.weekday() < 5 and day not in holidays for day in days)


DAYS = st.dates(date(2024, 1, 1), date(2027, 12, 31))


@settings(max_examples=10, deadline=None)
@given(pairs=st.lists(st.tuples(DAYS, DAYS), min_size=1, max_size=30), holidays=st.sets(DAYS, max_size=20))
def test_business_days_are_counted_as_by_hand(
    pairs: list[tuple[date, date]], holidays: set[date], tmp_path_factory: pytest.TempPathFactory
) -> None:
    values = ", ".join(f"(date '{a}', date '{b}')" for a, b in pairs)
    sql = f"""select door as item, 'open' as cause,
    (select string_agg(business_days(a, b)::varchar, ' ' order by n) from
     (select *, row_number() over () as n from (values {values}) v(a, b)))::varchar as detail from doors"""
    result = run(tmp_path_factory.mktemp("days"), sql, holidays=sorted(holidays))
    assert result.exceptions[0].detail.split() == [str(max(0, counted(a, b, holidays))) for a, b in pairs]


def test_the_business_days_of_the_reference(tmp_path: Path) -> None:
    sql = """select door as item, 'open' as cause, concat_ws(' ',
    business_days(date '2026-07-03', date '2026-07-06'), business_days(date '2026-07-04', date '2026-07-06'),
    business_days(date '2026-07-03', date '2026-07-03'), business_days(date '2026-07-06', date '2026-07-03'),
    coalesce(business_days(null, date '2026-07-03')::varchar, 'unknown')) as detail from doors"""
    assert run(tmp_path, sql, holidays=[date(2026, 7, 3)]).exceptions[0].detail == "1 1 0 0 unknown"


def test_a_local_day_is_the_one_of_the_zone(tmp_path: Path) -> None:
    doors = [{"door": "d", "seen_at": "2026-04-16T02:30:00Z"}]
    sql = "select door as item, 'open' as cause, local_day(seen_at)::varchar as detail from doors"
    for zone, day in (
        ("America/New_York", "2026-04-15"),
        ("UTC", "2026-04-16"),
        ("Asia/Tokyo", "2026-04-16"),
    ):
        assert run(tmp_path / zone.replace("/", "-"), sql, doors, zone=zone).exceptions[0].detail == day
