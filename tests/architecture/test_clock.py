"""Time is a parameter: one file reads the system clock, and no test does."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, SOURCE, dotted, modules, nothing

READS = re.compile(
    r"(^|\.)("
    r"datetime\.(now|utcnow|today)|date\.today|timezone\.(now|localdate|localtime)"
    r"|time\.(time|time_ns|localtime|gmtime|ctime|strftime)|functions\.Now|uuid\.uuid1"
    r")$"
)
IMPORTED = {
    "time.time", "time.time_ns", "time.localtime", "time.gmtime", "time.sleep",
    "django.utils.timezone.now", "django.utils.timezone.localdate", "django.db.models.functions.Now",
}  # fmt: skip
SQL = re.compile(r"\b(current_date|current_timestamp|localtimestamp|now\s*\(|today\s*\()", re.I)
WAITING = {"tests/servers.py"}
"""It waits for a server to answer: no test's verdict depends on how long."""


def clock_reads(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and name of everything that reads the machine's clock."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and READS.search(dotted(node)):
            yield node.lineno, dotted(node)
        elif isinstance(node, ast.ImportFrom):
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from ((node.lineno, name) for name in names if name in IMPORTED)
        elif isinstance(node, ast.keyword) and node.arg in {"auto_now", "auto_now_add"}:
            yield node.lineno, node.arg


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("datetime.now(UTC)", ["datetime.now"]),
        ("datetime.datetime.now()", ["datetime.datetime.now"]),
        ("timezone.now", ["timezone.now"]),
        ("from time import time", ["time.time"]),
        ("DateTimeField(auto_now_add=True)", ["auto_now_add"]),
        ("clock.now()", []),
        ("time.monotonic()", []),
        ("clock.today()", []),
    ],
)
def test_the_detector_sees_clocks_and_nothing_else(source: str, expected: list[str]) -> None:
    assert [name for _, name in clock_reads(ast.parse(source))] == expected


def test_only_the_clock_reads_the_clock() -> None:
    found = [
        f"src/tickmark/{module.name}:{line} {name}"
        for module in modules()
        if module.name != "kernel/clock.py"
        for line, name in clock_reads(module.tree)
    ]
    nothing(found, "Take the day as a parameter, or ask kernel.clock.")


def test_no_check_asks_the_database_for_the_time() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sorted(SOURCE.rglob("*.sql"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if SQL.search(line.split("--")[0])
    ]
    nothing(found, "A check is judged for a period: use $start and $end.")


def test_no_test_reads_the_real_clock_or_sleeps() -> None:
    found = [
        f"{name}:{line} {read}"
        for name, tree in _tests()
        for line, read in (*clock_reads(tree), *_sleeps(tree))
    ]
    nothing(found, "Fix the instant in the test (time-machine), and wait for conditions, not for time.")


def _tests() -> Iterator[tuple[str, ast.AST]]:
    for path in sorted((ROOT / "tests").rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if name not in WAITING and Path(__file__) != path:
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def _sleeps(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and dotted(node) == "time.sleep":
            yield node.lineno, "time.sleep"
