"""The kernel's own tables, and the bases of all others: facts and dated versions."""

from tickmark.kernel.beats import Beat
from tickmark.kernel.dated import AppendOnly, DatedQuery, DigestField, Fact, FactQuery, Version
from tickmark.kernel.jobs import Slot
from tickmark.kernel.ledger.entry import Checkpoint, Entry, Leaf, LogLock

__all__ = [
    "AppendOnly",
    "Beat",
    "Checkpoint",
    "DatedQuery",
    "DigestField",
    "Entry",
    "Fact",
    "FactQuery",
    "Leaf",
    "LogLock",
    "Slot",
    "Version",
]
