"""Sealing: the one place that gives entries their number, writes tiles and signs a checkpoint.

It alone takes a lock. Places and signature are committed first; tiles and the `checkpoint` file are published after
that, from the books alone. So whoever publishes a size writes the same bytes: a seal that dies is finished by the next
one, and a host that was cut off and comes back late can spoil nothing. Before it goes on, a seal looks whether the
store still holds what the newest checkpoint signed: a log never forks in silence.
"""

from __future__ import annotations

import hashlib
import secrets as random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import transaction

from tickmark.kernel import clock, files, secrets
from tickmark.kernel.errors import Conflict
from tickmark.kernel.ledger import epoch, note, tiles
from tickmark.kernel.ledger.entry import Checkpoint, Entry, Leaf, LogLock
from tickmark.kernel.ledger.proof import Proof
from tickmark.kernel.ledger.tree import leaf_hash

BATCH = 5000


@contextmanager
def lock() -> Iterator[None]:
    """A transaction that holds the log's one row: what must not happen twice at a time happens in here."""
    with transaction.atomic():
        LogLock.objects.get_or_create(pk=1)
        LogLock.objects.select_for_update().get(pk=1)
        yield


def store() -> tiles.Store:
    """The log as static files: `checkpoint`, `vkey`, `tile/…`; beside the files where those are kept by address."""
    shared = files.objects()
    if shared is not None:
        return tiles.Bucket(shared, "log", files.silent)
    return tiles.Folder(Path(settings.HOME) / "log")


def origin() -> str:
    """The log's name in the epoch that runs: its own in the first, else the one that the epoch's entry gives."""
    began = epoch.newest()
    return str(began.arguments["origin"]) if began else first_origin()


def first_origin() -> str:
    """The log's own name, made once for this installation; a demo home says so in it."""
    kind = "demo.tickmark.example" if clock.simulated() else "log.tickmark.example"
    return secrets.keep_bytes(
        "origin", Path(settings.HOME), f"{kind}/{random.token_hex(8)}".encode()
    ).decode()


def signer() -> note.Signer:
    """The log's key: made once, kept in the home's secrets; it signs under the name of the epoch."""
    name = origin()
    fresh = note.Signer.generate(name).secret
    return note.Signer(name, secrets.keep_bytes("log-key", Path(settings.HOME), fresh))


def verifiers() -> list[note.Verifier]:
    """The keys that checkpoints of this log may be signed with: this epoch's, and those of the epochs before."""
    return [signer().verifier, *epoch.earlier_keys()]


def verifier_key() -> str:
    """The public half of the log's key as text, for whoever verifies."""
    return str(signer().verifier)


def leaf_data(entry: Entry) -> bytes:
    """SHA-256(salt ‖ canonical JSON of all fields): what the log holds of an entry."""
    return hashlib.sha256(bytes.fromhex(entry.salt) + entry.canonical()).digest()


def seal() -> Checkpoint | None:
    """Number all entries that have no place yet, write their tiles, sign; gives the newest checkpoint.

    Raises Conflict if the folder is not the log that was signed last or another key signed it, Invalid if what was
    signed was changed, Unavailable if tiles are missing.
    """
    while True:
        with lock():
            newest = _publish()
            entries = _waiting()
            if not entries:
                return newest
            _append(newest, entries)


def begin(entry: Entry) -> Checkpoint:
    """Save and seal the entry that begins an epoch, both or neither; gives the epoch's first checkpoint."""
    with lock():
        entry.save()
        _append(latest(), [entry])
    with lock():
        newest = _publish()
    assert newest is not None
    return newest


def latest() -> Checkpoint | None:
    """The newest checkpoint, or None before the first seal."""
    row: Checkpoint | None = Checkpoint.objects.order_by("-size").first()
    return row


def _waiting() -> list[Entry]:
    """What is sealed next. The entry that begins an epoch comes first and alone: the epoch starts where it stands."""
    waiting = Entry.objects.filter(leaf=None).order_by("pk")
    return list(waiting.filter(verb=epoch.BEGAN)) or list(waiting[:BATCH])


def _append(newest: Checkpoint | None, entries: list[Entry]) -> None:
    _check(newest)
    size = newest.size if newest else 0
    data = [leaf_data(entry) for entry in entries]
    root = tiles.append(tiles.Draft(store()), size, data)
    Leaf.objects.bulk_create(
        Leaf(position=size + index, entry=entry, hash=leaf_hash(leaf).hex())
        for index, (entry, leaf) in enumerate(zip(entries, data, strict=True))
    )
    point = note.Checkpoint(origin(), size + len(entries), root)
    signed = point.signed(signer()).decode()
    Checkpoint(size=point.size, root=root.hex(), note=signed, sealed_at=clock.now()).save()


def _check(newest: Checkpoint | None) -> None:
    """Raise Conflict unless key, books and folder belong to one log, and the folder is not ahead of the books.

    Invalid if a checkpoint was changed since it was signed.
    """
    size, root = (newest.size, newest.root) if newest else (0, None)
    if _published(store()) > size:
        raise _behind()
    if newest is None:
        return
    _own(newest.note.encode(), verifiers())
    if tiles.Tiles(store(), size).root().hex() != root:
        raise _another_log("The tiles no longer give the root that the newest checkpoint signed.")


def _own(text: bytes, keys: Sequence[note.Verifier]) -> note.Checkpoint:
    """A checkpoint that a key of this host signed. Raises Conflict if none did, Invalid if it was changed since."""
    found = note.Note.parse(text)
    if not any(found.lines_of(key) for key in keys):
        raise Conflict(
            "Nothing is sealed: this host does not have the key of the log.",
            "Another key signed the newest checkpoint.",
            "Give this host the secrets that belong to the books: those of the other hosts, or of the backup.",
        )
    return note.open_checkpoint(text, keys)


def _behind() -> Conflict:
    return _another_log("The published checkpoint is newer than the books: an older backup was restored.")


def _another_log(why: str) -> Conflict:
    return Conflict(
        "Nothing is sealed: the log would fork.",
        why,
        "Restore books, secrets and log of one backup; or, if the newer books are lost, run: tickmark epoch",
    )


def _publish() -> Checkpoint | None:
    """Write what the newest checkpoint signs and the store does not have yet: tiles first, the checkpoint last.

    Under the lock: else an older checkpoint could replace a newer one, and another sealer would miss the tiles.
    """
    newest, there = latest(), store()
    if newest and not epoch.waits() and there.read("checkpoint") != newest.note.encode():
        _own(newest.note.encode(), verifiers())  # nobody is shown what the books say was signed, and was not
        _write_tiles(there, newest)
        there.write("vkey", f"{signer().verifier}\n".encode())
        there.write("checkpoint", newest.note.encode())
    return newest


def _write_tiles(there: tiles.Store, newest: Checkpoint) -> None:
    """The tiles between the published size and the newest, from the books. Raises Conflict for another log's."""
    published = _published(there)
    if published > newest.size:
        raise _behind()
    rows = Leaf.objects.select_related("entry").filter(position__gte=published, position__lt=newest.size)
    data = [leaf_data(leaf.entry) for leaf in rows.order_by("position")]
    if tiles.append(there, published, data).hex() != newest.root:
        raise _another_log("The entries no longer give the root that the newest checkpoint signed.")


def _published(there: tiles.Store) -> int:
    """How many leaves of this log are published; 0 before the first.

    While an epoch has published nothing, what stands there is of the epoch before: they share what was restored.
    """
    text, began = there.read("checkpoint"), epoch.newest()
    if text is None:
        return 0
    point = _own(text, epoch.of_one_log(text, verifiers()))
    if began is not None and point.origin != began.arguments["origin"]:
        return min(point.size, int(began.arguments["before"]["size"]))
    return point.size


def prove(entry: Entry, at: Checkpoint | None = None) -> Proof:
    """The inclusion proof of a sealed entry at a checkpoint (the newest unless one is given)."""
    point = at or latest()
    leaf: Leaf | None = Leaf.objects.filter(entry=entry).first()
    if point is None or leaf is None or leaf.position >= point.size:
        raise Conflict(
            "The entry is not sealed yet.", "Entries are sealed within a minute.", "Try again in a minute."
        )
    path = tiles.Tiles(store(), point.size).inclusion(leaf.position)
    return Proof(leaf.position, tuple(path), point.note.encode())
