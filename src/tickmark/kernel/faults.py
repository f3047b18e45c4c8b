"""Parts that fail beneath the program: a database that is gone, a disk that is full, a store that hangs.

Each becomes an `Unavailable` that says so. What is not recognised stays what it is: a mistake in the program.
"""

from __future__ import annotations

import errno

from django.db import InterfaceError, OperationalError

from tickmark.kernel.errors import Unavailable

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""No space, no quota, a limit on the size of files: the person can do the same thing about all three."""
_FULL = ("disk is full", "no space left on device", "disk full", "disk quota exceeded", "file too large")
_BUSY = ("locked", "deadlock", "lock timeout", "statement timeout")
_BROKEN = ("disk i/o error", "unable to open database file", "readonly database", "malformed")


def told(error: BaseException) -> Unavailable | None:
    """What failed beneath, in words for whoever waits for the answer; None where the program itself is at fault."""
    words = str(error).lower()
    if (isinstance(error, OSError) and error.errno in FULL) or any(part in words for part in _FULL):
        return full()
    if not isinstance(error, OperationalError | InterfaceError):
        return None
    if any(part in words for part in _BUSY):
        return Unavailable("The books are busy.", "Another write takes long.", "Try again in a moment.")
    if any(part in words for part in _BROKEN):
        why = "The disk or the folder of the books does not take it."
        return Unavailable(
            "The books cannot be written.", why, "Whoever runs this Tickmark finds more in its log."
        )
    return gone() if lost(error) else None


def gone() -> Unavailable:
    """The error of a database that does not answer."""
    return Unavailable(
        "The books do not answer.",
        "The database is stopped, restarting or cut off.",
        "Try again in a minute; /healthz says when it is back.",
    )


def full() -> Unavailable:
    """The error of a disk that takes nothing more."""
    return Unavailable(
        "There is no space left.",
        "A disk of this Tickmark is full, and nothing of this was recorded.",
        "Ask whoever runs it to free some space, then send it again.",
    )


def unsure(name: str) -> Unavailable:
    """The error of a commit whose answer was lost: nobody can tell yet whether it was recorded."""
    return Unavailable(
        f"Nobody can tell whether {name} was recorded.",
        "The connection to the books broke while they were asked to keep it.",
        "Look whether it is there before you send it again.",
    )


def lost(error: BaseException) -> bool:
    """Whether an error of the books is one of a lost connection, and not of the statement that was sent.

    PostgreSQL's driver says OperationalError only of its server; SQLite has no connection to lose, and says it of
    mistakes too.
    """
    cause = error.__cause__
    by_driver = (
        type(cause).__module__.partition(".")[0] == "psycopg"
    )  # not imported where the books are SQLite
    if not isinstance(error, OperationalError | InterfaceError) or not by_driver:
        return False
    state = getattr(cause, "sqlstate", None)
    return state is None or state[:2] in ("08", "53", "58") or state[:4] == "57P0"
