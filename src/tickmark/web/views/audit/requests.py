"""The request list, and one request with its thread and its answers."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tickmark.audit import queries
from tickmark.audit.models import (
    Answer,
    Engagement,
    Message,
    Request,
    RequestKind,
    RequestMove,
    Sample,
    SampleItem,
    Share,
    Visibility,
)
from tickmark.audit.request_lists import WAVES
from tickmark.evidence import queries as evidence
from tickmark.evidence.models import Evidence, Population
from tickmark.kernel.access import Actor, may, visible
from tickmark.web import shell
from tickmark.web.lists import Column, Filter, Listing
from tickmark.web.views.audit.finding import actor_of, context, engagement_of, found

STATES = ("open", "submitted", "returned", "reopened", "accepted", "withdrawn")
COLUMNS = (
    Column("Request", "code"),
    Column("Title", "title"),
    Column("Kind", "kind", "kind_word"),
    Column("Wave", "wave", number=True),
    Column("Controls", "controls", "control_codes"),
    Column("Owner", "owner", "owner_names"),
    Column("Due", "due", "due_on"),
    Column("State", "state", "state.name"),
)
OFFERED = 60


def index(request: HttpRequest, code: str) -> HttpResponse:
    """All requests of an engagement."""
    row, actor = engagement_of(request, code), actor_of(request)
    rows = [one for one in queries.lines_for(actor, shell.day_of(request)) if one.engagement == row.pk]
    listing = Listing(request, rows, COLUMNS, filters=_filters(rows), search=("code",), sort="due")
    if listing.wants_csv:
        return listing.csv(f"requests-{row.code}")
    asks, usual = may(actor, "audit.ask", engagement=row), queries.usual_list(row)
    more = {
        "list": listing,
        "may_ask": asks,
        "ready": len(queries.openable(row, usual)) if asks else 0,
        "may_ask_list": may(actor, "audit.ask_list", engagement=row),
        "again": len(queries.repeatable(row)) if asks else 0,
        "may_ask_again": may(actor, "audit.ask_again", engagement=row),
        "list_id": usual,
        **_asking(actor, row, asks),
    }
    return render(request, "audit/requests.html", context(request, row, "requests", **more))


def _filters(rows: list[queries.RequestLine]) -> list[Filter]:
    owners = sorted({name for row in rows for name in row.owner_names})
    return [
        Filter("state", "State", STATES, "state.name"),
        Filter(
            "wave",
            "Wave",
            [(str(number), f"{number} {name}") for number, name in WAVES.items()],
            "wave",
        ),
        Filter("owner", "Owner", owners, "owner_names"),
        Filter("due", "Due", [("overdue", "overdue")], lambda row, value: row.overdue),
    ]


def _asking(actor: Actor, row: Engagement, asks: bool) -> dict[str, Any]:
    """What the form for a new request offers: controls of the period, draws whose items the company can see."""
    if not asks:
        return {}
    drawn = (
        visible(actor, Sample)
        .filter(procedure__engagement=row, redrawn_as=None)
        .exclude(procedure__publishing=None)
    )
    drawn = drawn.select_related("procedure__control_version__control").order_by("pk")
    return {
        "kinds": RequestKind.choices,
        "controls": [(one.code, one.code) for one in queries.controls_in_force(row)],
        "draws": [(one.ref, f"{one.ref}: {one.procedure.control_version.control.code}") for one in drawn],
        "waves": list(WAVES.items()),
    }


def detail(request: HttpRequest, code: str, request_code: str) -> HttpResponse:
    """One request: what is asked, by when, of whom; the thread; the answers with their evidence."""
    row, actor, day = engagement_of(request, code), actor_of(request), shell.day_of(request)
    rows = visible(actor, Request).filter(engagement=row, code=request_code).select_related("by")
    asked = found(rows, f"RQ-{rows[0].pk}" if rows else request_code)
    one = queries.request_rows(rows, day)[0]
    state, side = one.state, actor.side
    more = {
        "row": one,
        "asked": asked,
        "waves": WAVES,
        "messages_": _thread(actor, asked),
        "answers": _answers(actor, asked),
        "history": _history(actor, asked),
        "items": visible(actor, SampleItem).filter(sample=asked.needs_id).order_by("position")[:200],
        "may_answer": side == "company" and state.open and may(actor, "audit.answer", request=asked),
        "offered": _offered(actor, one, row.period.start, row.period.end)
        if side == "company" and state.open
        else [],
        "may_judge": side == "auditor" and may(actor, "audit.close", request=asked),
        "may_say": may(actor, "audit.say", request=asked),
        "reads": Visibility.choices,
    }
    return render(request, "audit/request.html", context(request, row, "requests", **more))


def _thread(actor: Actor, asked: Request) -> list[dict[str, Any]]:
    rows = visible(actor, Message).filter(request=asked).select_related("by").order_by("pk")
    return [
        {"who": str(m.by), "side": m.side, "at": m.recorded_at, "text": m.text, "visibility": m.visibility}
        for m in rows
    ]


def _answers(actor: Actor, asked: Request) -> list[dict[str, Any]]:
    """Each answer with the files that it shares, newest first."""
    shares: dict[int, list[Any]] = {}
    seen = visible(actor, Share).filter(answer__request=asked).select_related("evidence__collection")
    for share in seen.order_by("pk"):
        shares.setdefault(share.answer_id or 0, []).append(share.evidence)
    rows = visible(actor, Answer).filter(request=asked).select_related("by").order_by("-pk")
    return [{"row": one, "files": [card(item) for item in shares.get(one.pk, [])]} for one in rows]


def _history(actor: Actor, asked: Request) -> list[dict[str, Any]]:
    rows = visible(actor, RequestMove).filter(request=asked).select_related("by").order_by("-pk")
    tones = {"accepted": "good", "returned": "warn", "reopened": "warn"}
    return [
        {
            "at": m.recorded_at,
            "who": str(m.by),
            "side": "auditor",
            "what": m.get_move_display(),
            "detail": m.reason,
            "tone": tones.get(m.move, "neutral"),
        }
        for m in rows
    ]


def _offered(actor: Actor, one: queries.RequestRow, start: date, end: date) -> list[tuple[str, str, str]]:
    """What the company may answer with: for a list the newest lists, else what is filed for the request's controls.

    Each choice says which days it covers; what falls short of the window warns.
    """
    if one.request.kind == RequestKind.POPULATION:
        lists = (
            visible(actor, Population).select_related("evidence", "collection__connection").order_by("-pk")
        )
        return [_list_choice(row) for row in lists[:OFFERED]]
    filed = visible(actor, Evidence).prefetch_related("supports__acceptance", "supports__rejection")
    controls = [version.control_id for version in one.owners]
    if controls:
        filed = filed.filter(supports__control__in=controls).distinct()
    return [
        (row.ref, row.name, f"{_accepted(row)}{reach(row, start, end)}")
        for row in filed.order_by("-pk")[:OFFERED]
    ]


def _list_choice(row: Population) -> tuple[str, str, str]:
    standing = evidence.standing_of(row)
    words = f"{row.count:,} rows of {row.shape}, read {row.collection.started_at:%Y-%m-%d}."
    return (
        row.evidence.ref,
        row.evidence.name,
        words if standing.lockable else f"{words} Warning: {standing.why}",
    )


def _accepted(row: Evidence) -> str:
    """Whether a second person found it sufficient for a control."""
    supports = list(row.supports.all())
    if any(hasattr(one, "acceptance") for one in supports):
        return ""
    if any(hasattr(one, "rejection") for one in supports):
        return "Warning: rejected inside the company. "
    return "Not accepted by a second person yet. "


def reach(row: Evidence, start: date, end: date) -> str:
    """What a file covers of a window, in words that warn where it falls short."""
    if row.covers_from is None:
        return "Warning: nobody stated which days it covers."
    last = row.covers_to or row.covers_from
    words = f"Covers {row.covers_from} to {last}."
    if row.covers_from > end or last < start:
        return f"{words} Warning: wholly outside of the period."
    missing = [f"nothing before {row.covers_from}"] if row.covers_from > start else []
    missing += [f"nothing after {last}"] if last < end else []
    return f"{words} Warning: {', '.join(missing)}." if missing else words


def card(row: Evidence) -> dict[str, Any]:
    """A file as `filecard` shows it."""
    return {
        "ref": row.ref,
        "name": row.name,
        "kind": row.get_kind_display(),
        "size": row.size,
        "digest": row.sha256,
        "observed": row.observed_at,
        "collected": row.collected_at,
        "filed": row.filed_at,
        "covers": (row.covers_from, row.covers_to),
        "url": f"/files/{row.ref}",
    }
