"""Readiness in figures: earliest start, expected day, severity of a gap, freshness of a record.

Each date comes with its steps, so that it can be believed or disputed (domain.md 7.2, 7.5). What is not known
makes the answer unknown; it is never left out of the sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum
from types import MappingProxyType
from typing import Literal

from tickmark.kernel.calendars import add_months
from tickmark.kernel.errors import Invalid


class Severity(IntEnum):
    """How grave a gap is, lightest first."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


@dataclass(frozen=True)
class Step:
    """One line of an argument about a date: the date (None: unknown), its reason, whether it decides."""

    day: date | None
    reason: str
    decides: bool = False


@dataclass(frozen=True)
class Answer:
    """A date with its steps. `day` is None while a step is unknown; `not_before` is what the others say."""

    day: date | None
    not_before: date | None
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Need:
    """What must be there when a period starts (a key control, a policy, a first occurrence), `since` when."""

    what: str
    since: date | None


@dataclass(frozen=True)
class OpenGap:
    """A gap that is not closed: its reference, severity and the day its remedy is due (None: none agreed)."""

    reference: str
    severity: Severity
    due: date | None


@dataclass(frozen=True)
class Limit:
    """How long a record stays fresh: `days` (and `months`) plus `grace` after it happened.

    `after_period` turns the clock round: the record must be made at most so many days after the period's end.
    """

    days: int = 0
    months: int = 0
    grace: int = 0
    after_period: bool = False

    def last_fresh_day(self, happened: date) -> date:
        """The last day on which something that happened then is fresh."""
        return add_months(happened, self.months) + timedelta(days=self.days + self.grace)


@dataclass(frozen=True)
class Freshness:
    """Whether a record is fresh on a day (None: its date is not known), and until when it is."""

    fresh: bool | None
    until: date | None
    reason: str


FRESHNESS_VERSION = "2026.1"
FRESHNESS: Mapping[str, Limit] = MappingProxyType(
    {
        "policy": Limit(365),
        "risk_assessment": Limit(365),
        "penetration_test": Limit(365),
        "access_review": Limit(92, grace=15),
        "vulnerability_scan": Limit(31),
        "vendor_review": Limit(365),
        "training": Limit(365),
        "recovery_test": Limit(365),
        "restore_test": Limit(365),
        "configuration": Limit(7),
        "configuration_at_date": Limit(30),
        "population": Limit(3, after_period=True),
        "organisation_chart": Limit(90),
        "diagram": Limit(365),
        "subservice_report": Limit(months=12),
        "bridge_letter": Limit(months=3),
    }
)
"""Default limits by kind of record (domain.md 7.5); every function takes a firm's own in their place."""


def earliest_start(needs: Iterable[Need]) -> Answer:
    """The earliest defensible first day: the latest day on which something needed came to be there.

    Raises Invalid without any need: a period that needs nothing shows nothing.
    """
    listed = sorted(needs, key=lambda need: (need.since or date.max, need.what))
    if not listed:
        raise Invalid(
            "No start can be worked out.",
            "No key control, policy or first occurrence is named.",
            "Name the controls the report relies on.",
            field="needs",
        )
    last = max((need.since for need in listed if need.since), default=None)
    steps = tuple(_need_step(need, last) for need in listed)
    known = all(need.since for need in listed)
    return Answer(last if known else None, last, steps)


def expected_ready(gaps: Iterable[OpenGap], today: date, holding: Severity = Severity.HIGH) -> Answer:
    """When the company can expect to be ready: the last due day among open gaps at least as grave as
    `holding`.

    A grave gap without a due day, or with one that has passed, leaves the day unknown: a passed date is not
    news of a new one. Lighter gaps are listed and do not hold.
    """
    listed = sorted(gaps, key=lambda gap: (gap.due or date.max, gap.reference))
    grave = [gap for gap in listed if gap.severity >= holding]
    believable = [gap.due for gap in grave if gap.due and gap.due >= today]
    last = max([today, *believable])
    begin = Step(today, "today" if grave else "no open gap holds the start", last == today)
    steps = (begin, *(_gap_step(gap, today, last, holding) for gap in listed))
    return Answer(last if len(believable) == len(grave) else None, last, steps)


def score(impact: int, likelihood: int) -> Severity:
    """Severity from impact on the criterion × likelihood that the auditor meets it, each 1 to 3."""
    if impact not in (1, 2, 3) or likelihood not in (1, 2, 3):
        raise Invalid(
            f"Impact {impact} and likelihood {likelihood} give no severity.",
            "Each is 1, 2 or 3.",
            "Choose 1, 2 or 3 for both.",
        )
    product = impact * likelihood
    bounds = ((9, Severity.CRITICAL), (6, Severity.HIGH), (3, Severity.MEDIUM), (1, Severity.LOW))
    return next(severity for least, severity in bounds if product >= least)


def freshness(
    kind: str, happened: date | None, day: date, limits: Mapping[str, Limit] = FRESHNESS
) -> Freshness:
    """Whether a record of this kind is fresh on `day`. For a subservice report `happened` is its period's
    end.

    For a kind counted after the period, `day` is the period's end. Something that happens after `day` is not
    there yet, so it is not fresh. Raises Invalid for an unknown kind.
    """
    if kind not in limits:
        raise Invalid(
            f"There is no freshness limit for {kind!r}.",
            f"Known are: {', '.join(limits)}.",
            "Use one of these, or add the kind to the firm's limits.",
            field="kind",
        )
    limit = limits[kind]
    if happened is None:
        return Freshness(None, None, "its date is not known")
    if limit.after_period:
        return _after_period(limit, happened, day)
    until = limit.last_fresh_day(happened)
    if happened > day:
        return Freshness(False, until, f"dated {happened}, later than {day}")
    return Freshness(day <= until, until, f"{(day - happened).days} days old on {day}, fresh until {until}")


def verdict(answer: Freshness) -> Literal["pass", "fail", "undetermined"]:
    """The freshness as one of the verdicts."""
    if answer.fresh is None:
        return "undetermined"
    return "pass" if answer.fresh else "fail"


def _after_period(limit: Limit, made: date, period_end: date) -> Freshness:
    until = limit.last_fresh_day(period_end)
    if made <= period_end:
        return Freshness(False, until, f"made on {made}, before the period had ended on {period_end}")
    return Freshness(made <= until, until, f"made {(made - period_end).days} days after the period's end")


def _need_step(need: Need, last: date | None) -> Step:
    if need.since is None:
        return Step(None, f"{need.what}: not there yet")
    return Step(need.since, f"{need.what}: there since {need.since}", need.since == last)


def _gap_step(gap: OpenGap, today: date, last: date, holding: Severity) -> Step:
    name = f"{gap.reference} ({gap.severity.name.lower()})"
    if gap.severity < holding:
        return Step(gap.due, f"{name}: does not hold the start")
    if gap.due is None:
        return Step(None, f"{name}: no day is agreed")
    if gap.due < today:
        return Step(None, f"{name}: was due on {gap.due} and is still open; agree on a new day")
    return Step(gap.due, f"{name}: due on {gap.due}", gap.due == last)
