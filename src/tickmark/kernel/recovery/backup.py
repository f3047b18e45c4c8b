"""Writing an archive of the running home: books first, then the files they speak of, then the tiles they need.

The order is what makes it consistent without stopping anybody. The books are read in one snapshot. A file is kept
before a row speaks of it, and never changed after; tiles are written before the checkpoint that needs them, and a
later tile holds what an earlier one held. So all that the snapshot needs is there when its turn comes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tickmark import __version__
from tickmark.kernel import clock, files
from tickmark.kernel.errors import Conflict, NotFound
from tickmark.kernel.ledger import epoch, tiles
from tickmark.kernel.ledger.entry import Checkpoint, newest_uid
from tickmark.kernel.ledger.seal import latest, origin, seal, store, verifiers
from tickmark.kernel.ledger.tree import EMPTY_ROOT
from tickmark.kernel.recovery import rows
from tickmark.kernel.recovery.archive import Archive, Draft, pieces, sync
from tickmark.kernel.recovery.citing import noting
from tickmark.kernel.recovery.home import CARRIED

GUIDE = Path(__file__).parent / "reader.md"


@dataclass(frozen=True)
class _Books:
    """What was read in the snapshot."""

    tables: list[dict[str, Any]]
    needed: set[str]
    checkpoint: Checkpoint | None
    newest: Any
    said: dict[str, Any]


def back_up(target: Path, *, move: bool = False) -> Archive:
    """Write an archive of this home at `target`. The home goes on, unless it is a `move`: then its log is closed.

    Raises Conflict if the target exists, if the books await migrations, or if somebody wrote while they were moved.
    """
    refuse_pending()
    with Draft(target) as draft, _closing(move):
        seal()
        books = _books(draft)
        kept, missing = _files(draft, books.needed)
        _log(draft, books.checkpoint)
        _home(draft)
        draft.put("README.md", pieces(GUIDE))
        if move and newest_uid() != books.newest:
            raise Conflict(
                "The books were not moved.",
                "Something was recorded while the archive was written.",
                "Stop Tickmark on every host, then export again.",
            )
        return draft.finish(
            {
                **books.said,
                "tables": books.tables,
                "files": kept,
                "missing": sorted(missing),
                "moved": move,
                "left_out": rows.left_out(apps)
                | {"secrets": "kept apart; without them the log's key is lost"},
            }
        )


@contextmanager
def _closing(move: bool) -> Iterator[None]:
    """The books closed by an entry, where they move; opened again by another if the move comes to nothing."""
    if not move:
        yield
        return
    epoch.moving(epoch.MOVED, "export", clock.now()).save()
    try:
        yield
    except BaseException:
        epoch.moving(epoch.ARRIVED, "export", clock.now(), reason="the move was given up").save()
        raise


def refuse_pending() -> None:
    """Raise Conflict unless the books are at the state of this program."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise Conflict(
            "The books are of an older version, or there are none.",
            "Their migrations have not run.",
            "Use the version of Tickmark that wrote them, or start this one once.",
        )


def _books(draft: Draft) -> _Books:
    needed: set[str] = set()
    tables = []
    with rows.snapshot():
        point, newest = latest(), newest_uid()
        said = _said(point)
        for model in rows.carried(apps):
            name, counted = rows.label(model), _Counted(noting(model, rows.lines(model), needed))
            digest = draft.put(f"books/{name}.ndjson", counted)
            tables.append({"table": name, "rows": counted.count, "sha256": digest})
    return _Books(tables, needed, point, newest, said)


class _Counted:
    """Lines that count themselves."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self.lines, self.count = lines, 0

    def __iter__(self) -> Iterator[bytes]:
        for line in self.lines:
            self.count += 1
            yield line


def _said(point: Checkpoint | None) -> dict[str, Any]:
    return {
        "version": __version__,
        "made_at": clock.now().isoformat(),
        "demo": clock.simulated(),
        "origin": origin(),
        "vkeys": list(map(str, verifiers())),
        "checkpoint": {"size": point.size, "root": point.root}
        if point
        else {"size": 0, "root": EMPTY_ROOT.hex()},
        "migrations": _applied(),
    }


def _applied() -> dict[str, list[str]]:
    """The migrations that the books went through, by app."""
    found: dict[str, list[str]] = {}
    for app, name in sorted(MigrationExecutor(connection).loader.applied_migrations):
        found.setdefault(app, []).append(name)
    return found


def _files(draft: Draft, needed: set[str]) -> tuple[dict[str, int], set[str]]:
    """Copy every file of the store, also one that no row speaks of yet; gives counts, and the needed ones that lack."""
    count = total = 0
    for kept in files.listing():
        path = f"files/{kept.sha256[:2]}/{kept.sha256}"
        try:
            digest = draft.put(path, files.pieces(kept.sha256))
        except NotFound:  # it was taken away between listing and reading: if a row needs it, it is missing
            (draft.room / path).unlink(missing_ok=True)
            continue
        if digest != kept.sha256:
            draft.drop(path)
            continue
        needed.discard(kept.sha256)
        count, total = count + 1, total + kept.size
    return {"count": count, "bytes": total}, needed


def _log(draft: Draft, point: Checkpoint | None) -> None:
    """The log as it was at the snapshot's checkpoint, whatever was sealed since."""
    if point is None:
        return
    seal()  # whoever signed that checkpoint may not have published its tiles yet
    log = store()
    draft.put("log/checkpoint", [point.note.encode()])
    draft.put("log/vkey", [f"{verifiers()[0]}\n".encode()])
    for path, content in tiles.contents(log, point.size):
        draft.put(f"log/{path}", [content])


def _home(draft: Draft) -> None:
    home = Path(settings.HOME)
    for name in CARRIED:
        for path in sorted([home / name, *(home / name).rglob("*")]):
            if path.is_file() and "__pycache__" not in path.parts:
                draft.put(f"home/{path.relative_to(home).as_posix()}", pieces(path))


def keep_secrets(folder: Path) -> None:
    """Copy the secrets to a folder of their own, apart from the archive. They are made once: one copy serves for all.

    Raises Conflict if the folder holds other ones.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path in sorted((Path(settings.HOME) / "secrets").iterdir()):
        target, content = folder / path.name, path.read_bytes()
        if target.exists() and target.read_bytes() != content:
            raise Conflict(f"{target} holds another secret.", "It is never replaced.", "Give another folder.")
        target.touch(mode=0o600)
        target.write_bytes(content)
        sync(target)
