"""The doctor: what is wrong with a home, why, and what to do. It reads, and changes nothing.

The one exception is a store with object lock: it is proven on an object of the doctor's own (locked.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from tickmark.kernel.recovery.doctor import books, facts, log, stored
from tickmark.kernel.recovery.doctor.locked import examine_lock
from tickmark.kernel.recovery.findings import Finding


def examine_home(*, quick: bool = False) -> Iterator[Finding]:
    """Everything that is wrong; `quick` leaves out what reads every file and every row, and says so."""
    unreadable = list(books.broken()) or list(books.pending())
    yield from unreadable
    if unreadable:
        return
    yield from books.examine()
    yield from log.examine(quick=quick)
    yield from stored.drafts()
    if quick:
        why = "It was left out."
        remedy = "Run the doctor without --quick."
        yield Finding("not-examined", "Not every row and file was looked at.", why, remedy, problem=False)
    else:
        yield from facts.examine()
        yield from stored.examine()
    yield from examine_lock()
