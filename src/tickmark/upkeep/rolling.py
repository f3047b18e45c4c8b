"""What the next period takes over from the one before, and what it does not (domain.md 9.2, 9.3).

Scope and controls are versions: they hold until newer ones, so they are carried by being named. What was shown, drawn,
judged or signed belongs to its own period and is never carried.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from tickmark.audit.models import Deviation, Engagement
from tickmark.controls.models import ControlVersion
from tickmark.scope import queries as scope
from tickmark.scope.chain import Days, next_period
from tickmark.scope.models import Exclusion, Period, System, SystemVersion
from tickmark.upkeep.letters import day
from tickmark.upkeep.models import RollForward


@dataclass(frozen=True)
class Part:
    """One kind of thing that is carried over: its name, the page it stands on, and the versions in force."""

    name: str
    title: str
    url: str
    versions: tuple[Any, ...]

    @property
    def refs(self) -> list[str]:
        """The references of the versions."""
        return [row.ref for row in self.versions]


@dataclass(frozen=True)
class Left:
    """Something that is not carried over, why, and where it is dealt with."""

    what: str
    why: str
    url: str = ""


class Next:
    """The period that follows the last one of a system, as it would be opened now."""

    def __init__(self, before: Period) -> None:
        self.before, self.system = before, before.system
        self.days: Days = next_period(before.end)

    @property
    def start(self) -> date:
        """Its first day: the day after the last one ended."""
        return self.days.start

    @cached_property
    def made(self) -> RollForward | None:
        """The roll-forward, once somebody did it."""
        rows = RollForward.objects.select_related("period", "by")
        found: RollForward | None = rows.filter(before=self.before).first()
        return found

    @cached_property
    def version(self) -> SystemVersion | None:
        """The description that will be in force on the first day, as written by now."""
        rows = SystemVersion.objects.as_of(self.start).filter(system=self.system)
        found: SystemVersion | None = rows.select_related("approval").first()
        return found

    @cached_property
    def engagement(self) -> Engagement | None:
        """The examination of the period before, if one was opened."""
        rows = Engagement.objects.filter(period=self.before).select_related("period")
        found: Engagement | None = rows.order_by("-pk").first()
        return found

    @property
    def parts(self) -> list[Part]:
        """What is in force on the first day, by kind."""
        day, system = self.start, self.system
        controls = ControlVersion.objects.as_of(day).select_related("control").order_by("control__code")
        asked: list[tuple[str, str, Any]] = [
            ("commitments", "Commitments and requirements", scope.commitments(system, day)),
            ("components", "Components", scope.components(system, day)),
            ("vendors", "Vendors", scope.vendors(day)),
            ("complements", "Complementary controls", scope.complements(system, day)),
            ("set-aside", "Criteria set aside", scope.not_relevant(system, day)),
        ]
        described = (self.version,) if self.version else ()
        return [
            Part("system", "Description of the system", "/scope/", described),
            *(
                Part(name, title, f"/scope/{name}/", tuple(rows.order_by("pk")))
                for name, title, rows in asked
            ),
            Part("controls", "Controls, each with its owner", "/controls/", tuple(controls)),
        ]

    @property
    def left(self) -> list[Left]:
        """What is not carried over."""
        return [*self._ending(), *self._exceptions(), *ALWAYS]

    def _ending(self) -> Iterator[Left]:
        rows = Exclusion.objects.filter(system=self.system, end=None, until__lt=self.start).order_by("pk")
        for row in rows:
            why = f"It was to be left out until {day(row.until)}; decide again, with a reason."
            yield Left(f"The exclusion “{row.what}”", why, "/scope/exclusions/")

    def _exceptions(self) -> Iterator[Left]:
        told = Deviation.objects.filter(procedure__engagement__period=self.before).exclude(publishing=None)
        if count := told.count():
            noun = "exception" if count == 1 else "exceptions"
            why = "Each becomes a deficiency with an owner; wording that nobody can meet is changed now, not later."
            yield Left(f"{count} {noun} of the last examination", why, "/follow-up/")


ALWAYS = (
    Left("Evidence, lists and samples", "They show the period in which things happened, and no other."),
    Left("Conclusions and signatures", "They are about their own period."),
    Left("Independence and the nonce", "The auditors confirm and commit anew for each engagement."),
)


def upcoming(system: System) -> Next | None:
    """What follows the last period of a system; None before its first."""
    rows = list(scope.periods(system))
    last = max(rows, key=lambda one: (one.end, one.pk), default=None)
    if last is None:
        return None
    rolled = RollForward.objects.filter(period=last).select_related("before__system").first()
    return Next(rolled.before if rolled is not None else last)
