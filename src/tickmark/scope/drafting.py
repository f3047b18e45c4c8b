"""What the answers of the scope interview come to: a draft of the system with its parts, and what is left open.

Pure. A draft is nobody's word: a person looks at it, changes what is wrong, and records it (domain.md 0.4 rule 30).
Nothing is guessed in silence: what an answer names and nothing else knows is told as open, and so is a row that is only
half said.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from tickmark.kernel.calendars import zones
from tickmark.kernel.errors import Invalid
from tickmark.scope import interview
from tickmark.scope.criteria import Category, check_codes
from tickmark.scope.details import ROLE
from tickmark.scope.naming import Known, fold
from tickmark.scope.programme import Item
from tickmark.scope.window import Window, propose

PROMISES = {
    "security": (Category.SECURITY, "S"),
    "availability": (Category.AVAILABILITY, "A"),
    "confidentiality": (Category.CONFIDENTIALITY, "C"),
    "integrity": (Category.PROCESSING_INTEGRITY, "PI"),
    "privacy": (Category.PRIVACY, "P"),
}
"""The questions about promises: the category that a promise stands behind, and the letters of its code."""
DECIDES = ("controller", "both")
PLACES = ("data", "software", "infrastructure", "teams")
"""The questions whose rows become components."""
TARGETS = ("software", "infrastructure", "vendors", "teams", "data")
"""Where what data is passed to is looked for, in this order."""
MONITORS = "VND-03"
"""The library's control that reads the reports of subservice organisations (domain.md 2.1, DC 7)."""
HOSTED = {
    "CC6.4": "restricts physical access to its data centres to authorised people",
    "A1.2": "protects its data centres against fire, water, heat and loss of power, and watches over these protections",
}
"""What is assumed at whoever supplies the infrastructure, by the criterion that needs it."""


@dataclass(frozen=True)
class Open:
    """Something that the answers leave open: the question, and what is still to be said or decided."""

    question: str
    what: str


@dataclass(frozen=True)
class Draft:
    """A system drafted from answers: `code` is its own, `answers` the plain answers by question."""

    code: str
    answers: Mapping[str, Any]
    today: date

    # -- the parts --------------------------------------------------------------------------------------------

    @cached_property
    def items(self) -> list[Item]:
        """Everything that would be recorded, as items of a programme."""
        if not self._text("name"):
            return []
        return [
            self._system(),
            *self._vendors(),
            *self._commitments(),
            *self._components(),
            *self._complements(),
        ]

    @property
    def since(self) -> date:
        """The day from which the draft holds: today, or earlier where the controls were in place before."""
        said = self._date("in_place")
        return min(said, self.today) if said else self.today

    @property
    def categories(self) -> list[str]:
        """Security, and what promises call for; Privacy only for whoever decides about the data."""
        return [
            category.value
            for question, (category, _) in PROMISES.items()
            if category is Category.SECURITY or self._promised(question)
        ]

    def _promised(self, question: str) -> list[dict[str, Any]]:
        if question == "privacy" and self._text("role") not in DECIDES:
            return []
        return self._rows(question)

    def _system(self) -> Item:
        said = {
            "name": self._text("name"),
            "company": self._text("company") or self._text("name"),
            "services": self._text("does") or self._text("name"),
            "categories": [one.value for one in Category if one.value in self.categories],
        }
        zone = {"time_zone": self._text("zone")} if self._text("zone") else {}
        return Item("system", self.code, said | zone, self.since, "“Three questions”")

    def _commitments(self) -> Iterator[Item]:
        for question, (category, letters) in PROMISES.items():
            for row in self._promised(question):
                said = {
                    "kind": "commitment",
                    "category": category.value,
                    "text": row["text"],
                    "source": row["source"],
                    "target": row.get("target", ""),
                }
                yield self._part("commitment", f"{letters}-{row['key']}", said, question)

    def _components(self) -> Iterator[Item]:
        for row in self._named("data"):
            said = {"kind": "data", "name": row["name"], "classification": row["class"]}
            said |= {"details": self._details(row)} if self._details(row) else {}
            yield self._part("component", self._codes["data", row["name"]], said, "data")
        for row in self._named("software"):
            said = {"kind": "software", "name": row["name"], "description": row["purpose"]}
            said |= {"data": self._data(row)} if self._data(row) else {}
            said |= {"flows": self._flows(row)} if self._flows(row) else {}
            yield self._part("component", self._codes["software", row["name"]], said, "software")
        for row in self._named("infrastructure"):
            said = {"kind": "infrastructure", "name": row["name"], "description": row["purpose"]}
            said |= {"location": row["location"]} if row["location"] else {}
            said |= {"supplier": self._supplier(row)} if self._supplier(row) else {}
            yield self._part("component", self._codes["infrastructure", row["name"]], said, "infrastructure")
        for row in self._named("teams"):
            said = {"kind": "people", "name": row["name"], "description": row["does"]}
            yield self._part("component", self._codes["teams", row["name"]], said, "teams")
        for name in self.answers.get("procedures") or []:
            words = interview.question("procedures").choices[name]
            said = {"kind": "procedures", "name": words.partition(":")[0], "description": words}
            yield self._part("component", f"how-{name}", said, "procedures")

    def _details(self, row: Mapping[str, Any]) -> dict[str, str]:
        """What the answers say of a kind of data; who decides about it was asked for all personal data at once."""
        said = {"retention": row.get("kept", ""), "personal": row.get("personal", "")}
        decides = self._text("role")
        said["role"] = decides if said["personal"] == "yes" and decides in ROLE.choices else ""
        return {name: value for name, value in said.items() if value}

    def _vendors(self) -> Iterator[Item]:
        for row in self._named("vendors"):
            said = {"name": row["name"], "service": row["service"]}
            said |= {"data": self._kinds} if row["data"] and self._kinds else {}
            said |= {"commitments": self._promises} if row["needed"] and self._promises else {}
            criteria = self._hosted(row)
            if criteria:
                said |= {
                    "subservice": True,
                    "method": "carve-out",
                    "criteria": criteria,
                    "monitored_by": MONITORS,
                }
            yield Item(
                "vendor", self._codes["vendors", row["name"]], said, self.since, self._where("vendors")
            )

    @cached_property
    def _kinds(self) -> list[str]:
        """The codes of all kinds of data: who reaches customers' data may reach each, until somebody says less."""
        return [self._codes["data", row["name"]] for row in self._named("data")]

    @cached_property
    def _promises(self) -> list[str]:
        """The codes of all drafted commitments."""
        return [item.code.rpartition("/")[2] for item in self._commitments()]

    def _complements(self) -> Iterator[Item]:
        for row in self._named("vendors"):
            for criterion in self._hosted(row):
                number = f"{row['key']}-{list(HOSTED).index(criterion) + 1}"
                said = {
                    "kind": "csoc",
                    "vendor": self._codes["vendors", row["name"]],
                    "text": f"{row['name']} {HOSTED[criterion]}.",
                    "criteria": [criterion],
                }
                yield self._part("complement", f"CSOC-{number}", said, "vendors")
        for row in self._rows("customers_must"):
            known, _ = _criteria(row["criteria"])
            if known:
                said = {"kind": "cuec", "text": row["text"], "criteria": known}
                yield self._part("complement", f"CUEC-{row['key']}", said, "customers_must")

    def _part(self, kind: str, code: str, said: dict[str, Any], question: str) -> Item:
        return Item(kind, f"{self.code}/{code}", said, self.since, self._where(question))

    def _where(self, question: str) -> str:
        return f"“{interview.question(question).ask}”"

    # -- what names what --------------------------------------------------------------------------------------

    def _named(self, question: str) -> list[dict[str, Any]]:
        """The rows of a list, each name once: what stands there twice is told as open."""
        return list({fold(row["name"]): row for row in reversed(self._rows(question))}.values())[::-1]

    @cached_property
    def _codes(self) -> dict[tuple[str, str], str]:
        """The code of each component and vendor, by the list in which it stands and its name."""
        return {
            **codes((name, row["name"]) for name in PLACES for row in self._named(name)),
            **codes(("vendors", row["name"]) for row in self._named("vendors")),
        }

    def _known(self, *lists: str) -> Known:
        """The names that stand in some lists, with their codes; earlier lists come first."""
        return Known.of(
            (name, code) for place in lists for (one, name), code in self._codes.items() if one == place
        )

    def _data(self, row: Mapping[str, Any]) -> list[str]:
        kinds = self._known("data")
        return [code for name in kinds.split(row["data"]) if (code := kinds.code(name))]

    def _flows(self, row: Mapping[str, Any]) -> list[dict[str, str]]:
        known = self._known(*TARGETS)
        what = ", ".join(part.strip() for part in row["data"].split(",") if part.strip()) or "data"
        return [
            {"to": code, "what": what} for name in known.split(row["sends"]) if (code := known.code(name))
        ]

    def _supplier(self, row: Mapping[str, Any]) -> str:
        return self._known("vendors").code(row["vendor"])

    def _hosted(self, row: Mapping[str, Any]) -> list[str]:
        """The criteria that a vendor is relied on for: only where it supplies the infrastructure and is needed."""
        supplies = {self._supplier(one) for one in self._rows("infrastructure")}
        if not row["needed"] or self._codes["vendors", row["name"]] not in supplies:
            return []
        return ["CC6.4", *(["A1.2"] if Category.AVAILABILITY.value in self.categories else [])]

    # -- what is left -----------------------------------------------------------------------------------------

    @property
    def left_out(self) -> list[dict[str, Any]]:
        """What is left out, with the reason: each is listed as an exclusion by whoever decides it."""
        return self._rows("left_out")

    @cached_property
    def window(self) -> Window:
        """Type and window to aim at, with the arithmetic."""
        months = self._text("months")
        return propose(
            self.today,
            self._text("asked_for"),
            self._date("needed_by"),
            self._date("in_place"),
            int(months) if months else None,
        )

    @cached_property
    def open(self) -> list[Open]:
        """What the answers leave open, in the order of the questions."""
        found = [
            *self._unanswered(),
            *self._half_said(),
            *self._twice(),
            *self._unmatched(),
            *self._undecided(),
            *self._of_vendors(),
        ]
        order = list(interview.questions())
        return sorted(found, key=lambda one: order.index(one.question))

    def _unanswered(self) -> Iterator[Open]:
        for one in interview.questions().values():
            if not one.optional and not self.answers.get(one.id):
                yield Open(one.id, f"“{one.ask}” is not answered yet.")

    def _half_said(self) -> Iterator[Open]:
        for one in interview.questions().values():
            yield from (Open(one.id, what) for what in one.halves(self.answers.get(one.id)))
        if self._text("zone") and self._text("zone") not in zones():
            yield Open("zone", f"“{self._text('zone')}” is no time zone. Choose one, such as Europe/Berlin.")

    def _twice(self) -> Iterator[Open]:
        for question in (*PLACES, "vendors"):
            told = [fold(row["name"]) for row in self._rows(question)]
            for row in self._named(question):
                if told.count(fold(row["name"])) > 1:
                    yield Open(question, f"“{row['name']}” stands twice in one list. The first one is taken.")

    def _unmatched(self) -> Iterator[Open]:
        for row in self._rows("software"):
            where = f"{row['name']} holds “{{}}”, which is not among your kinds of data."
            yield from self._strange("data", row["data"], where, "data")
            where = f"{row['name']} passes data to “{{}}”, which is named nowhere."
            yield from self._strange("software", row["sends"], where, *TARGETS)
        for row in self._rows("infrastructure"):
            known = self._known("vendors")
            if row["vendor"] and not known.code(row["vendor"]):
                where = f"{{}} supplies {row['name']} and is not among your vendors."
                yield from self._unknown("vendors", row["vendor"], where, known, "vendors")

    def _strange(self, question: str, cell: str, words: str, *lists: str) -> Iterator[Open]:
        known = self._known(*lists)
        for name in known.split(cell):
            if not known.code(name):
                yield from self._unknown(question, name, words, known, *lists)

    def _unknown(self, question: str, name: str, words: str, known: Known, *lists: str) -> Iterator[Open]:
        """A name that no row explains; one that stands in a row half said waits for that row, which is told."""
        alike = list(known.alike(name).values())
        if alike:
            yield Open(question, f"“{name}” could be {' or '.join(alike)}: write it as it stands there.")
        elif not Known.of((one, one) for one in self._half_names(*lists)).code(name):
            yield Open(question, words.format(name))

    def _half_names(self, *lists: str) -> Iterator[str]:
        for place in lists:
            whole = {fold(row["name"]) for row in self._rows(place)}
            for row in self.answers.get(place) or []:
                if row.get("name") and fold(row["name"]) not in whole:
                    yield row["name"]

    def _of_vendors(self) -> Iterator[Open]:
        """What was ticked of vendors and is read as widely as it can be, or rests on nothing yet."""
        reach, needed = (
            [row["name"] for row in self._named("vendors") if row[tick]] for tick in ("data", "needed")
        )
        if reach and not self._kinds:
            yield Open("vendors", f"No kind of data is named yet that {listed(reach)} could reach.")
        if needed and not self._promises:
            yield Open("vendors", f"No promise is named yet that rests on {listed(needed).rstrip('.')}.")
        wide = [f"{listed(reach)} may reach every kind of data"] if reach and len(self._kinds) > 1 else []
        wide += [f"every promise may rest on {listed(needed)}"] if needed and len(self._promises) > 1 else []
        if wide:
            said = f"In the draft {', and '.join(wide)}".rstrip(".")
            yield Open("vendors", f"{said}. Where it is less, say so on the vendor's page.")

    def _undecided(self) -> Iterator[Open]:
        for row in self._rows("vendors"):
            if row["needed"] and not self._hosted(row):
                yield Open(
                    "vendors",
                    f"{row['name']}: promises fail without it. Decide whether it is a subservice organisation, and for "
                    "which criteria.",
                )
        for row in self._rows("customers_must"):
            known, strange = _criteria(row["criteria"])
            if strange or not known:
                yield Open(
                    "customers_must", f"“{row['text']}” names {strange or 'no criterion'}, which is none."
                )
        yield from self._of_privacy()

    def _of_privacy(self) -> Iterator[Open]:
        said = any("privacy" in row["what"].casefold() for row in self._rows("left_out"))
        if self._text("role") in DECIDES and not said and Category.PRIVACY.value not in self.categories:
            yield Open(
                "role",
                "You decide about personal data, and Privacy is not chosen. Name the promise to people that calls for "
                "it, or list Privacy as left out and say why.",
            )
        if self._rows("privacy") and self._text("role") not in DECIDES:
            yield Open(
                "privacy", "Promises about privacy stand only behind data about which you decide yourselves."
            )

    # -- reading answers --------------------------------------------------------------------------------------

    def _text(self, name: str) -> str:
        return str(self.answers.get(name) or "")

    def _rows(self, name: str) -> list[dict[str, Any]]:
        """The whole rows of an answer, each with the key that it keeps for good (its place, where none was given)."""
        asked, rows = interview.question(name), list(self.answers.get(name) or [])
        return [{"key": number, **row} for number, row in enumerate(rows, 1) if not asked.lacking(row)]

    def _date(self, name: str) -> date | None:
        said = self._text(name)
        return date.fromisoformat(said) if said else None


def codes(given: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """A short code for each name in its list, all different: letters, figures, hyphens, as `scope.place` takes them."""
    found: dict[tuple[str, str], str] = {}
    for place, name in given:
        base = code_of(name)
        taken, number, code = set(found.values()), 1, base
        while code in taken:
            number += 1
            code = f"{base[:36]}-{number}"
        found.setdefault((place, name), code)
    return found


def code_of(name: str) -> str:
    """A name as a code: `Ledger database` becomes `ledger-database`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:36].strip("-") or "part"


def listed(names: list[str]) -> str:
    """`A, B and C`."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _criteria(text: str) -> tuple[list[str], str]:
    """The criteria that a cell names, and the first word that is none."""
    words = [word.upper() for word in re.split(r"[,;\s]+", text) if word]
    known, strange = [], ""
    for word in words:
        try:
            check_codes([word])
            known.append(word)
        except Invalid:
            strange = strange or word
    return list(dict.fromkeys(known)), strange
