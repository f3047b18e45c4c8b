"""An archive is whole or is not there; what was changed in one is named."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connections, transaction

from tests.deeds import writing
from tests.kernel.recovery import homes
from tickmark.kernel import files
from tickmark.kernel.errors import Conflict, Invalid, NotFound
from tickmark.kernel.ledger.entry import Checkpoint, Entry
from tickmark.kernel.ledger.seal import seal
from tickmark.kernel.recovery import backup
from tickmark.kernel.recovery.archive import Archive
from tickmark.kernel.recovery.backup import back_up, keep_secrets
from tickmark.kernel.recovery.examine import examine


def kinds(archive: Archive) -> list[str]:
    return [finding.kind for finding in examine(archive)]


def rows(archive: Archive, table: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in archive.rows(table)]


# -- what is in it --------------------------------------------------------------------------------------------------


def test_an_archive_holds_every_table_that_is_not_left_out_with_its_reason(made: SimpleNamespace) -> None:
    from django.apps import apps

    about = made.archive.about
    carried = {table["table"] for table in about["tables"]}
    every = {str(model._meta.label_lower) for model in apps.get_models(include_auto_created=True)}
    assert carried | about["left_out"].keys() - {"secrets"} == every
    assert "sessions.session" in about["left_out"] and "kernel.loglock" in about["left_out"]
    empty = {table["table"] for table in about["tables"] if not table["rows"]}
    steps = ("people", "scope", "controls", "evidence", "audit", "report")
    assert [
        name for name in empty if name.startswith(steps)
    ] == []  # the judge of every test here is a rich one


def test_no_secret_is_in_an_archive_and_a_copy_is_kept_apart(made: SimpleNamespace, tmp_path: Path) -> None:
    key = (made.secrets / "log-key").read_bytes()
    found = [path for path in made.archive.path.rglob("*") if path.is_file() and key in path.read_bytes()]
    assert found == []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("django.conf.settings.HOME", made.home)
        keep_secrets(tmp_path / "apart")
        keep_secrets(tmp_path / "apart")
        (tmp_path / "apart" / "log-key").write_bytes(b"another")
        with pytest.raises(Conflict, match="another secret"):
            keep_secrets(tmp_path / "apart")
    assert (tmp_path / "apart").stat().st_mode & 0o077 == 0


def test_the_guide_for_readers_checks_an_archive_without_tickmark(
    made: SimpleNamespace, tmp_path: Path
) -> None:
    guide = (made.archive.path / "README.md").read_text()
    script = re.findall(r"```python\n(.*?)```", guide, re.S)[0]
    sums = re.findall(r"```sh\n(.*?)```", guide, re.S)[0]
    answer = subprocess.run(sums, shell=True, cwd=made.archive.path, capture_output=True, text=True)
    assert (answer.returncode, answer.stdout) == (0, "")

    def run(path: Path) -> str:
        return subprocess.run(
            [sys.executable, "-c", script, str(path)], capture_output=True, text=True
        ).stdout

    assert run(made.archive.path) == "holds\n"
    copy = Path(shutil.copytree(made.archive.path, tmp_path / "copy"))
    entries = copy / "books" / "kernel.entry.ndjson"
    entries.write_text(entries.read_text().replace('"verb":"people.invite"', '"verb":"people.invent"'))
    assert run(copy) == "DIFFERS\n"


# -- what is wrong with one -----------------------------------------------------------------------------------------


def first(folder: Path, pattern: str) -> Path:
    return next(path for path in sorted(folder.glob(pattern)) if path.is_file())


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def relisted(path: Path) -> None:
    """Make the digests fit, as somebody does who knows the format."""
    import hashlib

    lines = []
    for line in (path / "SHA256SUMS").read_text().splitlines():
        name = line[66:]
        lines.append(f"{hashlib.sha256((path / name).read_bytes()).hexdigest()}  {name}\n")
    (path / "SHA256SUMS").write_text("".join(lines))
    about = json.loads((path / "archive.json").read_text())
    about["sums"] = hashlib.sha256("".join(lines).encode()).hexdigest()
    (path / "archive.json").write_text(json.dumps(about))


def rewritten(path: Path) -> None:
    entries = path / "books" / "kernel.entry.ndjson"
    entries.write_text(entries.read_text().replace('"verb":"people.depart"', '"verb":"people.remain"'))
    relisted(path)


def cut(path: Path) -> None:
    for name in ("kernel.entry", "kernel.leaf"):
        table = path / "books" / f"{name}.ndjson"
        table.write_text("".join(table.read_text().splitlines(keepends=True)[:-1]))
    relisted(path)


DAMAGE: dict[str, tuple[Callable[[Path], Any], list[str]]] = {
    "a flipped row": (lambda path: flip(path / "books" / "people.user.ndjson"), ["archive-changed"]),
    "a flipped file": (lambda path: flip(first(path, "files/*/*")), ["archive-changed"]),
    "a file that is gone": (lambda path: first(path, "files/*/*").unlink(), ["archive-missing"]),
    "a file that was added": (lambda path: (path / "more").write_text("x"), ["archive-extra"]),
    "digests that were changed": (lambda path: flip(path / "SHA256SUMS"), ["archive-broken"]),
    "a tile that is gone": (
        lambda path: first(path, "log/tile/0/**/*").unlink(),
        ["archive-missing", "archive-broken"],
    ),
    "an entry rewritten, digests and all": (rewritten, ["archive-entry"]),
    "the newest entry cut off, digests and all": (cut, ["archive-log"]),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_each_damage_is_named(name: str, made: SimpleNamespace, tmp_path: Path) -> None:
    damage, expected = DAMAGE[name]
    copy = Path(shutil.copytree(made.archive.path, tmp_path / "copy"))
    damage(copy)
    found = kinds(Archive.open(copy))
    if name == "digests that were changed":  # which of its letters was hit decides what is read out of it
        assert found and set(found) <= {
            "archive-broken",
            "archive-changed",
            "archive-missing",
            "archive-extra",
        }
        return
    assert found == expected


def test_a_damaged_archive_is_not_restored(made: SimpleNamespace, home: Any, tmp_path: Path) -> None:
    from tickmark.kernel.recovery.restore import restore

    copy = Path(shutil.copytree(made.archive.path, tmp_path / "copy"))
    rewritten(copy)
    with home("other"), pytest.raises(Conflict, match="does not hold, and nothing was restored"):
        restore(Archive.open(copy), secrets=made.secrets)


def test_what_never_ended_is_no_archive(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="never ended"):
        Archive.open(tmp_path)
    (tmp_path / "archive.json").write_text("{")
    with pytest.raises(Invalid, match="cannot be read"):
        Archive.open(tmp_path)
    (tmp_path / "archive.json").write_text('{"format": "tickmark-archive/9"}')
    with pytest.raises(Invalid, match="tickmark-archive/9"):
        Archive.open(tmp_path)


def test_a_name_that_leaves_the_folder_is_refused(made: SimpleNamespace) -> None:
    archive = Archive(made.archive.path, made.archive.about)
    for name in ("../evil", "/etc/passwd", "a//b", "a/./b"):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(Path, "read_text", lambda *_, name=name, **__: f"{'0' * 64}  {name}\n")
            with pytest.raises(Invalid):
                list(archive.sums())


# -- taking one -----------------------------------------------------------------------------------------------------


def test_a_backup_that_fails_leaves_nothing_and_replaces_nothing(
    home: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    def crash(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with home("one"):
        with writing():
            pass
        (tmp_path / "there").mkdir()
        with pytest.raises(Conflict, match="never replaces"):
            back_up(tmp_path / "there")
        with monkeypatch.context() as patched, pytest.raises(OSError, match="No space"):
            patched.setattr(backup, "_log", crash)
            back_up(tmp_path / "archive")
        assert [path.name for path in tmp_path.glob("archive*")] == []
        assert kinds(back_up(tmp_path / "archive")) == []


def test_a_file_that_the_home_has_lost_is_said_and_the_rest_is_kept(home: Any, tmp_path: Path) -> None:
    with home("one") as room:
        with writing() as deed:
            lost, changed, whole = (files.keep(text).sha256 for text in (b"lost", b"changed", b"whole"))
            for sha256 in (lost, changed, whole):
                deed.cite(sha256)
        (room / "files" / lost[:2] / lost).unlink()
        place = room / "files" / changed[:2] / changed
        place.chmod(0o600)
        place.write_bytes(b"other")
        archive = back_up(tmp_path / "archive")
        assert archive.about["missing"] == sorted((lost, changed))
        assert [digest for digest, _ in archive.kept()] == [whole]
        assert kinds(archive) == ["archive-incomplete", "archive-incomplete"]


@pytest.mark.slow
@pytest.mark.parametrize("engine", homes.ENGINES)
def test_a_backup_under_load_is_the_books_at_a_checkpoint(home: Any, engine: str, tmp_path: Path) -> None:
    """While others write, keep files and seal, each archive is one moment: what an entry cites is in it, and no more."""
    from django.core.management import call_command

    from tickmark.people.models import Person

    stop = threading.Event()

    def write(who: int) -> None:
        number = 0
        while not stop.is_set():
            with transaction.atomic(), writing() as deed:
                Person(key=f"P-{who}-{number}", name="Somebody").save()
                deed.cite(files.keep(f"{who} {number}".encode()).sha256)
            number += 1
            if number % 5 == 0:
                seal()
        connections["default"].close()

    with home("one", engine):
        if engine == "postgresql":
            call_command("migrate", verbosity=0, interactive=False)
        with writing():
            pass
        database = connections["default"].settings_dict
        threads = [threading.Thread(target=_on(database, write), args=(who,)) for who in range(2)]
        for thread in threads:
            thread.start()
        try:
            archives = [back_up(tmp_path / f"archive-{number}") for number in range(3)]
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        seal()
        for archive in archives:
            _is_one_moment(archive)
    assert [archive.about["missing"] for archive in archives] == [[], [], []]
    sizes = [len(rows(archive, "people.person")) for archive in archives]
    assert sizes == sorted(sizes) and sizes[-1] > sizes[0]


def _on(database: dict[str, Any], work: Callable[[int], None]) -> Callable[[int], None]:
    """A thread starts with the connection of the settings, which are this home's."""

    def run(who: int) -> None:
        assert connections["default"].settings_dict["NAME"] == database["NAME"]
        work(who)

    return run


def _is_one_moment(archive: Archive) -> None:
    assert kinds(archive) == []
    point = archive.about["checkpoint"]
    assert Checkpoint.objects.get(size=point["size"]).root == point["root"]
    entries = rows(archive, "kernel.entry")
    cited = {fact["ref"] for entry in entries for fact in entry["facts"]}
    assert cited == {f"PE-{row['id']}" for row in rows(archive, "people.person")}
    kept = {digest for digest, _ in archive.kept()}
    assert {sha256 for entry in entries for sha256 in entry["files"]} <= kept
    uids = {entry["uid"] for entry in entries}
    assert Entry.objects.filter(uid__in=uids).count() == len(uids)
