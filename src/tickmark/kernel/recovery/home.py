"""What else a home holds than books, files, log and secrets: plugins, and the clock of a demo home."""

from __future__ import annotations

import shutil
from pathlib import Path

from tickmark.kernel.errors import Conflict
from tickmark.kernel.recovery.archive import Archive

CARRIED = ("demo.json", "plugins")
"""What an archive carries of it."""


def place(archive: Archive, home: Path) -> None:
    """Put it in its place. Raises Conflict if the home has books: a real home never gets a demo's clock.

    This needs no settings; those depend on whether the clock is there.
    """
    if (home / "books.sqlite3").exists() and not (home / "demo.json").exists() and archive.about["demo"]:
        raise Conflict(f"{home} holds real books.", "The archive is of a demo home.", "Give an empty home.")
    for path, _ in archive.sums():
        if path.startswith("home/"):
            target = home / path.removeprefix("home/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(archive.path / path, target)
