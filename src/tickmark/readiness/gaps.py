"""What a gap is, where it stands, and what the open ones say together (domain.md 7.1, 7.2, 7.4).

A gap is computed, never stored: its key says which fact it is about, so what people decided about it is found again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from tickmark.readiness.arithmetic import OpenGap, Severity, score


class Level(StrEnum):
    """The eleven levels at which a gap is looked for, in the order of domain.md 7.1."""

    SCOPE = "scope"
    COVERAGE = "coverage"
    DESIGN = "design"
    DOCUMENTATION = "documentation"
    IMPLEMENTATION = "implementation"
    EVIDENCE = "evidence"
    OPERATION = "operation"
    POPULATION = "population"
    TIMING = "timing"
    DESCRIPTION = "description"
    PEOPLE = "people"


ASKS: dict[Level, str] = {
    Level.SCOPE: "Do commitments, boundary, categories and vendors fit together?",
    Level.COVERAGE: "Does each criterion have controls, or a written reason?",
    Level.DESIGN: "If it worked as written, would it meet its part?",
    Level.DOCUMENTATION: "Is it written, approved, current and known?",
    Level.IMPLEMENTATION: "Does it exist today?",
    Level.EVIDENCE: "Is there a dated record, made at the time, that a second person found sufficient?",
    Level.OPERATION: "Did it work each time so far?",
    Level.POPULATION: "Can a complete list be produced, and does it reconcile?",
    Level.TIMING: "Does each control begin before the period, and operate often enough in it?",
    Level.DESCRIPTION: "Can the description be written truthfully from what is recorded?",
    Level.PEOPLE: "Does everybody who is needed know what they own?",
}
"""The question that each level asks."""


class State(StrEnum):
    """Where a gap stands with the people who deal with it."""

    OPEN = "open"
    PLANNED = "planned"
    LATE = "late"
    DONE = "done"
    FAILED = "failed"
    HOLDS = "holds"
    ACCEPTED = "accepted"


@dataclass(frozen=True)
class Decisions:
    """What people decided about one gap, newest first in each line; days are those of the records.

    `severity` overrides the computed one, with its reason in the remedy. `rechecked` is None before anybody looked.
    """

    remedy: str = ""
    action: str = ""
    owner: str = ""
    due: date | None = None
    severity: Severity | None = None
    done_on: date | None = None
    rechecked: bool | None = None
    rechecked_on: date | None = None
    accepted_until: date | None = None
    accepted_why: str = ""


@dataclass(frozen=True)
class Gap:
    """Something that an auditor would find.

    `verdict` is fail, or undetermined where nobody can tell; an undetermined fact is a gap of its own. `impact` (on
    the criterion) × `likelihood` (that the auditor meets it), each 1 to 3, give the severity. `newest` is the last
    day of what happened, for facts that stay facts (a late leaver): a re-check after it closes the gap, while a
    state that still stands closes only by changing.
    """

    key: str
    level: Level
    title: str
    fact: str
    recommendation: str
    impact: int
    likelihood: int
    url: str
    verdict: str = "fail"
    control: str = ""
    criteria: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    owner: str = ""
    owner_id: int | None = None
    newest: date | None = None
    decisions: Decisions = Decisions()

    @property
    def kind(self) -> str:
        """What kind of gap it is within its level, such as `missed`: the second part of its key."""
        return self.key.split(":")[1]

    @property
    def severity(self) -> Severity:
        """By its score, unless somebody set another with a reason."""
        return self.decisions.severity or score(self.impact, self.likelihood)

    @property
    def word(self) -> str:
        """The severity in lower case, as the pages name it."""
        return self.severity.name.lower()

    def state(self, day: date) -> State:
        """Where it stands at the end of a day."""
        told = self.decisions
        if told.accepted_until is not None and told.accepted_until >= day:
            return State.ACCEPTED
        if told.rechecked is not None:
            return State.HOLDS if told.rechecked and self._past(told.rechecked_on) else State.FAILED
        if told.done_on is not None:
            return State.DONE
        if told.due is None:
            return State.OPEN
        return State.LATE if told.due < day else State.PLANNED

    def _past(self, rechecked_on: date | None) -> bool:
        return self.newest is not None and rechecked_on is not None and self.newest <= rechecked_on

    def holds(self, day: date) -> bool:
        """Whether it holds the start: grave, and neither accepted in writing nor found closed."""
        return self.severity >= Severity.HIGH and self.state(day) not in (State.ACCEPTED, State.HOLDS)


def key_of(level: Level, *parts: object) -> str:
    """A stable key: the level and what the gap is about, letters, digits, dots and dashes only."""
    text = ":".join([level.value, *(re.sub(r"[^A-Za-z0-9.]+", "-", str(part)).strip("-") for part in parts)])
    return text[:120]


def ordered(gaps: Iterable[Gap]) -> list[Gap]:
    """Gravest first, then by level and title."""
    levels = list(Level)
    return sorted(gaps, key=lambda gap: (-gap.severity, levels.index(gap.level), gap.title))


def decided(gaps: Iterable[Gap], decisions: dict[str, Decisions]) -> list[Gap]:
    """The gaps, each with what people decided about it, gravest first."""
    return ordered(
        replace(gap, decisions=decisions[gap.key]) if gap.key in decisions else gap for gap in gaps
    )


READY, CONDITIONS, NOT_READY = "Ready", "Ready with conditions", "Not ready"


def word_of(gaps: Sequence[Gap], day: date) -> str:
    """Ready, ready with conditions, or not ready (domain.md 7.4): never a grade, and nothing unseen is ready.

    Not ready while a critical or high gap is neither closed nor accepted in writing; with conditions while anything
    else is open or accepted.
    """
    if any(gap.holds(day) for gap in gaps):
        return NOT_READY
    return CONDITIONS if any(gap.state(day) != State.HOLDS for gap in gaps) else READY


def open_gaps(gaps: Iterable[Gap], day: date) -> list[OpenGap]:
    """What the arithmetic of the expected day takes: gaps neither accepted nor closed, with the day agreed."""
    left = [gap for gap in gaps if gap.state(day) not in (State.ACCEPTED, State.HOLDS)]
    return [OpenGap(gap.title, gap.severity, gap.decisions.due) for gap in left]
