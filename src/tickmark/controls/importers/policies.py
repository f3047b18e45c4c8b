"""Policies that somebody has as Markdown, text or Word documents, one a file.

The title comes from the front matter, the first heading or the file's name; the code from the front matter or the name
(`POL-04 Access.docx`). Where neither has one, a code is proposed. The file's name is kept, so that the same policy is
found again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from tickmark.controls.importers import values, yamls
from tickmark.controls.importers.docx import markdown_of
from tickmark.controls.importers.kinds import KINDS
from tickmark.controls.importers.proposing import Proposals, said_of
from tickmark.controls.importers.tables import CONTROL_CODE
from tickmark.controls.importers.told import Given, Reading
from tickmark.kernel import formats
from tickmark.kernel.errors import Invalid, TickmarkError

LARGEST = 1 << 20
"""Bytes of a policy as text."""
_FRONT = re.compile(r"---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.S)
_MARKED = re.compile(r"#{1,6}[ \t]")
_UNDERLINE = re.compile(r"=+|-{3,}")
_NAMED = re.compile(r"([A-Z][A-Z0-9]{0,9}-[0-9]{1,6})(?![0-9A-Za-z])")
KNOWN = {"title": "title", "name": "title", "code": "code", "id": "code", "version": "label", "label": "label",
         "owner": "owner", "backup_owner": "backup_owner", "criteria": "criteria"}  # fmt: skip


class Policies:
    """The policies of a folder on their way into one reading."""

    def __init__(self, given: Given) -> None:
        self.told = Reading("policies", "policy", "file")
        self.proposals = Proposals(self.told, given)
        self.given = given
        self.codes: dict[str, str] = {}

    def add(self, name: str, content: bytes, word: bool) -> None:
        """Take one file. What it cannot be read as is told, and the others are still looked at."""
        try:
            text = markdown_of(name, content) if word else _text(name, content)
            front, body = ({}, text) if word else _front(name, text)
            self._policy(name, front, body.strip("\n"))
        except TickmarkError as error:
            self.told.problem(name, error.what, error.why, error.remedy)

    def _policy(self, name: str, front: Mapping[str, Any], body: str) -> None:
        said = self._said(name, front)
        if said is None:
            return
        if not body.strip():
            self.told.problem(name, "It has no text.", "", "Choose a file with the policy in it.")
            return
        stem = PurePosixPath(name).stem
        match = _NAMED.match(stem)
        code = str(said.pop("code", "")) or (match[1] if match else "")
        if code in self.codes:
            self.told.problem(
                name, f"{code} stands twice.", f"First in {self.codes[code]}.", "Keep one of them."
            )
            return
        title = (
            said.get("title")
            or _heading(body).replace("\\", "")
            or stem[match.end() if match else 0 :].strip(" -_.")
            or stem
        )
        if CONTROL_CODE.fullmatch(code):
            self.codes[code] = name
        said |= {"title": title, "label": said.get("label") or "1", "text": f"{body}\n"}
        self.proposals.add("policy", name, code, f"file:{name}", said)

    def _said(self, name: str, front: Mapping[str, Any]) -> dict[str, Any] | None:
        """What the front matter says; nothing if some of it cannot be read."""
        found: dict[str, Any] = {}
        fields = KINDS["policy"].by_name
        for key, value in front.items():
            field = KNOWN.get(str(key).casefold().replace(" ", "_").replace("-", "_"))
            if field is None:
                self.told.leave(f"{key} of {name}", "It says nothing of a policy here.")
                continue
            said = ", ".join(map(said_of, value)) if isinstance(value, list) else said_of(value)
            try:
                if said:
                    found[field] = fields[field].read(said, self.given)
            except values.Unreadable as error:
                self.told.problem(f"{name}, {key}", error.why, "", error.remedy)
                return None
        return found


def _heading(text: str) -> str:
    """The first heading, marked by hashes or underlined; nothing if there is none. Reads each line once."""
    above = ""
    for line in text.split("\n"):
        if above and _UNDERLINE.fullmatch(line.rstrip(" \t")):
            return above
        if _MARKED.match(line) and (found := line.lstrip("#").strip().rstrip("#").rstrip()):
            return found
        above = line.strip()
    return ""


def _text(name: str, content: bytes) -> str:
    if len(content) > LARGEST:
        why = f"It has {len(content):,} bytes; {LARGEST >> 20} MiB of text are read."
        raise Invalid("It is too large for a policy.", why, "Split it.", "files")
    text = formats.decoded(name, content, ("utf-8", "cp1252")).replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        raise Invalid("It is no text.", "It holds a NUL.", "Save it as text in UTF-8.", "files")
    return text.lstrip("\ufeff")


def _front(name: str, text: str) -> tuple[Mapping[str, Any], str]:
    """The front matter and what follows it."""
    match = _FRONT.match(text)
    if match is None:
        return {}, text
    found = yamls.parsed(name, match[1].encode())
    if not isinstance(found, dict):
        return {}, text
    return found, text[match.end() :]
