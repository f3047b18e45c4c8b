"""The tree agrees with RFC 6962 as the definitions say it, and with vectors made by others."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kernel.ledger import naive
from tickmark.kernel.errors import Invalid
from tickmark.kernel.ledger import tree

VECTORS = Path(__file__).parents[4] / "shared" / "vectors" / "merkle"
needs_vectors = pytest.mark.skipif(
    not VECTORS.is_dir(), reason="NO MERKLE VECTORS: ../shared/vectors/merkle is not beside this repository"
)


def data(count: int) -> list[bytes]:
    return [b"leaf %d" % number for number in range(count)]


def leaves(count: int) -> list[bytes]:
    return [tree.leaf_hash(one) for one in data(count)]


def vectors(kind: str) -> list[Any]:
    files = sorted((VECTORS / kind).rglob("*.json")) if VECTORS.is_dir() else []
    return [pytest.param(json.loads(f.read_text()), id=f"{f.parent.name}-{f.stem}") for f in files]


def decoded(texts: list[str] | None) -> list[bytes]:
    return [base64.b64decode(text) for text in texts or []]


@needs_vectors
def test_the_vectors_are_there() -> None:
    assert len(vectors("inclusion")) + len(vectors("consistency")) == 96


@needs_vectors
@pytest.mark.parametrize("case", vectors("inclusion"))
def test_inclusion_vectors(case: dict[str, Any]) -> None:
    root, leaf = decoded([case["root"], case["leafHash"]])
    good = tree.verify_inclusion(case["leafIdx"], case["treeSize"], leaf, decoded(case["proof"]), root)
    assert good is not case["wantErr"]


@needs_vectors
@pytest.mark.parametrize("case", vectors("consistency"))
def test_consistency_vectors(case: dict[str, Any]) -> None:
    old, new = decoded([case["root1"], case["root2"]])
    good = tree.verify_consistency(case["size1"], case["size2"], old, new, decoded(case["proof"]))
    assert good is not case["wantErr"]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 8, 9, 255, 256, 257])
def test_root_is_the_one_of_the_definition(count: int) -> None:
    assert tree.root(leaves(count)) == naive.mth(data(count))


@given(st.integers(1, 70), st.data())
def test_inclusion_proof_is_the_one_of_the_definition_and_verifies(size: int, draw: st.DataObject) -> None:
    index = draw.draw(st.integers(0, size - 1))
    proof = tree.inclusion_proof(index, size, tree.in_memory(leaves(size)))
    assert proof == naive.path(index, data(size))
    assert tree.verify_inclusion(index, size, leaves(size)[index], proof, tree.root(leaves(size)))


@given(st.integers(1, 70), st.data())
def test_consistency_proof_is_the_one_of_the_definition_and_verifies(new: int, draw: st.DataObject) -> None:
    old = draw.draw(st.integers(1, new))
    proof = tree.consistency_proof(old, new, tree.in_memory(leaves(new)))
    assert proof == naive.proof(old, data(new))
    assert tree.verify_consistency(old, new, tree.root(leaves(old)), tree.root(leaves(new)), proof)


@given(st.integers(2, 70), st.data())
def test_no_changed_proof_verifies(size: int, draw: st.DataObject) -> None:
    index = draw.draw(st.integers(0, size - 1))
    proof, root = tree.inclusion_proof(index, size, tree.in_memory(leaves(size))), tree.root(leaves(size))
    at = draw.draw(st.integers(0, len(proof) - 1))
    leaf = leaves(size)[index]
    wrong = [*proof[:at], tree.leaf_hash(proof[at]), *proof[at + 1 :]]
    for changed in (wrong, proof[:at] + proof[at + 1 :], [*proof, root]):
        assert not tree.verify_inclusion(index, size, leaf, changed, root)
    assert not tree.verify_inclusion(index, size, tree.leaf_hash(leaf), proof, root)


@given(st.integers(2, 70), st.data())
def test_a_rewritten_log_is_not_consistent(size: int, draw: st.DataObject) -> None:
    old = draw.draw(st.integers(1, size - 1))
    changed = draw.draw(st.integers(0, old - 1))
    rewritten = leaves(size)
    rewritten[changed] = tree.leaf_hash(b"another past")
    proof = tree.consistency_proof(old, size, tree.in_memory(rewritten))
    assert not tree.verify_consistency(old, size, tree.root(leaves(old)), tree.root(rewritten), proof)


def test_the_empty_log_is_the_beginning_of_every_log_and_only_with_its_own_root() -> None:
    root = tree.root(leaves(5))
    assert tree.verify_consistency(0, 5, tree.EMPTY_ROOT, root, [])
    assert not tree.verify_consistency(0, 5, root, root, [])


@pytest.mark.parametrize(("index", "size"), [(-1, 5), (5, 5), (0, 0)])
def test_a_position_outside_is_refused(index: int, size: int) -> None:
    with pytest.raises(Invalid, match=f"Position {index} cannot be proved"):
        tree.inclusion_proof(index, size, tree.in_memory(leaves(size)))


def test_a_log_does_not_shrink() -> None:
    with pytest.raises(Invalid, match="Sizes 6 and 5"):
        tree.consistency_proof(6, 5, tree.in_memory(leaves(5)))
