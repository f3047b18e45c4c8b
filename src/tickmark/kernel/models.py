"""The kernel's own tables, and the bases of all others: facts and dated versions."""

from tickmark.kernel.dated import AppendOnly, DatedQuery, DigestField, Fact, FactQuery, Version
from tickmark.kernel.jobs import Slot
from tickmark.kernel.ledger.entry import Checkpoint, Entry, Leaf, LogLock
from tickmark.kernel.limits import Cached, Limit

__all__ = [
    "AppendOnly",
    "Cached",
    "Checkpoint",
    "DatedQuery",
    "DigestField",
    "Entry",
    "Fact",
    "FactQuery",
    "Leaf",
    "Limit",
    "LogLock",
    "Slot",
    "Version",
]
