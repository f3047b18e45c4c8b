"""Whom an entry of the log may be shown to: its writer, and whoever may see everything that it wrote."""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID

from django.db.models import Model

from tickmark.kernel.access import Actor, visible
from tickmark.kernel.errors import NotFound
from tickmark.kernel.ledger import cited
from tickmark.kernel.ledger.entry import Entry
from tickmark.kernel.references import prefixes

AT_ONCE = 5000


def disclosed(actor: Actor, uid: UUID) -> Entry:
    """The entry, if the actor may have it with its salt. Raises NotFound otherwise.

    Seeing its subject is not enough: a test is seen by both sides, what one side noted on it is not. So every fact
    that the entry cites must be visible; an entry that wrote none goes by its subject, and stays on its side.
    """
    entry: Entry | None = Entry.objects.filter(uid=uid).first()
    if entry is None or not (entry.actor == actor.ref or _sees_all(actor, entry)):
        raise NotFound(
            f"There is no entry {uid}.", "", "Check the id, and the account you are signed in with."
        )
    return entry


def _sees_all(actor: Actor, entry: Entry) -> bool:
    if entry.facts:
        return _sees(actor, [fact["ref"] for fact in cited.facts_of(entry.body())])
    return entry.side == actor.side and bool(entry.subject) and _sees(actor, [entry.subject])


def _sees(actor: Actor, references: list[str]) -> bool:
    by_prefix: dict[str, set[int]] = defaultdict(set)
    for text in references:
        prefix, _, number = text.partition("-")
        by_prefix[prefix].add(int(number))
    models = prefixes()
    return all(
        prefix in models and _sees_rows(actor, models[prefix], sorted(numbers))
        for prefix, numbers in by_prefix.items()
    )


def _sees_rows(actor: Actor, model: type[Model], numbers: list[int]) -> bool:
    """Asked in parts: an engine takes no endless list."""
    parts = (numbers[start : start + AT_ONCE] for start in range(0, len(numbers), AT_ONCE))
    return all(visible(actor, model).filter(pk__in=part).count() == len(part) for part in parts)
