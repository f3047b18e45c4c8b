"""A restored home is the one that was lost, on either engine, and its log says that it was set back."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection

from tests.deeds import writing
from tests.kernel.recovery import homes
from tests.kernel.recovery.conftest import DAYS
from tickmark.kernel import files
from tickmark.kernel.errors import Conflict, Invalid, Refused
from tickmark.kernel.ledger import epoch, note
from tickmark.kernel.ledger.entry import Checkpoint, Entry, Leaf
from tickmark.kernel.ledger.seal import latest, origin, prove, seal, signer, store, verifier_key, verifiers
from tickmark.kernel.ledger.tiles import Tiles
from tickmark.kernel.recovery import known
from tickmark.kernel.recovery import restore as restoring
from tickmark.kernel.recovery.archive import Archive
from tickmark.kernel.recovery.backup import back_up
from tickmark.kernel.recovery.doctor import examine_home
from tickmark.kernel.recovery.examine import examine
from tickmark.kernel.recovery.restore import restore


def problems() -> list[str]:
    return [finding.kind for finding in examine_home() if finding.problem]


def books(archive: Archive) -> dict[str, str]:
    return {table["table"]: table["sha256"] for table in archive.about["tables"]}


OF_THE_LOG = {"kernel.entry", "kernel.leaf", "kernel.checkpoint"}


@pytest.mark.slow
@pytest.mark.parametrize("engine", homes.ENGINES)
def test_what_comes_back_answers_as_before(
    made: SimpleNamespace, home: Any, engine: str, tmp_path: Path
) -> None:
    with home("other", engine, made=False):
        done = restore(made.archive, secrets=made.secrets)
        assert connection.vendor == engine
        assert {day: homes.answers(day) for day in DAYS} == made.answers
        assert problems() == []
        again = back_up(tmp_path / "again")
    point = made.archive.about["checkpoint"]
    assert (done.size, done.root, done.files) == (
        point["size"],
        point["root"],
        made.archive.about["files"]["count"],
    )
    before, after = books(made.archive), books(again)
    assert {name for name in before if before[name] != after[name]} == OF_THE_LOG
    assert list(examine(again)) == []


@pytest.mark.slow
def test_what_was_written_after_a_restore_goes_on_where_the_keys_ended(
    made: SimpleNamespace, home: Any
) -> None:
    from tickmark.people.models import Person

    with home("other", "postgresql", made=False):
        restore(made.archive, secrets=made.secrets)
        newest = Person.objects.order_by("-pk").first().pk
        with writing():
            person = Person(key="P-9", name="After")
            person.save()
        assert person.pk == newest + 1
        seal()
        assert problems() == []


# -- the epoch ------------------------------------------------------------------------------------------------------


def test_a_restore_begins_an_epoch_that_cites_the_one_before(made: SimpleNamespace, home: Any) -> None:
    about = made.archive.about
    with home("other"):
        done = restore(made.archive, secrets=made.secrets, reason="the disk died")
        entry = epoch.newest()
        assert entry is not None
        assert entry.leaf.position == about["checkpoint"]["size"] == latest().size - 1
        assert entry.arguments == {
            "number": 2,
            "origin": origin(),
            "before": {"origin": about["origin"], "vkey": about["vkeys"][0], **about["checkpoint"]},
            "last": {
                "origin": about["origin"],
                "size": about["checkpoint"]["size"],
                "note": made.archive.read("checkpoint").decode(),
            },
            "reason": "the disk died",
        }
        assert (done.origin, done.new_epoch) == (origin(), True)
        assert epoch.base(origin()) == about["origin"] and epoch.number(origin()) == 2
        assert signer().verifier.public == note.Verifier.parse(about["vkeys"][0]).public
        assert [str(key) for key in verifiers()] == [verifier_key(), about["vkeys"][0]]
        assert (
            Tiles(store(), latest().size).root(about["checkpoint"]["size"]).hex()
            == about["checkpoint"]["root"]
        )
        first = Entry.objects.order_by("pk").first()
        assert prove(first).index == 0


def test_one_backup_restored_twice_is_two_epochs(made: SimpleNamespace, home: Any) -> None:
    found = []
    for name in ("one", "other"):
        with home(name):
            found.append(restore(made.archive, secrets=made.secrets).origin)
    assert len(set(found)) == 2


def test_the_last_checkpoint_that_somebody_kept_is_cited(
    made: SimpleNamespace, home: Any, tmp_path: Path
) -> None:
    with home("one"):
        restore(made.archive, secrets=made.secrets)
        with writing():
            pass
        later = seal()
    with home("other"):
        restore(made.archive, secrets=made.secrets, last=later.note.encode())
        said = epoch.newest().arguments
        assert (said["number"], said["last"]["size"]) == (3, later.size)
        assert problems() == []


def test_a_log_folder_that_outlived_its_books_is_the_last_that_is_known(
    made: SimpleNamespace, home: Any
) -> None:
    with home("one") as room:
        restore(made.archive, secrets=made.secrets)
        with writing():
            pass
        later = seal()
    with home("other") as other:
        shutil.copytree(room / "log", other / "log")
        restore(made.archive, secrets=made.secrets)
        assert epoch.newest().arguments["last"]["size"] == later.size
        assert note.open_checkpoint(store().read("checkpoint"), verifiers()).size == latest().size
        assert problems() == []


def test_a_checkpoint_that_is_older_or_of_another_log_is_refused(made: SimpleNamespace, home: Any) -> None:
    stranger = note.Signer.generate("log.tickmark.example/other")
    forged = note.Checkpoint(stranger.name, 10**6, b"\0" * 32).signed(stranger)
    own = note.Signer(made.archive.about["origin"], (made.secrets / "log-key").read_bytes())
    forked = note.Checkpoint(own.name, made.archive.about["checkpoint"]["size"], b"\0" * 32).signed(own)
    older = note.Checkpoint(own.name, 1, b"\0" * 32).signed(own)
    with home("other"):
        for last, words in (
            (forged, "not to be believed"),
            (older, "is older"),
            (forked, "contradicts the books"),
        ):
            with pytest.raises((Invalid, Conflict), match=words):
                restore(made.archive, secrets=made.secrets, last=last)
        assert not Entry.objects.exists()


def test_books_that_another_tool_brought_back_begin_an_epoch_in_place(home: Any) -> None:
    with home("one") as room:
        with writing():
            pass
        seal()
        with connection.cursor() as cursor:
            cursor.execute("pragma wal_checkpoint(truncate)")
        shutil.copyfile(room / "books.sqlite3", room / "older")
        with writing():
            pass
        later = seal()
        connection.close()
        (room / "older").replace(room / "books.sqlite3")
        for beside in room.glob("books.sqlite3-*"):
            beside.unlink()
        with writing():
            pass
        with pytest.raises(Conflict, match="tickmark epoch"):
            seal()
        assert problems() == ["log-ahead"]
        known.begin_epoch("a snapshot was put back")
        seal()
        said = epoch.newest().arguments
        assert (said["before"]["size"], said["last"]["size"], epoch.newest().leaf.position) == (
            1,
            later.size,
            1,
        )
        assert latest().size == Entry.objects.count() == 3
        assert problems() == []


def test_a_lost_key_is_replaced_and_the_log_says_so(made: SimpleNamespace, home: Any) -> None:
    with home("other"):
        with pytest.raises(Refused, match="key is missing"):
            restore(made.archive)
        restore(made.archive, new_key=True)
        assert epoch.newest().arguments["before"]["vkey"] == made.archive.about["vkeys"][0]
        assert signer().verifier.public != note.Verifier.parse(made.archive.about["vkeys"][0]).public
        assert problems() == []


# -- the move -------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_move_to_another_engine_goes_on_in_the_same_log(home: Any, tmp_path: Path) -> None:
    with home("old") as old:
        with writing() as deed:
            deed.cite(files.keep(b"a file").sha256)
        before = seal()
        archive = back_up(tmp_path / "moving", move=True)
        assert epoch.moved()
        point, key = latest(), verifier_key()
        assert point.size == before.size + 1 and [one.kind for one in examine_home()] == ["books-moved"]
    with home("new", "postgresql", made=False):
        done = restore(archive, secrets=old / "secrets")
        assert (done.size, done.root, done.origin, done.new_epoch) == (
            point.size,
            point.root,
            origin(),
            False,
        )
        assert verifier_key() == key and not epoch.moved() and epoch.newest() is None
        assert Checkpoint.objects.get(size=point.size).note == point.note
        assert Tiles(store(), latest().size).root(point.size).hex() == point.root
        assert latest().size == point.size + 1
        assert files.read(Entry.objects.order_by("pk").first().files[0]) == b"a file"
        assert problems() == []


def test_a_move_during_which_somebody_writes_comes_to_nothing(
    home: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    from tickmark.kernel.recovery import backup

    def write(*_: Any) -> Any:
        with writing():
            pass
        return real(*_)

    real = backup._files
    with home("old"):
        with writing():
            pass
        with monkeypatch.context() as patched, pytest.raises(Conflict, match="not moved"):
            patched.setattr(backup, "_files", write)
            back_up(tmp_path / "moving", move=True)
        assert list(tmp_path.glob("moving*")) == [] and not epoch.moved()
        assert seal().size == Entry.objects.count() == 4
        assert problems() == []


# -- what is refused, and what a crash leaves -----------------------------------------------------------------------


def test_nothing_is_restored_over_books(made: SimpleNamespace, home: Any) -> None:
    with home("other"):
        with writing():
            pass
        with pytest.raises(Conflict, match="books in this home already"):
            restore(made.archive, secrets=made.secrets)
        assert Entry.objects.count() == 1


def test_secrets_of_another_home_are_refused(made: SimpleNamespace, home: Any, tmp_path: Path) -> None:
    with home("stranger") as stranger:
        with writing():
            pass
        seal()
    with home("other"):
        with pytest.raises(Conflict, match="secrets are of another log"):
            restore(made.archive, secrets=stranger / "secrets")
        with pytest.raises(Invalid, match="no secrets of Tickmark"):
            restore(made.archive, secrets=tmp_path)
        assert not Entry.objects.exists()
        restore(made.archive, secrets=made.secrets)
        assert problems() == []


def test_a_move_after_which_the_old_home_went_on_is_no_move(home: Any, tmp_path: Path) -> None:
    with home("old") as old:
        with writing():
            pass
        archive = back_up(tmp_path / "moving", move=True)
        with writing():
            pass
        later = seal()
    with home("new"):
        assert restore(archive, secrets=old / "secrets", last=later.note.encode()).new_epoch
        assert epoch.newest().arguments["last"]["size"] == later.size


def test_an_archive_of_a_newer_version_is_refused(made: SimpleNamespace, home: Any) -> None:
    newer = {**made.archive.about, "migrations": {"kernel": ["0001_initial", "9999_of_the_future"]}}
    with home("other"), pytest.raises(Refused, match="newer version"):
        restore(Archive(made.archive.path, newer), secrets=made.secrets)


@pytest.mark.parametrize("where", ["_files", "_log", "_migrate", "_insert"])
def test_a_crash_leaves_no_books_and_the_next_try_succeeds(
    made: SimpleNamespace, home: Any, where: str, monkeypatch: Any
) -> None:
    class Crash(Exception):
        pass

    def crash(*_: Any) -> None:
        raise Crash

    with home("other"):
        with monkeypatch.context() as patched, pytest.raises(Crash):
            patched.setattr(restoring, where, crash)
            restore(made.archive, secrets=made.secrets)
        assert not Entry.objects.exists()
        restore(made.archive, secrets=made.secrets)
        assert problems() == []


def test_a_crash_after_the_load_cannot_go_on_in_the_old_epoch(
    made: SimpleNamespace, home: Any, monkeypatch: Any
) -> None:
    class Crash(Exception):
        pass

    def crash(*_: Any, **__: Any) -> None:
        raise Crash

    with home("other"):
        with monkeypatch.context() as patched, pytest.raises(Crash):
            patched.setattr(restoring, "call_command", crash)
            restore(made.archive, secrets=made.secrets)
        with writing():
            pass
        seal()
        assert epoch.newest().leaf.position == made.archive.about["checkpoint"]["size"]
        assert Leaf.objects.count() == made.archive.about["checkpoint"]["size"] + 2
        assert problems() == []


def test_rows_that_do_not_come_back_as_they_were_are_not_taken(
    made: SimpleNamespace, home: Any, monkeypatch: Any
) -> None:
    with home("other"):
        monkeypatch.setattr(restoring, "_digest", lambda lines: "0" * 64)
        with pytest.raises(Conflict, match="did not come back"):
            restore(made.archive, secrets=made.secrets)
        assert not Entry.objects.exists()
