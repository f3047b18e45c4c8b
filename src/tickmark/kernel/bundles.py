"""The files of an export: one file, a folder or a zip, copied before they are read."""

from __future__ import annotations

import fnmatch
import io
import lzma
import re
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tickmark.kernel.errors import Invalid
from tickmark.kernel.sources import Source

MOST_BYTES = 192 << 20
"""Bytes of an export, unpacked. It is read in memory, where a letter may take four bytes."""
MOST_FILES = 100_000
BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, IndexError)
"""What the zip reader raises for broken bytes, beside its own error; an empty name is an IndexError to it."""
EARLIEST = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Bundle:
    """Names within an export and their bytes. A name is only ever looked up here, never on the disk."""

    main: str
    files: Mapping[str, bytes]

    def pages(self, pattern: str) -> list[str]:
        """The names that fit a pattern, ordered by the number in them."""
        names = [name for name in self.files if fnmatch.fnmatchcase(PurePosixPath(name).name, pattern)]
        return sorted(names, key=lambda name: (page_number(name), name))

    def find(self, name: str) -> bytes | None:
        """The bytes of the file of that name, at the root or in the export's only folder."""
        if name in self.files:
            return self.files[name]
        return self.files.get(f"{self._root}/{name}") if self._root else None

    @property
    def _root(self) -> str:
        roots = {name.partition("/")[0] for name in self.files}
        return roots.pop() if len(roots) == 1 and all("/" in name for name in self.files) else ""


def page_number(name: str) -> int:
    """The last number in a file's name, 0 if there is none."""
    numbers = re.findall(r"\d+", PurePosixPath(name).stem)
    return int(numbers[-1]) if numbers else 0


def open_bundle(source: Source, path: Path) -> Bundle:
    """Take the export at `path`: its bytes are kept as raw files, then read from memory.

    Raises Invalid if there is nothing, if it is empty, or if it is larger than 192 MiB unpacked.
    """
    if path.is_dir():
        return _from_folder(source, path)
    kept = source.file(path)
    if kept.size == 0:
        raise Invalid(f"{path.name!r} is empty.", "It has 0 bytes.", "Export it again.", "path")
    _refuse_size(path.name, kept.size)
    if path.suffix.lower() == ".zip":
        return from_zip(path.name, kept.path.read_bytes())
    files = {path.name: kept.path.read_bytes()}
    for beside in (f"{path.stem}.manifest.json", "manifest.json"):
        if (path.parent / beside).is_file():
            files[beside] = source.file(path.parent / beside).path.read_bytes()
    return Bundle(path.name, files)


def _from_folder(source: Source, folder: Path) -> Bundle:
    """A folder is kept as one zip, whose bytes depend on the names and bytes in it alone."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    _refuse_size(folder.name, sum(path.stat().st_size for path in paths))
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    if not files:
        raise Invalid(
            f"{folder.name!r} is empty.", "There is no file in the folder.", "Export it again.", "path"
        )
    source.answer(f"{folder.name}.zip", packed(files))
    return Bundle(folder.name, files)


def packed(files: Mapping[str, bytes]) -> bytes:
    """A zip of the files, the same bytes for the same files."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, EARLIEST), files[name], zipfile.ZIP_DEFLATED)
    return target.getvalue()


def from_zip(name: str, content: bytes, most: int = MOST_BYTES) -> Bundle:
    """The files in a zip of at most `most` bytes, unpacked. Raises Invalid for one that cannot be trusted."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = [part for part in archive.infolist() if not part.is_dir()]
            _refuse_parts(name, parts)
            _refuse_size(name, sum(part.file_size for part in parts), most)
            _refuse_doubles(name, [part.filename for part in parts])
            files = {part.filename: archive.read(part) for part in parts}
    except (*BROKEN, RuntimeError, NotImplementedError, EOFError, ValueError, OSError) as error:
        raise Invalid(f"{name!r} is no readable zip.", f"{error}.", "Export it again.", "path") from error
    return Bundle(name, files)


def _refuse_parts(name: str, parts: list[zipfile.ZipInfo]) -> None:
    """Names are only ever looked up, so none can lead out of the archive; one that tries is no honest export."""
    if len(parts) > MOST_FILES:
        why = f"It holds {len(parts):,} files; {MOST_FILES:,} are read."
        raise Invalid(f"{name!r} is too large.", why, "Export it in fewer files.", "path")
    for part in parts:
        if fault := _fault(part):
            why = f"{part.filename[:80]!r} in it {fault}."
            raise Invalid(f"{name!r} cannot be trusted.", why, "Pack the export again.", "path")


def _fault(part: zipfile.ZipInfo) -> str:
    original = part.orig_filename
    if "\x00" in original or "\\" in original or not original.isprintable():
        return "has a name that programs read differently"
    if original.startswith("/") or original[1:2] == ":" or ".." in original.split("/"):
        return "leads out of the archive"
    return "is a link" if stat.S_ISLNK(part.external_attr >> 16) else ""


def _refuse_size(name: str, size: int, most: int = MOST_BYTES) -> None:
    if size > most:
        why = f"It holds {size:,} bytes."
        raise Invalid(f"{name!r} is too large.", why, f"Split it below {most >> 20} MiB.", "path")


def _refuse_doubles(name: str, names: list[str]) -> None:
    """Two files of one name, or of names that differ in case alone: which one is meant depends on the reader."""
    twice = sorted(part for part, times in Counter(map(str.casefold, names)).items() if times > 1)
    if twice:
        why = f"{twice[0]!r} is in it twice."
        raise Invalid(f"{name!r} cannot be read.", why, "Export it again.", "path")
