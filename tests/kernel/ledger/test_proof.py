"""A proof is the text of c2sp.org/tlog-proof@v1."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.kernel.ledger.bundles import Log, filled_log, signer
from tickmark.kernel.errors import Invalid
from tickmark.kernel.ledger import tiles, tree
from tickmark.kernel.ledger.proof import Proof


def test_text_of_a_proof() -> None:
    proof = Proof(5, (bytes(32), b"\x01" * 32), b"origin\n9\nroot\n\nsigned\n", b"extra")
    assert proof.text() == (
        b"c2sp.org/tlog-proof@v1\nextra ZXh0cmE=\nindex 5\n"
        b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n"
        b"\norigin\n9\nroot\n\nsigned\n"
    )
    assert Proof.parse(proof.text()) == proof


def test_the_only_entry_of_a_log_has_an_empty_path() -> None:
    log = Log()
    log.add("first")
    proof = log.prove(0)
    assert proof.text() == b"c2sp.org/tlog-proof@v1\nindex 0\n\n" + log.checkpoint()
    assert Proof.parse(proof.text()) == proof


def test_a_proof_proves_its_leaf_and_no_other() -> None:
    log = filled_log(300)
    proof = Proof.parse(log.prove(299).text())
    leaf = tiles.Tiles(log.store, 300).leaf(299)
    assert proof.proves(leaf, log.signer.verifier)
    assert not proof.proves(tree.leaf_hash(leaf), log.signer.verifier)
    assert not replace(proof, index=298).proves(leaf, log.signer.verifier)
    with pytest.raises(Invalid, match="None of the known keys"):
        proof.proves(leaf, signer(seed="another").verifier)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"c2sp.org/tlog-proof@v2\nindex 0\n\n",
        b"c2sp.org/tlog-proof@v1\n\n",
        b"c2sp.org/tlog-proof@v1\nindex 0",
        b"c2sp.org/tlog-proof@v1\nindex 00\n\n",
        b"c2sp.org/tlog-proof@v1\nindex x\n\n",
        b"c2sp.org/tlog-proof@v1\nindex 0\nAA==\n\n",
        b"c2sp.org/tlog-proof@v1\nextra !\nindex 0\n\n",
        b"\xff\n\n",
        b"c2sp.org/tlog-proof@v1\nindex 0\n" + b"A" * 43 + b"=\n" * 70 + b"\n",
    ],
)
def test_data_that_is_no_proof(data: bytes) -> None:
    with pytest.raises(Invalid):
        Proof.parse(data)
