"""A log as static files: the tiles of C2SP tlog-tiles, height 8, partial tiles included (decision 006).

A store is anything with `read(path)` and `write(path, data)`; `Folder` is the one on disk, `Bucket` the one
that several hosts share. Paths: `tile/<level>/<index>[.p/<width>]` for hashes, `tile/entries/<index>[.p/<width>]` for
leaf data.
Tiles written by a seal that did not finish are simply overwritten by the next one: a tile counts only from
the moment a signed checkpoint needs it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from tickmark.kernel.errors import Invalid, Unavailable
from tickmark.kernel.later import Later
from tickmark.kernel.ledger.tree import (
    EMPTY_ROOT,
    HASH_SIZE,
    consistency_proof,
    fold,
    inclusion_proof,
    leaf_hash,
    node_hash,
)

if TYPE_CHECKING:
    import obstore
else:
    obstore = Later("obstore")

HEIGHT = 8
WIDTH = 1 << HEIGHT
LONGEST_LEAF = 0xFFFF
TILES_KEPT = 64
"""Tiles kept in memory by one `Tiles`: enough for the edges of several proofs, 512 KB at most."""

Level = int | Literal["entries"]


class Store(Protocol):
    """Where tiles live; paths are relative, with forward slashes."""

    def read(self, path: str) -> bytes | None:
        """The content, or None where there is no such file."""

    def write(self, path: str, data: bytes) -> None:
        """Put or replace the content; when this returns it is on disk."""


class Folder:
    """A store on disk: a file is either whole and synced, or not there."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, path: str) -> bytes | None:
        """The content, or None where there is no such file."""
        try:
            return (self.path / path).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, path: str, data: bytes) -> None:
        """Write beside, sync, rename, sync the folder: a crash leaves the old content or the new."""
        target = self.path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = target.with_name(f"{target.name}.{os.getpid()}.new")
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
        _sync_folder(target.parent)


class Bucket:
    """A store under a prefix of any place that obstore knows; `silent` words its failures."""

    def __init__(self, place: Any, prefix: str, silent: Callable[[Exception], Exception]) -> None:
        self.place, self.prefix, self.silent = place, prefix, silent

    def read(self, path: str) -> bytes | None:
        """The content, or None where there is no such object."""
        try:
            return bytes(obstore.get(self.place, f"{self.prefix}/{path}").bytes())
        except (obstore.exceptions.NotFoundError, FileNotFoundError):
            return None
        except obstore.exceptions.BaseError as error:
            raise self.silent(error) from error

    def write(self, path: str, data: bytes) -> None:
        """Put or replace the object; a bucket takes it whole or not at all."""
        try:
            obstore.put(self.place, f"{self.prefix}/{path}", data)
        except obstore.exceptions.BaseError as error:
            raise self.silent(error) from error


class Draft:
    """A store that keeps in memory what is written to it, over another one: to know a root before anything is."""

    def __init__(self, under: Store) -> None:
        self.under = under
        self.written: dict[str, bytes] = {}

    def read(self, path: str) -> bytes | None:
        """What was written here, else what lies beneath."""
        found = self.written.get(path)
        return self.under.read(path) if found is None else found

    def write(self, path: str, data: bytes) -> None:
        """Keep it in memory."""
        self.written[path] = data


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def tile_path(level: Level, index: int, width: int = WIDTH) -> str:
    """Where a tile stands: `tile/0/x001/x234/067`, a partial one `tile/0/x001/x234/067.p/5`."""
    groups = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        groups.append(f"x{index % 1000:03d}")
    partial = f".p/{width}" if width < WIDTH else ""
    return f"tile/{level}/{'/'.join(reversed(groups))}{partial}"


def tile_widths(count: int) -> Iterator[tuple[int, int]]:
    """Index and width of each tile that holds `count` hashes of one level."""
    for index in range(count // WIDTH):
        yield index, WIDTH
    if count % WIDTH:
        yield count // WIDTH, count % WIDTH


def tile_paths(size: int) -> Iterator[str]:
    """The paths of every hash tile of a log of `size` leaves, level by level."""
    level = 0
    while size:
        for index, width in tile_widths(size):
            yield tile_path(level, index, width)
        level, size = level + 1, size >> HEIGHT


def contents(store: Store, size: int) -> Iterator[tuple[str, bytes]]:
    """Path and content of every tile and entry bundle of a log, as it was when it had `size` leaves.

    What became full since is cut to what it held then.
    """
    level, count = 0, size
    while count:
        for index, width in tile_widths(count):
            yield tile_path(level, index, width), read_tile(store, level, index, width)
        level, count = level + 1, count >> HEIGHT
    for index, width in tile_widths(size):
        leaves = read_entries(store, index, width)
        yield tile_path("entries", index, width), b"".join(map(_prefixed, leaves))


class Tiles:
    """The hashes of a log of `size` leaves, read from its tiles; proofs for every size up to it."""

    def __init__(self, store: Store, size: int) -> None:
        self.store, self.size = store, size
        self._kept: dict[tuple[int, int], bytes] = {}

    def root(self, size: int | None = None) -> bytes:
        """The Merkle tree hash at `size` (this log's own where none is given)."""
        return self.range_hash(0, self.size if size is None else size)

    def leaf(self, index: int) -> bytes:
        """The leaf hash at a position."""
        return self._node(0, index)

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """The audit path of a position in the tree of `size`."""
        return inclusion_proof(index, self.size if size is None else size, self.range_hash)

    def consistency(self, old: int, new: int | None = None) -> list[bytes]:
        """The consistency proof from an older size."""
        return consistency_proof(old, self.size if new is None else new, self.range_hash)

    def range_hash(self, start: int, end: int) -> bytes:
        """The hash over leaves `start`..`end`, where `start` is aligned as proofs and roots need it."""
        if not 0 <= start <= end <= self.size:
            raise Invalid(
                f"Leaves {start} to {end} cannot be hashed.",
                f"The log holds {self.size}.",
                "Ask for a size that the log has reached.",
            )
        if start == end:
            return EMPTY_ROOT
        roots = []
        while start < end:
            height = (end - start).bit_length() - 1
            roots.append(self._node(height, start >> height))
            start += 1 << height
        return fold(roots)

    def _node(self, height: int, index: int) -> bytes:
        """The hash of a complete subtree of 2**height leaves."""
        level, above = divmod(height, HEIGHT)
        tile, offset = divmod(index << above, WIDTH)
        data = self._tile(level, tile)
        return subtree(data[offset * HASH_SIZE : (offset + (1 << above)) * HASH_SIZE])

    def _tile(self, level: int, index: int) -> bytes:
        kept = self._kept.get((level, index))
        if kept is None:
            if len(self._kept) >= TILES_KEPT:
                self._kept.pop(next(iter(self._kept)))
            width = min(WIDTH, (self.size >> HEIGHT * level) - index * WIDTH)
            kept = self._kept[level, index] = read_tile(self.store, level, index, width)
        return kept


def subtree(hashes: bytes) -> bytes:
    """The root over 1, 2, 4 … 256 concatenated hashes."""
    row = [hashes[at : at + HASH_SIZE] for at in range(0, len(hashes), HASH_SIZE)]
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]


def read_tile(store: Store, level: int, index: int, width: int) -> bytes:
    """A tile's first `width` hashes; a partial tile may meanwhile have been replaced by the full one."""
    path = tile_path(level, index, width)
    data = store.read(path)
    if data is None and width < WIDTH:
        data = store.read(tile_path(level, index))
    if data is None or len(data) < width * HASH_SIZE:
        raise Unavailable(
            f"The log's file {path} is missing or cut short.",
            "Without it no proof can be made.",
            "Restore the log folder from a backup; nothing new is sealed until it is whole.",
        )
    return data[: width * HASH_SIZE]


def append(store: Store, size: int, data: Sequence[bytes]) -> bytes:
    """Append leaf data to a log of `size` leaves; write the tiles and give the new root.

    Only the right edge is read again: the cost follows the number of new leaves, not the size of the log.
    """
    _append_entries(store, size, data)
    hashes = [leaf_hash(leaf) for leaf in data]
    return append_hashes(store, size, hashes)


def append_hashes(store: Store, size: int, hashes: Sequence[bytes]) -> bytes:
    """The same for leaves that are known only by their hash; entry bundles are not written."""
    level, count, row = 0, size, list(hashes)
    while row:
        row = _append_row(store, level, count, row)
        level, count = level + 1, count >> HEIGHT
    return Tiles(store, size + len(hashes)).root()


def _append_row(store: Store, level: int, count: int, row: list[bytes]) -> list[bytes]:
    """Add hashes to one level; gives the hashes of the tiles that became full, for the level above."""
    first, kept = divmod(count, WIDTH)
    hashes = (read_tile(store, level, first, kept) if kept else b"") + b"".join(row)
    full = []
    for index, width in tile_widths(kept + len(row)):
        tile = hashes[index * WIDTH * HASH_SIZE :][: width * HASH_SIZE]
        store.write(tile_path(level, first + index, width), tile)
        if width == WIDTH:
            full.append(subtree(tile))
    return full


def _append_entries(store: Store, size: int, data: Sequence[bytes]) -> None:
    first, kept = divmod(size, WIDTH)
    entries = (read_entries(store, first, kept) if kept else []) + list(data)
    for index, width in tile_widths(len(entries)):
        part = entries[index * WIDTH :][:width]
        store.write(tile_path("entries", first + index, width), b"".join(map(_prefixed, part)))


def _prefixed(leaf: bytes) -> bytes:
    if len(leaf) > LONGEST_LEAF:
        raise Invalid(
            f"A leaf of {len(leaf)} bytes cannot be logged.",
            f"The format allows {LONGEST_LEAF}.",
            "Log the digest of the data instead.",
        )
    return len(leaf).to_bytes(2, "big") + leaf


def read_entries(store: Store, index: int, width: int = WIDTH) -> list[bytes]:
    """The leaf data of one entry bundle."""
    path = tile_path("entries", index, width)
    data = store.read(path)
    if data is None and width < WIDTH:
        data = store.read(tile_path("entries", index))
    leaves: list[bytes] = []
    at = 0
    while data and at + 2 <= len(data) and len(leaves) < width:
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        leaves.append(data[at + 2 : end])
        at = end
    if len(leaves) != width or data is None or at > len(data):
        raise Unavailable(
            f"The log's file {path} is missing or cut short.",
            "It holds the data of the leaves.",
            "Restore the log folder from a backup; nothing new is sealed until it is whole.",
        )
    return leaves
