"""Whether an archive is whole and what it says it is: by its own digests, its log, and the entries in its books."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import rfc8785

from tickmark.kernel.errors import TickmarkError
from tickmark.kernel.ledger import note, tiles
from tickmark.kernel.ledger.tree import EMPTY_ROOT, leaf_hash
from tickmark.kernel.recovery.archive import ABOUT, SUMS, Archive
from tickmark.kernel.recovery.findings import Finding

ANOTHER = "Take another archive; this one cannot be trusted."


def examine(archive: Archive) -> Iterator[Finding]:
    """Read every byte of it again, from the disk; nothing is found in one that is whole."""
    try:
        yield from _files(archive)
        yield from _log(archive)
        yield from _missing(archive)
    except TickmarkError as error:
        yield Finding("archive-broken", error.what, error.why, ANOTHER)


def _files(archive: Archive) -> Iterator[Finding]:
    listed = dict(archive.sums())
    if _digest(archive.path / SUMS) != archive.about["sums"]:
        yield _changed(SUMS)
    found = {
        path.relative_to(archive.path).as_posix() for path in archive.path.rglob("*") if not path.is_dir()
    }
    for path in sorted(found - listed.keys() - {ABOUT, SUMS}):
        why = "Its list of digests does not name it: it was put there later."
        yield Finding("archive-extra", f"{path} does not belong to the archive.", why, "Take it out.")
    for path, digest in listed.items():
        if path not in found:
            why = "Its list of digests names it."
            yield Finding("archive-missing", f"{path} is missing from the archive.", why, ANOTHER)
        elif _digest(archive.path / path) != digest or not _well_named(path, digest):
            yield _changed(path)


def _well_named(path: str, digest: str) -> bool:
    """Whether a kept file bears the name of its digest."""
    return not path.startswith("files/") or path == f"files/{digest[:2]}/{digest}"


def _changed(path: str) -> Finding:
    why = "Its digest is not the one that was written down."
    return Finding("archive-changed", f"{path} of the archive was changed.", why, ANOTHER)


def _digest(path: Path) -> str:
    """The digest of what is on the disk: the memory that still holds it from writing is let go first."""
    with path.open("rb") as stream:
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _log(archive: Archive) -> Iterator[Finding]:
    """The signed root over its tiles, and every sealed entry of its books under that root."""
    size, root = archive.about["checkpoint"]["size"], archive.about["checkpoint"]["root"]
    if size:
        signed = archive.read("checkpoint") or b""
        point = note.open_checkpoint(signed, [note.Verifier.parse(one) for one in archive.about["vkeys"]])
        if (point.size, point.root.hex()) != (size, root):
            yield _log_differs("The signed checkpoint is another one than it says.")
    log = tiles.Tiles(archive, size)
    if (log.root() if size else EMPTY_ROOT).hex() != root:
        yield _log_differs("The tiles do not give the signed root.")
        return
    yield from _entries(archive, log)


def _log_differs(why: str) -> Finding:
    return Finding("archive-log", "The log of the archive does not hold.", why, ANOTHER)


def _entries(archive: Archive, log: tiles.Tiles) -> Iterator[Finding]:
    places = {
        UUID(row["entry_id"]).int: row["position"] for row in map(json.loads, archive.rows("kernel.leaf"))
    }
    if sorted(places.values()) != list(range(log.size)):
        yield _log_differs(f"Its books give places to {len(places)} entries, the log has {log.size}.")
        return
    for text in archive.rows("kernel.entry"):
        row = json.loads(text)
        position = places.pop(UUID(row["uid"]).int, None)
        if position is not None and entry_leaf(row) != log.leaf(position):
            what = f"The entry at {position} of the archive is not the one that was sealed."
            yield Finding("archive-entry", what, "The log holds another hash at its place.", ANOTHER)
    if places:
        yield _log_differs(f"{len(places)} sealed entries are not in its books.")


def entry_leaf(row: dict[str, Any]) -> bytes:
    """The leaf hash of an entry as it stands in a line."""
    body = {name: value for name, value in row.items() if name not in ("id", "salt")}
    return leaf_hash(hashlib.sha256(bytes.fromhex(row["salt"]) + rfc8785.dumps(body)).digest())


def _missing(archive: Archive) -> Iterator[Finding]:
    for digest in archive.about["missing"]:
        what = f"The file {digest[:12]} is not in the archive."
        why = "It was missing from the home, or changed, when the archive was made."
        yield Finding("archive-incomplete", what, why, "Look for it in an older archive.", problem=False)
