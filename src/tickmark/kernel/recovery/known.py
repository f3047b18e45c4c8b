"""The last checkpoint that anybody can still show of a log that is set back, and setting it back in place."""

from __future__ import annotations

from collections.abc import Sequence

from tickmark.kernel import clock
from tickmark.kernel.errors import Conflict, Invalid
from tickmark.kernel.ledger import epoch, note, seal
from tickmark.kernel.ledger.entry import Checkpoint
from tickmark.kernel.ledger.tree import EMPTY_ROOT


def last_known(
    given: bytes, published: bytes, left: epoch.Left, keys: Sequence[note.Verifier], own: bytes
) -> bytes:
    """The newest of three signed notes: the one somebody gives, the one in the log's folder, the books' own.

    Raises Invalid or Conflict if one of them is of another log, older than the books, or contradicts them.
    """
    if given and _open(given, keys).size < left.size:
        raise Invalid(
            "The checkpoint is older than the books.",
            f"It covers {_open(given, keys).size} entries, the books {left.size}.",
            "Give the last one that anybody has of the lost log, or none.",
        )
    best = own
    for found in filter(None, (published, given)):
        point = _open(found, keys)
        if (point.size, point.origin) == (left.size, left.origin) and point.root.hex() != left.root:
            raise Conflict(
                "The checkpoint contradicts the books.",
                f"At size {point.size} they have another root: one of the two was forged, or the log forked before.",
                "Find out which one others hold, and take an archive that fits it.",
            )
        if not best or point.size > _open(best, keys).size:
            best = found
    return best


def _open(text: bytes, keys: Sequence[note.Verifier]) -> note.Checkpoint:
    """A checkpoint of this log, of whatever epoch: the same key signs under the epoch's name."""
    origin = note.Checkpoint.parse(note.Note.parse(text).text).origin
    renamed = [
        note.Verifier(origin, key.public) for key in keys if epoch.base(key.name) == epoch.base(origin)
    ]
    return note.open_checkpoint(text, renamed)


def begin_epoch(reason: str, given: bytes = b"") -> Checkpoint:
    """Set the log of this home back to what its books hold: for books that another tool than `restore` brought back.

    Raises Conflict if the log's folder does not hold what the books' newest checkpoint signed.
    """
    point, keys = seal.latest(), seal.verifiers()
    left = epoch.Left(
        seal.origin(), str(keys[0]), point.size if point else 0, point.root if point else EMPTY_ROOT.hex()
    )
    own = point.note.encode() if point else b""
    last = last_known(given, seal.store().read("checkpoint") or b"", left, keys, own)
    name = epoch.base(left.origin)
    return seal.begin(
        epoch.beginning(left=left, last=last, reason=reason, name=name, job="epoch", at=clock.now())
    )
