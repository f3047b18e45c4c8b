"""Section IV from the audit: criteria, controls as worded in the period, tests, signed results (domain.md 3.4).

Nothing here concludes. A test without a conclusion that is signed as prepared and as reviewed prints “not tested”.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from tickmark.audit.models import Deviation, Engagement, Response, Result
from tickmark.controls.models import ControlVersion, Frequency
from tickmark.controls.tested import goes_on
from tickmark.kernel.dated import Span
from tickmark.kernel.remembered import remembered
from tickmark.report.description import Scope
from tickmark.report.papers import Paper
from tickmark.report.template_data import (
    Deviations,
    ReportedControl,
    ReportedCriterion,
    Test,
    Testing,
    TestResult,
)
from tickmark.report.template_data import Response as Reply
from tickmark.scope.criteria import Criterion, applicable

INTRO = (
    "The criteria are told in other words than the official ones; their numbers are those of TSP section 100."
)
PARTS = (
    " A control that was worded anew within the period stands once for each wording, with the days on which it"
    " was in force."
)
NO_TEST = "No test was prepared."


@dataclass(frozen=True)
class Wording:
    """A control as it was worded for some days of the period: one row of Section IV (rule 23)."""

    ref: str
    spans: list[Span[ControlVersion]]
    whole: bool

    @property
    def version(self) -> ControlVersion:
        """The newest version with this wording."""
        return self.spans[-1].version

    @property
    def versions(self) -> set[int]:
        """The keys of the versions that say the same."""
        return {span.version.pk for span in self.spans}


@remembered
def wordings(engagement: Engagement, last: date) -> list[Wording]:
    """The controls that serve the engagement's criteria, each wording of the period by itself."""
    start = engagement.period.start
    ids = {one.id for one in applicable(engagement.categories, engagement.criteria_set)}
    by_control: dict[int, list[list[Span[ControlVersion]]]] = {}
    spans = ControlVersion.objects.select_related("control").over(start, last)
    for span in sorted(spans, key=lambda one: (one.version.control.code, one.start)):
        if ids & set(span.version.criteria):
            _join(by_control.setdefault(span.version.control_id, []), span)
    return [row for parts in by_control.values() for row in _numbered(parts, start, last)]


def _join(parts: list[list[Span[ControlVersion]]], span: Span[ControlVersion]) -> None:
    """A new owner or a new note does not make a new wording."""
    if parts and goes_on(parts[-1][-1], span):
        parts[-1].append(span)
    else:
        parts.append([span])


def _numbered(parts: list[list[Span[ControlVersion]]], start: date, last: date) -> list[Wording]:
    code = parts[0][0].version.control.code
    return [
        Wording(
            ref=code if len(parts) == 1 else f"{code}/{number}",
            spans=spans,
            whole=(spans[0].start, spans[-1].end) == (start, last),
        )
        for number, spans in enumerate(parts, 1)
    ]


def testing(engagement: Engagement, last: date, tests: Tests) -> Testing:
    """Section IV: the criteria in official order, and every wording of every control with its tests."""
    rows = wordings(engagement, last)
    scope = Scope(engagement, last)
    reasons = {one["criterion"]: one["reason"] for one in scope.not_relevant()}
    csocs = [csoc for group in scope.csocs().values() for csoc in group]
    return {
        "intro_md": INTRO + (PARTS if engagement.of_type_2 else ""),
        "criteria": [
            _criterion(one, rows, csocs, reasons)
            for one in applicable(engagement.categories, engagement.criteria_set)
        ],
        "controls": [_control(row, tests) for row in rows],
    }


def _criterion(
    one: Criterion, rows: Iterable[Wording], csocs: Iterable[Any], reasons: dict[str, str]
) -> ReportedCriterion:
    return {
        "id": one.id,
        "title": one.title,
        "text": one.summary,
        "series": f"{one.series.id} {one.series.title}",
        "controls": [row.ref for row in rows if one.id in row.version.criteria],
        "csocs": [csoc["ref"] for csoc in csocs if one.id in csoc["criteria"]],
        "not_relevant": reasons.get(one.id),
    }


def _control(row: Wording, tests: Tests) -> ReportedControl:
    version = row.version
    days = {"start": row.spans[0].start.isoformat(), "end": row.spans[-1].end.isoformat()}
    return {
        "ref": row.ref,
        "title": version.title,
        "text": version.statement,
        "frequency": Frequency(version.frequency).label,
        "in_force": None if row.whole else {"start": days["start"], "end": days["end"]},
        "tests": tests.of(row),
    }


class Tests:
    """The tests of an engagement as Section IV prints them; collects the responses that they point to."""

    def __init__(self, engagement: Engagement, papers: list[Paper], results: bool = True) -> None:
        self.papers = papers
        self.responses: list[Reply] = []
        self.printed = results and engagement.of_type_2
        self._replies = newest_responses(engagement) if self.printed else {}

    def of(self, row: Wording) -> list[Test]:
        """The tests of one wording; where none was prepared the row says so."""
        if not self.printed:
            return []
        own = [paper for paper in self.papers if paper.procedure.control_version_id in row.versions]
        return [self._test(paper, row) for paper in own] or [
            _untested(NO_TEST, "No test of it is concluded.")
        ]

    def _test(self, paper: Paper, row: Wording) -> Test:
        concluded, text = paper.signed, paper.procedure.text
        if concluded is None:
            return _untested(text, "The test is not concluded and signed.")
        if concluded.result == Result.EXCEPTIONS:
            found = self._exceptions(paper, row, concluded.text)
            return {"text": text, "result": "exceptions", "detail": "", "exceptions": found}
        result: TestResult = RESULTS[Result(concluded.result)]
        return {"text": text, "result": result, "detail": concluded.text, "exceptions": []}

    def _exceptions(self, paper: Paper, row: Wording, told: str) -> list[Deviations]:
        """One exception for the items that were looked at, one for what was found beside them."""
        response = self._response(paper, row)
        of_items = [one for one in paper.deviations if one.item_id is not None]
        others = [one for one in paper.deviations if one.item_id is None]
        found = []
        if of_items:
            found.append(_of_items(paper, of_items, told, response))
        if others:
            words = told if not of_items and told else _facts(others)
            found.append(_exception(len(others), len(others), True, words, response))
        return found

    def _response(self, paper: Paper, row: Wording) -> str | None:
        rows = [self._replies[one.pk] for one in paper.deviations if one.pk in self._replies]
        if not rows:
            return None
        words = dict.fromkeys(one.text.strip() for one in rows)
        self.responses.append({"ref": rows[0].ref, "control": row.ref, "text_md": "\n\n".join(words)})
        return rows[0].ref


RESULTS: dict[Result, TestResult] = {
    Result.NO_EXCEPTIONS: "no_exceptions",
    Result.EXCEPTIONS: "exceptions",
    Result.DID_NOT_OPERATE: "did_not_operate",
    Result.NOT_TESTED: "not_tested",
}


def newest_responses(engagement: Engagement) -> dict[int, Response]:
    """Management's newest response to each deviation."""
    rows = Response.objects.filter(deviation__procedure__engagement=engagement).order_by("pk")
    return {row.deviation_id: row for row in rows}


def _untested(text: str, why: str) -> Test:
    return {"text": text, "result": "not_tested", "detail": why, "exceptions": []}


def _of_items(paper: Paper, rows: list[Deviation], told: str, response: str | None) -> Deviations:
    deviating = max(paper.tested.deviations, len({row.item_id for row in rows}))
    tested = max(paper.tested.tested, deviating)
    return _exception(deviating, tested, paper.tested.census, told or _facts(rows), response)


def _exception(deviations: int, tested: int, census: bool, text: str, response: str | None) -> Deviations:
    return {
        "tested": tested,
        "deviations": deviations,
        "census": census,
        "text": text,
        "mitigation": "",
        "response": response,
    }


def _facts(rows: Iterable[Deviation]) -> str:
    """The facts as they were confirmed, each once and as a sentence."""
    words = dict.fromkeys(row.fact.strip() for row in rows)
    return " ".join(word if word.endswith((".", "!", "?", "”")) else f"{word}." for word in words)
