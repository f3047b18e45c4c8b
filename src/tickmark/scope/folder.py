"""The programme as a folder of files: Markdown with TOML front matter, and TOML, fit for a pull request.

Pure: items become texts by path, and texts become the same items again. A field that says what its action assumes
anyway is left out of a file; a file that leaves it out says just that.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import groupby
from typing import Any

import tomli_w

from tickmark.kernel.errors import Invalid
from tickmark.scope.programme import PARTS, Item, Part

SINCE = "in_force_from"
README = "README.md"
ABOUT = """# Programme

Scope, controls and policies as they stand in the books, one thing a place: change a line, review it, apply it.

- `systems/CODE/`: the system, its commitments, components, complementary controls, and criteria set aside.
- `vendors.toml`: whom the company relies on.
- `controls/CODE.md`, `policies/CODE.md`: what is tested and what is to be followed; the text stands below the `+++`.

`tickmark apply FOLDER` shows what would change and records it once you agree. What is approved, published or accepted
does not stand here: that is for people to say.
"""
_FRONT = re.compile(r"\+\+\+\n(.*?)^\+\+\+\n\n?(.*)", re.DOTALL | re.MULTILINE)
_CODE = r"[A-Za-z0-9][A-Za-z0-9._-]*"


def write(items: Iterable[Item]) -> dict[str, str]:
    """The texts of a folder, by path with `/`; the same items always give the same texts."""
    ordered = sorted(items, key=lambda item: (_path(item), item.code))
    found = {README: ABOUT}
    for path, group in groupby(ordered, key=_path):
        held = list(group)
        found[path] = _markdown(held[0]) if PARTS[held[0].kind].body else _tables(held)
    return found


def _path(item: Item) -> str:
    system, _, code = item.code.rpartition("/")
    return PARTS[item.kind].file.format(system=system or code, code=code)


def _markdown(item: Item) -> str:
    part = PARTS[item.kind]
    text = str(item.fields.get(part.body, ""))
    if "\r" in text:  # would not come back from a file as it is: it stands among the fields, escaped
        return f"+++\n{_toml(_said(item))}+++\n\n\n"
    front = {name: value for name, value in _said(item).items() if name != part.body}
    return f"+++\n{_toml(front)}+++\n\n{text}\n"


def _tables(items: list[Item]) -> str:
    return _toml({item.code.rpartition("/")[2]: _said(item) for item in items})


def _said(item: Item) -> dict[str, Any]:
    """What a file says of an item: its fields without those that say what is assumed anyway."""
    part = PARTS[item.kind]
    defaults = part.defaults()
    said = [(name, item.fields[name]) for name in part.fields if name in item.fields]
    found = {
        name: part.spelled.get(name, {}).get(value, value) if isinstance(value, str) else value
        for name, value in said
        if name not in defaults or value != defaults[name]
    }
    return found | ({SINCE: item.since} if item.since else {})


def _toml(table: dict[str, Any]) -> str:
    """TOML in which a text of several lines stands as such, wherever that loses nothing."""
    readable = not any("\r" in text or "+++" in text for text in _texts(table))
    return tomli_w.dumps(_told(table), multiline_strings=readable)


def _told(value: Any) -> Any:
    """Without what says nothing: TOML has no word for it."""
    if isinstance(value, Mapping):
        return {str(name): _told(item) for name, item in value.items() if item is not None}
    return [_told(item) for item in value if item is not None] if isinstance(value, list) else value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for item in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        yield from _texts(item)


# -- reading ------------------------------------------------------------------------------------------------------


def read(files: Mapping[str, str]) -> list[Item]:
    """The items of a folder's texts. Raises Invalid, with file and line, for what cannot be read."""
    found: list[Item] = []
    for path, text in sorted(files.items()):
        if path != README:
            found += _read(path, text.removeprefix("\ufeff").replace("\r\n", "\n"))
    return found


def _read(path: str, text: str) -> list[Item]:
    for part in PARTS.values():
        match = _pattern(part).fullmatch(path)
        if match:
            named = match.groupdict()
            if part.body:
                return [_file(part, path, text, named)]
            return _many(part, path, text, named.get("system", ""))
    raise Invalid(
        f"{path} is no file of a programme.",
        f"Known are {', '.join(part.file for part in PARTS.values())}.",
        "Move it elsewhere, or correct its name.",
        "files",
    )


def _pattern(part: Part) -> re.Pattern[str]:
    shape = re.escape(part.file).replace(r"\{system\}", f"(?P<system>{_CODE})")
    return re.compile(shape.replace(r"\{code\}", f"(?P<code>{_CODE})"))


def _file(part: Part, path: str, text: str, named: Mapping[str, str]) -> Item:
    match = _FRONT.fullmatch(text)
    if match is None:
        raise Invalid(
            f"{path}, line 1: the fields cannot be found.",
            "They stand between two lines `+++` at the very top.",
            "Add these lines.",
            "files",
        )
    code = named.get("code") or named["system"]
    return _item(part, code, {part.body: match[2].removesuffix("\n"), **_parsed(path, match[1], 2)}, path)


def _many(part: Part, path: str, text: str, system: str) -> list[Item]:
    found = []
    for code, fields in _parsed(path, text, 1).items():
        if not isinstance(fields, dict):
            raise Invalid(
                f"{path}: '{code}' stands alone.", "Each thing is a table.", f"Write [{code}] above.", "files"
            )
        found.append(_item(part, f"{system}/{code}" if system else code, fields, f"{path}, {code}"))
    return found


def _parsed(path: str, text: str, first: int) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        why = re.sub(r"at line (\d+)", lambda found: f"at line {int(found[1]) + first - 1}", str(error))
        raise Invalid(f"{path} is not sound TOML.", why, "Correct the file and try again.", "files") from None


def _item(part: Part, code: str, given: Mapping[str, Any], where: str) -> Item:
    said = {name: _plain(value) for name, value in given.items() if name != SINCE}
    for name, words in part.spelled.items():
        letters = {word: letter for letter, word in words.items()}
        given_word = said.get(name)
        said[name] = letters.get(given_word, given_word) if isinstance(given_word, str) else given_word
    return Item(part.kind, code, {**part.defaults(), **said}, _since(given, where), where)


def _since(given: Mapping[str, Any], where: str) -> date | None:
    since = given.get(SINCE)
    if since is None or type(since) is date:
        return since
    raise Invalid(f"{where}: {SINCE} is no day.", f"It says {since!r}.", "Write it like 2026-01-31.", "files")


def _plain(value: Any) -> Any:
    """A TOML value as an action takes it: days and times as text."""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return {name: _plain(item) for name, item in value.items()} if isinstance(value, dict) else value
