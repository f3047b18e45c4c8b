"""What follows from evidence: a new list is checked."""

from __future__ import annotations

from tickmark.evidence.models import Collection
from tickmark.kernel import jobs
from tickmark.kernel.access import Actor
from tickmark.kernel.action import on


@on("evidence.record_collection")
def check_new_list(actor: Actor, collection: Collection) -> None:
    """A list that came in, whole or not, is judged by every check that reads its shape."""
    jobs.enqueue("check", collection.ref, {"shape": collection.shape})
