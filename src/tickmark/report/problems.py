"""Everything that stands between now and the issue of a report: what, who must act, and the remedy (domain.md 3, 8.3).

What the company could use to hold back a report it does not like (a disputed fact, a missing response) is told and
does not block. What only a person can judge (a name in an exception, an assertion beside a modified opinion) is
told too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django.db.models import Max

from tickmark.audit import queries as audit
from tickmark.audit.models import (
    Conclusion,
    CriterionConclusion,
    Engagement,
    Opinion,
    Result,
    Share,
    Stance,
    TeamMember,
    TeamRole,
)
from tickmark.audit.results import Result as Word
from tickmark.kernel.remembered import remembered
from tickmark.people.models import Person, Side, User
from tickmark.report.dates import Dates, contradictions, remarks
from tickmark.report.models import LetterKind, QualityReview
from tickmark.report.opinion_text import read_opinion
from tickmark.report.papers import Paper, papers
from tickmark.report.sections import (
    last_day,
    newest_letter,
    newest_opinion,
    report_data,
)
from tickmark.report.template_check import Problem as Wrong
from tickmark.report.template_check import check_report_data
from tickmark.report.template_data import ReportData
from tickmark.report.testing import Wording, newest_responses, wordings
from tickmark.scope.criteria import applicable

COMPANY, AUDITOR = "company", "auditor"
MODIFIED = {Opinion.Form.QUALIFIED, Opinion.Form.ADVERSE, Opinion.Form.DISCLAIMER}
RESERVED = re.compile(r"\bexcept|\bother than|\bdid not\b|\bwere not\b|\bwas not\b", re.IGNORECASE)
"""Words by which an assertion tells that something was not as it should be."""
SHOWN = 8


@dataclass(frozen=True)
class Problem:
    """One thing on the road to issue: its kind, whose move it is, what is wrong, what to do and where.

    `blocks` is false for what is told and left to a person's judgement.
    """

    kind: str
    side: str
    who: str
    what: str
    remedy: str
    url: str
    blocks: bool = True


class Road:
    """What the record of an engagement says on a day, read once for all questions."""

    def __init__(self, engagement: Engagement, day: date) -> None:
        self.engagement, self.day = engagement, day
        self.period, self.last = engagement.period, last_day(engagement, day)
        self.type: Literal[1, 2] = 2 if engagement.of_type_2 else 1
        self.here, self.audit = f"/report/{engagement.code}", f"/audit/{engagement.code}"

    @cached_property
    def papers(self) -> list[Paper]:
        """The working papers."""
        return papers(self.engagement)

    @cached_property
    def wordings(self) -> list[Wording]:
        """The controls of Section IV."""
        return wordings(self.engagement, self.last)

    @cached_property
    def data(self) -> ReportData:
        """The report as a draft."""
        return _draft(self.engagement, self.day)

    @property
    def wrong(self) -> list[Wrong]:
        """What the template finds in it."""
        return _wrong(self.engagement, self.day)

    @cached_property
    def opinion(self) -> Opinion | None:
        """Section I."""
        return newest_opinion(self.engagement)

    @cached_property
    def review(self) -> QualityReview | None:
        """The newest quality review."""
        rows = QualityReview.objects.filter(engagement=self.engagement)
        found: QualityReview | None = rows.order_by("-pk").first()
        return found

    @cached_property
    def team(self) -> list[TeamMember]:
        """The team as it is now."""
        rows = TeamMember.objects.filter(engagement=self.engagement, end=None)
        return list(rows.select_related("user", "independence"))

    @cached_property
    def last_test(self) -> datetime | None:
        """When a working paper was last written to."""
        return max((fact.recorded_at for paper in self.papers for fact in paper.file.facts), default=None)

    def local(self, moment: datetime | None) -> date | None:
        """The day of a moment in the zone of the period."""
        return moment.astimezone(ZoneInfo(self.period.time_zone)).date() if moment else None

    def dates(self) -> Dates:
        """The dates that must agree (domain.md 3.7); the report would be released on the day."""
        letters = {kind: newest_letter(self.engagement, kind) for kind in LetterKind}
        representation, assertion = letters[LetterKind.REPRESENTATION], letters[LetterKind.ASSERTION]
        shared = Share.objects.filter(engagement=self.engagement).aggregate(at=Max("recorded_at"))["at"]
        return Dates(
            type=self.type,
            period_start=self.period.start,
            period_end=self.period.end,
            last_evidence=self.local(shared),
            fieldwork_end=self.local(self.last_test),
            report_date=self.opinion.dated if self.opinion else None,
            representation_date=representation.dated if representation else None,
            assertion_date=assertion.dated if assertion else None,
            quality_review=self.local(self.review.recorded_at) if self.review else None,
            release=self.day if self.opinion else None,
        )


@remembered
def _draft(engagement: Engagement, day: date) -> ReportData:
    return report_data(engagement, draft=True, day=day)


@remembered
def _wrong(engagement: Engagement, day: date) -> list[Wrong]:
    return check_report_data(_draft(engagement, day))


def problems(engagement: Engagement, day: date, road: Road | None = None) -> list[Problem]:
    """All that stands between the day and the issue of the report, what blocks it first."""
    road = road or Road(engagement, day)
    found = [one for ask in QUESTIONS for one in ask(road)]
    return sorted(found, key=lambda one: not one.blocks)


# -- time and dates


def _period(road: Road) -> Iterator[Problem]:
    if road.type == 1 and road.day < road.period.end:
        what = f"The date of the report is {road.period.end}, and it is to come."
        yield Problem("period", "", "Nobody", what, "Wait for it: a report covers no day to come.", "")
    if road.type == 2 and road.day <= road.period.end:
        what = f"The period ends on {road.period.end}."
        yield Problem("period", "", "Nobody", what, "Wait for its end: a report covers no day to come.", "")


def _dates(road: Road) -> Iterator[Problem]:
    dates = road.dates()
    for one in contradictions(dates):
        yield Problem("dates", AUDITOR, "Engagement partner", one.what, one.remedy, f"{road.here}/opinion")
    for remark in remarks(dates):
        yield Problem("dates", AUDITOR, "Engagement partner", remark, "Weigh it.", "", blocks=False)


# -- the company's part


def _letters(road: Road) -> Iterator[Problem]:
    whys = {
        LetterKind.ASSERTION: "Without a written assertion the auditor withdraws or disclaims.",
        LetterKind.REPRESENTATION: "It bears the report date and stays with the auditor.",
    }
    for kind, why in whys.items():
        if newest_letter(road.engagement, kind) is None:
            what = f"{kind.label} is not signed. {why}"
            yield Problem(
                f"letter {kind}",
                COMPANY,
                "Executive sponsor",
                what,
                "Write and sign it.",
                f"{road.here}/letters",
            )


def _requests(road: Road) -> Iterator[Problem]:
    asked = [row for row in audit.every_line(road.day) if row.engagement == road.engagement.pk]
    for row in sorted(asked, key=lambda one: one.code):
        if row.state.open:
            side = row.state.waits_for
            who = "The team" if side == AUDITOR else "Control owner"
            what = f"{row.code} {row.title} is {row.state.name}."
            remedy = (
                "Close it, or send it back." if side == AUDITOR else "Answer it, or ask for its withdrawal."
            )
            yield Problem("request", side, who, what, remedy, row.address)


def _data(road: Road) -> Iterator[Problem]:
    """What the template's own check finds; what is asked elsewhere on this road is left out."""
    for one in road.wrong:
        if not one.path.startswith(("assertion.", "cover.report_date", "auditor_report.")) and not _untested(
            one
        ):
            yield _from_data(road, one)


def _untested(one: Wrong) -> bool:
    return one.path.startswith("testing.controls") and "has no test" in one.what


def _from_data(road: Road, one: Wrong) -> Problem:
    audits = one.path.startswith("testing.controls") and ".tests" in one.path
    url = f"{road.audit}/tests" if audits else _place(road, one.path)
    who, side = ("The team", AUDITOR) if audits else ("Compliance lead", COMPANY)
    return Problem("data", side, who, one.what, one.remedy, url)


def _place(road: Road, path: str) -> str:
    if path.startswith("testing."):
        return "/controls/"
    written = ("description.overview", "description.environment", "description.controls_md")
    return f"{road.here}/description" if path.startswith(written) else "/scope/"


def _description(road: Road) -> Iterator[Problem]:
    about, url = road.data["description"], f"{road.here}/description"
    if not about["overview_md"].strip():
        what = "The description has no overview of the company and its services (DC 1)."
        yield Problem("description", COMPANY, "Compliance lead", what, "Write it.", url)
    if not about["services"]:
        what = "No version of the system was in force in the period."
        yield Problem("description", COMPANY, "Compliance lead", what, "Describe the system.", "/scope/")
    if len(about["environment"]) < 4:
        what = "Some narratives are missing: control environment, risk, communication, monitoring."
        yield Problem("narratives", COMPANY, "Compliance lead", what, "Write them.", url, blocks=False)


def _responses(road: Road) -> Iterator[Problem]:
    replies = newest_responses(road.engagement)
    for paper in road.papers:
        for row in paper.deviations:
            reply = replies.get(row.pk)
            if hasattr(row, "publishing") and reply is None:
                what = f"Management has not responded to {row.ref}."
                yield Problem(
                    "response",
                    COMPANY,
                    "Compliance lead",
                    what,
                    "Respond, or leave it without.",
                    f"/follow-up/{row.ref}",
                    False,
                )
            if reply is not None and reply.stance == Stance.DISPUTE:
                what = f"Management disputes {row.ref}."
                remedy = "Read its evidence; the fact stands unless you conclude otherwise."
                yield Problem(
                    "dispute", AUDITOR, "Lead auditor", what, remedy, f"/follow-up/{row.ref}", False
                )


# -- the auditor's part


def _tests(road: Road) -> Iterator[Problem]:
    known = {pk for row in road.wordings for pk in row.versions}
    tested = {paper.procedure.control_version_id for paper in road.papers}
    for row in road.wordings:
        if not row.versions & tested:
            yield _auditors(
                "test", "The team", f"{row.ref} has no test.", "Prepare one.", f"{road.audit}/tests/new"
            )
    for paper in road.papers:
        if paper.procedure.control_version_id not in known:
            what = f"{paper.procedure.ref} tests a wording that was not in force in the period."
            yield _auditors(
                "stray",
                "Lead auditor",
                what,
                "Prepare the test on the wording in force.",
                f"{road.audit}/tests",
            )


def _auditors(kind: str, who: str, what: str, remedy: str, url: str, blocks: bool = True) -> Problem:
    return Problem(kind, AUDITOR, who, what, remedy, url, blocks)


def _papers(road: Road) -> Iterator[Problem]:
    for paper in road.papers:
        yield from _paper(paper, road.type)


def _paper(paper: Paper, kind: Literal[1, 2]) -> Iterator[Problem]:
    ref, url = _name(paper), f"/audit/{paper.procedure.engagement.code}/tests/{paper.procedure.ref}"
    if paper.file.open_notes:
        count = len(paper.file.open_notes)
        yield _auditors("note", "The team", f"{ref}: review notes are open ({count}).", "Clear them.", url)
    unpublished = [row.ref for row in paper.deviations if not hasattr(row, "publishing")]
    if unpublished:
        what = f"{ref}: {', '.join(unpublished)} was not put before the company."
        yield _auditors("unpublished", "Lead auditor", what, "Publish it as a statement of fact.", url)
    if not paper.file.finished:
        what, remedy = (
            (f"{ref} is not concluded.", "Conclude the test.")
            if kind == 2
            else (f"{ref} has no walkthrough.", "Hold it.")
        )
        yield _auditors("conclusion", "The team", what, remedy, url)
    elif paper.missing:
        what = f"{ref} is not signed as {' or '.join(paper.missing)} on the paper as it stands."
        yield _auditors(
            "signature", "Preparer and reviewer", what, "Sign it; a later change clears signatures.", url
        )
    if kind == 2 and paper.file.conclusion:
        yield from _conclusion(paper, paper.file.conclusion, ref, url)
    if kind == 1:
        yield from _walked(paper, ref, url)


def _walked(paper: Paper, ref: str, url: str) -> Iterator[Problem]:
    """What the last walkthrough of a Type 1 found wanting: no result prints it, so the partner weighs it."""
    last = paper.walkthrough
    who = "Engagement partner"
    if last is not None and not last.design_suitable:
        what = f"{ref}: the walkthrough found the design not suitable."
        yield _auditors(
            "design", who, what, "Weigh it in the criteria and the opinion on the design.", url, False
        )
    if last is not None and not last.implemented:
        what = f"{ref}: the walkthrough found the control not in use."
        remedy = "A control that is not in use may not stand in the description; weigh it in the opinion."
        yield _auditors("implementation", who, what, remedy, url, False)


def _name(paper: Paper) -> str:
    return f"{paper.procedure.ref} ({paper.procedure.control_version.control.code})"


def _conclusion(paper: Paper, concluded: Conclusion, ref: str, url: str) -> Iterator[Problem]:
    allowed = paper.admissible
    if Word[Result(concluded.result).name] not in allowed.results:
        what = f"{ref} is concluded “{Result(concluded.result).label}”, which its marks do not allow. {allowed.why}"
        yield _auditors("result", "The team", what, "Conclude it anew.", url)
    if concluded.result in (Result.DID_NOT_OPERATE, Result.NOT_TESTED) and not concluded.text.strip():
        what = f"{ref}: the report has no words for “{Result(concluded.result).label}”."
        yield _auditors("words", "The team", what, "Conclude it with the text that Section IV prints.", url)


def _criteria(road: Road) -> Iterator[Problem]:
    concluded = criteria_concluded(road.engagement)
    aside = {one["criterion"] for one in road.data["description"]["not_relevant"]}
    wanted = [one.id for one in applicable(road.engagement.categories, road.engagement.criteria_set)]
    missing = [code for code in wanted if code not in concluded and code not in aside]
    if missing:
        what = f"Not concluded: {_listed(missing)}."
        yield _auditors(
            "criteria",
            "Lead auditor",
            what,
            "Conclude each criterion with its reason.",
            f"{road.audit}/criteria",
        )
    unmet = [code for code, row in concluded.items() if not row.met]
    forms = {road.opinion.design, road.opinion.operation} if road.opinion else set()
    if unmet and forms and not forms & MODIFIED:
        what = f"{_listed(unmet)} is concluded as not met, and the opinion is unmodified."
        yield _auditors(
            "opinion and criteria", "Engagement partner", what, "Weigh it.", f"{road.here}/opinion", False
        )


def criteria_concluded(engagement: Engagement) -> dict[str, CriterionConclusion]:
    """The newest conclusion on each criterion."""
    rows = CriterionConclusion.objects.filter(engagement=engagement).order_by("pk")
    return {row.criterion: row for row in rows}


def _listed(codes: list[str]) -> str:
    more = f" and {len(codes) - SHOWN} more" if len(codes) > SHOWN else ""
    return ", ".join(codes[:SHOWN]) + more


def _opinion(road: Road) -> Iterator[Problem]:
    who, url = "Engagement partner", f"{road.here}/opinion"
    if road.opinion is None:
        what = "Section I is not supplied."
        yield _auditors("opinion", who, what, "Write it; nothing is drafted for you.", url)
        return
    written = read_opinion(road.opinion.text)
    if "independent" not in written.title.lower():
        what = "The title of Section I lacks the word “independent”."
        yield _auditors(
            "title", who, what, "Begin the text with “# Independent service auditor’s report”.", url
        )
    if not written.addressee:
        yield _auditors("addressee", who, "Section I names no addressee.", "Write it under the title.", url)
    for one in road.wrong:
        if one.path == "auditor_report.parts":
            yield _auditors("part", who, f"Section I: {one.what}", "Give it a heading of its own (##).", url)
    yield from _forms(road, road.opinion, {part["key"] for part in written.parts}, url)


def _forms(road: Road, opinion: Opinion, keys: set[Any], url: str) -> Iterator[Problem]:
    who, modified = (
        "Engagement partner",
        bool({opinion.description, opinion.design, opinion.operation} & MODIFIED),
    )
    if modified and "basis" not in keys:
        what = "The opinion is modified and its basis is not told."
        yield _auditors("basis", who, what, "Add the part “## Basis for …”.", url)
    letter = newest_letter(road.engagement, LetterKind.ASSERTION)
    if modified and letter is not None and not RESERVED.search(letter.text):
        what = "The opinion is modified, and the assertion claims everything without reserve."
        yield _auditors(
            "assertion", who, what, "Ask management to reflect the matter; weigh it if not.", url, False
        )


def _review(road: Road) -> Iterator[Problem]:
    required = any(row.role == TeamRole.QUALITY for row in road.team)
    who, url = "Quality reviewer", f"{road.here}/opinion"
    if road.review is None:
        if required:
            yield _auditors(
                "quality", who, "The quality review is not done.", "Review before the release.", url
            )
        return
    opined = road.opinion.recorded_at if road.opinion else None
    newest = max((at for at in (opined, road.last_test) if at), default=None)
    if newest and newest > road.review.recorded_at:
        what = "The file has changed since the quality review."
        yield _auditors("quality", who, what, "Review what changed.", url)


def _independence(road: Road) -> Iterator[Problem]:
    missing = sorted({str(row.user) for row in road.team if not hasattr(row, "independence")})
    if missing:
        what = f"Independence is not confirmed by {', '.join(missing)}."
        yield _auditors("independence", "Each of the team", what, "Confirm it.", f"{road.audit}/")


# -- names in exceptions


def _names(road: Road) -> Iterator[Problem]:
    """Exceptions name no persons (domain.md 3.4; 10, case 89): full names and addresses that the books know."""
    texts = list(_printed(road.data))
    if not texts:
        return
    known = _known_names()
    if known is None:
        return
    for where, side, text in texts:
        if found := known.search(text):
            who = "The team" if side == AUDITOR else "Compliance lead"
            what = f"{where} names a person: “{found.group()}”."
            remedy = "Say it without the name; a new conclusion’s text takes the place of the facts."
            yield Problem(
                "name",
                side,
                who,
                what,
                remedy,
                f"{road.audit}/tests" if side == AUDITOR else "/follow-up/",
                blocks=False,
            )


def _printed(data: ReportData) -> Iterator[tuple[str, str, str]]:
    for control in data["testing"]["controls"]:
        for test in control["tests"]:
            words = (test["detail"], *(one["text"] for one in test["exceptions"]))
            yield from ((f"The result of {control['ref']}", AUDITOR, text) for text in words)
    for one in data["other_information"]["responses"]:
        yield f"The response {one['ref']}", COMPANY, one["text_md"]


def _known_names() -> re.Pattern[str] | None:
    rows = [*Person.objects.values_list("name", "email")]
    rows += User.objects.filter(side=Side.COMPANY).values_list("name", "email")
    words = {word.strip() for row in rows for word in row if " " in word.strip() or "@" in word}
    if not words:
        return None
    return re.compile(
        rf"\b(?:{'|'.join(map(re.escape, sorted(words, key=len, reverse=True)))})\b", re.IGNORECASE
    )


Question = Callable[[Road], Iterable[Problem]]
QUESTIONS: tuple[Question, ...] = (
    _period,
    _requests,
    _tests,
    _papers,
    _criteria,
    _independence,
    _description,
    _data,
    _letters,
    _opinion,
    _responses,
    _names,
    _review,
    _dates,
)
