"""Sealing: every entry gets one place, and no checkpoint ever contradicts an earlier one."""

from __future__ import annotations

from itertools import pairwise

import pytest
from django.conf import settings as conf
from django.db import connection, transaction

from tests.deeds import writing
from tests.tampering import without_triggers
from tickmark.kernel.errors import Conflict, Invalid, Unavailable
from tickmark.kernel.ledger import seal as sealing
from tickmark.kernel.ledger.entry import Checkpoint, Entry, Leaf
from tickmark.kernel.ledger.note import open_checkpoint
from tickmark.kernel.ledger.seal import leaf_data, prove, seal, signer, store, verifier_key
from tickmark.kernel.ledger.tiles import Tiles
from tickmark.kernel.ledger.tree import leaf_hash, root, verify_consistency


def write(count=1):
    for _ in range(count):
        with writing():
            pass


def agrees():
    """Whether leaves, checkpoints, tiles and the published file tell one story."""
    leaves = list(Leaf.objects.select_related("entry").order_by("position"))
    assert [leaf.position for leaf in leaves] == list(range(len(leaves)))
    hashes = [leaf_hash(leaf_data(leaf.entry)) for leaf in leaves]
    assert [leaf.hash for leaf in leaves] == [one.hex() for one in hashes]
    points = list(Checkpoint.objects.order_by("size"))
    tiles = Tiles(store(), points[-1].size)
    for point in points:
        signed = open_checkpoint(point.note.encode(), [signer().verifier])
        assert (signed.size, signed.root.hex()) == (point.size, point.root)
        assert tiles.root(point.size).hex() == point.root == root(hashes[: point.size]).hex()
    for old, new in pairwise(points):
        path = tiles.consistency(old.size, new.size)
        assert verify_consistency(old.size, new.size, bytes.fromhex(old.root), bytes.fromhex(new.root), path)
    assert store().read("checkpoint") == points[-1].note.encode()
    return len(leaves)


def test_each_seal_continues_the_one_before(db):
    for count in (1, 2, 255, 3, 260):
        write(count)
        assert seal().size == Entry.objects.count()
    assert agrees() == 521


def test_nothing_new_makes_no_new_checkpoint(db):
    assert seal() is None
    write()
    assert seal() == seal() and Checkpoint.objects.count() == 1


def test_more_than_one_batch_is_sealed_in_one_go(db, monkeypatch):
    monkeypatch.setattr(sealing, "BATCH", 100)
    write(250)
    assert seal().size == 250
    assert list(Checkpoint.objects.values_list("size", flat=True)) == [100, 200, 250]
    assert agrees() == 250


@pytest.mark.slow
def test_thousands_of_entries_are_sealed_and_proven(db):
    with writing() as deed:
        pass
    kind = {
        "verb": "tests.many",
        "actor": "fixture",
        "actor_kind": "fixture",
        "side": "company",
        "arguments": {},
        "facts": [],
        "files": [],
    }
    Entry.objects.bulk_create(Entry(**kind, recorded_at=deed.at) for _ in range(5200))
    assert seal().size == 5201 == agrees()
    for entry in (Entry.objects.first(), Entry.objects.order_by("pk")[5001], Entry.objects.last()):
        assert prove(entry).proves(leaf_hash(leaf_data(entry)), signer().verifier)


def test_a_leaf_covers_every_field_of_its_entry(db):
    write()
    entry = Entry.objects.get()
    leaf = leaf_data(entry)
    for field in Entry._meta.concrete_fields:
        if field.name not in ("id",):
            other = Entry.objects.get()
            changed = {"salt": "00" * 32, "recorded_at": other.recorded_at.replace(year=1999)}.get(
                field.name, "another"
            )
            setattr(other, field.attname, changed)
            assert leaf_data(other) != leaf, field.name


def test_an_entry_is_proven_at_the_checkpoint_that_one_asks_for(db):
    write(3)
    first = seal()
    write(4)
    with pytest.raises(Conflict, match="not sealed yet"):
        prove(Entry.objects.last())
    seal()
    with pytest.raises(Conflict, match="not sealed yet"):
        prove(Entry.objects.last(), first)
    assert prove(Entry.objects.first(), first).proves(
        leaf_hash(leaf_data(Entry.objects.first())), signer().verifier
    )


# -- crashes --------------------------------------------------------------------------------------------------------


class Crash(Exception):
    """The process is gone."""


@pytest.mark.parametrize("count", [3, 300])
@pytest.mark.parametrize("further", [1, 400])
def test_a_crash_between_tiles_and_commit_leaves_a_log_that_goes_on(own_books, monkeypatch, count, further):
    write(5)
    seal()
    write(count)

    def crash(*_):
        raise Crash

    with monkeypatch.context() as patched, pytest.raises(Crash):
        patched.setattr(sealing.note.Checkpoint, "signed", crash)
        seal()
    assert (Leaf.objects.count(), Checkpoint.objects.count()) == (5, 1)
    write(further)
    assert seal().size == 5 + count + further == agrees()


def test_a_crash_before_the_checkpoint_is_published_is_mended_by_the_next_seal(own_books, monkeypatch):
    write(2)
    old = seal()
    write(2)

    def crash(*_):
        raise Crash

    with monkeypatch.context() as patched, pytest.raises(Crash):
        patched.setattr(sealing.tiles.Folder, "write", crash)
        seal()
    assert Checkpoint.objects.order_by("-size")[0].size == 4
    assert store().read("checkpoint") == old.note.encode() and store().read("tile/0/000.p/4") is None
    assert seal().size == 4 == agrees()


def test_an_entry_whose_action_failed_is_never_sealed(own_books):
    with pytest.raises(Crash), transaction.atomic():
        write()
        raise Crash
    write()
    assert seal().size == 1 == agrees()


def test_many_sealers_and_writers_at_once_make_one_log(own_books):
    def live():
        for _ in range(12):
            write(2)
            seal()

    own_books(live, live, live)
    seal()
    assert agrees() == Entry.objects.count() == 72


# -- a log never forks in silence -----------------------------------------------------------------------------------


def test_a_lost_key_is_not_replaced_in_silence(db):
    write()
    seal()
    (conf.HOME / "secrets" / "log-key").unlink()
    write()
    with pytest.raises(Conflict, match="does not have the key of the log") as caught:
        seal()
    assert "secrets that belong to the books" in caught.value.remedy
    assert Checkpoint.objects.count() == 1


def test_a_changed_checkpoint_is_not_taken_for_a_lost_key(db):
    write()
    seal()
    published = conf.HOME / "log" / "checkpoint"
    whole = published.read_text()
    published.write_text(whole.replace("\n1\n", "\n2\n", 1))
    write()
    with pytest.raises(Invalid, match="not to be believed"):
        seal()
    published.write_text(whole)
    assert seal().size == 2


def test_a_checkpoint_that_was_changed_in_the_books_is_never_published(own_books):
    """Who may write to the database cannot have the host publish what it never signed."""
    write()
    whole = seal().note
    without_triggers("kernel_checkpoint")
    with connection.cursor() as cursor:
        cursor.execute("update kernel_checkpoint set note = %s", [whole.replace("\n1\n", "\n2\n", 1)])
    with pytest.raises(Invalid, match="not to be believed"):
        seal()
    assert store().read("checkpoint") == whole.encode()


def test_changed_tiles_are_not_continued(db):
    write(3)
    seal()
    tile = conf.HOME / "log" / "tile" / "0" / "000.p" / "3"
    tile.write_bytes(bytes(96))
    write()
    with pytest.raises(Conflict, match="would fork"):
        seal()


def test_missing_tiles_are_not_made_up(db):
    write(3)
    seal()
    (conf.HOME / "log" / "tile" / "0" / "000.p" / "3").unlink()
    write()
    with pytest.raises(Unavailable):
        seal()


def test_books_from_an_older_backup_do_not_continue_a_newer_log(own_books):
    write(2)
    seal()
    with pytest.raises(Crash), transaction.atomic():
        write(3)
        seal()  # sealed and published, and then the books lose it
        raise Crash
    write()
    with pytest.raises(Conflict, match="an older backup was restored"):
        seal()
    assert Checkpoint.objects.get().size == 2


# -- origin and key -------------------------------------------------------------------------------------------------


def test_the_origin_says_whether_the_clock_was_simulated(db, settings):
    from datetime import UTC, datetime

    from tickmark.kernel import clock

    assert sealing.origin().startswith("log.tickmark.example/") and sealing.origin() == sealing.origin()
    settings.HOME = settings.HOME.parent / "demo"
    clock.make_demo(settings.HOME, datetime(2026, 1, 1, tzinfo=UTC))
    settings.DEMO = True
    assert sealing.origin().startswith("demo.tickmark.example/")


def test_the_published_key_is_the_one_that_signs(db):
    write()
    seal()
    assert store().read("vkey") == f"{verifier_key()}\n".encode()
    assert verifier_key() == str(signer().verifier)
