"""A template and its data to a PDF: offline, tagged, archivable, and the same bytes for the same data."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import rfc8785

from tickmark.kernel.documents.glyphs import FONTS, font_files, offences, tidy
from tickmark.kernel.documents.markdown import markdown_blocks
from tickmark.kernel.errors import Invalid
from tickmark.kernel.later import Later

if TYPE_CHECKING:
    import typst
else:
    typst = Later("typst")

STANDARDS: list[Any] = ["a-2b", "ua-1"]
HOUSE = Path(__file__).with_name("house.typ")
MARKDOWN = "_md"
"""A field whose name ends so holds Markdown."""
SHOWN = 8


class Versions(TypedDict):
    """What made a PDF, so that it can be made again: the engine, and SHA-256 of each file that shaped it."""

    typst: str
    template: str
    house: str
    fonts: dict[str, str]


@dataclass(frozen=True)
class Pdf:
    """A finished document. `data` is the SHA-256 of the canonical JSON (RFC 8785) it was made from."""

    content: bytes
    data: str
    versions: Versions


@dataclass(frozen=True)
class Header:
    """The head of a template: what it is called, what it says of itself, and the top-level data it reads."""

    name: str
    says: str
    reads: tuple[str, ...]


def template_header(source: str) -> Header:
    """Read `// name:`, `// says:` and `// reads:` from the first comment lines of a template."""
    lines = re.findall(r"^//[ ]*(\w+):[ ]*(.+?)[ ]*$", source.split("\n\n", 1)[0], re.MULTILINE)
    head = dict(lines)
    missing = [key for key in ("name", "says", "reads") if key not in head]
    if missing:
        raise Invalid(
            f"The template's header lacks {', '.join(missing)}.",
            "A template says at its top which parts of the data it reads.",
            "Begin the file with the comment lines “// name: …”, “// says: …” and “// reads: a, b”.",
        )
    return Header(head["name"], head["says"], tuple(re.split(r",\s*", head["reads"])))


def data_digest(data: Mapping[str, Any]) -> str:
    """SHA-256, in hex, of the data as canonical JSON: the number printed at the foot of each page."""
    return hashlib.sha256(rfc8785.dumps(dict(data))).hexdigest()


def typst_pdf(
    template: str | Path,
    data: Mapping[str, Any],
    *,
    title: str,
    author: str,
    date: date,
    lang: str = "en",
) -> Pdf:
    """Set `data` by `template` (a path, or the source itself) as PDF/A-2b and PDF/UA-1.

    The template sees only the top-level keys its header reads. A key that ends in `_md`, at any depth,
    holds Markdown and arrives as blocks. `Invalid` names each character, picture or heading that cannot
    be set, before anything is set. `date` becomes the document's date; no clock is read.
    """
    source = template.read_text() if isinstance(template, Path) else template
    _refuse_packages(source)
    header, digest = template_header(source), data_digest(data)
    meta = {"title": title, "author": author, "date": date.isoformat(), "lang": lang, "digest": digest}
    inputs = {"data": _ready(_read_parts(header, data)), "meta": _ready(meta)}
    return Pdf(_compile(source, inputs, date), digest, versions(source))


def _refuse_packages(source: str) -> None:
    if re.search(r"[\"']@[\w-]+/", source):
        raise Invalid(
            "The template imports a package.",
            "Packages are fetched from the network, and documents are made offline.",
            "Copy what it needs into the template.",
        )


def _read_parts(header: Header, data: Mapping[str, Any]) -> dict[str, Any]:
    missing = [key for key in header.reads if key not in data]
    if missing:
        raise Invalid(
            f"The data for “{header.name}” lack {', '.join(missing)}.",
            "The template's header says that it reads them.",
            "Give each of them, empty if there is nothing to say.",
        )
    return {key: data[key] for key in header.reads}


def _ready(data: Mapping[str, Any]) -> str:
    """The data as JSON of tidied text and Markdown blocks; `Invalid` where something cannot be set."""
    prepared = _prepared(data, "")
    bad = [f"{offence} ({path})" for path, text in _texts(prepared, "") for offence in offences(text)]
    if bad:
        more = f", and {len(bad) - SHOWN} more" if len(bad) > SHOWN else ""
        raise Invalid(
            f"{len(bad)} character{'s' * (len(bad) > 1)} cannot be printed: {'; '.join(bad[:SHOWN])}{more}.",
            "A document for the archive must carry the shape of each character, and its fonts (Latin, Greek,"
            " Cyrillic and common signs) have none for these.",
            "Replace them in the texts named.",
        )
    return json.dumps(prepared, ensure_ascii=False)


def _prepared(value: Any, path: str) -> Any:
    """Every string tidied, and every field of Markdown as blocks."""
    if isinstance(value, str):
        return _blocks(tidy(value), path) if path.endswith(MARKDOWN) else tidy(value)
    if isinstance(value, Mapping):
        return {key: _prepared(inner, _below(path, key)) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_prepared(inner, _below(path, index)) for index, inner in enumerate(value)]
    return value


def _blocks(text: str, path: str) -> Any:
    try:
        return markdown_blocks(text)
    except Invalid as error:
        raise Invalid(f"{error.what} ({path})", error.why, error.remedy, field=path) from error


def _below(path: str, key: str | int) -> str:
    """The path of a part; what stands inside Markdown goes by the path of the Markdown."""
    return path if path.endswith(MARKDOWN) else f"{path}.{key}".lstrip(".")


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Each string with the path of its field."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _texts(inner, _below(path, key))


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])


def _compile(source: str, inputs: dict[str, str], day: date) -> bytes:
    files: Any = {"main.typ": source.encode(), "house.typ": HOUSE.read_bytes()}
    made_at = datetime.combine(day, time(), UTC)
    try:
        compiler = typst.Compiler(files, font_paths=_fonts(), ignore_system_fonts=True)
        made = compiler.compile(format="pdf", sys_inputs=inputs, pdf_standards=STANDARDS, timestamp=made_at)
    except typst.TypstError as error:
        raise Invalid(
            "The document could not be set.",
            " ".join((error.message, *error.hints)),
            f"The template must be mended where it says: {error.diagnostic.strip()}",
        ) from error
    assert isinstance(made, bytes)
    return made


def versions(source: str) -> Versions:
    """The engine and the digests of the template's source, of the house style and of the fonts."""
    return {
        "typst": version("typst"),
        "template": hashlib.sha256(source.encode()).hexdigest(),
        "house": hashlib.sha256(HOUSE.read_bytes()).hexdigest(),
        "fonts": dict(_font_digests()),
    }


@cache
def _font_digests() -> tuple[tuple[str, str], ...]:
    return tuple((path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in font_files())
