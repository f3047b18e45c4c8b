"""Words of the command line into calls, and rows into lines."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tickmark.kernel.errors import Invalid

WIDEST = 44
QUIET = {"id", "entry", "by", "recorded_at"}
"""Columns that a table leaves out; `--json` has them."""
SHOWN = 6


class Operation:
    """One operation of the server's description."""

    def __init__(self, path: str, found: dict[str, Any], known: dict[str, Any]) -> None:
        self.path = path.removeprefix("/api")
        self.name: str = found["operationId"]
        self.says: str = found.get("summary", "")
        self.who: str = found.get("description", "")
        self.prefix: str = found.get("x-prefix", "")
        self.tags: list[str] = found.get("tags", [])
        request: dict[str, Any] = found.get("requestBody", {})
        content: dict[str, Any] = request.get("content", {})
        self.multipart = "multipart/form-data" in content
        self._known = known
        first: dict[str, Any] = next(iter(content.values()), {})
        self.schema = self._whole(first.get("schema", {}))
        self.arguments: dict[str, Any] = self.schema.get("properties", {})

    def _whole(self, schema: dict[str, Any]) -> dict[str, Any]:
        """A schema with its reference followed and without its `or null`."""
        while "$ref" in schema:
            schema = self._known[schema["$ref"].rsplit("/", 1)[-1]]
        some = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
        return self._whole(some[0]) if len(some) == 1 else schema

    def kind(self, name: str) -> str:
        """What an argument is: file, array, object, integer, boolean, string."""
        found = self._whole(self.arguments.get(name, {}))
        if _binary(found):
            return "file"
        if found.get("type") == "array" and _binary(self._whole(found.get("items", {}))):
            return "files"
        return str(found.get("type", "string"))


def _binary(found: dict[str, Any]) -> bool:
    return found.get("format") == "binary" or "contentMediaType" in found


def operations(description: dict[str, Any], method: str) -> dict[str, Operation]:
    """The operations of one method, by name."""
    known = description.get("components", {}).get("schemas", {})
    found = [
        Operation(path, item[method], known) for path, item in description["paths"].items() if method in item
    ]
    return {item.name: item for item in found}


def body(operation: Operation, words: Sequence[str]) -> tuple[dict[str, Any], dict[str, list[Path]]]:
    """Arguments and files from words like `name=value`, `text=@file`, `criteria=CC6.1,CC6.2`."""
    found: dict[str, Any] = {}
    files: dict[str, list[Path]] = {}
    for word in words:
        name, value = _split(word)
        if name not in operation.arguments:
            takes = ", ".join(operation.arguments) or "nothing"
            raise Invalid(
                f"{operation.name} takes no '{name}'.", f"It takes {takes}.", "Correct the name.", name
            )
        kind = operation.kind(name)
        if kind == "files":
            files.setdefault(name, []).append(_path(name, value))
        elif kind == "file":
            files[name] = [_path(name, value)]
        elif name in found and kind == "array":
            found[name] += _value(kind, value, name)
        elif name in found:
            raise Invalid(f"'{name}' is given twice.", "It takes one value.", "Leave one out.", name)
        else:
            found[name] = _value(kind, value, name)
    return found, files


def _split(word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not equals:
        raise Invalid(f"'{word}' is no argument.", "It has no =.", "Write name=value.")
    return name, value


def _path(name: str, value: str) -> Path:
    path = Path(value.removeprefix("@")).expanduser()
    if not path.is_file():
        raise Invalid(
            f"There is no file {path}.", f"'{name}' is a file.", f"Write {name}=@path/to/file.", name
        )
    return path


def _value(kind: str, value: str, name: str) -> Any:
    text = _text(value, name)
    if kind == "array" and not text.lstrip().startswith("["):
        return [item.strip() for item in text.split(",") if item.strip()]
    if kind in {"array", "object", "integer", "boolean"}:
        try:
            return json.loads(text)
        except ValueError:
            raise Invalid(
                f"'{name}' is no {kind}.", f"It is '{text[:40]}'.", "Write it as JSON.", name
            ) from None
    return text


def _text(value: str, name: str) -> str:
    """`@path` is the content of a file, `@-` of standard input; `@@` begins a text with @."""
    if value == "@-":
        return sys.stdin.read()
    if value.startswith("@") and not value.startswith("@@"):
        return _path(name, value).read_text(encoding="utf-8")
    return value[1:] if value.startswith("@@") else value


def filters(words: Sequence[str]) -> dict[str, str]:
    """Filters of a list from words like `control=AC-04`."""
    return dict(map(_split, words))


def row_line(row: dict[str, Any], names: Sequence[str]) -> list[str]:
    """Reference and these columns of a row."""
    return [row["ref"], *(cell(row["fact"][name]) for name in names)]


def columns(row: dict[str, Any]) -> list[str]:
    """The columns that a table shows of such a row."""
    plain = [name for name, value in row["fact"].items() if name not in QUIET and not isinstance(value, dict)]
    return plain[:SHOWN]


def cell(value: Any) -> str:
    """A value on one line."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ",".join(map(str, value))
    return " ".join(str(value).split())


def table(head: Sequence[str], rows: Sequence[Sequence[str]], wide: bool) -> Iterable[str]:
    """Lines of a table: aligned for people (`wide` false cuts long cells), tabs for pipes."""
    if wide:
        yield from ("\t".join(row) for row in rows)
        return
    lines = [[_cut(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(head))]
    for line in lines:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()


def _cut(cell: str) -> str:
    printable = "".join(letter if letter.isprintable() else "�" for letter in cell)
    return printable if len(printable) <= WIDEST else f"{printable[: WIDEST - 1]}…"
