"""Dates of an examination that must agree, and the arithmetic of periods (domain.md 0.4 rule 25, 3.6, 3.7,
9.3).

Both types run through the same rules: a Type 1 is a period of one day, its as-of date. A date nobody has
given yet contradicts nothing, but the rules it leaves open are listed.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, NamedTuple

from tickmark.kernel.errors import Invalid
from tickmark.scope.chain import next_period

LOCK_DAYS = 60
"""Days from release until the audit file must be complete; a firm may pass a smaller number."""
BRIDGE_MONTHS = 3
STALE_DAYS = 90


@dataclass(frozen=True)
class Dates:
    """The dates of one examination; None where not known yet. Type 1: `period_end` is the as-of date."""

    type: Literal[1, 2]
    period_end: date | None = None
    period_start: date | None = None
    last_evidence: date | None = None
    fieldwork_end: date | None = None
    report_date: date | None = None
    representation_date: date | None = None
    assertion_date: date | None = None
    quality_review: date | None = None
    quality_review_required: bool = False
    release: date | None = None
    documentation_complete: date | None = None


@dataclass(frozen=True)
class Contradiction:
    """Two dates that cannot both be right: the rule's name, what is wrong, what to do."""

    name: str
    what: str
    remedy: str


class _Rule(NamedTuple):
    name: str
    left: str
    holds: Callable[[date, date], bool]
    relation: str
    right: str
    remedy: str
    types: tuple[int, ...] = (1, 2)


LABELS = {
    "period_start": "the period's start",
    "period_end": "the period's end",
    "last_evidence": "the last evidence",
    "fieldwork_end": "the end of fieldwork",
    "report_date": "the report date",
    "representation_date": "the date of the representation letter",
    "assertion_date": "the date of the assertion",
    "quality_review": "the quality review",
    "release": "the release",
    "documentation_complete": "the completion of the audit file",
}

_RULES = (
    _Rule("period", "period_start", operator.lt, "before", "period_end", "Correct the period.", (2,)),
    _Rule(
        "fieldwork",
        "period_end",
        operator.lt,
        "before",
        "fieldwork_end",
        "End fieldwork after the period has ended.",
        (2,),
    ),
    _Rule(
        "fieldwork",
        "period_end",
        operator.le,
        "on or before",
        "fieldwork_end",
        "End fieldwork on the as-of date or later.",
        (1,),
    ),
    _Rule(
        "period and report",
        "period_end",
        operator.le,
        "on or before",
        "report_date",
        "Date the report on the period's end or later.",
    ),
    _Rule(
        "evidence",
        "last_evidence",
        operator.le,
        "on or before",
        "report_date",
        "Date the report on the day of the last evidence or later.",
    ),
    _Rule(
        "fieldwork and report",
        "fieldwork_end",
        operator.le,
        "on or before",
        "report_date",
        "Date the report on the last day of fieldwork or later.",
    ),
    _Rule(
        "representation letter",
        "representation_date",
        operator.eq,
        "the same as",
        "report_date",
        "Have the letter signed anew with the report date.",
    ),
    _Rule(
        "assertion",
        "assertion_date",
        operator.le,
        "on or before",
        "report_date",
        "Date the assertion on the report date or earlier.",
    ),
    _Rule(
        "release",
        "report_date",
        operator.le,
        "on or before",
        "release",
        "Release the report on its date or later.",
    ),
    _Rule(
        "quality review",
        "quality_review",
        operator.le,
        "on or before",
        "release",
        "Finish the quality review before the release.",
    ),
)


def contradictions(dates: Dates, lock_days: int = LOCK_DAYS) -> list[Contradiction]:
    """Every pair of known dates that disagree, in the order of the examination; empty when none do."""
    found = [_contradiction(rule, dates) for rule in _rules(dates)]
    return [one for one in (*found, _unreviewed(dates), _unlocked(dates, lock_days)) if one]


def open_questions(dates: Dates) -> list[str]:
    """The dates that are still missing, by field name, in the order of the examination."""
    needed = [field for field in LABELS if field != "period_start" or dates.type == 2]
    optional = set() if dates.quality_review_required else {"quality_review"}
    return [field for field in needed if field not in optional and getattr(dates, field) is None]


def remarks(dates: Dates, stale_days: int = STALE_DAYS) -> list[str]:
    """What is unusual and no contradiction: a stale report, an assertion of another day."""
    said = []
    if dates.period_end and dates.report_date and (dates.report_date - dates.period_end).days > stale_days:
        days = (dates.report_date - dates.period_end).days
        said.append(
            f"The report is dated {days} days after the period's end; over {stale_days} is stale to readers."
        )
    if dates.assertion_date and dates.report_date and dates.assertion_date < dates.report_date:
        said.append("The assertion is dated before the report; the same day is usual.")
    return said


def days_inclusive(start: date, end: date) -> int:
    """Days of a period with both ends. Raises Invalid when it ends before it starts."""
    if end < start:
        raise Invalid(
            f"The period ends on {end}, before it starts on {start}.",
            "",
            "Swap or correct the two dates.",
            field="end",
        )
    return (end - start).days + 1


def bridge_end(period_end: date, months: int = BRIDGE_MONTHS) -> date:
    """The last day a bridge letter customarily covers: three whole months from the day after the period."""
    return next_period(period_end, months).end


def bridge_contradictions(period_end: date | None, covered_end: date, signed_on: date) -> list[Contradiction]:
    """What forbids a bridge letter: no earlier report, nothing covered, or days covered that are to come."""
    if period_end is None:
        return [
            Contradiction("no report", "There is no earlier report to bridge from.", "Issue a report first.")
        ]
    found = []
    if covered_end <= period_end:
        found.append(
            Contradiction(
                "nothing covered",
                f"The letter ends on {covered_end}, within the reported period.",
                f"Cover days from {period_end + timedelta(days=1)} on.",
            )
        )
    if covered_end > signed_on:
        found.append(
            Contradiction(
                "future covered",
                f"The letter covers days to {covered_end}, signed on {signed_on}.",
                "End it on the day of signing or earlier.",
            )
        )
    return found


def bridge_is_long(period_end: date, covered_end: date, months: int = BRIDGE_MONTHS) -> bool:
    """Whether the letter covers more than is customary, and so needs approval."""
    return covered_end > bridge_end(period_end, months)


def lock_limit(release: date, days: int = LOCK_DAYS) -> date:
    """The last day on which the audit file may be completed."""
    return release + timedelta(days=days)


def _rules(dates: Dates) -> list[_Rule]:
    return [rule for rule in _RULES if dates.type in rule.types]


def _contradiction(rule: _Rule, dates: Dates) -> Contradiction | None:
    left, right = getattr(dates, rule.left), getattr(dates, rule.right)
    if left is None or right is None or rule.holds(left, right):
        return None
    what = (
        f"{_label(rule.left, dates)} ({left}) must be {rule.relation} {_label(rule.right, dates)} ({right})."
    )
    return Contradiction(rule.name, what[0].upper() + what[1:], rule.remedy)


def _unreviewed(dates: Dates) -> Contradiction | None:
    if not (dates.quality_review_required and dates.release and dates.quality_review is None):
        return None
    return Contradiction(
        "quality review",
        f"The report is released on {dates.release} without the quality review.",
        "Finish the quality review before the release.",
    )


def _unlocked(dates: Dates, days: int) -> Contradiction | None:
    done, release = dates.documentation_complete, dates.release
    if done is None or release is None or done <= lock_limit(release, days):
        return None
    return Contradiction(
        "file lock",
        f"The audit file is complete on {done}, over {days} days after the release.",
        f"Complete it by {lock_limit(release, days)}.",
    )


def _label(field: str, dates: Dates) -> str:
    return "the as-of date" if field == "period_end" and dates.type == 1 else LABELS[field]
