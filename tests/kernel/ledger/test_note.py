"""Notes, keys and checkpoints in the formats of C2SP, byte for byte."""

from __future__ import annotations

import pytest

from tests.kernel.ledger.bundles import ORIGIN, flipped, signer
from tickmark.kernel.errors import Invalid
from tickmark.kernel.ledger import note

ROOT = bytes(range(32))
POINT = note.Checkpoint(ORIGIN, 5, ROOT)


def test_a_checkpoint_is_three_lines_and_a_signature() -> None:
    key = signer()
    text, line = POINT.signed(key).decode().split("\n\n")
    assert text == f"{ORIGIN}\n5\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    dash, name, signature = line.rstrip("\n").split(" ")
    assert (dash, name) == ("\u2014", ORIGIN)
    assert note.decode64(signature, "")[:4] == note.key_id(ORIGIN, key.verifier.public)


def test_a_published_key_and_note_of_the_go_checksum_database_verify() -> None:
    """The format is not our own: the key that every Go installation carries is read the same way."""
    vkey = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    assert str(note.Verifier.parse(vkey)) == vkey


def test_round_trip_of_key_and_checkpoint() -> None:
    key = signer()
    assert note.Verifier.parse(f"{key.verifier}\n") == key.verifier
    point = note.Checkpoint(ORIGIN, 7, ROOT, ("demo clock", "epoch 2"))
    assert note.open_checkpoint(point.signed(key), [key.verifier]) == point
    assert key.secret.hex() not in repr(key)


@pytest.mark.parametrize("at", [0, 30, 60, 80, 100, 150])
def test_a_changed_byte_is_not_believed(at: int) -> None:
    with pytest.raises(Invalid):
        note.open_checkpoint(flipped(POINT.signed(signer()), at), [signer().verifier])


def test_an_unknown_signature_is_ignored_and_a_false_one_of_a_known_key_is_not() -> None:
    ours, witness = signer(), signer("witness.example", "another key")
    both = note.add_signature(POINT.signed(ours), POINT.text(), witness)
    assert note.open_checkpoint(both, [ours.verifier]) == POINT
    assert note.open_checkpoint(both, [witness.verifier]) == POINT
    false = ours.signature_line("another text\n")
    with pytest.raises(Invalid, match="None of the known keys signed it"):
        note.open_checkpoint(POINT.signed(ours) + false, [ours.verifier])


def test_another_key_of_the_same_name_does_not_count() -> None:
    with pytest.raises(Invalid, match="None of the known keys"):
        note.open_checkpoint(POINT.signed(signer()), [signer(seed="another").verifier])


def test_a_key_signs_only_for_its_own_log() -> None:
    with pytest.raises(Invalid, match="cannot sign for"):
        POINT.signed(signer("other.example"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"{ORIGIN}\n5\n",
        f"{ORIGIN}\n05\nAA==\n",
        f"{ORIGIN}\n5\nAA==\n",
        f"{ORIGIN}\n-1\n{'A' * 43}=\n",
        f"{ORIGIN}\n5\n{'A' * 43}=",
        f"{ORIGIN}\n5\n{'A' * 42}B=\n",
        f"\n5\n{'A' * 43}=\n",
        f"{ORIGIN}\n\u0665\n{'A' * 43}=\n",
    ],
)
def test_text_that_is_no_checkpoint(text: str) -> None:
    with pytest.raises(Invalid):
        note.Checkpoint.parse(text)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no blank line\n",
        b"text\n\n",
        b"text\n\nno dash x AAAAAAA=\n",
        b"te\x07xt\n\n",
        b"\xff\n\n",
        "text\n\n\u2014 name AAAA\n".encode(),
        "text\n\n\u2014 name AAAAAAA=".encode(),
    ],
)
def test_data_that_is_no_note(data: bytes) -> None:
    with pytest.raises(Invalid):
        note.Note.parse(data)


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "name",
        "name+00000000",
        "name+00000000+AAAA",
        f"name+00000000+{'A' * 44}",
        f"{signer().verifier}".replace("log", "bog"),
    ],
)
def test_text_that_is_no_key(vkey: str) -> None:
    with pytest.raises(Invalid):
        note.Verifier.parse(vkey)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "tab\tname", "nb\u00a0sp"])
def test_names_a_log_cannot_have(name: str) -> None:
    with pytest.raises(Invalid, match="cannot name a log"):
        note.Signer.generate(name)
