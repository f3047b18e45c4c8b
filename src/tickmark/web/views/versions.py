"""Versions of the system, and the whole scope of two days side by side."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from tickmark.kernel.access import visible
from tickmark.kernel.errors import Invalid
from tickmark.people.models import User
from tickmark.scope.compared import Compared
from tickmark.scope.criteria import Category
from tickmark.scope.details import worded
from tickmark.scope.programme import Change
from tickmark.scope.queries import Scope
from tickmark.web.pictures import short_day
from tickmark.web.views.scope import described, tabs_of
from tickmark.web.views.scope_fields import flow_lines

SHOWN = ("name", "company", "services", "boundary", "categories", "criteria_set", "time_zone", "calendar")
OWNERS = ("owner", "backup_owner")
NAMED = (*OWNERS, "supplier", "vendor")
"""Fields that hold a code or an address of what has a name."""
STATES = {"new": "submitted", "changed": "in_progress", "withdrawn": "withdrawn"}
"""How a change is marked: the words are its own."""
LABELS = {
    "inside": "Inside the boundary",
    "description": "Purpose",
    "classification": "Class",
    "flows": "What it passes on",
    "supplier": "Supplied by",
    "details": "More about it",
    "subservice": "Subservice organisation",
    "report": "Its own report",
    "report_end": "Its report covers to",
    "why": "Why it is needed",
}


def history(request: HttpRequest) -> HttpResponse:
    """Two days of the scope side by side, and every version of the system with who approved it."""
    scope = described(request)
    compared = _asked(request, scope)
    names = compared.called | _names(request, compared)
    changes = [(title, [_told(one, names) for one in rows]) for title, rows in compared.changes]
    exclusions = compared.exclusions
    counts = Counter(one["what"] for _, rows in changes for one in rows)
    context = {
        "scope": scope,
        "rows": _versions(scope),
        "compared": compared,
        "changes": changes,
        "exclusions": exclusions,
        "counts": {what: counts[what] for what in ("new", "changed", "withdrawn")},
        "differs": bool(changes or exclusions),
        "tabs": tabs_of(request, "versions"),
    }
    return render(request, "scope/history.html", context)


# -- two days -----------------------------------------------------------------------------------------------------


def _asked(request: HttpRequest, scope: Scope) -> Compared:
    """The two days of the address, in whatever order; without them from the start of the period to the page's day."""
    start = scope.period.start if scope.period else scope.versions[-1].effective_from
    first, last = _day(request, "from", min(start, scope.day)), _day(request, "to", scope.day)
    return Compared(scope.system, min(first, last), max(first, last), scope.known)


def _day(request: HttpRequest, name: str, usual: date) -> date:
    given = request.GET.get(name, "")
    if not given:
        return usual
    try:
        return date.fromisoformat(given)
    except ValueError:
        what = f"'{given[:20]}' is not a day."
        raise Invalid(what, "A day is written 2026-03-31.", "Pick one.", name) from None


def _names(request: HttpRequest, compared: Compared) -> dict[str, str]:
    """The names of the owners that changed: the programme has them by address."""
    told = {value for _, rows in compared.changes for one in rows for name, *both in one.fields if name in OWNERS
            for value in both if value}  # fmt: skip
    users: Any = visible(request.actor, User)  # type: ignore[attr-defined]
    return {user.email: user.name for user in users.filter(email__in=told)} if told else {}


def _told(one: Change, names: dict[str, str]) -> dict[str, Any]:
    code = one.item.code.partition("/")[2] or one.item.code
    return {
        "what": one.what,
        "state": STATES[one.what],
        "code": code,
        "caption": f"What is {one.what} of {code}",
        "title": one.title,
        "fields": [
            {
                "name": LABELS.get(name, _label(name)),
                "before": _value(name, before, names),
                "after": _value(name, after, names),
            }
            for name, before, after in one.fields
        ],
    }


def _value(name: str, value: Any, names: dict[str, str]) -> str:
    if name == "flows":
        return flow_lines(value or [], names)
    if name == "details":
        return worded(value or {})
    if name == "categories":
        return _words(value or [])
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(names.get(one, str(one)) if name == "data" else str(one) for one in value)
    if name == "report_end":
        return short_day(date.fromisoformat(value)) if value else ""
    return names.get(value, str(value)) if value and name in NAMED else str(value or "")


# -- versions -----------------------------------------------------------------------------------------------------


def _versions(scope: Scope) -> list[tuple[Any, list[dict[str, str]]]]:
    """Every version, newest first, with what differs from the one before it."""
    versions = scope.versions
    return [(one, _diff(older, one)) for one, older in zip(versions, [*versions[1:], None], strict=True)]


def _diff(before: Any, after: Any) -> list[dict[str, str]]:
    if before is None:
        return []
    pairs = [(name, _words(getattr(before, name)), _words(getattr(after, name))) for name in SHOWN]
    return [{"name": _label(name), "before": old, "after": new} for name, old, new in pairs if old != new]


def _words(value: Any) -> str:
    return ", ".join(Category(one).label for one in value) if isinstance(value, list) else str(value)


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


routes = [path("scope/history", history, name="scope-history")]
