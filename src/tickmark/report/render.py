"""The report's data to a PDF, with what made it kept beside it, so that it can be made again."""

from __future__ import annotations

from datetime import date
from typing import Any

from tickmark import __version__
from tickmark.audit.models import Engagement
from tickmark.evidence.queries import registers
from tickmark.kernel import files
from tickmark.kernel.action import deed
from tickmark.kernel.documents import Pdf, typst_pdf
from tickmark.kernel.documents.pdf import HOUSE
from tickmark.report.template_data import ReportData

TEMPLATE = "soc2"


def render(data: ReportData, day: date) -> Pdf:
    """The report as PDF; Invalid names the characters and headings that cannot be set."""
    cover = data["cover"]
    return typst_pdf(
        registers().reports[TEMPLATE].path,
        data,
        title=f"SOC 2 Type {cover['type']} report on {cover['system']}, {cover['company']}",
        author=cover["firm"],
        date=day,
    )


def versions_of(pdf: Pdf, engagement: Engagement) -> dict[str, Any]:
    """What made the PDF: engine, template, house style and fonts by digest, and the standards that were pinned."""
    return {
        **pdf.versions,
        "tickmark": __version__,
        "template_name": TEMPLATE,
        "criteria_set": engagement.criteria_set,
        "method": engagement.method,
    }


def keep_sources() -> list[str]:
    """Keep template and house style, and cite both in the entry of the action under way."""
    kept = [files.keep(path).sha256 for path in (registers().reports[TEMPLATE].path, HOUSE)]
    for sha256 in kept:
        deed().cite(sha256)
    return kept
