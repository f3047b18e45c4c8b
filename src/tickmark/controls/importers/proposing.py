"""What a library or catalog of another program becomes: proposals under codes of ours, with its own ids kept.

A proposal lacks what only the company can say: who does it, how often, for which criterion. That comes from the form,
or is told as missing by the preview; nothing is made up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tickmark.controls.importers import values
from tickmark.controls.importers.kinds import KINDS
from tickmark.controls.importers.tables import CONTROL_CODE, proposed
from tickmark.controls.importers.told import Given, Reading
from tickmark.scope.programme import Item

LONGEST_TITLE = 200


def said_of(value: Any) -> str:
    """A value of a file as text; what is no text or number says nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    try:
        return values.text(value)
    except values.Unreadable:
        return ""


def listed(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; what is no list holds none."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


class Proposals:
    """The items of a file as they come; each is found again under the code that its id has in the books."""

    def __init__(self, told: Reading, given: Given) -> None:
        self.told, self.given = told, given
        self.used = {kind: {code for one, code in given.held | given.spent if one == kind} for kind in KINDS}
        self.ids: dict[str, str] = {}
        self.numbers: dict[str, int] = {}
        self.known: dict[tuple[str, str], list[str]] = {}
        for (kind, one), code in given.foreign.items():
            self.known.setdefault((kind, code), []).append(one)

    def add(self, kind: str, where: str, own: str, id: str, fields: dict[str, Any]) -> None:
        """Propose one thing. `own` is its code in the file, `id` what it is known by there, after its source."""
        if id in self.ids:
            self.told.problem(
                where, f"{own or id} stands twice.", f"First in {self.ids[id]}.", "Keep one of them."
            )
            return
        self.ids[id] = where
        code = self.given.foreign.get((kind, id)) or self._code(kind, own)
        self.used[kind].add(code)
        said = {name: value for name, value in fields.items() if value not in ("", [])}
        if not said.get("title"):
            said["title"] = (own or id)[:LONGEST_TITLE]
        said["title"] = " ".join(said["title"].split())[:LONGEST_TITLE]
        said["foreign_ids"] = list(dict.fromkeys([*self.known.get((kind, code), ()), id]))
        new = (kind, code) not in self.given.held
        if new:
            names = KINDS[kind].by_name
            said = {
                **{name: one for name, one in self.given.defaults.items() if one and name in names},
                **said,
            }
        if code != own:
            self.told.proposed[kind, code] = own or id
        item = Item(kind, code, said, None, where)
        self.told.items.append(item)
        for what in KINDS[kind].lacks(said) if new else ():
            self.told.lack(what, item)

    def _code(self, kind: str, own: str) -> str:
        if CONTROL_CODE.fullmatch(own) and own not in self.used[kind]:
            return own
        return proposed(KINDS[kind], own, self.used[kind], self.numbers)


def criteria_of(references: Sequence[str]) -> list[str]:
    """The criteria that references name, each once; those of other frameworks name none."""
    return list(dict.fromkeys(found for one in references if (found := values.criterion_of(one))))
