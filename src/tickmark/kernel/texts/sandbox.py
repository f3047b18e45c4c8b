"""The text of kept files, through the child (child.py). A file can end its fork or the child, and nothing else."""

from __future__ import annotations

import json
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tickmark.kernel.errors import Unavailable
from tickmark.kernel.texts.child import LARGEST_ANSWER, READY, WALL_SECONDS

PATIENCE = WALL_SECONDS + 20
SOURCE = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Read:
    """The text of a file, and why some or all of it is missing: empty when nothing is."""

    text: str
    unread: str


class Reader:
    """A child at work. Start it with `reading()`."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        """Start the child and hear that it is ready. Raises Unavailable if it is not: no file is to blame for that."""
        self._child = _start()
        if self._line() != READY:
            self.end()
            raise Unavailable(
                "Files cannot be read.",
                "The process that reads them does not start; its words are in the worker's log.",
                "Install the program's packages again; the files wait.",
            )

    def read(self, path: Path, name: str) -> Read:
        """The text of a file on this machine. It never raises for what the file holds."""
        asked = json.dumps({"path": str(path), "name": name}).encode() + b"\n"
        try:
            self._child.stdin.write(asked)
            self._child.stdin.flush()
            return _heard(self._line())
        except (BrokenPipeError, ValueError, KeyError, TypeError):
            self.end()
            self._begin()
            return Read("", "Its reader ended before it answered.")

    def _line(self) -> bytes:
        if not select.select([self._child.stdout], [], [], PATIENCE)[0]:
            return b""
        found: bytes = self._child.stdout.readline(2 * LARGEST_ANSWER)
        return found

    def end(self) -> None:
        """End the child."""
        self._child.kill()
        self._child.communicate()


@contextmanager
def reading() -> Iterator[Reader]:
    """A reader that is ended when this is left."""
    reader = Reader()
    try:
        yield reader
    finally:
        reader.end()


def _heard(line: bytes) -> Read:
    found = json.loads(line)
    return Read(_storable(str(found["text"])), _storable(str(found["unread"]))[:300])


def _storable(text: str) -> str:
    return text.replace("\x00", " ").encode("utf-8", "ignore").decode()


def _start() -> Any:
    """A child without this process's environment, folder and open files."""
    words = (
        "import sys; sys.path.insert(0, sys.argv[1]); from tickmark.kernel.texts.child import main; main()"
    )
    return subprocess.Popen(
        [sys.executable, "-I", "-c", words, str(SOURCE)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={},
        cwd="/",
        start_new_session=True,
    )
