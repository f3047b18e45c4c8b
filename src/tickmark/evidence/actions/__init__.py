"""Verbs of the evidence step: file and accept, collect and reconcile, check."""

from tickmark.evidence.actions.checking import run_check
from tickmark.evidence.actions.collecting import Collected, collect, connect, reconcile, record_collection
from tickmark.evidence.actions.filing import accept, file, reject, support

__all__ = [
    "Collected",
    "accept",
    "collect",
    "connect",
    "file",
    "reconcile",
    "record_collection",
    "reject",
    "run_check",
    "support",
]
