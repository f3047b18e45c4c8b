"""The repository as the architecture tests see it: its files, and its Python modules parsed once."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "tickmark"
STEPS = ("people", "scope", "controls", "evidence", "readiness", "audit", "report", "upkeep")
DOORS = ("web", "api", "cli")


@dataclass(frozen=True)
class Module:
    """One Python file below `src/tickmark`, by its path from there (`kernel/clock.py`)."""

    name: str

    @property
    def path(self) -> Path:
        return SOURCE / self.name

    @property
    def package(self) -> str:
        """The first folder: a step, a door, kernel or plugins; empty for a file at the top."""
        return self.name.split("/")[0] if "/" in self.name else ""

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.name)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.tree))

    def imports(self) -> Iterator[tuple[int, str]]:
        """Line and full dotted name of everything this module imports, inside functions too."""
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)

    def at(self, node: ast.AST) -> str:
        """Where a node stands, for a message that an editor can follow."""
        return f"src/tickmark/{self.name}:{getattr(node, 'lineno', 1)}"


@cache
def modules() -> tuple[Module, ...]:
    """Every module of the program except migrations, in order."""
    found = (path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*.py"))
    return tuple(Module(name) for name in sorted(found) if "/migrations/" not in name)


@cache
def files() -> tuple[str, ...]:
    """Every file that is tracked or about to be, by its path from the root; ignored ones are not."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return tuple(sorted(name for name in set(listed.split("\0")) if name and (ROOT / name).is_file()))


@cache
def text(name: str) -> str | None:
    """The text of a file of the repository, or None if it is not text."""
    try:
        return (ROOT / name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def nothing(found: Iterable[str], remedy: str) -> None:
    """Fail with every place found, one a line, and what to do about them."""
    places = list(found)
    assert not places, "\n".join([remedy, *places])


def dotted(node: ast.AST) -> str:
    """`a.b.c` of a chain of attributes and calls (`a.b().c` reads the same); empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    if isinstance(node, ast.Call):
        return dotted(node.func)
    return ""
