"""verify.py names every attack, passes what is honest, and stands alone."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernel.ledger import bundles
from tests.kernel.ledger.attacks import ATTACKS, Case, Honest
from tickmark.evidence import sampling
from tickmark.kernel.ledger import tiles, tree, verify

SCRIPT = Path(verify.__file__)


def failing(findings: list[verify.Finding]) -> list[str]:
    return sorted(f"{one.id} {one.where}" for one in findings if one.verdict == "fail")


def run(case: Case) -> list[verify.Finding]:
    return verify.verify(case.path, case.key, case.older)


@pytest.mark.parametrize("name", ATTACKS)
def test_each_attack_is_named(name: str, honest: Honest) -> None:
    make, names = ATTACKS[name]
    findings = run(make(honest))
    assert failing(findings) == names
    assert verify.holds(findings) is not bool(names)


def test_an_honest_bundle_passes_every_check(honest: Honest) -> None:
    case = ATTACKS["honest_with_key_and_older_checkpoint"][0](honest)
    assert [(one.id, one.verdict) for one in run(case)] == [
        (name, "pass")
        for name in ("container", "manifest", "files", "key-given", "checkpoint", "root", "older", "origin",
                     "proof", "entries", "facts", "evidence", "samples")
    ]  # fmt: skip


def test_what_a_run_cannot_show_is_said_and_is_no_pass(honest: Honest) -> None:
    findings = {one.id: one for one in verify.verify(honest.path)}
    open_ = {name for name, one in findings.items() if one.verdict == "undetermined"}
    assert open_ == {"key-own", "older-none"}
    assert "NO OLDER CHECKPOINT WAS GIVEN" in findings["older-none"].says
    last = verify.as_text(list(findings.values())).splitlines()[-1]
    assert last == "NOTHING FOUND WRONG, but 2 could not be shown by this run (see ?? above)."


def test_what_an_attack_hides_is_not_passed(honest: Honest) -> None:
    findings = run(ATTACKS["flipped_checkpoint_root"][0](honest))
    assert [one.where for one in findings if one.id == "not-checked"] == [
        "root", "origin", "proof", "entries", "facts", "evidence",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sample_whose_order_is_not_disclosed", "sample-order-unknown"),
        ("sample_by_judgement", "sample-method"),
        ("sample_in_strata", "sample-typed"),
    ],
)
def test_what_cannot_be_known_of_a_sample_is_undetermined(name: str, expected: str, honest: Honest) -> None:
    found = {one.id: one.verdict for one in run(ATTACKS[name][0](honest)) if one.where == "samples/SM-1.json"}
    assert found[expected] == "undetermined"
    assert set(found.values()) == {"undetermined"}


def test_a_folder_is_verified_like_the_zip(honest: Honest) -> None:
    folder = honest.room / "unpacked"
    with zipfile.ZipFile(honest.path) as archive:
        archive.extractall(folder)
    assert verify.verify(folder) == verify.verify(honest.path)
    (folder / "stray.txt").write_text("x")
    (folder / "report.pdf").unlink()
    assert failing(verify.verify(folder)) == ["file-removed report.pdf", "file-unlisted stray.txt"]
    (folder / "report.pdf").symlink_to("/etc/hostname")
    assert failing(verify.verify(folder)) == ["name-unsafe report.pdf"]


def test_a_file_that_cannot_be_read_from_the_disk_is_a_finding(honest: Honest) -> None:
    folder = honest.room / "unpacked"
    bundles.pack(honest.room / "few.zip", {"report.pdf": b"x"})
    with zipfile.ZipFile(honest.room / "few.zip") as archive:
        archive.extractall(folder)
    source = verify.Folder(folder)
    (folder / "report.pdf").unlink()
    with pytest.raises(verify.Unreadable, match="cannot be read from the disk"):
        verify.read(source, "report.pdf", 10)


def test_a_folder_with_a_name_in_no_alphabet(tmp_path: Path) -> None:
    os.close(os.open(os.fsencode(tmp_path) + b"/caf\xe9", os.O_CREAT))
    assert failing(verify.verify(tmp_path)) == ["name-unsafe caf?"]


def test_a_terminal_that_lacks_a_letter_still_gets_the_findings(honest: Honest) -> None:
    case = honest.with_changes({"caf\u00e9.txt": b"x"})
    answer = subprocess.run(
        [sys.executable, str(SCRIPT), str(case.path)],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert (answer.returncode, answer.stderr) == (1, b"")
    assert b"file-unlisted          caf?.txt: File not in the manifest" in answer.stdout


def test_nothing_at_the_path(tmp_path: Path) -> None:
    assert failing(verify.verify(tmp_path / "nothing.zip")) == ["bundle-missing "]


def test_a_bundle_is_the_same_bytes_each_time(honest: Honest) -> None:
    again = honest.room / "again.zip"
    bundles.build(again)
    assert again.read_bytes() == honest.path.read_bytes()


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_one_flipped_bit_in_any_content_is_found(
    honest_bundle: tuple[Path, bundles.Log], data: st.DataObject
) -> None:
    """Every file, every place: whatever is flipped, the bundle no longer holds."""
    files = bundles.unpacked(honest_bundle[0])
    name = data.draw(st.sampled_from(sorted(files)))
    at = data.draw(st.integers(0, len(files[name]) - 1))
    target = honest_bundle[0].with_name("flipped.zip")
    bundles.pack(target, {**files, name: bundles.flipped(files[name], at)})
    findings = verify.verify(target)
    assert not verify.holds(findings), (name, at)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_broken_zip_never_ends_in_anything_but_findings(
    honest_bundle: tuple[Path, bundles.Log], data: st.DataObject
) -> None:
    whole = honest_bundle[0].read_bytes()
    start = data.draw(st.integers(0, len(whole) - 1))
    length = data.draw(st.integers(0, 64))
    filling = data.draw(st.binary(max_size=64))
    target = honest_bundle[0].with_name("broken.zip")
    target.write_bytes(whole[:start] + filling + whole[start + length :])
    assert verify.verify(target)


# --- the command ---


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-S", str(SCRIPT), *arguments], capture_output=True, text=True
    )


def test_the_script_needs_nothing_but_the_standard_library() -> None:
    names = set()
    for node in ast.walk(ast.parse(SCRIPT.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            names.add((node.module or "").split(".")[0])
    assert names <= sys.stdlib_module_names


def test_the_command_holds_and_refuses(honest: Honest) -> None:
    older = honest.room / "older"
    older.write_bytes(honest.log.checkpoint(200))
    good = command(str(honest.path), "--checkpoint", str(older), "--key", str(honest.log.signer.verifier))
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.endswith("The bundle HOLDS: nothing found wrong.\n")
    bad = command(str(ATTACKS["removed_report"][0](honest).path))
    assert bad.returncode == 1
    assert "FAIL  file-removed           report.pdf: File removed" in bad.stdout
    assert bad.stdout.endswith(
        "The bundle DOES NOT HOLD: 1 found wrong, 2 could not be shown by this run (see ?? above).\n"
    )


def test_the_command_writes_json(honest: Honest) -> None:
    answer = command(str(honest.path), "--json")
    document = json.loads(answer.stdout)
    assert (document["format"], document["verdict"]) == ("tickmark-verification/1", "undetermined")
    assert document["findings"] == [one._asdict() for one in verify.verify(honest.path)]


def test_an_older_checkpoint_that_is_not_there_is_a_mistake_of_the_caller(honest: Honest) -> None:
    answer = command(str(honest.path), "--checkpoint", str(honest.room / "nothing"))
    assert answer.returncode == 2
    assert "the older checkpoint cannot be read" in answer.stderr


# --- Ed25519 against cryptography ---


def theirs(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@settings(max_examples=25, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.data())
def test_signatures_are_judged_as_cryptography_judges_them(
    seed: bytes, message: bytes, data: st.DataObject
) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), key.sign(message)
    assert verify.signature_holds(public, message, signature)
    at, where = data.draw(st.integers(0, 63)), data.draw(st.integers(0, 31))
    for case in (
        (public, message, bundles.flipped(signature, at)),
        (public, message + b"x", signature),
        (bundles.flipped(public, where), message, signature),
    ):
        assert verify.signature_holds(*case) == theirs(*case) is False


def test_a_second_spelling_of_a_signature_is_refused() -> None:
    """S + L satisfies the equation too; RFC 8032 5.1.7 wants S below L."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    public, signature = key.public_key().public_bytes_raw(), key.sign(b"text")
    other = int.from_bytes(signature[32:], "little") + verify.L
    case = (public, b"text", signature[:32] + other.to_bytes(32, "little"))
    assert verify.signature_holds(*case) == theirs(*case) is False


SMALL_ORDER = [
    (0).to_bytes(32, "little"),
    (1).to_bytes(32, "little"),
    (verify.P - 1).to_bytes(32, "little"),
    (1 << 255).to_bytes(32, "little"),
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
]


@pytest.mark.parametrize("public", SMALL_ORDER)
def test_a_key_of_small_order_signs_nothing(public: bytes) -> None:
    """Such a key fits messages nobody signed; here R = A·(-k) with S = 0 is tried for a message that fits."""
    for number in range(200):
        message = b"%d" % number
        for commitment in SMALL_ORDER:
            assert not verify.signature_holds(public, message, commitment + bytes(32))


@pytest.mark.parametrize(
    "encoded",
    [(verify.P).to_bytes(32, "little"), (verify.P + 1).to_bytes(32, "little"), ((1 << 255) | 1).to_bytes(32, "little"),
     b"\xff" * 32, (2).to_bytes(32, "little")],
)  # fmt: skip
def test_points_that_are_none_or_not_spelled_as_they_should_be(encoded: bytes) -> None:
    assert verify._point(encoded) is None
    key = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()
    assert not verify.signature_holds(encoded, b"", key + bytes(32))
    assert not verify.signature_holds(key, b"", encoded + bytes(32))


def test_the_test_vectors_of_rfc_8032() -> None:
    public = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signature = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert verify.signature_holds(public, b"\x72", signature)


# --- its own canonical JSON, tree and draw against the program's ---

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_canonical_json_is_that_of_rfc8785(value: object) -> None:
    try:
        expected = rfc8785.dumps(value)  # type: ignore[arg-type]
    except rfc8785.CanonicalizationError:
        return
    assert verify.canonical(value) == expected
    assert verify.parse(expected) == value


def test_keys_are_ordered_by_utf_16() -> None:
    value = {"\ufb33": 1, "\U0001f600": 2, "a": 3, "\u20ac": 4}
    assert (
        verify.canonical(value)
        == rfc8785.dumps(value)
        == '{"a":3,"\u20ac":4,"\U0001f600":2,"\ufb33":1}'.encode()
    )


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 900), st.data())
def test_audit_paths_are_judged_as_the_tree_judges_them(size: int, data: st.DataObject) -> None:
    leaves = [tree.leaf_hash(b"%d" % number) for number in range(size)]
    index, root = data.draw(st.integers(0, size - 1)), tree.root(leaves)
    path = tree.inclusion_proof(index, size, tree.in_memory(leaves))
    assert verify.path_leads(index, size, leaves[index], path, root)
    assert not verify.path_leads(index, size, leaves[index], [*path, root], root)
    assert not verify.path_leads(size, size, leaves[index], path, root)


@given(st.integers(0, 10**9), st.integers(1, 256))
def test_tiles_stand_where_the_log_writes_them(index: int, width: int) -> None:
    assert verify.tile_path(index, width) == "log/" + tiles.tile_path(0, index, width)


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=3), st.integers(0, 60), min_size=1, max_size=6), st.integers(0, 120))
def test_allotment_is_the_one_of_the_draw(sizes: dict[str, int], n: int) -> None:
    filled = {name: size for name, size in sizes.items() if size}
    if n < len(filled):
        return
    assert {k: v for k, v in verify.allot(sizes, n).items() if v} == {
        k: v for k, v in sampling.allot(sizes, n).items() if v
    }


@settings(deadline=None)
@given(
    st.sets(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1), max_size=30),
    st.integers(0, 40),
)
def test_the_draw_is_the_one_of_the_program(keys: set[str], n: int) -> None:
    clean = {sampling.clean_key(key) for key in keys if key.strip(sampling.WHITE_SPACE)}
    assert verify.draw(clean, "seed", n) == sampling.draw(clean, "seed", n)


def test_the_check_values_of_the_reference() -> None:
    """domain.md 11."""
    drawn = ["0035", "0009", "0027", "0025", "0018", "0034", "0021", "0032"]
    assert verify.draw(bundles.KEYS, "2026-TYPE2-CHG-02", 8) == [f"CHG-{one}" for one in drawn]
    assert verify.allot({"api": 30, "web": 10}, 8) == {"api": 6, "web": 2}
    record = bundles.sample()
    assert record["key_hash"].startswith("53087a538754ece0")
    assert record["commitment"].startswith("d3668b1e104f62fa")
    assert record["seed"].startswith("c963d8d45d0d5993")
    assert record["drawn"][:4] == ["CHG-0039", "CHG-0012", "CHG-0005", "CHG-0020"]
