"""What may be concluded of a control, and the counts it rests on (domain.md 0.4 rules 16 to 20, 3.4, 5, 11).

Nothing here chooses a result. It says which ones the counts allow; a person picks one of them and says why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from tickmark.kernel.errors import Conflict, Invalid


class Result(StrEnum):
    """The closed list of results a Type 2 report may print."""

    NO_EXCEPTIONS = "No exceptions noted"
    EXCEPTIONS = "Exceptions noted"
    DID_NOT_OPERATE = "Did not operate during the period"
    NOT_TESTED = "Not tested"


class Mark(StrEnum):
    """The verdict of one attribute for one item."""

    MET = "met"
    DEVIATION = "deviation"
    NOT_APPLICABLE = "not_applicable"
    PENDING = "pending"


PROCEDURES = ("inquiry", "observation", "inspection", "reperformance")


@dataclass(frozen=True)
class Counts:
    """What was tested of one control.

    `population` counts its items (None: no reconciled list), `tested` those looked at, `not_applicable` those
    looked at to which the control does not apply (not among `tested`), `deviations` those with a deviating
    attribute, `pending` those not judged yet, `findings` facts found outside of the items (an account without
    a leaver, say). `census` claims that every item was looked at.
    """

    population: int | None
    tested: int
    deviations: int
    pending: int = 0
    not_applicable: int = 0
    census: bool = False
    findings: int = 0
    procedures: frozenset[str] = frozenset({"inspection"})


@dataclass(frozen=True)
class Admissible:
    """The results a person may choose from, and why the others are out."""

    results: tuple[Result, ...]
    why: str


def admissible(counts: Counts, report_type: Literal[1, 2] = 2) -> Admissible:
    """Which results the counts allow. Raises Invalid for counts that cannot be."""
    _require_possible(counts)
    if report_type == 1:
        return Admissible((), "A Type 1 report has no results of tests.")
    if counts.pending:
        return Admissible((), f"{counts.pending} items are not judged yet.")
    if counts.deviations or counts.findings:
        return Admissible(
            (Result.EXCEPTIONS,), "Deviations were found; what was done about them belongs in the response."
        )
    if counts.population is None:
        return Admissible((Result.NOT_TESTED,), "There is no complete list to test from.")
    if counts.population == 0:
        return Admissible(
            (Result.DID_NOT_OPERATE,), "No occurrence in the period: neither passed nor failed."
        )
    if counts.tested == 0:
        idle = (Result.DID_NOT_OPERATE,) if counts.not_applicable == counts.population else ()
        return Admissible((*idle, Result.NOT_TESTED), "No item was tested, or the control applied to none.")
    if not counts.procedures - {"inquiry"}:
        return Admissible((Result.NOT_TESTED,), "Inquiry alone supports no conclusion.")
    return Admissible((Result.NO_EXCEPTIONS,), "No deviation among the items tested; a person concludes.")


def require_admissible(
    result: Result, counts: Counts, reason: str = "", report_type: Literal[1, 2] = 2
) -> None:
    """Raise Conflict when the counts do not allow the result, Invalid when a needed reason is missing."""
    require(result, admissible(counts, report_type), reason)


def require(result: Result, allowed: Admissible, reason: str = "") -> None:
    """Raise Conflict when the result is none of those allowed, Invalid when a needed reason is missing."""
    if result not in allowed.results:
        remedy = " or ".join(f"“{one}”" for one in allowed.results)
        raise Conflict(
            f"“{result}” cannot be concluded.",
            allowed.why,
            f"Conclude {remedy}." if remedy else "Finish the test first.",
            field="result",
        )
    if result is Result.NOT_TESTED and not reason.strip():
        raise Invalid(
            "“Not tested” needs a reason.",
            "The report prints it.",
            "Say why it was not tested.",
            field="reason",
        )


@dataclass(frozen=True)
class AttributeCount:
    """The marks of one attribute over all items."""

    attribute: str
    met: int
    deviations: int
    not_applicable: int
    pending: int


@dataclass(frozen=True)
class ControlCount:
    """The items of a grid as one control sees them: only attributes the control states count.

    An item with two deviating attributes counts once here and twice over `attributes`. `tested` leaves out
    items to which no attribute of the control applies. `pending` counts items with an open mark, deviating
    ones too.
    """

    control: str
    tested: int
    deviations: int
    pending: int
    not_applicable: int
    deviating: tuple[str, ...]
    attributes: tuple[AttributeCount, ...]


def count_control(
    control: str,
    items: Sequence[str],
    states: Mapping[str, Collection[str]],
    marks: Mapping[tuple[str, str], str],
) -> ControlCount:
    """Count one control over a grid of items × attributes.

    `states` says for each attribute which controls state it (none: a fact only, never counted); `marks` maps
    (item, attribute) to a verdict, and a missing mark is pending. Raises Invalid for marks outside the grid,
    and for a control that states none of the attributes.
    """
    verdicts = _checked(items, states, marks)
    own = [attribute for attribute in states if control in states[attribute]]
    if not own:
        raise Invalid(
            f"{control} states none of the attributes.",
            "A test without an attribute shows nothing.",
            "Say which attributes the control states.",
            field="control",
        )
    rows = {item: [verdicts.get((item, attribute), Mark.PENDING) for attribute in own] for item in items}
    deviating = tuple(item for item, row in rows.items() if Mark.DEVIATION in row)
    idle = sum(set(row) == {Mark.NOT_APPLICABLE} for row in rows.values())
    waiting = sum(Mark.PENDING in row for row in rows.values())
    counts = tuple(_count(attribute, items, verdicts) for attribute in own)
    return ControlCount(control, len(items) - idle, len(deviating), waiting, idle, deviating, counts)


def count_facts(
    items: Sequence[str], states: Mapping[str, Collection[str]], marks: Mapping[tuple[str, str], str]
) -> tuple[AttributeCount, ...]:
    """The attributes that no control states: told in the text, counted against nobody."""
    verdicts = _checked(items, states, marks)
    return tuple(_count(attribute, items, verdicts) for attribute in states if not states[attribute])


def share(deviations: int, tested: int) -> str:
    """The figure of an exception: `2 of 25`. An extended sample is told in one figure: `3 of 40`."""
    if not 0 <= deviations <= tested:
        raise Invalid(f"{deviations} of {tested} is not possible.", "", "Correct the counts.")
    return f"{deviations} of {tested}"


def tested_items(tested: int, population: int, noun: str) -> str:
    """How a test begins: `For all 180 leavers` if all were tested, else `For a sample of 25 leavers`."""
    _require_tested(tested, population)
    return f"For all {population} {noun}" if tested == population else f"For a sample of {tested} {noun}"


def exception_items(deviations: int, tested: int, population: int, noun: str) -> str:
    """How an exception begins: `For 2 of 25 leavers sampled`; `For 2 of 180 leavers` if all were tested."""
    _require_tested(tested, population)
    ending = "" if tested == population else " sampled"
    return f"For {share(deviations, tested)} {noun}{ending}"


def heading(result: Result, deviations: int = 0) -> str:
    """The result as the table prints it, with one exception in the singular."""
    return "Exception noted." if result is Result.EXCEPTIONS and deviations == 1 else f"{result}."


def _count(attribute: str, items: Sequence[str], verdicts: Mapping[tuple[str, str], Mark]) -> AttributeCount:
    found = Counter(verdicts.get((item, attribute), Mark.PENDING) for item in items)
    return AttributeCount(attribute, *(found[mark] for mark in Mark))


def _checked(
    items: Sequence[str], states: Mapping[str, Collection[str]], marks: Mapping[tuple[str, str], str]
) -> dict[tuple[str, str], Mark]:
    if len(set(items)) != len(items):
        raise Invalid("An item stands twice in the grid.", "", "List each item once.", field="items")
    known = set(items)
    for item, attribute in marks:
        if item not in known or attribute not in states:
            raise Invalid(
                f"There is a mark for {item} × {attribute}, which is not in the grid.",
                "A mark that is not counted would be lost.",
                "Add the item or remove the mark.",
                field="marks",
            )
    try:
        return {cell: Mark(verdict) for cell, verdict in marks.items()}
    except ValueError as error:
        raise Invalid(
            "A mark is none of the four.", f"{error}.", f"Use {', '.join(Mark)}.", field="marks"
        ) from error


def _require_possible(counts: Counts) -> None:
    looked_at = counts.tested + counts.not_applicable
    bounds = (counts.deviations, counts.pending)
    too_many = max(bounds) > counts.tested or (
        counts.population is not None and looked_at > counts.population
    )
    if too_many or min(*bounds, counts.tested, counts.not_applicable, counts.findings) < 0:
        raise Invalid(
            "The counts of the test contradict each other.",
            f"{counts.deviations} deviations and {counts.pending} pending among {counts.tested} tested "
            f"of {counts.population}.",
            "Correct the counts.",
        )
    if counts.census and looked_at != counts.population:
        raise Invalid(
            "This is not a census.",
            f"{looked_at} of {counts.population} items were looked at.",
            "Test every item, or call it a sample.",
            field="census",
        )
    if not counts.procedures <= set(PROCEDURES):
        raise Invalid(
            "An unknown procedure is named.",
            f"Known are {', '.join(PROCEDURES)}.",
            "Use one of these.",
            field="procedures",
        )


def _require_tested(tested: int, population: int) -> None:
    if not 0 < tested <= population:
        raise Invalid(f"{tested} items tested of {population} is not possible.", "", "Correct the counts.")
