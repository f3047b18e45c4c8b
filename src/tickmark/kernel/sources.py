"""What a collector is, and the source it reads: the connection notes each exchange by itself."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tickmark.kernel.errors import Invalid, Unavailable
from tickmark.kernel.recipes import Recipe
from tickmark.kernel.tables import Problem, file_digest

Row = Mapping[str, Any]
CHUNK = 1 << 20


@dataclass(frozen=True)
class Collector:
    """A function that yields rows of a shape from a source, and how often it is due.

    `every` is day, week, month, quarter, year or empty (by hand); `scopes` are the least rights that it
    needs; `says` is its first line of documentation.
    """

    name: str
    shape: str
    every: str
    scopes: tuple[str, ...]
    says: str
    rows: Callable[[Source], Iterable[Row]]
    version: str = "1"


def collector(
    name: str, *, shape: str, every: str = "", scopes: Sequence[str] = (), version: str = "1"
) -> Callable[[Callable[[Source], Iterable[Row]]], Collector]:
    """Make a function that yields rows into a collector."""

    def make(rows: Callable[[Source], Iterable[Row]]) -> Collector:
        says = (rows.__doc__ or "").strip().partition("\n")[0]
        return Collector(name, shape, every, tuple(scopes), says, rows, version)

    return make


@dataclass(frozen=True)
class Exchange:
    """One question to the source: what was asked, when, and the size and digest of the answer."""

    asked: str
    at: datetime
    size: int
    digest: str
    rows: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """The exchange in JSON terms."""
        return {**vars(self), "at": self.at.isoformat()}


@dataclass(frozen=True)
class Reconciliation:
    """One count compared: what with, what the source says, what the list has."""

    against: str
    at_source: int
    in_list: int

    @property
    def agrees(self) -> bool:
        """Whether both counts are the same."""
        return self.at_source == self.in_list

    def as_dict(self) -> dict[str, Any]:
        """The comparison in JSON terms."""
        return {**vars(self), "agrees": self.agrees}


@dataclass(frozen=True)
class RawFile:
    """A file as it was received, kept before anything was changed in it."""

    path: Path
    name: str
    size: int
    digest: str

    def as_dict(self) -> dict[str, Any]:
        """The file in JSON terms, without its place on disk."""
        return {"name": self.name, "size": self.size, "digest": self.digest}


@dataclass
class Source:
    """What a collector talks to. All that it asks, keeps or doubts is noted for the record of the run.

    `settings` are the connection's; `books` gives rows of this program's own records by name; `clock`
    gives the time of each exchange; `raw` is the folder of the files as they were received.
    """

    settings: Mapping[str, Any]
    raw: Path
    clock: Callable[[], datetime]
    books: Mapping[str, Iterable[Row]] = field(default_factory=dict)
    tell: Callable[[str], None] = lambda _: None
    recipe: Recipe | None = None
    previous_rows: int | None = None
    previous_parameters: Mapping[str, str] | None = None
    system: str = ""
    query: str = ""
    says: str = ""
    zone_data: str = ""
    zone_filter: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    limits: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)
    exchanges: list[Exchange] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    declared: list[tuple[str, int, int | None]] = field(default_factory=list)
    files: list[RawFile] = field(default_factory=list)

    def setting(self, name: str) -> str:
        """A setting that must be there. Raises Invalid that names it."""
        value = self.settings.get(name)
        if not value:
            raise Invalid(f"The setting {name} is missing.", "The collector cannot start.", "Give it.", name)
        return str(value)

    def note(
        self, code: str, sentence: str, *, column: str = "", count: int = 1, rows: Sequence[int] = ()
    ) -> None:
        """Note a problem: the run ends incomplete."""
        self.problems.append(Problem(code, sentence, column, count, tuple(rows)))

    def hide(self, column: str, why: str) -> None:
        """Note that a column could not be seen: it is unknown in every row and the run is incomplete."""
        self.unknown[column] = why
        self.note("column_unknown", f"{column} is unknown: {why}", column=column)

    def count(self, against: str, at_source: int, in_list: int | None = None) -> None:
        """Compare a count of the source with `in_list`, or with the rows yielded when it is left away."""
        self.declared.append((against, at_source, in_list))

    def keep(self, name: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Pass the chunks through, keeping them as a raw file of that name in passing."""
        target = self.raw / f"{len(self.files):04d}-{safe_name(name)}"
        with target.open("xb") as stream:
            for chunk in chunks:
                stream.write(chunk)
                yield chunk
            stream.flush()
            os.fsync(stream.fileno())
        self.files.append(RawFile(target, name, target.stat().st_size, file_digest(target)))

    def file(self, path: Path, name: str = "") -> RawFile:
        """Take a copy of a file before reading it. Raises Invalid if there is none."""
        try:
            with path.open("rb") as stream:
                for _ in self.keep(name or path.name, iter(lambda: stream.read(CHUNK), b"")):
                    pass
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise Invalid(
                f"{path.name!r} cannot be read.", f"{why}.", "Check the place and the rights."
            ) from error
        self._exchanged(f"read {name or path.name}", self.files[-1])
        return self.files[-1]

    def answer(self, name: str, content: bytes) -> RawFile:
        """Keep the bytes of an answer that were already received."""
        for _ in self.keep(name, [content]):
            pass
        self._exchanged(f"read {name}", self.files[-1])
        return self.files[-1]

    def command(self, words: Sequence[str], env: Mapping[str, str], keep: str = "") -> Iterator[bytes]:
        """Run a command without a shell and yield its answer in chunks.

        `env` is its whole environment. `keep` names the raw file to keep the answer as. Raises Unavailable
        when the command is missing, CommandFailed when it ends with an error.
        """
        chunks = self._noted(words, _run(words, env))
        return self.keep(keep, chunks) if keep else chunks

    def _noted(self, words: Sequence[str], chunks: Iterable[bytes]) -> Iterator[bytes]:
        at, digest, size = self.clock(), hashlib.sha256(), 0
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            yield chunk
        self.exchanges.append(Exchange(" ".join(words), at, size, digest.hexdigest()))

    def _exchanged(self, asked: str, file: RawFile) -> None:
        self.exchanges.append(Exchange(asked, self.clock(), file.size, file.digest))


class CommandFailed(Exception):
    """A command ended with an error; `words` is what it said."""

    def __init__(self, code: int, words: str) -> None:
        self.code, self.words = code, words
        super().__init__(words)


def _run(words: Sequence[str], env: Mapping[str, str]) -> Iterator[bytes]:
    # Complaints go to a file: a pipe that nobody reads would block the command when it is full.
    with tempfile.TemporaryFile() as complaints:
        try:
            process = subprocess.Popen(
                words, env=dict(env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints
            )
        except FileNotFoundError as error:
            why = "The collector runs it."
            raise Unavailable(f"{words[0]} is not installed.", why, f"Install {words[0]}.") from error
        try:
            assert process.stdout is not None  # it is a pipe
            yield from iter(lambda: process.stdout.read(CHUNK), b"")  # type: ignore[union-attr]
            if process.wait():
                complaints.seek(0)
                raise CommandFailed(
                    process.returncode, complaints.read(CHUNK).decode("utf-8", "replace").strip()
                )
        finally:
            process.kill()
            process.communicate()


def safe_name(name: str) -> str:
    """A hostile name as one plain part of a path, at most 80 letters."""
    plain = "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in name)
    return plain.lstrip(".")[-80:] or "file"
