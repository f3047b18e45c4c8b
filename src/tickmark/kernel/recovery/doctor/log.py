"""The log: whether entries, leaves, tiles, checkpoints and the published checkpoint tell one story."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from django.conf import settings

from tickmark.kernel import clock
from tickmark.kernel.errors import TickmarkError
from tickmark.kernel.ledger import epoch, note, seal, tiles
from tickmark.kernel.ledger.entry import Checkpoint, Entry, Leaf
from tickmark.kernel.ledger.tree import leaf_hash
from tickmark.kernel.recovery.findings import Finding

BACKUP = "Restore the newest backup whose log holds (tickmark verify), and tell whoever holds a checkpoint."
PAGE = 1000
UNSEALED = timedelta(minutes=5)


def examine(*, quick: bool) -> Iterator[Finding]:
    """What does not fit. `quick` looks at the newest checkpoint alone."""
    yield from _unsealed()
    newest = seal.latest()
    if newest is None and seal.store().read("checkpoint") is None:
        return
    if not (Path(settings.HOME) / "secrets" / "log-key").exists():
        why = "The folder secrets has no log-key. Without it nothing can be sealed under this log's name."
        yield Finding(
            "log-key-missing", "The log's key is missing.", why, "Put the copy kept apart back in its place."
        )
        return
    yield from _epochs()
    keys = seal.verifiers()
    yield from _published(newest.size if newest else 0, keys)
    if newest is None:
        return
    try:
        yield from _points(
            [newest] if quick else list(Checkpoint.objects.order_by("size")), keys, newest.size
        )
        if not quick:
            yield from _leaves(newest.size)
    except TickmarkError as error:  # a tile that is not there: what rests on it cannot be looked at
        yield Finding("log-tile", error.what, error.why, BACKUP)


def _unsealed() -> Iterator[Finding]:
    old = Entry.objects.filter(leaf=None, recorded_at__lt=clock.now() - UNSEALED).count()
    if old:
        why = "Entries are sealed within a minute while the worker runs."
        yield Finding(
            "log-unsealed", f"{old} entries wait to be sealed.", why, "Start the worker.", problem=False
        )


def _epochs() -> Iterator[Finding]:
    for entry in epoch.epochs():
        said = entry.arguments
        what = (
            f"Epoch {said['number']} of the log began {entry.recorded_at.date()} at {said['before']['size']}."
        )
        why = f"It was set back: {said['reason']}."
        remedy = "Nothing to do; whoever holds a later checkpoint of the epoch before can tell what was lost."
        yield Finding("log-epoch", what, why, remedy, problem=False)


def _published(newest: int, keys: list[note.Verifier]) -> Iterator[Finding]:
    text = seal.store().read("checkpoint")
    if text is None:
        why = "The file checkpoint is not in the folder log."
        yield Finding(
            "log-unpublished", "The newest checkpoint is not published.", why, "The next seal writes it."
        )
        return
    try:
        size = note.open_checkpoint(text, keys).size
    except TickmarkError as error:
        yield Finding("log-published", "The published checkpoint is not of this log.", error.why, BACKUP)
        return
    if size > newest:
        why = f"It covers {size} entries, the books {newest}: older books were put in place."
        remedy = "Put the newer books back; if they are lost: tickmark epoch"
        yield Finding("log-ahead", "The published checkpoint is newer than the books.", why, remedy)


def _points(points: list[Checkpoint], keys: list[note.Verifier], size: int) -> Iterator[Finding]:
    """Each checkpoint is signed, says what its row says, and the tiles give its root."""
    log = tiles.Tiles(seal.store(), size)
    for point in points:
        try:
            signed = note.open_checkpoint(point.note.encode(), keys)
        except TickmarkError as error:
            yield Finding(
                "log-signature", f"The checkpoint at {point.size} does not hold.", error.why, BACKUP
            )
            continue
        if (signed.size, signed.root.hex()) != (point.size, point.root):
            why = "Its row says something else than what was signed."
            yield Finding("log-signature", f"The checkpoint at {point.size} does not hold.", why, BACKUP)
        elif log.root(point.size).hex() != point.root:
            why = f"The tiles give another root at {point.size} than the one that was signed."
            yield Finding("log-root", "The log is not the one that was signed.", why, BACKUP)


def _leaves(size: int) -> Iterator[Finding]:
    """Each place up to the newest checkpoint has one entry, which is still the one that was sealed."""
    log, expected = tiles.Tiles(seal.store(), size), 0
    for leaf in _pages():
        if leaf.position != expected:
            why = f"After {expected - 1} comes {leaf.position}."
            yield Finding("log-gap", f"The entry at {expected} is gone.", why, BACKUP)
        expected = leaf.position + 1
        if leaf.position >= size:
            continue
        found = leaf_hash(seal.leaf_data(leaf.entry))
        if found != log.leaf(leaf.position):
            what = f"The entry at {leaf.position} ({leaf.entry.verb}, {leaf.entry.uid}) was changed."
            yield Finding("log-entry", what, "The log holds another hash at its place.", BACKUP)
    if expected < size:
        why = f"The newest checkpoint covers {size}."
        yield Finding("log-gap", f"The books give places to {expected} entries.", why, BACKUP)


def _pages() -> Iterator[Leaf]:
    last = -1
    while page := list(
        Leaf.objects.filter(position__gt=last).select_related("entry").order_by("position")[:PAGE]
    ):
        yield from page
        last = page[-1].position
