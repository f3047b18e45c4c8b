"""The data of a report from the record: one graph, nothing typed twice, nothing that the books do not hold."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from tickmark.audit.models import Engagement, Opinion
from tickmark.kernel import clock
from tickmark.kernel.documents.markdown import markdown_blocks, plain
from tickmark.kernel.errors import Invalid
from tickmark.report.description import description
from tickmark.report.models import DescriptionPart, DescriptionText, Letter, LetterKind, Report
from tickmark.report.opinion_text import read_opinion
from tickmark.report.papers import Paper, papers
from tickmark.report.template_data import (
    RESTRICTED_USE,
    SECTION_5_DISCLAIMER,
    Assertion,
    AuditorReport,
    CategoryCode,
    Cover,
    Part,
    ReportData,
    Signatory,
)
from tickmark.report.testing import Tests, testing
from tickmark.scope.criteria import Category
from tickmark.scope.models import SystemVersion

NOT_SUPPLIED = "Report of the service auditor, not supplied yet"


def report_data(
    engagement: Engagement,
    *,
    draft: bool,
    day: date,
    dated: date | None = None,
    results: bool = True,
    read: list[Paper] | None = None,
) -> ReportData:
    """Sections I to V as the template takes them.

    `day` ends an unfinished period for a draft; `dated` is the report date. Without `results` the auditor's words,
    tests and results are left out: until the report is issued they are working papers (domain.md 0.4 rule 14).
    `read` are the engagement's papers, if the caller has read them already.
    """
    last = last_day(engagement, day)
    own = (papers(engagement) if read is None else read) if results else []
    tests = Tests(engagement, own, results)
    version = system_version(engagement, last)
    written = texts(engagement)
    table = testing(engagement, last, tests)
    return {
        "cover": _cover(engagement, version, draft, dated),
        "auditor_report": _auditor_report(engagement, results),
        "assertion": _assertion(engagement, version),
        "description": description(engagement, last, version, written),
        "testing": table,
        "other_information": {
            "disclaimer": SECTION_5_DISCLAIMER,
            "responses": tests.responses,
            "parts": _plans(written),
        },
    }


def last_day(engagement: Engagement, day: date) -> date:
    """The last day of the period that has come by `day`; the first one at least."""
    return max(engagement.period.start, min(engagement.period.end, day))


def system_version(engagement: Engagement, day: date) -> SystemVersion | None:
    """The system as it was described on the day."""
    found: SystemVersion | None = SystemVersion.objects.as_of(day).filter(system=engagement.system_id).first()
    return found


def texts(engagement: Engagement) -> dict[str, str]:
    """The newest text of each part that management wrote."""
    rows = DescriptionText.objects.filter(engagement=engagement).order_by("pk")
    return {row.part: row.text for row in rows}


def newest_opinion(engagement: Engagement) -> Opinion | None:
    """Section I as the auditor last supplied it."""
    found: Opinion | None = Opinion.objects.filter(engagement=engagement).order_by("-pk").first()
    return found


def newest_letter(engagement: Engagement, kind: LetterKind) -> Letter | None:
    """The letter of a kind that counts: the newest one."""
    found: Letter | None = Letter.objects.filter(engagement=engagement, kind=kind).order_by("-pk").first()
    return found


def reference_of(engagement: Engagement) -> str:
    """What the next report is called: the engagement's code and the number of its issue."""
    return f"{engagement.code}-R{Report.objects.filter(engagement=engagement).count() + 1}"


def _cover(engagement: Engagement, version: SystemVersion | None, draft: bool, dated: date | None) -> Cover:
    period, opinion = engagement.period, newest_opinion(engagement)
    type_2 = engagement.of_type_2
    kind: Literal[1, 2] = 2 if type_2 else 1
    return {
        "reference": reference_of(engagement),
        "company": version.company if version else "",
        "system": version.name if version else engagement.system.code,
        "categories": categories(engagement),
        "type": kind,
        "start": period.start.isoformat() if type_2 else None,
        "end": period.end.isoformat() if type_2 else None,
        "as_of": None if type_2 else period.end.isoformat(),
        "firm": engagement.firm,
        "firm_place": opinion.signed_at_city if opinion and (dated or not draft) else "",
        "report_date": dated.isoformat() if dated else None,
        "issued": not draft,
        "fictional": clock.simulated(),
        "restricted_use": _restricted_use(opinion),
    }


def categories(engagement: Engagement) -> list[CategoryCode]:
    """The categories of the engagement in official order, Security always."""
    chosen = {*engagement.categories, Category.SECURITY.value}
    found: list[Any] = [category.value for category in Category if category.value in chosen]
    return found


def _restricted_use(opinion: Opinion | None) -> str:
    """The firm's own words where they are plain paragraphs; else the model sentence."""
    parts = read_opinion(opinion.text).parts if opinion else []
    own = next((part["text_md"] for part in parts if part["key"] == "restricted_use"), "")
    try:
        blocks = markdown_blocks(own)
    except Invalid:
        return RESTRICTED_USE
    if not blocks or any(block["k"] != "p" for block in blocks):
        return RESTRICTED_USE
    return " ".join(plain(block["c"]) for block in blocks)


def _auditor_report(engagement: Engagement, results: bool) -> AuditorReport:
    opinion = newest_opinion(engagement) if results else None
    written = read_opinion(opinion.text) if opinion else None
    return {
        "title": (written.title if written else "") or NOT_SUPPLIED,
        "addressee": written.addressee if written else "",
        "parts": written.parts if written else [],
        "signature": {
            "name": engagement.firm,
            "place": opinion.signed_at_city if opinion else "",
            "date": opinion.dated.isoformat() if opinion else None,
        },
    }


def _assertion(engagement: Engagement, version: SystemVersion | None) -> Assertion:
    letter = newest_letter(engagement, LetterKind.ASSERTION)
    return {
        "title": f"Assertion of the management of {version.company if version else engagement.system.code}",
        "text_md": letter.text if letter else "",
        "signatories": signatories(letter.signatory) if letter else [],
        "date": letter.dated.isoformat() if letter else None,
    }


def signatories(text: str) -> list[Signatory]:
    """Who signs, one a line: the name, a comma, the title."""
    lines = [line.strip() for line in text.replace(";", "\n").split("\n") if line.strip()]
    return [
        {"name": name.strip(), "title": title.strip()}
        for name, _, title in (line.partition(",") for line in lines)
    ]


def _plans(written: dict[str, str]) -> list[Part]:
    text = written.get(DescriptionPart.PLANS, "")
    return [{"heading": "Plans", "text_md": text}] if text.strip() else []
