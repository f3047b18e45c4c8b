"""Rows of a table as items of a programme: each cell read by its field, each fault told by row and column."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tickmark.controls.importers import values
from tickmark.controls.importers.kinds import DETAIL, KINDS, SINCE, Field, Kind, guessed, kind_of, preset_of
from tickmark.controls.importers.sheets import Table
from tickmark.controls.importers.told import Column, Given, Names, Reading
from tickmark.kernel.errors import Invalid
from tickmark.scope.details import DETAILS, merged
from tickmark.scope.programme import Item, Key

SAMPLES, WORDS = 3, 8
"""First values of a column that are shown, and how many of its words are told that were read as others."""
CONTROL_CODE = re.compile(r"[A-Z][A-Z0-9]{0,9}-[A-Z0-9.-]{0,7}[0-9]")
"""What `controls.write` takes as a code; parts of the scope take more."""
PART_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")


def of_table(
    name: str,
    table: Table,
    kind: str = "",
    mapping: Mapping[str, str] | None = None,
    given: Given | None = None,
) -> Reading:
    """The items that a table lists. `mapping` puts headings into other fields than those guessed, or into none (empty).

    Raises Invalid where nobody can say what the rows are, or two columns go into one field.
    """
    found = KINDS.get(kind) or kind_of(table.headings)
    if found is None:
        why = f"Its columns are {', '.join(table.headings[:12])}, which fit no list, or two alike."
        raise Invalid(f"Nobody can tell what {name!r} lists.", why, "Say what it lists.", "kind")
    if found.scoped and not (given and given.system):
        why = f"{found.many} belong to a system."
        raise Invalid("Nobody says which system this is about.", why, "Choose the system.", "system")
    return _Rows(name, table, found, mapping or {}, given or Given()).reading()


class _Rows:
    """A table on its way."""

    def __init__(self, name: str, table: Table, kind: Kind, mapping: Mapping[str, str], given: Given) -> None:
        self.name, self.table, self.kind, self.given = name, table, kind, given
        self.preset = preset_of(table.headings)
        self.fields = self._fields(mapping)
        self.source = self.preset.source if self.preset and self.preset.kind == kind.name else ""
        words = f", as {self.preset.name} has it" if self.source and self.preset else ""
        self.told = Reading(f"{table.format}{words}", kind.name, self.source, choices=kind.choices)
        self.words: dict[str, dict[str, str]] = {}
        self.taken = {code for name, code in given.held | given.spent if name == kind.name}
        self.codes: dict[str, str] = {}
        self.numbers: dict[str, int] = {}
        self.strange: dict[str, int] = {}
        self.known_ids: dict[str, list[str]] = {}
        for (name_, one), code in given.foreign.items():
            if name_ == kind.name:
                self.known_ids.setdefault(code, []).append(one)

    def _fields(self, mapping: Mapping[str, str]) -> dict[int, Field]:
        guess = guessed(self.kind, self.table.headings, self.preset)
        chosen = {one: mapping.get(one, guess.get(one, "")) for one in self.table.headings}
        twice = [name for name in chosen.values() if name and list(chosen.values()).count(name) > 1]
        if twice:
            both = " and ".join(heading for heading, name in chosen.items() if name == twice[0])
            title = self.kind.by_name[twice[0]].title if twice[0] in self.kind.by_name else twice[0]
            raise Invalid(
                f"Two columns go into {title}: {both}.",
                "One of them would be lost.",
                "Leave one out.",
                "columns",
            )
        known = self.kind.by_name
        return {at: known[chosen[one]] for at, one in enumerate(self.table.headings) if chosen[one] in known}

    def reading(self) -> Reading:
        for one in self.table.left_out:
            self.told.leave(one.what, one.why)
        if self.table.saved:
            self.told.leave(
                f"The formulas of {len(self.table.saved):,} cells", "Their saved values were read."
            )
        for number in self.table.slipped:
            why = "It has more cells than there are headings, so some have slipped."
            self.told.problem(
                f"{self.name}, row {number}", "The row is too long.", why, "Give each column a heading."
            )
        for number, cells in self.table.rows:
            self._row(number, cells)
        if not self.table.rows and not self.table.slipped:
            self.told.problem(
                self.name, "It has headings and no rows.", "", "Fill it in, or choose another file."
            )
        self._named_data()
        self._columns()
        self._leave_strange()
        return self.told

    def _row(self, number: int, cells: list[Any]) -> None:
        where = f"{self.name}, row {number}"
        said: dict[str, Any] = {}
        sound = True
        for at, one in self.fields.items():
            try:
                if (value := self._cell(number, at, one, cells[at])) is not None:
                    said[one.name] = value
            except values.Unreadable as error:
                sound = False
                self.told.problem(f"{where}, {self.table.headings[at]}", error.why, "", error.remedy)
        if sound:
            self._item(where, said)
        elif said.get("code"):
            self._once(str(said["code"]), where)

    def _cell(self, number: int, at: int, one: Field, cell: Any) -> Any:
        """What a cell says, or nothing. A formula that was saved without its value says something nobody knows."""
        said = values.text(cell)
        if not said and (number, at) in self.table.saved:
            raise values.Unreadable(
                "It is a formula that was saved without a value.", "Write the value itself."
            )
        if not said:
            return None
        value = one.read(cell, self.given)
        if one.read not in (values.text, values.line, values.owner):
            shown = values.shown(value)
            if shown.casefold() != said.casefold():
                self.words.setdefault(self.table.headings[at], {})[said[:60]] = shown
        return value

    def _item(self, where: str, said: dict[str, Any]) -> None:
        original = str(said.pop("code", ""))
        since = said.pop(SINCE, None)
        ids = self._ids(original, said)
        try:
            code = self._code(original, str(said.get("name") or said.get("title") or ""), ids)
        except values.Unreadable as error:
            self.told.problem(where, error.why, "Which of them is meant cannot be told.", error.remedy)
            return
        if not code:
            self._nameless(where, original or str(said.get("name") or ""))
            return
        if not self._once(code, where):
            return
        key = self.kind.name, f"{self.given.system}/{code}" if self.kind.scoped else code
        self._detailed(key, said)
        if ids:
            said["foreign_ids"] = list(dict.fromkeys([*self.known_ids.get(code, ()), *ids]))
        new = key not in self.given.held
        if new:
            said = {**self._defaults(), **said}
        if original != code:
            self.told.proposed[key] = original or str(said.get("name") or said.get("title") or "")
        item = Item(*key, said, since and values.as_day(since), where)
        self.told.items.append(item)
        for what in self.kind.lacks(said) if new else ():
            self.told.lack(what, item)

    def _detailed(self, key: Key, said: dict[str, Any]) -> None:
        """Gather what columns say of the details of a component; those that its kind has not are told and left out."""
        told = {name.removeprefix(DETAIL): said.pop(name) for name in list(said) if name.startswith(DETAIL)}
        held = self.given.components.get(key, {})
        kind = said.get("kind") or held.get("kind", "")
        if not told and kind == held.get("kind", ""):
            return
        known = {one.name for one in DETAILS.get(kind, ())}
        for name in told.keys() - known:
            self.strange[name] = self.strange.get(name, 0) + 1
        both = merged(held.get("details", {}), told)
        fitting = {name: value for name, value in both.items() if name in known}
        if fitting or held.get("details"):
            said["details"] = fitting

    def _nameless(self, where: str, said: str) -> None:
        """Tell that a row can be recorded under no code: it has none, and none can be made of its name."""
        title = self.kind.title.lower()
        if not self.kind.named:
            why = "It would be recorded anew each time."
            self.told.problem(where, f"This {title} has no code.", why, "Give it one.")
        elif said:
            why = "A code is made of letters a to z and digits."
            what = f"No code can be made of '{said[:60]}'."
            self.told.problem(where, what, why, f"Give the {title} a code.")
        else:
            why = f"Its code is made of the name, and a {title} without one says nothing."
            self.told.problem(where, f"This {title} has no name.", why, "Give it one.")

    def _once(self, code: str, where: str) -> bool:
        """Whether no row before has the code."""
        if code in self.codes:
            self.told.problem(
                where, f"{code} stands twice.", f"First in {self.codes[code]}.", "Keep one of them."
            )
            return False
        self.codes[code] = where
        return True

    def _defaults(self) -> dict[str, Any]:
        known = self.kind.by_name
        return {name: value for name, value in self.given.defaults.items() if name in known and value}

    def _ids(self, original: str, said: dict[str, Any]) -> list[str]:
        """What others call the row, with their name before it, for kinds that keep it."""
        if not self.kind.stem:
            return []
        source = self.source or "file"
        own = original or str(said.get("title") or "")
        named = [
            *said.get("foreign_ids", ()),
            *([own] if own and (self.source or not self._fits(original)) else ()),
        ]
        return list(dict.fromkeys(one if ":" in one else f"{source}:{one}" for one in named))

    def _fits(self, code: str) -> bool:
        return bool((CONTROL_CODE if self.kind.stem else PART_CODE).fullmatch(code))

    def _code(self, original: str, name: str, ids: list[str]) -> str:
        """The code of a row: its own if it is one here, that of its ids or name in the books, or one made up."""
        if self._fits(original):
            return original
        known = next((code for one in ids if (code := self.given.foreign.get((self.kind.name, one)))), "")
        if not original and not known:
            known = values.only(self.given.names.called(self.kind.name, name), name)
        taken = _Either(self.taken, self.codes)
        return known or proposed(self.kind, original or name, taken, self.numbers)

    def _named_data(self) -> None:
        """The kinds of data that rows speak of by name: those of the books, and those that other rows list."""
        kind = "data" if self.kind.scoped else "any data"
        rows = [one for one in self.told.items if one.fields.get("kind") == "data"]
        own = ((kind, one.code.rpartition("/")[2], str(one.fields.get("name", ""))) for one in rows)
        names = self.given.names | Names(own)
        self.told.items[:] = [
            found for one in self.told.items if (found := self._with_data(one, kind, names))
        ]

    def _with_data(self, item: Item, kind: str, names: Names) -> Item | None:
        said = item.fields.get("data")
        if not said:
            return item
        try:
            found = dict.fromkeys(values.named(kind, one, names) for one in said)
        except values.Unreadable as error:
            heading = next(self.table.headings[at] for at, one in self.fields.items() if one.name == "data")
            self.told.problem(f"{item.where}, {heading}", error.why, "", error.remedy)
            return None
        return replace(item, fields={**item.fields, "data": list(found)})

    def _columns(self) -> None:
        for at, heading in enumerate(self.table.headings):
            cells = [values_shown(row[at]) for _, row in self.table.rows]
            filled = list(dict.fromkeys(cell for cell in cells if cell))
            one = self.fields.get(at)
            read_as = tuple(self.words.get(heading, {}).items())[:WORDS]
            self.told.columns.append(
                Column(heading, one.name if one else "", tuple(filled[:SAMPLES]), read_as)
            )
            if one is None and filled:
                self.told.leave(f"Column {heading}", "It goes into no field.")

    def _leave_strange(self) -> None:
        """Tell what columns say of rows whose kind has no such detail."""
        for name, rows in sorted(self.strange.items()):
            kind = next(kind for kind, several in DETAILS.items() if name in {one.name for one in several})
            heading = next(
                self.table.headings[at] for at, one in self.fields.items() if one.name == f"{DETAIL}{name}"
            )
            told = f"{heading} of {rows:,} {'row' if rows == 1 else 'rows'}"
            self.told.leave(told, f"Only a component of kind {kind} has it here.")


def values_shown(cell: Any) -> str:
    """A cell as a sample: one short line."""
    try:
        return " ".join(values.text(cell).split())[:60]
    except values.Unreadable:
        return ""


@dataclass(frozen=True)
class _Either:
    """What stands in one of two places, asked without copying either for each row."""

    first: Container[str]
    second: Container[str]

    def __contains__(self, code: object) -> bool:
        return code in self.first or code in self.second


def proposed(kind: Kind, original: str, taken: Container[str], numbers: dict[str, int]) -> str:
    """A code for what has none that fits: of its name, near its own, or the next free number; empty if none can be.

    `numbers` remembers where the search for a free one ended, so that thousands of rows do not begin anew each time.
    """
    if kind.named:
        near = re.sub(r"[^a-z0-9]+", "-", original.casefold()).strip("-")[:40].strip("-")
        return near if PART_CODE.fullmatch(near) else ""
    if not kind.stem:
        return ""
    near = re.sub(r"[^A-Z0-9.-]+", "-", original.upper()).strip("-")
    if CONTROL_CODE.fullmatch(near) and near not in taken:
        return near
    begin = numbers.get(kind.stem, kind.first)
    number = next(number for number in range(begin, 10**7) if f"{kind.stem}-{number:02}" not in taken)
    numbers[kind.stem] = number + 1
    return f"{kind.stem}-{number:02}"
