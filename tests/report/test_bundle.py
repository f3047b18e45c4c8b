"""The bundle of a report: what it holds, whom it may be shown to, and that the verifier finds what was done to it."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.deeds import writing
from tests.report.build import issued
from tickmark.controls import actions as controls
from tickmark.controls.models import ControlVersion, Frequency, Nature, Purpose
from tickmark.kernel.errors import Conflict, NotFound, Refused
from tickmark.kernel.ledger.disclosure import disclosed
from tickmark.kernel.ledger.entry import Checkpoint, Entry
from tickmark.kernel.ledger.seal import seal
from tickmark.kernel.ledger.verify import holds, verify
from tickmark.report import actions as report
from tickmark.report import bundle as bundling
from tickmark.report.models import Bundle, BundleContents

pytestmark = pytest.mark.database


@pytest.fixture
def made(world: Any) -> Any:
    """The issued report and the company's bundle of it."""
    world, row = issued(world)
    world.report = row
    world.bundle = report.bundle(world.actor("lead"), row)
    seal()
    world.zip = bundling.write(world.bundle)
    return world


def names(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def facts(path: Path) -> set[str]:
    """The kinds of fact in a bundle, by their two letters."""
    return {name[6:8] for name in names(path) if name.startswith("facts/")}


def verdicts(path: Path, **more: Any) -> dict[str, str]:
    return {one.id: one.verdict for one in verify(path, **more)}


def rewrite(path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The bundle with something done to its files."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    target = path.with_name("changed.zip")
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return target


def found(path: Path) -> set[tuple[str, str]]:
    return {(one.id, one.where) for one in verify(path) if one.verdict == "fail"}


def test_it_verifies_offline(made):
    first = Checkpoint.objects.order_by("size").first()
    key = (made.zip.parents[1] / "log" / "vkey").read_text().strip()
    result = verify(made.zip, key=key, checkpoint=first.note.encode())
    assert {one.verdict for one in result} == {"pass"}
    assert {"facts", "evidence", "samples", "entries", "proof", "root", "older"} <= {one.id for one in result}


def test_what_both_sides_may_see_and_nothing_more(made):
    assert facts(made.zip) == set(
        "SY PR SV CO CP CM EX SE VE VV CT CV EN CS RQ QC AN SH RV EV CL PN RC PC AT PU LK SM SI DV DP RS RP LE DT".split()
    )
    working_papers = {"WK", "MK", "CC", "CZ", "SO", "RN", "OP", "QR", "TM", "ID", "ME"}
    assert not facts(made.zip) & working_papers
    assert {"report.pdf", "report.json", "template/soc2.typ", "template/house.typ", "README.txt"} <= set(
        names(made.zip)
    )


def test_every_disclosed_entry_may_be_seen_by_both_sides(made):
    with zipfile.ZipFile(made.zip) as archive:
        lines = archive.read("entries.ndjson").decode().splitlines()
    uids = [json.loads(line)["entry"]["uid"] for line in lines]
    assert uids
    hidden = []
    for uid in uids:
        for name in ("founder", "partner"):
            try:
                disclosed(made.actor(name), uid)
            except NotFound:
                hidden.append((name, Entry.objects.get(uid=uid).verb))
    assert hidden == []


def test_the_audit_file_holds_the_working_papers_and_is_the_firms(made):
    with pytest.raises(Refused):
        report.bundle(made.actor("founder"), made.report, BundleContents.FILE)
    row = report.bundle(made.actor("partner"), made.report, BundleContents.FILE)
    seal()
    path = bundling.write(row)
    assert {"WK", "MK", "CC", "CZ", "SO", "OP", "QR", "TM", "ID"} <= facts(path)
    assert holds(verify(path))


def test_a_bundle_shows_what_its_manifest_is_sealed_under(made):
    entry = Entry.objects.get(uid=made.bundle.entry)
    assert {made.bundle.manifest, made.bundle.payload} == set(entry.files)
    with zipfile.ZipFile(made.zip) as archive:
        assert hashlib.sha256(archive.read("manifest.json")).hexdigest() == made.bundle.manifest


def test_the_same_bytes_whenever_it_is_taken(made):
    before = made.zip.read_bytes()
    version = ControlVersion.objects.get(control__code="CHG-02")
    controls.write(
        made.actor("lead"), "CHG-02", "Renamed", "Another wording.", ["CC8.1"], Nature.MANUAL, Purpose.PREVENTIVE,
        Frequency.EVENT, version.owner, version.effective_from.replace(year=2026), reason="After the issue",
    )  # fmt: skip
    seal()
    made.zip.unlink()
    assert bundling.write(made.bundle).read_bytes() == before


def test_nothing_recorded_after_the_issue_is_in_it(made):
    version = ControlVersion.objects.get(control__code="CHG-02")
    with writing(made.cast.lead):  # the action would refuse a day that the report covers
        controls.write.function(
            made.actor("lead"), "CHG-02", "Renamed", "Another wording.", ["CC8.1"], Nature.MANUAL, Purpose.PREVENTIVE,
            Frequency.EVENT, version.owner, version.effective_from.replace(month=12), reason="After the issue",
        )  # fmt: skip
    seal()
    row = report.bundle(made.actor("lead"), made.report)
    seal()
    later = {name for name in names(bundling.write(row)) if name.startswith("facts/")}
    assert later == {name for name in names(made.zip) if name.startswith("facts/")}


def test_an_unsealed_record_waits(world):
    from tests.report.build import DAY, examined

    made = examined(world)
    row = report.issue(made.actor("partner"), made.engagement, DAY)
    with pytest.raises(Conflict, match="not sealed yet"):
        report.bundle(made.actor("partner"), row)
    assert not Bundle.objects.exists()


def test_a_fact_changed_in_the_books_stops_the_bundle(made):
    from django.db import connection

    from tests.tampering import without_triggers

    without_triggers("scope_commitment")
    with connection.cursor() as cursor:
        cursor.execute("update scope_commitment set text = 'Another promise'")
    with pytest.raises(Conflict, match="is not what the ledger says"):
        report.bundle(made.actor("lead"), made.report)


# -- attacks


def test_a_flipped_byte_is_found(made):
    def flip(files: dict[str, bytes]) -> None:
        files["report.pdf"] = (
            files["report.pdf"][:-9] + bytes([files["report.pdf"][-9] ^ 1]) + files["report.pdf"][-8:]
        )

    assert found(rewrite(made.zip, flip)) == {("file-changed", "report.pdf")}


def test_a_removed_file_is_found(made):
    gone = next(name for name in names(made.zip) if name.startswith("facts/DV-"))
    assert ("file-removed", gone) in found(rewrite(made.zip, lambda files: files.pop(gone)))


def test_recomputed_digests_are_found(made):
    """A deviation told otherwise, and the manifest made to agree."""
    name = next(name for name in names(made.zip) if name.startswith("facts/DV-"))

    def forge(files: dict[str, bytes]) -> None:
        files[name] = files[name].replace(b"without the approval", b"with the approval")
        manifest = json.loads(files["manifest.json"])
        for row in manifest["files"]:
            if row["path"] == name:
                row["sha256"], row["size"] = hashlib.sha256(files[name]).hexdigest(), len(files[name])
        files["manifest.json"] = json.dumps(
            manifest, separators=(",", ":"), sort_keys=True, ensure_ascii=False
        ).encode()

    assert found(rewrite(made.zip, forge)) == {
        ("manifest-not-logged", "manifest.json"),
        ("fact-not-vouched", name),
    }


def test_a_changed_draw_is_found(made):
    name = next(name for name in names(made.zip) if name.startswith("samples/"))

    def swap(files: dict[str, bytes]) -> None:
        record = json.loads(files[name])
        record["drawn"] = record["drawn"][::-1]
        files[name] = json.dumps(record, separators=(",", ":"), sort_keys=True).encode()

    assert ("sample-drawn", name) in found(rewrite(made.zip, swap))


# -- who sees a bundle


def test_the_company_does_not_see_the_firms_bundles(made):
    from tickmark.kernel.access import visible

    row = report.bundle(made.actor("partner"), made.report, BundleContents.FILE)
    assert set(visible(made.actor("founder"), Bundle)) == {made.bundle}
    assert set(visible(made.actor("staff"), Bundle)) == {made.bundle, row}
    assert not visible(made.actor("stranger"), Bundle).exists()
    assert not visible(made.actor("employee"), Bundle).exists()


@pytest.mark.parametrize("name", ["employee", "stranger", "former"])
def test_outsiders_find_no_report_to_bundle(made, name):
    with pytest.raises(NotFound):
        report.bundle(made.actor(name), made.report)


def test_an_owner_may_not_bundle(made):
    with pytest.raises(Refused):
        report.bundle(made.actor("owner"), made.report)


def test_names_of_files_stay_harmless():
    hostile = ["../../etc/passwd", "a/b\\c.csv", ".hidden", "naïve – list.csv", "", "x" * 500]
    assert [bundling.safe_name(name) for name in hostile] == [
        "_.._etc_passwd", "a_b_c.csv", "hidden", "na_ve_list.csv", "file", "x" * 120,
    ]  # fmt: skip
