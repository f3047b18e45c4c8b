"""What the report step's nouns say to search."""

from __future__ import annotations

from tickmark.audit.models import Engagement
from tickmark.kernel.search.said import Said, joined, searched
from tickmark.report.models import Bundle, Copy, CopyRead, DescriptionText, Letter, QualityReview, Report


def _page(engagement: Engagement, part: str = "") -> str:
    return f"/report/{engagement.code}/{part}"


@searched(Letter, "engagement")
def letter(row: Letter) -> Said:
    """A letter of management."""
    title = f"{row.get_kind_display()}, {row.dated}"
    return Said(title, joined(row.text, row.signatory), _page(row.engagement, "letters"))


@searched(DescriptionText, "engagement")
def description(row: DescriptionText) -> Said:
    """A part of the description."""
    return Said(row.get_part_display(), row.text, _page(row.engagement, "description"))


@searched(QualityReview, "engagement")
def quality_review(row: QualityReview) -> Said:
    """The review before release."""
    return Said(f"Quality review of {row.engagement.code}", row.note, _page(row.engagement))


@searched(Report, "engagement")
def report(row: Report) -> Said:
    """An issued report."""
    return Said(f"Report of {row.engagement.code}, {row.dated}", row.reason, _page(row.engagement))


@searched(Bundle, "report__engagement", echo=True)
def bundle(row: Bundle) -> Said:
    """A bundle for an outsider."""
    title = f"Bundle of {row.report.ref}"
    return Said(title, row.get_contents_display(), _page(row.report.engagement))


@searched(Copy, "report__engagement")
def copy(row: Copy) -> Said:
    """A copy by its reader; never its link."""
    title = f"Copy for {row.reader}"
    return Said(title, joined(row.email, row.terms), _page(row.report.engagement, "copies"))


@searched(CopyRead, "copy__report__engagement", echo=True)
def copy_read(row: CopyRead) -> Said:
    """A reader took a copy."""
    return Said(f"{row.copy.reader} took the copy", address=_page(row.copy.report.engagement, "copies"))
