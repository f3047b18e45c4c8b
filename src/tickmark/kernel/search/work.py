"""The indexer's rounds: rows first, since they are quick; then the text inside of files."""

from __future__ import annotations

from tickmark.kernel import files
from tickmark.kernel.errors import Conflict, NotFound
from tickmark.kernel.search import index
from tickmark.kernel.search.tables import IndexedText
from tickmark.kernel.texts.sandbox import Reader, reading

FILES = 20
"""Files of one round: after each, new rows have their turn."""


def once() -> bool:
    """One round; False when nothing is left to do."""
    return index.catch_up() or read_files()


def whole() -> None:
    """Rounds until nothing is left."""
    while once():
        pass


def read_files() -> bool:
    """Read the text inside of some files that wait for it; False if none does."""
    rows = index.waiting(FILES)
    if not rows:
        return False
    with reading() as reader:
        read = [_read(reader, said) for said in rows]
    index.note_files(read)
    return True


def _read(reader: Reader, said: IndexedText) -> index.FileRead:
    try:
        with files.local(said.sha256) as path:
            found = reader.read(path, said.name)
    except (NotFound, Conflict) as error:
        return index.FileRead(said, "", f"{error.what} {error.why}")
    return index.FileRead(said, found.text, found.unread)
