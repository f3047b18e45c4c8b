"""The report: the road to issue, what management and the auditor write, drafts, issued reports, bundles, copies."""

from __future__ import annotations

import re
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.cache import never_cache

from tickmark.audit.models import Engagement, Opinion
from tickmark.kernel import clock, files
from tickmark.kernel.access import Actor, may, not_found, visible
from tickmark.kernel.action import ACTIONS
from tickmark.kernel.arguments import call
from tickmark.kernel.documents import markdown_html
from tickmark.kernel.errors import NotFound, TickmarkError
from tickmark.kernel.ledger.seal import verifier_key
from tickmark.kernel.references import resolve
from tickmark.report import bundle as bundling
from tickmark.report import queries, sections
from tickmark.report.actions import TERMS
from tickmark.report.models import (
    Bundle,
    BundleContents,
    Copy,
    DescriptionPart,
    DescriptionText,
    Letter,
    LetterKind,
    QualityReview,
    Report,
)
from tickmark.report.opinion_text import read_opinion
from tickmark.report.render import render as rendered
from tickmark.web import limited, shell
from tickmark.web.forming import must_see
from tickmark.web.lists import Column, Filter, Listing, list_paths
from tickmark.web.middleware import VISITOR

ROAD = (
    Column("What stands in the way", "what", "what"),
    Column("Whose move", "who", "who"),
    Column("What to do", "remedy", "remedy"),
    Column("Blocks", "blocks", "blocks"),
)
ROAD_FILTERS = (Filter("side", "Side", [("company", "Company"), ("auditor", "Auditor")], "side"),)
COPIES = (
    Column("Reader", "reader", "reader", order="reader"),
    Column("E-mail", "email", "email", order="email"),
    Column("Report", "report", "report.ref", order="report"),
    Column("Given", "given", "recorded_at", order="recorded_at"),
    Column("By", "by", "by.name", order="by__name"),
    Column("Read", "read", lambda row: [one.recorded_at for one in row.reads.all()]),
)


def actor_of(request: HttpRequest) -> Actor:
    """Who asks."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def engagement_of(request: HttpRequest, code: str) -> Engagement:
    """The engagement of an address. Raises NotFound."""
    row: Engagement | None = queries.current(actor_of(request)).filter(code=code).first()
    if row is None:
        raise not_found(Engagement, code[:40])
    return row


def context(request: HttpRequest, engagement: Engagement, here: str, **more: Any) -> dict[str, Any]:
    """What every page of a report shows."""
    base = f"/report/{engagement.code}/"
    parts = [("Road to issue", ""), ("Description", "description"), ("Letters", "letters")]
    if actor_of(request).side == "auditor":
        parts.append(("Opinion", "opinion"))
    parts.append(("Copies", "copies"))
    tabs = [{"label": label, "url": f"{base}{at}", "current": at == here} for label, at in parts]
    return {
        "engagement": engagement,
        "tabs": tabs,
        "base": base,
        "auditor": actor_of(request).side == "auditor",
        "type_2": engagement.of_type_2,
        **more,
    }


def index(request: HttpRequest) -> HttpResponse:
    """The newest engagement's report, or what belongs here."""
    must_see(actor_of(request), Engagement)
    rows = list(queries.current(actor_of(request))[:20])
    if not rows:
        return render(request, "report/empty.html")
    return _overview(request, rows[0], rows)


def overview(request: HttpRequest, code: str) -> HttpResponse:
    """One engagement's report."""
    return _overview(request, engagement_of(request, code), list(queries.current(actor_of(request))[:20]))


def _overview(request: HttpRequest, engagement: Engagement, others: list[Engagement]) -> HttpResponse:
    actor, day = actor_of(request), shell.day_of(request)
    way = queries.way(engagement, day)
    shown = queries.for_side(actor, way.problems)
    listing = Listing(request, shown, ROAD, filters=ROAD_FILTERS if actor.side == "auditor" else ())
    if listing.wants_csv:
        return listing.csv("road-to-issue")
    reports = visible(actor, Report).filter(engagement=engagement).select_related("by", "reissues")
    issued = list(reports.prefetch_related("bundles", "copies").order_by("-pk"))
    newest = issued[0] if issued else None
    return render(
        request,
        "report/overview.html",
        context(
            request,
            engagement,
            "",
            list=listing,
            blocking=sum(one.blocks for one in shown),
            warnings=[one for one in shown if not one.blocks],
            firm_works=len(shown) < len(way.problems),
            ready=not any(one.blocks for one in way.problems),
            asked=way.asked,
            newest=newest,
            reports=issued,
            numbers={row.pk: len(issued) - at for at, row in enumerate(issued)},
            bundles=_bundles(actor, issued),
            contents=BundleContents.choices if actor.side == "auditor" else BundleContents.choices[:1],
            opinion=visible(actor, Opinion).filter(engagement=engagement).order_by("-pk").first(),
            letters=_letters(actor, engagement),
            review=visible(actor, QualityReview).filter(engagement=engagement).order_by("-pk").first(),
            may_issue=may(actor, "report.issue", engagement=engagement),
            may_bundle=newest is not None and may(actor, "report.bundle", report=newest),
            vkey=verifier_key(),
            earlier=_earlier(actor, engagement),
            others=[row for row in others if row != engagement],
        ),
    )


def _bundles(actor: Actor, issued: list[Report]) -> list[Bundle]:
    rows = visible(actor, Bundle).filter(report__in=issued).select_related("by", "report")
    return list(rows.order_by("-pk")[:10])


def _earlier(actor: Actor, engagement: Engagement) -> Report | None:
    """The newest report of the examination before this one, by the same firm (domain.md 9.3)."""
    rows = (
        visible(actor, Report).filter(engagement__followed_by=engagement).select_related("engagement__period")
    )
    found: Report | None = rows.order_by("-pk").first()
    return found


def _letters(actor: Actor, engagement: Engagement) -> list[tuple[str, str, Letter | None, str]]:
    """Each kind of letter with its newest text, as a row and as HTML."""
    rows = visible(actor, Letter).filter(engagement=engagement).select_related("by").order_by("pk")
    newest = {row.kind: row for row in rows}
    return [(kind.value, kind.label, row := newest.get(kind.value), _html(row)) for kind in LetterKind]


def draft_pdf(request: HttpRequest, code: str) -> HttpResponse:
    """The report as it would be now, marked as a draft on every page."""
    actor, day = actor_of(request), shell.day_of(request)
    engagement = engagement_of(request, code)
    made = rendered(queries.draft(actor, engagement, day), day)
    return _pdf(made.content, f"draft-{engagement.code}-{day}.pdf")


def _pdf(content: bytes, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def report_pdf(request: HttpRequest, ref: str) -> HttpResponse:
    """An issued report, byte for byte as it was issued."""
    row = _found(actor_of(request), Report, ref)
    return _pdf(files.read(row.pdf), f"{sections_name(row)}.pdf")


def sections_name(row: Report) -> str:
    """The file's name: the reference that stands on its pages."""
    return f"{row.engagement.code}-R{queries.number(row)}"


def bundle_zip(request: HttpRequest, ref: str) -> FileResponse:
    """A bundle as one file."""
    row = _found(actor_of(request), Bundle, ref)
    target = bundling.write(row)
    return FileResponse(
        target.open("rb"), as_attachment=True, filename=f"{ref}.zip", content_type="application/zip"
    )


def _found(actor: Actor, model: Any, ref: str) -> Any:
    row = resolve(visible(actor, model), ref)
    if row is None:
        raise not_found(model, ref[:40])
    return row


def description(request: HttpRequest, code: str) -> HttpResponse:
    """The texts of the description, and what the record gives by itself."""
    actor, day = actor_of(request), shell.day_of(request)
    engagement = engagement_of(request, code)
    rows = visible(actor, DescriptionText).filter(engagement=engagement).select_related("by").order_by("pk")
    newest = {row.part: row for row in rows}
    wanted = request.GET.get("part", "")
    chosen = next((part for part in DescriptionPart if part.value == wanted), None)
    data = sections.report_data(engagement, draft=True, day=day, results=False)
    parts = [(part.value, part.label, row := newest.get(part.value), _html(row)) for part in DescriptionPart]
    more = context(
        request,
        engagement,
        "description",
        parts=parts,
        chosen=chosen,
        text=getattr(newest.get(chosen.value), "text", "") if chosen else "",
        asked=queries.completeness(data, engagement.code),
        may_write=may(actor, "report.describe", engagement=engagement),
    )
    return render(request, "report/description.html", more)


def _html(row: Any) -> str:
    """What somebody wrote; its shallowest headings stand one level under those of the page's panels."""
    if row is None:
        return ""
    levels = [len(found) for found in re.findall(r"^(#{1,6})[ \t]", row.text, re.MULTILINE)]
    return markdown_html(row.text, shift=3 - min(levels, default=3))


def letters(request: HttpRequest, code: str) -> HttpResponse:
    """What management signs."""
    actor, engagement = actor_of(request), engagement_of(request, code)
    history = visible(actor, Letter).filter(engagement=engagement).select_related("by").order_by("-pk")
    more = context(
        request,
        engagement,
        "letters",
        letters=_letters(actor, engagement),
        history=history,
        may_sign=may(actor, "report.sign_letter", engagement=engagement),
        today=clock.today(),
    )
    return render(request, "report/letters.html", more)


def opinion(request: HttpRequest, code: str) -> HttpResponse:
    """Section I and the quality review: the auditor's side only."""
    actor, engagement = actor_of(request), engagement_of(request, code)
    must_see(actor, Opinion)
    rows = visible(actor, Opinion).filter(engagement=engagement).select_related("by").order_by("-pk")
    newest = rows.first()
    more = context(
        request,
        engagement,
        "opinion",
        newest=newest,
        written=read_opinion(newest.text) if newest else None,
        text=_html(newest),
        history=rows[:10],
        forms=Opinion.Form.choices,
        reviews=visible(actor, QualityReview)
        .filter(engagement=engagement)
        .select_related("by")
        .order_by("-pk"),
        may_opine=may(actor, "audit.opine", engagement=engagement),
        may_review=may(actor, "report.review_quality", engagement=engagement),
        today=clock.today(),
    )
    return render(request, "report/opinion.html", more)


def copies(request: HttpRequest, code: str) -> HttpResponse:
    """Who was given the report under which terms, and when they took it."""
    actor, engagement = actor_of(request), engagement_of(request, code)
    rows = visible(actor, Copy).filter(report__engagement=engagement).select_related("report", "by")
    listing = Listing(
        request, rows.prefetch_related("reads").order_by("-pk"), COPIES, search=("reader", "email")
    )
    if listing.wants_csv:
        return listing.csv("copies")
    newest = visible(actor, Report).filter(engagement=engagement).order_by("-pk").first()
    gives = newest is not None and may(actor, "report.give_copy", report=newest)
    more = context(request, engagement, "copies", list=listing, newest=newest, may_give=gives, terms=TERMS)
    return render(request, "report/copies.html", more)


@limited.by_address("copy")
@never_cache
def copy(request: HttpRequest, token: str) -> HttpResponse:
    """A reader's door: the terms, the agreement, the file. No account is needed, and any account is ignored."""
    row = queries.copy_of(token)
    if row is None:
        raise NotFound("This link does not work.", "It was cut, or it never existed.", "Ask for a new one.")
    error: TickmarkError | None = None
    if request.method == "POST":
        try:
            call(ACTIONS["report.read_copy"], VISITOR, {"link": token, "agreed": "agreed" in request.POST})
            return _pdf(files.read(row.report.pdf), f"{sections_name(row.report)}.pdf")
        except TickmarkError as refused:
            error = refused
    described = sections.system_version(row.report.engagement, row.report.engagement.period.end)
    more = {
        "copy": row,
        "described": described,
        "newer": queries.superseded(row.report),
        "error": error,
        "token": token,
    }
    return render(request, "report/copy.html", more, status=error.status if error else 200)


routes = [
    *list_paths("report/", index, "report"),
    path("report/bundle/<str:ref>.zip", bundle_zip, name="report-bundle"),
    path("report/<str:ref>.pdf", report_pdf, name="report-pdf"),
    *list_paths("report/<slug:code>/", overview, "report-of"),
    path("report/<slug:code>/draft.pdf", draft_pdf, name="report-draft"),
    path("report/<slug:code>/description", description, name="report-description"),
    path("report/<slug:code>/letters", letters, name="report-letters"),
    path("report/<slug:code>/opinion", opinion, name="report-opinion"),
    *list_paths("report/<slug:code>/copies", copies, "report-copies"),
    path("copies/<str:token>", copy, name="copy"),
]
