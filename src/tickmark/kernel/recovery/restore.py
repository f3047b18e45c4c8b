"""Reading an archive into an empty home, on either engine and into any store.

The archive is examined before. Files and log come first, the rows last and in one transaction, which also holds the
entry that begins the new epoch (or ends the move): a home has either no books or whole ones that say where they come
from. What was loaded is dumped again before the commit and must give the same bytes.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps as installed
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from tickmark.kernel import clock, files
from tickmark.kernel.errors import Conflict, Invalid, Refused
from tickmark.kernel.ledger import epoch, note, seal
from tickmark.kernel.ledger.entry import Entry
from tickmark.kernel.recovery import rows
from tickmark.kernel.recovery.archive import Archive
from tickmark.kernel.recovery.examine import examine
from tickmark.kernel.recovery.findings import holds
from tickmark.kernel.recovery.home import place
from tickmark.kernel.recovery.known import last_known
from tickmark.kernel.secrets import keep_bytes

KEY = "log-key"


@dataclass(frozen=True)
class Restored:
    """What a restore came to: the log's origin, its size and root as restored, and whether it is a new epoch."""

    origin: str
    size: int
    root: str
    rows: int
    files: int
    new_epoch: bool


def restore(
    archive: Archive,
    *,
    secrets: Path | None = None,
    new_key: bool = False,
    last: bytes = b"",
    reason: str = "",
) -> Restored:
    """Read the archive into this home, which must hold no books.

    `secrets` is the folder of the home that was lost; with `new_key` the log goes on under a new key, and says so.
    `last` is the last checkpoint that anybody knows of the lost log. An archive that closed its home (a move) goes on
    in the same epoch, unless somebody has a later checkpoint; any other begins a new one.
    Raises Conflict, Refused or Invalid; then the home holds no books.
    """
    _refuse_unfit(archive)
    state = _refuse_foreign(archive)
    _refuse_books()
    _secrets(archive, secrets, new_key)
    known = _known(archive, last)
    goes_on = archive.about["moved"] and not new_key and known == archive.read("checkpoint")
    entry = _arrival(archive) if goes_on else _beginning(archive, known, reason or "restored from a backup")
    count = _files(archive)
    _log(archive)
    place(archive, Path(settings.HOME))
    _migrate(archive)
    total = _load(archive, state, entry)
    call_command("migrate", verbosity=0, interactive=False)
    seal.seal()
    point = archive.about["checkpoint"]
    return Restored(seal.origin(), point["size"], point["root"], total, count, not goes_on)


def _refuse_unfit(archive: Archive) -> None:
    found = [finding for finding in examine(archive) if finding.problem]
    if not holds(found):
        raise Conflict(
            "The archive does not hold, and nothing was restored.",
            " ".join(f"{finding.what} {finding.why}" for finding in found[:3]),
            "Take another one.",
        )


def _refuse_foreign(archive: Archive) -> Any:
    """The program's models as they were when the archive was made. Raises Refused if it is from a later version."""
    loader = MigrationExecutor(connection).loader
    nodes = _nodes(archive)
    unknown = sorted(f"{app}.{name}" for app, name in nodes if (app, name) not in loader.graph.nodes)
    if unknown:
        raise Refused(
            "The archive is of a newer version of Tickmark.",
            f"It was made by {archive.about['version']}, whose {unknown[0]} this one does not know.",
            "Install that version or a later one, then restore.",
        )
    return loader.project_state(nodes).apps


def _nodes(archive: Archive) -> list[tuple[str, str]]:
    return [(app, name) for app, names in archive.about["migrations"].items() for name in names]


def _refuse_books() -> None:
    """Raise Conflict unless there is no table, or none with a row."""
    present = set(connection.introspection.table_names())
    for model in rows.carried(installed):
        if model._meta.db_table in present and _any(model._meta.db_table):
            raise Conflict(
                "There are books in this home already.",
                f"The table {model._meta.db_table} has rows. Nothing is restored over books.",
                "Give an empty home (TICKMARK_HOME) and an empty database (TICKMARK_DATABASE).",
            )


def _any(table: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM {connection.ops.quote_name(table)} LIMIT 1")
        return cursor.fetchone() is not None


def _secrets(archive: Archive, source: Path | None, new_key: bool) -> None:
    """Put the secrets in place; the log's key must be the one that signed the archive's log, or wanted anew."""
    target = Path(settings.HOME) / "secrets"
    found = _key(source, target)
    if new_key and found:
        raise Conflict("There is a key.", "With it the log goes on under its own.", "Leave --new-key out.")
    if found:
        _refuse_other_key(archive, found)
    elif not new_key and archive.about["checkpoint"]["size"]:
        raise Refused(
            "The log's key is missing.",
            "An archive carries no secrets; without the key the log cannot go on under its name.",
            "Give the folder of secrets that was kept apart: --secrets FOLDER. If it is lost: --new-key",
        )
    if source is not None:
        _copy_secrets(source, target)
    name = epoch.base(archive.about["origin"])
    if keep_bytes("origin", Path(settings.HOME), name.encode()).decode() != name:
        raise Conflict(
            "This home has another log's name.", f"{target / 'origin'} differs.", "Give an empty home."
        )


def _key(source: Path | None, target: Path) -> bytes | None:
    """The log's key in the folder that is given, or in the home; both must be the same."""
    if source is not None and not (source / KEY).is_file():
        why = f"It has no {KEY}."
        raise Invalid(f"{source} holds no secrets of Tickmark.", why, "Give the folder secrets.")
    found = {(folder / KEY).read_bytes() for folder in (source, target) if folder and (folder / KEY).exists()}
    if len(found) > 1:
        raise Conflict("This home has another log's key.", f"{target / KEY} differs.", "Give an empty home.")
    return found.pop() if found else None


def _copy_secrets(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path in sorted(source.iterdir()):
        shutil.copyfile(path, target / path.name)
        (target / path.name).chmod(0o600)


def _refuse_other_key(archive: Archive, secret: bytes) -> None:
    name = archive.about["origin"]
    if str(note.Signer(name, secret).verifier) not in archive.about["vkeys"]:
        raise Conflict(
            "The secrets are of another log.",
            f"Their key did not sign the archive's log, {name}.",
            "Give the secrets of the home that the archive was made of.",
        )


def _left(archive: Archive) -> epoch.Left:
    about = archive.about
    return epoch.Left(about["origin"], about["vkeys"][0], **about["checkpoint"])


def _known(archive: Archive, given: bytes) -> bytes:
    """The last checkpoint known; one in a log folder that outlived its books counts."""
    keys = [note.Verifier.parse(text) for text in archive.about["vkeys"]]
    published = seal.store().read("checkpoint") or b""
    return last_known(given, published, _left(archive), keys, archive.read("checkpoint") or b"")


def _files(archive: Archive) -> int:
    count = 0
    for digest, path in archive.kept():
        if files.keep(path, empty=True).sha256 != digest:
            raise Conflict(f"The file {digest[:12]} of the archive was changed.", "", "Take another archive.")
        count += 1
    return count


def _log(archive: Archive) -> None:
    """Tiles first and the checkpoint last, as the sealer writes them. A checkpoint that outlived its books stays."""
    log = seal.store()
    for path in (path.removeprefix("log/") for path, _ in archive.sums() if path.startswith("log/")):
        if path != "checkpoint":
            log.write(path, archive.read(path) or b"")
    if log.read("checkpoint") is None and (own := archive.read("checkpoint")):
        log.write("checkpoint", own)


def _migrate(archive: Archive) -> None:
    """Bring the empty tables to the state that the archive's rows have."""
    executor = MigrationExecutor(connection)
    ahead = executor.loader.applied_migrations.keys() - set(_nodes(archive))
    if ahead:
        raise Conflict(
            "The empty books are ahead of the archive.",
            "They were made by this version, the archive by an older one.",
            "Take the empty database away, so that it is made as the archive needs it.",
        )
    executor.migrate(_newest(executor.loader.graph, _nodes(archive)))


def _newest(graph: Any, nodes: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The last migration of each app among these."""
    inside = set(nodes)
    return [
        node
        for node in nodes
        if not any(child.key in inside and child.key[0] == node[0] for child in graph.node_map[node].children)
    ]


def _load(archive: Archive, state: Any, entry: Entry) -> int:
    digests = {table["table"]: table["sha256"] for table in archive.about["tables"]}
    models = [state.get_model(name) for name in sorted(digests)]
    with transaction.atomic():
        total = sum(rows.load(model, archive.rows(rows.label(model))) for model in models)
        rows.after_load(models)
        for model in models:
            if _digest(rows.lines(model)) != digests[rows.label(model)]:
                raise Conflict(
                    f"The table {rows.label(model)} did not come back as it was.",
                    "What was loaded gives other bytes than the archive.",
                    "Nothing was restored. Please report this as a fault of Tickmark.",
                )
        _insert(state, entry)
    return total


def _digest(lines: Iterable[bytes]) -> str:
    hasher = hashlib.sha256()
    for line in lines:
        hasher.update(line)
    return hasher.hexdigest()


def _arrival(archive: Archive) -> Entry:
    return epoch.moving(epoch.ARRIVED, "import", clock.now(), size=archive.about["checkpoint"]["size"])


def _beginning(archive: Archive, known: bytes, reason: str) -> Entry:
    name = epoch.base(archive.about["origin"])
    return epoch.beginning(
        left=_left(archive), last=known, reason=reason, name=name, job="restore", at=clock.now()
    )


def _insert(state: Any, entry: Entry) -> None:
    """The entry that says where these books come from, in the same transaction as they, with the columns of then."""
    model = state.get_model("kernel", "Entry")
    columns = {field.attname for field in model._meta.concrete_fields} - {"id"}
    model.objects.create(**{name: getattr(entry, name) for name in columns})
