"""What each control was expected to do in a window, and what is on file for it: accepted, waiting, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from tickmark.controls.models import Control, ControlVersion
from tickmark.controls.occurrences import (
    Grace,
    Occurrence,
    Performance,
    State,
    bucket_for,
    occurrences,
)
from tickmark.controls.queries import spans_over
from tickmark.evidence.models import Support
from tickmark.evidence.queries.filed import NONE, Use, Uses, filed_for, uses_of
from tickmark.evidence.queries.places import window
from tickmark.kernel.action import need, wrote
from tickmark.kernel.dated import Span, joined
from tickmark.kernel.remembered import Pieces, remembered
from tickmark.scope.models import Period, ReportType

WAITING = "filed"
"""The state of an occurrence for which something is on file that nobody has accepted yet."""
IDLE = "did not operate"
"""A yearly control in a shorter window, without a performance in it (domain.md 7.5)."""
LISTED = "in a list"
"""An accepted list covers the whole occurrence, such as a log of daily runs: what it says of the day is for a test."""


@dataclass(frozen=True)
class Expected:
    """One expected operation of a control: where it stands on the day, and what is on file for it."""

    control: int
    occurrence: Occurrence
    state: str
    performed_on: date | None
    days_late: int
    remarks: tuple[str, ...]
    uses: tuple[Use, ...]

    @property
    def key(self) -> str:
        """The key of the occurrence, such as 2026-Q2."""
        return self.occurrence.key

    @property
    def open(self) -> bool:
        """Whether somebody still has to file something for it."""
        return self.state in (State.OVERDUE, State.NOT_YET_DUE)


def state_of(row: Support) -> str:
    """accepted, rejected, or filed: nobody decided yet."""
    if getattr(row, "acceptance", None) is not None:
        return "accepted"
    return "rejected" if getattr(row, "rejection", None) is not None else "filed"


def operation(
    start: date,
    end: date,
    day: date,
    controls: Iterable[int] | None = None,
    known: int | None = None,
    rehearses: bool = False,
) -> dict[int, list[Expected]]:
    """For each control in force in the window its expected operations, as they stand at the end of `day`.

    Whoever gets them changes nothing of them: a control about which nothing changed keeps its very list.
    `rehearses` as in `expected_of`.
    """
    spans = _spans(start, end, controls, known)
    wanted = {span.version.control_id for span in spans}
    if known is not None:
        filed = {control: Uses(rows) for control, rows in uses_of(wanted, known).items()}
    else:
        filed = dict(filed_for(wanted))
    found: dict[int, list[Expected]] = {}
    for span in spans:
        uses = filed.get(span.version.control_id, NONE)
        if known is None:
            expected = _kept(span, end, day, uses, rehearses)
        else:
            expected = _expected(span, end, day, uses.rows, rehearses)
        before = found.get(span.version.control_id)
        found[span.version.control_id] = expected if before is None else [*before, *expected]
    return found


def _spans(
    start: date, end: date, controls: Iterable[int] | None, known: int | None
) -> Sequence[Span[ControlVersion]]:
    if known is not None or wrote():
        versions: Any = ControlVersion.objects.all()
        if controls is not None:
            versions = versions.filter(control__in=list(controls))
        return _rhythms(versions.over(start, end, known))
    if controls is None:
        return _every_rhythm(start, end)
    wanted = set(controls)
    return [span for span in _every_rhythm(start, end) if span.version.control_id in wanted]


@remembered
def _every_rhythm(start: date, end: date) -> list[Span[ControlVersion]]:
    return _rhythms(spans_over(start, end))


_of_span: Pieces[list[Expected]] = Pieces()


def _kept(span: Span[ControlVersion], end: date, day: date, uses: Uses, rehearses: bool) -> list[Expected]:
    """`_expected`, asked again only when something about the control's uses changed."""
    key = (span.version.pk, span.start, span.end, end, day, rehearses)
    return _of_span.ask(key, (span.version, uses), partial(_expected, span, end, day, uses.rows, rehearses))


def _rhythms(spans: Iterable[Span[ControlVersion]]) -> list[Span[ControlVersion]]:
    """Neighbouring spans of a control with the same frequency and grace as one; the newest version speaks."""
    return joined(spans, _rhythm)


def _rhythm(version: ControlVersion) -> tuple[int, str, int]:
    return version.control_id, version.frequency, grace_of(version).days


CUSTOMARY = {"weekly": 2, "monthly": 10, "quarterly": 15, "semi-annual": 15}
"""Days after its bucket in which an occurrence is customarily done (domain.md 9.1), where a control names none."""


def grace_of(version: ControlVersion) -> Grace:
    """The days of grace that the control itself names, else the customary ones."""
    days = version.parameters.get("grace_days", CUSTOMARY.get(version.frequency, 0))
    return Grace(days if isinstance(days, int) else 0)


def expected_of(version: ControlVersion, start: date, end: date, rehearses: bool = False) -> list[Occurrence]:
    """What a control's frequency asks for in the window; a yearly one in a shorter window is asked for once.

    A window that only rehearses asks nothing of a yearly control: its end is no day by which anything was due.
    """
    found = occurrences(version.frequency, start, end, grace_of(version))
    if found or rehearses or bucket_for(version.frequency) != "year":
        return found
    return [Occurrence(f"year-to-{end}", start, end, end, end)]


def _expected(
    span: Span[ControlVersion], end: date, day: date, uses: Sequence[Use], rehearses: bool
) -> list[Expected]:
    short = not occurrences(span.version.frequency, span.start, span.end, grace_of(span.version))
    return [
        _one(
            span.version,
            item,
            end,
            day,
            [use for use in uses if use.occurrence == item.key or _covers(use, item)],
            short,
        )
        for item in expected_of(span.version, span.start, span.end, rehearses)
    ]


def _covers(use: Use, item: Occurrence) -> bool:
    """Whether a list that names no occurrence covers all days of this one."""
    if use.occurrence or use.covers_from is None or use.covers_to is None:
        return False
    return use.covers_from <= item.start and item.end <= use.covers_to


def _one(
    version: ControlVersion, item: Occurrence, end: date, day: date, uses: Sequence[Use], short: bool
) -> Expected:
    accepted = item.met_by(_performances(uses, "accepted"), day, end)
    standing, state = accepted, str(accepted.state)
    if accepted.performed_on is None:
        waiting = item.met_by(_performances(uses, "filed"), day, end)
        if waiting.performed_on is not None:
            standing, state = waiting, WAITING
        elif any(use.state == "accepted" and _covers(use, item) for use in uses):
            state = LISTED
        elif short and accepted.state in (State.OVERDUE, State.MISSED):
            state = IDLE
    remarks = (*standing.remarks, *_customary(version, item, standing.performed_on))
    return Expected(
        version.control_id, item, state, standing.performed_on, standing.days_late, remarks, tuple(uses)
    )


def _customary(version: ControlVersion, item: Occurrence, done: date | None) -> tuple[str, ...]:
    """What an auditor must decide: done within days that only custom grants."""
    if done is None or not item.end < done <= item.due or "grace_days" in version.parameters:
        return ()
    words = f"performed {(done - item.end).days} days after {item.key} ended; the control names no grace"
    return (f"{words}, {(item.due - item.end).days} days are customary: the auditor decides",)


def _performances(uses: Iterable[Use], state: str) -> list[Performance]:
    return [
        Performance(use.performed_on, use.occurrence)
        for use in uses
        if use.state == state and use.performed_on is not None
    ]


def keys_of(control: Control, day: date) -> list[Occurrence]:
    """The occurrences that a performance may be filed for: of every period there is, else of the window of the day."""
    periods = list(Period.objects.filter(type=ReportType.TYPE_2, replaced_by=None).order_by("start"))
    now = window(day)
    spans = [(period.start, period.end) for period in periods] or [(now.start, now.end)]
    versions = ControlVersion.objects.filter(control=control)
    found = {
        item.key: item
        for start, end in spans
        for span in _rhythms(versions.over(start, end))
        for item in expected_of(span.version, span.start, span.end, rehearses=not periods)
    }
    return sorted(found.values(), key=lambda item: item.end)


def check_use(
    control: Control,
    occurrence: str,
    performed_on: date | None,
    observed_at: datetime | None,
    day: date,
    expects: Callable[[Control, str, date], None] | None = None,
) -> None:
    """Raise Invalid unless a document can be used for the control and the occurrence, as of the company's `day`.

    `expects` stands in for `check_key` where many uses ask about the same occurrence.
    """
    need(
        performed_on is None or performed_on <= day,
        "It would have been performed in the future.",
        f"{performed_on} is after {day}.",
        "Correct the day.",
        "performed_on",
    )
    need(
        len(occurrence) <= 20,
        "The occurrence is no key.",
        "A key has at most 20 letters, such as 2026-Q2.",
        "Pick one of the list.",
        "occurrence",
    )
    if occurrence:
        (expects or check_key)(control, occurrence, day)
        need(
            performed_on or observed_at,
            "Nobody can tell when it was performed.",
            "Lateness is counted from that day.",
            "Give the day on which it was performed.",
            "performed_on",
        )


def check_key(control: Control, key: str, day: date) -> None:
    """Raise Invalid (field `occurrence`) if a periodic control expects no occurrence of that key."""
    version = ControlVersion.objects.filter(control=control).order_by("-effective_from", "-pk").first()
    if version is None or bucket_for(version.frequency) is None:
        return
    known = [item.key for item in keys_of(control, day)]
    why = f"It expects {', '.join(known[:12])}." if known else "It expects none in any period."
    need(key in known, f"{control.code} has no occurrence {key}.", why, "Pick one of the list.", "occurrence")
