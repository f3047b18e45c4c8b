"""The Merkle tree of RFC 6962: hashes, roots, inclusion and consistency proofs (decision 006).

Pure functions over 32-byte SHA-256 hashes. A proof is a list of subtree hashes; which subtrees is decided
here (`inclusion_ranges`, `consistency_ranges`), where their hashes come from is the caller's business:
a list in memory (`in_memory`) or the tiles of a log (`tickmark.kernel.ledger.tiles`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

from tickmark.kernel.errors import Invalid

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()

Range = tuple[int, int]
"""Leaves from the first (included) to the second (excluded)."""

RangeHash = Callable[[int, int], bytes]
"""Gives the Merkle tree hash over the leaves of a range."""


def leaf_hash(data: bytes) -> bytes:
    """Hash of one leaf: SHA-256(0x00 ‖ data). RFC 6962 2.1."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: SHA-256(0x01 ‖ left ‖ right). RFC 6962 2.1."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """A tree that grows by leaf hashes and keeps only the roots of its complete subtrees.

    Memory is the logarithm of the size, so that a root over any number of leaves can be streamed.
    """

    def __init__(self) -> None:
        self.size = 0
        self._roots: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash at the right."""
        self._roots.append(leaf)
        size = self.size
        while size & 1:
            right = self._roots.pop()
            self._roots[-1] = node_hash(self._roots[-1], right)
            size >>= 1
        self.size += 1

    def root(self) -> bytes:
        """The Merkle tree hash over everything appended so far."""
        return fold(self._roots)


def fold(roots: Sequence[bytes]) -> bytes:
    """Join the roots of neighbouring complete subtrees, largest first, into one hash."""
    if not roots:
        return EMPTY_ROOT
    joined = roots[-1]
    for left in reversed(roots[:-1]):
        joined = node_hash(left, joined)
    return joined


def root(leaves: Sequence[bytes]) -> bytes:
    """The Merkle tree hash over a list of leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


def in_memory(leaves: Sequence[bytes]) -> RangeHash:
    """Range hashes over leaf hashes held in a list."""
    return lambda start, end: root(leaves[start:end])


def split(count: int) -> int:
    """The largest power of two that is smaller than `count` (at least 2): where a tree divides."""
    return 1 << (count - 1).bit_length() - 1


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """The subtrees whose hashes prove leaf `index` in a tree of `size`, from the leaf upwards."""
    if not 0 <= index < size:
        raise Invalid(
            f"Position {index} cannot be proved.",
            f"The tree holds {size} leaves.",
            "Ask for a position below the size.",
        )
    start, end, ranges = 0, size, []
    while end - start > 1:
        middle = start + split(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def consistency_ranges(old: int, new: int) -> list[Range]:
    """The subtrees whose hashes prove that the tree of size `new` begins with the tree of size `old`."""
    if not 0 <= old <= new:
        raise Invalid(
            f"Sizes {old} and {new} cannot be compared.", "A log only grows.", "Give the smaller size first."
        )
    if old in (0, new):
        return []
    start, end, ranges, whole = 0, new, [], True
    while end != old:
        middle = start + split(end - start)
        if old <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start, whole = middle, False
    if not whole:
        ranges.append((start, end))
    return ranges[::-1]


def inclusion_proof(index: int, size: int, hash_of: RangeHash) -> list[bytes]:
    """The audit path of leaf `index` in the tree of `size` (RFC 6962 2.1.1), leaf's sibling first."""
    return [hash_of(start, end) for start, end in inclusion_ranges(index, size)]


def consistency_proof(old: int, new: int, hash_of: RangeHash) -> list[bytes]:
    """The consistency proof between two sizes (RFC 6962 2.1.2)."""
    return [hash_of(start, end) for start, end in consistency_ranges(old, new)]


def _are_hashes(values: Sequence[bytes]) -> bool:
    return all(len(value) == HASH_SIZE for value in values)


def verify_inclusion(
    index: int, size: int, leaf: bytes, proof: Sequence[bytes], expected_root: bytes
) -> bool:
    """Whether `proof` leads from the leaf hash to the root (RFC 9162 2.1.3.2)."""
    if not 0 <= index < size or not _are_hashes([leaf, expected_root, *proof]):
        return False
    position, last, value = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            value = node_hash(sibling, value)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and value == expected_root


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the tree of `new` begins with the tree of `old` (RFC 9162 2.1.4.2)."""
    if not 0 <= old <= new or not _are_hashes([old_root, new_root, *proof]):
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    return bool(path) and _climb(old - 1, new - 1, path) == (old_root, new_root)


def _climb(position: int, last: int, path: list[bytes]) -> tuple[bytes, bytes] | None:
    """Both roots that a consistency path leads to, or None where the path is too long or too short."""
    while position & 1:
        position, last = position >> 1, last >> 1
    old_value = new_value = path[0]
    for sibling in path[1:]:
        if last == 0:
            return None
        if position & 1 or position == last:
            old_value, new_value = node_hash(sibling, old_value), node_hash(sibling, new_value)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            new_value = node_hash(new_value, sibling)
        position, last = position >> 1, last >> 1
    return (old_value, new_value) if last == 0 else None
