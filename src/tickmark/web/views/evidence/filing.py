"""What is filed: the list, one piece with its uses, and the form to file one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from tickmark.audit.models import Share
from tickmark.controls.models import Control
from tickmark.evidence import queries
from tickmark.evidence.models import Evidence, EvidenceKind, Support
from tickmark.kernel import clock
from tickmark.kernel.access import may, visible, which
from tickmark.kernel.errors import NotFound
from tickmark.kernel.references import resolve
from tickmark.web.forming import must_may, must_see, specs
from tickmark.web.lists import Column, Filter, Listing, list_paths
from tickmark.web.shell import day_of
from tickmark.web.views.evidence import intake
from tickmark.web.views.evidence.parts import LATE, actor_of, card, days_after, found, own_controls, tabs

COLUMNS = (
    Column("Evidence", "name", order="name"),
    Column("Reference", value="ref", hidden_label=True),
    Column("Kind", "kind", lambda row: row.get_kind_display(), order="kind"),
    Column("Covers", "covers", lambda row: _covers(row), order=("covers_from", "covers_to")),
    Column("Source", "source", order="source"),
    Column("Filed", "filed", "recorded_at", order="recorded_at"),
    Column("Used for", value=lambda row: [support.control.code for support in row.uses]),
    Column("State", value=lambda row: state_of(row)),
)
STATES = (("accepted", "accepted"), ("filed", "waiting"), ("rejected", "rejected"), ("unused", "not used"))


def state_of(row: Any) -> str:
    """accepted once for any use; else filed while one waits; else rejected; unused without any use."""
    states = {queries.state_of(support) for support in row.uses}
    return next((state for state in ("accepted", "filed", "rejected") if state in states), "unused")


def _covers(row: Evidence) -> str:
    return f"{row.covers_from} to {row.covers_to}" if row.covers_from else "undated"


def index(request: HttpRequest) -> HttpResponse:
    """Everything filed, found by words, kind, control, days, source and state; undated pieces are never dropped."""
    actor, day = actor_of(request), day_of(request)
    must_see(actor, Evidence)
    supports = visible(actor, Support).select_related("control", "acceptance", "rejection").order_by("pk")
    rows = visible(actor, Evidence).filter(recorded_at__lt=queries.end_of(day)).order_by("-pk")
    rows = rows.prefetch_related(Prefetch("supports", queryset=supports, to_attr="uses"))
    rows, older = _without_older_lists(request, rows, day)
    filters = [
        Filter("kind", "Kind", EvidenceKind.choices),
        Filter(
            "control",
            "Control",
            _codes(actor),
            lambda rows, code: rows.filter(pk__in=supports.filter(control__code=code).values("evidence")),
        ),
        Filter("window", "Days", _windows(day), _touching),
        Filter("source", "Way in", (("collected", "collected"), ("uploaded", "uploaded")), _way_in),
        Filter("state", "State", STATES, lambda rows, state: _with_state(rows, supports, state)),
    ]
    listing = Listing(
        request, rows, COLUMNS, filters=filters, search=("name", "description", "source", "sha256")
    )
    if listing.wants_csv:
        return listing.csv("evidence")
    context = {
        "list": listing,
        "shown": [column for column in listing.columns if column["label"] != "Reference"],
        "tabs": tabs("filed"),
        "older": older,
        "may_file": may(actor, "evidence.file"),
        "waiting": queries.waiting_for(actor, day).count(),
        "states": {row.pk: state_of(row) for row in listing.page},
    }
    return render(request, "evidence/index.html", context)


def _without_older_lists(
    request: HttpRequest, rows: QuerySet[Evidence], day: date
) -> tuple[QuerySet[Evidence], int]:
    """The rows without lists that a newer run of their source follows, and how many these are.

    Whoever searches, filters or exports gets all of them.
    """
    if any(value for name, value in request.GET.items() if name not in ("day", "known", "page", "sort")):
        return rows, 0
    if request.path.endswith(".csv"):
        return rows, 0
    newest = {source.population.evidence_id for source in queries.sources(day) if source.population}
    # Few of many are lists: whatever is asked of every piece would go through all of them.
    lists = visible(actor_of(request), Evidence).filter(collection__gt=0)
    older = lists.exclude(pk__in=newest).values("pk")
    number = rows.filter(pk__in=older).count()
    return (rows.exclude(pk__in=older) if number else rows), number


def _with_state(rows: QuerySet[Evidence], supports: QuerySet[Support], state: str) -> QuerySet[Evidence]:
    """The rows in a state, by the same order as `state_of`."""
    uses = supports.filter(evidence=OuterRef("pk")).order_by()
    accepted = Exists(uses.filter(acceptance__isnull=False))
    waiting = Exists(uses.filter(acceptance=None, rejection=None))
    if state == "unused":
        return rows.filter(~Exists(uses))
    if state == "accepted":
        return rows.filter(accepted)
    if state == "filed":
        open_ = queries.undecided()
        if open_ is not None:  # few of many: nobody has to look through everything that was ever filed
            asked = set(supports.filter(pk__in=open_).values_list("evidence", flat=True))
            judged = supports.filter(evidence__in=asked, acceptance__isnull=False)
            return rows.filter(pk__in=asked - set(judged.values_list("evidence", flat=True)))
        return rows.filter(~accepted, waiting)
    return rows.filter(~accepted, ~waiting, Exists(uses))


def _codes(actor: Any) -> list[str]:
    return list(visible(actor, Control).order_by("code").values_list("code", flat=True))


def _windows(day: date) -> list[tuple[str, str]]:
    """The window of the day, its quarters, and the undated."""
    window = queries.window(day)
    name = "the period" if window.period else "the last 90 days"
    found = [(f"{window.start}..{window.end}", name)]
    start = window.start
    while window.period and start <= window.end:
        following = _months_later(start, 3)
        last = min(following - timedelta(days=1), window.end)
        found.append((f"{start}..{last}", f"{start:%b %Y} to {last:%b %Y}"))
        start = following
    return [*found, ("undated", "undated only")]


def _months_later(day: date, months: int) -> date:
    at = day.month - 1 + months
    return date(day.year + at // 12, at % 12 + 1, 1)


def _touching(rows: QuerySet[Evidence], value: str) -> QuerySet[Evidence]:
    """What covers a day of the window, and what is undated: nobody can say that it does not."""
    if value == "undated":
        return rows.filter(covers_from=None)
    first, _, last = value.partition("..")
    return rows.filter(Q(covers_from=None) | Q(covers_from__lte=last, covers_to__gte=first))


def _way_in(rows: QuerySet[Evidence], value: str) -> QuerySet[Evidence]:
    return rows.filter(collection__isnull=value == "uploaded")


# -- one piece ------------------------------------------------------------------------------------------------------


def one(request: HttpRequest, reference: str) -> HttpResponse:
    """One piece of evidence: its three dates, where it came from, each use with its acceptance, who sees it."""
    actor = actor_of(request)
    row = found(request, Evidence, reference, "by", "collection__connection", "replaces")
    supports = visible(actor, Support).filter(evidence=row)
    supports = supports.select_related("control", "by", "acceptance__by", "rejection__by").order_by("pk")
    may_decide = set(which(actor, "evidence.accept", "support", supports).values_list("pk", flat=True))
    uses = [
        {
            "row": use,
            "state": queries.state_of(use),
            "may": use.pk in may_decide and queries.state_of(use) == "filed",
        }
        for use in supports
    ]
    context = {
        "row": row,
        "card": card(row),
        "days_after": days_after(row),
        "late_tone": "warning" if days_after(row) > LATE else "info",
        "uses": uses,
        "shares": visible(actor, Share)
        .filter(evidence=row)
        .select_related("engagement", "by", "answer__request"),
        "newer": visible(actor, Evidence).filter(replaces=row).first(),
        "controls": own_controls(actor),
        "may_support": may(actor, "evidence.support"),
        "may_file": may(actor, "evidence.file"),
    }
    return render(request, "evidence/one.html", context)


# -- the form -------------------------------------------------------------------------------------------------------


def file(request: HttpRequest) -> HttpResponse:
    """File a document: drop it, say where it comes from and which days it covers, and what it is for."""
    actor = actor_of(request)
    must_may(request, "evidence.file")
    control = _wanted(request)
    older = found(request, Evidence, request.GET["replaces"]) if request.GET.get("replaces") else None
    open_keys = _keys(control) if control else []
    values = {
        "control": control.code if control else "",
        "occurrence": request.GET.get("occurrence", ""),
        "kind": EvidenceKind.REC if request.GET.get("occurrence") else "",
        "replaces": older.ref if older else "",
        **({"source": older.source, "description": older.description} if older else {}),
    }
    context = {
        "fields": specs("evidence.file", values, **_words(control, open_keys)),
        "control": control,
        "older": older,
        "codes": own_controls(actor),
        "back": f"/controls/{control.code}/" if control else "/evidence/",
        "after": "/evidence/{ref}",
    }
    return render(request, "evidence/file.html", context)


def _wanted(request: HttpRequest) -> Control | None:
    code = request.GET.get("control", "")
    if not code:
        return None
    row = resolve(visible(actor_of(request), Control), code)
    if row is None:
        raise NotFound(f"There is no control {code[:20]}.", "", "Check the reference.")
    return row


def _keys(control: Control) -> list[tuple[str, str]]:
    """The occurrences of a control as choices, those of which nothing is accepted first."""
    today = clock.today()
    states = {item.key: item.state for item in queries.expected_on(today).get(control.pk, [])}
    keys = queries.keys_of(control, today)
    return [
        (item.key, f"{item.key}, due {item.due}" + (f": {states[item.key]}" if item.key in states else ""))
        for item in keys
    ]


def _words(control: Control | None, keys: Iterable[tuple[str, str]]) -> dict[str, dict[str, Any]]:
    choices = list(keys)
    asked = {"kind": "select", "choices": choices, "help": "Which time it was done for."}
    return {
        "upload": {"label": "File"},
        "kind": {"label": "What it is"},
        "source": {"label": "Where it comes from", "help": "The system, or the person who made it."},
        "description": {"label": "What it shows", "kind": "text"},
        "control": {"kind": "hidden"} if control else {"leave": True},
        "occurrence": asked if control and choices else {"leave": True},
        "performed_on": {"label": "Performed on", "help": "The day it was done, which may be before today."}
        if control
        else {"leave": True},
        "covers_from": {
            "label": "Covers from",
            "help": "The days that it speaks of. Leave empty only if nobody can tell.",
        },
        "covers_to": {"label": "Covers to"},
        "observed_at": {
            "label": "Observed",
            "help": "When the screen was seen or the export was made, in the company's time.",
        },
        "replaces": {"kind": "hidden"},
    }


routes = [
    path("evidence/file", file, name="evidence-file"),
    *intake.routes,
    *list_paths("evidence/", index, "evidence"),
    path("evidence/<str:reference>", one, name="evidence-one"),
]
