"""Checks: one SQL file each, over tables of shapes, that gives every item one of four verdicts.

The header says what the check means, what it reads and what each of its causes says::

    -- says:     Accounts of leavers are disabled in time.
    -- supports: AC-04
    -- reads:    people, accounts, devices?
    -- drives:   people by left_on where state = 'left'
    -- takes:    days = 1
    -- pass in_time: Disabled in time.
    -- fail still_active: The account is still active.
    -- undetermined no_account [accounts]: No account was found.

A shape with `?` may be left away. `drives` names the list that must come out whole: each of its rows
whose date lies in the period, or is unknown, must be the subject of an item. The names in brackets are
the shapes that must be whole for the cause to stand; a pass needs all partners of the driving list
unless it says otherwise. The query gives `item`, `cause` (or `verdict` alone) and, if it likes,
`subject` (the `row_key` of the driving row; the item itself if left away) and `detail`.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tickmark.kernel.errors import Invalid

VERDICTS = ("pass", "fail", "not_applicable", "undetermined")

_LINE = re.compile(r"^--\s*(says|supports|reads|drives|takes|version)\s*:\s*(.*?)\s*$")
_CAUSE = re.compile(
    r"^--\s*(pass|fail|not_applicable|undetermined)\s+(\w+)\s*(?:\[([\w, ]*)\])?\s*:\s*(.+?)\s*$"
)
_DRIVES = re.compile(r"^(\w+)(?:\s+by\s+(\w+))?(?:\s+where\s+(.+))?$")


@dataclass(frozen=True)
class Cause:
    """Why an item has its verdict; `needs` are the shapes that must be whole for it to stand."""

    code: str
    verdict: str
    sentence: str
    needs: tuple[str, ...]


@dataclass(frozen=True)
class Check:
    """A check as its file describes it; `digest` is the SHA-256 of the file."""

    name: str
    says: str
    supports: tuple[str, ...]
    reads: tuple[str, ...]
    optional: tuple[str, ...]
    drives: str
    by: str
    where: str
    takes: Mapping[str, Any]
    causes: Mapping[str, Cause]
    sql: str
    digest: str
    version: str = "1"

    @property
    def partners(self) -> tuple[str, ...]:
        """The shapes that the check reads beside the driving one."""
        return tuple(shape for shape in self.reads if shape != self.drives)

    def settings(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters with the defaults filled in. Raises Invalid for a strange or mistyped one."""
        strange = sorted(set(given) - set(self.takes))
        if strange:
            takes = f"It takes {', '.join(self.takes) or 'none'}."
            raise Invalid(f"{self.name} has no parameter {strange[0]}.", takes, "", strange[0])
        return {name: _like(name, given.get(name, default), default) for name, default in self.takes.items()}


def load_check(path: Path) -> Check:
    """Read the check in a SQL file."""
    return parse_check(path.stem, path.read_bytes())


def parse_check(name: str, content: bytes) -> Check:
    """Read a check; `name` is its file's name without the ending. Raises Invalid with what is wrong."""
    text = content.decode("utf-8")
    header = {found[1]: found[2] for line in text.splitlines() if (found := _LINE.match(line))}
    for needed in ("says", "supports", "reads", "drives"):
        if not header.get(needed):
            raise _flawed(name, f"Its header lacks `-- {needed}:`")
    driving = _DRIVES.match(header["drives"])
    listed = _listed(header["reads"])
    reads = tuple(shape.rstrip("?") for shape in listed)
    if not driving or driving[1] not in reads:
        raise _flawed(name, "`drives` must name one of the shapes it reads")
    return Check(
        name=name,
        says=header["says"],
        supports=_listed(header["supports"]),
        reads=reads,
        optional=tuple(shape.rstrip("?") for shape in listed if shape.endswith("?")),
        drives=driving[1],
        by=driving[2] or "",
        where=driving[3] or "",
        takes=_defaults(name, header.get("takes", "")),
        causes=_causes(text, tuple(shape for shape in reads if shape != driving[1])),
        sql=text,
        digest=hashlib.sha256(content).hexdigest(),
        version=header.get("version", "1"),
    )


def _causes(text: str, partners: tuple[str, ...]) -> dict[str, Cause]:
    causes = {
        verdict: Cause(verdict, verdict, "", partners if verdict == "pass" else ()) for verdict in VERDICTS
    }
    for line in text.splitlines():
        if found := _CAUSE.match(line):
            verdict, code, needs, sentence = found.groups()
            usual = partners if verdict == "pass" else ()
            causes[code] = Cause(code, verdict, sentence, usual if needs is None else _listed(needs))
    return causes


def _defaults(name: str, text: str) -> dict[str, Any]:
    try:
        # A comma inside of a quoted default is not a separator.
        return tomllib.loads("\n".join(re.split(r",\s*(?=\w+\s*=)", text)))
    except tomllib.TOMLDecodeError as error:
        raise _flawed(name, f"`takes` cannot be read: {error}") from error


def _like(name: str, value: Any, default: Any) -> Any:
    if type(value) is type(default) or (isinstance(default, float) and type(value) is int):
        return value
    raise Invalid(f"{name} cannot be {value!r}.", f"It is given as {default!r} by default.", "", name)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _flawed(name: str, why: str) -> Invalid:
    return Invalid(
        f"The check {name} cannot be used.", f"{why}.", "See docs/extending.md for the header of a check."
    )
