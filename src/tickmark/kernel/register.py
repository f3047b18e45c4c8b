"""The registers: everything that can be added to the program, each thing with its file's digest.

Plugins come from the bundled folder, from packages that name the entry-point group `tickmark`, and
from a drop-in folder with the sub-folders `collectors`, `checks`, `shapes`, `recipes`, `notifiers`
and `reports`. A name stands once: a second plugin of the same name is refused, whoever brings it.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Generic, TypeVar

from tickmark.kernel.checks import Check, load_check
from tickmark.kernel.errors import Conflict, Invalid
from tickmark.kernel.recipes import Recipe, load_recipe
from tickmark.kernel.shapes import Shape, load_shape
from tickmark.kernel.sources import Collector
from tickmark.kernel.tables import file_digest

T = TypeVar("T")

PACKAGE = Path(__file__).resolve().parents[1]
LIBRARY = PACKAGE.parents[1] / "library"


@dataclass(frozen=True)
class Entry(Generic[T]):
    """One registered thing: its file's SHA-256, its version, and where it came from."""

    name: str
    thing: T
    digest: str
    version: str
    origin: str
    file: str


@dataclass
class Register(Generic[T]):
    """Names and what they stand for. `noun` is what its messages call a thing."""

    noun: str
    entries: dict[str, Entry[T]] = field(default_factory=dict)

    def add(self, name: str, thing: T, *, file: Path, origin: str, version: str = "1") -> Entry[T]:
        """Register a thing under a name. Raises Conflict if the name is taken."""
        if name in self.entries:
            first = self.entries[name]
            raise Conflict(
                f"There are two {self.noun}s named {name}.",
                f"One is in {first.file} ({first.origin}), the other in {file.name} ({origin}).",
                "Rename one of them, or remove it.",
            )
        entry = Entry(name, thing, file_digest(file), version, origin, file.name)
        self.entries[name] = entry
        return entry

    def __getitem__(self, name: str) -> T:
        return self.entry(name).thing

    def entry(self, name: str) -> Entry[T]:
        """The entry of that name. Raises Invalid that lists the names there are."""
        if name not in self.entries:
            there = ", ".join(sorted(self.entries)) or "none"
            raise Invalid(f"There is no {self.noun} named {name}.", f"There is {there}.", "Check the name.")
        return self.entries[name]

    def __iter__(self) -> Iterator[Entry[T]]:
        return iter(sorted(self.entries.values(), key=lambda entry: entry.name))

    def __contains__(self, name: str) -> bool:
        return name in self.entries

    def things(self) -> dict[str, T]:
        """All things by name."""
        return {name: entry.thing for name, entry in self.entries.items()}


@dataclass(frozen=True)
class Notice:
    """Something to tell outside of the pages. `id` is the same for every try: whoever gets it twice can tell.

    `files` are (name, text) pairs to go along. `secret` signs the notice, where its receiver holds the same one.
    """

    to: str
    subject: str
    text: str
    id: str
    at: datetime
    html: str = ""
    files: tuple[tuple[str, str], ...] = ()
    secret: str = ""


@dataclass(frozen=True)
class Receipt:
    """What the other side said: a status if it has such numbers, its first words, and why that was no yes."""

    status: int | None = None
    head: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Notifier:
    """A way to tell somebody something: `send` hands a Notice over; it raises Unavailable if nobody answered."""

    name: str
    send: Callable[[Notice], Receipt]
    version: str = "1"


@dataclass(frozen=True)
class Template:
    """A report template: its file, and the names of the sections that its header says it reads."""

    name: str
    path: Path
    reads: tuple[str, ...]
    version: str = "1"


@dataclass
class Registers:
    """All registers of an installation."""

    collectors: Register[Collector] = field(default_factory=lambda: Register("collector"))
    shapes: Register[Shape] = field(default_factory=lambda: Register("shape"))
    checks: Register[Check] = field(default_factory=lambda: Register("check"))
    notifiers: Register[Notifier] = field(default_factory=lambda: Register("notifier"))
    reports: Register[Template] = field(default_factory=lambda: Register("report template"))
    recipes: Register[Recipe] = field(default_factory=lambda: Register("recipe"))

    def digest(self) -> str:
        """SHA-256 over the digests of everything registered: it changes when any plugin changes."""
        parts = (self.collectors, self.shapes, self.checks, self.notifiers, self.reports, self.recipes)
        lines = [f"{part.noun} {entry.name} {entry.digest}" for part in parts for entry in part]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def load(drop_in: Path | None = None, library: Path = LIBRARY) -> Registers:
    """Everything there is: bundled, from installed packages, and from the drop-in folder if it exists."""
    registers = Registers()
    load_folder(registers, library, "bundled")
    load_folder(registers, PACKAGE / "plugins", "bundled")
    for point in sorted(entry_points(group="tickmark"), key=lambda point: point.name):
        _add_module(registers, _imported(point), "package")
    if drop_in and drop_in.is_dir():
        load_folder(registers, drop_in, "drop-in")
    return registers


def load_folder(registers: Registers, folder: Path, origin: str) -> None:
    """Register what lies in the sub-folders of `folder`, in the order of the names."""
    for path in _files(folder, "shapes", "*.toml"):
        shape = load_shape(path)
        registers.shapes.add(shape.name, shape, file=path, origin=origin, version=str(shape.version))
    for path in _files(folder, "recipes", "*.toml"):
        recipe = load_recipe(path)
        registers.recipes.add(recipe.name, recipe, file=path, origin=origin, version=recipe.version)
    for path in _files(folder, "checks", "*.sql"):
        check = load_check(path)
        registers.checks.add(check.name, check, file=path, origin=origin, version=check.version)
    for path in _files(folder, "reports", "*.typ"):
        registers.reports.add(path.stem, _template(path), file=path, origin=origin)
    for kind in ("collectors", "notifiers"):
        for path in _files(folder, kind, "*.py"):
            _add_module(registers, _module(path, origin), origin)


def _files(folder: Path, kind: str, pattern: str) -> list[Path]:
    return sorted(path for path in (folder / kind).glob(pattern) if not path.name.startswith("_"))


def _module(path: Path, origin: str) -> ModuleType:
    if origin == "bundled":
        return importlib.import_module(f"tickmark.plugins.{path.parent.name}.{path.stem}")
    name = f"tickmark_plugin_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise Invalid(f"{path.name} cannot be loaded.", "It is no Python file.", "Remove it.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        why = f"{type(error).__name__}: {error}."
        raise Invalid(f"The plugin {path.name} cannot be loaded.", why, "Correct or remove it.") from error
    return module


def _imported(point: EntryPoint) -> ModuleType:
    try:
        found = point.load()
    except Exception as error:
        why = f"{type(error).__name__}: {error}."
        raise Invalid(
            f"The plugin {point.name} cannot be loaded.", why, "Correct or uninstall it."
        ) from error
    if not isinstance(found, ModuleType):
        raise Invalid(f"The plugin {point.name} is no module.", f"It names {point.value}.", "Name a module.")
    return found


def _add_module(registers: Registers, module: ModuleType, origin: str) -> None:
    file = Path(str(module.__file__))
    for thing in vars(module).values():
        if isinstance(thing, Collector):
            registers.collectors.add(thing.name, thing, file=file, origin=origin, version=thing.version)
        elif isinstance(thing, Notifier):
            registers.notifiers.add(thing.name, thing, file=file, origin=origin, version=thing.version)


def _template(path: Path) -> Template:
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("// reads:"):
            return Template(path.stem, path, tuple(part.strip() for part in line[9:].split(",")))
    raise Invalid(
        f"{path.name} cannot be used.", "Its header lacks `// reads:`.", "Name the sections it reads."
    )
