"""Where the library of the product lies, and a strict reader for its files.

The library is data that an engineer edits by hand, so a slip must be named by file, line and field. A key that
nobody asked for is a slip too: a misspelt `freqency` would otherwise be a default in silence.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tickmark.kernel.errors import Invalid

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]*")


def library_folder() -> Path:
    """The folder `library/` of this copy of the product; TICKMARK_LIBRARY names another."""
    override = os.environ.get("TICKMARK_LIBRARY")
    return Path(override) if override else Path(__file__).parents[3] / "library"


def library_file(folder: str, name: str) -> Path:
    """Path of `library/<folder>/<name>.toml`; Invalid if the library has no such file."""
    path = library_folder() / folder / f"{name}.toml"
    if not _NAME.fullmatch(name) or not path.is_file():
        known = ", ".join(sorted(file.stem for file in (library_folder() / folder).glob("*.toml"))) or "none"
        raise Invalid(
            f"The library has no {folder} file named {name!r}.",
            f"Known in {library_folder() / folder}: {known}.",
            "Name one of these, or set TICKMARK_LIBRARY to the folder that holds it.",
        )
    return path


class Fields:
    """The fields of one TOML table, each taken once with its type; `done` refuses what is left over."""

    def __init__(self, data: Mapping[str, Any], where: str, text: str = "", first_line: int = 1) -> None:
        """`where` names the file and place in errors; `text` (from `first_line` on) gives line numbers."""
        self._left, self._where, self._text, self._first = dict(data), where, text, first_line

    def fault(self, key: str, why: str) -> Invalid:
        """The error for one field of this table, with file, line and remedy."""
        line = self._line_of(key)
        place = f"{self._where}, line {line}" if line else self._where
        return Invalid(f"{place}: field {key!r} cannot be read.", why, "Correct the file and try again.", key)

    def text(self, key: str, default: str | None = None) -> str:
        """A text that is not empty; `default` where the field may be missing."""
        value = self._take(key, str, default)
        if value == "" and default != "":
            raise self.fault(key, "It is empty.")
        return str(value)

    def own_name(self, path: Path, key: str = "id") -> str:
        """The id of what a file holds: it must be the name of the file."""
        name = self.text(key)
        if name != path.stem:
            raise self.fault(key, f"It must be named like its file, {path.stem!r}.")
        return name

    def number(self, key: str, default: int | None = None) -> int:
        """A whole number (true and false are none)."""
        return int(self._take(key, int, default))

    def flag(self, key: str, default: bool | None = None) -> bool:
        """true or false."""
        return bool(self._take(key, bool, default))

    def choice(self, key: str, allowed: Sequence[str], default: str | None = None) -> str:
        """A text out of `allowed`."""
        value = self.text(key, default)
        if value not in allowed and value != default:
            raise self.fault(key, f"{value!r} is none of {', '.join(allowed)}.")
        return value

    def texts(self, key: str, default: Sequence[str] | None = None) -> tuple[str, ...]:
        """A list of texts, without repeats."""
        values = self._take(key, list, None if default is None else list(default))
        if any(not isinstance(value, str) or not value for value in values):
            raise self.fault(key, "It must be a list of texts.")
        if len(set(values)) < len(values):
            raise self.fault(key, "It names something twice.")
        return tuple(values)

    def table(self, key: str, default: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """A table as plain data."""
        return dict(self._take(key, dict, None if default is None else dict(default)))

    def tables(self, key: str, default: Sequence[Any] | None = None) -> list[Fields]:
        """A list of tables, each as fields of its own."""
        rows = self._take(key, list, None if default is None else list(default))
        if any(not isinstance(row, dict) for row in rows):
            raise self.fault(key, "It must be a list of tables.")
        return [Fields(row, f"{self._where}, {key} no. {n}") for n, row in enumerate(rows, 1)]

    def raw(self, key: str) -> Any:
        """A field that may have several types, as it stands."""
        return self._take(key, object, None)

    def done(self) -> None:
        """Invalid if a field is left that nobody took."""
        for key in self._left:
            raise self.fault(key, "No such field is known here.")

    def _take(self, key: str, kind: type, default: Any) -> Any:
        value = self._left.pop(key, default)
        if value is None:
            raise self.fault(key, "It is missing.")
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.fault(key, f"It must be {_KINDS[kind]}.")
        return value

    def _line_of(self, key: str) -> int:
        match = re.search(rf"^(\[+)?{re.escape(key)}\b", self._text, re.MULTILINE)
        return self._first + self._text.count("\n", 0, match.start()) if match else 0


_KINDS = {str: "a text", int: "a whole number", bool: "true or false", list: "a list", dict: "a table"}


def read_fields(path: Path) -> Fields:
    """The fields of a TOML file; Invalid with file and line if it is not TOML."""
    return parse_fields(read_text(path), path.name)


def read_text(path: Path) -> str:
    """The text of a library file; Invalid if it cannot be read as UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(
            f"{path.name} cannot be read.", str(error), "Save it as UTF-8 in the library."
        ) from None


def parse_fields(text: str, where: str, first_line: int = 1) -> Fields:
    """The fields of TOML `text`, which begins in line `first_line` of the file `where`."""
    try:
        return Fields(tomllib.loads(text), where, text, first_line)
    except tomllib.TOMLDecodeError as error:
        why = re.sub(r"at line (\d+)", lambda m: f"at line {int(m[1]) + first_line - 1}", str(error))
        raise Invalid(f"{where} is not sound TOML.", why, "Correct the file and try again.") from None
