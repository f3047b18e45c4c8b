"""An archive: the books, files and log of a home at one moment, as a folder that says of itself whether it is whole.

    archive.json    what it is, which checkpoint it is at, and the digest of SHA256SUMS; written last
    SHA256SUMS      the digest of every other file, as sha256sum reads it
    README.md       the guide for whoever reads it without Tickmark
    books/          one file a table, one line of JSON a row (rows.py)
    files/          the kept files by digest
    log/            checkpoint, verifier key and tiles of the log
    home/           what else the home holds that is no secret: plugins, a demo's clock

It is written under another name beside its target and renamed when it is whole and synced. Secrets are not in it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tickmark.kernel.errors import Conflict, Invalid, NotFound

FORMAT = "tickmark-archive/1"
ABOUT, SUMS = "archive.json", "SHA256SUMS"
PIECE = 1 << 20
_SUM = re.compile(r"([0-9a-f]{64})  (\S.*)")


class Draft:
    """An archive that is being written. Leaving it without `finish` leaves nothing."""

    def __init__(self, target: Path) -> None:
        if target.exists():
            raise Conflict(f"{target} exists.", "An archive never replaces anything.", "Give a new name.")
        self.target = target.absolute()
        self.room = self.target.with_name(f"{target.name}.partial-{secrets.token_hex(4)}")
        self.sums: list[str] = []

    def __enter__(self) -> Draft:
        self.room.mkdir(parents=True, mode=0o700)
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.room, ignore_errors=True)

    def put(self, path: str, pieces: Iterable[bytes]) -> str:
        """Write one file; gives its SHA-256."""
        target, hasher = self.room / path, hashlib.sha256()
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as stream:
            for piece in pieces:
                hasher.update(piece)
                stream.write(piece)
        self.sums.append(f"{hasher.hexdigest()}  {path}\n")
        return hasher.hexdigest()

    def drop(self, path: str) -> None:
        """Take back the file that was put last."""
        (self.room / path).unlink()
        self.sums.pop()

    def finish(self, about: dict[str, Any]) -> Archive:
        """Sync everything, say what it is, and give it its name."""
        sums = "".join(sorted(self.sums, key=lambda one: one[66:])).encode()
        (self.room / SUMS).write_bytes(sums)
        whole = {"format": FORMAT, **about, "sums": hashlib.sha256(sums).hexdigest()}
        (self.room / ABOUT).write_text(json.dumps(whole, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        os.sync()  # at once, not file by file: the files' own sync below then finds nothing left, and tells errors
        for path in (*self.room.rglob("*"), self.room):
            sync(path)
        self.room.rename(self.target)
        sync(self.target.parent)
        return Archive.open(self.target)


def sync(path: Path) -> None:
    """Wait until a file or folder is on stable storage. Raises OSError where it never got there."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@dataclass(frozen=True)
class Archive:
    """An archive on disk; `about` is what its archive.json says."""

    path: Path
    about: dict[str, Any]

    @classmethod
    def open(cls, path: Path) -> Archive:
        """Raises NotFound or Invalid if there is no archive, or one that this version cannot read."""
        try:
            about = json.loads((path / ABOUT).read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            why = f"It has no {ABOUT}: that is written last, so a backup without one never ended."
            raise NotFound(f"{path} is no archive.", why, "Take one that did.") from None
        except ValueError as error:
            raise Invalid(f"{path / ABOUT} cannot be read.", f"{error}.", "Take another archive.") from None
        if about.get("format") != FORMAT:
            why = f"Its format is {about.get('format')}; this version reads {FORMAT}."
            raise Invalid(f"{path} cannot be read.", why, "Use the version of Tickmark that wrote it.")
        return cls(path, about)

    def sums(self) -> Iterator[tuple[str, str]]:
        """Path and digest of every file that belongs to it."""
        for text in (self.path / SUMS).read_text(encoding="utf-8").splitlines():
            found = _SUM.fullmatch(text)
            if found is None or any(part in ("", ".", "..") for part in found[2].split("/")):
                raise Invalid(
                    f"{self.path / SUMS} cannot be read.", f"It says {text!r}.", "Take another archive."
                )
            yield found[2], found[1]

    def rows(self, label: str) -> Iterator[bytes]:
        """The lines of a table; none where the archive is older than the table."""
        path = self.path / "books" / f"{label}.ndjson"
        if path.exists():
            with path.open("rb") as stream:
                yield from stream

    def kept(self) -> Iterator[tuple[str, Path]]:
        """Digest and place of every kept file in it."""
        for path, digest in self.sums():
            if path.startswith("files/"):
                yield digest, self.path / path

    def read(self, path: str) -> bytes | None:
        """A file of its log, for `tiles.Tiles`."""
        try:
            return (self.path / "log" / path).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, path: str, data: bytes) -> None:
        """Never: an archive is not changed."""
        raise NotImplementedError(f"{path} of an archive")


def pieces(path: Path) -> Iterator[bytes]:
    """A file's content, piece by piece."""
    with path.open("rb") as stream:
        while piece := stream.read(PIECE):
            yield piece
