"""Who may import whom: the contracts in pyproject.toml, and the rules that they cannot say."""

from __future__ import annotations

import subprocess
import sys

from tests.architecture.tree import ROOT, modules, nothing

PURE = {
    "sampling.py",
    "occurrences.py",
    "reconcile.py",
    "gaps.py",
    "kernel/errors.py",
    "kernel/ledger/tree.py",
    "kernel/ledger/note.py",
    "kernel/ledger/verify.py",
}
"""Logic that can be read and tested alone: no Django, no books."""
IMPORTERS = "controls/importers/"
"""Whatever somebody sends is read by code that can reach nothing."""


def test_the_import_contracts_hold() -> None:
    command = "from importlinter.cli import lint_imports_command as run; run()"
    done = subprocess.run(
        [sys.executable, "-c", command, "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_plugin_imports_the_plugin_module_alone() -> None:
    found = [
        f"src/tickmark/{module.name}:{line} {name}"
        for module in modules()
        if module.package == "plugins"
        for line, name in module.imports()
        if name.startswith("tickmark")
        and not f"{name}.".startswith(("tickmark.plugin.", "tickmark.plugins."))
    ]
    nothing(found, "Import what a plugin needs from tickmark.plugin.")


def test_the_permission_table_is_written_in_the_words_of_access() -> None:
    found = [
        f"{name} (line {line})"
        for module in modules()
        if module.name == "permissions.py"
        for line, name in module.imports()
        if name.startswith("tickmark") and not name.startswith("tickmark.kernel.access.")
    ]
    nothing(found, "permissions.py is a table: rules come ready-made through kernel.access.")


def test_pure_logic_knows_no_django_and_no_books() -> None:
    found = [
        f"src/tickmark/{module.name}:{line} {name}"
        for module in modules()
        if module.name in PURE or module.name.split("/")[-1] in PURE or module.name.startswith(IMPORTERS)
        for line, name in module.imports()
        if name.split(".")[0] == "django" or name.endswith((".models", ".queries", ".actions"))
    ]
    nothing(found, "Hand the values in: pure logic is read and tested alone.")


def test_the_program_never_imports_its_tests() -> None:
    found = [
        f"src/tickmark/{module.name}:{line}"
        for module in modules()
        for line, name in module.imports()
        if name.split(".")[0] in {"tests", "pytest", "hypothesis"}
    ]
    nothing(found, "The program is installed without its tests.")
