"""The doctor finds each fault that is planted, and only that one; a home that is well has none."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tests.deeds import writing
from tests.kernel.recovery import homes
from tests.tampering import without_triggers
from tickmark.kernel import clock, files, jobs
from tickmark.kernel.jobs import Slot
from tickmark.kernel.ledger import epoch
from tickmark.kernel.ledger.entry import Checkpoint, Entry
from tickmark.kernel.ledger.note import Checkpoint as Note
from tickmark.kernel.ledger.seal import seal, signer, store
from tickmark.kernel.recovery.doctor import examine_home
from tickmark.kernel.recovery.findings import Finding, holds, shortened
from tickmark.people.models import Person


@pytest.fixture(params=homes.ENGINES)
def well(home: Any, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A small home with nothing wrong, on each engine."""
    from django.core.management import call_command

    with home("well", request.param) as room:
        if request.param == "postgresql":
            call_command("migrate", verbosity=0, interactive=False)
        yield _filled(room)


@pytest.fixture
def small(home: Any) -> Iterator[Path]:
    """The same on SQLite alone, for what no engine has a part in."""
    with home("well") as room:
        yield _filled(room)


def _filled(room: Path) -> Path:
    for number in range(3):
        with writing() as deed:
            Person(key=f"P-{number}", name="Somebody").save()
            deed.cite(files.keep(f"file {number}".encode()).sha256)
    seal()
    for path in (room / "secrets").iterdir():
        path.chmod(0o600)
    return room


def found(quick: bool = False) -> list[str]:
    return sorted(finding.kind for finding in examine_home(quick=quick))


def change(table: str, statement: str) -> None:
    """What somebody with the database's password does, who puts the guard back afterwards."""
    without_triggers(table)
    with connection.cursor() as cursor:
        cursor.execute(statement)
    guard(table)


def guard(table: str) -> None:
    from tickmark.kernel import triggers

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f'alter table "{table}" enable trigger user')
    triggers._install(connection, table)


def path_of(room: Path, text: bytes) -> Path:
    sha256 = files.keep(text).sha256
    return room / "files" / sha256[:2] / sha256


def sql(statement: str) -> Callable[[Path], None]:
    table = statement.split('"')[1]
    return lambda room: change(table, statement)


def entry_of_another_time(room: Path) -> None:
    row = {
        name: getattr(Entry.objects.first(), name)
        for name in ("verb", "actor", "actor_kind", "side", "subject")
    }
    at = clock.now() + timedelta(hours=1)
    Entry(**row, arguments={}, facts=[], files=[], recorded_at=at).save()


def clock_that_went_back(room: Path) -> None:
    entry_of_another_time(room)
    with writing():
        pass


def fact_past_the_actions(room: Path) -> None:
    columns = "key, name, email, entry, recorded_at"
    uid = (
        "'00000000-0000-4000-8000-000000000000'"
        if connection.vendor == "postgresql"
        else "'00000000000040008000000000000000'"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"insert into people_person ({columns}) values ('P-x', 'Nobody', '', {uid}, %s)", [clock.now()]
        )


def published_by_another_key(room: Path) -> None:
    store().write(
        "checkpoint", Note("log.example/x", 1, b"\0" * 32).signed(signer().generate("log.example/x"))
    )


def published_ahead(room: Path) -> None:
    store().write("checkpoint", Note(signer().name, 9, b"\0" * 32).signed(signer()))


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[0] ^= 1
    path.chmod(0o600)
    path.write_bytes(bytes(data))


ON_EACH_ENGINE: dict[str, tuple[Callable[[Path], Any], list[str]]] = {
    "a fact that was changed": (sql("""update "people_person" set name = 'Else' where key = 'P-1'"""), ["fact-changed"]),
    "a fact that was deleted": (sql("""delete from "people_person" where key = 'P-1'"""), ["fact-missing"]),
    "a fact that no action wrote": (fact_past_the_actions, ["fact-uncited"]),
    "an entry that was changed": (sql("""update "kernel_entry" set actor = 'US-9' where id = 2"""), ["log-entry"]),
    "a place that was taken away": (sql("""delete from "kernel_leaf" where position = 1"""), ["log-gap"]),
    "the newest places taken away": (sql("""delete from "kernel_leaf" where position > 0"""), ["log-gap"]),
    "a checkpoint's row that was changed": (
        sql("""update "kernel_checkpoint" set root = '00' where size = 3"""), ["log-signature"],
    ),
    "a trigger that is gone": (lambda room: without_triggers("people_person"), ["trigger-missing"]),
    "an entry that is later than now": (entry_of_another_time, ["clock-behind"]),
    "a clock that went back": (clock_that_went_back, ["clock-behind", "clock-set-back"]),
}  # fmt: skip


@pytest.mark.slow
def test_a_home_that_is_well_and_each_fault_of_its_books(well: Path) -> None:
    """One home for all, each fault in a transaction that is undone: what is found is what was planted."""
    from django.db import transaction

    assert found() == []
    for name, (plant, expected) in ON_EACH_ENGINE.items():
        with transaction.atomic():
            plant(well)
            assert found() == expected, name
            transaction.set_rollback(True)
    assert found() == []


@pytest.mark.parametrize(
    ("plant", "expected"),
    [
        (lambda room: path_of(room, b"file 1").unlink(), ["file-missing"]),
        (lambda room: flip(path_of(room, b"file 1")), ["file-changed"]),
        (lambda room: path_of(room, b"of no use"), ["file-orphan"]),
        (lambda room: (room / "files" / ".draft-1-abc").write_bytes(b"half"), ["file-draft"]),
        (lambda room: (room / "log" / "checkpoint").unlink(), ["log-unpublished"]),
        (lambda room: (room / "secrets" / "log-key").unlink(), ["log-key-missing"]),
        (lambda room: (room / "secrets" / "log-key").chmod(0o644), ["secret-open"]),
        (lambda room: shutil.rmtree(room / "log" / "tile"), ["log-tile"]),
        (lambda room: flip(room / "log" / "tile" / "0" / "000.p" / "3"), ["log-entry", "log-root"]),
        (published_by_another_key, ["log-published"]),
        (published_ahead, ["log-ahead"]),
        (lambda room: epoch.moving(epoch.MOVED, "export", clock.now()).save(), ["books-moved"]),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_each_fault_of_files_and_log(small: Path, plant: Callable[[Path], Any], expected: list[str]) -> None:
    plant(small)
    assert found() == expected


def test_work_that_never_ended_waits_or_was_given_up(small: Path) -> None:
    now = clock.now()
    rows = {
        "running": {"started_at": now - timedelta(minutes=1)},
        "done": {"started_at": now, "finished_at": now},
        "hanging": {"started_at": now - jobs.LIMIT - timedelta(minutes=1)},
        "waiting": {"due_at": now - timedelta(hours=2)},
        "hopeless": {"started_at": now, "finished_at": now, "error": "The source said no."},
    }
    for name, row in rows.items():
        Slot.objects.create(what="tests", slot=name, **{"due_at": now, **row})
    assert [(one.kind, one.what, one.problem) for one in examine_home()] == [
        ("slot-unfinished", "tests:hanging is unfinished.", True),
        ("slot-waiting", "tests:waiting waits.", True),
        ("slot-given-up", "tests:hopeless was given up.", False),
    ]


def test_entries_that_nobody_seals_are_told(small: Path, time_machine: Any = None) -> None:
    with writing():
        pass
    assert found() == []
    Entry.objects.first()
    late = clock.now() + timedelta(minutes=6)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(clock, "now", lambda: late)
        assert found() == ["log-unsealed"]


def test_the_doctor_changes_nothing(small: Path) -> None:
    def state() -> dict[str, bytes]:
        connection.close()
        return {
            str(path): path.read_bytes()
            for path in sorted(small.rglob("*"))
            if path.is_file() and not path.name.endswith(("-wal", "-shm"))
        }

    before = state()
    assert found() == []
    assert state() == before
    shutil.rmtree(small / "secrets")
    assert found() == ["log-key-missing"]
    assert not (small / "secrets").exists()


def test_a_quick_look_says_what_it_left_out(small: Path) -> None:
    path_of(small, b"file 1").unlink()
    assert found(quick=True) == ["not-examined"]


def test_books_of_an_older_version_are_told_and_left_alone(home: Any) -> None:
    with home("older", made=False):
        assert found() == ["books-pending"]
        assert connection.introspection.table_names() == []


def test_a_damaged_database_file_is_told(small: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("pragma wal_checkpoint(truncate)")
        cursor.execute("select rootpage from sqlite_master where name like 'kernel_slot_due_at%%'")
        page = cursor.fetchone()[0]
        cursor.execute("pragma page_size")
        size = cursor.fetchone()[0]
    connection.close()
    with (small / "books.sqlite3").open("r+b") as books:
        books.seek((page - 1) * size)
        books.write(b"\xff" * size)
    assert set(found()) == {"books-broken"}


def test_many_of_a_kind_are_counted() -> None:
    many = [Finding("file-missing", f"{number}", "why", "remedy") for number in range(25)]
    told = list(shortened([*many, Finding("file-orphan", "one", "why", "remedy", problem=False)]))
    assert [one.what for one in told][-2:] == ["one", "And 5 more of this kind."]
    assert len(told) == 22
    assert not holds(told) and holds(told[20:21])


def test_checkpoints_of_every_epoch_are_looked_at(small: Path) -> None:
    from tickmark.kernel.recovery.known import begin_epoch

    begin_epoch("the disk died")
    with writing():
        pass
    seal()
    assert Checkpoint.objects.count() == 3
    assert found() == ["log-epoch"]
