"""The programme as files in git: `tickmark export programme FOLDER` writes it, `tickmark apply FOLDER` records it."""

from __future__ import annotations

import json as notation
import os
import re
import sys
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

from tickmark.cli import calling, wording
from tickmark.kernel.errors import Invalid, TickmarkError

KINDS = {".md", ".toml"}
LARGEST = 4_000_000
"""Bytes of a whole programme as files; the server takes no more in one call."""
OURS = re.compile(
    r"(controls|policies)/[A-Z][A-Z0-9]{0,9}-[A-Z0-9.-]{0,7}[0-9]\.md|vendors\.toml"
    r"|systems/[A-Za-z0-9_-]+/(system\.md|(commitments|components|complements|set-aside)\.toml)"
)
"""How an export names its files: a folder may hold others beside these, and they are nobody's but yours."""
LISTED = 40
ROOM, BEFORE = 76, 30
"""Letters of a value that are shown, and how many of them may stand before the first that differs."""
SIGNS = {"new": "+", "changed": "~", "withdrawn": "-", "only in the books": " ", "only the day differs": "="}


def export(target: Path, *, day: date | None = None, replace: bool = False) -> None:
    """Write scope, controls and policies as readable files, one thing a place.

    Parameters
    ----------
    target
        The folder. Files of the same name are written anew; all others are left alone.
    day
        As it stood on this day; today if left out.
    replace
        Take away the files of controls, policies and scope that are not in the programme any more.
    """
    try:
        found = calling.Server().get("/programme", {"day": day.isoformat()} if day else {})
        _write(target, found["files"])
        gone = _gone(target, found["files"])
    except TickmarkError as error:
        _end(error)
    for path in gone if replace else ():
        path.unlink()
    print(f"{target}: {len(found['files'])} files, as of {found['day']}.")
    if gone and not replace:
        names = ", ".join(path.relative_to(target).as_posix() for path in gone[:5])
        print(
            f"Not in the programme any more: {names} ({len(gone)}). Take them away: --replace",
            file=sys.stderr,
        )


def _write(target: Path, texts: dict[str, str]) -> None:
    """Each file is written beside its place and moved there, so that none is half written."""
    for name, text in texts.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.new")
        draft.write_text(text, encoding="utf-8", newline="\n")
        draft.replace(path)


def _gone(target: Path, texts: dict[str, str]) -> list[Path]:
    """The files in the folder that are named as an export names them and are not in this one."""
    every = {path.relative_to(target).as_posix(): path for path in _files(target)}
    return [path for name, path in every.items() if name not in texts and OURS.fullmatch(name)]


def _files(folder: Path) -> list[Path]:
    """The files of a programme in a folder: names that begin with a dot, and those of other tools, are not."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(place) / name for name in sorted(names) if not name.startswith(".")]
    return [path for path in found if path.suffix in KINDS]


def apply(
    folder: Path,
    *,
    withdraw: bool = False,
    effective_from: date | None = None,
    reason: str = "",
    yes: bool = False,
    dry_run: bool = False,
    json: bool = False,
) -> None:
    """Record what differs between the files of a folder and the books: shown first, then all of it or nothing.

    Parameters
    ----------
    folder
        What `tickmark export programme` wrote, changed as you like.
    withdraw
        Take out of force what stands in the books and not in the folder; otherwise it stays.
    effective_from
        The day from which changes hold; today if left out. New things hold from the day in their file.
    reason
        Why; it stands beside each changed control.
    yes
        Record it without asking.
    dry_run
        Show what would change and end; 2 if something would.
    json
        Print the changes as JSON.
    """
    texts = _read(folder)
    given: dict[str, Any] = {"whole": True, "withdraw": withdraw, "reason": reason}
    given |= {"effective_from": effective_from.isoformat()} if effective_from else {}
    server = calling.Server()
    found = server.post("/scope/apply/preview", {"files": texts, **given})
    writes = [one for one in found["changes"] if one["writes"]]
    refused = [one for one in writes if one["refused"]]
    if json:
        print(notation.dumps(found["changes"], ensure_ascii=False))
    else:
        _show(found["changes"])
    if refused:
        raise Invalid(
            f"{len(refused)} of {len(writes)} changes cannot be recorded, so none is.",
            refused[0]["refused"]["what"],
            refused[0]["refused"]["remedy"],
        )
    if not writes:
        moved = any(one["what"] == "only the day differs" for one in found["changes"])
        more = " What stands is never dated anew: change what it says from the later day on." if moved else ""
        print(f"Nothing would change: the books say the same.{more}", file=sys.stderr)
        return
    if dry_run:
        sys.exit(2)
    if not (yes or _agreed(len(writes))):
        print("Nothing was recorded.", file=sys.stderr)
        sys.exit(1)
    done = server.post(
        "/scope/apply",
        {
            **given,
            "items": found["items"],
            "seen": found["seen"],
            "source": f"folder {folder.resolve().name}",
        },
    )
    print(done["ref"])


def _read(folder: Path) -> dict[str, str]:
    if not folder.is_dir():
        raise Invalid(f"{folder} is no folder.", "", "Name one that `tickmark export programme` wrote.")
    found = {path.relative_to(folder).as_posix(): _text(path) for path in _files(folder)}
    if not set(found) - {"README.md"}:
        raise Invalid(f"{folder} holds no programme.", "", "Write one: tickmark export programme FOLDER")
    size = sum(len(text.encode()) for text in found.values())
    if size > LARGEST:
        raise Invalid(f"{folder} holds {size} bytes.", f"At once it takes {LARGEST}.", "Apply a part of it.")
    return found


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"{path} cannot be read.", f"{error}.", "Save it as UTF-8.") from None


def _agreed(number: int) -> bool:
    if not sys.stdin.isatty():
        raise Invalid("Nobody is there to agree.", "Standard input is no terminal.", "Say it with --yes.")
    return input(f"Record {number} change{'' if number == 1 else 's'}? [y/N] ").strip().lower() in (
        "y",
        "yes",
    )


def _show(changes: list[dict[str, Any]]) -> None:
    for one in changes[:LISTED]:
        print(f"{SIGNS[one['what']]} {one['kind']} {one['code']}: {one['what']} {wording.cell(one['title'])}")
        for field in one["fields"] if one["what"] != "new" else ():
            _compare(field["name"], field["before"], field["after"])
        if one["refused"]:
            print(f"    cannot be recorded: {one['refused']['what']} {one['refused']['why']}")
    if len(changes) > LISTED:
        print(f"  and {len(changes) - LISTED} more (--json shows all)")
    counts = Counter(one["what"] for one in changes)
    print(", ".join(f"{number} {what}" for what, number in counts.items()) or "no difference")


def _compare(name: str, before: Any, after: Any) -> None:
    """Print both values of a field: on one line, or beneath each other where they are long."""
    one, other = sides(before, after)
    if max(len(one), len(other)) <= ROOM // 2:
        print(f"    {name}: {one} -> {other}")
        return
    print(f"    {name}: {one}")
    print(f"    {'->':>{len(name) + 1}} {other}")


def sides(before: Any, after: Any) -> tuple[str, str]:
    """Both values on a line each, long ones cut around the first place where they differ; never the same for two."""
    one, other = wording.cell(before), wording.cell(after)
    if one == other:  # nothing and an empty text, or texts that differ in their blanks alone
        one, other = notation.dumps(before), notation.dumps(after)
    pairs = enumerate(zip(one, other, strict=False))
    same = next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
    start = 0 if max(len(one), len(other)) <= ROOM else _near(one, same)
    return _cut(one, start), _cut(other, start)


def _near(text: str, at: int) -> int:
    """Where to begin so that a few words stand before a place: at the beginning of one, if there is one near."""
    begins = max(0, at - BEFORE)
    blank = text.find(" ", begins, at)
    return 0 if begins == 0 else begins if blank < 0 else blank + 1


def _cut(text: str, start: int) -> str:
    text = f"{'...' if start else ''}{text[start:]}"
    return text if len(text) <= ROOM else f"{text[: ROOM - 3]}..."


def _end(error: TickmarkError) -> None:
    print("\n".join(part for part in (error.what, error.why, error.remedy) if part), file=sys.stderr)
    sys.exit(1)
