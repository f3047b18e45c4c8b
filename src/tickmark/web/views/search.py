"""Search: one box for everything that the reader may see, with what was not looked at said beside the hits."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from tickmark.evidence.queries import end_of
from tickmark.kernel import clock
from tickmark.kernel.access import Actor
from tickmark.kernel.errors import Invalid
from tickmark.kernel.search.asking import PAGE, Asked, Found, Hit, places, search
from tickmark.kernel.search.said import NOUNS
from tickmark.kernel.search.words import LONGEST_QUERY, query
from tickmark.web.navigation import STEPS
from tickmark.web.shell import day_of, known_of

ORDER = ("people", *(slug for slug, _, _ in STEPS if slug != "followup"))
NAMES = {"people": "People", **{slug: name for slug, name, _ in STEPS}}
FILTERS = ("kind", "step", "side", "from", "to", "file")


def index(request: HttpRequest) -> HttpResponse:
    """The hits of a question. From the box of the shell, a reference or a code leads to its page at once."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    asked = asked_of(request, actor)
    named = _distinct(places(actor, asked.q)) if asked.q else []
    if "go" in request.GET and (place := _meant(named)):
        return redirect(_same_day(request, place))
    found = search(actor, asked)
    context = {
        "q": asked.q,
        "asks": not query(asked.q).empty,
        "found": found,
        "named": named,
        "groups": _groups(found, asked.noun),
        "step_choices": [(step, NAMES[step]) for step in ORDER if _has_nouns(step)],
        "given": {name: request.GET.get(name, "") for name in FILTERS},
        "narrowed": any(request.GET.get(name) for name in FILTERS),
        "page": asked.page,
        "first": (asked.page - 1) * PAGE + 1,
        "last": (asked.page - 1) * PAGE + len(found.hits),
        "before": _turned(request, asked.page - 1) if asked.page > 1 else "",
        "after": _turned(request, asked.page + 1) if found.more else "",
        "cleared": _only(request, "q", "day", "known"),
        "unread": f"{_only(request, 'day', 'known')}&file=unread",
    }
    return render(request, "search.html", context)


def asked_of(request: HttpRequest, actor: Actor) -> Asked:
    """The question in an address. Raises Invalid for a day that is none."""
    given = request.GET
    until = _day(given.get("to", ""), "to")
    day = day_of(request)
    if day != clock.today():
        until = min(until or day, day)
    since = _day(given.get("from", ""), "from")
    number = given.get("page", "")
    return Asked(
        q=given.get("q", "").replace("\x00", "").strip()[:LONGEST_QUERY],
        noun=given.get("kind", "")[:60],
        step=given.get("step", "")[:20],
        side=actor.side if given.get("side") == "own" else "",
        file="unread" if given.get("file") == "unread" else "",
        since=_begin(since) if since else None,
        until=end_of(until) if until else None,
        known=known_of(request),
        page=max(int(number), 1) if number.isascii() and number.isdigit() and len(number) < 5 else 1,
    )


def _begin(day: date) -> datetime:
    return end_of(day) - timedelta(days=1)


def _day(given: str, field: str) -> date | None:
    if not given:
        return None
    try:
        found = date.fromisoformat(given)
        end_of(found)
    except (ValueError, OverflowError):
        what = f"'{given[:20]}' is not a day."
        raise Invalid(what, "A day is written 2026-03-31.", "Pick one.", field) from None
    return found


def _meant(named: list[Hit]) -> str:
    """The page that a name leads to: that of the only code, else of the only reference."""
    coded = [hit for hit in named if hit.by_code] or named
    return coded[0].address if len(coded) == 1 else ""


def _distinct(named: list[Hit]) -> list[Hit]:
    """One of each address."""
    return list({hit.address: hit for hit in reversed(named)}.values())[::-1]


def _groups(found: Found, chosen: str) -> list[dict[str, Any]]:
    """The kinds that were found, by step, for the filter; the chosen one stays even without a hit."""
    kinds = {kind.noun.label: (kind.noun, kind.count) for kind in found.kinds}
    if chosen in NOUNS:
        kinds.setdefault(chosen, (NOUNS[chosen], 0))
    return [
        {
            "name": NAMES[step],
            "kinds": [
                (noun.label, f"{noun.word} ({count:,})")
                for noun, count in kinds.values()
                if noun.step == step
            ],
        }
        for step in ORDER
        if any(noun.step == step for noun, _ in kinds.values())
    ]


def _has_nouns(step: str) -> bool:
    return any(noun.step == step for noun in NOUNS.values())


def _turned(request: HttpRequest, page: int) -> str:
    given = request.GET.copy()
    given["page"] = str(page)
    return f"?{given.urlencode()}"


def _only(request: HttpRequest, *names: str) -> str:
    return f"?{urlencode({name: request.GET[name] for name in names if request.GET.get(name)})}"


def _same_day(request: HttpRequest, address: str) -> str:
    kept = _only(request, "day", "known")
    return address if kept == "?" else f"{address}{kept}"


routes = [path("search", index, name="search")]
