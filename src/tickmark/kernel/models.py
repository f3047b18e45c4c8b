"""The kernel's own tables, and the bases of all others: facts and dated versions."""

from tickmark.kernel.beats import Beat
from tickmark.kernel.dated import AppendOnly, DatedQuery, DigestField, Fact, FactQuery, Version
from tickmark.kernel.jobs import Slot
from tickmark.kernel.ledger.entry import Checkpoint, Entry, Leaf, LogLock
from tickmark.kernel.limits import Cached, Limit
from tickmark.kernel.search.tables import Indexed, IndexedEntry, IndexedText, IndexState

__all__ = [
    "AppendOnly",
    "Beat",
    "Cached",
    "Checkpoint",
    "DatedQuery",
    "DigestField",
    "Entry",
    "Fact",
    "FactQuery",
    "IndexState",
    "Indexed",
    "IndexedEntry",
    "IndexedText",
    "Leaf",
    "Limit",
    "LogLock",
    "Slot",
    "Version",
]
