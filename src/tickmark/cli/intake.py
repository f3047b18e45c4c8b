"""`tickmark evidence file-many FOLDER`: the files of a folder as one intake, or as few as the server takes at once."""

from __future__ import annotations

import csv
import io
import json as notation
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tickmark.cli import calling
from tickmark.kernel.errors import Invalid

AT_ONCE = 900
"""Files of one call; the server takes 1,000 with the manifest."""
PATH = "/evidence/file_many"
MANIFESTS = ("manifest.csv", "manifest.jsonl", "manifest.ndjson")


def file_many(
    folder: Path,
    *,
    manifest: Path | None = None,
    kind: str = "",
    source: str = "",
    control: str = "",
    leave_out: bool = False,
    dry_run: bool = False,
    json: bool = False,
) -> None:
    """File every document of a folder: `tickmark evidence file-many ./june --source Wiki --kind DOC`.

    Parameters
    ----------
    folder
        Its files are filed; folders within it and names that begin with a dot are not.
    manifest
        A line for each file, as CSV or JSON lines; manifest.csv or manifest.jsonl of the folder if it is there.
    kind
        What the files are, where the manifest does not say: DOC, CFG, POP, SMP, REC, OBS, NAR.
    source
        Where they come from, where the manifest does not say.
    control
        What they are for, where the manifest does not say.
    leave_out
        File the others if some cannot be filed; otherwise all are filed or none.
    dry_run
        Say what would happen to each file, and file nothing.
    json
        One line of JSON for each file of a dry run, else one for each intake.
    """
    found, told = _files(folder, manifest), _manifest(folder, manifest)
    given = {"kind": kind, "source": source, "control": control, "leave_out": "true" if leave_out else ""}
    words = {name: value for name, value in given.items() if value}
    _whole(found, leave_out or dry_run)
    server = calling.Server()
    parts = [found[start : start + AT_ONCE] for start in range(0, len(found), AT_ONCE)]
    for part in parts:
        answer = _sent(server, part, told, words, dry_run)
        (_say_planned if dry_run else _say_done)(answer, json)


def _files(folder: Path, manifest: Path | None) -> list[Path]:
    if not folder.is_dir():
        raise Invalid(f"{folder} is no folder.", "", "Name the folder that holds the files.")
    left = {folder / name for name in MANIFESTS} | ({manifest} if manifest else set())
    left_out = {path.resolve() for path in left}
    every = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]
    folders = [path.name for path in every if path.is_dir()]
    if folders:
        print(f"Folders within it are not looked into: {', '.join(folders[:5])}", file=sys.stderr)
    found = [path for path in every if path.is_file() and path.resolve() not in left_out]
    if not found:
        raise Invalid(f"{folder} holds no file.", "", "Name the folder that holds the files.")
    return found


def _manifest(folder: Path, manifest: Path | None) -> Path | None:
    if manifest is not None and not manifest.is_file():
        raise Invalid(f"There is no file {manifest}.", "", "Name the manifest.")
    return manifest or next((folder / name for name in MANIFESTS if (folder / name).is_file()), None)


def _whole(found: Sequence[Path], loose: bool) -> None:
    """More files than one call takes become several intakes: only where part of them may be filed without the rest."""
    if len(found) > AT_ONCE and not loose:
        raise Invalid(
            f"{len(found):,} files are too many to be filed all or none.",
            f"One call takes {AT_ONCE}.",
            "Add --leave-out: they become several intakes, each under its own entry.",
        )


def _sent(
    server: calling.Server, part: Sequence[Path], manifest: Path | None, words: dict[str, str], dry_run: bool
) -> Any:
    with ExitStack() as stack:
        streams: list[Any] = [("files", (path.name, stack.enter_context(path.open("rb")))) for path in part]
        if manifest is not None:
            streams.append(("manifest", (manifest.name, io.BytesIO(_lines_for(manifest, part)))))
        return server.post(f"{PATH}/preview" if dry_run else PATH, words, streams)


def _lines_for(manifest: Path, part: Sequence[Path]) -> bytes:
    """The manifest without the lines of files that go with another call; a line whose file is missing stays."""
    content = manifest.read_bytes()
    others = {path.name for path in manifest.parent.iterdir()} - {path.name for path in part}
    text = content.decode("utf-8-sig", errors="replace")
    if text.lstrip().startswith("{"):
        return "".join(line for line in text.splitlines(True) if _name(line) not in others).encode()
    rows = csv.reader(io.StringIO(text, newline=""))
    return _kept(rows, others) if others else content


def _name(line: str) -> str:
    try:
        found = notation.loads(line)
    except ValueError:
        return ""  # the server says what is wrong with it
    return str(found.get("name", "")) if isinstance(found, dict) else ""


def _kept(rows: Iterator[list[str]], others: set[str]) -> bytes:
    header = next(rows, [])
    place = header.index("name") if "name" in header else -1
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(row for row in rows if place < 0 or len(row) <= place or row[place] not in others)
    return out.getvalue().encode()


def _say_planned(answer: Any, json: bool) -> None:
    for one in answer["items"]:
        if json:
            print(notation.dumps(one, ensure_ascii=False))
            continue
        refused = one["refused"]
        words = " ".join((refused["what"], refused["why"], refused["remedy"])) if refused else ""
        print("\t".join((one["name"], "refused" if refused else "filed", words)).rstrip("\t"))


def _say_done(answer: Any, json: bool) -> None:
    if json:
        print(notation.dumps(answer, ensure_ascii=False))
        return
    fact = answer["fact"]
    print(f"{answer['ref']}\t{fact['filed']} filed\t{len(fact['left_out'])} left out")
    for one in fact["left_out"]:
        print(f"{one['name']}: {one['what']} {one['why']}", file=sys.stderr)
