"""Answers about the report: how far it is, who owes what for it, what was issued and who has it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from tickmark.audit.models import Engagement, Opinion
from tickmark.kernel.access import Actor, visible
from tickmark.kernel.answers import Task, duty, step_state
from tickmark.kernel.remembered import remembered
from tickmark.people.models import Side
from tickmark.people.queries import digest_of
from tickmark.report.models import (
    Copy,
    DescriptionPart,
    DescriptionText,
    Letter,
    LetterKind,
    QualityReview,
    Report,
)
from tickmark.report.problems import AUDITOR, Problem, Road, problems
from tickmark.report.sections import report_data
from tickmark.report.template_data import ReportData
from tickmark.scope.queries import systems

__all__ = ["Problem", "Road", "completeness", "problems"]


def newest_report(engagement: Engagement) -> Report | None:
    """The report as it was last issued."""
    found: Report | None = Report.objects.filter(engagement=engagement).order_by("-pk").first()
    return found


def current(actor: Actor) -> QuerySet[Engagement]:
    """The engagements that the actor sees, newest first."""
    return visible(actor, Engagement).select_related("system", "period").order_by("-period__end", "-pk")


def number(report: Report) -> int:
    """Which issue of its engagement a report is, from 1."""
    return Report.objects.filter(engagement=report.engagement_id, pk__lte=report.pk).count()


def copy_of(link: str) -> Copy | None:
    """The copy behind a link."""
    rows = Copy.objects.select_related("report__engagement__system", "report__reissued_as")
    found: Copy | None = rows.filter(token_digest=digest_of(link)).first()
    return found


def superseded(report: Report) -> Report | None:
    """The report that took the place of this one, if one did."""
    found: Report | None = Report.objects.filter(reissues=report).first()
    return found


def draft(actor: Actor, engagement: Engagement, day: date) -> ReportData:
    """The report as a draft for the actor's side: tests, results and Section I are the auditor's until it is issued."""
    return report_data(engagement, draft=True, day=day, results=actor.side == Side.AUDITOR)


def for_side(actor: Actor, found: Sequence[Problem]) -> Sequence[Problem]:
    """The problems that the actor's side may read: the company its own, the auditor all (rule 14)."""
    return found if actor.side == Side.AUDITOR else [one for one in found if one.side != AUDITOR]


def newest(actor: Actor, day: date) -> Report | None:
    """The report on the period that ended last, of those that were issued on a system by the day."""
    rows = visible(actor, Report).filter(engagement__system=systems(actor).first(), dated__lte=day)
    newest_first = rows.order_by("-engagement__period__end", "-pk")
    found: Report | None = newest_first.select_related("engagement__period").first()
    return found


# -- who owes what


def _missing(model: Any, **of: Any) -> Any:
    return ~Exists(model.objects.filter(engagement=OuterRef("pk"), **of))


@duty
def owed(actor: Actor, day: date) -> Iterator[Task]:
    """Letters for the sponsor, the overview for the lead, Section I for the partner, the review for its reviewer."""
    if actor.user is None:
        return
    if actor.side == Side.COMPANY and actor.roles & {"sponsor", "lead"}:
        yield from _company_owes(actor, _unissued(actor, day))
    elif actor.side == Side.AUDITOR:
        yield from _auditor_owes(actor, _unissued(actor, day))


def _unissued(actor: Actor, day: date) -> QuerySet[Engagement]:
    """Engagements whose period has ended and whose report is not issued."""
    rows = visible(actor, Engagement).filter(_missing(Report), period__end__lt=day)
    return rows.annotate(
        no_assertion=_missing(Letter, kind=LetterKind.ASSERTION),
        no_representation=_missing(Letter, kind=LetterKind.REPRESENTATION),
        no_overview=_missing(DescriptionText, part=DescriptionPart.OVERVIEW),
        no_opinion=_missing(Opinion),
        no_review=_missing(QualityReview),
    )


def _company_owes(actor: Actor, rows: QuerySet[Engagement]) -> Iterator[Task]:
    for row in rows:
        asked: Any = row
        if "sponsor" in actor.roles and asked.no_assertion:
            yield _task("Sign management's assertion", row, "letters", "Without it there is no opinion.")
        if "sponsor" in actor.roles and asked.no_representation:
            yield _task("Sign the representation letter", row, "letters", "It bears the report date.")
        if "lead" in actor.roles and asked.no_overview:
            yield _task("Write the overview of the description", row, "description", "DC 1 asks for it.")


def _auditor_owes(actor: Actor, rows: QuerySet[Engagement]) -> Iterator[Task]:
    for row in rows:
        asked: Any = row
        if row.pk in actor.holds("engagement", "partner") and asked.no_opinion:
            yield _task("Supply Section I", row, "opinion", "Nobody else writes it.")
        if row.pk in actor.holds("engagement", "quality") and asked.no_review and not asked.no_opinion:
            yield _task("Do the quality review", row, "opinion", "It is done before the release.")


def _task(title: str, row: Engagement, page: str, why: str) -> Task:
    return Task("report", f"{title} ({row.code})", f"/report/{row.code}/{page}", None, why)


@step_state("report")
def state(actor: Actor, day: date) -> str:
    """done once a report stands for the newest engagement, current after its period, next before."""
    newest = current(actor).annotate(issued=~_missing(Report)).first()
    if newest is None:
        return "later"
    if newest.issued:
        return "done"
    return "current" if newest.period.end < day else "next"


@dataclass(frozen=True)
class Way:
    """What stands between a day and the issue of a report, and what the description holds by criterion."""

    problems: Sequence[Problem]
    asked: Sequence[Asked]


@remembered
def way(engagement: Engagement, day: date) -> Way:
    """The road to issue on a day; whoever gets it changes nothing of it."""
    road = Road(engagement, day)
    return Way(problems(engagement, day, road), completeness(road.data, engagement.code))


# -- the description by criterion


@dataclass(frozen=True)
class Asked:
    """A description criterion: what it asks for, what the record holds, whether that is enough to be read."""

    id: str
    title: str
    held: str
    enough: bool
    url: str


def completeness(data: ReportData, code: str) -> list[Asked]:
    """The description by criterion, DC 1 to DC 9 (domain.md 2); a Type 1 has no DC 9."""
    about, here = data["description"], f"/report/{code}/description"
    behind = {one["category"] for one in about["commitments"]}
    parts: dict[str, Any] = dict(about["components"])
    lacking = [kind for kind, rows in parts.items() if not rows]
    rows = [
        Asked("DC 1", "Services", _words(about["overview_md"]), bool(about["overview_md"].strip()), here),
        Asked(
            "DC 2",
            "Commitments and requirements",
            f"{_many(about['commitments'], 'commitment')}, {_many(about['requirements'], 'requirement')}",
            set(data["cover"]["categories"]) <= behind,
            "/scope/",
        ),
        Asked("DC 3", "Components", _lacks(lacking, sum(map(len, parts.values()))), not lacking, "/scope/"),
        Asked("DC 4", "Incidents", _count(about["incidents"], "none meets the test"), True, "/scope/"),
        Asked(
            "DC 5",
            "Criteria and controls",
            _many(data["testing"]["controls"], "control"),
            all(
                one["controls"] or one["csocs"] or one["not_relevant"] for one in data["testing"]["criteria"]
            ),
            "/controls/",
        ),
        Asked("DC 6", "User entity controls", _count(about["cuecs"], "none assumed"), True, "/scope/"),
        Asked(
            "DC 7",
            "Subservice organisations",
            _count(about["subservices"], "none used"),
            all(one["csocs"] or one["method"] == "inclusive" for one in about["subservices"]),
            "/scope/",
        ),
        Asked(
            "DC 8", "Criteria not relevant", _count(about["not_relevant"], "all relevant"), True, "/scope/"
        ),
        Asked("DC 9", "Significant changes", _count(about["changes"], "none"), True, "/scope/"),
    ]
    return rows if data["cover"]["type"] == 2 else rows[:-1]


def _words(text: str) -> str:
    return _many(text.split(), "word") if text.strip() else "not written"


def _many(rows: Sequence[Any], noun: str) -> str:
    return f"{len(rows)} {noun}" + ("" if len(rows) == 1 else "s")


def _lacks(kinds: list[str], count: int) -> str:
    return f"{count} components" + (f"; none of {', '.join(kinds)}" if kinds else "")


def _count(rows: list[Any], otherwise: str) -> str:
    return str(len(rows)) if rows else otherwise
