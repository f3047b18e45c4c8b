"""Answers about readiness on a day: the gaps, the map, the day the company can expect, and who owes what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial
from typing import Any

from tickmark.controls.models import ControlVersion
from tickmark.controls.occurrences import State as Occurring
from tickmark.controls.occurrences import bucket_for
from tickmark.controls.queries import spans_over
from tickmark.evidence import queries as evidence
from tickmark.evidence.models import CheckRun
from tickmark.kernel.access import Actor, which
from tickmark.kernel.answers import Task, duty, step_state
from tickmark.kernel.dated import Span
from tickmark.kernel.remembered import LARGE, Pieces, remember, remembered
from tickmark.people.queries import after
from tickmark.readiness import arithmetic
from tickmark.readiness.arithmetic import Answer, Need, Severity
from tickmark.readiness.gaps import CONDITIONS, Decisions, Gap, Level, State, decided, open_gaps, word_of
from tickmark.readiness.heat import WORST, Cell, Line, Piece, line, outside, uncovered
from tickmark.readiness.looks import LOOKS, View
from tickmark.readiness.models import GapAcceptance, Recheck, Remedy
from tickmark.scope.models import Period


@remembered
def gaps(day: date) -> list[Gap]:
    """Everything that an auditor would find on the day, gravest first, each with what people decided about it."""
    return decided((gap for look in LOOKS for gap in look(day)), decisions(day))


CONTRADICTING = frozenset({"fail-items", "missed", "overdue", "late"})
"""Kinds of gaps that say a statement was not kept. A control that did not operate neither kept nor broke it."""


@remembered
def contradicted(day: date) -> dict[str, tuple[str, ...]]:
    """What the company's own records say against its controls, by code: operations that failed, were missed or late."""
    found: dict[str, tuple[str, ...]] = {}
    for gap in gaps(day):
        kept = gap.level != Level.OPERATION or gap.kind not in CONTRADICTING
        if not kept and gap.state(day) != State.HOLDS:
            found[gap.control] = (*found.get(gap.control, ()), f"{gap.title}.")
    return found


def gap_of(key: str, day: date) -> Gap | None:
    """The gap with this key on the day, if it still stands."""
    return next((gap for gap in gaps(day) if gap.key == key), None)


def decisions(day: date) -> dict[str, Decisions]:
    """What was decided by the end of the day about each gap: the newest remedy, its re-check, the acceptance."""
    moment = after(day)
    remedies = Remedy.objects.filter(recorded_at__lt=moment).select_related("owner", "done").order_by("pk")
    rechecks = {row.remedy_id: row for row in Recheck.objects.filter(recorded_at__lt=moment).order_by("pk")}
    accepted = {row.gap: row for row in GapAcceptance.objects.filter(recorded_at__lt=moment).order_by("pk")}
    newest = {row.gap: row for row in remedies}
    return {
        key: _decisions(newest.get(key), rechecks, accepted.get(key), moment) for key in {*newest, *accepted}
    }


def _decisions(
    remedy: Remedy | None, rechecks: dict[int, Recheck], accepted: GapAcceptance | None, moment: Any
) -> Decisions:
    told: dict[str, Any] = {}
    if accepted is not None:
        told |= {"accepted_until": accepted.until, "accepted_why": accepted.reason}
    if remedy is not None:
        done = getattr(remedy, "done", None)
        check = rechecks.get(remedy.pk)
        told |= {
            "remedy": remedy.ref,
            "action": remedy.action,
            "owner": remedy.owner.name,
            "due": remedy.due_on,
            "severity": Severity[remedy.severity.upper()] if remedy.severity else None,
            "done_on": done.recorded_at.date() if done is not None and done.recorded_at < moment else None,
            "rechecked": check.holds if check else None,
            "rechecked_on": check.recorded_at.date() if check else None,
        }
    return Decisions(**told)


@dataclass(frozen=True)
class Summary:
    """Readiness on a day in one view: the word, the gaps by severity, the expected day with its steps."""

    day: date
    word: str
    gaps: Sequence[Gap]
    expected: Answer
    by_severity: dict[str, int]

    @property
    def holding(self) -> list[Gap]:
        """Those that hold the start."""
        return [gap for gap in self.gaps if gap.holds(self.day)]


def summary(day: date) -> Summary:
    """Where the company stands on the day."""
    found = gaps(day)
    counted = Counter(gap.word for gap in found if gap.state(day) != State.HOLDS)
    return Summary(
        day,
        word_of(found, day),
        found,
        arithmetic.expected_ready(open_gaps(found, day), day),
        {severity.name.lower(): counted[severity.name.lower()] for severity in reversed(Severity)},
    )


def levels(found: Iterable[Gap], day: date) -> list[tuple[Level, dict[str, int]]]:
    """How many gaps stand at each level, by severity."""
    counts: dict[Level, Counter[str]] = {level: Counter() for level in Level}
    for gap in found:
        if gap.state(day) != State.HOLDS:
            counts[gap.level][gap.word] += 1
    return [(level, dict(counts[level])) for level in Level]


def earliest_start(day: date) -> Answer | None:
    """The earliest defensible first day of a period, with its steps; None while no control stands."""
    view = View(day)
    if not view.versions:
        return None
    shown = {run.control_id for run in view.runs} | set(view.uses)
    return arithmetic.earliest_start(
        Need(
            f"{version.control.code} {version.title}",
            view.begun.get(version.control_id) if version.control_id in shown else None,
        )
        for version in view.versions
    )


# -- the map ---------------------------------------------------------------------------------------------------------


@remember(LARGE)
def heat_map(day: date) -> tuple[date, date, list[Line]]:
    """First day, last day, and for each control of the window one state a day (domain.md 7.1, operation)."""
    view = View(day)
    window = view.window
    last = window.until(day)
    spans: dict[int, list[Span[ControlVersion]]] = {}
    for span in spans_over(window.start, window.end):
        spans.setdefault(span.version.control_id, []).append(span)
    uses = evidence.filed_for(spans)
    runs: dict[int | None, list[CheckRun]] = {}
    for run in _runs_over(window.start, last):
        runs.setdefault(run.control_id, []).append(run)
    lines = []
    for control, parts in spans.items():
        mine, filed = runs.get(control, []), uses.get(control, evidence.NONE)
        expected = view.expected.get(control, NOTHING)
        given = (*parts, *mine, filed, expected)
        work = partial(_line, window, last, parts, mine, expected, filed.rows)
        zones = tuple(evidence.place(run.end).zone for run in mine)
        lines.append(_of_map.ask((control, window.start, window.end, last, zones), given, work))
    return window.start, window.end, sorted(lines, key=lambda row: row.code)


NOTHING: Sequence[evidence.Expected] = ()
_of_map: Pieces[Line] = Pieces()


@remembered
def _runs_over(start: date, end: date) -> list[CheckRun]:
    return evidence.standing_runs(start, end)


def _line(
    window: evidence.Window,
    last: date,
    parts: Sequence[Span[ControlVersion]],
    runs: Sequence[CheckRun],
    expected: Sequence[evidence.Expected],
    uses: Sequence[evidence.Use],
) -> Line:
    pieces = [*_pieces(parts, runs, expected, uses, last)]
    pieces += outside(window.start, window.end, [(part.start, part.end) for part in parts])
    version = parts[-1].version
    return line(version.control.code, version.title, window.start, window.end, pieces)


def _pieces(
    parts: Sequence[Span[ControlVersion]],
    runs: Sequence[CheckRun],
    expected: Sequence[evidence.Expected],
    uses: Sequence[evidence.Use],
    last: date,
) -> Iterator[Piece]:
    """What is known of a control: its occurrences, its checks, else the days that its evidence covers."""
    yield from (piece for item in expected if (piece := _occurrence(item, last)))
    for run in runs:
        yield from (Piece(on, on, cell) for on, cell in cells_of(run).items())
    if expected or runs:
        return
    covered = [_covered(use) for use in uses if use.state == "accepted"]
    known = [days for days in covered if days is not None]
    yield from (Piece(first, min(end, last), Cell.MET) for first, end in known)
    for part in parts:
        continuous = bucket_for(part.version.frequency) is None and part.version.frequency == "continuous"
        if (continuous or not known) and part.start <= last:
            yield from uncovered(part.start, min(part.end, last), known)


def _covered(use: evidence.Use) -> tuple[date, date] | None:
    if use.covers_from is not None:
        return use.covers_from, use.covers_to or use.covers_from
    return (use.performed_on, use.performed_on) if use.performed_on else None


_OCCURRED: dict[str, Cell] = {
    Occurring.MET: Cell.MET,
    Occurring.LATE: Cell.FAILED,
    Occurring.MISSED: Cell.FAILED,
    Occurring.OVERDUE: Cell.NO_EVIDENCE,
    evidence.IDLE: Cell.NO_EVIDENCE,
    evidence.WAITING: Cell.UNDETERMINED,
    evidence.LISTED: Cell.UNDETERMINED,
}


def _occurrence(item: evidence.Expected, last: date) -> Piece | None:
    cell = _OCCURRED.get(item.state)
    return Piece(item.occurrence.start, min(item.occurrence.end, last), cell) if cell else None


def cells_of(run: CheckRun) -> dict[date, Cell]:
    """The worst verdict on each day that had an item; with a list that is not whole no day passes."""
    inputs = tuple(run.populations.values_list("pk", flat=True))
    days = _cells(run.pk, run.verdicts_file, inputs, evidence.place(run.end).zone)
    if not run.incomplete:
        return days
    return {day: cell if cell == Cell.FAILED else Cell.UNDETERMINED for day, cell in days.items()}


@lru_cache(maxsize=256)
def _cells(pk: int, digest: str, inputs: tuple[int, ...], zone: str) -> dict[date, Cell]:
    """Kept by the file's digest: a run and its verdicts never change. What has no day shows on the run's last one."""
    run = CheckRun.objects.get(pk=pk)
    rule = evidence.registers().checks[run.check_name]
    when = evidence.days_driven(rule, run.populations.all(), run.start, run.end, zone)
    found: dict[date, Cell] = {}
    for item, (verdict, _) in evidence.verdicts_by_subject(run).items():
        on, cell = when.get(item) or run.end, WORST[verdict]
        if on not in found or _graver(cell, found[on]):
            found[on] = cell
    return found


def _graver(one: Cell, other: Cell) -> bool:
    order = (Cell.QUIET, Cell.MET, Cell.UNDETERMINED, Cell.FAILED)
    return order.index(one) > order.index(other)


# -- who owes what, and the road ---------------------------------------------------------------------------------------


@duty
def remedies_owed(actor: Actor, day: date) -> Iterator[Task]:
    """Remedies that the actor promised, and those of others that wait for a second look."""
    if actor.side != "company" or actor.user is None:
        return
    rows = Remedy.objects.filter(recorded_at__lt=after(day))
    for remedy in rows.filter(owner=actor.user, done=None).order_by("due_on"):
        yield Task(
            "readiness",
            f"Remedy: {remedy.action[:80]}",
            f"/readiness/gaps/{remedy.gap}/",
            remedy.due_on,
            remedy.fact[:200],
        )
    waiting = rows.exclude(done=None).filter(rechecks=None)
    for remedy in which(actor, "readiness.recheck", "remedy", waiting).order_by("due_on"):
        title = f"Look again: {remedy.action[:80]}"
        yield Task("readiness", title, f"/readiness/gaps/{remedy.gap}/", None, "Its owner says it is done.")


@duty
def unplanned(actor: Actor, day: date) -> Iterator[Task]:
    """Grave gaps that nobody plans to close, for whoever leads the programme: one task, however many."""
    if actor.side != "company" or "lead" not in actor.roles:
        return
    found = [gap for gap in gaps(day) if gap.holds(day) and gap.state(day) in (State.OPEN, State.FAILED)]
    if found:
        number = f"{len(found)} grave gaps" if len(found) > 1 else "a grave gap"
        yield Task("readiness", f"Plan a remedy for {number}", "/readiness/?state=open", None, found[0].title)


@step_state("readiness")
def state(actor: Actor, day: date) -> str:
    """Done when no critical or high gap is left, or all are accepted in writing, and a period is chosen (0.3)."""
    word = word_of(gaps(day), day)
    chosen = Period.objects.filter(replaced_by=None, recorded_at__lt=after(day)).exists()
    if chosen and word in ("Ready", CONDITIONS):
        return "done"
    in_force, _ = evidence.shown_on(day)
    return "current" if in_force else "later"
