#!/usr/bin/env python3
"""Raw exports of Larkspur Ledger, Inc. (fictional), as its systems would have given them on a day.

    python make.py TARGET                exports and repository as of the demo day
    python make.py TARGET --day DAY      as of the morning of DAY (06:00 Eastern)
    python make.py TARGET --no-repository
    python make.py --refresh             write again what is kept beside this file

Standard library only; the repository needs `git`. The same day gives the same bytes on every machine.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from maker import (
    accounts,
    acknowledgements,
    answers,
    devices,
    documents,
    forge,
    hris,
    learning,
    repo,
    scanner,
    tracker,
)
from maker.days import DEMO_DAY

HERE = Path(__file__).parent


def exports(target: Path, day: date) -> None:
    """Write what every system exported as of a day, without the repository."""
    for system in (hris, accounts, forge, learning, tracker, scanner, devices):
        system.write(target, day)


def make(target: Path, day: date) -> None:
    """Write all exports and the repository `repo/ledger.git` as of a day."""
    exports(target, day)
    repo.write(target, day)


def kept() -> dict[str, bytes]:
    """Path beside this file and content of everything kept here that the generator makes, exports left out."""
    found = {f"documents/{name}": content for name, content in documents.files().items()}
    found["answers.toml"] = answers.text().encode()
    found["acknowledgements/plan.toml"] = acknowledgements.text().encode()
    return found


def refresh() -> None:
    """Write the kept files and the exports of the demo day again."""
    for name, content in kept().items():
        (HERE / name).parent.mkdir(exist_ok=True)
        (HERE / name).write_bytes(content)
    exports(HERE / "exports", DEMO_DAY)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("target", type=Path, nargs="?")
    parser.add_argument("--day", type=date.fromisoformat, default=DEMO_DAY)
    parser.add_argument("--no-repository", action="store_true")
    parser.add_argument("--refresh", action="store_true")
    asked = parser.parse_args()
    if asked.refresh:
        refresh()
    elif asked.target is None:
        parser.error("name the folder to write to, or --refresh")
    else:
        (exports if asked.no_repository else make)(asked.target, asked.day)


if __name__ == "__main__":
    main()
