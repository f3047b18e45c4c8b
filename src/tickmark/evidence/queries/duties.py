"""What people owe in the evidence step, and how far the step is."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, timedelta
from functools import partial

from django.db.models import Exists, OuterRef, QuerySet

from tickmark.controls.models import Control, ControlVersion
from tickmark.controls.occurrences import State
from tickmark.controls.queries import versions_on
from tickmark.evidence.models import CheckRun, Support
from tickmark.evidence.queries.filed import Uses, filed_for, undecided
from tickmark.evidence.queries.occurring import Expected, operation
from tickmark.evidence.queries.places import end_of, window
from tickmark.evidence.queries.sources import SourceStanding, sources
from tickmark.kernel import clock
from tickmark.kernel.access import Actor, which
from tickmark.kernel.answers import Task, duty, step_state
from tickmark.kernel.remembered import LARGE, Pieces, remember, remembered

SOON = timedelta(days=14)
"""How long before its due day an occurrence is asked for, once its time has ended."""
EARLY = timedelta(days=60)
"""How long before its due day a yearly occurrence is asked for (domain.md 9.1: leave time to repeat it)."""
ONE_BY_ONE = 5
TOGETHER = 3
"""Occurrences of one control from which they are asked for in one line: nobody files a daily control day by day."""
RUNS_SOURCES = frozenset({"lead"})


@remember(LARGE)
def expected_on(day: date) -> dict[int, list[Expected]]:
    """`operation` of every control over the window of the day, as of the day."""
    now = window(day)
    return operation(now.start, now.end, day, rehearses=now.rehearses)


@duty
def occurrences_owed(actor: Actor, day: date) -> Iterator[Task]:
    """Occurrences of the actor's own controls that are due, and those whose evidence was rejected."""
    mine = actor.holds("control")
    if not mine:
        return
    codes = dict(ControlVersion.objects.filter(control__in=mine).values_list("control", "control__code"))
    for control, items in expected_on(day).items():
        asked = [item for item in items if control in mine and _asked(item, day)]
        if len(asked) > TOGETHER:
            title = f"File {codes[control]} for {len(asked)} occurrences, {asked[0].key} to {asked[-1].key}"
            due, why = asked[0].occurrence.due, "One list that covers them all is enough to begin with."
            yield Task("evidence", title, f"/evidence/file?control={codes[control]}", due, why)
        else:
            yield from (_owed(codes[control], item) for item in asked)


def _asked(item: Expected, day: date) -> bool:
    if item.state == State.OVERDUE or (item.open and any(use.state == "rejected" for use in item.uses)):
        return True
    yearly = item.key.startswith("year-to-")
    ended = item.occurrence.end < day or yearly
    return (
        item.state == State.NOT_YET_DUE and ended and item.occurrence.due - day <= (EARLY if yearly else SOON)
    )


def _owed(code: str, item: Expected) -> Task:
    rejected = next((use for use in item.uses if use.state == "rejected"), None)
    url = f"/evidence/file?control={code}&occurrence={item.key}"
    if rejected is not None:
        why = f"{rejected.ref} was rejected: {rejected.reason}"
        return Task(
            "evidence", f"File better evidence for {code}, {item.key}", url, item.occurrence.due, why[:300]
        )
    return Task(
        "evidence",
        f"File {code} for {item.key}",
        url,
        item.occurrence.due,
        "One upload shows that it was done.",
    )


@duty
def acceptances_owed(actor: Actor, day: date) -> Iterator[Task]:
    """Uses of evidence that wait for this actor as the second pair of eyes."""
    waiting = list(waiting_for(actor, day).values_list("pk", flat=True))
    if len(waiting) > ONE_BY_ONE:
        yield Task(
            "evidence",
            f"Accept or reject {len(waiting)} uses of evidence",
            "/evidence/?state=filed",
            None,
            "Others filed them.",
        )
        return
    rows = Support.objects.filter(pk__in=waiting).select_related("evidence", "control").order_by("pk")
    for row in rows:
        title = f"Accept or reject {row.evidence.ref} for {row.control.code}"
        yield Task("evidence", title, f"/evidence/{row.evidence.ref}", None, row.evidence.description[:120])


def waiting_for(actor: Actor, day: date) -> QuerySet[Support]:
    """Uses that nobody has decided on and that this actor may decide on."""
    rows = which(actor, "evidence.accept", "support", Support.objects.filter(recorded_at__lt=end_of(day)))
    if rows.query.is_empty():
        return rows
    open_ = undecided()
    # Few of many: their keys are at hand, and no join has to go over everything that was ever filed.
    rows = rows.filter(acceptance=None, rejection=None) if open_ is None else rows.filter(pk__in=open_)
    return rows.order_by("pk")


@duty
def sources_owed(actor: Actor, day: date) -> Iterator[Task]:
    """Sources whose newest run failed or whose rhythm broke, for whoever leads the programme."""
    if actor.side != "company" or not actor.roles & RUNS_SOURCES:
        return
    for source in troubled(day):
        why = source.why or f"Nothing came for {source.behind} days."
        yield Task(
            "evidence",
            f"Look at the source {source.version.title}",
            f"/evidence/sources/#{source.connection.code}",
            None,
            why[:300],
        )


@remembered
def troubled(day: date) -> list[SourceStanding]:
    """Sources with something wrong on the day."""
    return [source for source in sources(day) if source.why or source.behind]


@step_state("evidence")
def state(actor: Actor, day: date) -> str:
    """Done when each control in force shows a first operation: evidence on file or a check that ran (domain.md 0.3)."""
    in_force, shown = shown_on(day)
    if not in_force:
        return "later"
    return "done" if in_force <= shown else "current" if shown else "next"


@remembered
def shown_on(day: date) -> tuple[frozenset[int], frozenset[int]]:
    """The controls in force on the day, and those of which anything is accepted or checked by then."""
    in_force = frozenset(version.control_id for version in versions_on(day))
    runs = CheckRun.objects.filter(recorded_at__lt=end_of(day)).exclude(control=None).order_by()
    checked = set(runs.values_list("control", flat=True).distinct())
    others = set(Control.objects.order_by().values_list("pk", flat=True)) - checked
    return in_force, frozenset(checked | _accepted_on(others, day))


def _accepted_on(controls: Collection[int], day: date) -> set[int]:
    """Those of the controls of which anything was accepted by the end of the day."""
    if day >= clock.today():
        return {
            control
            for control, uses in filed_for(controls).items()
            if _any_accepted.ask(control, (uses,), partial(_any, uses))
        }
    accepted = Support.objects.filter(acceptance__recorded_at__lt=end_of(day), control=OuterRef("pk"))
    return set(
        Control.objects.filter(Exists(accepted), pk__in=controls).values_list("pk", flat=True)
    )  # one row of each is enough, of however many


_any_accepted: Pieces[bool] = Pieces()


def _any(uses: Uses) -> bool:
    return any(use.state == "accepted" for use in uses.rows)
