"""The one way in: files of any of the known formats, known by what they hold, as items of a programme."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import IO, Any

from tickmark.controls.importers import ciso_assistant, oscal, sheets, yamls
from tickmark.controls.importers.policies import Policies
from tickmark.controls.importers.tables import of_table
from tickmark.controls.importers.told import Given, Reading
from tickmark.kernel import bundles, formats
from tickmark.kernel.errors import Invalid

MOST_FILES = 500
"""Files at once, those in archives included."""
MOST_TOGETHER = 64 << 20
"""Bytes of all files together, unpacked."""
LARGEST_JSON = 8 << 20
"""Bytes of a JSON document: built, it takes twenty times as much."""
TEXTS = frozenset({"md", "markdown", "txt", "text"})
_YAML = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:[ \t\r]*(?:#[^\n]*)?\n|---[^\n]*\n)*(?:urn|objects|catalog|component-definition):[ \r\n]"
)
FOREIGN = {
    b"%PDF": ("a PDF", "Export the table or document it was made from."),
    b"\xd0\xcf\x11\xe0": ("an old Office file", "Save it as .docx or .xlsx."),
    b"{\\rtf": ("an RTF document", "Save it as .docx or as text."),
    b"\x1f\x8b": ("a gzip file", "Unpack it first."),
    b"\x89PNG": ("a picture", "Choose a table or a document."),
    b"\xff\xd8\xff": ("a picture", "Choose a table or a document."),
}


def read(
    files: Sequence[tuple[str, bytes | IO[bytes]]],
    kind: str = "",
    mapping: Mapping[str, str] | None = None,
    given: Given | None = None,
) -> Reading:
    """What the files say. Several files, or those of a zip, are policies; anything else comes alone.

    `kind` says what a table lists, where its headings leave it open; `mapping` puts its headings into fields. Raises
    Invalid for what cannot be read at all; what is wrong in a row stands among the problems.
    """
    given = given or Given()
    found = _unpacked(files)
    if not found:
        raise Invalid(
            "There is no file.", "None was chosen, or the archive is empty.", "Choose a file.", "files"
        )
    if len(found) == 1 and not _is_policy(*found[0], kind):
        return _one(*found[0], kind, mapping, given).only(kind).closed()
    return _policies(found, given).closed()


def _unpacked(files: Sequence[tuple[str, bytes | IO[bytes]]]) -> list[tuple[str, bytes]]:
    """The files with those of archives in place of the archives, in order."""
    found: list[tuple[str, bytes]] = []
    left = MOST_TOGETHER
    for name, given in files:
        content = given if isinstance(given, bytes) else given.read(left + 1)
        inner = _of_zip(name, content) if _format(content) == "zip" else [(name, content)]
        left -= sum(len(one) for _, one in inner)
        found += inner
        if left < 0 or len(found) > MOST_FILES:
            why = f"{MOST_FILES} files and {MOST_TOGETHER >> 20} MiB are read at once."
            raise Invalid("These are too many files, or too large.", why, "Bring them in in parts.", "files")
    return found


def _of_zip(name: str, content: bytes) -> list[tuple[str, bytes]]:
    bundle = bundles.from_zip(name, content, MOST_TOGETHER)
    parts = sorted(bundle.files.items())
    return [(part, one) for part, one in parts if not _hidden(part)]


def _hidden(part: str) -> bool:
    """What an operating system puts beside the files that somebody packed."""
    return any(
        one.startswith((".", "__MACOSX", "~$")) or one == "Thumbs.db" for one in PurePosixPath(part).parts
    )


def _format(content: bytes) -> str:
    """`workbook`, `word`, `zip`, or nothing for what is no archive."""
    if not content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return ""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
    except (*bundles.BROKEN, NotImplementedError, RuntimeError, EOFError, ValueError, OSError):
        return "zip"
    if "[Content_Types].xml" not in names:
        return "zip"
    word = any(name.startswith("word/") for name in names)
    return "word" if word else "workbook"


def _is_policy(name: str, content: bytes, kind: str) -> bool:
    return _format(content) == "word" or (_ending(name) in TEXTS and kind in ("", "policy"))


def _ending(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).suffix.lower().lstrip(".")


def _policies(files: Sequence[tuple[str, bytes]], given: Given) -> Reading:
    policies = Policies(given)
    for name, content in files:
        sheets.refuse_size(name, content)
        word = _format(content) == "word"
        if word or _ending(name) in TEXTS:
            policies.add(name, content, word)
        else:
            policies.told.leave(name, "Beside other files only Markdown, text and Word documents are taken.")
    told = policies.told
    told.format = f"{len(told.items)} polic{'y' if len(told.items) == 1 else 'ies'}"
    if not told.items and not told.problems:
        told.problem("The files", "None of them is a policy.", "", "Choose Markdown, text or Word documents.")
    return told


def _one(name: str, content: bytes, kind: str, mapping: Mapping[str, str] | None, given: Given) -> Reading:
    sheets.refuse_size(name, content)
    for start, (what, remedy) in FOREIGN.items():
        if content.startswith(start):
            raise Invalid(f"{name!r} cannot be read.", f"It is {what}.", remedy, "files")
    if content.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html")):
        raise Invalid(
            f"{name!r} cannot be read.",
            "It is a web page, perhaps a log-in page.",
            "Export it again.",
            "files",
        )
    if _format(content) == "workbook":
        return of_table(name, sheets.of_workbook(name, content), kind, mapping, given)
    if content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
        return _document(name, _json(name, content), kind, mapping, given)
    if _YAML.match(content) or _ending(name) in ("yaml", "yml"):
        return _document(name, yamls.parsed(name, content), kind, mapping, given)
    return of_table(name, sheets.of_csv(name, content), kind, mapping, given)


def _json(name: str, content: bytes) -> Any:
    if len(content) > LARGEST_JSON:
        why = f"It has {len(content):,} bytes; {LARGEST_JSON >> 20} MiB of JSON are read."
        raise Invalid(f"{name!r} is too large.", why, "Split it, or export it as CSV.", "files")
    return formats.parsed(name, formats.decoded(name, content, ("utf-8",)))


def _document(name: str, data: Any, kind: str, mapping: Mapping[str, str] | None, given: Given) -> Reading:
    if oscal.is_oscal(data):
        return oscal.of_oscal(name, data, given)
    if ciso_assistant.is_library(data):
        return ciso_assistant.of_library(name, data, given)
    return of_table(name, sheets.of_json(name, data), kind, mapping, given)
