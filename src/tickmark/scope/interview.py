"""The questions of the scope interview, read from `library/interview/scope.toml`, and what an answer to each may be.

Pure: nothing here asks the books. What the answers come to is drafted in `drafting.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from tickmark.kernel.calendars import zones
from tickmark.kernel.errors import Invalid
from tickmark.kernel.references import storable
from tickmark.scope.library import Fields, library_folder, read_fields

KINDS = ("text", "words", "choice", "many", "date", "number", "zone", "rows")
KEY, LARGEST_KEY = "key", 9999
"""The number that a row keeps for good, beside its columns."""
LONGEST, MOST_ROWS = 4000, 200
"""Letters of one answer, and rows of a table: an interview is talked through; lists of thousands are imported."""


@dataclass(frozen=True)
class Column:
    """A column of an answer in rows; `choices` limits what it takes, `yes` makes it a tick.

    A row without what is `needed` is kept, and drafted into nothing until it is said. `long` texts have two lines;
    `offers` names other columns (`vendors.name`) whose words are offered.
    """

    name: str
    label: str
    choices: tuple[str, ...] = ()
    yes: bool = False
    needed: bool = False
    long: bool = False
    offers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Question:
    """One question: how it is asked, why it matters, and what answer it takes (`kind` is one of KINDS)."""

    id: str
    chapter: str
    ask: str
    why: str
    kind: str
    choices: Mapping[str, str]
    columns: tuple[Column, ...]
    optional: bool

    def read(self, value: Any) -> Any:
        """The answer in its plain form: text, number, list of codes, or list of rows. Raises Invalid."""
        return _READERS[self.kind](self, value)

    def lacking(self, row: Mapping[str, Any]) -> list[str]:
        """The columns, by label, that a row needs and says nothing of."""
        return [one.label for one in self.columns if one.needed and not row.get(one.name)]

    def halves(self, answer: Any) -> list[str]:
        """What an answer in rows leaves half said, a sentence for each row."""
        rows = list(enumerate(answer or [], 1)) if self.kind == "rows" else []
        return [self._half(number, self.lacking(row)) for number, row in rows if self.lacking(row)]

    def _half(self, number: int, empty: Sequence[str]) -> str:
        names = " and ".join(f"“{label}”" for label in empty)
        return f"{names} {'is' if len(empty) == 1 else 'are'} empty in row {number} of “{self.ask}”."

    def fault(self, why: str, remedy: str = "Correct it.") -> Invalid:
        """What is wrong with an answer to it."""
        return Invalid(f"The answer to “{self.ask}” cannot be taken.", why, remedy, f"answers.{self.id}")


@dataclass(frozen=True)
class Chapter:
    """A page of the interview."""

    id: str
    title: str
    lead: str
    questions: tuple[Question, ...]


def keyed(
    rows: list[dict[str, Any]], highest: int, standing: Sequence[dict[str, Any]] = ()
) -> list[dict[str, Any]]:
    """Rows that each have a key for good: one that says what a standing row says has its key, a new one the next.

    What is drafted from a row is named by its key, so that taking one row away never makes another mean something else.
    """
    found: list[dict[str, Any]] = []
    used: set[int] = set()
    following = max([highest, *(row.get(KEY, 0) for row in rows)])
    for row in rows:
        alike = (one[KEY] for one in standing if {**one, KEY: 0} == {**row, KEY: 0} and one[KEY] not in used)
        key = row.get(KEY) or next(alike, None)
        if key is None or key in used:
            following += 1
            key = following
        used.add(key)
        found.append({**row, KEY: key})
    return found


def chapters() -> tuple[Chapter, ...]:
    """The interview in its order."""
    return _read(library_folder())


def questions() -> dict[str, Question]:
    """Every question by id, in order."""
    return {one.id: one for chapter in chapters() for one in chapter.questions}


def question(name: str) -> Question:
    """One question. Raises Invalid for a name that is none."""
    found = questions().get(name)
    if found is None:
        known = ", ".join(questions())
        raise Invalid(
            f"The interview has no question '{name[:40]}'.", f"It asks: {known}.", "Leave it out.", "answers"
        )
    return found


@lru_cache
def _read(library: Path) -> tuple[Chapter, ...]:
    book = read_fields(library / "interview" / "scope.toml")
    found = tuple(map(_chapter, book.tables("chapters")))
    book.done()
    names = [one.id for chapter in found for one in chapter.questions]
    if len(set(names)) < len(names):
        raise book.fault("chapters", "Two questions have one id.")
    return found


def _chapter(fields: Fields) -> Chapter:
    name, title, lead = fields.text("id"), fields.text("title"), fields.text("lead")
    asked = tuple(_question(one, name) for one in fields.tables("questions"))
    fields.done()
    return Chapter(name, title, lead, asked)


def _question(fields: Fields, chapter: str) -> Question:
    found = Question(
        id=fields.text("id"),
        chapter=chapter,
        ask=fields.text("ask"),
        why=fields.text("why"),
        kind=fields.choice("kind", KINDS),
        choices=fields.table("choices", {}),
        columns=tuple(map(_column, fields.tables("columns", ()))),
        optional=fields.flag("optional", False),
    )
    fields.done()
    if (found.kind in ("choice", "many")) != bool(found.choices) or (found.kind == "rows") != bool(
        found.columns
    ):
        raise fields.fault("kind", "Choices belong to choice and many, columns to rows.")
    return found


def _column(fields: Fields) -> Column:
    found = Column(
        fields.text("name"),
        fields.text("label"),
        fields.texts("choices", ()),
        fields.flag("yes", False),
        fields.flag("needed", False),
        fields.flag("long", False),
        fields.texts("offers", ()),
    )
    fields.done()
    return found


# -- what an answer may be ----------------------------------------------------------------------------------------


def _text(asked: Question, value: Any) -> str:
    if not isinstance(value, str):
        raise asked.fault("It is no text.")
    found = value.replace("\r\n", "\n").strip()
    if len(found) > LONGEST or not storable(found):
        raise asked.fault(f"A text has {LONGEST} letters at most, none of them unprintable.", "Shorten it.")
    return found


def _choice(asked: Question, value: Any) -> str:
    found = _text(asked, value)
    if found and found not in asked.choices:
        raise asked.fault(f"It is none of {', '.join(asked.choices)}.", "Choose one of them.")
    return found


def _many(asked: Question, value: Any) -> list[str]:
    items = value if isinstance(value, list) else [value] if value else []
    strange = [str(item)[:40] for item in items if not isinstance(item, str) or item not in asked.choices]
    if strange:
        raise asked.fault(f"{strange[0]} is none of {', '.join(asked.choices)}.", "Choose among them.")
    return [name for name in asked.choices if name in items]


def _date(asked: Question, value: Any) -> str:
    found = _text(asked, value)
    if not found:
        return ""
    try:
        day = date.fromisoformat(found)
    except ValueError:
        raise asked.fault(f"{found[:20]} is no day.", "Write it like 2027-03-31.") from None
    if not 1990 <= day.year <= 2100:
        raise asked.fault(f"{found} lies out of all bounds.", "Correct the year.")
    return found


def _zone(asked: Question, value: Any) -> str:
    found = _text(asked, value)
    if found and found not in zones():
        raise asked.fault(
            f"There is no time zone “{found[:40]}”: zones are named by a place, such as America/Los_Angeles.",
            "Choose the largest place near you.",
        )
    return found


def _number(asked: Question, value: Any) -> int | str:
    if value == "":
        return ""
    text = str(value)
    if isinstance(value, bool) or not text.isdecimal() or not text.isascii() or int(text) > 1000:
        raise asked.fault(f"{text[:20]} is no whole number up to 1000.")
    return int(text)


def _rows(asked: Question, value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list) or len(value) > MOST_ROWS:
        raise asked.fault(f"It takes up to {MOST_ROWS} rows.", "Import longer lists as a file.")
    found = [_row(asked, row) for row in value]
    return [row for row in found if any(row.values())]


def _row(asked: Question, row: Any) -> dict[str, Any]:
    names = {column.name for column in asked.columns}
    if not isinstance(row, dict) or row.keys() - names - {KEY}:
        raise asked.fault(f"A row has the columns {', '.join(column.name for column in asked.columns)}.")
    found = {column.name: _cell(asked, column, row.get(column.name, "")) for column in asked.columns}
    key = str(row.get(KEY, ""))
    if any(found.values()) and key.isascii() and key.isdecimal() and 0 < int(key) <= LARGEST_KEY:
        found[KEY] = int(key)
    return found


def _cell(asked: Question, column: Column, value: Any) -> Any:
    if column.yes:
        return value is True or str(value).strip().casefold() in ("yes", "true", "on", "1")
    text = _text(asked, value if isinstance(value, str) else str(value))
    if text and column.choices and text not in column.choices:
        raise asked.fault(f"{column.label}: {text[:40]} is none of {', '.join(column.choices)}.")
    return text


_READERS = {
    "text": _text,
    "words": _text,
    "choice": _choice,
    "many": _many,
    "date": _date,
    "number": _number,
    "zone": _zone,
    "rows": _rows,
}
