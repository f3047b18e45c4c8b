"""Writers of SQLite wait in line: in order, for no longer than the timeout, and whatever happens they leave it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connections, transaction
from django.db.utils import ConnectionHandler

from tickmark.kernel.sqlite.base import _lines, _until_free
from tickmark.kernel.sqlite.line import Line

PATIENCE = 2.0


def waiting(line: Line, number: int) -> None:
    """Until so many stand in line."""
    end = time.monotonic() + 10
    while len(line._waiting) < number:
        assert time.monotonic() < end
        threading.Event().wait(0.001)


def test_whoever_came_first_goes_first_and_nobody_slips_in() -> None:
    line, order, go_on = Line(), [], threading.Event()

    def go(number: int) -> None:
        assert line.take(10)
        order.append(number)
        go_on.wait(10)
        line.leave()

    assert line.take(0)
    threads = [threading.Thread(target=go, args=(number,)) for number in range(6)]
    for number, thread in enumerate(threads, 1):
        thread.start()
        waiting(line, number)
    line.leave()
    assert not line.take(0), "the lock was handed on, it was never free"
    go_on.set()
    for thread in threads:
        thread.join()
    assert order == list(range(6))
    assert line.take(0)


def test_who_gives_up_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line()
    assert line.take(0) and not line.take(0.01)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(threading.Event, "wait", _interrupted)
        line.take(1)
    line.leave()
    assert line.take(0), "no place is kept for whoever left"


def test_who_is_interrupted_when_it_is_their_turn_hands_it_on(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line()
    assert line.take(0)

    def handed_over(event: threading.Event, seconds: float) -> bool:
        line.leave()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(threading.Event, "wait", handed_over)
        line.take(1)
    assert line.take(0)


def _interrupted(event: threading.Event, seconds: float) -> bool:
    raise KeyboardInterrupt


@pytest.fixture
def line(tmp_path: Path, django_db_blocker: Any) -> Iterator[Line]:
    """The line of books of their own under the alias `line`, with Tickmark's options and little patience."""
    options = {
        "transaction_mode": "IMMEDIATE",
        "timeout": PATIENCE,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON",
    }
    name = str(tmp_path / "books")
    given = {"ENGINE": "tickmark.kernel.sqlite", "NAME": name, "OPTIONS": options}
    connections.settings["line"] = ConnectionHandler({"default": given}).settings["default"]
    with django_db_blocker.unblock():
        with connections["line"].cursor() as cursor:
            cursor.execute("create table t (id integer primary key, who text not null)")
            cursor.execute("create table u (t references t (id) deferrable initially deferred)")
        write()
        yield _lines[name]
        connections["line"].close()
    assert _lines[name].take(0), "the line is free when all is done"
    del connections.settings["line"], connections["line"]


def write(who: str | None = "me", seconds: float = 0) -> None:
    """One row in one transaction that takes so long."""
    with transaction.atomic(using="line"), connections["line"].cursor() as cursor:
        cursor.execute("insert into t (who) values (%s)", [who])
        threading.Event().wait(seconds)


def write_alone() -> None:
    """One statement outside of a transaction."""
    with connections["line"].cursor() as cursor:
        cursor.execute("insert into t (who) values (%s) returning id", ["alone"])
        assert cursor.fetchone()


@pytest.mark.parametrize("writes", [write, write_alone])
def test_who_writes_without_a_pause_starves_nobody(line: Line, writes: Any) -> None:
    """Between asking and writing, two others that never pause write a few times, where they wrote for two seconds."""
    stop, rows = threading.Event(), []

    def never_pauses(who: str) -> None:
        while not stop.is_set():
            write(who, 0.01)
            rows.append(who)
        connections["line"].close()

    threads = [threading.Thread(target=never_pauses, args=(who,)) for who in "ab"]
    for thread in threads:
        thread.start()
    waits = []
    try:
        for _ in range(20):
            before = len(rows)
            writes()
            waits.append(len(rows) - before)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert max(waits) <= 50, waits


def test_whoever_cannot_write_leaves_the_line(line: Line) -> None:
    with pytest.raises(IntegrityError, match="NOT NULL"):
        write(None)
    assert free(line)
    with (
        pytest.raises(IntegrityError, match="FOREIGN KEY"),
        transaction.atomic(using="line"),
        connections["line"].cursor() as cursor,
    ):
        cursor.execute("insert into u values (99)")  # found out by the commit
    assert free(line)
    with pytest.raises(IntegrityError, match="NOT NULL"), connections["line"].cursor() as cursor:
        cursor.execute("insert into t (who) values (null)")
    assert free(line)
    with transaction.atomic(using="line"):
        assert not free(line)
        connections["line"].close()
        assert free(line)
    write()


def test_whoever_only_reads_does_not_stand_in_line_and_a_turn_ends_however_it_is_ended(line: Line) -> None:
    with connections["line"].cursor() as cursor:
        cursor.execute("BEGIN DEFERRED")  # the snapshot of a backup
        cursor.execute("select count(*) from t")
        assert free(line)
        cursor.execute("ROLLBACK")
        assert free(line)
        cursor.execute("begin immediate")
        assert not free(line)
        cursor.execute("insert into t (who) values ('me')")
        assert not free(line)
        cursor.execute("COMMIT")
        assert free(line)


def test_books_that_are_opened_for_the_first_time_by_many_at_once_open_for_all(line: Line) -> None:
    """SQLite does not wait where two turn a file to a log ahead: every tenth time or so one was told `locked`."""
    name = str(connections["line"].settings_dict["NAME"])
    connections["line"].close()
    together = threading.Barrier(6)

    def opens(number: int) -> None:
        together.wait()
        with connections["line"].cursor() as cursor:
            assert cursor.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        connections["line"].close()

    with ThreadPoolExecutor(6) as pool:
        for _ in range(80):
            with closing(sqlite3.connect(name)) as alone:
                assert alone.execute("PRAGMA journal_mode=DELETE").fetchone() == ("delete",)
            list(pool.map(opens, range(6)))


def test_opening_asks_again_until_nobody_holds_the_file() -> None:
    tries: list[int] = []

    def busy_twice() -> str:
        tries.append(1)
        if len(tries) < 3:
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorname = "SQLITE_BUSY"
            raise error
        return "open"

    assert (_until_free(busy_twice, time.monotonic() + PATIENCE), len(tries)) == ("open", 3)
    tries.clear()
    with pytest.raises(sqlite3.OperationalError):
        _until_free(busy_twice, time.monotonic() - 1)


def free(line: Line) -> bool:
    """Whether nobody has the lock."""
    taken = line.take(0)
    if taken:
        line.leave()
    return taken


@pytest.mark.parametrize("writes", [write, write_alone])
def test_a_thread_that_waits_too_long_is_told_that_the_books_are_locked(line: Line, writes: Any) -> None:
    took: list[float] = []

    def try_it() -> None:
        began = time.monotonic()
        with pytest.raises(OperationalError, match="database is locked"):
            writes()
        took.append(time.monotonic() - began)
        connections["line"].close()

    with transaction.atomic(using="line"):
        thread = threading.Thread(target=try_it)
        thread.start()
        thread.join()
        assert not free(line), "who gave up did not let the next one in"
    assert took and took[0] >= PATIENCE
    write()


HOLDS = """
import sqlite3, sys
one = sqlite3.connect(sys.argv[1], isolation_level=None)
one.execute("begin immediate")
print("held", flush=True)
sys.stdin.readline()
one.execute("insert into t (who) values ('other')")
one.execute("commit")
"""


@pytest.mark.parametrize("writes", [write, write_alone])
def test_another_process_is_waited_for_as_long_as_the_settings_say(
    line: Line, tmp_path: Path, writes: Any
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path / "books")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdin and other.stdout and other.stdout.readline() == "held\n"
        began = time.monotonic()
        with pytest.raises(OperationalError, match="database is locked"):
            writes()
        assert time.monotonic() - began >= PATIENCE
        assert free(line)
        threading.Timer(0.1, lambda: other.stdin and other.stdin.close()).start()
        writes()
    with connections["line"].cursor() as cursor:
        cursor.execute("select who from t order by id")
        assert [who for (who,) in cursor.fetchall()][:2] == ["me", "other"]
        cursor.execute("pragma busy_timeout")
        assert cursor.fetchone() == (PATIENCE * 1000,), "what does not write waits as SQLite does"
