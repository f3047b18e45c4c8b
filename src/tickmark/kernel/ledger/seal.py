"""Sealing: the one place that gives entries their number, writes tiles and signs a checkpoint.

It alone takes a lock. Tiles are written before the commit and the `checkpoint` file after it; a seal that dies between
leaves tiles that no checkpoint needs, and the next one overwrites them.
"""

from __future__ import annotations

import hashlib
import secrets as random
from pathlib import Path

from django.conf import settings
from django.db import transaction

from tickmark.kernel import clock, secrets
from tickmark.kernel.errors import Conflict
from tickmark.kernel.ledger import note, tiles
from tickmark.kernel.ledger.entry import Checkpoint, Entry, Leaf, LogLock
from tickmark.kernel.ledger.proof import Proof
from tickmark.kernel.ledger.tree import leaf_hash

BATCH = 5000


def folder() -> Path:
    """Where the log lies as static files: `checkpoint`, `vkey`, `tile/…`."""
    path = Path(settings.HOME) / "log"
    path.mkdir(parents=True, exist_ok=True)
    return path


def origin() -> str:
    """The log's name, made once for this installation; a demo home says so in it."""
    kind = "demo.tickmark.example" if clock.simulated() else "log.tickmark.example"
    return secrets.keep_bytes("origin", Path(settings.HOME), f"{kind}/{random.token_hex(8)}".encode()).decode()


def signer() -> note.Signer:
    """The log's key: made once, kept in the home's secrets."""
    fresh = note.Signer.generate(origin()).secret
    return note.Signer(origin(), secrets.keep_bytes("log-key", Path(settings.HOME), fresh))


def leaf_data(entry: Entry) -> bytes:
    """SHA-256(salt ‖ canonical JSON of all fields): what the log holds of an entry."""
    return hashlib.sha256(bytes.fromhex(entry.salt) + entry.canonical()).digest()


def seal() -> Checkpoint | None:
    """Number all entries that have no place yet, write their tiles, sign; gives the newest checkpoint."""
    made = None
    while (next_made := _seal_some()) is not None:
        made = next_made
    return made or latest()


def latest() -> Checkpoint | None:
    """The newest checkpoint, or None before the first seal."""
    row: Checkpoint | None = Checkpoint.objects.order_by("-size").first()
    return row


def _seal_some() -> Checkpoint | None:
    with transaction.atomic():
        LogLock.objects.get_or_create(pk=1)
        LogLock.objects.select_for_update().get(pk=1)
        entries = list(Entry.objects.filter(leaf=None).order_by("pk")[:BATCH])
        if not entries:
            return None
        made = _append(entries)
        transaction.on_commit(lambda: _publish(made))
    return made


def _append(entries: list[Entry]) -> Checkpoint:
    newest = latest()
    size = newest.size if newest else 0
    data = [leaf_data(entry) for entry in entries]
    root = tiles.append(tiles.Folder(folder()), size, data)
    Leaf.objects.bulk_create(
        Leaf(position=size + index, entry=entry, hash=leaf_hash(leaf).hex())
        for index, (entry, leaf) in enumerate(zip(entries, data, strict=True))
    )
    point = note.Checkpoint(origin(), size + len(entries), root)
    made = Checkpoint(
        size=point.size, root=root.hex(), note=point.signed(signer()).decode(), sealed_at=clock.now()
    )
    made.save()
    return made


def _publish(made: Checkpoint) -> None:
    store = tiles.Folder(folder())
    store.write("checkpoint", made.note.encode())
    store.write("vkey", f"{signer().verifier}\n".encode())


def prove(entry: Entry, at: Checkpoint | None = None) -> Proof:
    """The inclusion proof of a sealed entry at a checkpoint (the newest unless one is given)."""
    point = at or latest()
    leaf: Leaf | None = Leaf.objects.filter(entry=entry).first()
    if point is None or leaf is None or leaf.position >= point.size:
        raise Conflict("The entry is not sealed yet.", "Entries are sealed within a minute.", "Try again in a minute.")
    path = tiles.Tiles(tiles.Folder(folder()), point.size).inclusion(leaf.position)
    return Proof(leaf.position, tuple(path), point.note.encode())

