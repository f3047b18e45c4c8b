"""The one place that knows how a bundle is laid out: a zip that proves itself offline.

Two phases, because the manifest's digest is sealed before the proof of it can be made:

1. `contents(...)` lays the files out, `manifest(...)` lists them; the action that seals the bundle (its verb
   is `SEALING_VERB`) puts `digest(manifest)` among the files of its entry.
2. After the seal, `write_bundle(...)` writes the zip with the checkpoint, the tiles of the log and the
   manifest's entry and proof. The same input gives the same bytes.

`verify.py` and `verify.html` stand in the manifest like any other file; whoever doubts them takes their own.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import rfc8785

from tickmark.kernel.errors import Conflict, Invalid
from tickmark.kernel.ledger.proof import Proof
from tickmark.kernel.ledger.tiles import Store, read_tile, tile_path, tile_widths
from tickmark.kernel.ledger.verify import AFTER_SEALING, FORMAT, SEALING_VERB, Refusal, check_name, parse

__all__ = [
    "SEALING_VERB",
    "Disclosed",
    "Source",
    "contents",
    "digest",
    "manifest",
    "write_bundle",
]

Source = bytes | Path | Callable[[], Iterable[bytes]]
"""A file's content: in memory, on disk, or a function that gives its pieces (called more than once)."""

HERE = Path(__file__).parent
FIRST_DAY = (1980, 1, 1, 0, 0, 0)
"""The oldest date a zip knows: the time of writing is in the manifest, not in the container."""


@dataclass(frozen=True)
class Disclosed:
    """An entry with what proves it: its position in the log and its salt (64 hex digits)."""

    position: int
    salt: str
    entry: Mapping[str, Any]

    def line(self) -> bytes:
        """The entry as one line of `entries.ndjson`; canonical, so that every reader sees the same."""
        return (
            rfc8785.dumps({"entry": dict(self.entry), "position": self.position, "salt": self.salt}) + b"\n"
        )


def contents(
    *,
    vkey: str,
    entries: Iterable[Disclosed] = (),
    facts: Mapping[str, bytes] | None = None,
    kept: Iterable[tuple[str, str, Source]] = (),
    samples: Mapping[str, Mapping[str, Any]] | None = None,
    others: Mapping[str, Source] | None = None,
) -> dict[str, Source]:
    """Lay the files of a bundle out by path.

    `facts` are the canonical JSON bytes of rows by reference; `kept` files are (sha256, safe name, content);
    `samples` are sample records by reference; `others` are further files by path, such as `report.pdf`.
    """
    ordered = sorted(entries, key=lambda one: one.position)
    files: dict[str, Source] = {
        "entries.ndjson": b"".join(one.line() for one in ordered),
        "log/vkey": f"{vkey}\n".encode(),
        "verify.html": HERE / "verify.html",
        "verify.py": HERE / "verify.py",
    }
    files |= {f"facts/{ref}.json": row for ref, row in (facts or {}).items()}
    files |= {f"files/{hashed}/{name}": content for hashed, name, content in kept}
    files |= {f"samples/{ref}.json": rfc8785.dumps(dict(record)) for ref, record in (samples or {}).items()}
    for path, content in (others or {}).items():
        if path in files:
            raise Conflict(f"Two files of the bundle would be {path}.", "", "Give one of them another path.")
        files[path] = content
    return files


def manifest(*, origin: str, created: str, subject: str, files: Mapping[str, Source]) -> bytes:
    """The list of the files with digests and sizes, as canonical JSON. `created` is an ISO time."""
    return rfc8785.dumps(
        {
            "format": FORMAT,
            "origin": origin,
            "created": created,
            "subject": subject,
            "files": [_listing(path, files[path]) for path in sorted(files)],
        }
    )


def digest(manifest: bytes) -> str:
    """What the sealing entry holds among its files."""
    return sha256(manifest).hexdigest()


def write_bundle(
    target: Path,
    *,
    manifest: bytes,
    files: Mapping[str, Source],
    entry: Disclosed,
    proof: Proof,
    checkpoint: bytes,
    tiles: Store,
    size: int,
) -> None:
    """Write the zip: `entry` and `proof` are the manifest's own, `tiles` holds the log of `size` leaves.

    The zip appears under its name only when it is whole and synced. Conflict where a file is no longer what
    the manifest lists.
    """
    listed = {row["path"]: row for row in parse(manifest)["files"]}
    if listed.keys() != files.keys():
        raise Conflict("The files are not those of the manifest.", "", "Make and seal the manifest again.")
    beside = target.with_name(target.name + ".new")
    try:
        with beside.open("wb") as out, zipfile.ZipFile(out, "w") as archive:
            for path, content in _after(manifest, entry, proof, checkpoint):
                _put(archive, path, content, len(content))
            for path in sorted(files):
                _put_listed(archive, listed[path], files[path])
            for path, tile in _tiles(tiles, size):
                _put(archive, path, tile, len(tile), zipfile.ZIP_STORED)
        _sync(beside)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def _after(manifest: bytes, entry: Disclosed, proof: Proof, checkpoint: bytes) -> Iterator[tuple[str, bytes]]:
    parts = (manifest, entry.line(), proof.text(), checkpoint)
    yield from zip(AFTER_SEALING, parts, strict=True)


def _tiles(store: Store, size: int) -> Iterator[tuple[str, bytes]]:
    """Every tile of leaf hashes: salted, so they disclose nothing, and enough for any older root."""
    for index, width in tile_widths(size):
        yield "log/" + tile_path(0, index, width), read_tile(store, 0, index, width)


def _put_listed(archive: zipfile.ZipFile, row: dict[str, Any], content: Source) -> None:
    hashed = _put(archive, row["path"], content, row["size"])
    if hashed != row["sha256"]:
        raise Conflict(
            f"{row['path']} changed while the bundle was made.",
            "Its digest is not the one in the sealed manifest.",
            "Find out who changed it; then make the bundle again.",
        )


def _put(
    archive: zipfile.ZipFile,
    path: str,
    content: Source,
    size: int,
    method: int = zipfile.ZIP_DEFLATED,
) -> str:
    """Write one file of a known size; gives its SHA-256."""
    info = zipfile.ZipInfo(path, FIRST_DAY)
    info.compress_type, info.file_size, info.external_attr = method, size, 0o644 << 16
    info.create_system = 3
    hashed = sha256()
    with archive.open(info, "w") as file:
        for piece in _pieces(content):
            hashed.update(piece)
            file.write(piece)
    return hashed.hexdigest()


def _pieces(content: Source) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
    elif isinstance(content, Path):
        with content.open("rb") as file:
            while piece := file.read(1 << 20):
                yield piece
    else:
        yield from content()


def _listing(path: str, content: Source) -> dict[str, Any]:
    try:
        check_name(path)
    except Refusal:
        raise Invalid(
            f"{path!r} cannot be a file of a bundle.",
            "The name could leave the folder it is unpacked to.",
            "Give it a plain relative path.",
        ) from None
    if path in AFTER_SEALING or path.startswith("log/tile/"):
        raise Invalid(f"{path} is written after sealing.", "", "Leave it out of the files.")
    hashed, size = sha256(), 0
    for piece in _pieces(content):
        hashed.update(piece)
        size += len(piece)
    return {"path": path, "sha256": hashed.hexdigest(), "size": size}


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
