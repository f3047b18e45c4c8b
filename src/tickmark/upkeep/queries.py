"""Answers about the year: what comes when, what the machine did and gave up, and who owes what today."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import QuerySet

from tickmark.controls import queries as controls
from tickmark.controls.models import ControlVersion
from tickmark.evidence import queries as evidence
from tickmark.kernel.access import Actor
from tickmark.kernel.answers import Task, due, duty, step_state
from tickmark.kernel.calendars import add_months
from tickmark.kernel.jobs import Slot
from tickmark.kernel.remembered import remembered
from tickmark.people.models import RoleGrant, User
from tickmark.people.queries import actor_for
from tickmark.readiness.models import GapAcceptance, Remedy
from tickmark.scope.models import Exclusion, Period, ReportType

MONTHS = 12
MANY = 3
"""Occurrences of one control in one month from which they stand in one line."""


@dataclass(frozen=True)
class Event:
    """Something that falls on a day of the year: what, where it is dealt with, its state, since when it lasts."""

    day: date
    kind: str
    title: str
    url: str
    state: str = ""
    since: date | None = None


@dataclass(frozen=True)
class Month:
    """A month with what falls into it, in order of the days."""

    first: date
    events: list[Event]


def calendar(day: date) -> list[Month]:
    """Twelve months: those of the period that holds the day, else from the day's own month on."""
    window = evidence.window(day)
    begins = window.start if window.period and window.end >= day else day
    first = begins.replace(day=1)
    last = add_months(first, MONTHS) - timedelta(days=1)
    events = sorted(_events(first, last, day), key=lambda event: (event.day, event.kind, event.title))
    months = [add_months(first, number) for number in range(MONTHS)]
    return [
        Month(start, [one for one in events if (one.day.year, one.day.month) == (start.year, start.month)])
        for start in months
    ]


def _events(first: date, last: date, day: date) -> Iterator[Event]:
    found = [
        *_occurrences(first, last, day),
        *_reviews(day),
        *_periods(),
        *_decisions(day),
        *_collections(first, last, day),
    ]
    yield from (event for event in found if first <= event.day <= last)


def _occurrences(first: date, last: date, day: date) -> Iterator[Event]:
    """Expected occurrences by their due day; many of one control in a month stand in one line."""
    names = {version.control_id: version for version in controls.versions_on(day)}
    window = evidence.window(day)
    inside = evidence.expected_on(day)
    later = (
        evidence.operation(max(window.end + timedelta(days=1), first), last, day) if window.end < last else {}
    )
    for control, version in names.items():
        items = [*inside.get(control, []), *later.get(control, [])]
        by_month: dict[tuple[int, int], list[evidence.Expected]] = {}
        for item in items:
            due_on = item.occurrence.due
            by_month.setdefault((due_on.year, due_on.month), []).append(item)
        for month in by_month.values():
            yield from _in_a_month(version, month)


def _in_a_month(version: ControlVersion, items: list[evidence.Expected]) -> Iterator[Event]:
    code = version.control.code
    if len(items) > MANY:
        open_ = sum(item.open for item in items)
        title = f"{code} {version.title}, {len(items)} times" + (f", {open_} open" if open_ else "")
        yield Event(
            items[-1].occurrence.due, "control", title, f"/controls/{code}/", "open" if open_ else "met"
        )
        return
    for item in items:
        title = f"{code} {version.title}, {item.key}"
        yield Event(item.occurrence.due, "control", title, f"/controls/{code}/", item.state.replace(" ", "_"))


def _reviews(day: date) -> Iterator[Event]:
    for line in controls.policies(day):
        if line.review_on is not None:
            state = "overdue" if line.review_on < day else ""
            yield Event(
                line.review_on,
                "policy",
                f"Review {line.policy.code} {line.shown.title}",
                f"/policies/{line.policy.code}/",
                state,
            )


def _periods() -> Iterator[Event]:
    for period in Period.objects.filter(replaced_by=None):
        kind = ReportType(period.type).label
        if period.type == ReportType.TYPE_1:
            yield Event(period.end, "period", f"Date of the {kind} report", "/scope/#period")
            continue
        yield Event(period.start, "period", f"{kind} period begins", "/scope/#period")
        yield Event(
            period.end,
            "period",
            f"{kind} period ends; lists are taken within three days",
            "/scope/#period",
            since=period.start,
        )
    for one in Exclusion.objects.filter(end=None).exclude(until=None):
        title = f"Exclusion runs out: {one.what}"
        yield Event(one.until, "scope", title, "/scope/exclusions/", since=one.recorded_at.date())


def _decisions(day: date) -> Iterator[Event]:
    for remedy in Remedy.objects.filter(done=None):
        state = "overdue" if remedy.due_on < day else "due"
        yield Event(
            remedy.due_on,
            "remedy",
            f"Remedy: {remedy.action[:80]}",
            f"/readiness/gaps/{remedy.gap}/",
            state,
            remedy.recorded_at.date(),
        )
    for accepted in GapAcceptance.objects.all():
        yield Event(
            accepted.until,
            "remedy",
            f"Acceptance runs out: {accepted.fact[:80]}",
            f"/readiness/gaps/{accepted.gap}/",
            since=accepted.recorded_at.date(),
        )


def _collections(first: date, last: date, day: date) -> Iterator[Event]:
    """The next run of each source with a rhythm; the rest follow from it."""
    for source in evidence.sources(day):
        days = evidence.RHYTHM.get(source.version.every)
        if days is None:
            continue
        ran = source.newest.started_at.date() if source.newest else source.version.effective_from
        title = f"Collect {source.version.title}, then each {source.version.every}"
        state = "overdue" if source.behind else ""
        yield Event(
            max(ran + timedelta(days=days), day),
            "source",
            title,
            f"/evidence/sources/{source.connection.code}/",
            state,
        )


# -- what the machine did ---------------------------------------------------------------------------------------------


def slots() -> QuerySet[Slot]:
    """Work of this installation, newest first: waiting, running, done, given up."""
    return Slot.objects.order_by("-due_at", "-pk")


@remembered
def given_up(day: date) -> list[Slot]:
    """Work that was given up in the thirty days up to the day, with its reason."""
    since = evidence.end_of(day - timedelta(days=30))
    rows = Slot.objects.filter(finished_at__gte=since, finished_at__lt=evidence.end_of(day)).exclude(error="")
    return list(rows.order_by("-finished_at"))


@duty
def repairs_owed(actor: Actor, day: date) -> Iterator[Task]:
    """Work that was given up, for whoever administers the installation: one task, however much."""
    if actor.side != "company" or not actor.roles & {"admin", "lead"}:
        return
    stuck = [slot for slot in given_up(day) if slot.what != "collect"]
    if stuck:
        yield Task(
            "upkeep",
            f"See why {len(stuck)} pieces of work were given up",
            "/upkeep/#work",
            None,
            stuck[0].error[:200],
        )


@step_state("upkeep")
def state(actor: Actor, day: date) -> str:
    """The year goes on from the first day of a period; it is never done."""
    return "current" if Period.objects.filter(start__lte=day, replaced_by=None).exists() else "later"


# -- who owes what


@dataclass(frozen=True)
class Owing:
    """A person of the programme with everything they owe on the day."""

    user: User
    tasks: tuple[Task, ...]

    def overdue(self, day: date) -> int:
        """How many are past their day."""
        return sum(task.overdue(day) for task in self.tasks)


@remembered
def who_owes(day: date) -> list[Owing]:
    """Everybody with a role in the programme who owes something, those with most first."""
    holders = RoleGrant.objects.filter(end=None).values("user")
    people = User.objects.filter(pk__in=holders, is_active=True, side="company").order_by("name")
    found = [Owing(user, tuple(due(actor_for(user), day))) for user in people]
    return sorted(
        (one for one in found if one.tasks),
        key=lambda one: (-one.overdue(day), -len(one.tasks), one.user.name),
    )
