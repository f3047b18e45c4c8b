"""The kept files: missing, changed, or of no use to anybody."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from django.apps import apps

from tickmark.kernel import files
from tickmark.kernel.recovery import rows
from tickmark.kernel.recovery.citing import mentioned, needed
from tickmark.kernel.recovery.findings import Finding

BACKUP = "Put it back from a backup: it stands there in files/ under this name."
BEHIND = f"Look for older versions in the bucket: a file that was deleted may stand behind a marker. {BACKUP}"


def drafts() -> Iterator[Finding]:
    """What a killed writer left."""
    for path in files.drafts():
        why = "A writer that was killed left it, or one is at work."
        remedy = "Delete it when Tickmark is stopped."
        yield Finding("file-draft", f"{path} is a file that never got its name.", why, remedy, problem=False)


def examine() -> Iterator[Finding]:
    """Read every file, and every row for the files that it speaks of.

    The store is listed first: whatever is kept later is not missed, and whatever a row needs was kept before it.
    """
    kept = {one.sha256 for one in files.listing()}
    wanted: set[str] = set()
    unused = set(kept)
    for model in rows.carried(apps):
        for line in rows.lines(model):
            wanted |= needed(model, line)
            unused -= mentioned(line)
    for sha256 in sorted(wanted - kept):
        if not files.exists(sha256):
            why = "The books need it, and the store does not have it."
            remedy = BACKUP if files.folder() else BEHIND
            yield Finding("file-missing", f"The file {sha256} is missing.", why, remedy)
    yield from _changed(kept)
    for sha256 in sorted(unused):
        why = "It arrived, and what was to cite it was refused or never ended."
        remedy = "Nothing to do; it may be deleted while Tickmark is stopped."
        yield Finding("file-orphan", f"No row speaks of the file {sha256}.", why, remedy, problem=False)


def _changed(kept: set[str]) -> Iterator[Finding]:
    for sha256 in sorted(kept):
        hasher = hashlib.sha256()
        for piece in files.pieces(sha256):
            hasher.update(piece)
        if hasher.hexdigest() != sha256:
            why = "Its bytes no longer give the digest that is its name."
            yield Finding("file-changed", f"The file {sha256} was changed.", why, BACKUP)
