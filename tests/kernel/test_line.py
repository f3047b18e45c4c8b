"""Writers of SQLite wait in line: in order, for no longer than the timeout, and whatever happens they leave it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.db.utils import ConnectionHandler

from tickmark.kernel.sqlite.base import _lines
from tickmark.kernel.sqlite.line import Line


def waiting(line: Line, number: int) -> None:
    end = time.monotonic() + 10
    while len(line._waiting) < number:
        assert time.monotonic() < end
        threading.Event().wait(0.001)


def test_whoever_came_first_goes_first_and_nobody_slips_in() -> None:
    line, order = Line(), []

    def go(number: int) -> None:
        assert line.take(10)
        order.append(number)
        line.leave()

    assert line.take(0)
    threads = [threading.Thread(target=go, args=(number,)) for number in range(6)]
    for number, thread in enumerate(threads, 1):
        thread.start()
        waiting(line, number)
    line.leave()
    assert not line.take(0) or order, "the lock was handed on, it was never free"
    for thread in threads:
        thread.join()
    assert order == list(range(6))
    assert line.take(0)


def test_who_gives_up_is_passed_over() -> None:
    line = Line()
    assert line.take(0) and not line.take(0.01)
    line.leave()
    assert line.take(0), "no place is kept for whoever left"


@pytest.fixture
def books(tmp_path: Path, django_db_blocker: Any) -> Iterator[ConnectionHandler]:
    """A file of its own with one table, with Tickmark's options and little patience."""
    options = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 2,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
    }
    handler = ConnectionHandler(
        {"default": {"ENGINE": "tickmark.kernel.sqlite", "NAME": str(tmp_path / "b"), "OPTIONS": options}}
    )
    with django_db_blocker.unblock():
        with handler["default"].cursor() as cursor:
            cursor.execute("create table t (who text not null)")
        yield handler
        handler["default"].close()
    assert _lines[str(tmp_path / "b")].take(0), "the line is free when all is done"


def write(one: Any, who: str = "me", seconds: float = 0) -> None:
    one.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    try:
        with one.cursor() as cursor:
            cursor.execute("insert into t values (%s)", [who])
        threading.Event().wait(seconds)
        one.commit()
    except BaseException:
        one.rollback()
        raise
    finally:
        one.set_autocommit(True)


def test_who_writes_without_a_pause_starves_nobody(books: ConnectionHandler) -> None:
    """Between asking and writing, each of two others that never pause writes but a few times."""
    stop, rows = threading.Event(), []

    def never_pauses(who: str) -> None:
        while not stop.is_set():
            write(books["default"], who, 0.01)
            rows.append(who)
        books["default"].close()

    threads = [threading.Thread(target=never_pauses, args=(who,)) for who in "ab"]
    for thread in threads:
        thread.start()
    waits = []
    for _ in range(20):
        before = len(rows)
        write(books["default"])
        waits.append(len(rows) - before)
    stop.set()
    for thread in threads:
        thread.join()
    assert max(waits) <= 5, waits


def test_whoever_cannot_write_leaves_the_line(books: ConnectionHandler) -> None:
    one = books["default"]
    with pytest.raises(Exception, match="NOT NULL"):
        write(one, None)  # type: ignore[arg-type]
    write(one)
    one.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    one.close()  # in the midst of it
    write(one)


def test_a_thread_that_waits_too_long_is_told_that_the_books_are_locked(books: ConnectionHandler) -> None:
    one = books["default"]
    one.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    told: list[str] = []

    def try_it() -> None:
        with pytest.raises(OperationalError, match="database is locked") as caught:
            write(books["default"])
        told.append(str(caught.value))
        books["default"].close()

    thread = threading.Thread(target=try_it)
    thread.start()
    thread.join()
    one.rollback()
    one.set_autocommit(True)
    assert told
    write(one)


HOLDS = """
import sqlite3, sys
one = sqlite3.connect(sys.argv[1], isolation_level=None)
one.execute("begin immediate")
print("held", flush=True)
sys.stdin.readline()
one.execute("insert into t values ('other')")
one.execute("commit")
"""


def test_another_process_is_waited_for_as_long_as_the_settings_say(
    books: ConnectionHandler, tmp_path: Path
) -> None:
    one = books["default"]
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path / "b")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdin and other.stdout and other.stdout.readline() == "held\n"
        with pytest.raises(OperationalError, match="database is locked"):
            write(one)
        threading.Timer(0.1, lambda: other.stdin and other.stdin.close()).start()
        write(one)
    with one.cursor() as cursor:
        cursor.execute("select who from t")
        assert cursor.fetchall() == [("other",), ("me",)]
        cursor.execute("pragma busy_timeout")
        assert cursor.fetchone() == (2000,), "what is no transaction waits as SQLite does"
