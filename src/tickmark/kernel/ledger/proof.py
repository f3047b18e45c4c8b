"""One entry's proof as text: C2SP tlog-proof (`c2sp.org/tlog-proof@v1`), verifiable offline for ever."""

from __future__ import annotations

from dataclasses import dataclass

from tickmark.kernel.errors import Invalid
from tickmark.kernel.ledger.note import Verifier, decode64, encode64, open_checkpoint
from tickmark.kernel.ledger.tree import HASH_SIZE, verify_inclusion

HEADER = "c2sp.org/tlog-proof@v1"
LONGEST_PATH = 63


def _bad(why: str) -> Invalid:
    return Invalid("The proof cannot be read.", why, "Ask for the proof again; it is made anew from the log.")


@dataclass(frozen=True)
class Proof:
    """The position of an entry, its audit path, and the signed checkpoint the path leads to.

    `extra` is carried but never authenticated: do not trust it.
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    def text(self) -> bytes:
        """The proof as the file `*.tlog-proof` holds it."""
        lines = [HEADER]
        if self.extra is not None:
            lines.append(f"extra {encode64(self.extra)}")
        lines.append(f"index {self.index}")
        lines += map(encode64, self.path)
        return "\n".join([*lines, "", ""]).encode() + self.checkpoint

    @classmethod
    def parse(cls, data: bytes) -> Proof:
        """Read a proof; nothing in it is to be believed before `proves` says so."""
        head, blank, checkpoint = data.partition(b"\n\n")
        try:
            lines = head.decode().split("\n")
        except UnicodeDecodeError:
            raise _bad("It is not UTF-8.") from None
        if not blank or lines.pop(0) != HEADER:
            raise _bad(f"It does not begin with {HEADER}.")
        has_extra = bool(lines) and lines[0].startswith("extra ")
        extra = decode64(lines.pop(0)[6:], "The extra data") if has_extra else None
        if not lines or len(lines) > 1 + LONGEST_PATH:
            raise _bad("Its index is missing, or its path is too long.")
        index = _index(lines.pop(0))
        path = tuple(decode64(line, "A hash of the path") for line in lines)
        if any(len(value) != HASH_SIZE for value in path):
            raise _bad("A hash of its path is not a SHA-256 hash.")
        return cls(index, path, checkpoint, extra)

    def proves(self, leaf: bytes, verifier: Verifier) -> bool:
        """Whether the log with this key holds the leaf hash at `index`; Invalid where it cannot be read."""
        checkpoint = open_checkpoint(self.checkpoint, [verifier])
        return verify_inclusion(self.index, checkpoint.size, leaf, self.path, checkpoint.root)


def _index(line: str) -> int:
    word, _, number = line.partition(" ")
    if word != "index" or not (number.isascii() and number.isdigit() and str(int(number)) == number):
        raise _bad("Its index is not a number.")
    return int(number)
