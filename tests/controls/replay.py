"""The programme by reading entries one after the other: another way to the same answer."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

from tickmark.kernel.dated import Version
from tickmark.kernel.ledger.entry import Entry, Leaf
from tickmark.scope.programme import PARTS, Item, standing


def replayed(size: int, day: date) -> dict[tuple[str, str], Item]:
    """The programme by reading entries one after the other, up to the first `size`: another way to the same answer."""
    rows: dict[Any, list[Version]] = {}
    for part in PARTS.values():
        for row in part.model.objects.all():
            rows.setdefault(row.entry, []).append(row)
    held: dict[tuple[str, str], tuple[date, int, Version]] = {}
    for entry in Entry.objects.order_by("leaf__position")[:size]:
        for row in rows.get(entry.uid, []):
            part = next(one for one in PARTS.values() if one.model is type(row))
            key, mine = part.item(row).key, (row.effective_from, row.pk, row)
            if row.effective_from <= day and (key not in held or held[key][:2] <= mine[:2]):
                held[key] = mine
    return {key: PARTS[key[0]].item(row) for key, (_, _, row) in held.items() if not row.withdrawn}


def differences(tries: int, seed: int = 1) -> list[str]:
    """Days and sizes at which the two ways do not agree, out of so many random ones."""
    chance, sealed, found = random.Random(seed), Leaf.objects.count(), []
    days = [row.effective_from for part in PARTS.values() for row in part.model.objects.all()]
    first, last = min(days) - timedelta(days=3), max(days) + timedelta(days=3)
    for _ in range(tries):
        day = first + timedelta(days=chance.randrange((last - first).days))
        size = chance.randrange(sealed + 1)
        mine, other = standing(day, size), replayed(size, day)
        if mine != other or [one.since for one in mine.values()] != [other[key].since for key in mine]:
            found.append(f"{day} with {size} entries")
    return found


def main(tries: int) -> int:
    """Compare, print, and end with 1 if there is a difference or nothing to compare."""
    found = differences(tries)
    parts = len(standing(date.max))
    print(
        f"{tries} days and sizes of the log, {parts} parts at the end, {len(found)} differences",
        *found,
        sep="\n",
    )
    return 1 if found or not parts else 0
