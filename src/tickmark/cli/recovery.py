"""Local verbs of whoever operates a home: backup and export, restore and import, doctor, epoch."""

from __future__ import annotations

import functools
import json as notation
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cyclopts import App

from tickmark.cli.programme import export as export_programme
from tickmark.cli.serving import say, set_up
from tickmark.kernel.errors import NotFound

if TYPE_CHECKING:
    from tickmark.kernel.recovery.archive import Archive
    from tickmark.kernel.recovery.findings import Finding


def add_to(app: App) -> None:
    """Add the verbs. Backup and export are one thing, and so are restore and import."""
    app.command(_told(backup), name="backup")
    export = App(name="export", help="Write everything into a folder, or the programme alone as files.")
    export.default(_told(backup))
    export.command(export_programme, name="programme")
    app.command(export)
    app.command(_told(restore), name=["restore", "import"])
    app.command(_told(doctor), name="doctor")
    app.command(_told(epoch), name="epoch")


def _told(function: Callable[..., None]) -> Callable[..., None]:
    """A full disk or a database that is gone ends a verb in words."""

    @functools.wraps(function)
    def command(*args: Any, **kwargs: Any) -> None:
        from django.db import Error

        from tickmark.kernel import faults

        try:
            function(*args, **kwargs)
        except (OSError, Error) as error:
            raise faults.told(error) or error from error

    return command


def backup(target: Path, *, secrets: Path | None = None, move: bool = False, json: bool = False) -> None:
    """Write everything into a folder, while Tickmark runs: backup, export and move are one archive.

    Parameters
    ----------
    target
        The folder to make. It appears under this name when it is whole.
    secrets
        Copy the secrets to this folder, to be kept apart. They never change: once is enough.
    move
        Close this home: its books go on where the archive is imported. Stop Tickmark before.
    json
        Print what was made as JSON.
    """
    _open_home()
    from tickmark.kernel.recovery.backup import back_up, keep_secrets
    from tickmark.kernel.recovery.examine import examine

    if secrets is not None:
        keep_secrets(secrets)
    archive = back_up(target, move=move)
    found = list(examine(archive))
    if json:
        print(notation.dumps({**archive.about, "findings": [one.as_dict() for one in found]}))
    else:
        _tell(found)
        print(_made(archive))
        if secrets is None:
            say("The secrets are not in it. If no copy of them is kept apart yet: --secrets FOLDER")
    sys.exit(1 if found else 0)


def _made(archive: Archive) -> str:
    about = archive.about
    rows = sum(table["rows"] for table in about["tables"])
    point = about["checkpoint"]
    return (
        f"{archive.path}: {rows} rows, {about['files']['count']} files, {about['files']['bytes']} bytes, "
        f"read again and whole.\nCheckpoint {point['size']} {point['root']} of {about['origin']}"
    )


def restore(
    archive: Path,
    *,
    secrets: Path | None = None,
    checkpoint: Path | None = None,
    reason: str = "",
    new_key: bool = False,
) -> None:
    """Read an archive into an empty home, on the engines that the settings name.

    Parameters
    ----------
    archive
        The folder that backup or export made.
    secrets
        The folder of secrets that was kept apart.
    checkpoint
        The last checkpoint that anybody has of the lost log; the new epoch cites it.
    reason
        Why, in a few words; it stands in the log for everybody.
    new_key
        The secrets are lost: go on under a new key.
    """
    from tickmark.kernel.recovery.archive import Archive
    from tickmark.kernel.recovery.home import place

    given, home = Archive.open(archive), _home()
    place(given, home)  # before the settings are read: a demo's clock is one
    set_up()
    from tickmark.kernel.recovery.doctor import examine_home
    from tickmark.kernel.recovery.restore import restore as bring_back

    last = checkpoint.read_bytes() if checkpoint else b""
    done = bring_back(given, secrets=secrets, last=last, reason=reason, new_key=new_key)
    print(f"Restored {done.rows} rows and {done.files} files, up to checkpoint {done.size} {done.root}")
    if done.new_epoch:
        print(f"The log goes on in a new epoch: {done.origin}. Tell whoever holds a checkpoint.")
    else:
        print(f"The books arrived: the log goes on as {done.origin}.")
    found = list(examine_home())
    _tell(found)
    sys.exit(1 if any(finding.problem for finding in found) else 0)


def doctor(*, quick: bool = False, json: bool = False) -> None:
    """Examine the home and say what is wrong, why, and what to do. Nothing is changed.

    Parameters
    ----------
    quick
        Leave out what reads every file and every row.
    json
        Print the findings as JSON.
    """
    _open_home()
    from tickmark.kernel.recovery.doctor import examine_home
    from tickmark.kernel.recovery.findings import holds, shortened

    found = list(examine_home(quick=quick))
    if json:
        print(notation.dumps([finding.as_dict() for finding in found], ensure_ascii=False))
    else:
        _tell(shortened(found))
        print("Something is wrong." if not holds(found) else "Nothing is wrong.")
    sys.exit(0 if holds(found) else 1)


def epoch(*, reason: str, checkpoint: Path | None = None) -> None:
    """Begin a new epoch of the log, for books that another tool than `tickmark restore` brought back.

    Parameters
    ----------
    reason
        Why, in a few words; it stands in the log for everybody.
    checkpoint
        The last checkpoint that anybody has of the lost log.
    """
    _open_home()
    from tickmark.kernel.ledger.seal import origin
    from tickmark.kernel.recovery.backup import refuse_pending
    from tickmark.kernel.recovery.known import begin_epoch

    refuse_pending()
    begin_epoch(reason, checkpoint.read_bytes() if checkpoint else b"")
    print(f"The log goes on in a new epoch: {origin()}. Tell whoever holds a checkpoint.")


def examine_archive(path: Path, json: bool) -> None:
    """`tickmark verify` of an archive: whether it is whole and what it says it is."""
    from tickmark.kernel.recovery.archive import Archive
    from tickmark.kernel.recovery.examine import examine

    archive = Archive.open(path)
    found = list(examine(archive))
    if json:
        print(notation.dumps([finding.as_dict() for finding in found], ensure_ascii=False))
    else:
        _tell(found)
        print("The archive DOES NOT HOLD." if any(one.problem for one in found) else _made(archive))
    sys.exit(1 if any(finding.problem for finding in found) else 0)


def _tell(found: Iterable[Finding]) -> None:
    for finding in found:
        mark = "WRONG" if finding.problem else "note "
        print(f"{mark}  {finding.kind:<18} {finding.what} {finding.why} {finding.remedy}")


def _home() -> Path:
    return Path(os.environ.get("TICKMARK_HOME") or Path.home() / ".tickmark").expanduser().absolute()


def _open_home() -> None:
    """Set Django up on a home that is there; none is made by looking."""
    home = _home()
    if not (home / "secrets").is_dir():
        raise NotFound(
            f"There is no home of Tickmark in {home}.",
            "It has no folder secrets.",
            "Set TICKMARK_HOME to the folder of your installation.",
        )
    set_up()
