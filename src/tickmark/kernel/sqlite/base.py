"""SQLite with a line for those who write (docs/decisions/031).

SQLite gives its one write lock to whoever asks at the right moment, and lets the others sleep ever longer. Here the
threads of a process wait in line, and the first of them asks often. A transaction that cannot begin within the
`timeout` of the settings fails as it would without the line.
"""

from __future__ import annotations

import time
from collections import defaultdict
from typing import Any

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

from tickmark.kernel.sqlite.line import Line

PAUSE = 0.001
"""Seconds between two tries to get the lock from another process."""
_lines: defaultdict[str, Line] = defaultdict(Line)


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that waits in line before its transaction begins, and leaves the line when it ends."""

    _line: Line | None = None

    def _start_transaction_under_autocommit(self) -> None:
        if self.is_in_memory_db():
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
            return
        seconds = float(self.settings_dict["OPTIONS"].get("timeout", 5))
        end, line = time.monotonic() + seconds, _lines[str(self.settings_dict["NAME"])]
        if not line.take(seconds):
            raise OperationalError("database is locked")
        self._line = line
        try:
            self._begin(end, seconds)
        except BaseException:
            self._leave()
            raise

    def _begin(self, end: float, seconds: float) -> None:
        """Ask for the lock until it is there; SQLite's own waiting, which grows longer, is off meanwhile."""
        self.ensure_connection()
        self.connection.execute("PRAGMA busy_timeout = 0")
        try:
            while not self._began(end):
                time.sleep(PAUSE)
        finally:
            self.connection.execute(f"PRAGMA busy_timeout = {seconds * 1000:.0f}")

    def _began(self, end: float) -> bool:
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except OperationalError as error:
            busy = getattr(error.__cause__, "sqlite_errorname", "").startswith("SQLITE_BUSY")
            if not busy or time.monotonic() > end:
                raise
            return False
        return True

    def _commit(self) -> Any:
        super()._commit()  # type: ignore[misc]
        self._leave()

    def _rollback(self) -> Any:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
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
