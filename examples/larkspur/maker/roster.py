"""Who works at the company: `roster.csv` as typed rows, one row for each employment spell."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

from .days import Draw, at, instant

DOMAIN = "larkspur.example"

# Accounts that still carry a name from before a marriage: join by key, never by e-mail.
FORMER_NAMES = {"LL-1039": "tamsin.ashby", "LL-1053": "linnea.frost"}
# Parental leave: the identity provider suspends, HR shows the leave.
ON_LEAVE_SINCE = {"LL-1031": instant("2026-08-24T09:00")}


@dataclass(frozen=True)
class Spell:
    """One employment or contract of one person. `left` without a date but with `left_entered` is an HR omission."""

    key: str
    spell: int
    first: str
    last: str
    type: str
    department: str
    title: str
    manager: str
    location: str
    hire: date
    left: date | None
    left_entered: datetime | None
    leaving: str
    idp_disabled: str
    support_disabled: str
    github: str
    support: bool

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"

    @property
    def contract_only(self) -> bool:
        """Engaged through a supplier and absent from the HR system."""
        return self.key.startswith("C-")

    @property
    def email(self) -> str:
        """The work address, kept on rehire."""
        return f"{self.first}.{self.last}@{DOMAIN}".lower()

    @property
    def login(self) -> str:
        """The account name; a rehire gets a new one and the old account stays closed."""
        again = str(self.spell) if self.spell > 1 else ""
        return f"{self.first}.{self.last}{again}@{DOMAIN}".lower()

    @property
    def entered_at(self) -> datetime:
        """When HR (or the sponsor) entered the row: about a week before the first day."""
        draw = Draw("entered", self.key, self.spell)
        return at(
            self.hire - timedelta(days=draw.between(5, 9)), f"{draw.between(9, 16):02}:{draw.below(60):02}"
        )

    def works_on(self, day: date) -> bool:
        """Employed on a day, not on leave, and in the company on that day as far as anybody knows."""
        if day < self.hire or (self.left is not None and day > self.left):
            return False
        if self.left is None and self.left_entered is not None and day > self.left_entered.date():
            return False
        leave = ON_LEAVE_SINCE.get(self.key)
        return leave is None or day < leave.date()


def _spell(row: dict[str, str], number: int) -> Spell:
    left = row["left"]
    return Spell(
        **{name: row[name] for name in ("key", "first", "last", "type", "department", "title", "manager")},
        **{name: row[name] for name in ("location", "leaving", "idp_disabled", "support_disabled", "github")},
        spell=number,
        hire=date.fromisoformat(row["hire"]),
        left=date.fromisoformat(left) if left and left != "unknown" else None,
        left_entered=instant(row["left_entered"]) if row["left_entered"] else None,
        support=bool(row["support"]),
    )


@cache
def spells() -> tuple[Spell, ...]:
    """All spells in the order of the roster file."""
    seen: dict[str, int] = {}
    found = []
    with (Path(__file__).parent / "roster.csv").open(encoding="utf-8", newline="") as source:
        for row in csv.DictReader(source):
            row["key"] = row.pop("id")
            seen[row["key"]] = seen.get(row["key"], 0) + 1
            found.append(_spell(row, seen[row["key"]]))
    return tuple(found)


def person(key: str) -> Spell:
    """The latest spell of a person."""
    return [spell for spell in spells() if spell.key == key][-1]
