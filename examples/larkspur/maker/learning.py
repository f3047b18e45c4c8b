"""The learning platform: who was asked to take which course, and when it was taken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

from .days import Draw, at, business_day_up_to, export_moment, instant, zulu
from .out import csv_text, manifest, put
from .roster import Spell, spells

HEADER = (
    "Enrollment ID,User ID,Full Name,Email,Course Code,Course Title,Course Version,Category,Status,Assigned,Due,"
    "Completed At,Score,Delivery"
).split(",")
AWARENESS, ROLE = "Security awareness", "Secure development"
BEGAN = date(2025, 1, 1)
"""The platform's first day; whoever joined before took the course elsewhere."""
ROUNDS = ((AWARENESS, date(2026, 1, 5)), (ROLE, date(2026, 3, 9)))
DAY = timedelta(days=1)

# Courses of joiners that did not go as usual, by person and spell: moment of completion, or what stands instead.
JOINERS = {
    ("LL-1068", 1): "2026-02-12T10:20",
    ("LL-1069", 1): "2026-04-01T23:10",
    ("LL-1070", 1): "2026-04-27T16:05",
    ("LL-1074", 1): "2026-07-02T11:45",
    ("LL-1029", 2): "2026-08-12T15:30",
    ("LL-1079", 1): "",
}
UNLINKED = {("LL-1072", 1)}
FAILED_FIRST = {("LL-1074", 1): "2026-06-22T09:40"}
NEVER_ASKED = {("C-0005", 1)}


@dataclass(frozen=True)
class Enrollment:
    """One course that one person was asked to take; `done` is when it was finished, `score` of a hundred."""

    spell: Spell
    course: str
    assigned: date
    done: datetime | None
    score: int
    passed: bool = True

    @property
    def due(self) -> date:
        return self.assigned + 30 * DAY


def _draw(spell: Spell, course: str) -> Draw:
    words = ("training",) if course == AWARENESS else ("training", course)
    return Draw(*words, spell.key, spell.spell)


def _usual(spell: Spell, course: str, assigned: date) -> Enrollment:
    draw = _draw(spell, course)
    day = business_day_up_to(assigned + DAY * draw.between(3, 26))
    score = draw.between(80, 100)
    gone = spell.left or (spell.left_entered.date() if spell.left_entered else date.max)
    done = at(day, f"{draw.between(9, 16):02}:{draw.below(60):02}") if day <= gone else None
    return Enrollment(spell, course, assigned, done, score)


def _joining(spell: Spell) -> list[Enrollment]:
    key = (spell.key, spell.spell)
    if spell.hire < BEGAN or key in NEVER_ASKED:
        return []
    usual = _usual(spell, AWARENESS, spell.hire)
    if key in JOINERS:
        usual = Enrollment(spell, AWARENESS, spell.hire, _when(JOINERS[key]), usual.score)
    first = FAILED_FIRST.get(key)
    return [*([Enrollment(spell, AWARENESS, spell.hire, _when(first), 55, False)] if first else []), usual]


def _when(text: str) -> datetime | None:
    return instant(text) if text else None


def _round(spell: Spell, course: str, day: date) -> list[Enrollment]:
    """A yearly round asks everybody who is at work and did not just join."""
    engineers = course == ROLE
    asked = spell.hire < day - 30 * DAY and (not engineers or spell.department == "Engineering")
    return (
        [_usual(spell, course, day)]
        if asked and spell.works_on(day) and spell.works_on(day + 26 * DAY)
        else []
    )


@cache
def enrollments() -> tuple[Enrollment, ...]:
    """Every enrolment the platform ever held, by day of assignment."""
    found = [one for spell in spells() for one in _joining(spell)]
    found += [one for course, day in ROUNDS for spell in spells() for one in _round(spell, course, day)]
    return tuple(sorted(found, key=lambda one: (one.assigned, one.spell.key, one.course, one.passed)))


@cache
def numbers() -> dict[Enrollment, str]:
    """The platform's number of each enrolment, in the order of assignment."""
    return {one: f"ENR-{10_400 + 3 * place}" for place, one in enumerate(enrollments())}


def _status(one: Enrollment, moment: datetime) -> str:
    if one.done and one.done <= moment:
        return "Completed" if one.passed else "Failed"
    if one.spell.left and one.spell.left < moment.date():
        return "Withdrawn"
    return "In progress" if Draw("begun", one.spell.key, one.course).chance(40) else "Not started"


def _row(one: Enrollment, moment: datetime) -> tuple[object, ...]:
    done = one.done is not None and one.done <= moment
    linked = (one.spell.key, one.spell.spell) not in UNLINKED
    aware = one.course == AWARENESS
    return (
        numbers()[one], one.spell.key if linked else "", one.spell.name, one.spell.email, "SEC-101" if aware else "SDV-201",
        f"{one.course} {one.assigned.year}", str(one.assigned.year), one.course, _status(one, moment),
        f"{one.assigned:%m/%d/%Y}", f"{one.due:%m/%d/%Y}", zulu(one.done) if done else "", one.score if done else "",
        "Online",
    )  # fmt: skip


def write(target: Path, day: date) -> None:
    """`lms/enrollments.csv` with its manifest."""
    moment = export_moment(day)
    rows = [_row(one, moment) for one in enrollments() if at(one.assigned, "05:00") <= moment]
    put(target / "lms" / "enrollments.csv", csv_text(HEADER, rows))
    manifest(
        target / "lms" / "enrollments.manifest.json", day, len(rows), file="enrollments.csv",
        system="Learning platform", report="All enrolments",
        filters={"status": "any", "users": "active and former", "assigned": "any"},
    )  # fmt: skip
