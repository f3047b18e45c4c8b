"""Verbs of the evidence step: file and accept, collect and reconcile, check."""

from tickmark.evidence.actions.checking import run_check
from tickmark.evidence.actions.collecting import Collected, collect, connect, reconcile, record_collection
from tickmark.evidence.actions.filing import accept, file, reject, support
from tickmark.evidence.actions.intake import file_many

__all__ = [
    "Collected",
    "accept",
    "collect",
    "connect",
    "file",
    "file_many",
    "reconcile",
    "record_collection",
    "reject",
    "run_check",
    "support",
]
