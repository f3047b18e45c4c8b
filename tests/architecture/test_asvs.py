"""The checklist of the ASVS: every requirement once, each with a test that exists, a page, or a reason."""

from __future__ import annotations

import ast
import re
from collections import Counter

from tests.architecture.tree import ROOT, nothing, text

ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| ([12]) \| (.+?) \| (.+) \|$", re.M)
COUNTS = dict(
    zip(map(str, range(1, 18)), (27, 11, 19, 10, 9, 35, 18, 7, 7, 29, 14, 9, 13, 9, 13, 16, 7), strict=True)
)
"""Requirements of levels 1 and 2 in each chapter of ASVS 5.0.0."""
KINDS = {
    "test": r"`(tests/[\w/]+\.py)::([\w:]+)`",
    "page": r"written in \[",
    "reason": "reason: ",
    "operator": "the operator’s: ",
    "does not apply": "not applicable: ",
    "not met": r"\*\*not met\*\*: ",
}


def rows() -> list[tuple[str, str, str, str]]:
    """Number, level, words and proof of each line."""
    return ROW.findall(text("docs/asvs.md") or "")


def kind(proof: str) -> str:
    """What sort of proof a line gives; empty for none."""
    return next((name for name, pattern in KINDS.items() if re.match(pattern, proof)), "")


def test_every_requirement_stands_once() -> None:
    numbers = [number for number, *_ in rows()]
    assert len(set(numbers)) == len(numbers)
    assert Counter(number.split(".")[0] for number in numbers) == COUNTS


def test_every_line_gives_a_proof_or_a_reason() -> None:
    nothing((number for number, *_, proof in rows() if not kind(proof)), "Say how, or why not:")


def test_every_test_that_is_cited_exists() -> None:
    found = []
    for number, *_, proof in rows():
        for path, name in re.findall(KINDS["test"], proof):
            if name.split("::")[-1] not in _tests(path):
                found.append(f"{number}: {path}::{name}")
    nothing(found, "These tests are not there:")


def _tests(path: str) -> set[str]:
    file = ROOT / path
    if not file.exists():
        return set()
    return {node.name for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.FunctionDef)}


def test_the_figures_of_its_head_are_those_of_its_table() -> None:
    counts = Counter(kind(proof) for *_, proof in rows())
    head = " ".join((text("docs/asvs.md") or "").split("## 1 ")[0].split())
    assert f"Of {len(rows())} requirements {counts['test']} have a test" in head
    for said, name in (
        ("are met by a page", "page"),
        ("have a reason that no test proves", "reason"),
        ("are the operator's to meet", "operator"),
        ("do not apply", "does not apply"),
        ("are not met", "not met"),
    ):
        assert f"{counts[name]} {said}" in head, name
