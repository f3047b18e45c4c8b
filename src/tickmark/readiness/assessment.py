"""The gap assessment as a document (domain.md 7.4): everything it says, from the record, for a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from tickmark.controls.models import ControlVersion
from tickmark.evidence import queries as evidence
from tickmark.readiness import queries
from tickmark.readiness.arithmetic import Answer
from tickmark.readiness.gaps import Gap, Level, State
from tickmark.readiness.looks import View
from tickmark.readiness.queries import Summary
from tickmark.scope.queries import Scope


@dataclass(frozen=True)
class ControlLine:
    """One control in the document: what is on file, what was expected, what the checks say, and one word."""

    version: ControlVersion
    design: str
    implementation: str
    accepted: int
    waiting: int
    expected: int
    met: int
    counts: dict[str, int]
    word: str


@dataclass(frozen=True)
class ListLine:
    """A list that was tried: its source, rows, and whether it may be locked."""

    source: evidence.SourceStanding
    lockable: bool
    why: str


@dataclass(frozen=True)
class Assessment:
    """The whole document."""

    day: date
    window: evidence.Window
    scopes: list[Scope]
    summary: Summary
    start: Answer | None
    controls: list[ControlLine]
    lists: list[ListLine]
    by_criterion: list[tuple[str, str, dict[str, str]]]
    not_looked_at: list[str]


def assessment(day: date) -> Assessment:
    """The assessment as of a day."""
    view = View(day)
    summary = queries.summary(day)
    return Assessment(
        day=day,
        window=view.window,
        scopes=[scope for scope in view.scopes if scope.version],
        summary=summary,
        start=queries.earliest_start(day),
        controls=[_control(version, view, summary) for version in view.versions],
        lists=_lists(view),
        by_criterion=_by_criterion(view, summary),
        not_looked_at=_not_looked_at(view),
    )


def _control(version: ControlVersion, view: View, summary: Summary) -> ControlLine:
    uses = view.uses.get(version.control_id, evidence.NONE).rows
    expected = view.expected.get(version.control_id, [])
    runs = [run for run in view.runs if run.control_id == version.control_id]
    mine = [
        gap
        for gap in summary.gaps
        if gap.control == version.control.code and gap.state(view.day) != State.HOLDS
    ]
    counts: dict[str, int] = {}
    for run in runs:
        for verdict, number in run.counts.items():
            counts[verdict] = counts.get(verdict, 0) + number
    return ControlLine(
        version=version,
        design=_at(mine, Level.DESIGN, "nothing found"),
        implementation=_at(mine, Level.IMPLEMENTATION, "shown"),
        accepted=sum(use.state == "accepted" for use in uses),
        waiting=sum(use.state == "filed" for use in uses),
        expected=len(expected),
        met=sum(item.state in ("met", "late") for item in expected),
        counts=counts,
        word=_word(mine),
    )


def _at(gaps: list[Gap], level: Level, fine: str) -> str:
    return next((gap.title for gap in gaps if gap.level == level), fine)


def _word(gaps: list[Gap]) -> str:
    """`fail` for what was seen to fail, undetermined for what nobody could see, else pass."""
    if any(gap.verdict == "fail" and gap.level not in (Level.DESIGN, Level.TIMING) for gap in gaps):
        return "fail"
    return "undetermined" if any(gap.verdict == "undetermined" for gap in gaps) else "pass"


def _lists(view: View) -> list[ListLine]:
    populations = [source.population for source in view.sources if source.population is not None]
    standing = evidence.standings(populations) if populations else {}
    found = []
    for source in view.sources:
        told = standing.get(source.population.pk) if source.population else None
        why = source.why or (told.why if told else "never collected")
        found.append(ListLine(source, bool(told and told.lockable and not source.why), why))
    return found


def _by_criterion(view: View, summary: Summary) -> list[tuple[str, str, dict[str, str]]]:
    """Each criterion in scope with its gravest open gap at each level: through its controls or of itself."""
    served = {version.control.code: set(version.criteria) for version in view.versions}
    rows = []
    for scope in view.scopes:
        for criterion in scope.criteria:
            cells: dict[str, str] = {}
            for gap in summary.gaps:  # gravest first
                touches = criterion.id in gap.criteria or criterion.id in served.get(gap.control, ())
                if touches and gap.state(view.day) != State.HOLDS:
                    cells.setdefault(gap.level.value, gap.word)
            rows.append((criterion.id, criterion.title, cells))
    return rows


def _not_looked_at(view: View) -> list[str]:
    """What this review does not look at, so that nobody takes its silence for an answer."""
    told = [
        "Evidence was read by people of the company where it says so; nobody outside looked at it.",
        "Controls that no check reads were judged by what is on file, not by all their operations.",
        "Interviews, physical sites and the text of contracts were not looked at.",
    ]
    for scope in view.scopes:
        told += [f"Left out: {one.what} ({one.reason})" for one in scope.exclusions if not one.ended]
    return told
