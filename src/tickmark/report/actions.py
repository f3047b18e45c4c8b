"""Verbs of the report: describe, sign, review, issue, bundle, give and read copies (domain.md 3)."""

from __future__ import annotations

import secrets
from datetime import date
from typing import Any, cast

import rfc8785
from django.db import transaction

from tickmark.audit.models import Engagement, Procedure, SignOff
from tickmark.audit.queries import worked_on
from tickmark.kernel import clock, files
from tickmark.kernel.access import Actor
from tickmark.kernel.action import action, need
from tickmark.kernel.errors import Conflict, Invalid, Refused
from tickmark.kernel.ledger.seal import seal
from tickmark.people.models import Side
from tickmark.people.queries import digest_of
from tickmark.report import bundle as bundling
from tickmark.report import queries, render, sections
from tickmark.report.models import (
    Bundle,
    BundleContents,
    Copy,
    CopyRead,
    DescriptionPart,
    DescriptionText,
    Letter,
    LetterKind,
    QualityReview,
    Report,
)
from tickmark.report.template_check import PRAISE, check_report_data

TERMS = (
    "You received this report because you are a customer, a prospective customer, a partner, an auditor or a regulator"
    " who knows the service, its limits and the complementary controls well enough to read it. You do not pass it on,"
    " publish it or quote from it without the consent of the company."
)
SHOWN = 4


@action("report.describe")
def describe(actor: Actor, engagement: Engagement, part: DescriptionPart, text: str) -> DescriptionText:
    """Write a part of the description in management's words. The newest text counts; the earlier ones stay."""
    found = PRAISE.search(text)
    need(
        found is None,
        f"“{found.group() if found else ''}” is advertising.",
        "A description is objective: a reader must be able to check it.",
        "Say what is the case instead.",
        "text",
    )
    row = DescriptionText(engagement=engagement, part=part, text=text.strip())
    row.save()
    return row


@action("report.sign_letter")
def sign_letter(
    actor: Actor, engagement: Engagement, kind: LetterKind, text: str, dated: date, signatory: str
) -> Letter:
    """Sign the assertion or the representation letter for management, in your own words and under your name."""
    need(text.strip(), "The letter is empty.", "You sign what it says.", "Write it.", "text")
    need(
        sections.signatories(signatory),
        "Nobody signs the letter.",
        "It is signed by those with overall responsibility.",
        "Write name and title, one a line: Ada Example, Chief executive officer.",
        "signatory",
    )
    need(dated <= clock.today(), f"{dated} is to come.", "A letter is dated when it is signed.", "", "dated")
    need(
        dated >= engagement.period.end,
        f"{dated} is before the period ends.",
        f"The letter speaks of all days to {engagement.period.end}.",
        "Sign it after the period.",
        "dated",
    )
    row = Letter(
        engagement=engagement, kind=kind, text=text.strip(), dated=dated, signatory=signatory.strip()
    )
    row.save()
    return row


@action("report.review_quality")
def review_quality(actor: Actor, engagement: Engagement, note: str) -> QualityReview:
    """Record the quality review: what you read and what you found, before the report is released."""
    need(note.strip(), "The note is empty.", "The file shows what was reviewed.", "Write it.", "note")
    tests = list(Procedure.objects.filter(engagement=engagement).values_list("pk", flat=True))
    planned = Procedure.objects.filter(pk__in=tests, by=actor.user).exists()
    signed = SignOff.objects.filter(procedure__in=tests, by=actor.user).exists()
    worked = planned or signed or worked_on(actor.user, tests)
    need(
        not worked,
        "You worked on this engagement.",
        "The quality reviewer neither prepared nor decided in it.",
        "Let another review it.",
        "engagement",
    )
    row = QualityReview(engagement=engagement, note=note.strip())
    row.save()
    return row


@action("report.issue")
def issue(
    actor: Actor, engagement: Engagement, dated: date, reason: str = "", reissues: Report | None = None
) -> Report:
    """Issue the report: data, PDF and what made it are frozen. A later change is a reissue with its reason."""
    _require_turn(engagement, reissues, reason)
    _require_clear(engagement, dated)
    data = sections.report_data(engagement, draft=False, day=clock.today(), dated=dated)
    wrong = check_report_data(data)
    if wrong:
        raise Conflict(
            f"The report cannot be issued: {wrong[0].what}", f"At {wrong[0].path}.", wrong[0].remedy
        )
    made = render.render(data, dated)
    render.keep_sources()
    row = Report(
        engagement=engagement,
        dated=dated,
        data=files.keep(rfc8785.dumps(cast(dict[str, Any], data))).sha256,
        pdf=files.keep(made.content).sha256,
        versions=render.versions_of(made, engagement),
        reissues=reissues,
        reason=reason.strip(),
    )
    row.save()
    seal_soon()
    return row


def _require_turn(engagement: Engagement, reissues: Report | None, reason: str) -> None:
    newest = queries.newest_report(engagement)
    if newest is not None and reissues is None:
        raise Conflict(
            f"{newest.ref} is issued.",
            "A report is frozen once it is released.",
            "Issue it anew with the reason; the old one stays.",
            "reissues",
        )
    if reissues != newest:
        raise Invalid(
            f"{reissues} is not the newest report of {engagement.code}.",
            "",
            "Reissue the newest one.",
            "reissues",
        )
    need(
        reissues is None or reason.strip(),
        "The reissue has no reason.",
        "Readers of the old report must learn why.",
        "Write it.",
        "reason",
    )


def _require_clear(engagement: Engagement, dated: date) -> None:
    today = clock.today()
    need(
        dated <= today,
        f"{dated} is to come.",
        "A report is dated when its evidence is complete.",
        "",
        "dated",
    )
    road = queries.Road(engagement, today)
    left = [one for one in queries.problems(engagement, today, road) if one.blocks]
    if left:
        more = f" And {len(left) - SHOWN} more." if len(left) > SHOWN else ""
        why = " ".join(one.what for one in left[:SHOWN]) + more
        raise Conflict("The report cannot be issued yet.", why, "Work off the road to issue.", "engagement")
    broken = next((paper.procedure.ref for paper in road.papers if not paper.intact), "")
    if broken:
        raise Conflict(
            f"{broken} is not the paper that was signed.",
            "Its facts no longer give the digest under the signatures.",
            "Find out what changed the books.",
            "engagement",
        )
    opinion = sections.newest_opinion(engagement)
    need(
        opinion is not None and opinion.dated == dated,
        f"{dated} is not the date of Section I.",
        f"The auditor's report is dated {opinion.dated if opinion else 'nowhere'}.",
        "Give both the same date.",
        "dated",
    )


@action("report.bundle")
def bundle(actor: Actor, report: Report, contents: BundleContents = BundleContents.REPORT) -> Bundle:
    """Make the bundle with which an outsider checks the report offline; its manifest becomes a leaf of the log."""
    if contents == BundleContents.FILE and actor.side != Side.AUDITOR:
        raise Refused("The audit file belongs to the firm.", "", "Make a bundle of the report.", "contents")
    made = bundling.lay_out(report, BundleContents(contents))
    row = Bundle(report=report, contents=contents, manifest=made.manifest, payload=made.payload)
    row.save()
    seal_soon()
    return row


def seal_soon() -> None:
    """Seal as soon as the books have this; the next minute's seal does it if this one fails."""
    transaction.on_commit(seal, robust=True)


@action("report.give_copy")
def give_copy(actor: Actor, report: Report, reader: str, email: str, terms: str = TERMS) -> Copy:
    """Give a reader a copy under terms, by a link that is shown once. What they do with it is logged."""
    need(
        reader.strip(), "The reader has no name.", "The log says who has the report.", "Name them.", "reader"
    )
    need("@" in email, f"'{email}' is not an e-mail address.", "It has no @.", "Correct it.", "email")
    need(
        terms.strip(), "There are no terms.", "A SOC 2 report is for restricted use.", "Write them.", "terms"
    )
    newer = queries.superseded(report)
    if newer is not None:
        raise Conflict(
            f"{report.ref} was reissued.",
            "An old copy would circulate.",
            f"Give a copy of {newer.ref}.",
            "report",
        )
    link = secrets.token_urlsafe(36)
    row = Copy(
        report=report,
        reader=reader.strip(),
        email=email.strip(),
        token_digest=digest_of(link),
        terms=terms.strip(),
    )
    row.save()
    row.link = f"/copies/{link}"  # type: ignore[attr-defined]
    return row


@action("report.read_copy")
def read_copy(actor: Actor, link: str, agreed: bool) -> CopyRead:
    """Agree to the terms and take the copy."""
    found = queries.copy_of(link)
    if found is None:
        raise Invalid(
            "This link does not work.", "It was cut, or it never existed.", "Ask for a new one.", "link"
        )
    need(
        agreed,
        "You have not agreed to the terms.",
        "The report is for restricted use.",
        "Agree to them.",
        "agreed",
    )
    newer = queries.superseded(found.report)
    if newer is not None:
        raise Conflict(
            "This report was reissued.", f"{newer.reason}", "Ask the company for a copy of the new one."
        )
    row = CopyRead(copy=found, agreed=True)
    row.save()
    return row
