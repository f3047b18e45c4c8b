"""Reading an export through a recipe: what is missing becomes unknown, what is cut becomes a problem."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tickmark.kernel.bundles import Bundle, open_bundle, page_number
from tickmark.kernel.errors import Invalid
from tickmark.kernel.formats import SourceRow, parsed, records, rows_of
from tickmark.kernel.recipes import Child, Field, NotReadable, Recipe, apply, reach, there, zone_of
from tickmark.kernel.sources import Row, Source
from tickmark.kernel.tables import Faults

CAPS = frozenset({1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 65_535, 100_000, 1_048_575})
"""Counts at which exports are usually cut; a list of exactly so many rows needs a declared count."""


def read_export(source: Source, key: tuple[str, ...]) -> Iterator[Row]:
    """The rows of the export at the setting `path`, read by the source's recipe.

    `key` names the columns that must be there. Raises Invalid when the export cannot be read at all.
    """
    recipe = source.recipe
    if recipe is None:
        raise Invalid("The setting recipe is missing.", "A file is read by a recipe.", "Name one.", "recipe")
    _describe(source, recipe)
    bundle = open_bundle(source, Path(source.setting("path")))
    yield from _Reading(source, recipe, bundle, key).rows()


def _describe(source: Source, recipe: Recipe) -> None:
    source.query, source.says = recipe.text, recipe.says
    source.system = source.system or recipe.system
    source.zone_data = source.zone_filter = str(source.settings.get("zone") or recipe.zone)
    source.limits.extend(recipe.limits)


@dataclass
class _Reading:
    """One export on its way: which columns were there, which paths into JSON only missing, which values were met."""

    source: Source
    recipe: Recipe
    bundle: Bundle
    key: tuple[str, ...]
    faults: Faults = field(default_factory=Faults)
    present: set[str] = field(default_factory=set)
    unmet: set[str] = field(default_factory=set)
    missed: set[str] = field(default_factory=set)
    met: dict[str, set[Any]] = field(default_factory=dict)
    number: int = 0
    child_files: int = 0

    def rows(self) -> Iterator[Row]:
        names = self._pages()
        self.unmet = {path for part in self._fields() for path in part.from_ if "." in path}
        self.missed = set(self.unmet) if self.recipe.format in ("csv", "xlsx") else set()
        sizes = []
        for name in names:
            before = self.number
            yield from self._page(name)
            sizes.append(self.number - before)
        self._check_columns()
        self._check_pages(names, sizes)
        self._check_count()
        self._check_expected()
        self.source.problems.extend(self.faults.problems())

    def _pages(self) -> list[str]:
        names = self.bundle.pages(self.recipe.glob) if self.recipe.glob else []
        if not names and self.bundle.main in self.bundle.files:
            return [self.bundle.main]
        if not names and not self.recipe.glob:
            names = [name for name in self.bundle.files if not name.endswith("manifest.json")]
        if not names or (not self.recipe.glob and len(names) > 1):
            why = f"It should hold {self.recipe.glob or 'one file'}."
            raise Invalid(
                f"{self.bundle.main!r} holds no export that fits.", why, "Check the folder.", "path"
            )
        return names

    def _page(self, name: str) -> Iterator[Row]:
        zone = zone_of(self.source.zone_data)
        rows = rows_of(name, self.bundle.files[name], self.recipe, self.faults)
        if self.recipe.format in ("csv", "xlsx"):
            self.present |= set(next(iter(rows), {}))
            self._refuse_keyless()
        for row in rows:
            self.number += 1
            self.present |= row.keys()
            self._look_for_paths(row)
            yield self._read(row, zone)
        self.source.tell(f"{self.number} rows read")

    def _look_for_paths(self, row: SourceRow) -> None:
        for path in list(self.unmet):
            found = there(row, path)
            if found:
                self.unmet.discard(path)
            elif found is False:
                self.missed.add(path)

    def _read(self, row: SourceRow, zone: ZoneInfo) -> Row:
        found = {part.name: self._value(part, row, zone, self.number) for part in self._fields()}
        found |= {child.name: self._children(child, row, zone) for child in self.recipe.children}
        for column in self.recipe.expect or {}:
            self.met.setdefault(column, set()).add(found.get(column))
        return found

    def _fields(self) -> tuple[Field, ...]:
        given: Mapping[str, Any] = self.source.settings.get("constants") or {}
        replaced = tuple(part for part in self.recipe.fields if part.name not in given)
        return replaced + tuple(Field(name, constant=value) for name, value in given.items())

    def _value(self, part: Field, row: SourceRow, zone: ZoneInfo, number: int) -> Any:
        try:
            return apply(part, row, zone)
        except NotReadable as error:
            self.faults.note(
                "unreadable", part.name, f"In {part.name}, {error}; it counts as unknown.", number
            )
            return None

    def _children(self, child: Child, row: SourceRow, zone: ZoneInfo) -> list[Any] | None:
        """The list of one row, or None where nobody can tell whether it is whole."""
        name = child.file.replace("{number}", str(reach(row, child.by)))
        content = self.bundle.find(name)
        if content is None:
            sentence = f"{name} is missing, so {child.name} are unknown."
            self.faults.note("child_missing", child.name, sentence, self.number)
            return None
        self.child_files += 1
        items = records(name, parsed(name, content.decode("utf-8", "strict")))
        if len(items) in child.pages:
            sentence = f"{name} holds exactly one full page of {len(items)}: more may be missing."
            self.faults.note("child_cut", child.name, sentence, self.number)
            return None
        return [
            {part.name: self._value(part, item, zone, self.number) for part in child.fields} for item in items
        ]

    def _refuse_keyless(self) -> None:
        for part in self._fields():
            if part.name in self.key and self._absent(part):
                why = f"It gives the key {part.name}. There is {', '.join(sorted(self.present))}."
                raise Invalid(
                    f"The column {' or '.join(part.from_)} is missing.", why, "Export it with that column."
                )

    def _absent(self, part: Field) -> bool:
        return bool(part.from_) and not any(self._met(path) for path in part.from_)

    def _met(self, path: str) -> bool:
        return path in self.present or ("." in path and not (path in self.unmet and path in self.missed))

    def _check_columns(self) -> None:
        if not self.present:
            return
        self._refuse_keyless()
        for part in self._fields():
            if self._absent(part):
                self.source.hide(part.name, f"the export has no column {' or '.join(part.from_)}.")
            for lost in (
                sorted(path for path in part.from_ if not self._met(path))
                if part.every and not self._absent(part)
                else ()
            ):
                sentence = f"The export has no column {lost}, which gives {part.name} too."
                self.source.note("column_missing", sentence, column=part.name)
        reasons = self.recipe.left_out or {}
        for column in sorted(self.present - self._read_columns()):
            self.source.left_out[column] = reasons.get(column, "the recipe does not read it")

    def _read_columns(self) -> set[str]:
        paths = {path for part in self._fields() for path in part.from_}
        return paths | {path.partition(".")[0] for path in paths}

    def _check_pages(self, names: list[str], sizes: list[int]) -> None:
        size = self.recipe.page_size
        if not size or not self.recipe.glob or self.bundle.main in self.bundle.files:
            return
        numbers = [page_number(name) for name in names]
        missing = sorted(set(range(1, max(numbers) + 1)) - set(numbers))
        if missing:
            self.source.note(
                "page_missing", f"Page {missing[0]} of {max(numbers)} is missing.", count=len(missing)
            )
        if sizes[-1] >= size:
            self.source.note("page_full", f"The last page is full ({size} rows), so one more must follow.")
        short = [number for number, count in zip(numbers[:-1], sizes[:-1], strict=True) if count != size]
        if short:
            sentence = f"Page {short[0]} does not hold {size} rows although more follow."
            self.source.note("page_short", sentence, count=len(short))

    def _check_count(self) -> None:
        declared = self._declared()
        if declared is not None:
            self.source.count("the count that the export declares", declared, self.number)
        elif self.number in CAPS:
            sentence = f"It has exactly {self.number:,} rows and declares no count: it may be cut."
            self.source.note("maybe_capped", sentence)
        if declared is None:
            self.source.limits.append("The export declares no count.")

    def _declared(self) -> int | None:
        """The count that the export tells beside its rows: by its file's name, or as the only one."""
        value: Any = self.source.settings.get("declared_rows")
        for name in (
            f"{Path(self.bundle.main).stem}.manifest.json",
            self.recipe.count_file or "manifest.json",
        ):
            content = self.bundle.find(name) if value is None else None
            if content is not None:
                data = parsed(name, content.decode("utf-8", "replace"))
                about = data.get(self.bundle.main, data) if isinstance(data, dict) else {}
                value = reach(about, self.recipe.count_field or "rows") if isinstance(about, dict) else None
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise Invalid("The declared count is no number.", f"It is {value!r}.", "Correct the manifest.")
        return value

    def _check_expected(self) -> None:
        confirmed = self.source.settings.get("confirmed_none")
        for column, values in (self.recipe.expect or {}).items():
            if self.number and not self.met.get(column, set()) & set(values):
                words = f"No row has {column} {' or '.join(values)}: a filter of the source may hide them."
                if confirmed:
                    self.source.limits.append(f"{words} Confirmed: {confirmed}")
                else:
                    self.source.note("never_seen", words, column=column)
