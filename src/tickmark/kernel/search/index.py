"""The index follows the entries: what an action wrote is found a moment after its commit.

The log's order is complete by construction (no entry gets a place before its commit, and places have no gaps), so
`IndexState.size` is how far the index certainly is. Entries that have no place yet are indexed ahead of it and noted
one by one. Nothing here locks an action or costs it anything; a kill loses nothing, because rows and progress are
committed together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, Model, OuterRef, QuerySet

from tickmark.kernel import clock
from tickmark.kernel.ledger.entry import Entry, Leaf
from tickmark.kernel.references import number, prefixes
from tickmark.kernel.search import engines
from tickmark.kernel.search.said import NOUNS, Noun, Said
from tickmark.kernel.search.tables import FileText, Indexed, IndexedEntry, IndexedText, IndexState

VERSION = 2
"""What is indexed, and how. A higher number makes the next start index everything anew."""
BATCH = 500
LATE = 100_000


def catch_up() -> bool:
    """Index what was written since; True if something was. Whoever calls this does it again until it gives False."""
    if not IndexState.objects.filter(pk=1, version=VERSION).exists():
        rebuild()
        return True
    return _sealed() or _unsealed()


def behind() -> int:
    """How many entries are not in the index yet."""
    size: int = IndexState.objects.filter(pk=1).values_list("size", flat=True).first() or 0
    log, unsealed = _log()
    ahead: int = IndexedEntry.objects.count()
    return max(log - size + unsealed.count() - ahead, 0)


def _log() -> tuple[int, QuerySet[Entry]]:
    """How many entries have a place in the log, and those that have none yet.

    These are looked for among the newest alone: an entry that is still without a place when LATE others that were
    begun after it have one, does not exist.
    """
    newest = Leaf.objects.order_by("-position").values_list("position", "entry__pk").first()
    unsealed = Entry.objects.filter(leaf=None)
    return (newest[0] + 1, unsealed.filter(pk__gt=newest[1] - LATE)) if newest else (0, unsealed)


@dataclass(frozen=True)
class Count:
    """A noun's rows in the books and in the index."""

    noun: str
    rows: int
    indexed: int


def counts() -> list[Count]:
    """For each noun how many rows the books and the index hold: equal, when nothing is left out."""
    return [
        Count(
            noun.label,
            noun.model._default_manager.count(),
            Indexed.objects.filter(noun=noun.label).count(),
        )
        for noun in NOUNS.values()
    ]


def rebuild() -> None:
    """Forget the index; the rounds that follow make it anew, and until then searches say how far it is."""
    with transaction.atomic():
        state = _lock()
        engines.wipe()
        IndexedText.objects.all().delete()
        Indexed.objects.all().delete()
        IndexedEntry.objects.all().delete()
        IndexState.objects.filter(pk=state.pk).update(size=0, version=VERSION)


def fill() -> int:
    """Index every row of the books that no entry led to; how many there were. In sound books there is none."""
    added = 0
    for noun in NOUNS.values():
        while rows := list(_lacking(noun)[:BATCH]):
            with transaction.atomic():
                _lock()
                _put(noun, rows)
            added += len(rows)
    return added


def _lock() -> IndexState:
    """The one row, locked until the transaction ends: one indexer at a time writes words."""
    IndexState.objects.get_or_create(pk=1)
    return IndexState.objects.select_for_update().get(pk=1)


def _sealed() -> bool:
    """Index entries by their place in the log."""
    with transaction.atomic():
        state = _lock()
        leaves = Leaf.objects.filter(position__gte=state.size).order_by("position").select_related("entry")
        entries = [leaf.entry for leaf in leaves[:BATCH]]
        if not entries:
            return False
        keys = [entry.pk for entry in entries]
        done = set(IndexedEntry.objects.filter(pk__in=keys).values_list("pk", flat=True))
        _index([entry for entry in entries if entry.pk not in done])
        IndexedEntry.objects.filter(pk__in=done).delete()
        IndexState.objects.filter(pk=state.pk).update(size=F("size") + len(entries))
    return True


def _unsealed() -> bool:
    """Index entries that have no place in the log yet."""
    with transaction.atomic():
        _lock()
        ahead = IndexedEntry.objects.filter(pk=OuterRef("pk"))
        entries = list(_log()[1].filter(~Exists(ahead)).order_by("pk")[:BATCH])
        _index(entries)
        IndexedEntry.objects.bulk_create(IndexedEntry(entry=entry.pk) for entry in entries)
    return bool(entries)


def _index(entries: Iterable[Entry]) -> None:
    """Index the rows that entries cite, and the rows of nouns that no entry cites."""
    cited: dict[type[Model], set[int]] = defaultdict(set)
    models = prefixes()
    for entry in entries:
        for fact in entry.facts:
            model = models.get(str(fact["ref"])[:2])
            key = number(model, str(fact["ref"])) if model else None
            if model is not None and key is not None:
                cited[model].add(key)
    for noun in NOUNS.values():
        if _uncited(noun):
            _put(noun, list(_lacking(noun)))
        elif keys := cited.get(noun.model):
            _put(noun, list(_lacking(noun).filter(pk__in=keys)))


def _uncited(noun: Noun) -> bool:
    """Whether rows of a noun are no facts, so that entries do not name them."""
    return not hasattr(noun.model, "recorded_at")


def _lacking(noun: Noun) -> Any:
    held = Indexed.objects.filter(noun=noun.label, row=OuterRef("pk"))
    return noun.model._default_manager.filter(~Exists(held)).select_related(*noun.needs).order_by("pk")


def _put(noun: Noun, rows: list[Any]) -> None:
    """Add rows that the index lacks."""
    if not rows:
        return
    said = [noun.says(row) for row in rows]
    sides = _sides(rows)
    made = Indexed.objects.bulk_create(
        Indexed(
            noun=noun.label,
            row=row.pk,
            code=one.code[:60].upper(),
            side=sides.get(getattr(row, "entry", None), ""),
            entry=getattr(row, "entry", None),
            recorded_at=getattr(row, "recorded_at", None) or getattr(row, "created_at", None) or clock.now(),
            file=FileText.WAITING if one.sha256 else FileText.NONE,
        )
        for row, one in zip(rows, said, strict=True)
    )
    pairs = list(zip(made, said, strict=True))
    IndexedText.objects.bulk_create(_text(row, one) for row, one in pairs)
    engines.put(
        (row.pk, "" if noun.echo else one.title, f"{one.title}\n{one.text}" if noun.echo else one.text)
        for row, one in pairs
        if one.title or one.text
    )


def _text(row: Indexed, said: Said) -> IndexedText:
    return IndexedText(
        indexed=row,
        title=said.title,
        text=said.text,
        address=said.address,
        sha256=said.sha256,
        name=said.name[:200],
    )


def _sides(rows: Iterable[Any]) -> dict[Any, str]:
    """The side of each entry that wrote one of these rows."""
    uids = {row.entry for row in rows if getattr(row, "entry", None)}
    return dict(Entry.objects.filter(uid__in=uids).values_list("uid", "side"))


def waiting(most: int) -> list[IndexedText]:
    """Rows whose file is not read yet, oldest first."""
    rows = Indexed.objects.filter(file=FileText.WAITING).order_by("pk").select_related("said")
    return [row.said for row in rows[:most]]


@dataclass(frozen=True)
class FileRead:
    """What was read of a row's file: its text, and a sentence about what of it is not searched."""

    said: IndexedText
    text: str
    unread: str


def note_files(read: Iterable[FileRead]) -> None:
    """Add the texts of files to their rows."""
    with transaction.atomic():
        _lock()
        for one in read:
            _note_file(one)


def _note_file(read: FileRead) -> None:
    said = read.said
    state = FileText.READ if read.text else FileText.UNREAD
    if not Indexed.objects.filter(pk=said.pk, file=FileText.WAITING).update(file=state):
        return
    whole = f"{said.text}\n{read.text}" if read.text else said.text
    if read.text:
        engines.replace(said.pk, said.title, said.text, whole)
    IndexedText.objects.filter(pk=said.pk).update(text=whole, unread=read.unread[:300])
