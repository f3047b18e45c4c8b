"""SQLite with a line for those who write (docs/decisions/031).

SQLite gives its one write lock to whoever asks at the right moment, and lets the others sleep ever longer. Here the
threads of a process wait in line, and the first of them asks often. What cannot be written within the `timeout` of the
settings fails as it would without the line.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from django.db.backends.sqlite3 import base

from tickmark.kernel.sqlite.line import Line

PAUSE = 0.001
"""Seconds between two tries to get the lock from another process."""
WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE", "BEGIN IMMEDIATE", "BEGIN EXCLUSIVE")
_lines: dict[str, Line] = {}


def _until_free(run: Callable[[], Any], end: float) -> Any:
    """What `run` answers as soon as no other holds the lock that it needs; SQLite's error from `end` on."""
    while True:
        try:
            return run()
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith("SQLITE_BUSY") or time.monotonic() > end:
                raise
        time.sleep(PAUSE)


class Cursor(base.SQLiteCursorWrapper):
    """A cursor whose writes wait in line."""

    def __init__(self, connection: sqlite3.Connection, books: DatabaseWrapper) -> None:
        super().__init__(connection)
        self._books = books

    def execute(self, query: str, params: Any = None) -> Any:
        """Run one statement."""
        writes = query.lstrip()[:20].upper().startswith(WRITES)
        return self._books.in_turn(writes, partial(super().execute, query, params))


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that waits in line before it writes, a transaction or a single statement."""

    _line: Line | None = None

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Open the books. The first to do so turns the file to a log ahead, and SQLite waits for nobody there."""
        end = time.monotonic() + float(conn_params.get("timeout", 5))
        return _until_free(partial(super().get_new_connection, conn_params), end)

    def create_cursor(self, name: Any = None) -> Any:
        """A cursor of this connection."""
        return self.connection.cursor(factory=lambda connection: Cursor(connection, self))

    def in_turn(self, writes: bool, run: Callable[[], Any]) -> Any:
        """Run a statement, when it is this thread's turn if it writes. The turn ends with the transaction."""
        if self.connection is None or self.is_in_memory_db():
            return run()
        try:
            return run() if not writes or self.connection.in_transaction else self._waited(run)
        finally:
            if self.connection is None or not self.connection.in_transaction:
                self._leave()

    def _waited(self, run: Callable[[], Any]) -> Any:
        seconds = float(self.settings_dict["OPTIONS"].get("timeout", 5))
        end, line = time.monotonic() + seconds, _lines.setdefault(str(self.settings_dict["NAME"]), Line())
        if not line.take(seconds):
            raise sqlite3.OperationalError("database is locked")
        self._line = line
        return self._asked(run, end, seconds)

    def _asked(self, run: Callable[[], Any], end: float, seconds: float) -> Any:
        """Ask until another process lets go; SQLite's own waiting, which grows longer, is off meanwhile."""
        self.connection.execute("PRAGMA busy_timeout = 0")
        try:
            return _until_free(run, end)
        finally:
            self.connection.execute(f"PRAGMA busy_timeout = {seconds * 1000:.0f}")

    def _set_autocommit(self, autocommit: bool) -> None:
        try:
            super()._set_autocommit(autocommit)  # type: ignore[misc]
        finally:
            if autocommit:  # the outermost transaction is over, however it ended
                self._leave()

    def _close(self) -> Any:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            self._leave()

    def _leave(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.leave()
