"""Bundles are laid out in one place; what does not fit the sealed manifest is never written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.kernel.ledger import bundles
from tests.kernel.ledger.bundles import CREATED, ORIGIN, REPORT, ROW, SCREENSHOT, hexed
from tickmark.kernel.errors import Conflict, Invalid
from tickmark.kernel.ledger import bundle, verify


def test_the_manifest_lists_every_file_that_is_sealed() -> None:
    files = bundles.laid_out(bundles.filled_log())
    listed = json.loads(bundle.manifest(origin=ORIGIN, created=CREATED, subject="EN-1", files=files))
    rows = {row["path"]: (row["sha256"], row["size"]) for row in listed.pop("files")}
    assert listed == {"format": "tickmark-bundle/1", "origin": ORIGIN, "created": CREATED, "subject": "EN-1"}
    assert list(rows) == [
        "entries.ndjson",
        "facts/AC-7.json",
        "facts/CS-1.json",
        "facts/LK-1.json",
        "facts/SM-1.json",
        f"files/{hexed(SCREENSHOT)}/settings.png",
        "log/vkey",
        "report.pdf",
        "samples/SM-1.json",
        "verify.html",
        "verify.py",
    ]
    assert rows["report.pdf"] == (hexed(REPORT), len(REPORT))
    assert rows["facts/AC-7.json"] == (hexed(ROW), len(ROW))


def test_what_stands_in_the_zip(honest_bundle: tuple[Path, bundles.Log]) -> None:
    path, log = honest_bundle
    files = bundles.unpacked(path)
    listed = [row["path"] for row in json.loads(files["manifest.json"])["files"]]
    assert list(files) == [*verify.AFTER_SEALING, *listed, "log/tile/0/000", "log/tile/0/001.p/50"]
    assert files["checkpoint"] == log.checkpoint()
    assert files["manifest.entry"] == log.disclosed[300].line()
    assert files["verify.py"] == Path(verify.__file__).read_bytes()


def test_entries_stand_in_the_order_of_the_log() -> None:
    log = bundles.filled_log(5)
    files = bundle.contents(vkey="key", entries=reversed(log.disclosed))
    assert files["entries.ndjson"] == b"".join(one.line() for one in log.disclosed)


def test_content_from_memory_disk_and_elsewhere_is_the_same(tmp_path: Path) -> None:
    (tmp_path / "report").write_bytes(REPORT)
    sources: list[bundle.Source] = [REPORT, tmp_path / "report", lambda: [REPORT[:100], REPORT[100:]]]
    manifests = {bundle.manifest(origin="o", created="c", subject="s", files={"r": one}) for one in sources}
    assert len(manifests) == 1
    for number, one in enumerate(sources):
        bundles.build(tmp_path / f"{number}.zip", others={"report.pdf": one})
    assert len({(tmp_path / f"{number}.zip").read_bytes() for number in range(3)}) == 1


@pytest.mark.parametrize(
    "path", ["../x", "/x", "a//b", "a\\b", "", "C:/x", "a\nb", "checkpoint", "log/tile/0/000"]
)
def test_paths_that_no_bundle_may_have(path: str) -> None:
    with pytest.raises(Invalid):
        bundle.manifest(origin=ORIGIN, created=CREATED, subject="EN-1", files={path: b""})


def test_two_files_of_one_path_are_refused() -> None:
    with pytest.raises(Conflict, match=r"would be verify\.py"):
        bundle.contents(vkey="key", others={"verify.py": b"mine"})


def written(target: Path, files: dict[str, Any], listed: bytes) -> None:
    log = bundles.filled_log(3)
    entry = log.add(bundle.SEALING_VERB, files=[bundle.digest(listed)])
    bundle.write_bundle(
        target,
        manifest=listed,
        files=files,
        entry=entry,
        proof=log.prove(3),
        checkpoint=log.checkpoint(),
        tiles=log.store,
        size=4,
    )


@pytest.mark.parametrize("change", [{"a": b"changed"}, {"a": b"A"}])
def test_a_file_that_changed_after_sealing_leaves_no_bundle(change: dict[str, bytes], tmp_path: Path) -> None:
    files: dict[str, bundle.Source] = {"a": b"a"}
    listed = bundle.manifest(origin=ORIGIN, created=CREATED, subject="EN-1", files=files)
    with pytest.raises(Conflict, match="a changed while the bundle was made"):
        written(tmp_path / "bundle.zip", change, listed)
    assert list(tmp_path.iterdir()) == []


def test_files_that_were_not_sealed_are_not_written(tmp_path: Path) -> None:
    files: dict[str, bundle.Source] = {"a": b"a"}
    listed = bundle.manifest(origin=ORIGIN, created=CREATED, subject="EN-1", files=files)
    with pytest.raises(Conflict, match="not those of the manifest"):
        written(tmp_path / "bundle.zip", {**files, "b": b""}, listed)
    assert list(tmp_path.iterdir()) == []
