"""The tiles are those of C2SP tlog-tiles, grow without rehashing, and give every root and proof."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernel.ledger.bundles import Memory
from tickmark.kernel.errors import Invalid, Unavailable
from tickmark.kernel.ledger import tiles, tree


def data(count: int) -> list[bytes]:
    return [number.to_bytes(4, "big") for number in range(count)]


HASHES = [tree.leaf_hash(one) for one in data(70_000)]


def grown(*sizes: int) -> Memory:
    """A log that reached these sizes one after the other."""
    store, size = Memory(), 0
    for reached in sizes:
        root = tiles.append(store, size, data(reached)[size:])
        size = reached
        assert root == tree.root(HASHES[:size])
    return store


@pytest.mark.parametrize(
    ("level", "index", "width", "path"),
    [
        (0, 0, 256, "tile/0/000"),
        (0, 0, 5, "tile/0/000.p/5"),
        (1, 999, 256, "tile/1/999"),
        (0, 1000, 256, "tile/0/x001/000"),
        (0, 1234067, 256, "tile/0/x001/x234/067"),
        (3, 1234067, 1, "tile/3/x001/x234/067.p/1"),
        ("entries", 273, 112, "tile/entries/273.p/112"),
    ],
)
def test_paths(level: tiles.Level, index: int, width: int, path: str) -> None:
    assert tiles.tile_path(level, index, width) == path


def test_a_log_of_70000_has_the_tiles_that_the_specification_counts() -> None:
    paths = list(tiles.tile_paths(70_000))
    assert paths[:273] == [tiles.tile_path(0, index) for index in range(273)]
    assert paths[273:] == ["tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"]
    assert list(tiles.tile_paths(256)) == ["tile/0/000", "tile/1/000.p/1"]
    assert list(tiles.tile_paths(0)) == []


def test_a_large_log_is_written_as_counted_and_gives_every_root() -> None:
    store = Memory()
    assert tiles.append_hashes(store, 0, HASHES) == tree.root(HASHES)
    assert sorted(store.files) == sorted(tiles.tile_paths(70_000))
    log = tiles.Tiles(store, 70_000)
    for size in (0, 1, 255, 256, 257, 65_535, 65_536, 65_537, 69_999):
        assert log.root(size) == tree.root(HASHES[:size])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 400), min_size=1, max_size=5))
def test_growing_in_steps_gives_the_same_as_growing_at_once(steps: list[int]) -> None:
    sizes = [sum(steps[: number + 1]) for number in range(len(steps))]
    stepwise, at_once = grown(*sizes), grown(sizes[-1])
    assert {path: stepwise.files[path] for path in at_once.files} == at_once.files


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 1500), st.data())
def test_proofs_from_tiles_verify(size: int, draw: st.DataObject) -> None:
    log = tiles.Tiles(grown(size), size)
    index = draw.draw(st.integers(0, size - 1))
    at = draw.draw(st.integers(index + 1, size))
    assert tree.verify_inclusion(index, at, HASHES[index], log.inclusion(index, at), tree.root(HASHES[:at]))
    proof = log.consistency(at)
    assert tree.verify_consistency(at, size, tree.root(HASHES[:at]), tree.root(HASHES[:size]), proof)
    assert log.leaf(index) == HASHES[index]


def test_sealing_a_few_on_a_large_log_reads_only_the_right_edge() -> None:
    store = Memory()
    tiles.append_hashes(store, 0, HASHES[:69_000])
    store.read_paths.clear()
    assert tiles.append_hashes(store, 69_000, HASHES[69_000:69_010]) == tree.root(HASHES[:69_010])
    assert len(store.read_paths) <= 8


def test_entry_bundles_hold_the_leaf_data() -> None:
    store = grown(250, 300)
    assert tiles.read_entries(store, 0) == data(256)
    assert tiles.read_entries(store, 1, 44) == data(300)[256:]
    assert store.files["tile/entries/000.p/250"][:6] == b"\x00\x04\x00\x00\x00\x00"


def test_a_partial_tile_that_was_deleted_is_read_from_the_full_one() -> None:
    store = grown(200, 300)
    del store.files["tile/0/000.p/200"], store.files["tile/entries/000.p/200"]
    assert tiles.Tiles(store, 200).root() == tree.root(HASHES[:200])
    assert tiles.read_entries(store, 0, 200) == data(200)


@pytest.mark.parametrize("cut", [None, b"", b"x" * 31])
def test_a_tile_that_is_missing_or_cut_short_is_named(cut: bytes | None) -> None:
    store = grown(300)
    store.files.pop("tile/0/001.p/44")
    if cut is not None:
        store.files["tile/0/001.p/44"] = cut
    with pytest.raises(Unavailable, match=r"tile/0/001\.p/44 is missing or cut short"):
        tiles.append(store, 300, data(1)) and tiles.Tiles(store, 300).root()


def test_an_entry_bundle_that_is_cut_short_is_named() -> None:
    store = grown(5)
    store.files["tile/entries/000.p/5"] = store.files["tile/entries/000.p/5"][:-1]
    with pytest.raises(Unavailable, match=r"tile/entries/000\.p/5"):
        tiles.append(store, 5, data(1))


def test_a_leaf_that_is_too_long_is_refused_and_nothing_is_written() -> None:
    store = Memory()
    with pytest.raises(Invalid, match="65536 bytes cannot be logged"):
        tiles.append(store, 0, [b"x" * 65_536])
    assert store.files == {}


def test_a_size_the_log_has_not_reached_is_refused() -> None:
    with pytest.raises(Invalid, match="The log holds 5"):
        tiles.Tiles(grown(5), 5).root(6)


def test_a_folder_holds_whole_files_only(tmp_path: Path) -> None:
    folder = tiles.Folder(tmp_path)
    assert folder.read("tile/0/000") is None
    assert tiles.append(folder, 0, data(300)) == tree.root(HASHES[:300])
    assert tiles.append(folder, 300, data(600)[300:]) == tree.root(HASHES[:600])
    found = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file())
    assert [path for path in found if path.startswith("tile/0")] == [
        "tile/0/000",
        "tile/0/001",
        "tile/0/001.p/44",
        "tile/0/002.p/88",
    ]
    assert not [path for path in found if path.endswith(".new")]
