"""What the words say: a kernel that knows no SOC 2, docstrings on all that is public."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.tree import Module, modules, nothing

DEFINITION = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
SOC2_WORDS = {
    *("soc", "soc2", "aicpa", "tsc", "coso", "cpa", "criterion", "criteria", "attestation", "readiness"),
    *(
        "audit",
        "audits",
        "auditor",
        "auditors",
        "engagement",
        "engagements",
        "walkthrough",
        "opinion",
        "opinions",
    ),
    *("evidence", "control", "controls", "population", "populations", "deviation", "deviations"),
    *("workpaper", "workpapers", "subservice", "cuec", "csoc", "vendor", "vendors", "carveout", "signoff"),
}
"""A word counts by itself and as a part of a name (`auditor_side`, `AuditorSide`)."""

VERIFIER = "kernel/ledger/verify.py"
"""The stand-alone verifier is one file on purpose, so it names what a bundle holds."""

ORDINARY = re.compile(
    r"no SOC 2 word|(access|cache|version|concurrency|flow)[- ]controls?|control[- ](characters?|codes?|flow)"
    r"|under control|CacheControl|audit[- ]paths?|\.vendor\b|vendor-neutral|vendored",
    re.I,
)
"""English, HTTP, Unicode, Merkle trees and Django (`connection.vendor`) own these."""


def soc2_words(text: str) -> Iterator[tuple[int, str]]:
    """Line and word of every SOC 2 word in a text, names taken apart at underscores and capitals."""
    for number, line in enumerate(text.splitlines(), 1):
        plain = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", ORDINARY.sub(" ", line))
        words = re.findall(r"[a-z0-9]+", plain.lower())
        yield from ((number, word) for word in words if word in SOC2_WORDS)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("the auditor's side", ["auditor"]),
        ("def on_my_engagement():", ["engagement"]),
        ("class SharedEvidence:", ["evidence"]),
        ("# a control character", []),
        ("Cache-Control: no-store", []),
        ("seal, entries and checkpoints", []),
    ],
)
def test_the_detector_sees_soc2_words_and_nothing_else(line: str, expected: list[str]) -> None:
    assert [word for _, word in soc2_words(line)] == expected


def test_the_kernel_has_no_soc2_word_in_it() -> None:
    found = [
        f"src/tickmark/{module.name}:{line} {word}"
        for module in modules()
        if module.package == "kernel" and module.name != VERIFIER
        for line, word in soc2_words(module.text)
    ]
    nothing(found, "The kernel is general: say it without the word, or move it to a step.")


def test_every_public_module_class_and_function_says_what_it_is() -> None:
    found = [name for module in modules() for name in _silent(module)]
    nothing(found, "Say in a docstring what it is.")


def _silent(module: Module) -> Iterator[str]:
    if module.text.strip() and not ast.get_docstring(module.tree):
        yield f"src/tickmark/{module.name}:1 the module"
    for node in module.tree.body:
        if isinstance(node, DEFINITION) and not node.name.startswith("_") and not ast.get_docstring(node):
            yield f"{module.at(node)} {node.name}"
