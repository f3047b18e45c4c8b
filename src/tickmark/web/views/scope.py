"""Scope: the system on a day, its parts as lists, the forms that change them, and what does not fit together."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from tickmark.controls import queries as controls
from tickmark.kernel import clock
from tickmark.kernel.access import not_found, visible
from tickmark.kernel.calendars import calendars, zones
from tickmark.kernel.dated import Version
from tickmark.kernel.errors import NotFound
from tickmark.kernel.references import resolve
from tickmark.people.queries import stands
from tickmark.scope import queries
from tickmark.scope.advice import advice
from tickmark.scope.mapped import Boundary
from tickmark.scope.models import (
    Commitment,
    Complement,
    Component,
    InterviewAnswer,
    Period,
    ReportType,
    System,
    VendorVersion,
)
from tickmark.scope.queries import Finding, Scope
from tickmark.web.forming import base_of, can, must_may, must_see, specs, values_of
from tickmark.web.lists import Listing, list_paths
from tickmark.web.pictures import short_day
from tickmark.web.scoping import scope_of
from tickmark.web.views.do import do_with
from tickmark.web.views.scope_fields import CATEGORIES, details_of, flows_of
from tickmark.web.views.scope_parts import HIDDEN, NOUNS, Noun


def overview(request: HttpRequest) -> HttpResponse:
    """The system in the version of the day, with everything that says where it begins and ends."""
    must_see(request.actor, System)  # type: ignore[attr-defined]
    scope = scope_of(request)
    if scope is None or not scope.versions:
        return render(request, "scope/empty.html", {"may_describe": can(request, "scope.describe")})
    version, told = scope.version, told_to(request, scope)
    context = {
        "scope": scope,
        "interviewed": bool(told),
        "described": version,
        "categories": [(one, scope.behind(one)) for one in scope.categories],
        "requirements": [one for one in scope.commitments if one.kind == Commitment.Kind.REQUIREMENT],
        "boundary": Boundary(scope),
        "subservice": [(one, _csocs(scope, one)) for one in scope.subservice],
        "cuecs": [one for one in scope.complements if one.kind == Complement.Kind.CUEC],
        "exclusions": [
            (one, queries.exclusion_state(one, scope.day, scope.known)) for one in scope.exclusions
        ],
        "findings": _sorted([*scope.findings, *advice(scope, told), *_together(controls.findings(scope))]),
        "titles": queries.criterion_titles(),
        "systems": _system_tabs(request, scope),
        "waiting": _waiting(request, scope),
        "may_describe": can(request, "scope.describe"),
        "may_period": can(request, "scope.set_period"),
        "may_record": can(request, "scope.exclude"),
    }
    return render(request, "scope/overview.html", context)


SORTS = {
    "narrow": "Perhaps too narrow",
    "broad": "Perhaps too broad",
    "missing": "Not said yet",
    "fit": "Does not fit together",
}
"""How findings are told: what is left out first, because it hurts most when the auditor finds it."""


SINGLY = 5
"""Criteria without a control that are told one by one; beyond, the interview of the controls step comes first."""


def _together(found: list[Finding]) -> list[Finding]:
    """The findings, with many criteria that have no control told as one."""
    bare = [one for one in found if one.code == "criterion-without-control"]
    if len(bare) <= SINGLY:
        return found
    whole = Finding(
        "criterion-without-control",
        f"{len(bare)} criteria have no control yet.",
        bare[0].why,
        "Say what you already do.",
        "/controls/adopt/",
    )
    return [whole, *(one for one in found if one not in bare)]


def _sorted(found: list[Finding]) -> list[tuple[str, list[Finding]]]:
    groups = [(label, [one for one in found if one.sort == sort]) for sort, label in SORTS.items()]
    return [(label, rows) for label, rows in groups if rows]


def told_to(request: HttpRequest, scope: Scope) -> dict[str, Any]:
    """The answers of the interview about the system, by question, that the visitor may see."""
    answers: Any = visible(request.actor, InterviewAnswer)  # type: ignore[attr-defined]
    rows = answers.as_of(scope.day, scope.known).filter(interview=scope.system.code)
    return {one.question: one.answer for one in rows}


def _csocs(scope: Scope, vendor: VendorVersion) -> list[Complement]:
    return [one for one in scope.complements if one.vendor_id == vendor.vendor_id]


def _system_tabs(request: HttpRequest, scope: Scope) -> list[dict[str, Any]]:
    rows = list(queries.systems(request.actor))  # type: ignore[attr-defined]
    if len(rows) < 2:
        return []
    return [{"label": row.code, "url": f"?system={row.code}", "current": row == scope.system} for row in rows]


def _waiting(request: HttpRequest, scope: Scope) -> dict[str, Any] | None:
    """The newest version, if nobody has approved it: the approval is what the page asks for next."""
    written = [one for one in scope.versions if stands(one, scope.day)]
    newest = written[0] if written else None
    if newest is None or queries.approved_on(newest, scope.day, scope.known):
        return None
    return {"version": newest, "may": can(request, "scope.approve", version=newest)}


def describe(request: HttpRequest) -> HttpResponse:
    """Describe the system, or a new version of it."""
    must_may(request, "scope.describe")
    scope = None if "new" in request.GET else scope_of(request)
    newest = scope.versions[0] if scope and scope.versions else None
    values = {
        "effective_from": clock.today(),
        "categories": ["security"],
        "time_zone": "UTC",
        "calendar": "none",
    }
    if newest and scope:
        values = {
            **values_of("scope.describe", newest),
            "code": scope.system.code,
            "effective_from": clock.today(),
        }
    fields = specs(
        "scope.describe",
        values,
        company={"label": "Legal name of the company"},
        name={"label": "Name of the system", "help": "As customers know it. The report is titled with it."},
        code={"kind": "hidden"} if newest else {"help": "Short, for addresses: letters, figures, hyphens."},
        services={
            "label": "What it does, and for whom",
            "kind": "textarea",
            "help": "DC 1: facts, no advertising.",
        },
        boundary={
            "label": "Boundary",
            "kind": "textarea",
            "help": "Environments, sites and entities inside, in words.",
        },
        categories={"kind": "checks", "choices": _category_choices(), "required": True},
        time_zone={"kind": "select", "choices": _zones(str(values["time_zone"])), "required": True},
        calendar={
            "label": "Business calendar",
            "kind": "select",
            "choices": _calendar_choices(),
            "required": True,
            "help": "Thresholds in business days count in it.",
        },
        effective_from={"label": "In force from"},
    )
    title = "Describe a new version" if newest else "Describe the system"
    return _form(
        request,
        "scope.describe",
        title,
        "A version holds from its day on; earlier ones stay.",
        fields,
        "/scope/",
        newest,
    )


def _zones(standing: str) -> list[str]:
    """The time zones that are offered, and the one that stands."""
    return list(dict.fromkeys([*zones(), standing]))


def _category_choices() -> list[tuple[str, str, str]]:
    words = {
        "security": "33 common criteria; always part of the report.",
        "availability": "You promise uptime or recovery.",
        "confidentiality": "You promise to protect and delete what customers entrust to you.",
        "processing_integrity": "You promise that processing is complete, valid, accurate and timely.",
        "privacy": "You decide about personal data and promise how it is handled.",
    }
    return [(value, label, words[value]) for value, label in CATEGORIES]


def _calendar_choices() -> list[tuple[str, str]]:
    names = dict.fromkeys(calendar.name for calendar in calendars().values())
    return [
        (name, "every weekday counts" if name == "none" else name)
        for name in sorted(names, key="none".__ne__)
    ]


def period(request: HttpRequest) -> HttpResponse:
    """Set the date of a Type 1 or the period of a Type 2."""
    must_may(request, "scope.set_period")
    scope = described(request)
    last = scope.periods[-1] if scope.periods else None
    zone = scope.versions[0].time_zone if scope.versions else "UTC"
    proposed = {name: request.GET[name][:10] for name in ("type", "start", "end") if request.GET.get(name)}
    fields = specs(
        "scope.set_period",
        {
            "system": scope.system.ref,
            "type": last.type if last else ReportType.TYPE_2,
            "time_zone": zone,
            **proposed,
        },
        system={"kind": "hidden"},
        type={
            "kind": "radio",
            "choices": [(1, "Type 1", "one day"), (2, "Type 2", "a period, both days included")],
        },
        start={"label": "First day", "help": "For a Type 1: the day."},
        end={"label": "Last day", "help": "For a Type 1: the same day."},
        time_zone={"kind": "select", "choices": _zones(zone), "required": True},
        replaces={
            "label": "Instead of",
            "kind": "select",
            "choices": [(one.ref, _period_words(one)) for one in scope.periods],
            "help": "Choose the period that this one corrects. It stays in the record.",
        },
        gap={
            "label": "Why there is a gap",
            "kind": "textarea",
            "rows": 2,
            "help": "Only where a Type 2 does not begin on the day after the last one. Readers are told.",
        },
    )
    lead = "The next period usually begins on the day after the last one ended."
    return _form(request, "scope.set_period", "Set the period", lead, fields, "/scope/")


def _period_words(one: Period) -> str:
    kind = ReportType(one.type).label
    first, last = short_day(one.start), short_day(one.end)
    return f"{kind}, {first}" if one.start == one.end else f"{kind}, {first} to {last}"


# -- the parts as lists, and a form for each -----------------------------------------------------------------


IMPORTED = {
    "commitments": "commitment",
    "components": "component",
    "vendors": "vendor",
    "complements": "complement",
}
"""Parts that a list of another program can hold, by the word of the importer."""


def noun_list(request: HttpRequest, slug: str) -> HttpResponse:
    """One part of the scope as a list."""
    noun, scope = NOUNS[slug], described(request)
    mine = visible(request.actor, noun.model)  # type: ignore[attr-defined]
    rows = noun.rows(scope).filter(pk__in=mine.values("pk"))
    listing = Listing(request, rows, noun.columns, filters=noun.filters, search=noun.search)
    if listing.wants_csv:
        return listing.csv(slug)
    context = {
        "noun": noun,
        "scope": scope,
        "list": listing,
        "may_write": can(request, noun.action),
        "may_import": IMPORTED.get(slug, "") if can(request, "scope.apply") else "",
        "shown": [column for column in listing.columns if column["label"] not in HIDDEN.get(slug, ())],
        "states": {one.pk: queries.exclusion_state(one, scope.day, scope.known) for one in listing.page}
        if slug == "exclusions"
        else {},
        "told": _told(scope, slug, listing),
        "labels": dict(CATEGORIES),
        "rows_template": f"scope/rows/{slug}.html",
        "tabs": tabs_of(request, slug),
    }
    return render(request, "scope/list.html", context)


def _told(scope: Scope, slug: str, listing: Listing) -> dict[int, list[str]]:
    """What each component or vendor on the page has to do with others."""
    if slug not in ("components", "vendors"):
        return {}
    boundary = Boundary(scope)
    return {one.pk: boundary.told(one) for one in listing.page}


def tabs_of(request: HttpRequest, slug: str) -> list[dict[str, Any]]:
    """The parts of the scope, with the page that is open."""
    system = request.GET.get("system", "")
    tail = f"?system={system}" if system else ""
    found = [(noun.tab, f"{noun.slug}/", noun.slug) for noun in NOUNS.values()]
    pages = [
        ("Overview", "", ""),
        *found,
        ("Description", "description", "description"),
        ("Versions", "history", "versions"),
    ]
    return [
        {"label": label, "url": f"/scope/{place}{tail}", "current": name == slug}
        for label, place, name in pages
    ]


def noun_new(request: HttpRequest, slug: str) -> HttpResponse:
    """Record one."""
    noun, scope = NOUNS[slug], described(request)
    if request.method == "POST":
        return _read_and_done(request, noun, scope)
    must_may(request, noun.action)
    values: dict[str, Any] = {
        "system": scope.system.ref,
        "principal": True,
        "inside": True,
        "disclosed": True,
    }
    values |= {"effective_from": _first_day(scope), "criterion": request.GET.get("criterion", "")}
    return _noun_form(request, noun, scope, None, f"Record {noun.one}", values)


def _read_and_done(request: HttpRequest, noun: Noun, scope: Scope) -> HttpResponse:
    """Do the action with what was typed; flows and details of a component become what the action takes."""
    typed = request.POST.get("flows")
    more = {} if typed is None else {"flows": json.dumps(flows_of(typed, scope))}
    if noun.model is Component:
        more["details"] = json.dumps(details_of(request.POST))
    return do_with(request, noun.action, more)


def _first_day(scope: Scope) -> date:
    """Parts begin with the system when it is still being described, and today afterwards."""
    return scope.versions[0].effective_from if not scope.approved else clock.today()


def noun_change(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """A new version of one; the old one stays."""
    noun, scope = NOUNS[slug], described(request)
    row = resolve(visible(request.actor, noun.model), reference)  # type: ignore[attr-defined]
    if row is None or not noun.dated:
        raise not_found(noun.model, reference[:40])
    if request.method == "POST":
        return _read_and_done(request, noun, scope)
    must_may(request, noun.action)
    values = {**values_of(noun.action, row), "system": scope.system.ref, "effective_from": clock.today()}
    if isinstance(row, VendorVersion):
        values["code"] = row.vendor.code
    return _noun_form(
        request, noun, scope, row, f"Change {values.get('code') or values.get('criterion')}", values
    )


def _noun_form(
    request: HttpRequest, noun: Noun, scope: Scope, row: Any, title: str, values: dict[str, Any]
) -> HttpResponse:
    words = noun.fields(scope, row)
    if row is not None:
        words |= {name: {"kind": "hidden"} for name in noun.fixed}
    ending = {"label": "Withdraw it from this day on"} if row is not None else {"leave": True}
    fields = specs(
        noun.action,
        values,
        **words,
        effective_from={"label": "In force from"} if noun.dated else {"leave": True},
        withdrawn=ending if noun.dated else {"leave": True},
        system={"kind": "hidden"} if noun.model is not VendorVersion else {"leave": True},
    )
    lead = (
        "A new version from its day on; the one before stays in the record." if row is not None else noun.lead
    )
    to = request.get_full_path() if "flows" in words else ""
    return _form(request, noun.action, title, lead, fields, f"/scope/{noun.slug}/", row, to)


def _form(
    request: HttpRequest,
    name: str,
    title: str,
    lead: str,
    fields: list[dict[str, Any]],
    back: str,
    row: Any = None,
    to: str = "",
) -> HttpResponse:
    system = request.GET.get("system", "")
    context = {
        "action": name,
        "title": title,
        "lead": lead,
        "fields": fields,
        "to": to,
        "back": f"{back}?system={system}" if system else back,
        "base": base_of(request.actor, row) if isinstance(row, Version) else "",  # type: ignore[attr-defined]
    }
    return render(request, "scope/form.html", context)


NONE_YET, BELONGS = "No system is described yet.", "Everything else belongs to one."


class NothingDescribed(NotFound):
    """The books have no system: the page says so and leads to where one is described."""

    start = ("/scope/", "Begin with the scope")


def described(request: HttpRequest) -> Scope:
    """The system that the page is about. Raises NotFound where none is described."""
    must_see(request.actor, System)  # type: ignore[attr-defined]
    scope = scope_of(request)
    if scope is None or not scope.versions:
        if not can(request, "scope.describe"):
            raise NotFound(NONE_YET, BELONGS, "The compliance lead or the sponsor describes it.")
        raise NothingDescribed(NONE_YET, BELONGS, "Describe the system first.")
    return scope


def _list_routes(slug: str) -> list[Any]:
    def page(request: HttpRequest) -> HttpResponse:
        return noun_list(request, slug)

    return list_paths(f"scope/{slug}/", page, f"scope-{slug}")


routes = [
    path("scope/", overview, name="scope"),
    path("scope/describe", describe, name="scope-describe"),
    path("scope/period", period, name="scope-period"),
    *[route for slug in NOUNS for route in _list_routes(slug)],
    *[path(f"scope/{slug}/new", noun_new, {"slug": slug}, name=f"scope-{slug}-new") for slug in NOUNS],
    *[
        path(f"scope/{slug}/<str:reference>", noun_change, {"slug": slug}, name=f"scope-{slug}-change")
        for slug, noun in NOUNS.items()
        if noun.dated
    ],
]
